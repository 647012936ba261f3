// SPDX-License-Identifier: MIT
//
// Basic types: all in ntdef.h.

#ifndef DDK_MINWINDEF_H
#define DDK_MINWINDEF_H

#include <ntdef.h>

#endif
