// SPDX-License-Identifier: MIT
/*
 * Can a client strand a passive server? It has no time but its callers': whatever reaches it
 * without time must not make it runnable, or it would never run and never receive again.
 */
#include "ktest.h"

static void sender(struct kthread *t)
{
    struct ash_message m = {.info = ash_info(1, 0, 0)};
    ash_syscall_message(t->value, t->endpoint, 0, &m);
    t->seen[0] = m.info;
    t->count = 1;
}

static struct kthread *sending(ash_cptr endpoint, ash_word number)
{
    struct kthread *t = prepare(sender, PRIORITY + 2, 0, false);
    if (!t)
        return nullptr;
    t->endpoint = endpoint;
    t->value = number;
    return ash_thread_resume(t->thread) == ASH_OK ? t : nullptr;
}

/* Serves one call when `next` is signalled. */
static void slow(struct kthread *t)
{
    struct ash_message m;
    ash_recv(t->endpoint, t->reply, &m);
    for (;;) {
        t->count++;
        ash_wait(t->next);
        m.info = ash_info(2, 0, 0);
        ash_reply_recv(t->endpoint, t->reply, &m);
        t->seen[0] = ash_info_label(m.info);
    }
}

/* A passive server that is busy with a client's call. */
static struct kthread *busy_server(struct kthread **client)
{
    struct kthread *t = prepare(slow, PRIORITY + 1, 0, false);
    if (!t)
        return nullptr;
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    t->reply = make(ASH_OBJ_REPLY, 0);
    t->next = make(ASH_OBJ_NOTIFICATION, 0);
    if (ash_thread_resume(t->thread) != ASH_OK || !wait_state(t, ASH_THREAD_BLOCKED_RECEIVE) ||
        ash_sched_unbind(t->sched) != ASH_OK)
        return nullptr;
    *client = calling(t->endpoint, 1, PRIORITY + 1);
    return *client && wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION) ? t : nullptr;
}

/* It answers the client it had, and serves another. */
static void check_alive(struct kthread *t, struct kthread *client)
{
    ash_signal(t->next);
    CHECK(wait_until(&client->count, 1));
    struct kthread *another = calling(t->endpoint, 1, PRIORITY + 1);
    CHECK(another && wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION));
    ash_signal(t->next);
    CHECK(wait_until(&another->count, 1));
}

static void send_to_one_that_waits(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    for (ash_word number = ASH_SYS_SEND; number <= ASH_SYS_NBSEND; number++) {
        struct kthread *s = sending(t->endpoint, number);
        CHECK(s && wait_until(&s->count, 1));
        EQ(ash_info_label(s->seen[0]), ASH_E_NOT_BOUND);
    }
    struct ash_message m;
    EQ(call1(t->endpoint, 1, &m), 2);
}

/* A Send in the queue, before the server comes back to receive. */
static void send_that_queued(void)
{
    struct kthread *client, *t = busy_server(&client), *s;
    CHECK(t && (s = sending(t->endpoint, ASH_SYS_SEND)));
    EQ(state_of(s), ASH_THREAD_BLOCKED_SEND);
    check_alive(t, client);
    CHECK(wait_until(&s->count, 1));
    EQ(ash_info_label(s->seen[0]), ASH_E_NOT_BOUND);
}

/* Many of them, with a call in between. */
static void many_that_queued(void)
{
    struct kthread *client, *t = busy_server(&client), *s[8];
    CHECK(t);
    for (unsigned i = 0; i < 8; i++)
        CHECK(s[i] = i == 4 ? calling(t->endpoint, 1, PRIORITY + 2)
                            : sending(t->endpoint, ASH_SYS_SEND));
    ash_signal(t->next);
    CHECK(wait_until(&client->count, 1));
    CHECK(wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION));
    ash_signal(t->next);
    CHECK(wait_until(&s[4]->count, 1));
    CHECK(wait_state(t, ASH_THREAD_BLOCKED_RECEIVE));
    for (unsigned i = 0; i < 8; i++)
        CHECK(wait_until(&s[i]->count, 1));
}

