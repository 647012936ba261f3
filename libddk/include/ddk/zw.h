// SPDX-License-Identifier: MIT
//
// Registry value types. The Zw routines for files, keys and transactions come with the managers
// that serve them; ZwClose is in thread.h.

#ifndef DDK_ZW_H
#define DDK_ZW_H

#define REG_NONE      0
#define REG_SZ        1
#define REG_EXPAND_SZ 2
#define REG_BINARY    3
#define REG_DWORD     4
#define REG_MULTI_SZ  7
#define REG_QWORD     11

#endif
