// SPDX-License-Identifier: MIT
// strsafe.h, and the *_s functions of string.h. Pure.
#include "format.h"
#include <errno.h>
#include <strsafe.h>

/* `used` characters are there already; as many of `count` as fit follow, and a zero. */
static HRESULT append(char *to, size_t size, size_t used, const char *from, size_t count)
{
    size_t room = size - used - 1, fits = count < room ? count : room;
    memcpy(to + used, from, fits);
    to[used + fits] = '\0';
    return fits == count ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static bool size_ok(size_t size)
{
    return size != 0 && size <= STRSAFE_MAX_CCH;
}

HRESULT StringCbCopyNA(LPSTR to, size_t bytes, LPCSTR from, size_t most)
{
    if (!size_ok(bytes) || most > STRSAFE_MAX_CCH)
        return STRSAFE_E_INVALID_PARAMETER;
    return append(to, bytes, 0, from, strnlen(from, most));
}

HRESULT StringCbCopyA(LPSTR to, size_t bytes, LPCSTR from)
{
    return StringCbCopyNA(to, bytes, from, STRSAFE_MAX_CCH);
}

HRESULT StringCbCatNA(LPSTR to, size_t bytes, LPCSTR from, size_t most)
{
    size_t used = size_ok(bytes) ? strnlen(to, bytes) : bytes;
    if (used == bytes || most > STRSAFE_MAX_CCH)
        return STRSAFE_E_INVALID_PARAMETER;
    return append(to, bytes, used, from, strnlen(from, most));
}

HRESULT StringCbCatA(LPSTR to, size_t bytes, LPCSTR from)
{
    return StringCbCatNA(to, bytes, from, STRSAFE_MAX_CCH);
}

HRESULT StringCbVPrintfA(LPSTR to, size_t bytes, LPCSTR format, va_list arguments)
{
    if (!size_ok(bytes))
        return STRSAFE_E_INVALID_PARAMETER;
    int length = w32_format(to, bytes, format, arguments);
    return (size_t)length < bytes ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

HRESULT StringCbPrintfA(LPSTR to, size_t bytes, LPCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    HRESULT result = StringCbVPrintfA(to, bytes, format, arguments);
    va_end(arguments);
    return result;
}

HRESULT StringCbLengthA(LPCSTR text, size_t most, size_t *length)
{
    size_t n = text != NULL && most <= STRSAFE_MAX_CCH ? strnlen(text, most) : most;
    if (length != NULL)
        *length = n < most ? n : 0;
    return n < most ? S_OK : STRSAFE_E_INVALID_PARAMETER;
}

static size_t wide_length(LPCWSTR text, size_t most)
{
    size_t n = 0;
    while (n < most && text[n] != 0)
        n++;
    return n;
}

static HRESULT append_wide(LPWSTR to, size_t size, size_t used, LPCWSTR from)
{
    size_t count = wide_length(from, STRSAFE_MAX_CCH), room = size - used - 1;
    size_t fits = count < room ? count : room;
    memcpy(to + used, from, fits * sizeof(WCHAR));
    to[used + fits] = 0;
    return fits == count ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

HRESULT StringCchCopyW(LPWSTR to, size_t count, LPCWSTR from)
{
    return size_ok(count) ? append_wide(to, count, 0, from) : STRSAFE_E_INVALID_PARAMETER;
}

HRESULT StringCchCatW(LPWSTR to, size_t count, LPCWSTR from)
{
    size_t used = size_ok(count) ? wide_length(to, count) : count;
    return used < count ? append_wide(to, count, used, from) : STRSAFE_E_INVALID_PARAMETER;
}

HRESULT StringCchLengthW(LPCWSTR text, size_t most, size_t *length)
{
    size_t n = text != NULL && most <= STRSAFE_MAX_CCH ? wide_length(text, most) : most;
    if (length != NULL)
        *length = n < most ? n : 0;
    return n < most ? S_OK : STRSAFE_E_INVALID_PARAMETER;
}

HRESULT StringCbCopyW(LPWSTR to, size_t bytes, LPCWSTR from)
{
    return StringCchCopyW(to, bytes / sizeof(WCHAR), from);
}

HRESULT StringCbCatW(LPWSTR to, size_t bytes, LPCWSTR from)
{
    return StringCchCatW(to, bytes / sizeof(WCHAR), from);
}

HRESULT StringCbLengthW(LPCWSTR text, size_t most, size_t *length)
{
    HRESULT result = StringCchLengthW(text, most / sizeof(WCHAR), length);
    if (length != NULL)
        *length *= sizeof(WCHAR);
    return result;
}

static errno_t failed(char *to, size_t size, errno_t error)
{
    if (to != NULL && size != 0)
        *to = '\0';
    return error;
}

errno_t strncpy_s(char *to, size_t size, const char *from, size_t count)
{
    if (to == NULL || size == 0 || from == NULL)
        return failed(to, size, EINVAL);
    size_t length = strnlen(from, count);
    if (length >= size)
        return failed(to, size, ERANGE);
    memcpy(to, from, length);
    to[length] = '\0';
    return 0;
}

errno_t strcpy_s(char *to, size_t size, const char *from)
{
    return strncpy_s(to, size, from, SIZE_MAX);
}

errno_t strcat_s(char *to, size_t size, const char *from)
{
    size_t used = to != NULL ? strnlen(to, size) : size;
    if (used == size || from == NULL)
        return failed(to, size, EINVAL);
    if (strlen(from) >= size - used)
        return failed(to, size, ERANGE);
    strcpy(to + used, from);
    return 0;
}

char *_strupr(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return text;
}

char *_strlwr(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return text;
}

size_t w32_wcslen(const wchar_t *text)
{
    return wide_length(text, SIZE_MAX);
}

int w32_wcscmp(const wchar_t *a, const wchar_t *b)
{
    for (; *a != 0 && *a == *b; a++)
        b++;
    return *a < *b ? -1 : *a > *b;
}

wchar_t *w32_wcscpy(wchar_t *to, const wchar_t *from)
{
    memcpy(to, from, (wide_length(from, SIZE_MAX) + 1) * sizeof(*to));
    return to;
}