/* A queued caller whose time was taken away: it brings none. */
static void queued_call_without_time(void)
{
    struct kthread *client, *t = busy_server(&client), *c;
    CHECK(t && (c = calling(t->endpoint, 1, PRIORITY + 2)));
    EQ(state_of(c), ASH_THREAD_BLOCKED_SEND);
    OK(ash_sched_unbind(c->sched));
    check_alive(t, client);
}

static void queued_call_whose_time_is_deleted(void)
{
    struct kthread *client, *t = busy_server(&client), *c;
    CHECK(t && (c = calling(t->endpoint, 1, PRIORITY + 2)));
    OK(ash_cnode_delete(CNODE, c->sched));
    check_alive(t, client);
}

/* A queued caller that is deleted or stopped is no caller. */
static void queued_caller_deleted(void)
{
    struct kthread *client, *t = busy_server(&client), *a, *b;
    CHECK(t && (a = calling(t->endpoint, 1, PRIORITY + 2)));
    CHECK(b = calling(t->endpoint, 1, PRIORITY + 2));
    OK(ash_cnode_delete(CNODE, a->thread));
    OK(ash_thread_suspend(b->thread));
    check_alive(t, client);
}

/* Its bound notification is signalled: it has no time to hear of it; with its next caller it has.
 */
static void bound_notification(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    ash_cptr notification = make(ASH_OBJ_NOTIFICATION, 0);
    OK(ash_thread_bind_notification(t->thread, notification));
    ash_signal(notification);
    sleep_us(300);
    EQ(state_of(t), ASH_THREAD_BLOCKED_RECEIVE);
    struct kthread *c = calling(t->endpoint, 1, PRIORITY + 1);
    CHECK(c && wait_until(&c->count, 1));
    OK(ash_sched_bind(t->sched, t->thread)); /* now it has time of its own */
    CHECK(wait_until(&t->count, 2));
    EQ(ash_poll(notification), 0);
}

/* The same while it is busy: it must hear of it when it has time, not instead of a call. */
static void bound_notification_while_busy(void)
{
    struct kthread *client, *t = busy_server(&client);
    CHECK(t);
    ash_cptr notification = make(ASH_OBJ_NOTIFICATION, 0);
    OK(ash_thread_bind_notification(t->thread, notification));
    ash_signal(notification);
    check_alive(t, client);
}

/* Bits that were there before the binding, with a thread that waits already. */
static void bits_from_before_the_binding(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, false);
    CHECK(t);
    ash_cptr notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_signal(minted(notification, ASH_RIGHT_WRITE, 2));
    OK(ash_thread_bind_notification(t->thread, notification));
    ash_signal(minted(notification, ASH_RIGHT_WRITE, 4));
    CHECK(wait_until(&t->value, 6) || t->value == 4 || t->value == 2);
    EQ(ash_poll(notification), 0);
}

/* A second context for a caller whose own is lent: neither may dangle. */
static void second_context_for_a_caller(void)
{
    struct kthread *client, *t = busy_server(&client);
    CHECK(t);
    ash_cptr second = make(ASH_OBJ_SCHED_CONTEXT, 0);
    OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, second, 0, ash_ticks(5000), ash_ticks(5000)));
    ash_error bound = ash_sched_bind(second, client->thread);
    ash_signal(t->next);
    CHECK(wait_until(&client->count, 1));
    OK(ash_cnode_delete(CNODE, client->thread));
    ash_cptr fresh = make(ASH_OBJ_THREAD, 0);
    OK(ash_sched_bind(client->sched, fresh));
    EQ(ash_sched_unbind(second), ASH_E_NOT_BOUND);
    CHECK(bound == ASH_OK || bound == ASH_E_BUSY);
}

const struct test passive_tests[] = {
    {"passive: Send to one that waits", send_to_one_that_waits},
    {"passive: a Send that queued", send_that_queued},
    {"passive: many that queued", many_that_queued},
    {"passive: a queued call without time", queued_call_without_time},
    {"passive: a queued call whose time is deleted", queued_call_whose_time_is_deleted},
    {"passive: queued callers deleted and stopped", queued_caller_deleted},
    {"passive: its bound notification", bound_notification},
    {"passive: its bound notification while busy", bound_notification_while_busy},
    {"passive: bits from before the binding", bits_from_before_the_binding},
    {"passive: a second context for a caller", second_context_for_a_caller},
    {},
};
