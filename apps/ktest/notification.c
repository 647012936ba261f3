// SPDX-License-Identifier: MIT
/* Notification and Timer. */
#include "ktest.h"

static ash_cptr notification;

static void bits_gather(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_signal(minted(notification, ASH_RIGHT_WRITE, 1));
    ash_signal(minted(notification, ASH_RIGHT_WRITE, 4));
    ash_signal(minted(notification, ASH_RIGHT_WRITE, 4));
    EQ(ash_wait(notification), 5);
    EQ(ash_poll(notification), 0);
}

static void unbadged_signals_bit_zero(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_signal(notification);
    EQ(ash_poll(notification), 1);
}

static void poll_says_again(void)
{
    ash_word info;
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_syscall_word(ASH_SYS_POLL, notification, 0, &info);
    EQ(ash_info_label(info), ASH_E_AGAIN);
}

static void rights_are_checked(void)
{
    ash_word info;
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_syscall_word(ASH_SYS_WAIT, minted(notification, ASH_RIGHT_WRITE, 1), 0, &info);
    EQ(ash_info_label(info), ASH_E_RIGHTS);
    ash_syscall_word(ASH_SYS_SEND, minted(notification, ASH_RIGHT_READ, 1), 0, &info);
    EQ(ash_info_label(info), ASH_E_RIGHTS);
    EQ(ash_poll(notification), 0);
}

static void wait_on_something_else(void)
{
    ash_word info;
    ash_syscall_word(ASH_SYS_WAIT, make(ASH_OBJ_ENDPOINT, 0), 0, &info);
    EQ(ash_info_label(info), ASH_E_METHOD);
    ash_syscall_word(ASH_SYS_SIGNAL_WAIT, make(ASH_OBJ_NOTIFICATION, 0), new_slot(), &info);
    EQ(ash_info_label(info), ASH_E_CAPABILITY);
}

static void signal_wakes_a_higher_thread_at_once(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t = waiting(notification, PRIORITY + 1);
    CHECK(t);
    ash_cptr signaller = minted(notification, ASH_RIGHT_WRITE, 0x30);
    for (ash_word i = 1; i <= 10; i++) {
        ash_signal(signaller);
        EQ(t->count, i);
        EQ(t->value, 0x30);
    }
}

static void one_signal_wakes_one_waiter(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *a = waiting(notification, PRIORITY + 1);
    struct kthread *b = waiting(notification, PRIORITY + 1);
    CHECK(a && b);
    ash_signal(notification);
    EQ(a->count, 1);
    EQ(b->count, 0);
    ash_signal(notification);
    EQ(b->count, 1);
}

static void deleting_it_wakes_waiters(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t = waiting(notification, PRIORITY + 1);
    CHECK(t);
    OK(ash_cnode_delete(CNODE, notification));
    EQ(t->count, 1);
    EQ(ash_info_label(t->seen[0]), ASH_E_DELETED);
}

static void suspended_waiter_leaves_the_queue(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t = waiting(notification, PRIORITY + 1);
    CHECK(t);
    OK(ash_thread_suspend(t->thread));
    ash_signal(notification);
    EQ(t->count, 0);
    EQ(ash_poll(notification), 1);
    OK(ash_thread_resume(t->thread));
    ash_signal(notification);
    EQ(t->count, 1);
}

static ash_cptr endpoint, reply;

static void bound_receiver(struct kthread *t)
{
    struct ash_message m;
    for (;;) {
        ash_recv(endpoint, reply, &m);
        t->seen[0] = ash_info_label(m.info);
        t->value = m.badge;
        t->count++;
    }
}

static void bound_notification_reaches_a_receiver(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t = prepare(bound_receiver, PRIORITY + 1, 0, false);
    CHECK(t);
    OK(ash_thread_bind_notification(t->thread, notification));
    EQ(ash_thread_bind_notification(t->thread, notification), ASH_E_BUSY);
    ash_signal(minted(notification, ASH_RIGHT_WRITE, 8));
    OK(ash_thread_resume(t->thread));
    sleep_us(100);
    EQ(t->count, 1);
    EQ(t->value, 8);
    ash_signal(minted(notification, ASH_RIGHT_WRITE, 16));
    EQ(t->count, 2);
    EQ(t->value, 16);
    EQ(t->seen[0], ASH_LABEL_NOTIFICATION);
    struct ash_message m = {.info = ash_info(33, 0, 0)};
    ash_send(endpoint, &m);
    EQ(t->seen[0], 33);
    OK(ash_thread_unbind_notification(t->thread));
    EQ(ash_thread_unbind_notification(t->thread), ASH_E_NOT_BOUND);
}

static ash_cptr other;

static void ping(struct kthread *t)
{
    for (;;) {
        ash_wait(notification);
        t->count++;
        ash_signal(other);
    }
}

static void signal_and_wait_in_one(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    other = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t = start(ping, PRIORITY, 0, false);
    CHECK(t);
    for (ash_word i = 1; i <= 50; i++) {
        EQ(ash_signal_wait(notification, other), 1);
        EQ(t->count, i);
    }
}

