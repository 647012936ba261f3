// SPDX-License-Identifier: MIT
//
// Codes of bug checks: with wdm.h.

#ifndef DDK_BUGCODES_H
#define DDK_BUGCODES_H

#include <wdm.h>

#endif
