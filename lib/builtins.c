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

void abort(void)
{
    ash_panic("abort");
}
