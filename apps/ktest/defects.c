// SPDX-License-Identifier: MIT
/*
 * Defects that random calls found (apps/hostile-calls), each with the shortest way to it that is
 * known. On the debug kernel the checker looks after each test, so a test need not see everything
 * that would be wrong.
 */
#include "ktest.h"

/* Receives when it should answer, as long as `value` is 0. */
static void forgetful(struct kthread *t)
{
    struct ash_message m;
    ash_recv(t->endpoint, t->reply, &m);
    for (;;) {
        t->count++;
        ash_wait(t->next);
        m.info = ash_info(2, 0, 0);
        if (t->value == 0)
            ash_recv(t->endpoint, t->reply, &m);
        else
            ash_reply_recv(t->endpoint, t->reply, &m);
    }
}

/* The SchedContext of a stopped caller was still lent through the Reply when that was used again:
 * the Reply was then in two stacks, and deleting the first SchedContext took the second one's. */
static void reply_of_a_stopped_caller_is_used_again(void)
{
    struct kthread *t = prepare(forgetful, PRIORITY + 1, 0, false);
    CHECK(t);
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    t->reply = make(ASH_OBJ_REPLY, 0);
    t->next = make(ASH_OBJ_NOTIFICATION, 0);
    OK(ash_thread_resume(t->thread));
    CHECK(wait_state(t, ASH_THREAD_BLOCKED_RECEIVE));
    OK(ash_sched_unbind(t->sched));
    struct kthread *stopped = calling(t->endpoint, 1, PRIORITY + 1);
    CHECK(stopped && wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION));
    OK(ash_thread_suspend(stopped->thread));
    ash_signal(t->next);
    CHECK(wait_state(t, ASH_THREAD_BLOCKED_RECEIVE));
    struct kthread *client = calling(t->endpoint, 1, PRIORITY + 1);
    CHECK(client && wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION));
    EQ(t->count, 2);
    OK(ash_cnode_delete(CNODE, stopped->sched));
    t->value = 1;
    ash_signal(t->next);
    CHECK(wait_until(&client->count, 1));
}

static void busy_caller(struct kthread *t)
{
    struct ash_message m;
    for (;; t->count++)
        (void)call1(t->endpoint, 1, &m);
}

/* Thread.info booked the time of a thread on another hart, and at the end of its budget queued it
 * there while it went on; it then waited for an answer and was ready at once. */
static void info_of_a_thread_on_another_hart(void)
{
    struct kthread *s = server(PRIORITY + 1, last_hart(), true);
    CHECK(s);
    struct kthread *t = prepare(busy_caller, PRIORITY - 1, last_hart(), false);
    CHECK(t);
    t->endpoint = s->endpoint;
    OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t->sched, last_hart(), ash_ticks(50),
                           ash_ticks(50)));
    OK(ash_thread_resume(t->thread));
    ash_word end = ash_time() + ash_ticks(30000);
    struct ash_thread_info info;
    while (ash_time() < end) {
        OK(ash_thread_info(t->thread, &info));
        OK(ash_thread_info(s->thread, &info));
    }
    CHECK(grows(t));
}

static void signals_and_waits(struct kthread *t)
{
    (void)ash_signal_wait(t->endpoint, t->next);
    t->count = 1;
}

static void waits(struct kthread *t)
{
    (void)ash_wait(t->next);
    t->count = 1;
}

/* The signal let a thread of higher priority run at once and made the caller ready, which then
 * waited while it still was in the ready queue. Only with a path of two levels: not the short way.
 */
static void signal_wait_to_a_higher_priority(void)
{
    ash_cptr wake = make(ASH_OBJ_NOTIFICATION, 0), sleep = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *above = prepare(waits, PRIORITY + 2, 0, false);
    CHECK(above);
    above->next = wake;
    OK(ash_thread_resume(above->thread));
    CHECK(wait_state(above, ASH_THREAD_BLOCKED_NOTIFICATION));
    struct kthread *t = prepare(signals_and_waits, PRIORITY + 1, 0, false);
    CHECK(t);
    t->endpoint = wake;
    t->next = ash_cptr_in(CNODE, ASH_BOOT_CNODE_RADIX, sleep);
    OK(ash_thread_resume(t->thread));
    CHECK(wait_until(&above->count, 1));
    CHECK(wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION));
    ash_signal(sleep);
    CHECK(wait_until(&t->count, 1));
}

const struct test defect_tests[] = {
    {"defect: SignalWait that wakes a higher priority, the long way",
     signal_wait_to_a_higher_priority},
    {"defect: the Reply of a stopped caller is used again",
     reply_of_a_stopped_caller_is_used_again},
    {"defect: info of a thread on another hart", info_of_a_thread_on_another_hart},
    {},
};
