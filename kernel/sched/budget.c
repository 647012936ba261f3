// SPDX-License-Identifier: MIT
#include "sched/budget.h"
#include "sched/sched.h"

/* A refill smaller than this is not worth a switch; it joins the next one. */
#define REFILL_MIN_US 10u

void budget_start(struct sched_context *sched, uint64_t now)
{
    sched->count = 1;
    sched->debt = 0;
    sched->refill[0] = (struct refill){now, sched->budget};
}

static void push(struct sched_context *sched, uint64_t time, uint64_t amount)
{
    struct refill *last = &sched->refill[sched->count - 1];
    if (sched->count == REFILLS || (sched->count > 1 && last->time + last->amount >= time)) {
        /* Later is safe: the window sees less, never more. */
        last->amount += amount;
        if (sched->count == REFILLS && last->time < time)
            last->time = time;
        return;
    }
    sched->refill[sched->count++] = (struct refill){time, amount};
}

static void pop(struct sched_context *sched)
{
    sched->count--;
    for (uint32_t i = 0; i < sched->count; i++)
        sched->refill[i] = sched->refill[i + 1];
}

/* True if there was one. */
static bool drop_small_first(struct sched_context *sched)
{
    bool dropped = false;
    while (sched->count > 1 && sched->refill[0].amount < sched_ticks_per_us(REFILL_MIN_US)) {
        sched->refill[1].amount += sched->refill[0].amount;
        pop(sched);
        dropped = true;
    }
    return dropped;
}

bool budget_charge_part(struct sched_context *sched, uint64_t used)
{
    struct refill *first = &sched->refill[0];
    /* Short turns are booked together: refills are not cut smaller than they may be. */
    sched->debt += used;
    if (sched->debt < first->amount && sched->debt < sched_ticks_per_us(REFILL_MIN_US))
        return false;
    used = sched->debt;
    sched->debt = 0;
    bool emptied = false;
    while (used > 0) {
        uint64_t part = used < first->amount ? used : first->amount;
        uint64_t again = first->time + sched->period;
        first->amount -= part;
        used -= part;
        if (first->amount != 0) {
            push(sched, again, part);
            continue;
        }
        emptied = true;
        if (sched->count > 1) {
            pop(sched);
            push(sched, again, part);
        } else {
            /* The only refill: all of it comes back a period later, and what was used beyond it
             * is taken from that. */
            *first = (struct refill){again, part};
        }
    }
    return drop_small_first(sched) || emptied;
}

[[gnu::noinline]] void budget_join(struct sched_context *sched)
{
    struct refill first = sched->refill[0];
    /* The debt was used before: the first one ends that much earlier. */
    while (sched->count > 1 && sched->refill[1].time + sched->debt <= first.time + first.amount) {
        pop(sched);
        first.amount += sched->refill[0].amount;
        sched->refill[0] = first;
    }
}
