// SPDX-License-Identifier: MIT
//
// Formatting into buffers, DbgPrint and the safe strings.
// Invariant: a buffer of size > 0 is always terminated within its size.

#include <ntstrsafe.h>
#include <wdm.h>

#include "../port/port.h"
#include "format.h"

#define DBGPRINT_BYTES 512

struct buffer {
    struct rtl_output Output;
    char *Narrow;
    WCHAR *Wide;
    size_t Size; // characters, with room for the terminator
    size_t Used;
    bool Cut;
};

static void put(struct rtl_output *output, WCHAR c)
{
    struct buffer *buffer = CONTAINING_RECORD(output, struct buffer, Output);
    if (buffer->Used + 1 >= buffer->Size) {
        buffer->Cut = true;
        return;
    }
    if (buffer->Wide != NULL)
        buffer->Wide[buffer->Used++] = c;
    else
        buffer->Narrow[buffer->Used++] = c < 0x100 ? (char)c : '?';
}

static void run(struct buffer *buffer, const void *format, bool wide, va_list arguments)
{
    buffer->Output.put = put;
    buffer->Output.format = format;
    buffer->Output.wide = wide;
    rtl_format(&buffer->Output, arguments);
    if (buffer->Size == 0)
        return;
    if (buffer->Wide != NULL)
        buffer->Wide[buffer->Used] = 0;
    else
        buffer->Narrow[buffer->Used] = 0;
}

int _vsnprintf(char *to, size_t bytes, const char *format, va_list arguments)
{
    struct buffer buffer = {.Narrow = to, .Size = bytes};
    run(&buffer, format, false, arguments);
    return buffer.Cut ? -1 : (int)buffer.Used;
}

int _vsnwprintf(WCHAR *to, size_t chars, const WCHAR *format, va_list arguments)
{
    struct buffer buffer = {.Wide = to, .Size = chars};
    run(&buffer, format, true, arguments);
    return buffer.Cut ? -1 : (int)buffer.Used;
}

int DdkFormat(char *to, size_t bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnprintf(to, bytes, format, arguments);
    va_end(arguments);
    return length;
}

ULONG vDbgPrintEx(ULONG component, ULONG level, PCSTR format, va_list arguments)
{
    char text[DBGPRINT_BYTES];
    struct buffer buffer = {.Narrow = text, .Size = sizeof(text)};
    (void)component, (void)level;
    run(&buffer, format, false, arguments);
    port_write(text, buffer.Used);
    return (ULONG)STATUS_SUCCESS;
}

ULONG DbgPrint(PCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ULONG status = vDbgPrintEx(DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, format, arguments);
    va_end(arguments);
    return status;
}

// Levels as documented for drivers without a component filter: errors are printed, others only in
// checked builds.
ULONG DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...)
{
    va_list arguments;
    if (level != DPFLTR_ERROR_LEVEL && !DBG)
        return (ULONG)STATUS_SUCCESS;
    va_start(arguments, format);
    ULONG status = vDbgPrintEx(component, level, format, arguments);
    va_end(arguments);
    return status;
}

static bool bad_size(SIZE_T size)
{
    return size == 0 || size > NTSTRSAFE_MAX_CCH;
}

NTSTATUS DdkSafeLengthA(PCSTR s, SIZE_T limit, SIZE_T *length)
{
    SIZE_T n = 0;
    if (s == NULL || limit > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    while (n < limit && s[n] != 0)
        n++;
    if (length != NULL)
        *length = n < limit ? n : 0;
    return n < limit ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS DdkSafeLengthW(PCWSTR s, SIZE_T limit, SIZE_T *length)
{
    SIZE_T n = 0;
    if (s == NULL || limit > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    while (n < limit && s[n] != 0)
        n++;
    if (length != NULL)
        *length = n < limit ? n : 0;
    return n < limit ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS DdkSafeCopyA(PSTR to, SIZE_T size, PCSTR from, SIZE_T limit)
{
    SIZE_T n = 0;
    if (bad_size(size))
        return STATUS_INVALID_PARAMETER;
    while (n < limit && from[n] != 0 && n + 1 < size) {
        to[n] = from[n];
        n++;
    }
    to[n] = 0;
    return n < limit && from[n] != 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS DdkSafeCopyW(PWSTR to, SIZE_T size, PCWSTR from, SIZE_T limit)
{
    SIZE_T n = 0;
    if (bad_size(size))
        return STATUS_INVALID_PARAMETER;
    while (n < limit && from[n] != 0 && n + 1 < size) {
        to[n] = from[n];
        n++;
    }
    to[n] = 0;
    return n < limit && from[n] != 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS DdkSafeCatA(PSTR to, SIZE_T size, PCSTR from, SIZE_T limit)
{
    SIZE_T used;
    if (bad_size(size) || !NT_SUCCESS(DdkSafeLengthA(to, size, &used)))
        return STATUS_INVALID_PARAMETER;
    return DdkSafeCopyA(to + used, size - used, from, limit);
}

NTSTATUS DdkSafeCatW(PWSTR to, SIZE_T size, PCWSTR from, SIZE_T limit)
{
    SIZE_T used;
    if (bad_size(size) || !NT_SUCCESS(DdkSafeLengthW(to, size, &used)))
        return STATUS_INVALID_PARAMETER;
    return DdkSafeCopyW(to + used, size - used, from, limit);
}

NTSTATUS DdkSafeVPrintA(PSTR to, SIZE_T size, PCSTR format, va_list arguments)
{
    if (bad_size(size))
        return STATUS_INVALID_PARAMETER;
    return _vsnprintf(to, size, format, arguments) < 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS DdkSafeVPrintW(PWSTR to, SIZE_T size, PCWSTR format, va_list arguments)
{
    if (bad_size(size))
        return STATUS_INVALID_PARAMETER;
    return _vsnwprintf(to, size, format, arguments) < 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS append(PUNICODE_STRING to, const WCHAR *from, SIZE_T chars)
{
    SIZE_T room = (SIZE_T)(to->MaximumLength - to->Length) / sizeof(WCHAR);
    SIZE_T count = chars < room ? chars : room;
    memmove(to->Buffer + to->Length / sizeof(WCHAR), from, count * sizeof(WCHAR));
    to->Length = (USHORT)(to->Length + count * sizeof(WCHAR));
    return count < chars ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringCopy(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    to->Length = 0;
    return append(to, from->Buffer, from->Length / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCopyString(PUNICODE_STRING to, PCWSTR from)
{
    to->Length = 0;
    return append(to, from, DdkWcslen(from));
}

NTSTATUS RtlUnicodeStringCat(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    return append(to, from->Buffer, from->Length / sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringCatString(PUNICODE_STRING to, PCWSTR from)
{
    return append(to, from, DdkWcslen(from));
}

static void put_unicode(struct rtl_output *output, WCHAR c)
{
    struct buffer *buffer = CONTAINING_RECORD(output, struct buffer, Output);
    if (buffer->Used >= buffer->Size)
        buffer->Cut = true;
    else
        buffer->Wide[buffer->Used++] = c;
}

NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING to, PCWSTR format, va_list arguments)
{
    struct buffer buffer = {.Output = {put_unicode, format, true},
                            .Wide = to->Buffer,
                            .Size = to->MaximumLength / sizeof(WCHAR)};
    rtl_format(&buffer.Output, arguments);
    to->Length = (USHORT)(buffer.Used * sizeof(WCHAR));
    return buffer.Cut ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING to, PCWSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    NTSTATUS status = RtlUnicodeStringVPrintf(to, format, arguments);
    va_end(arguments);
    return status;
}
