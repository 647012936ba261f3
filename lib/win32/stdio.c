// SPDX-License-Identifier: MIT
// The printf family on top of format.c. A text up to LINE_BYTES is formatted on the stack.
#include "format.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_BYTES 512

#undef printf
#undef fprintf
#undef vprintf
#undef vfprintf
#undef snprintf
#undef vsnprintf
#undef sprintf
#undef vsprintf

typedef int formatter(char *buffer, size_t size, const char *format, va_list arguments);

static int print(FILE *file, formatter *form, const char *format, va_list arguments)
{
    char line[LINE_BYTES], *text = line;
    int length = form(line, sizeof(line), format, arguments);
    if (length >= LINE_BYTES) {
        text = malloc((size_t)length + 1);
        if (text == nullptr)
            return -1;
        (void)form(text, (size_t)length + 1, format, arguments);
    }
    size_t written = fwrite(text, 1, (size_t)length, file);
    if (text != line)
        free(text);
    return written == (size_t)length ? length : -1;
}

int w32_vfprintf(FILE *file, const char *format, va_list arguments)
{
    return print(file, w32_format, format, arguments);
}

int w32_vprintf(const char *format, va_list arguments)
{
    return print(stdout, w32_format, format, arguments);
}

int w32_fprintf(FILE *file, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = print(file, w32_format, format, arguments);
    va_end(arguments);
    return length;
}

int w32_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = print(stdout, w32_format, format, arguments);
    va_end(arguments);
    return length;
}

int w32_wprintf(const wchar_t *format, ...)
{
    char narrow[LINE_BYTES];
    va_list arguments;
    if (w32_to_utf8((const uint16_t *)format, narrow, sizeof(narrow)) >= sizeof(narrow))
        return -1;
    va_start(arguments, format);
    int length = print(stdout, w32_format_wide, narrow, arguments);
    va_end(arguments);
    return length;
}

int w32_vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
    return w32_format(buffer, size, format, arguments);
}

int w32_snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = w32_format(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

int w32_vsprintf(char *buffer, const char *format, va_list arguments)
{
    return w32_format(buffer, (size_t)INT32_MAX, format, arguments);
}

int w32_sprintf(char *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = w32_vsprintf(buffer, format, arguments);
    va_end(arguments);
    return length;
}

int vsprintf_s(char *buffer, size_t size, const char *format, va_list arguments)
{
    int length = buffer != nullptr && size != 0 ? w32_format(buffer, size, format, arguments) : -1;
    if (length >= 0 && (size_t)length < size)
        return length;
    if (buffer != nullptr && size != 0)
        *buffer = '\0';
    errno = length < 0 ? EINVAL : ERANGE;
    return -1;
}

int sprintf_s(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsprintf_s(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

int sscanf_s(const char *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = w32_scan(text, format, true, arguments);
    va_end(arguments);
    return count;
}

/* One line is read for each call. */
int scanf_s(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    if (w32_gets(line, sizeof(line), stdin) == nullptr)
        return EOF;
    va_start(arguments, format);
    int count = w32_scan(line, format, true, arguments);
    va_end(arguments);
    return count;
}
