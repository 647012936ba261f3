// SPDX-License-Identifier: MIT
//
// sprintf and its relatives with the formats of Windows (ddk/crt.h), on the kit's formatter.

#include <wdm.h>

#include "rtl.h"

// What a format without bounds may write; longer texts are the caller's error in any case.
#define UNBOUNDED ((size_t)MAXLONG)

int DdkSprintf(char *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnprintf(to, UNBOUNDED, format, arguments);
    va_end(arguments);
    return length;
}

int DdkSnprintf(char *to, size_t bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnprintf(to, bytes, format, arguments);
    va_end(arguments);
    return length;
}

int DdkSprintfS(char *to, size_t bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnprintf(to, bytes, format, arguments);
    va_end(arguments);
    if (length < 0 && bytes != 0)
        to[0] = 0;
    return length;
}

int DdkSwprintf(WCHAR *to, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnwprintf(to, UNBOUNDED, format, arguments);
    va_end(arguments);
    return length;
}

int DdkSnwprintf(WCHAR *to, size_t chars, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnwprintf(to, chars, format, arguments);
    va_end(arguments);
    return length;
}

int DdkSwprintfS(WCHAR *to, size_t chars, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnwprintf(to, chars, format, arguments);
    va_end(arguments);
    if (length < 0 && chars != 0)
        to[0] = 0;
    return length;
}
