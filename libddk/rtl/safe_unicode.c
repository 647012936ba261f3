// SPDX-License-Identifier: MIT
//
// Safe strings whose destination is a UNICODE_STRING: counted, not terminated.
// Invariant: Length <= MaximumLength, and nothing beyond MaximumLength is written.

#include <ntstrsafe.h>

#include "../ke/ki.h"
#include "format.h"
#include "safe.h"

bool rtl_well_formed(PCUNICODE_STRING s, bool null_allowed)
{
    if (s == NULL)
        return null_allowed;
    return s->Length % sizeof(WCHAR) == 0 && s->MaximumLength % sizeof(WCHAR) == 0 &&
           s->Length <= s->MaximumLength &&
           (s->Buffer != NULL || (s->Length == 0 && s->MaximumLength == 0));
}

NTSTATUS RtlUnicodeStringInitEx(PUNICODE_STRING to, PCWSTR text, ULONG flags)
{
    bool nulls = (flags & STRSAFE_IGNORE_NULLS) != 0;
    SIZE_T chars = 0;
    ki_require_irql(PASSIVE_LEVEL, SAFE_RULE);
    if ((flags & ~(ULONG)SAFE_COUNTED_FLAGS) != 0)
        return STATUS_INVALID_PARAMETER;
    while (text != NULL && text[chars] != 0 && chars <= NTSTRSAFE_UNICODE_STRING_MAX_CCH)
        chars++;
    if (to == NULL)
        return nulls && chars == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    *to = (UNICODE_STRING){0};
    if (chars > NTSTRSAFE_UNICODE_STRING_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    if (text == NULL)
        return STATUS_SUCCESS;
    to->Buffer = (PWCH)(ULONG_PTR)text;
    to->Length = (USHORT)(chars * sizeof(WCHAR));
    to->MaximumLength = chars < NTSTRSAFE_UNICODE_STRING_MAX_CCH
                            ? (USHORT)(to->Length + sizeof(WCHAR))
                            : to->Length; // the terminator would not fit into the count
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringValidateEx(PCUNICODE_STRING s, ULONG flags)
{
    ki_require_irql(PASSIVE_LEVEL, SAFE_RULE);
    if ((flags & ~(ULONG)STRSAFE_IGNORE_NULLS) != 0 ||
        !rtl_well_formed(s, (flags & STRSAFE_IGNORE_NULLS) != 0))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static void set_length(PUNICODE_STRING to, SIZE_T chars)
{
    to->Length = (USHORT)(chars * sizeof(WCHAR));
}

static void apply_failure(PUNICODE_STRING to, ULONG flags, NTSTATUS status, bool undo)
{
    bool overflow = status == STATUS_BUFFER_OVERFLOW;
    if ((flags & STRSAFE_FILL_ON_FAILURE) != 0) {
        memset(to->Buffer, (UCHAR)flags, to->MaximumLength);
        to->Length = (UCHAR)flags != 0 ? to->MaximumLength : 0;
    } else if ((flags & STRSAFE_NULL_ON_FAILURE) != 0 ||
               (overflow && !undo && (flags & STRSAFE_NO_TRUNCATION) != 0)) {
        to->Length = 0;
    }
    if (overflow && (flags & STRSAFE_ZERO_LENGTH_ON_FAILURE) != 0)
        to->Length = 0;
}

static NTSTATUS finish(PUNICODE_STRING to, ULONG flags, NTSTATUS status, bool undo,
                       PUNICODE_STRING rest)
{
    if (status != STATUS_SUCCESS)
        apply_failure(to, flags, status, undo);
    else if ((flags & STRSAFE_FILL_BEHIND) != 0)
        memset((PCHAR)to->Buffer + to->Length, (UCHAR)flags,
               (SIZE_T)(to->MaximumLength - to->Length));
    if (rest != NULL && status != STATUS_INVALID_PARAMETER) {
        rest->Buffer = to->Buffer != NULL ? to->Buffer + to->Length / sizeof(WCHAR) : NULL;
        rest->Length = 0;
        rest->MaximumLength = (USHORT)(to->MaximumLength - to->Length);
    }
    return status;
}

static bool acceptable(ULONG form, PCUNICODE_STRING to, const VOID *from, ULONG flags)
{
    bool nulls = (flags & STRSAFE_IGNORE_NULLS) != 0;
    return (flags & ~(ULONG)SAFE_COUNTED_FLAGS) == 0 && rtl_well_formed(to, nulls) &&
           ((form & DDK_SAFE_EX) != 0 || to->Buffer != NULL) && (from != NULL || nulls) &&
           ((form & DDK_SAFE_COUNTED) == 0 || rtl_well_formed(from, true));
}

// At most limit characters of the source.
static PCWSTR read_source(ULONG form, const VOID *from, SIZE_T limit, SIZE_T *count)
{
    SIZE_T n = 0;
    *count = 0;
    if (from == NULL)
        return NULL;
    if ((form & DDK_SAFE_COUNTED) != 0) {
        PCUNICODE_STRING s = from;
        *count = s->Length / sizeof(WCHAR) < limit ? s->Length / sizeof(WCHAR) : limit;
        return s->Buffer;
    }
    while (n < limit && n <= NTSTRSAFE_UNICODE_STRING_MAX_CCH && ((PCWSTR)from)[n] != 0)
        n++;
    *count = n;
    return from;
}

static NTSTATUS transfer(ULONG form, PUNICODE_STRING to, PCWSTR text, SIZE_T count, ULONG flags,
                         bool *undo)
{
    SIZE_T used = (form & DDK_SAFE_APPEND) != 0 ? to->Length / sizeof(WCHAR) : 0;
    SIZE_T room = to->MaximumLength / sizeof(WCHAR) - used;
    if (count != 0 && room == 0)
        return STATUS_INVALID_PARAMETER; // full already
    *undo = (form & DDK_SAFE_APPEND) != 0 && (flags & STRSAFE_NO_TRUNCATION) != 0;
    if (count > room && *undo)
        return STATUS_BUFFER_OVERFLOW;
    SIZE_T moved = count < room ? count : room;
    if (moved != 0)
        memmove(to->Buffer + used, text, moved * sizeof(WCHAR));
    set_length(to, used + moved);
    return count > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

// An absent destination takes an empty text only.
static NTSTATUS into_nothing(bool empty, PUNICODE_STRING rest)
{
    if (!empty)
        return STATUS_INVALID_PARAMETER;
    if (rest != NULL)
        *rest = (UNICODE_STRING){0};
    return STATUS_SUCCESS;
}

NTSTATUS DdkSafeUnicode(ULONG form, PUNICODE_STRING to, const VOID *from, SIZE_T limit,
                        PUNICODE_STRING rest, ULONG flags)
{
    SIZE_T count, width = (form & DDK_SAFE_BYTES) != 0 ? sizeof(WCHAR) : 1;
    bool undo = false, limited = (form & DDK_SAFE_LIMITED) != 0;
    ki_require_irql(PASSIVE_LEVEL, SAFE_RULE);
    if ((limited && limit / width > NTSTRSAFE_UNICODE_STRING_MAX_CCH) ||
        !acceptable(form, to, from, flags))
        return STATUS_INVALID_PARAMETER;
    PCWSTR text = read_source(form, from, limit / width, &count);
    if (to == NULL)
        return into_nothing(count == 0, rest);
    NTSTATUS status = transfer(form, to, text, count, flags, &undo);
    return finish(to, flags, status, undo, rest);
}

struct unicode_output {
    struct rtl_output Output;
    PUNICODE_STRING To;
    bool Cut;
};

static void put_unicode(struct rtl_output *output, WCHAR c)
{
    struct unicode_output *own = CONTAINING_RECORD(output, struct unicode_output, Output);
    PUNICODE_STRING to = own->To;
    if (to->Length + sizeof(WCHAR) > to->MaximumLength) {
        own->Cut = true;
        return;
    }
    to->Buffer[to->Length / sizeof(WCHAR)] = c;
    to->Length = (USHORT)(to->Length + sizeof(WCHAR));
}

static NTSTATUS print(PUNICODE_STRING to, PCWSTR format, va_list arguments)
{
    struct unicode_output own = {.Output = {put_unicode, format, true}, .To = to};
    to->Length = 0;
    rtl_format(&own.Output, arguments);
    return own.Cut ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static SIZE_T measure(PCWSTR format, va_list arguments)
{
    va_list copy;
    va_copy(copy, arguments);
    SIZE_T chars = rtl_measure(format, true, copy);
    va_end(copy);
    return chars;
}

NTSTATUS DdkSafeUnicodePrint(ULONG form, PUNICODE_STRING to, PUNICODE_STRING rest, ULONG flags,
                             PCWSTR format, va_list arguments)
{
    ki_require_irql(PASSIVE_LEVEL, SAFE_RULE);
    if (!acceptable(form, to, format, flags))
        return STATUS_INVALID_PARAMETER;
    format = format != NULL ? format : L"";
    SIZE_T needed = measure(format, arguments);
    if (to == NULL)
        return into_nothing(needed == 0, rest);
    SIZE_T room = to->MaximumLength / sizeof(WCHAR);
    bool undo = needed > room && (flags & STRSAFE_NO_TRUNCATION) != 0;
    NTSTATUS status = STATUS_BUFFER_OVERFLOW;
    if (needed != 0 && room == 0)
        status = STATUS_INVALID_PARAMETER;
    else if (!undo)
        status = print(to, format, arguments);
    return finish(to, flags, status, undo, rest);
}
