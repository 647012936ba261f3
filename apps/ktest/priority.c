// SPDX-License-Identifier: MIT
/*
 * Priorities: a passive server runs at no less than its caller's while it runs on the caller's
 * time, at its own again afterwards, however the call ends; queues of endpoints and notifications
 * are ordered by priority, and by arrival within one.
 */
#include "ktest.h"

static ash_word priority_of(const struct kthread *t)
{
    struct ash_thread_info info = {};
    return ash_thread_info(t->thread, &info) == ASH_OK ? info.priority : ~0ull;
}

/* Waits for `next` in every call; passes it on first if there is a `seen[7]` to call. */
static void holder(struct kthread *t)
{
    struct ash_message m, inner;
    ash_recv(t->endpoint, t->reply, &m);
    for (;;) {
        t->count++;
        if (t->seen[7])
            t->seen[0] = call1(t->seen[7], 1, &inner);
        if (t->next)
            ash_wait(t->next);
        m.info = ash_info(2, 0, 0);
        ash_reply_recv(t->endpoint, t->reply, &m);
        if (m.info & ASH_INFO_KERNEL)
            park();
    }
}

/* A passive one; further: the endpoint of the server it calls, or 0. */
static struct kthread *holding(unsigned priority, ash_cptr further)
{
    struct kthread *t = prepare(holder, priority, 0, false);
    if (!t)
        return nullptr;
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    t->reply = make(ASH_OBJ_REPLY, 0);
    t->next = further ? 0 : make(ASH_OBJ_NOTIFICATION, 0);
    t->seen[7] = further;
    if (ash_thread_resume(t->thread) == ASH_OK && wait_state(t, ASH_THREAD_BLOCKED_RECEIVE) &&
        ash_sched_unbind(t->sched) == ASH_OK)
        return t;
    fail(__FILE__, __LINE__, "holder", 1, 0);
    return nullptr;
}

#define LOW  (PRIORITY - 100)
#define HIGH (PRIORITY + 7)

/* A server of LOW that holds the time of a client of HIGH. */
static struct kthread *held(struct kthread **client)
{
    struct kthread *s = holding(LOW, 0);
    *client = s ? calling(s->endpoint, 1, HIGH) : nullptr;
    if (*client && wait_state(s, ASH_THREAD_BLOCKED_NOTIFICATION))
        return s;
    fail(__FILE__, __LINE__, "held", 1, 0);
    return nullptr;
}

static void inherits_and_gives_back(void)
{
    struct kthread *client, *s = held(&client);
    CHECK(s);
    EQ(priority_of(s), HIGH);
    ash_signal(s->next);
    CHECK(wait_until(&client->count, 1));
    EQ(priority_of(s), LOW);
    EQ(priority_of(client), HIGH);
}

/* A higher server stays where it is. */
static void never_lower_than_its_own(void)
{
    struct kthread *s = holding(PRIORITY + 20, 0);
    CHECK(s);
    struct kthread *client = calling(s->endpoint, 1, PRIORITY - 50);
    CHECK(client && wait_state(s, ASH_THREAD_BLOCKED_NOTIFICATION));
    EQ(priority_of(s), PRIORITY + 20);
    ash_signal(s->next);
    CHECK(wait_until(&client->count, 1));
    EQ(priority_of(s), PRIORITY + 20);
}

/* An active server lives on its own time and priority. */
static void active_servers_inherit_nothing(void)
{
    struct kthread *s = prepare(holder, LOW, 0, false);
    CHECK(s);
    s->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    s->reply = make(ASH_OBJ_REPLY, 0);
    s->next = make(ASH_OBJ_NOTIFICATION, 0);
    OK(ash_thread_resume(s->thread));
    struct kthread *client = calling(s->endpoint, 1, HIGH);
    CHECK(client && wait_state(s, ASH_THREAD_BLOCKED_NOTIFICATION));
    EQ(priority_of(s), LOW);
}

/* Along a chain to its end, and back step by step. */
static void along_a_chain(void)
{
    struct kthread *c = holding(LOW - 3, 0), *b, *a, *client;
    CHECK(c && (b = holding(LOW - 2, c->endpoint)) && (a = holding(LOW - 1, b->endpoint)));
    CHECK((client = calling(a->endpoint, 1, HIGH)) &&
          wait_state(c, ASH_THREAD_BLOCKED_NOTIFICATION));
    EQ(priority_of(c), HIGH);
    ash_signal(c->next);
    CHECK(wait_until(&client->count, 1));
    EQ(priority_of(a), LOW - 1);
    EQ(priority_of(b), LOW - 2);
    EQ(priority_of(c), LOW - 3);
}

