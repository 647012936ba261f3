// SPDX-License-Identifier: MIT
//
// Routines of the C library that drivers use and that cannot be the library's own: its wide
// characters have 32 bits and its `l` has 64, a driver's have 16 and 32. The names lead to routines
// of the kit. Strings are not bounded and not checked, as everywhere; the ..._s forms are: they
// return EINVAL (22) or ERANGE (34) and leave an empty string where the result does not fit.
// Case is that of ASCII for char, of the system's table for WCHAR. Any IRQL, for resident strings.
// Documentation: "C Run-Time Support", pages of the routines in the C run-time reference.

#ifndef DDK_CRT_H
#define DDK_CRT_H

#include <ntdef.h>

typedef int errno_t;

SIZE_T DdkWcslen(PCWSTR s);
SIZE_T DdkWcsnlen(PCWSTR s, SIZE_T most);
PWSTR DdkWcscpy(PWSTR to, PCWSTR from);
PWSTR DdkWcsncpy(PWSTR to, PCWSTR from, SIZE_T chars);
PWSTR DdkWcscat(PWSTR to, PCWSTR from);
PWSTR DdkWcsncat(PWSTR to, PCWSTR from, SIZE_T chars);
int DdkWcscmp(PCWSTR a, PCWSTR b);
int DdkWcsncmp(PCWSTR a, PCWSTR b, SIZE_T chars);
int DdkWcsicmp(PCWSTR a, PCWSTR b);
int DdkWcsnicmp(PCWSTR a, PCWSTR b, SIZE_T chars);
PWSTR DdkWcschr(PCWSTR s, WCHAR c);
PWSTR DdkWcsrchr(PCWSTR s, WCHAR c);
PWSTR DdkWcsstr(PCWSTR s, PCWSTR part);
PWSTR DdkWcsupr(PWSTR s);
PWSTR DdkWcslwr(PWSTR s);
int DdkStricmp(PCSTR a, PCSTR b);
int DdkStrnicmp(PCSTR a, PCSTR b, SIZE_T bytes);
PSTR DdkStrupr(PSTR s);
PSTR DdkStrlwr(PSTR s);

errno_t DdkStrcpyS(PSTR to, SIZE_T bytes, PCSTR from);
errno_t DdkStrcatS(PSTR to, SIZE_T bytes, PCSTR from);
errno_t DdkStrncpyS(PSTR to, SIZE_T bytes, PCSTR from, SIZE_T count);
errno_t DdkWcscpyS(PWSTR to, SIZE_T chars, PCWSTR from);
errno_t DdkWcscatS(PWSTR to, SIZE_T chars, PCWSTR from);
errno_t DdkWcsncpyS(PWSTR to, SIZE_T chars, PCWSTR from, SIZE_T count);

// Formats as of DbgPrint. The bounded ones return -1 when the text did not fit, and end it with a
// zero even then; sprintf_s and swprintf_s leave it empty.
int DdkSprintf(char *to, const char *format, ...);
int DdkSnprintf(char *to, size_t bytes, const char *format, ...);
int DdkSprintfS(char *to, size_t bytes, const char *format, ...);
int DdkSwprintf(WCHAR *to, const WCHAR *format, ...);
int DdkSnwprintf(WCHAR *to, size_t chars, const WCHAR *format, ...);
int DdkSwprintfS(WCHAR *to, size_t chars, const WCHAR *format, ...);

#define wcslen     DdkWcslen
#define wcsnlen    DdkWcsnlen
#define wcscpy     DdkWcscpy
#define wcsncpy    DdkWcsncpy
#define wcscat     DdkWcscat
#define wcsncat    DdkWcsncat
#define wcscmp     DdkWcscmp
#define wcsncmp    DdkWcsncmp
#define _wcsicmp   DdkWcsicmp
#define _wcsnicmp  DdkWcsnicmp
#define wcschr     DdkWcschr
#define wcsrchr    DdkWcsrchr
#define wcsstr     DdkWcsstr
#define _wcsupr    DdkWcsupr
#define _wcslwr    DdkWcslwr
#define _stricmp   DdkStricmp
#define _strnicmp  DdkStrnicmp
#define _strupr    DdkStrupr
#define _strlwr    DdkStrlwr
#define strcpy_s   DdkStrcpyS
#define strcat_s   DdkStrcatS
#define strncpy_s  DdkStrncpyS
#define wcscpy_s   DdkWcscpyS
#define wcscat_s   DdkWcscatS
#define wcsncpy_s  DdkWcsncpyS
#define sprintf    DdkSprintf
#define _snprintf  DdkSnprintf
#define sprintf_s  DdkSprintfS
#define swprintf   DdkSwprintf
#define _snwprintf DdkSnwprintf
#define swprintf_s DdkSwprintfS
#define _TRUNCATE  ((SIZE_T) - 1)

#endif
