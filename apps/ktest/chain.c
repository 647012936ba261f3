// SPDX-License-Identifier: MIT
/*
 * Donation along chains of passive servers: client -> link 0 -> link 1 -> ... ; the last link waits
 * for `hold` while it has the client's time, and then something in the middle goes away. Afterwards
 * nothing may be lost for good: whoever is left can be brought back by what root can do.
 */
#include "ktest.h"

#define LINKS 6u

static struct kthread *links[12];
static unsigned length;
static ash_cptr hold;

/* Asks the next link, or waits for `hold` (value) as the last; adds one; 1000 after an error. */
static void link(struct kthread *t)
{
    struct ash_message m, inner;
    ash_recv(t->endpoint, t->reply, &m);
    for (;;) {
        t->count++;
        if (t->next) {
            t->seen[0] = call1(t->next, m.mr[0], &inner);
            m.mr[0] = inner.info & ASH_INFO_KERNEL ? 1000 : inner.mr[0] + 1;
        } else {
            if (t->value)
                ash_wait(t->value);
            m.mr[0]++;
        }
        m.info = ash_info(7, 1, 0);
        ash_reply_recv(t->endpoint, t->reply, &m);
        t->seen[1] = m.info;
        if (m.info & ASH_INFO_KERNEL)
            park();
    }
}

static bool build(unsigned count, bool holding)
{
    length = count;
    hold = make(ASH_OBJ_NOTIFICATION, 0);
    for (unsigned i = count; i-- > 0;) {
        struct kthread *t = links[i] = prepare(link, PRIORITY + 1, 0, false);
        if (!t)
            return false;
        t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
        t->reply = make(ASH_OBJ_REPLY, 0);
        t->next = i + 1 < count ? links[i + 1]->endpoint : 0;
        t->value = holding && i + 1 == count ? hold : 0;
        if (ash_thread_resume(t->thread) != ASH_OK || !wait_state(t, ASH_THREAD_BLOCKED_RECEIVE) ||
            ash_sched_unbind(t->sched) != ASH_OK)
            return false;
    }
    return true;
}

/* A client whose call has come to the last link, which now holds its time. */
static struct kthread *held(unsigned count)
{
    if (!build(count, true))
        return nullptr;
    struct kthread *client = calling(links[0]->endpoint, 10, PRIORITY + 1);
    if (client && wait_state(links[count - 1], ASH_THREAD_BLOCKED_NOTIFICATION))
        return client;
    fail(__FILE__, __LINE__, "chain", 1, 0);
    return nullptr;
}

/* The whole chain serves somebody new. */
static void check_chain_works(void)
{
    struct kthread *client = calling(links[0]->endpoint, 50, PRIORITY + 1);
    CHECK(client);
    ash_signal(hold);
    CHECK(wait_until(&client->count, 1));
    EQ(ash_info_label(client->seen[0]), 7);
    EQ(client->seen[1], 50 + length);
}

/* Does the time find its way down and back at every depth? */
static void every_depth(void)
{
    CHECK(build(11, false));
    for (unsigned from = 11; from-- > 0;) {
        struct ash_message m;
        EQ(call1(links[from]->endpoint, 100, &m), 7);
        EQ(m.mr[0], 100 + 11 - from);
    }
    for (unsigned i = 0; i < 11; i++)
        EQ(state_of(links[i]), ASH_THREAD_BLOCKED_RECEIVE);
}

/* Whose time runs? The client's, all of it. */
static void the_client_pays(void)
{
    CHECK(build(LINKS, false));
    struct ash_sched_info before, after;
    OK(ash_sched_info(ASH_BOOT_SCHED_CONTEXT, &before));
    for (unsigned i = 0; i < 50; i++) {
        struct ash_message m;
        EQ(call1(links[0]->endpoint, 0, &m), 7);
    }
    OK(ash_sched_info(ASH_BOOT_SCHED_CONTEXT, &after));
    AT_LEAST(after.used - before.used, 10);
    for (unsigned i = 0; i < LINKS; i++) {
        struct ash_sched_info own;
        OK(ash_sched_info(links[i]->sched, &own));
        AT_MOST(own.used, ash_ticks(100)); /* until it began to wait */
    }
}

/* The client is deleted while its time is at the end: do the servers finish and serve others? */
static void client_deleted(void)
{
    struct kthread *client = held(LINKS);
    CHECK(client);
    OK(ash_cnode_delete(CNODE, client->thread));
    ash_signal(hold);
    CHECK(wait_state(links[0], ASH_THREAD_BLOCKED_RECEIVE));
    OK(ash_sched_bind(client->sched, make(ASH_OBJ_THREAD, 0))); /* nobody has it any more */
    check_chain_works();
}

