// SPDX-License-Identifier: MIT
/*
 * Budgets (sched/budget.h): the refills add up to the budget, their times do not decrease, and what
 * is used but not yet booked is less than is in the first one.
 */
#include "check/checks.h"
#include "object/ipc_objects.h"

static void check_refills(const struct sched_context *sched)
{
    uint64_t sum = 0, time = 0;
    for (uint32_t i = 0; i < sched->count; i++) {
        const struct refill *refill = &sched->refill[i];
        RULE(refill->time >= time, "times of refills do not decrease: SchedContext %p, refill %u",
             (const void *)sched, i);
        sum += refill->amount;
        time = refill->time;
    }
    bool round_robin = sched->budget == sched->period;
    RULE(round_robin ? sched->count == 1 && sum <= sched->budget : sum == sched->budget,
         "the amounts add up to the budget: SchedContext %p, %lu of %lu", (const void *)sched, sum,
         sched->budget);
}

static void check_sched(const struct sched_context *sched)
{
    const void *at = sched;
    if (sched->thread) {
        MUST_LIVE(ASH_OBJ_THREAD, sched->thread, "the thread on a SchedContext");
        RULE(sched->thread->sched == sched, "the thread on a SchedContext names it: %s",
             sched->thread->name);
    }
    if (!sched->hart) {
        RULE(sched->count == 0 && !sched->thread && !sched->top,
             "a SchedContext that is not configured is not used: %p", at);
        return;
    }
    RULE(sched->hart >= harts && sched->hart < harts + hart_count,
         "a SchedContext is on a hart: %p", at);
    RULE(sched->count >= 1 && sched->count <= REFILLS, "a SchedContext has a refill: %p", at);
    RULE(sched->budget > 0 && sched->budget <= sched->period, "no budget exceeds its period: %p",
         at);
    RULE(sched->debt == 0 || sched->debt < sched->refill[0].amount,
         "the debt is less than is in the first refill: %p", at);
    check_refills(sched);
}

void check_budgets(void)
{
    for (size_t i = 0; i < object_count; i++)
        if (type_of(all_objects[i]) == ASH_OBJ_SCHED_CONTEXT)
            check_sched((const void *)all_objects[i]->slot->cap.object);
}
