// SPDX-License-Identifier: MIT
//
// Counted strings: Length and MaximumLength are bytes; there need not be a terminator, but one is
// written where it fits. What a routine allocates is freed with RtlFree*String.
// IRQL: initialising, copying, appending any; comparing, converting, allocating PASSIVE_LEVEL;
// freeing, upcasing <= APC_LEVEL. ANSI text is Latin-1 here; other characters become '?'.
// Documentation: nf-wdm-rtl*string*, nf-ntddk-rtl*string*, nf-ntifs-rtl*string* pages.

#ifndef DDK_STRINGS_H
#define DDK_STRINGS_H

// Point at the text, copy nothing; NULL gives an empty string. The plain forms cut what is too
// long; the Ex forms answer STATUS_NAME_TOO_LONG and leave the string alone.
VOID RtlInitUnicodeString(PUNICODE_STRING to, PCWSTR text);
VOID RtlInitString(PSTRING to, PCSTR text);
VOID RtlInitAnsiString(PANSI_STRING to, PCSTR text);
VOID RtlInitUTF8String(PUTF8_STRING to, PCSTR text);
NTSTATUS RtlInitUnicodeStringEx(PUNICODE_STRING to, PCWSTR text);
NTSTATUS RtlInitStringEx(PSTRING to, PCSTR text);
NTSTATUS RtlInitAnsiStringEx(PANSI_STRING to, PCSTR text);
NTSTATUS RtlInitUTF8StringEx(PUTF8_STRING to, PCSTR text);
FORCEINLINE VOID RtlInitEmptyUnicodeString(PUNICODE_STRING to, PWCHAR buffer, USHORT bytes)
{
    to->Length = 0;
    to->MaximumLength = bytes;
    to->Buffer = buffer;
}
FORCEINLINE VOID RtlInitEmptyAnsiString(PANSI_STRING to, PCHAR buffer, USHORT bytes)
{
    to->Length = 0;
    to->MaximumLength = bytes;
    to->Buffer = buffer;
}

// Copies as much as fits; a NULL source empties.
VOID RtlCopyUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from);
VOID RtlCopyString(PSTRING to, const STRING *from);
// STATUS_BUFFER_TOO_SMALL leaves the destination unchanged.
NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING to, PCUNICODE_STRING from);
NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING to, PCWSTR from);
NTSTATUS RtlAppendStringToString(PSTRING to, const STRING *from);

// < 0, 0, > 0. A string that is a prefix of the other is less.
LONG RtlCompareUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case);
BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case);
BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING prefix, PCUNICODE_STRING s, BOOLEAN ignore_case);
LONG RtlCompareString(const STRING *a, const STRING *b, BOOLEAN ignore_case);
BOOLEAN RtlEqualString(const STRING *a, const STRING *b, BOOLEAN ignore_case);

// Case: one to one in the Basic Multilingual Plane.
WCHAR RtlUpcaseUnicodeChar(WCHAR c);
WCHAR RtlDowncaseUnicodeChar(WCHAR c);
CHAR RtlUpperChar(CHAR c);
VOID RtlUpperString(PSTRING to, const STRING *from); // as much as fits
NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate);
NTSTATUS RtlDowncaseUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate);

#define RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE       1
#define RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING 2
NTSTATUS RtlDuplicateUnicodeString(ULONG flags, PCUNICODE_STRING from, PUNICODE_STRING to);
// A copy of a terminated text in allocated memory; FALSE without memory.
BOOLEAN RtlCreateUnicodeString(PUNICODE_STRING to, PCWSTR text);

// Conversions. allocate FALSE: into to->Buffer, STATUS_BUFFER_OVERFLOW when it does not fit (the
// ANSI and UTF-8 forms need room for a terminator). allocate TRUE: STATUS_NO_MEMORY. A result that
// no count can hold: STATUS_INVALID_PARAMETER_2. On failure nothing was allocated.
NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING to, PCANSI_STRING from, BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING to, PCUNICODE_STRING from, BOOLEAN allocate);
NTSTATUS RtlUTF8StringToUnicodeString(PUNICODE_STRING to, const UTF8_STRING *from,
                                      BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToUTF8String(PUTF8_STRING to, PCUNICODE_STRING from, BOOLEAN allocate);
// Bytes that the result needs, terminator included.
ULONG RtlxAnsiStringToUnicodeSize(PCANSI_STRING s);
ULONG RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING s);
#define RtlAnsiStringToUnicodeSize(s) RtlxAnsiStringToUnicodeSize(s)
#define RtlUnicodeStringToAnsiSize(s) RtlxUnicodeStringToAnsiSize(s)

// UTF-8 without counts in a string. *result: bytes written, or needed when `to` is NULL.
// STATUS_SOME_NOT_MAPPED when invalid sequences became U+FFFD; STATUS_BUFFER_TOO_SMALL (what fits
// is written); STATUS_INVALID_PARAMETER (neither buffer nor result), _4 (no source), _5 (odd size).
NTSTATUS RtlUTF8ToUnicodeN(PWSTR to, ULONG to_bytes, PULONG result, PCCH from, ULONG from_bytes);
NTSTATUS RtlUnicodeToUTF8N(PCHAR to, ULONG to_bytes, PULONG result, PCWCH from, ULONG from_bytes);

// Free what an Rtl routine allocated and empty the string.
VOID RtlFreeUnicodeString(PUNICODE_STRING s);
VOID RtlFreeAnsiString(PANSI_STRING s);
VOID RtlFreeUTF8String(PUTF8_STRING s);

#endif