static void worker(struct kthread *t)
{
    struct ash_message m;
    ash_recv(t->endpoint, t->reply, &m);
    for (;;) {
        spin(300);
        m.info = ash_info(2, 0, 0);
        ash_reply_recv(t->endpoint, t->reply, &m);
    }
}

/* A hog between the two priorities: without inheritance the client would never get its answer. */
static void a_hog_in_between(void)
{
    struct kthread *s = prepare(worker, LOW, 0, false);
    CHECK(s);
    s->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    s->reply = make(ASH_OBJ_REPLY, 0);
    OK(ash_thread_resume(s->thread));
    CHECK(wait_state(s, ASH_THREAD_BLOCKED_RECEIVE));
    OK(ash_sched_unbind(s->sched));
    struct kthread *hog = start(counter, PRIORITY - 50, 0, false);
    CHECK(hog && grows(hog));
    for (unsigned i = 0; i < 3; i++) {
        struct kthread *client = calling(s->endpoint, 1, PRIORITY - 1);
        CHECK(client && wait_until(&client->count, 1));
    }
}

/* The call ends in another way each time: the priority is the own one again. */
static void client_deleted(void)
{
    struct kthread *client, *s = held(&client);
    CHECK(s);
    OK(ash_cnode_delete(CNODE, client->thread));
    ash_signal(s->next);
    CHECK(wait_state(s, ASH_THREAD_BLOCKED_RECEIVE));
    EQ(priority_of(s), LOW);
}

static void client_suspended(void)
{
    struct kthread *client, *s = held(&client);
    CHECK(s);
    OK(ash_thread_suspend(client->thread));
    ash_signal(s->next);
    CHECK(wait_state(s, ASH_THREAD_BLOCKED_RECEIVE));
    EQ(priority_of(s), LOW);
}

static void reply_deleted(void)
{
    struct kthread *client, *s = held(&client);
    CHECK(s);
    OK(ash_cnode_delete(CNODE, s->reply));
    CHECK(wait_until(&client->count, 1));
    EQ(priority_of(s), LOW);
    EQ(priority_of(client), HIGH);
}

static void time_deleted(void)
{
    struct kthread *client, *s = held(&client);
    CHECK(s);
    OK(ash_cnode_delete(CNODE, client->sched));
    EQ(priority_of(s), LOW);
}

static void time_unbound(void)
{
    struct kthread *client, *s = held(&client);
    CHECK(s);
    OK(ash_sched_unbind(client->sched));
    EQ(priority_of(s), LOW);
}

/* A new own priority meanwhile: the higher of both counts, the new one stays. */
static void own_priority_changed_meanwhile(void)
{
    struct kthread *client, *s = held(&client);
    CHECK(s);
    OK(ash_thread_set_priority(s->thread, LOW + 5, 255));
    EQ(priority_of(s), HIGH);
    OK(ash_thread_set_priority(s->thread, HIGH + 5, 255));
    EQ(priority_of(s), HIGH + 5);
    OK(ash_thread_set_priority(s->thread, LOW + 6, 255));
    ash_signal(s->next);
    CHECK(wait_until(&client->count, 1));
    EQ(priority_of(s), LOW + 6);
}

/* The short way takes and gives back as well, over and over. */
static void over_and_over(void)
{
    struct kthread *s = server(LOW, 0, true);
    CHECK(s);
    for (ash_word i = 0; i < 50; i++) {
        struct ash_message m;
        EQ(call1(s->endpoint, i, &m), 2);
        EQ(m.mr[0], i + 1);
        EQ(priority_of(s), LOW);
        struct kthread *one = i % 10 ? nullptr : calling(s->endpoint, i, PRIORITY - 3);
        CHECK(!one || wait_until(&one->count, 1));
    }
}

/* --- Queues -------------------------------------------------------------------------------- */

static const unsigned steps[6] = {3, 1, 5, 1, 4, 3};
static const unsigned by_priority[6] = {2, 4, 0, 5, 1, 3};

