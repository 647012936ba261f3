// SPDX-License-Identifier: MIT
//
// Safe strings with A and W destinations. All sizes are characters in here.
// Invariants: nothing outside of [Buffer, Buffer + Size) is written; once a target is accepted it
// is terminated whatever happens; Used is the length of the text it holds.

#include <ntstrsafe.h>

#include "../ke/ki.h"
#include "format.h"
#include "safe.h"

struct target {
    PVOID Buffer;
    SIZE_T Size;
    SIZE_T Used;
    ULONG Flags; // 0 unless the form is Ex
    BOOLEAN Wide;
};

static void put(const struct target *target, SIZE_T at, WCHAR c)
{
    if (target->Wide)
        ((PWCHAR)target->Buffer)[at] = c;
    else
        ((PCHAR)target->Buffer)[at] = (CHAR)c;
}

// The address may be unaligned (RtlUnalignedString...).
static WCHAR get(const VOID *text, SIZE_T at, bool wide)
{
    WCHAR c;
    if (!wide)
        return (UCHAR)((PCSTR)text)[at];
    memcpy(&c, (const CHAR *)text + at * sizeof(WCHAR), sizeof(c));
    return c;
}

static SIZE_T length_within(const VOID *text, SIZE_T limit, bool wide)
{
    SIZE_T n = 0;
    while (n < limit && get(text, n, wide) != 0)
        n++;
    return n;
}

static void fill(const struct target *target, SIZE_T from)
{
    SIZE_T width = target->Wide ? sizeof(WCHAR) : 1;
    memset((PCHAR)target->Buffer + from * width, (UCHAR)target->Flags,
           (target->Size - from) * width);
}

static void cut_at(struct target *target, SIZE_T length)
{
    target->Used = length;
    put(target, length, 0);
}

// Applies the flags for a failure. undo: the target still holds its former text of Used characters.
static void apply_failure(struct target *target, NTSTATUS status, bool undo)
{
    if ((target->Flags & STRSAFE_FILL_ON_FAILURE) != 0) {
        fill(target, 0);
        cut_at(target, (UCHAR)target->Flags != 0 ? target->Size - 1 : 0);
    } else if ((target->Flags & STRSAFE_NULL_ON_FAILURE) != 0) {
        cut_at(target, 0);
    } else if (status == STATUS_BUFFER_OVERFLOW && !undo &&
               (target->Flags & STRSAFE_NO_TRUNCATION) != 0) {
        cut_at(target, 0);
    }
}

static NTSTATUS finish(struct target *target, ULONG form, SIZE_T size, NTSTATUS status, bool undo,
                       PVOID end, SIZE_T *rest)
{
    SIZE_T width = target->Wide ? sizeof(WCHAR) : 1;
    if (status != STATUS_SUCCESS)
        apply_failure(target, status, undo);
    else if ((target->Flags & STRSAFE_FILL_BEHIND_NULL) != 0)
        fill(target, target->Used + 1);
    if (status == STATUS_INVALID_PARAMETER)
        return status;
    if (end != NULL)
        *(PVOID *)end = (PCHAR)target->Buffer + target->Used * width;
    if (rest != NULL && (form & DDK_SAFE_BYTES) != 0)
        *rest = size - target->Used * width;
    else if (rest != NULL)
        *rest = target->Size - target->Used;
    return status;
}

