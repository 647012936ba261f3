// SPDX-License-Identifier: MIT
//
// Doorbells. A thread that will soon wait keeps the doorbells it has to ring, so that the last one
// goes out with the wait in one system call. Kept doorbells are rung before the thread does
// anything that may take long: handles another request, blocks, naps, runs a work item. The same
// with the acknowledgement of the interrupt whose ISR the thread has run last: the next one could
// not be served before the thread waits.

#include "rt.h"

#define BELLS 4u

static _Thread_local struct {
    ash_cptr bell[BELLS];
    unsigned count;
    bool deferring;
    ash_cptr irq; // to be acknowledged
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

void rt_acknowledge(ash_cptr irq)
{
    if (kept.irq != ASH_NULL_CPTR)
        (void)ash_irq_ack(kept.irq);
    kept.irq = irq;
}

void rt_flush_bells(void)
{
    while (kept.count != 0)
        ash_signal(kept.bell[--kept.count]);
    if (kept.irq != ASH_NULL_CPTR)
        rt_acknowledge(ASH_NULL_CPTR);
}

// One doorbell at least is kept. Where one of the capabilities is gone (the requester has died, the
// interrupt was disconnected) the kernel has done nothing at all: then each is done by itself.
static uint64_t ring_and_wait(ash_cptr notification)
{
    ash_cptr bell = kept.bell[0], irq = kept.irq;
    kept.count = 0;
    kept.irq = ASH_NULL_CPTR;
    uint64_t bits = irq != ASH_NULL_CPTR ? ash_ack_signal_wait(irq, bell, notification)
                                         : ash_signal_wait(bell, notification);
    if (bits != 0)
        return bits;
    if (irq != ASH_NULL_CPTR)
        (void)ash_irq_ack(irq);
    ash_signal(bell);
    return ash_wait(notification);
}

uint64_t rt_flush_and_wait(ash_cptr notification)
{
    while (kept.count > 1)
        ash_signal(kept.bell[--kept.count]);
    if (kept.count != 0)
        return ring_and_wait(notification);
    if (kept.irq != ASH_NULL_CPTR)
        rt_acknowledge(ASH_NULL_CPTR);
    return ash_wait(notification);
}
