// SPDX-License-Identifier: MIT
//
// Structured exception handling: ddk/seh.h, through wdm.h.

#ifndef DDK_EXCPT_H
#define DDK_EXCPT_H

#include <wdm.h>

#endif
