// SPDX-License-Identifier: MIT
/*
 * Lines on the firmware console: early boot, managers, DbgPrint. One call is one write (up to 480
 * bytes at once), so lines of different tasks do not mix. Silently drops what it may not write.
 * Formats integers, strings and pointers (no floating point). Does not allocate or block.
 */
#ifndef ASH_LOG_H
#define ASH_LOG_H

#include <stdarg.h>
#include <stddef.h>

/* "name: text\n": a final newline is added if there is none. At most 400 bytes count. */
[[gnu::format(printf, 1, 2)]] void ash_log(const char *format, ...);

/* The text as it is, without prefix and newline. */
[[gnu::format(printf, 1, 2)]] void ash_print(const char *format, ...);
void ash_print_va(const char *format, va_list arguments);
void ash_print_bytes(const char *bytes, size_t count);

/* Names the task: the prefix of ash_log. crt0 does it. */
void ash_log_name(const char *name);

/* Logs the text and ends the task: an invariant of its own is broken. In root: stops the system. */
[[noreturn, gnu::format(printf, 1, 2)]] void ash_panic(const char *format, ...);

#define ASH_ASSERT(condition)                                                                      \
    ((condition) ? (void)0                                                                         \
                 : ash_panic("%s:%d: does not hold: %s", __FILE_NAME__, __LINE__, #condition))

#endif
