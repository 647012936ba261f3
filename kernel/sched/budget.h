// SPDX-License-Identifier: MIT
/*
 * Refills of a SchedContext. Invariants: the amounts add up to the budget; times do not decrease;
 * refill[0] is the one in use. Where the budget is the whole period (round robin) there is one,
 * whose amount is what is left of the time slice.
 */
#ifndef KERNEL_SCHED_BUDGET_H
#define KERNEL_SCHED_BUDGET_H

#include "object/ipc_objects.h"

void budget_start(struct sched_context *sched, uint64_t now);
/* Books `used` ticks where the budget is less than the period. */
bool budget_charge_part(struct sched_context *sched, uint64_t used);
/* Refills whose time comes while the first one runs join it. */
void budget_join(struct sched_context *sched);

/* Can it run at `now`? */
static inline bool budget_usable(const struct sched_context *sched, uint64_t now)
{
    return sched->refill[0].time <= now;
}

/* Ticks it may run on from now without a new decision. */
static inline uint64_t budget_left(const struct sched_context *sched)
{
    return sched->refill[0].amount - sched->debt;
}

/* When it can run again. */
static inline uint64_t budget_next(const struct sched_context *sched)
{
    return sched->refill[0].time;
}

/* Books `used` ticks; true when the current refill is used up and another one is the first. */
static inline bool budget_charge(struct sched_context *sched, uint64_t used)
{
    sched->used += used;
    if (sched->budget != sched->period)
        return budget_charge_part(sched, used);
    uint64_t left = sched->refill[0].amount;
    bool ended = used >= left;
    sched->refill[0].amount = ended ? sched->budget : left - used;
    return ended;
}

/* It begins to run: unused time does not pile up. */
static inline void budget_unblock(struct sched_context *sched, uint64_t now)
{
    if (sched->refill[0].time >= now)
        return;
    sched->refill[0].time = now;
    if (sched->count > 1)
        budget_join(sched);
}

#endif
