// SPDX-License-Identifier: MIT
//
// Counted strings. Lengths are bytes. A string that a routine allocates lives in pool with a
// terminator behind it; MaximumLength counts it.

#include "../ex/ex.h"
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

VOID RtlInitString(PSTRING to, PCSTR text)
{
    SIZE_T bytes = text != NULL ? strlen(text) : 0;
    if (bytes > MAXUSHORT - 1)
        bytes = MAXUSHORT - 1;
    to->Length = (USHORT)bytes;
    to->MaximumLength = text != NULL ? (USHORT)(bytes + 1) : 0;
    to->Buffer = (PCHAR)(ULONG_PTR)text;
}

VOID RtlInitAnsiString(PANSI_STRING to, PCSTR text)
{
    RtlInitString(to, text);
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

static LONG compare(const WCHAR *a, SIZE_T n, const WCHAR *b, SIZE_T m, BOOLEAN ignore_case)
{
    for (SIZE_T i = 0; i < n && i < m; i++) {
        WCHAR x = ignore_case ? RtlUpcaseUnicodeChar(a[i]) : a[i];
        WCHAR y = ignore_case ? RtlUpcaseUnicodeChar(b[i]) : b[i];
        if (x != y)
            return (LONG)x - (LONG)y;
    }
    return n < m ? -1 : n > m;
}

LONG RtlCompareUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case)
{
    return compare(a->Buffer, a->Length / sizeof(WCHAR), b->Buffer, b->Length / sizeof(WCHAR),
                   ignore_case);
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case)
{
    return (BOOLEAN)(a->Length == b->Length && RtlCompareUnicodeString(a, b, ignore_case) == 0);
}

BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING prefix, PCUNICODE_STRING s, BOOLEAN ignore_case)
{
    SIZE_T n = prefix->Length / sizeof(WCHAR);
    return (BOOLEAN)(prefix->Length <= s->Length &&
                     compare(prefix->Buffer, n, s->Buffer, n, ignore_case) == 0);
}

CHAR RtlUpperChar(CHAR c)
{
    return c >= 'a' && c <= 'z' ? (CHAR)(c - 'a' + 'A') : c;
}

LONG RtlCompareString(const STRING *a, const STRING *b, BOOLEAN ignore_case)
{
    for (USHORT i = 0; i < a->Length && i < b->Length; i++) {
        UCHAR x = (UCHAR)(ignore_case ? RtlUpperChar(a->Buffer[i]) : a->Buffer[i]);
        UCHAR y = (UCHAR)(ignore_case ? RtlUpperChar(b->Buffer[i]) : b->Buffer[i]);
        if (x != y)
            return (LONG)x - (LONG)y;
    }
    return (LONG)a->Length - (LONG)b->Length;
}

BOOLEAN RtlEqualString(const STRING *a, const STRING *b, BOOLEAN ignore_case)
{
    return (BOOLEAN)(RtlCompareString(a, b, ignore_case) == 0);
}

NTSTATUS rtl_allocate_unicode(PUNICODE_STRING s, SIZE_T bytes)
{
    if (bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER_2;
    s->Buffer = ex_pool_allocate(bytes + sizeof(WCHAR), 'grtS');
    if (s->Buffer == NULL)
        return STATUS_NO_MEMORY;
    s->Length = 0;
    s->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
    s->Buffer[bytes / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

// Room for the result in the caller's buffer, or a new one.
static NTSTATUS prepare(PUNICODE_STRING to, SIZE_T bytes, BOOLEAN allocate)
{
    if (allocate)
        return rtl_allocate_unicode(to, bytes);
    return bytes > to->MaximumLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate)
{
    NTSTATUS status = prepare(to, from->Length, allocate);
    if (!NT_SUCCESS(status))
        return status;
    for (ULONG i = 0; i < from->Length / sizeof(WCHAR); i++)
        to->Buffer[i] = RtlUpcaseUnicodeChar(from->Buffer[i]);
    to->Length = from->Length;
    return STATUS_SUCCESS;
}

NTSTATUS RtlDuplicateUnicodeString(ULONG flags, PCUNICODE_STRING from, PUNICODE_STRING to)
{
    (void)flags;
    NTSTATUS status = rtl_allocate_unicode(to, from->Length);
    if (NT_SUCCESS(status))
        RtlCopyUnicodeString(to, from);
    return status;
}

NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING to, PCANSI_STRING from, BOOLEAN allocate)
{
    SIZE_T bytes = (SIZE_T)from->Length * sizeof(WCHAR);
    NTSTATUS status = prepare(to, bytes, allocate);
    if (!NT_SUCCESS(status))
        return status;
    for (USHORT i = 0; i < from->Length; i++)
        to->Buffer[i] = (UCHAR)from->Buffer[i];
    to->Length = (USHORT)bytes;
    if (bytes + sizeof(WCHAR) <= to->MaximumLength)
        to->Buffer[from->Length] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING to, PCUNICODE_STRING from, BOOLEAN allocate)
{
    USHORT chars = from->Length / sizeof(WCHAR);
    if (allocate) {
        to->Buffer = ex_pool_allocate((SIZE_T)chars + 1, 'grtS');
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = (USHORT)(chars + 1);
    } else if (chars >= to->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < chars; i++)
        to->Buffer[i] = from->Buffer[i] < 0x100 ? (CHAR)from->Buffer[i] : '?';
    to->Buffer[chars] = 0;
    to->Length = chars;
    return STATUS_SUCCESS;
}

VOID RtlFreeUnicodeString(PUNICODE_STRING s)
{
    if (s->Buffer != NULL)
        ex_pool_free(s->Buffer, 0);
    *s = (UNICODE_STRING){0};
}

VOID RtlFreeAnsiString(PANSI_STRING s)
{
    if (s->Buffer != NULL)
        ex_pool_free(s->Buffer, 0);
    *s = (ANSI_STRING){0};
}
