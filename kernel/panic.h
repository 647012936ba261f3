// SPDX-License-Identifier: MIT
/* The kernel's own output, and its end. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include <stdint.h>

/* To the firmware's console: %s %c %u (unsigned) %d %x %p (pointer or 64-bit hex) %lu %ld %lx %%.
 */
[[gnu::format(printf, 1, 2)]] void print(const char *format, ...);

/* The same in steps (console.h): *begun is false at first, and again when ASH_OK is returned. */
[[nodiscard, gnu::format(printf, 2, 3)]] unsigned print_steps(bool *begun, const char *format, ...);

/* An invariant of the kernel is broken: says which, prints a backtrace, stops all harts. */
[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char *format, ...);

#define kernel_assert(condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            panic("%s:%d: %s does not hold", __FILE__, __LINE__, #condition);                      \
    } while (0)

#endif
