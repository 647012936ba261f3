// SPDX-License-Identifier: MIT
/* The timebase: set once at the start of the task, then only read. */
#include "ash/start.h"
#include "runtime.h"

static ash_word timebase = 10000000;

void ash_set_timebase(ash_word ticks_a_second)
{
    if (ticks_a_second != 0)
        timebase = ticks_a_second;
}

ash_word ash_timebase(void)
{
    return timebase;
}

ash_word ash_ticks(ash_word microseconds)
{
    return microseconds / 1000000 * timebase + microseconds % 1000000 * timebase / 1000000;
}
