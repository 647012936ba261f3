// SPDX-License-Identifier: MIT
// Signals and yielding.
#include "kbench.h"

static void measure_switch(ash_cptr notification)
{
    ash_word values[SAMPLES];
    const struct remote_start start = {
        .entry = remote_waiter, .priority = PRIORITY + 1, .a1 = notification};
    struct remote waiter = remote_run(&start);
    for (unsigned i = 0; i < WARM + SAMPLES; i++) {
        struct ash_message m = {};
        struct moments t = timed(ASH_SYS_SEND, notification, 0, &m);
        if (i >= WARM)
            values[i - WARM] = waiter.notes->reached - t.before - READ;
    }
    remote_stop(&waiter);
    report("ntfn.signal_switch", values);
}

static void measure_nobody(ash_cptr notification)
{
    ash_word values[SAMPLES];
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct ash_message m = {};
        struct moments t = timed(ASH_SYS_SEND, notification, 0, &m);
        values[i] = t.after - t.before - READ;
    }
    report("ntfn.signal_no_waiter", values);
}

void measure_signals(void)
{
    ash_cptr notification = make_notification();
    measure_switch(notification);
    measure_nobody(notification);
}

void measure_yield(void)
{
    ash_word values[SAMPLES];
    const struct remote_start start = {.entry = remote_yielder, .priority = PRIORITY};
    struct remote other = remote_run(&start);
    for (unsigned i = 0; i < WARM + SAMPLES; i++) {
        struct ash_message m = {};
        struct moments t = timed(ASH_SYS_YIELD, 0, 0, &m);
        if (i >= WARM)
            values[i - WARM] = other.notes->reached - t.before - READ;
    }
    remote_stop(&other);
    report("sched.yield_switch", values);
}
