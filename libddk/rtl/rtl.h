// SPDX-License-Identifier: MIT
//
// Inside of the run-time library.

#ifndef DDK_RTL_INTERNAL_H
#define DDK_RTL_INTERNAL_H

#include <wdm.h>

// Empty string with an allocated buffer of `bytes` and a terminator behind.
NTSTATUS rtl_allocate_unicode(PUNICODE_STRING s, SIZE_T bytes);

#endif
