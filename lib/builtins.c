// SPDX-License-Identifier: MIT
/*
 * What the C library and the compiler expect of a compiler run-time library, which tasks are not
 * linked with. Bit counts are written out, because the builtins of that name may call these.
 */
#include "ash/log.h"
#include "runtime.h"

#include <stdlib.h>

int __clzdi2(unsigned long value)
{
    int count = 0;
    for (unsigned shift = 32; shift > 0; shift /= 2)
        if (value >> (64 - shift) == 0) {
            count += (int)shift;
            value <<= shift;
        }
    return count;
}

int __ctzdi2(unsigned long value)
{
    return 63 - __clzdi2(value & -value);
}

int __popcountdi2(unsigned long value)
{
    int count = 0;
    for (; value != 0; value &= value - 1)
        count++;
    return count;
}

/* Schoolbook division in digits of 32 bits, for divisors of one digit: most are units of time. */
static unsigned __int128 divide_short(unsigned __int128 value, uint32_t divisor)
{
    unsigned __int128 quotient = 0;
    uint64_t rest = 0;
    for (int digit = 3; digit >= 0; digit--) {
        rest = rest << 32 | (uint32_t)(value >> 32 * digit);
        quotient = quotient << 32 | rest / divisor;
        rest %= divisor;
    }
    return quotient;
}

static unsigned __int128 divide_long(unsigned __int128 value, unsigned __int128 divisor)
{
    unsigned __int128 quotient = 0, rest = 0;
    for (int bit = 127; bit >= 0; bit--) {
        rest = rest << 1 | (value >> bit & 1);
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    return quotient;
}

unsigned __int128 __udivti3(unsigned __int128 value, unsigned __int128 divisor)
{
    if (divisor <= UINT32_MAX)
        return divide_short(value, (uint32_t)divisor);
    return divide_long(value, divisor);
}

unsigned __int128 __umodti3(unsigned __int128 value, unsigned __int128 divisor)
{
    return value - __udivti3(value, divisor) * divisor;
}

void abort(void)
{
    ash_panic("abort");
}