/* The same when the client is only stopped: its call is over, its time comes free. */
static void client_suspended(void)
{
    struct kthread *client = held(LINKS);
    CHECK(client);
    OK(ash_thread_suspend(client->thread));
    EQ(ash_sched_bind(client->sched, client->thread), ASH_E_BUSY);
    ash_signal(hold);
    CHECK(wait_state(links[0], ASH_THREAD_BLOCKED_RECEIVE));
    OK(ash_sched_bind(client->sched, client->thread));
    OK(ash_thread_resume(client->thread));
    CHECK(wait_until(&client->count, 1));
    EQ(ash_info_label(client->seen[0]), ASH_E_DELETED);
    check_chain_works();
}

/* Client, its time and its capabilities all go at once. */
static void client_and_time_deleted(void)
{
    struct kthread *client = held(3);
    CHECK(client);
    OK(ash_cnode_delete(CNODE, client->thread));
    OK(ash_cnode_delete(CNODE, client->sched));
    ash_signal(hold);
    sleep_us(500);
    EQ(state_of(links[2]), ASH_THREAD_RUNNING); /* without time */
    for (unsigned i = 3; i-- > 0;) {
        OK(ash_sched_bind(links[i]->sched, links[i]->thread));
        CHECK(wait_state(links[i], ASH_THREAD_BLOCKED_RECEIVE));
        OK(ash_sched_unbind(links[i]->sched));
    }
    check_chain_works();
}

/* The server at the end dies; its Reply goes: the caller before it gets error and time at once. */
static void last_server_deleted(void)
{
    struct kthread *client = held(LINKS), *last = links[LINKS - 1];
    CHECK(client);
    OK(ash_cnode_delete(CNODE, last->thread));
    EQ(client->count, 0);
    OK(ash_cnode_delete(CNODE, last->reply));
    CHECK(wait_until(&client->count, 1));
    EQ(ash_info_label(client->seen[0]), 7);
    EQ(client->seen[1], 1000 + LINKS - 2);
    EQ(links[LINKS - 2]->seen[0], ASH_E_DELETED);
}

/* A server in the middle dies, at every place; then the end answers; then the dead one's Reply
 * goes.
 */
static void server_deleted_at(unsigned place)
{
    struct kthread *client = held(LINKS);
    CHECK(client);
    OK(ash_cnode_delete(CNODE, links[place]->thread));
    ash_signal(hold);
    CHECK(wait_state(links[place + 1], ASH_THREAD_BLOCKED_RECEIVE));
    EQ(client->count, 0);
    OK(ash_cnode_delete(CNODE, links[place]->reply));
    CHECK(wait_until(&client->count, 1));
    if (place == 0)
        EQ(ash_info_label(client->seen[0]), ASH_E_DELETED);
    else
        EQ(client->seen[1], 1000 + place - 1);
}

static void first_server_deleted(void)
{
    server_deleted_at(0);
}
static void second_server_deleted(void)
{
    server_deleted_at(1);
}
static void middle_server_deleted(void)
{
    server_deleted_at(LINKS / 2);
}
static void last_but_one_deleted(void)
{
    server_deleted_at(LINKS - 2);
}

/* All Replies go, newest first: everybody gets an error, the client its time. */
static void replies_deleted_from_the_end(void)
{
    struct kthread *client = held(LINKS);
    CHECK(client);
    for (unsigned i = 0; i < LINKS; i++)
        OK(ash_thread_suspend(links[i]->thread));
    for (unsigned i = LINKS; i-- > 0;)
        OK(ash_cnode_delete(CNODE, links[i]->reply));
    CHECK(wait_until(&client->count, 1) || ash_sched_bind(client->sched, client->thread) == ASH_OK);
    CHECK(wait_until(&client->count, 1));
    EQ(ash_info_label(client->seen[0]), ASH_E_DELETED);
}

/* Oldest first: the time is still at the end, and can be fetched from there. */
static void replies_deleted_from_the_front(void)
{
    struct kthread *client = held(LINKS);
    CHECK(client);
    for (unsigned i = 0; i < LINKS; i++)
        OK(ash_cnode_delete(CNODE, links[i]->reply));
    sleep_us(500);
    if (client->count == 0) {
        OK(ash_sched_unbind(client->sched));
        OK(ash_sched_bind(client->sched, client->thread));
    }
    CHECK(wait_until(&client->count, 1));
    EQ(ash_info_label(client->seen[0]), ASH_E_DELETED);
}

/* The time itself is deleted while lent: nobody runs on what is gone, all can be given new time. */
static void time_deleted(void)
{
    struct kthread *client = held(LINKS);
    CHECK(client);
    OK(ash_cnode_delete(CNODE, client->sched));
    ash_signal(hold);
    sleep_us(1000);
    EQ(client->count, 0);
    for (unsigned i = LINKS; i-- > 0;) {
        OK(ash_sched_bind(links[i]->sched, links[i]->thread));
        CHECK(wait_state(links[i], ASH_THREAD_BLOCKED_RECEIVE));
        OK(ash_sched_unbind(links[i]->sched));
    }
    OK(ash_sched_bind(links[0]->sched, client->thread));
    CHECK(wait_until(&client->count, 1));
    EQ(client->seen[1], 10 + LINKS);
    check_chain_works();
}

