// SPDX-License-Identifier: MIT
//
// String routines of the C library for characters of 16 bits, without letter case, and bounded
// (ddk/crt.h). Invariant of the ..._s forms: what they leave in `to` ends within its size.

#include <wdm.h>

#include "rtl.h"

#define EINVAL_S   22
#define ERANGE_S   34
#define TRUNCATE_S 80

SIZE_T DdkWcsnlen(PCWSTR s, SIZE_T most)
{
    SIZE_T length = 0;
    while (length < most && s[length] != 0)
        length++;
    return length;
}

PWSTR DdkWcscpy(PWSTR to, PCWSTR from)
{
    RtlCopyMemory(to, from, (DdkWcslen(from) + 1) * sizeof(WCHAR));
    return to;
}

// As strncpy: the rest is filled with zeros, and there is no terminator when nothing is left.
PWSTR DdkWcsncpy(PWSTR to, PCWSTR from, SIZE_T chars)
{
    SIZE_T length = DdkWcsnlen(from, chars);
    RtlCopyMemory(to, from, length * sizeof(WCHAR));
    RtlZeroMemory(to + length, (chars - length) * sizeof(WCHAR));
    return to;
}

PWSTR DdkWcscat(PWSTR to, PCWSTR from)
{
    (void)DdkWcscpy(to + DdkWcslen(to), from);
    return to;
}

PWSTR DdkWcsncat(PWSTR to, PCWSTR from, SIZE_T chars)
{
    PWSTR end = to + DdkWcslen(to);
    SIZE_T length = DdkWcsnlen(from, chars);
    RtlCopyMemory(end, from, length * sizeof(WCHAR));
    end[length] = 0;
    return to;
}

static int compare_wide(PCWSTR a, PCWSTR b, SIZE_T chars, bool fold)
{
    for (SIZE_T i = 0; i < chars; i++) {
        WCHAR x = fold ? rtl_upcase(a[i]) : a[i], y = fold ? rtl_upcase(b[i]) : b[i];
        if (x != y)
            return x < y ? -1 : 1;
        if (x == 0)
            break;
    }
    return 0;
}

int DdkWcscmp(PCWSTR a, PCWSTR b)
{
    return compare_wide(a, b, (SIZE_T)-1, false);
}

int DdkWcsncmp(PCWSTR a, PCWSTR b, SIZE_T chars)
{
    return compare_wide(a, b, chars, false);
}

int DdkWcsicmp(PCWSTR a, PCWSTR b)
{
    return compare_wide(a, b, (SIZE_T)-1, true);
}

int DdkWcsnicmp(PCWSTR a, PCWSTR b, SIZE_T chars)
{
    return compare_wide(a, b, chars, true);
}

PWSTR DdkWcschr(PCWSTR s, WCHAR c)
{
    while (*s != c) {
        if (*s++ == 0)
            return NULL;
    }
    return (PWSTR)(ULONG_PTR)s;
}

PWSTR DdkWcsrchr(PCWSTR s, WCHAR c)
{
    for (SIZE_T i = DdkWcslen(s) + 1; i > 0; i--) {
        if (s[i - 1] == c)
            return (PWSTR)(ULONG_PTR)(s + i - 1);
    }
    return NULL;
}

PWSTR DdkWcsstr(PCWSTR s, PCWSTR part)
{
    SIZE_T length = DdkWcslen(part);
    for (;; s++) {
        if (compare_wide(s, part, length, false) == 0)
            return (PWSTR)(ULONG_PTR)s;
        if (*s == 0)
            return NULL;
    }
}

PWSTR DdkWcsupr(PWSTR s)
{
    for (PWSTR c = s; *c != 0; c++)
        *c = rtl_upcase(*c);
    return s;
}

PWSTR DdkWcslwr(PWSTR s)
{
    for (PWSTR c = s; *c != 0; c++)
        *c = rtl_downcase(*c);
    return s;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int DdkStrnicmp(PCSTR a, PCSTR b, SIZE_T bytes)
{
    for (SIZE_T i = 0; i < bytes; i++) {
        UCHAR x = (UCHAR)lower(a[i]), y = (UCHAR)lower(b[i]);
        if (x != y)
            return x < y ? -1 : 1;
        if (x == 0)
            break;
    }
    return 0;
}

int DdkStricmp(PCSTR a, PCSTR b)
{
    return DdkStrnicmp(a, b, (SIZE_T)-1);
}

PSTR DdkStrupr(PSTR s)
{
    for (PSTR c = s; *c != 0; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    return s;
}

PSTR DdkStrlwr(PSTR s)
{
    for (PSTR c = s; *c != 0; c++)
        *c = lower(*c);
    return s;
}

// Appends up to `count` characters behind the first `used`; `count` -1 takes what fits.
static errno_t put_narrow(PSTR to, SIZE_T bytes, SIZE_T used, PCSTR from, SIZE_T count)
{
    if (to == NULL || bytes == 0)
        return EINVAL_S;
    bool cut = count == (SIZE_T)-1;
    SIZE_T length = from == NULL ? 0 : strnlen(from, cut ? bytes : count);
    if (from == NULL || used >= bytes || (!cut && length >= bytes - used)) {
        to[0] = 0;
        return from == NULL || used >= bytes ? EINVAL_S : ERANGE_S;
    }
    SIZE_T fits = length < bytes - used ? length : bytes - used - 1;
    RtlCopyMemory(to + used, from, fits);
    to[used + fits] = 0;
    return fits < length ? TRUNCATE_S : 0;
}

static errno_t put_wide(PWSTR to, SIZE_T chars, SIZE_T used, PCWSTR from, SIZE_T count)
{
    if (to == NULL || chars == 0)
        return EINVAL_S;
    bool cut = count == (SIZE_T)-1;
    SIZE_T length = from == NULL ? 0 : DdkWcsnlen(from, cut ? chars : count);
    if (from == NULL || used >= chars || (!cut && length >= chars - used)) {
        to[0] = 0;
        return from == NULL || used >= chars ? EINVAL_S : ERANGE_S;
    }
    SIZE_T fits = length < chars - used ? length : chars - used - 1;
    RtlCopyMemory(to + used, from, fits * sizeof(WCHAR));
    to[used + fits] = 0;
    return fits < length ? TRUNCATE_S : 0;
}

// More than any string has, and not "what fits".
#define WHOLE ((SIZE_T)MAXLONG)

errno_t DdkStrcpyS(PSTR to, SIZE_T bytes, PCSTR from)
{
    return put_narrow(to, bytes, 0, from, WHOLE);
}

errno_t DdkStrcatS(PSTR to, SIZE_T bytes, PCSTR from)
{
    return put_narrow(to, bytes, to == NULL ? 0 : strnlen(to, bytes), from, WHOLE);
}

errno_t DdkStrncpyS(PSTR to, SIZE_T bytes, PCSTR from, SIZE_T count)
{
    return put_narrow(to, bytes, 0, from, count);
}

errno_t DdkWcscpyS(PWSTR to, SIZE_T chars, PCWSTR from)
{
    return put_wide(to, chars, 0, from, WHOLE);
}

errno_t DdkWcscatS(PWSTR to, SIZE_T chars, PCWSTR from)
{
    return put_wide(to, chars, to == NULL ? 0 : DdkWcsnlen(to, chars), from, WHOLE);
}

errno_t DdkWcsncpyS(PWSTR to, SIZE_T chars, PCWSTR from, SIZE_T count)
{
    return put_wide(to, chars, 0, from, count);
}
