// SPDX-License-Identifier: MIT
//
// Versions of Windows that version resources mention; there are no resources here.

#ifndef DDK_NTVERP_H
#define DDK_NTVERP_H

#include <ntdef.h>

#endif