/* Taken away while lent: it may not be given to others, and comes back with the calls' end. */
static void time_unbound(void)
{
    struct kthread *client = held(LINKS), *other = prepare(counter, PRIORITY - 1, 0, true);
    CHECK(client && other);
    OK(ash_sched_unbind(client->sched));
    EQ(ash_sched_bind(client->sched, other->thread), ASH_E_BUSY);
    ash_signal(hold);
    sleep_us(500);
    EQ(client->count, 0);
    OK(ash_cnode_delete(CNODE, links[LINKS - 1]->reply));
    CHECK(wait_until(&client->count, 1));
    EQ(client->seen[1], 1000 + LINKS - 2);
}

/* Moved to another hart while lent: the rest of the chain runs there, and the client after it. */
static void time_moved_to_another_hart(void)
{
    struct kthread *client = held(LINKS);
    CHECK(client);
    OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, client->sched, last_hart(), ash_ticks(5000),
                           ash_ticks(5000)));
    ash_signal(hold);
    CHECK(wait_until(&client->count, 1));
    EQ(client->seen[1], 10 + LINKS);
    struct ash_thread_info info;
    OK(ash_thread_info(client->thread, &info));
    EQ(info.hart, last_hart());
    check_chain_works();
}

/* An endpoint in the middle goes away: only calls that were not taken yet notice. */
static void endpoint_deleted(void)
{
    struct kthread *client = held(LINKS);
    CHECK(client);
    OK(ash_cnode_delete(CNODE, links[3]->endpoint));
    ash_signal(hold);
    CHECK(wait_until(&client->count, 1));
    EQ(client->seen[1], 10 + LINKS);
    CHECK(wait_state(links[0], ASH_THREAD_BLOCKED_RECEIVE));
    struct ash_message m;
    EQ(call1(links[0]->endpoint, 1, &m), 7);
    EQ(m.mr[0], 1000 + 2); /* link 2 found no endpoint */
}

/* Two clients at once: each gets its own time back, whatever the order. */
static void two_clients(void)
{
    struct kthread *a = held(3);
    CHECK(a);
    struct kthread *b = calling(links[0]->endpoint, 20, PRIORITY + 1);
    CHECK(b);
    EQ(state_of(b), ASH_THREAD_BLOCKED_SEND);
    ash_signal(hold);
    CHECK(wait_until(&a->count, 1));
    EQ(a->seen[1], 13);
    CHECK(wait_state(links[2], ASH_THREAD_BLOCKED_NOTIFICATION));
    EQ(ash_sched_bind(b->sched, b->thread), ASH_E_BUSY);
    ash_signal(hold);
    CHECK(wait_until(&b->count, 1));
    EQ(b->seen[1], 23);
    EQ(ash_sched_bind(a->sched, a->thread), ASH_E_BUSY);
}

/* Does an answer out of the line (to the client, past the servers between) upset the stack? */
static void answered_past_the_middle(void)
{
    struct kthread *client = held(3);
    CHECK(client);
    struct ash_message m = {.info = ash_info(9, 1, 0), .mr = {77}};
    ash_send(links[0]->reply, &m);
    ash_signal(hold);
    sleep_us(500);
    if (client->count == 0) { /* answered, but its time stayed down the line */
        OK(ash_sched_unbind(client->sched));
        OK(ash_sched_bind(client->sched, client->thread));
    }
    CHECK(wait_until(&client->count, 1));
    EQ(ash_info_label(client->seen[0]), 9);
    EQ(client->seen[1], 77);
}

const struct test chain_tests[] = {
    {"chain: every depth to eleven", every_depth},
    {"chain: the client pays", the_client_pays},
    {"chain: client deleted", client_deleted},
    {"chain: client suspended", client_suspended},
    {"chain: client and its time deleted", client_and_time_deleted},
    {"chain: last server deleted", last_server_deleted},
    {"chain: first server deleted", first_server_deleted},
    {"chain: second server deleted", second_server_deleted},
    {"chain: middle server deleted", middle_server_deleted},
    {"chain: last server but one deleted", last_but_one_deleted},
    {"chain: replies deleted from the end", replies_deleted_from_the_end},
    {"chain: replies deleted from the front", replies_deleted_from_the_front},
    {"chain: time deleted while lent", time_deleted},
    {"chain: time unbound while lent", time_unbound},
    {"chain: time moved to another hart while lent", time_moved_to_another_hart},
    {"chain: endpoint in the middle deleted", endpoint_deleted},
    {"chain: two clients", two_clients},
    {"chain: answered past the middle", answered_past_the_middle},
    {},
};
