// SPDX-License-Identifier: MIT
//
// Annotations of parameters, the older names too: see ddk/sal.h and ddk/sal_old.h.

#ifndef DDK_SPECSTRINGS_H
#define DDK_SPECSTRINGS_H

#include <ddk/sal.h>

#endif
