// SPDX-License-Identifier: MIT
//
// Inside of the run-time library.

#ifndef DDK_RTL_INTERNAL_H
#define DDK_RTL_INTERNAL_H

#include <wdm.h>

// Empty string with an allocated buffer of `bytes` and a terminator behind.
NTSTATUS rtl_allocate_unicode(PUNICODE_STRING s, SIZE_T bytes);

// Without an IRQL rule, for the kit's own use.
WCHAR rtl_upcase(WCHAR c);
WCHAR rtl_downcase(WCHAR c);
LONG rtl_compare(const WCHAR *a, SIZE_T n, const WCHAR *b, SIZE_T m, BOOLEAN ignore_case);
NTSTATUS rtl_from_utf8(PWSTR to, ULONG to_bytes, PULONG result, PCCH from, ULONG from_bytes);
NTSTATUS rtl_to_utf8(PCHAR to, ULONG to_bytes, PULONG result, PCWCH from, ULONG from_bytes);

#endif