// What is wrong with the destination: STATUS_SUCCESS, or STATUS_INVALID_PARAMETER.
static NTSTATUS accept(struct target *target, ULONG form, PVOID to, SIZE_T size, ULONG flags)
{
    bool wide = (form & DDK_SAFE_WIDE) != 0;
    if ((form & DDK_SAFE_BYTES) != 0 && wide)
        size /= sizeof(WCHAR);
    *target = (struct target){.Buffer = to, .Size = size, .Wide = wide};
    if ((form & DDK_SAFE_EX) != 0)
        target->Flags = flags;
    bool may_be_null = (target->Flags & STRSAFE_IGNORE_NULLS) != 0;
    if ((target->Flags & ~(ULONG)SAFE_STRING_FLAGS) != 0 || size > DDK_STRSAFE_MAX_CCH ||
        (to == NULL && (!may_be_null || size != 0)) || (size == 0 && (form & DDK_SAFE_EX) == 0))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

// The source as text and the number of its characters, at most limit.
static NTSTATUS read_source(ULONG form, ULONG flags, const VOID **from, SIZE_T *limit)
{
    bool wide = (form & DDK_SAFE_WIDE) != 0;
    if (*from == NULL && (flags & STRSAFE_IGNORE_NULLS) == 0)
        return STATUS_INVALID_PARAMETER;
    if ((form & DDK_SAFE_COUNTED) != 0) {
        PCUNICODE_STRING s = *from;
        if (!rtl_well_formed(s, true))
            return STATUS_INVALID_PARAMETER;
        *limit = s != NULL ? s->Length / sizeof(WCHAR) : 0;
        *from = s != NULL ? s->Buffer : NULL;
        return STATUS_SUCCESS;
    }
    *limit = *from != NULL ? length_within(*from, *limit, wide) : 0;
    return STATUS_SUCCESS;
}

static NTSTATUS transfer(struct target *target, ULONG form, const VOID *from, SIZE_T count,
                         bool *undo)
{
    if ((form & DDK_SAFE_APPEND) != 0) {
        target->Used = length_within(target->Buffer, target->Size, target->Wide);
        if (target->Used == target->Size) // no terminator: there is no text to append to
            return STATUS_INVALID_PARAMETER;
    }
    SIZE_T room = target->Size - 1 - target->Used;
    *undo = (form & DDK_SAFE_APPEND) != 0 && (target->Flags & STRSAFE_NO_TRUNCATION) != 0;
    if (count > room && *undo)
        return STATUS_BUFFER_OVERFLOW;
    SIZE_T moved = count < room ? count : room;
    for (SIZE_T i = 0; i < moved; i++)
        put(target, target->Used + i, get(from, i, target->Wide));
    cut_at(target, target->Used + moved);
    return count > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

// A destination without room: only an empty text fits.
static NTSTATUS into_nothing(struct target *target, bool empty, PVOID end, SIZE_T *rest)
{
    if (!empty)
        return STATUS_INVALID_PARAMETER;
    if (end != NULL)
        *(PVOID *)end = target->Buffer;
    if (rest != NULL)
        *rest = 0;
    return STATUS_SUCCESS;
}

NTSTATUS DdkSafeString(ULONG form, PVOID to, SIZE_T size, const VOID *from, SIZE_T limit, PVOID end,
                       SIZE_T *rest, ULONG flags)
{
    struct target target;
    bool undo = false;
    ki_require_irql(PASSIVE_LEVEL, SAFE_RULE);
    NTSTATUS status = accept(&target, form, to, size, flags);
    if (!NT_SUCCESS(status))
        return status;
    if ((form & DDK_SAFE_BYTES) != 0 && target.Wide)
        limit /= sizeof(WCHAR);
    status = read_source(form, target.Flags, &from, &limit);
    if (target.Size == 0)
        return NT_SUCCESS(status) ? into_nothing(&target, limit == 0, end, rest) : status;
    if (NT_SUCCESS(status))
        status = transfer(&target, form, from, limit, &undo);
    return finish(&target, form, size, status, undo, end, rest);
}

static NTSTATUS print(struct target *target, const VOID *format, va_list arguments, bool *undo)
{
    if ((target->Flags & STRSAFE_NO_TRUNCATION) != 0) {
        va_list copy;
        va_copy(copy, arguments);
        *undo = rtl_measure(format, target->Wide, copy) >= target->Size;
        va_end(copy);
        if (*undo) {
            target->Used = length_within(target->Buffer, target->Size - 1, target->Wide);
            return STATUS_BUFFER_OVERFLOW;
        }
    }
    int length = target->Wide ? _vsnwprintf(target->Buffer, target->Size, format, arguments)
                              : _vsnprintf(target->Buffer, target->Size, format, arguments);
    target->Used = length >= 0 ? (SIZE_T)length : target->Size - 1;
    return length >= 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

NTSTATUS DdkSafePrint(ULONG form, PVOID to, SIZE_T size, PVOID end, SIZE_T *rest, ULONG flags,
                      const VOID *format, va_list arguments)
{
    struct target target;
    bool undo = false;
    ki_require_irql(PASSIVE_LEVEL, SAFE_RULE);
    NTSTATUS status = accept(&target, form, to, size, flags);
    if (!NT_SUCCESS(status))
        return status;
    if (format == NULL && (target.Flags & STRSAFE_IGNORE_NULLS) == 0)
        status = STATUS_INVALID_PARAMETER;
    format = format != NULL ? format : L""; // two zero bytes end either width
    if (target.Size == 0)
        return NT_SUCCESS(status)
                   ? into_nothing(&target, get(format, 0, target.Wide) == 0, end, rest)
                   : status;
    if (NT_SUCCESS(status))
        status = print(&target, format, arguments, &undo);
    return finish(&target, form, size, status, undo, end, rest);
}

NTSTATUS DdkSafeLength(ULONG form, const VOID *s, SIZE_T limit, SIZE_T *length)
{
    bool wide = (form & DDK_SAFE_WIDE) != 0, bytes = (form & DDK_SAFE_BYTES) != 0;
    SIZE_T chars = wide && bytes ? limit / sizeof(WCHAR) : limit;
    ki_require_irql(PASSIVE_LEVEL, SAFE_RULE);
    SIZE_T n = s != NULL && chars <= DDK_STRSAFE_MAX_CCH ? length_within(s, chars, wide) : chars;
    bool good = n < chars;
    if (length != NULL)
        *length = !good ? 0 : wide && bytes ? n * sizeof(WCHAR) : n;
    return good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
