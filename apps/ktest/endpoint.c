// SPDX-License-Identifier: MIT
/* Endpoint and Reply: messages, badges, capability transfer, donation, disappearing peers. */
#include "ktest.h"

static ash_cptr endpoint, reply;

static void check_calls(ash_cptr cap, ash_word badge, struct kthread *t)
{
    for (ash_word i = 0; i < 20; i++) {
        struct ash_message m = {.info = ash_info(40 + i, 2, 0), .mr = {i, i * 3}};
        ash_call(cap, &m);
        EQ(ash_info_label(m.info), 41 + i);
        EQ(m.mr[0], i + 1);
        EQ(m.mr[1], i * 3);
        EQ(m.badge, 0);
        EQ(t->value, badge);
    }
}

static void call_active_server(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, false);
    CHECK(t);
    check_calls(t->endpoint, 0, t);
}

static void call_passive_server(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    check_calls(t->endpoint, 0, t);
}

static void call_passive_server_of_lower_priority(void)
{
    struct kthread *t = server(PRIORITY - 50, 0, true);
    CHECK(t);
    check_calls(t->endpoint, 0, t);
}

static void badge_tells_the_sender(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    check_calls(minted(t->endpoint, ASH_RIGHT_ALL, 0xabcd), 0xabcd, t);
    check_calls(minted(t->endpoint, ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY, ~0ull), ~0ull, t);
}

static void long_messages(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    for (unsigned length = 0; length <= ASH_MSG_WORDS; length++) {
        struct ash_message m = {.info = ash_info(1, length, 0), .mr = {1, 2, 3, 4}};
        for (unsigned i = 4; i < ASH_MSG_WORDS; i++)
            ash_ipc()->msg[i] = i * 1000;
        ash_call(t->endpoint, &m);
        EQ(ash_info_length(m.info), length);
        if (length > 4)
            EQ(ash_ipc()->msg[length - 1], (length - 1) * 1000 + 5);
        for (unsigned i = 4; i + 1 < length; i++)
            EQ(ash_ipc()->msg[i], i * 1000);
    }
}

static void oversized_length_is_cut(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    struct ash_message m = {.info = ash_info(1, 127, 0)};
    ash_call(t->endpoint, &m);
    CHECK(ash_info_length(m.info) <= ASH_MSG_WORDS);
}

static void call_without_write_right(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    struct ash_message m = {.info = ash_info(1, 0, 0)};
    ash_call(minted(endpoint, ASH_RIGHT_READ, 1), &m);
    EQ(ash_info_label(m.info), ASH_E_RIGHTS);
    EQ(m.mr[0], ASH_RIGHT_WRITE);
}

static void receive_without_read_right(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    struct ash_message m;
    ash_recv(minted(endpoint, ASH_RIGHT_WRITE, 1), 0, &m);
    EQ(ash_info_label(m.info), ASH_E_RIGHTS);
}

static void receive_on_something_else(void)
{
    struct ash_message m;
    ash_recv(make(ASH_OBJ_NOTIFICATION, 0), 0, &m);
    EQ(ash_info_label(m.info), ASH_E_METHOD);
    ash_recv(make(ASH_OBJ_ENDPOINT, 0), make(ASH_OBJ_ENDPOINT, 0), &m);
    EQ(ash_info_label(m.info), ASH_E_SOURCE);
    ash_recv(make(ASH_OBJ_ENDPOINT, 0), new_slot(), &m);
    EQ(ash_info_label(m.info), ASH_E_CAPABILITY);
}

static void nonblocking_receive(void)
{
    struct ash_message m;
    ash_nbrecv(make(ASH_OBJ_ENDPOINT, 0), make(ASH_OBJ_REPLY, 0), &m);
    EQ(ash_info_label(m.info), ASH_E_AGAIN);
    CHECK(m.info & ASH_INFO_KERNEL);
}

static void nonblocking_send_is_dropped(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    struct ash_message m = {.info = ash_info(5, 1, 0)};
    ash_nbsend(endpoint, &m);
    ash_nbrecv(endpoint, 0, &m);
    EQ(ash_info_label(m.info), ASH_E_AGAIN);
}

static void sender(struct kthread *t)
{
    for (ash_word i = 0; i < 5; i++) {
        struct ash_message m = {.info = ash_info(70, 2, 0), .mr = {i, t->value}};
        ash_send(endpoint, &m);
        t->count++;
    }
}

