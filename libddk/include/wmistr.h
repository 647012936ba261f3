// SPDX-License-Identifier: MIT
//
// Structures of WMI: see ddk/wmi.h.

#ifndef DDK_WMISTR_H
#define DDK_WMISTR_H

#include <wdm.h>

#include <ddk/wmi.h>

#endif
