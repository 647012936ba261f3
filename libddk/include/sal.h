// SPDX-License-Identifier: MIT
//
// Annotations: see ddk/sal.h.

#ifndef DDK_SAL_MAIN_H
#define DDK_SAL_MAIN_H

#include <ddk/sal.h>

#endif
