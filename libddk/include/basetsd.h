// SPDX-License-Identifier: MIT
//
// Types of a size: all in ntdef.h.

#ifndef DDK_BASETSD_H
#define DDK_BASETSD_H

#include <ntdef.h>

#endif
