// SPDX-License-Identifier: MIT
/*
 * UTF-8 and UTF-16LE, for names. Pure. What is not well-formed becomes U+FFFD when reading UTF-16
 * and is refused when reading UTF-8.
 */
#ifndef ASH_UTF_H
#define ASH_UTF_H

#include <stddef.h>
#include <stdint.h>

/* units: number of 16-bit units. Writes at most size - 1 bytes and a zero; whole characters only.
 */
void ash_utf16_to_utf8(const uint16_t *text, size_t units, char *out, size_t size);

/* The number of units written, at most `room`; false if the text is not UTF-8 or does not fit. */
[[nodiscard]] bool ash_utf8_to_utf16(const char *text, uint16_t *out, size_t room, size_t *units);

#endif
