// SPDX-License-Identifier: MIT
//
// Event tracing: see ddk/trace.h. Messages are compiled away.

#ifndef DDK_EVNTRACE_H
#define DDK_EVNTRACE_H

#include <ddk/trace.h>

#endif