const struct test notification_tests[] = {
    {"notification: bits gather", bits_gather},
    {"notification: without a badge bit 0", unbadged_signals_bit_zero},
    {"notification: poll says AGAIN", poll_says_again},
    {"notification: rights are checked", rights_are_checked},
    {"notification: wait on something else", wait_on_something_else},
    {"notification: wakes a higher thread at once", signal_wakes_a_higher_thread_at_once},
    {"notification: one signal wakes one waiter", one_signal_wakes_one_waiter},
    {"notification: deleting it wakes waiters", deleting_it_wakes_waiters},
    {"notification: suspended waiter leaves the queue", suspended_waiter_leaves_the_queue},
    {"notification: bound to a receiver", bound_notification_reaches_a_receiver},
    {"notification: signal and wait in one entry", signal_and_wait_in_one},
    {},
};

/* --- Timer
 * ----------------------------------------------------------------------------------------- */

static ash_cptr timer;

static void make_timer(ash_word badge)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    timer = make(ASH_OBJ_TIMER, 0);
    if (ash_timer_bind(timer, minted(notification, ASH_RIGHT_WRITE, badge)) != ASH_OK)
        fail(__FILE__, __LINE__, "timer_bind", 1, 0);
}

static void fires_not_before_its_time(void)
{
    make_timer(0x100);
    ash_word due = ash_time() + ash_ticks(2000);
    OK(ash_timer_set(timer, due));
    EQ(ash_poll(notification), 0);
    EQ(ash_wait(notification), 0x100);
    CHECK(ash_time() >= due);
}

static void past_deadline_fires_now(void)
{
    make_timer(1);
    OK(ash_timer_set(timer, 0));
    EQ(ash_wait(notification), 1);
}

static void set_again_replaces(void)
{
    make_timer(1);
    OK(ash_timer_set(timer, ash_time() + ash_ticks(500)));
    OK(ash_timer_set(timer, ash_time() + ash_ticks(1000000)));
    sleep_us(2000);
    EQ(ash_poll(notification), 0);
}

static void cancel(void)
{
    bool pending;
    make_timer(1);
    OK(ash_timer_set(timer, ash_time() + ash_ticks(1000)));
    OK(ash_timer_cancel(timer, &pending));
    CHECK(pending);
    OK(ash_timer_cancel(timer, &pending));
    CHECK(!pending);
    sleep_us(3000);
    EQ(ash_poll(notification), 0);
}

static void unbound_timer(void)
{
    EQ(ash_timer_set(make(ASH_OBJ_TIMER, 0), 5), ASH_E_NOT_BOUND);
}

static void bind_needs_write(void)
{
    timer = make(ASH_OBJ_TIMER, 0);
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    EQ(ash_timer_bind(timer, minted(notification, ASH_RIGHT_READ, 1)), ASH_E_RIGHTS);
    EQ(ash_timer_bind(timer, make(ASH_OBJ_ENDPOINT, 0)), ASH_E_SOURCE);
}

static void notification_gone_before_deadline(void)
{
    make_timer(1);
    OK(ash_timer_set(timer, ash_time() + ash_ticks(500)));
    OK(ash_cnode_revoke(CNODE, notification));
    OK(ash_cnode_delete(CNODE, notification));
    sleep_us(2000);
}

static void timer_gone_before_deadline(void)
{
    make_timer(1);
    OK(ash_timer_set(timer, ash_time() + ash_ticks(500)));
    OK(ash_cnode_delete(CNODE, timer));
    sleep_us(2000);
    EQ(ash_poll(notification), 0);
}

static void many_fire_in_order(void)
{
    ash_cptr timers[32];
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_word now = ash_time();
    for (unsigned i = 0; i < 32; i++) {
        timers[i] = make(ASH_OBJ_TIMER, 0);
        OK(ash_timer_bind(timers[i], minted(notification, ASH_RIGHT_WRITE, 1ull << i)));
        OK(ash_timer_set(timers[i], now + ash_ticks(5000 + (i * 7 % 32) * 300)));
    }
    ash_word seen = 0;
    while (seen != 0xffffffff) {
        ash_word bits = ash_wait(notification);
        for (unsigned i = 0; i < 32; i++)
            if (bits >> i & 1)
                CHECK(ash_time() >= now + ash_ticks(5000 + (i * 7 % 32) * 300));
        CHECK((seen & bits) == 0);
        seen |= bits;
    }
}

const struct test timer_tests[] = {
    {"timer: fires, not before its time", fires_not_before_its_time},
    {"timer: past deadline fires now", past_deadline_fires_now},
    {"timer: setting again replaces", set_again_replaces},
    {"timer: cancel", cancel},
    {"timer: unbound", unbound_timer},
    {"timer: bind needs WRITE on a Notification", bind_needs_write},
    {"timer: notification gone before the deadline", notification_gone_before_deadline},
    {"timer: gone before its deadline", timer_gone_before_deadline},
    {"timer: many at once", many_fire_in_order},
    {},
};
