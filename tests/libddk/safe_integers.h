// SPDX-License-Identifier: MIT
//
// Safe integers are compared with 128-bit arithmetic at the borders of every type: the smallest and
// largest value of each width, signed and unsigned, and their neighbours.

#ifndef SAFE_INTEGERS_H
#define SAFE_INTEGERS_H

#include "ddi_test.h"
#include <ntintsafe.h>

typedef __int128 wide;

// Extremes of an integer type.
#define IS_SIGNED(type)   ((type) ~(type)0 < (type)1)
#define BITS(type)        ((int)sizeof(type) * 8)
#define LOWEST(type)      (IS_SIGNED(type) ? -((wide)1 << (BITS(type) - 1)) : (wide)0)
#define HIGHEST(type)     (((wide)1 << (BITS(type) - IS_SIGNED(type))) - 1)
#define FITS(value, type) ((value) >= LOWEST(type) && (value) <= HIGHEST(type))

// Candidate number n: around 0, and around plus and minus 2^7, 2^8, 2^15 ... 2^64.
static inline wide border(int n)
{
    static const int powers[] = {7, 8, 15, 16, 31, 32, 63, 64};
    wide around = (wide)1 << powers[n / 6 % 8];
    return (n / 3 % 2 != 0 ? -around : around) + n % 3 - 1;
}
#define BORDERS 48
static inline wide candidate(int n)
{
    return n < BORDERS ? border(n) : n - BORDERS - 2; // -2 ... 5
}
#define CANDIDATES (BORDERS + 8)

#define CONVERTS(routine, from, to)                                                                \
    for (int i = 0; i < CANDIDATES; i++) {                                                         \
        wide value = candidate(i);                                                                 \
        to result = (to)42;                                                                        \
        if (!FITS(value, from))                                                                    \
            continue;                                                                              \
        NTSTATUS status = routine((from)value, &result);                                           \
        CHECK_EQ(status, FITS(value, to) ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW);              \
        CHECK(status != STATUS_SUCCESS || (wide)result == value);                                  \
    }                                                                                              \
    _Static_assert(sizeof(from) + sizeof(to) != 0, "both types exist")

#define COMPUTES(routine, type, operation)                                                         \
    for (int i = 0; i < CANDIDATES * CANDIDATES; i++) {                                            \
        wide a = candidate(i / CANDIDATES), b = candidate(i % CANDIDATES), exact;                  \
        type result = (type)42;                                                                    \
        if (!FITS(a, type) || !FITS(b, type))                                                      \
            continue;                                                                              \
        bool fits = !__builtin_##operation##_overflow(a, b, &exact) && FITS(exact, type);          \
        NTSTATUS status = routine((type)a, (type)b, &result);                                      \
        CHECK_EQ(status, fits ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW);                         \
        CHECK(!fits || (wide)result == exact);                                                     \
    }                                                                                              \
    _Static_assert(sizeof(type) != 0, "the type exists")

#endif
