// SPDX-License-Identifier: MIT
//
// Annotations of interrupt levels: see ddk/sal.h.

#ifndef DDK_KERNELSPECS_H
#define DDK_KERNELSPECS_H

#include <ddk/sal.h>

#endif