static void senders_queue_in_order(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    struct kthread *a = prepare(sender, PRIORITY + 1, 0, false);
    struct kthread *b = prepare(sender, PRIORITY + 1, 0, false);
    CHECK(a && b);
    a->value = 'a';
    b->value = 'b';
    OK(ash_thread_resume(a->thread));
    sleep_us(300);
    OK(ash_thread_resume(b->thread));
    sleep_us(300);
    EQ(a->count, 0);
    for (unsigned i = 0; i < 10; i++) {
        struct ash_message m;
        ash_recv(endpoint, 0, &m);
        EQ(m.mr[0], i / 2);
        EQ(m.mr[1], i % 2 ? 'b' : 'a');
    }
    EQ(a->count, 5);
}

static void deleting_the_endpoint_wakes_callers(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    struct kthread *t = calling(endpoint, 1, PRIORITY + 1);
    CHECK(t);
    sleep_us(300);
    OK(ash_cnode_delete(CNODE, endpoint));
    CHECK(wait_until(&t->count, 1));
    EQ(ash_info_label(t->seen[0]), ASH_E_DELETED);
}

static void deleting_the_reply_wakes_the_caller(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    struct kthread *t = calling(endpoint, 1, PRIORITY + 1);
    CHECK(t);
    struct ash_message m;
    ash_recv(endpoint, reply, &m);
    OK(ash_cnode_delete(CNODE, reply));
    CHECK(wait_until(&t->count, 1));
    EQ(ash_info_label(t->seen[0]), ASH_E_DELETED);
}

static void reusing_a_reply_object_ends_the_first_call(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    struct kthread *a = calling(endpoint, 1, PRIORITY + 1);
    struct kthread *b = calling(endpoint, 1, PRIORITY + 1);
    CHECK(a && b);
    struct ash_message m;
    ash_recv(endpoint, reply, &m);
    ash_recv(endpoint, reply, &m);
    sleep_us(300);
    EQ(a->count, 1);
    EQ(ash_info_label(a->seen[0]), ASH_E_DELETED);
    EQ(b->count, 0);
    m.info = ash_info(9, 0, 0);
    ash_send(reply, &m);
    CHECK(wait_until(&b->count, 1));
    EQ(ash_info_label(b->seen[0]), 9);
}

static void deferred_answers_in_any_order(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    ash_cptr replies[4];
    struct kthread *t[4];
    for (unsigned i = 0; i < 4; i++) {
        replies[i] = make(ASH_OBJ_REPLY, 0);
        t[i] = calling(endpoint, 1, PRIORITY + 1);
        CHECK(t[i]);
        struct ash_message m;
        ash_recv(endpoint, replies[i], &m);
    }
    static const unsigned order[4] = {2, 0, 3, 1};
    for (unsigned i = 0; i < 4; i++) {
        struct ash_message m = {.info = ash_info(100 + order[i], 0, 0)};
        ash_send(replies[order[i]], &m);
        CHECK(wait_until(&t[order[i]]->count, 1));
        EQ(ash_info_label(t[order[i]]->seen[0]), 100 + order[i]);
    }
}

static void answering_twice_does_nothing(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    struct kthread *t = calling(endpoint, 1, PRIORITY + 1);
    CHECK(t);
    struct ash_message m;
    ash_recv(endpoint, reply, &m);
    m.info = ash_info(3, 0, 0);
    ash_send(reply, &m);
    ash_send(reply, &m);
    CHECK(wait_until(&t->count, 1));
    EQ(ash_info_label(t->seen[0]), 3);
}

static void call_without_reply_object_leaves_nobody_waiting(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    struct kthread *t = calling(endpoint, 1, PRIORITY + 1);
    CHECK(t);
    struct ash_message m;
    ash_recv(endpoint, 0, &m);
    struct ash_thread_info info;
    OK(ash_thread_info(t->thread, &info));
    EQ(info.state, ASH_THREAD_INACTIVE);
}

static void passive_server_without_caller_does_not_run(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    struct ash_message m = {.info = ash_info(1, 1, 0)};
    ash_nbsend(t->endpoint, &m);
    sleep_us(2000);
    EQ(t->count, 0);
    check_calls(t->endpoint, 0, t);
}

static ash_cptr endpoint2, reply2;

