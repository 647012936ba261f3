// SPDX-License-Identifier: MIT
/*
 * From hart 0 to a thread on hart 1, which is idle. Under -icount the harts take turns and one
 * counter counts what all of them execute: a figure is the work of both together, from the ecall
 * on the one to the last instruction before the receiver's first on the other, and contains the
 * first one's way to idle, which on a real machine runs at the same time.
 */
#include "kbench.h"

static void measure_call(void)
{
    ash_word call[SAMPLES], reply[SAMPLES], both[SAMPLES];
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    const struct remote_start start = {.entry = remote_server,
                                       .priority = PRIORITY,
                                       .hart = 1,
                                       .a1 = endpoint,
                                       .a2 = make(ASH_OBJ_REPLY, 0)};
    struct remote server = remote_run(&start);
    for (unsigned i = 0; i < WARM + SAMPLES; i++) {
        struct ash_message m = {.info = ash_info(1, 0, 0)};
        struct moments t = timed(ASH_SYS_CALL, endpoint, 0, &m);
        sleep_ticks(ash_ticks(100)); /* the server waits again */
        if (i < WARM)
            continue;
        unsigned at = i - WARM;
        call[at] = server.notes->reached - t.before - READ;
        reply[at] = t.after - server.notes->left - READ_STORE;
        both[at] = call[at] + reply[at];
    }
    remote_stop(&server);
    report("ipc.call.cross_hart", call);
    report("ipc.reply.cross_hart", reply);
    report("ipc.round_trip.cross_hart", both);
}

/* The signal and the wait that follows are one system call, so that hart 0 is idle right after it
 * and hart 1 gets its turn; and then the signal alone, as the sender sees it. */
static void measure_signal(void)
{
    ash_word work[SAMPLES], sender[SAMPLES];
    ash_cptr notification = make_notification();
    const struct remote_start start = {
        .entry = remote_waiter, .priority = PRIORITY, .hart = 1, .a1 = notification};
    struct remote waiter = remote_run(&start);
    for (unsigned i = 0; i < WARM + SAMPLES; i++) {
        struct ash_message m = {.info = notification};
        struct moments t = timed(ASH_SYS_SIGNAL_WAIT, nap_set(ash_ticks(100)), 0, &m);
        struct ash_message again = {};
        struct moments alone = timed(ASH_SYS_SEND, notification, 0, &again);
        if (i >= WARM) {
            work[i - WARM] = waiter.notes->reached - t.before - READ;
            sender[i - WARM] = alone.after - alone.before - READ;
        }
        sleep_ticks(ash_ticks(100));
    }
    remote_stop(&waiter);
    report("ntfn.signal.cross_hart", work);
    report("ntfn.signal.cross_hart.sender", sender);
}

void measure_cross(void)
{
    if (boot->harts < 2)
        ash_panic("this needs two harts");
    measure_call();
    measure_signal();
}
