// SPDX-License-Identifier: MIT
//
// Doorbells. A thread that will soon wait keeps the doorbells it has to ring, so that the last one
// goes out with the wait in one system call. Kept doorbells are rung before the thread does
// anything that may take long: handles another request, blocks, naps, runs a work item.

#include "rt.h"

#define BELLS 4u

static _Thread_local struct {
    ash_cptr bell[BELLS];
    unsigned count;
    bool deferring;
} kept;

void rt_defer_bells(bool defer)
{
    kept.deferring = defer;
}

bool rt_keep_bell(ash_cptr bell)
{
    if (!kept.deferring || kept.count == BELLS)
        return false;
    for (unsigned i = 0; i < kept.count; i++)
        if (kept.bell[i] == bell)
            return true;
    kept.bell[kept.count++] = bell;
    return true;
}

void rt_ring(ash_cptr bell)
{
    if (!rt_keep_bell(bell))
        ash_signal(bell);
}

void rt_flush_bells(void)
{
    while (kept.count != 0)
        ash_signal(kept.bell[--kept.count]);
}

uint64_t rt_flush_and_wait(ash_cptr notification)
{
    while (kept.count > 1)
        ash_signal(kept.bell[--kept.count]);
    if (kept.count == 0)
        return ash_wait(notification);
    kept.count = 0;
    return ash_signal_wait(kept.bell[0], notification);
}