/* Callers in a queue: the highest first, then by arrival. */
static void senders_by_priority(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), reply = make(ASH_OBJ_REPLY, 0);
    for (unsigned i = 0; i < 6; i++) {
        struct kthread *t = calling(endpoint, i, PRIORITY + steps[i]);
        CHECK(t);
        EQ(state_of(t), ASH_THREAD_BLOCKED_SEND);
    }
    for (unsigned i = 0; i < 6; i++) {
        struct ash_message m;
        ash_recv(endpoint, reply, &m);
        EQ(m.mr[0], by_priority[i]);
    }
}

/* Waiters of a notification. */
static void waiters_by_priority(void)
{
    ash_cptr notification = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t[6];
    for (unsigned i = 0; i < 6; i++)
        CHECK(t[i] = waiting(notification, PRIORITY - 10 + steps[i]));
    for (unsigned i = 0; i < 6; i++) {
        EQ(t[by_priority[i]]->count, 0);
        ash_signal(notification);
        OK(ash_thread_suspend(t[by_priority[i]]->thread)); /* it does not wait again */
        EQ(state_of(t[by_priority[i]]), ASH_THREAD_INACTIVE);
        for (unsigned j = i + 1; j < 6; j++)
            EQ(state_of(t[by_priority[j]]), ASH_THREAD_BLOCKED_NOTIFICATION);
    }
}

static void receiver(struct kthread *t)
{
    struct ash_message m;
    ash_recv(t->endpoint, 0, &m);
    t->count = 1;
}

/* Servers that share an endpoint. */
static void receivers_by_priority(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    struct kthread *t[6];
    for (unsigned i = 0; i < 6; i++) {
        CHECK(t[i] = prepare(receiver, PRIORITY + steps[i], 0, false));
        t[i]->endpoint = endpoint;
        OK(ash_thread_resume(t[i]->thread));
    }
    for (unsigned i = 0; i < 6; i++) {
        EQ(t[by_priority[i]]->count, 0);
        struct ash_message m = {.info = ash_info(1, 0, 0)};
        ash_nbsend(endpoint, &m);
        EQ(t[by_priority[i]]->count, 1);
    }
}

/* A new priority moves a thread that waits already. */
static void moved_within_the_queue(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), reply = make(ASH_OBJ_REPLY, 0);
    struct kthread *t[3];
    for (unsigned i = 0; i < 3; i++)
        CHECK(t[i] = calling(endpoint, i, PRIORITY + 5));
    OK(ash_thread_set_priority(t[2]->thread, PRIORITY + 9, 255));
    OK(ash_thread_set_priority(t[0]->thread, PRIORITY + 1, 255));
    static const ash_word order[3] = {2, 1, 0};
    for (unsigned i = 0; i < 3; i++) {
        struct ash_message m;
        ash_recv(endpoint, reply, &m);
        EQ(m.mr[0], order[i]);
    }
}

/* A low server that calls on with a high client's time stands in the queue as the client would. */
static void inherited_place_in_a_queue(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), reply = make(ASH_OBJ_REPLY, 0);
    struct kthread *middle = holding(LOW, endpoint), *other, *client;
    CHECK(middle && (other = calling(endpoint, 42, PRIORITY + 3)));
    CHECK(client = calling(middle->endpoint, 1, HIGH));
    EQ(state_of(middle), ASH_THREAD_BLOCKED_SEND);
    struct ash_message m;
    ash_recv(endpoint, reply, &m);
    EQ(m.mr[0], 1);
    ash_recv(endpoint, reply, &m);
    EQ(m.mr[0], 42);
}

const struct test priority_tests[] = {
    {"priority: inherited, and given back", inherits_and_gives_back},
    {"priority: never lower than its own", never_lower_than_its_own},
    {"priority: active servers inherit nothing", active_servers_inherit_nothing},
    {"priority: along a chain", along_a_chain},
    {"priority: a hog in between", a_hog_in_between},
    {"priority: back after the client is deleted", client_deleted},
    {"priority: back after the client is suspended", client_suspended},
    {"priority: back after the Reply is deleted", reply_deleted},
    {"priority: back after the time is deleted", time_deleted},
    {"priority: back after the time is unbound", time_unbound},
    {"priority: its own changed meanwhile", own_priority_changed_meanwhile},
    {"priority: over and over", over_and_over},
    {"priority: senders queue by it", senders_by_priority},
    {"priority: waiters queue by it", waiters_by_priority},
    {"priority: receivers queue by it", receivers_by_priority},
    {"priority: a new one moves in the queue", moved_within_the_queue},
    {"priority: an inherited one counts in queues", inherited_place_in_a_queue},
    {},
};
