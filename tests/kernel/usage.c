// SPDX-License-Identifier: MIT
/*
 * The most that any window sees, a window sees that ends where a stretch of use ends: a window that
 * is shifted from there loses at its end, or gains nothing. So each stretch is checked once,
 * against the stretches before it.
 */
#include "usage.h"
#include "host/host.h"

#include <string.h>

#define STRETCHES 512u

struct use {
    uint64_t budget, period;
    unsigned count; /* of stretches ever; the last STRETCHES are kept */
    struct {
        uint64_t start, end;
    } stretch[STRETCHES];
};

static struct use uses[USAGE_SCHEDS];

void usage_reset(void)
{
    for (unsigned i = 0; i < USAGE_SCHEDS; i++)
        uses[i].count = uses[i].period = 0;
}

void usage_configured(unsigned sched, uint64_t budget, uint64_t period)
{
    uses[sched].count = 0;
    uses[sched].budget = budget;
    uses[sched].period = period;
}

void usage_add(unsigned sched, uint64_t start, uint64_t end)
{
    struct use *use = &uses[sched];
    if (use->budget == use->period)
        return;
    unsigned last = (use->count + STRETCHES - 1) % STRETCHES;
    if (use->count > 0 && use->stretch[last].end == start) {
        use->stretch[last].end = end;
    } else {
        last = use->count++ % STRETCHES;
        use->stretch[last].start = start;
        use->stretch[last].end = end;
    }
    uint64_t window = end - use->period, sum = 0;
    unsigned kept = use->count < STRETCHES ? use->count : STRETCHES;
    for (unsigned i = 0; i < kept; i++) {
        unsigned at = (use->count - 1 - i) % STRETCHES;
        if (use->stretch[at].end <= window)
            break;
        uint64_t from = use->stretch[at].start > window ? use->stretch[at].start : window;
        sum += use->stretch[at].end - from;
    }
    host_check(sum <= use->budget,
               "SchedContext %u: %lu ticks used in the period before %lu, its budget is %lu of %lu",
               sched, sum, end, use->budget, use->period);
}
