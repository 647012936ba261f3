// SPDX-License-Identifier: MIT
// Results of a guest test as TAP lines on stdout.
#ifndef TESTS_GUEST_TAP_H
#define TESTS_GUEST_TAP_H

#include <stdio.h>

extern int tap_number, tap_failures; /* one source file of the program has them */

static inline void check(bool good, const char *name)
{
    printf("%s %d - %s\n", good ? "ok" : "not ok", ++tap_number, name);
    tap_failures += !good;
}

/* The same with the value that was not the expected one. */
static inline void check_value(unsigned long is, unsigned long wanted, const char *name)
{
    if (is != wanted)
        printf("# 0x%lx instead of 0x%lx\n", is, wanted);
    check(is == wanted, name);
}

static inline int tap_end(void)
{
    printf("1..%d\n", tap_number);
    return tap_failures != 0;
}

#endif
