// SPDX-License-Identifier: MIT
//
// The whole driver interface: wdm.h and what drivers outside of pure WDM use besides.

#ifndef DDK_NTDDK_H
#define DDK_NTDDK_H

#include <wdm.h>

#endif
