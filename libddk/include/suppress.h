// SPDX-License-Identifier: MIT
//
// Numbers of analysis warnings that sources suppress by #pragma; nothing here gives them.

#ifndef DDK_SUPPRESS_H
#define DDK_SUPPRESS_H

#include <ntdef.h>

#endif
