// SPDX-License-Identifier: MIT
//
// Wide strings of drivers: characters of 16 bits (ddk/crt.h). Stands before the C library's header
// of this name, whose characters have 32.

#ifndef DDK_WCHAR_H
#define DDK_WCHAR_H

#include <ddk/crt.h>

#endif
