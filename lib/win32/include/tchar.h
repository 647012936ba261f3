// SPDX-License-Identifier: MIT
// Generic-text names, for programs without UNICODE.
#ifndef WIN32_TCHAR_H
#define WIN32_TCHAR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef UNICODE
#define _T(quote)    quote
#define _TEXT(quote) quote
#define _tmain       main
#define _tprintf     printf
#define _stprintf_s  sprintf_s
#define _tcslen      strlen
#define _tcscmp      strcmp
#define _tcsicmp     _stricmp
#define _tcscpy_s    strcpy_s
#define _tcscat_s    strcat_s
#define _ttoi        atoi
#define _tcstoul     strtoul
#endif

#endif
