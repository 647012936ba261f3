// SPDX-License-Identifier: MIT
// The C library's strings, and names of the Windows C library. Wide functions are for 16-bit
// characters: those of the C library are not.
#ifndef WIN32_STRING_H
#define WIN32_STRING_H

#include <stddef.h>
#include_next <string.h>
#include <strings.h>

typedef int errno_t;

#define _stricmp  strcasecmp
#define stricmp   strcasecmp
#define _strnicmp strncasecmp
#define _strdup   strdup

/* 0, or EINVAL 22, ERANGE 34 and an empty buffer. */
errno_t strcpy_s(char *to, size_t size, const char *from);
errno_t strcat_s(char *to, size_t size, const char *from);
errno_t strncpy_s(char *to, size_t size, const char *from, size_t count);
char *_strupr(char *text);
char *_strlwr(char *text);

size_t w32_wcslen(const wchar_t *text);
int w32_wcscmp(const wchar_t *a, const wchar_t *b);
wchar_t *w32_wcscpy(wchar_t *to, const wchar_t *from);
#define wcslen w32_wcslen
#define wcscmp w32_wcscmp
#define wcscpy w32_wcscpy

#endif
