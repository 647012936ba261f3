// SPDX-License-Identifier: MIT
//
// Counted strings that become others: another case, another encoding, a copy. What a routine
// allocates lives in pool with a terminator behind it; MaximumLength counts the terminator.
// On failure nothing is allocated.

#include "../ex/ex.h"
#include "../ke/ki.h"
#include "rtl.h"

#define TAG 'grtS'

NTSTATUS rtl_allocate_unicode(PUNICODE_STRING s, SIZE_T bytes)
{
    if (bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER_2;
    s->Buffer = ex_driver_allocate(bytes + sizeof(WCHAR), TAG);
    if (s->Buffer == NULL)
        return STATUS_NO_MEMORY;
    s->Length = 0;
    s->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
    s->Buffer[bytes / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

static NTSTATUS allocate_narrow(PSTRING s, SIZE_T bytes)
{
    if (bytes > MAXUSHORT - 1)
        return STATUS_INVALID_PARAMETER_2;
    s->Buffer = ex_driver_allocate(bytes + 1, TAG);
    if (s->Buffer == NULL)
        return STATUS_NO_MEMORY;
    s->Length = 0;
    s->MaximumLength = (USHORT)(bytes + 1);
    return STATUS_SUCCESS;
}

// Room for the result in the caller's buffer, or a new one.
static NTSTATUS prepare(PUNICODE_STRING to, SIZE_T bytes, BOOLEAN allocate)
{
    if (allocate)
        return rtl_allocate_unicode(to, bytes);
    return bytes > to->MaximumLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

// The same for a narrow string, which ends with a terminator.
static NTSTATUS prepare_narrow(PSTRING to, SIZE_T bytes, BOOLEAN allocate)
{
    if (allocate)
        return allocate_narrow(to, bytes);
    return bytes >= to->MaximumLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static void finish(PUNICODE_STRING to, SIZE_T bytes)
{
    to->Length = (USHORT)bytes;
    if (bytes + sizeof(WCHAR) <= to->MaximumLength)
        to->Buffer[bytes / sizeof(WCHAR)] = 0;
}

static NTSTATUS change_case(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate,
                            WCHAR (*change)(WCHAR))
{
    NTSTATUS status = prepare(to, from->Length, allocate);
    if (!NT_SUCCESS(status))
        return status;
    for (ULONG i = 0; i < from->Length / sizeof(WCHAR); i++)
        to->Buffer[i] = change(from->Buffer[i]);
    to->Length = from->Length;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate)
{
    ki_require_irql(APC_LEVEL, "RtlUpcaseUnicodeString above APC_LEVEL");
    return change_case(to, from, allocate, rtl_upcase);
}

NTSTATUS RtlDowncaseUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate)
{
    ki_require_irql(APC_LEVEL, "RtlDowncaseUnicodeString above APC_LEVEL");
    return change_case(to, from, allocate, rtl_downcase);
}

#define DUPLICATE_FLAGS                                                                            \
    (RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE |                                                 \
     RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING)

NTSTATUS RtlDuplicateUnicodeString(ULONG flags, PCUNICODE_STRING from, PUNICODE_STRING to)
{
    bool terminate = (flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE) != 0;
    if (from == NULL || to == NULL || (flags & ~(ULONG)DUPLICATE_FLAGS) != 0 ||
        ((flags & RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING) != 0 && !terminate))
        return STATUS_INVALID_PARAMETER;
    if (from->Length == 0 && (flags & RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING) == 0) {
        *to = (UNICODE_STRING){0};
        return STATUS_SUCCESS;
    }
    NTSTATUS status = rtl_allocate_unicode(to, from->Length);
    if (!NT_SUCCESS(status))
        return status;
    RtlCopyUnicodeString(to, from);
    to->MaximumLength = (USHORT)(from->Length + (terminate ? sizeof(WCHAR) : 0));
    return STATUS_SUCCESS;
}

BOOLEAN RtlCreateUnicodeString(PUNICODE_STRING to, PCWSTR text)
{
    UNICODE_STRING from;
    ki_require_irql(PASSIVE_LEVEL, "RtlCreateUnicodeString above PASSIVE_LEVEL");
    if (!NT_SUCCESS(RtlInitUnicodeStringEx(&from, text)) ||
        !NT_SUCCESS(rtl_allocate_unicode(to, from.Length)))
        return FALSE;
    RtlCopyUnicodeString(to, &from);
    return TRUE;
}

ULONG RtlxAnsiStringToUnicodeSize(PCANSI_STRING s)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlAnsiStringToUnicodeSize above PASSIVE_LEVEL");
    return ((ULONG)s->Length + 1) * (ULONG)sizeof(WCHAR);
}

ULONG RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING s)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlUnicodeStringToAnsiSize above PASSIVE_LEVEL");
    return s->Length / (ULONG)sizeof(WCHAR) + 1;
}

NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING to, PCANSI_STRING from, BOOLEAN allocate)
{
    SIZE_T bytes = (SIZE_T)from->Length * sizeof(WCHAR);
    ki_require_irql(PASSIVE_LEVEL, "RtlAnsiStringToUnicodeString above PASSIVE_LEVEL");
    NTSTATUS status = bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR)
                          ? STATUS_INVALID_PARAMETER_2
                          : prepare(to, bytes, allocate);
    if (!NT_SUCCESS(status))
        return status;
    for (USHORT i = 0; i < from->Length; i++)
        to->Buffer[i] = (UCHAR)from->Buffer[i];
    finish(to, bytes);
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING to, PCUNICODE_STRING from, BOOLEAN allocate)
{
    USHORT chars = from->Length / sizeof(WCHAR);
    ki_require_irql(PASSIVE_LEVEL, "RtlUnicodeStringToAnsiString above PASSIVE_LEVEL");
    NTSTATUS status = prepare_narrow(to, chars, allocate);
    if (!NT_SUCCESS(status))
        return status;
    for (USHORT i = 0; i < chars; i++)
        to->Buffer[i] = from->Buffer[i] < 0x100 ? (CHAR)from->Buffer[i] : '?';
    to->Buffer[chars] = 0;
    to->Length = chars;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUTF8StringToUnicodeString(PUNICODE_STRING to, const UTF8_STRING *from, BOOLEAN allocate)
{
    ULONG bytes;
    ki_require_irql(PASSIVE_LEVEL, "RtlUTF8StringToUnicodeString above PASSIVE_LEVEL");
    (void)rtl_from_utf8(NULL, 0, &bytes, from->Buffer, from->Length);
    NTSTATUS status = bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR)
                          ? STATUS_INVALID_PARAMETER_2
                          : prepare(to, bytes, allocate);
    if (!NT_SUCCESS(status))
        return status;
    (void)rtl_from_utf8(to->Buffer, bytes, &bytes, from->Buffer, from->Length);
    finish(to, bytes);
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringToUTF8String(PUTF8_STRING to, PCUNICODE_STRING from, BOOLEAN allocate)
{
    ULONG bytes;
    ki_require_irql(PASSIVE_LEVEL, "RtlUnicodeStringToUTF8String above PASSIVE_LEVEL");
    (void)rtl_to_utf8(NULL, 0, &bytes, from->Buffer, from->Length);
    NTSTATUS status =
        bytes > MAXUSHORT - 1 ? STATUS_INVALID_PARAMETER_2 : prepare_narrow(to, bytes, allocate);
    if (!NT_SUCCESS(status))
        return status;
    (void)rtl_to_utf8(to->Buffer, bytes, &bytes, from->Buffer, from->Length);
    to->Buffer[bytes] = 0;
    to->Length = (USHORT)bytes;
    return STATUS_SUCCESS;
}

VOID RtlFreeUnicodeString(PUNICODE_STRING s)
{
    ki_require_irql(APC_LEVEL, "RtlFreeUnicodeString above APC_LEVEL");
    if (s->Buffer != NULL)
        ex_pool_free(s->Buffer, 0);
    *s = (UNICODE_STRING){0};
}

VOID RtlFreeAnsiString(PANSI_STRING s)
{
    ki_require_irql(APC_LEVEL, "RtlFreeAnsiString above APC_LEVEL");
    if (s->Buffer != NULL)
        ex_pool_free(s->Buffer, 0);
    *s = (ANSI_STRING){0};
}

VOID RtlFreeUTF8String(PUTF8_STRING s)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlFreeUTF8String above PASSIVE_LEVEL");
    if (s->Buffer != NULL)
        ex_pool_free(s->Buffer, 0);
    *s = (UTF8_STRING){0};
}
