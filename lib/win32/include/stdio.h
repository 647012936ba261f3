// SPDX-License-Identifier: MIT
/*
 * The C library's stdio, with the formats of the Windows C library: `l` is 32 bits, I64 and I32, I
 * is the size of a pointer, %S and %ws are strings of the other and of the wide kind, %p is 16
 * hexadecimal digits. And its *_s functions. Text goes to and comes from the console.
 */
#ifndef WIN32_STDIO_H
#define WIN32_STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include_next <stdio.h>

int w32_printf(const char *format, ...);
int w32_fprintf(FILE *file, const char *format, ...);
int w32_vprintf(const char *format, va_list arguments);
int w32_vfprintf(FILE *file, const char *format, va_list arguments);
int w32_snprintf(char *buffer, size_t size, const char *format, ...);
int w32_vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);
int w32_sprintf(char *buffer, const char *format, ...);
int w32_vsprintf(char *buffer, const char *format, va_list arguments);
int w32_wprintf(const wchar_t *format, ...);
int w32_getchar(void);
char *w32_gets(char *buffer, int size, FILE *file);

/* Empty and 0 or -1 where the buffer is too small. */
int sprintf_s(char *buffer, size_t size, const char *format, ...);
int vsprintf_s(char *buffer, size_t size, const char *format, va_list arguments);
/* %s, %c and %[ take the size of their buffer as a further argument. */
int sscanf_s(const char *text, const char *format, ...);
int scanf_s(const char *format, ...);

/* Host tests keep the names of their own C library. */
#ifndef W32_HOST_STDIO
#undef printf
#undef fprintf
#undef vprintf
#undef vfprintf
#undef snprintf
#undef vsnprintf
#undef sprintf
#undef vsprintf
#undef getchar
#undef getc
#define printf                    w32_printf
#define fprintf                   w32_fprintf
#define vprintf                   w32_vprintf
#define vfprintf                  w32_vfprintf
#define snprintf                  w32_snprintf
#define _snprintf                 w32_snprintf
#define vsnprintf                 w32_vsnprintf
#define _vsnprintf                w32_vsnprintf
#define sprintf                   w32_sprintf
#define vsprintf                  w32_vsprintf
#define wprintf                   w32_wprintf
#define getchar()                 w32_getchar()
#define fgets(buffer, size, file) w32_gets((buffer), (size), (file))
#endif

#endif
