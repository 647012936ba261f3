// SPDX-License-Identifier: MIT
//
// Counted strings: pointing, copying, appending, comparing. Lengths are bytes.

#include "../ke/ki.h"
#include "rtl.h"

SIZE_T DdkWcslen(PCWSTR s)
{
    SIZE_T n = 0;
    while (s[n] != 0)
        n++;
    return n;
}

VOID RtlInitUnicodeString(PUNICODE_STRING to, PCWSTR text)
{
    SIZE_T bytes = text != NULL ? DdkWcslen(text) * sizeof(WCHAR) : 0;
    if (bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        bytes = UNICODE_STRING_MAX_BYTES - sizeof(WCHAR);
    to->Length = (USHORT)bytes;
    to->MaximumLength = text != NULL ? (USHORT)(bytes + sizeof(WCHAR)) : 0;
    to->Buffer = (PWCH)(ULONG_PTR)text;
}

static SIZE_T bounded(SIZE_T bytes, SIZE_T limit)
{
    return bytes < limit ? bytes : limit;
}

VOID RtlInitString(PSTRING to, PCSTR text)
{
    SIZE_T bytes = text != NULL ? bounded(strlen(text), MAXUSHORT - 1) : 0;
    to->Length = (USHORT)bytes;
    to->MaximumLength = text != NULL ? (USHORT)(bytes + 1) : 0;
    to->Buffer = (PCHAR)(ULONG_PTR)text;
}

VOID RtlInitAnsiString(PANSI_STRING to, PCSTR text)
{
    RtlInitString(to, text);
}

VOID RtlInitUTF8String(PUTF8_STRING to, PCSTR text)
{
    RtlInitString(to, text);
}

NTSTATUS RtlInitUnicodeStringEx(PUNICODE_STRING to, PCWSTR text)
{
    if (text != NULL && DdkWcslen(text) * sizeof(WCHAR) > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        return STATUS_NAME_TOO_LONG;
    RtlInitUnicodeString(to, text);
    return STATUS_SUCCESS;
}

NTSTATUS RtlInitStringEx(PSTRING to, PCSTR text)
{
    if (text != NULL && strlen(text) > MAXUSHORT - 1)
        return STATUS_NAME_TOO_LONG;
    RtlInitString(to, text);
    return STATUS_SUCCESS;
}

NTSTATUS RtlInitAnsiStringEx(PANSI_STRING to, PCSTR text)
{
    return RtlInitStringEx(to, text);
}

NTSTATUS RtlInitUTF8StringEx(PUTF8_STRING to, PCSTR text)
{
    ki_require_irql(DISPATCH_LEVEL, "RtlInitUTF8StringEx above DISPATCH_LEVEL");
    return RtlInitStringEx(to, text);
}

VOID RtlCopyUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    USHORT bytes = from != NULL ? from->Length : 0;
    if (bytes > to->MaximumLength)
        bytes = to->MaximumLength;
    if (bytes != 0)
        memmove(to->Buffer, from->Buffer, bytes);
    to->Length = bytes;
    if (bytes + sizeof(WCHAR) <= to->MaximumLength)
        to->Buffer[bytes / sizeof(WCHAR)] = 0;
}

VOID RtlCopyString(PSTRING to, const STRING *from)
{
    USHORT bytes = from != NULL ? from->Length : 0;
    if (bytes > to->MaximumLength)
        bytes = to->MaximumLength;
    if (bytes != 0)
        memmove(to->Buffer, from->Buffer, bytes);
    to->Length = bytes;
}

static NTSTATUS append(PUNICODE_STRING to, const WCHAR *from, SIZE_T bytes)
{
    if (bytes > (SIZE_T)(to->MaximumLength - to->Length))
        return STATUS_BUFFER_TOO_SMALL;
    if (bytes != 0)
        memmove((PCHAR)to->Buffer + to->Length, from, bytes);
    to->Length = (USHORT)(to->Length + bytes);
    if (to->Length + sizeof(WCHAR) <= to->MaximumLength)
        to->Buffer[to->Length / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    return append(to, from->Buffer, from->Length);
}

NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING to, PCWSTR from)
{
    return from == NULL ? STATUS_SUCCESS : append(to, from, DdkWcslen(from) * sizeof(WCHAR));
}

NTSTATUS RtlAppendStringToString(PSTRING to, const STRING *from)
{
    ki_require_irql(APC_LEVEL, "RtlAppendStringToString above APC_LEVEL");
    if (from->Length > to->MaximumLength - to->Length)
        return STATUS_BUFFER_TOO_SMALL;
    if (from->Length != 0)
        memmove(to->Buffer + to->Length, from->Buffer, from->Length);
    to->Length = (USHORT)(to->Length + from->Length);
    return STATUS_SUCCESS;
}

LONG rtl_compare(const WCHAR *a, SIZE_T n, const WCHAR *b, SIZE_T m, BOOLEAN ignore_case)
{
    for (SIZE_T i = 0; i < n && i < m; i++) {
        WCHAR x = ignore_case ? rtl_upcase(a[i]) : a[i];
        WCHAR y = ignore_case ? rtl_upcase(b[i]) : b[i];
        if (x != y)
            return (LONG)x - (LONG)y;
    }
    return n < m ? -1 : n > m;
}

static LONG compare(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case)
{
    return rtl_compare(a->Buffer, a->Length / sizeof(WCHAR), b->Buffer, b->Length / sizeof(WCHAR),
                       ignore_case);
}

LONG RtlCompareUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlCompareUnicodeString above PASSIVE_LEVEL");
    return compare(a, b, ignore_case);
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlEqualUnicodeString above PASSIVE_LEVEL");
    return (BOOLEAN)(a->Length == b->Length && compare(a, b, ignore_case) == 0);
}

BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING prefix, PCUNICODE_STRING s, BOOLEAN ignore_case)
{
    SIZE_T n = prefix->Length / sizeof(WCHAR);
    ki_require_irql(PASSIVE_LEVEL, "RtlPrefixUnicodeString above PASSIVE_LEVEL");
    return (BOOLEAN)(prefix->Length <= s->Length &&
                     rtl_compare(prefix->Buffer, n, s->Buffer, n, ignore_case) == 0);
}

static CHAR upper(CHAR c)
{
    WCHAR big = rtl_upcase((UCHAR)c); // Latin-1
    return big < 0x100 ? (CHAR)big : c;
}

CHAR RtlUpperChar(CHAR c)
{
    ki_require_irql(APC_LEVEL, "RtlUpperChar above APC_LEVEL");
    return upper(c);
}

VOID RtlUpperString(PSTRING to, const STRING *from)
{
    USHORT bytes = from->Length < to->MaximumLength ? from->Length : to->MaximumLength;
    ki_require_irql(APC_LEVEL, "RtlUpperString above APC_LEVEL");
    for (USHORT i = 0; i < bytes; i++)
        to->Buffer[i] = upper(from->Buffer[i]);
    to->Length = bytes;
}

static LONG compare_ansi(const STRING *a, const STRING *b, BOOLEAN ignore_case)
{
    for (USHORT i = 0; i < a->Length && i < b->Length; i++) {
        UCHAR x = (UCHAR)(ignore_case ? upper(a->Buffer[i]) : a->Buffer[i]);
        UCHAR y = (UCHAR)(ignore_case ? upper(b->Buffer[i]) : b->Buffer[i]);
        if (x != y)
            return (LONG)x - (LONG)y;
    }
    return (LONG)a->Length - (LONG)b->Length;
}

LONG RtlCompareString(const STRING *a, const STRING *b, BOOLEAN ignore_case)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlCompareString above PASSIVE_LEVEL");
    return compare_ansi(a, b, ignore_case);
}

BOOLEAN RtlEqualString(const STRING *a, const STRING *b, BOOLEAN ignore_case)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlEqualString above PASSIVE_LEVEL");
    return (BOOLEAN)(compare_ansi(a, b, ignore_case) == 0);
}