static void middle(struct kthread *t)
{
    struct ash_message m;
    ash_recv(endpoint2, reply2, &m);
    for (;;) {
        t->count++;
        struct ash_message inner = {.info = ash_info(1, 1, 0), .mr = {m.mr[0] * 10}};
        ash_call(endpoint, &inner);
        t->value = inner.info;
        m.mr[0] = inner.mr[0];
        m.info = ash_info(2, 1, 0);
        ash_reply_recv(endpoint2, reply2, &m);
    }
}

static struct kthread *chain(struct kthread **last)
{
    *last = server(PRIORITY + 2, 0, true);
    if (!*last)
        return nullptr;
    endpoint = (*last)->endpoint;
    endpoint2 = make(ASH_OBJ_ENDPOINT, 0);
    reply2 = make(ASH_OBJ_REPLY, 0);
    return start_passive(middle, PRIORITY + 1);
}

static void donation_along_a_chain(void)
{
    struct kthread *last, *t = chain(&last);
    CHECK(t);
    for (ash_word i = 0; i < 10; i++) {
        struct ash_message m = {.info = ash_info(1, 1, 0), .mr = {i}};
        ash_call(endpoint2, &m);
        EQ(m.mr[0], i * 10 + 1);
        EQ(ash_info_label(m.info), 2);
    }
}

static void outer_caller(struct kthread *t)
{
    struct ash_message m = {.info = ash_info(1, 1, 0)};
    ash_call(endpoint2, &m);
    t->value = m.info;
    t->count = 1;
}

/* client -> middle -> end: the end is deleted while it holds the client's time. */
static void deleting_the_end_of_a_chain_gives_time_back(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0); /* this thread plays the end, on its own time */
    reply = make(ASH_OBJ_REPLY, 0);
    endpoint2 = make(ASH_OBJ_ENDPOINT, 0);
    reply2 = make(ASH_OBJ_REPLY, 0);
    struct kthread *t = start_passive(middle, PRIORITY + 1);
    CHECK(t);
    struct kthread *client = start(outer_caller, PRIORITY + 1, 0, false);
    CHECK(client);
    struct ash_message m;
    ash_recv(endpoint, reply, &m);
    EQ(client->count, 0);
    OK(ash_cnode_delete(CNODE, reply));
    CHECK(wait_until(&client->count, 1));
    EQ(ash_info_label(t->value), ASH_E_DELETED);
    EQ(ash_info_label(client->value), 2);
}

static void killed_server_frees_its_caller(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    struct kthread *c = calling(endpoint, 1, PRIORITY + 1);
    CHECK(c);
    struct ash_message m;
    ash_recv(endpoint, reply, &m);
    OK(ash_cnode_revoke(CNODE, reply));
    OK(ash_cnode_delete(CNODE, reply));
    CHECK(wait_until(&c->count, 1));
}

const struct test endpoint_tests[] = {
    {"endpoint: call an active server", call_active_server},
    {"endpoint: call a passive server", call_passive_server},
    {"endpoint: passive server of lower priority", call_passive_server_of_lower_priority},
    {"endpoint: the badge tells the sender", badge_tells_the_sender},
    {"endpoint: messages of every length", long_messages},
    {"endpoint: oversized length is cut", oversized_length_is_cut},
    {"endpoint: call without WRITE", call_without_write_right},
    {"endpoint: receive without READ", receive_without_read_right},
    {"endpoint: receive on something else", receive_on_something_else},
    {"endpoint: NBRecv with nobody there", nonblocking_receive},
    {"endpoint: NBSend with nobody there", nonblocking_send_is_dropped},
    {"endpoint: senders queue in order", senders_queue_in_order},
    {"endpoint: deleting it wakes callers", deleting_the_endpoint_wakes_callers},
    {},
};

const struct test reply_tests[] = {
    {"reply: deleting it wakes the caller", deleting_the_reply_wakes_the_caller},
    {"reply: reuse ends the first call", reusing_a_reply_object_ends_the_first_call},
    {"reply: deferred answers in any order", deferred_answers_in_any_order},
    {"reply: answering twice does nothing", answering_twice_does_nothing},
    {"reply: a call nobody can answer", call_without_reply_object_leaves_nobody_waiting},
    {"reply: passive server without caller", passive_server_without_caller_does_not_run},
    {"reply: donation along a chain", donation_along_a_chain},
    {"reply: deleting the end of a chain", deleting_the_end_of_a_chain_gives_time_back},
    {"reply: killed server frees its caller", killed_server_frees_its_caller},
    {},
};
