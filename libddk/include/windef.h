// SPDX-License-Identifier: MIT
//
// Basic types: all in ntdef.h. Drivers include it for headers that applications share.

#ifndef DDK_WINDEF_H
#define DDK_WINDEF_H

#include <ntdef.h>

#endif
