// SPDX-License-Identifier: MIT
//
// Annotations of drivers: see ddk/sal.h.

#ifndef DDK_DRIVERSPECS_H
#define DDK_DRIVERSPECS_H

#include <ddk/sal.h>

#endif
