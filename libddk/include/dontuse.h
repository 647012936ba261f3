// SPDX-License-Identifier: MIT
//
// Included last by sources that want unsafe string functions refused. The kit refuses none: its
// formatter and its string routines check what they can.

#ifndef DDK_DONTUSE_H
#define DDK_DONTUSE_H

#include <ntdef.h>

#endif
