// SPDX-License-Identifier: MIT
//
// Formatting into buffers and DbgPrint.
// Invariant: a buffer of size > 0 is always terminated within its size.

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

static void count_only(struct rtl_output *output, WCHAR c)
{
    (void)c;
    CONTAINING_RECORD(output, struct buffer, Output)->Used++;
}

SIZE_T rtl_measure(const void *format, bool wide, va_list arguments)
{
    struct buffer buffer = {.Output = {count_only, format, wide}};
    rtl_format(&buffer.Output, arguments);
    return buffer.Used;
}
