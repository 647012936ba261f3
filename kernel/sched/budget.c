// SPDX-License-Identifier: MIT
#include "sched/budget.h"
#include "sched/sched.h"

/* A refill smaller than this is not worth a switch; it joins the next one. */
#define REFILL_MIN_US 10u

static struct refill *head(struct sched_context *sched)
{
    return &sched->refill[sched->head];
}

static struct refill *at(struct sched_context *sched, uint32_t i)
{
    return &sched->refill[(sched->head + i) % REFILLS];
}

static bool round_robin(const struct sched_context *sched)
{
    return sched->budget == sched->period;
}

void budget_start(struct sched_context *sched, uint64_t now)
{
    sched->head = 0;
    sched->count = 1;
    sched->debt = 0;
    sched->refill[0] = (struct refill){now, sched->budget};
}

bool budget_usable(const struct sched_context *sched, uint64_t now)
{
    return round_robin(sched) || sched->refill[sched->head].time <= now;
}

uint64_t budget_left(const struct sched_context *sched)
{
    return sched->refill[sched->head].amount - sched->debt;
}

uint64_t budget_next(const struct sched_context *sched)
{
    return sched->refill[sched->head].time;
}

static void push(struct sched_context *sched, uint64_t time, uint64_t amount)
{
    struct refill *last = at(sched, sched->count - 1);
    if (sched->count == REFILLS || (sched->count > 1 && last->time + last->amount >= time)) {
        /* Later is safe: the window sees less, never more. */
        last->amount += amount;
        if (sched->count == REFILLS && last->time < time)
            last->time = time;
        return;
    }
    *at(sched, sched->count++) = (struct refill){time, amount};
}

static void pop(struct sched_context *sched)
{
    sched->head = (sched->head + 1) % REFILLS;
    sched->count--;
}

static void drop_small_heads(struct sched_context *sched)
{
    while (sched->count > 1 && head(sched)->amount < sched_ticks_per_us(REFILL_MIN_US)) {
        at(sched, 1)->amount += head(sched)->amount;
        pop(sched);
    }
}

bool budget_charge(struct sched_context *sched, uint64_t used)
{
    sched->used += used;
    if (round_robin(sched)) {
        if (used < head(sched)->amount) {
            head(sched)->amount -= used;
            return false;
        }
        head(sched)->amount = sched->budget;
        return true;
    }
    /* Short turns are booked together: refills are not cut smaller than they may be. */
    sched->debt += used;
    if (sched->debt < sched_ticks_per_us(REFILL_MIN_US) && sched->debt < head(sched)->amount)
        return false;
    used = sched->debt;
    sched->debt = 0;
    bool emptied = false;
    while (used > 0) {
        struct refill *first = head(sched);
        uint64_t part = used < first->amount ? used : first->amount;
        uint64_t again = first->time + sched->period;
        first->amount -= part;
        used -= part;
        if (first->amount == 0 && sched->count > 1) {
            pop(sched);
            push(sched, again, part);
            emptied = true;
        } else if (first->amount == 0) {
            /* The only refill: all of it comes back a period later, and what was used beyond it
             * is taken from that. */
            *first = (struct refill){again, part};
            emptied = true;
        } else {
            push(sched, again, part);
        }
    }
    drop_small_heads(sched);
    return emptied;
}

void budget_unblock(struct sched_context *sched, uint64_t now)
{
    if (round_robin(sched) || head(sched)->time >= now)
        return;
    head(sched)->time = now;
    while (sched->count > 1 && at(sched, 1)->time <= now + head(sched)->amount) {
        uint64_t amount = head(sched)->amount;
        pop(sched);
        head(sched)->amount += amount;
        head(sched)->time = now;
    }
}
