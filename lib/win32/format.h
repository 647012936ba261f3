// SPDX-License-Identifier: MIT
// Formatting and scanning as the Windows C library does it; no system below.
#ifndef W32_FORMAT_H
#define W32_FORMAT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Like vsnprintf: how long the whole text is; what fits is stored, and terminated. */
int w32_format(char *buffer, size_t size, const char *format, va_list arguments);
/* The same for functions with a wide format (which is given as UTF-8): %s is a wide string. */
int w32_format_wide(char *buffer, size_t size, const char *format, va_list arguments);
/* Like snprintf("%ws"). */
size_t w32_to_utf8(const uint16_t *from, char *to, size_t size);
/* sscanf with 32-bit longs; sized: %s, %c and %[ take the size of their buffer. */
int w32_scan(const char *text, const char *format, bool sized, va_list arguments);

#endif
