// SPDX-License-Identifier: MIT
/*
 * Rights and kinds on every system call, on the short ways as well (a peer that waits, paths of one
 * level, four words) and on the long ones (nobody there, deep paths). A refused call does nothing.
 */
#include "ktest.h"

/* The answer to a system call with a0 = target, a1 = second, a6 = third. */
static ash_word refused(ash_word number, ash_word target, ash_word second, ash_word third)
{
    struct ash_message m = {.info = second};
    ash_syscall_message(number, target, third, &m);
    return m.info & ASH_INFO_KERNEL ? ash_info_label(m.info) : ~0ull;
}

/* AckSignalWait, which has a third. */
static ash_word refused_ack(ash_cptr own, ash_cptr target, ash_cptr irq)
{
    struct ash_message m = {.info = target, .mr = {irq}};
    ash_syscall_message(ASH_SYS_ACK_SIGNAL_WAIT, own, 0, &m);
    return m.info & ASH_INFO_KERNEL ? ash_info_label(m.info) : ~0ull;
}

/* The same capability through a path of two levels. */
static ash_cptr deep(ash_cptr slot)
{
    ash_cptr cnode = make(ASH_OBJ_CNODE, 3);
    if (ash_cnode_copy(cnode, 5, slot, ASH_RIGHT_ALL) != ASH_OK)
        fail(__FILE__, __LINE__, "copy", 1, 0);
    return ash_cptr_in(cnode, ASH_BOOT_CNODE_RADIX, 5);
}

/* Every combination of rights on an endpoint with a passive server waiting: who may call? */
static void call_with_every_combination(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    for (ash_word rights = 0; rights < 32; rights++) {
        bool answer = rights & (ASH_RIGHT_GRANT | ASH_RIGHT_GRANT_REPLY);
        if ((rights & ASH_RIGHT_WRITE) && !answer)
            continue; /* nobody could answer: below */
        ash_word count = t->count, wanted = rights & ASH_RIGHT_WRITE ? ~0ull : ASH_E_RIGHTS;
        ash_cptr cap = minted(t->endpoint, rights, rights + 1);
        EQ(refused(ASH_SYS_CALL, cap, ash_info(1, 1, 0), 0), wanted);
        EQ(refused(ASH_SYS_CALL, deep(cap), ash_info(1, 1, 0), 0), wanted);
        EQ(t->count, count + (wanted == ~0ull ? 2 : 0));
    }
}

/* WRITE alone: the message is taken, the caller ends, the server lives. */
static void call_that_nobody_may_answer(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, false);
    CHECK(t);
    ash_cptr weak = minted(t->endpoint, ASH_RIGHT_WRITE, 9);
    struct kthread *c = calling(weak, 1, PRIORITY + 2);
    CHECK(c && wait_until(&t->count, 1));
    EQ(state_of(c), ASH_THREAD_INACTIVE);
    EQ(c->count, 0);
    struct ash_message m;
    EQ(call1(t->endpoint, 1, &m), 2);
}

/* The same with a passive server: may a caller that cannot be answered leave it without time? */
static void call_that_strands_a_passive_server(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    ash_cptr weak = minted(t->endpoint, ASH_RIGHT_WRITE, 9);
    struct kthread *c = calling(weak, 1, PRIORITY + 2);
    CHECK(c);
    sleep_us(300);
    EQ(state_of(t), ASH_THREAD_BLOCKED_RECEIVE);
    struct kthread *good = calling(t->endpoint, 1, PRIORITY + 2);
    CHECK(good && wait_until(&good->count, 1));
}

static void send_and_nbsend(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), notification = make(ASH_OBJ_NOTIFICATION, 0);
    for (ash_word rights = 0; rights < 32; rights++) {
        if (rights & ASH_RIGHT_WRITE)
            continue;
        ash_cptr e = minted(endpoint, rights, 1), n = minted(notification, rights, 1);
        EQ(refused(ASH_SYS_SEND, e, ash_info(1, 0, 0), 0), ASH_E_RIGHTS);
        EQ(refused(ASH_SYS_NBSEND, e, ash_info(1, 0, 0), 0), ASH_E_RIGHTS);
        EQ(refused(ASH_SYS_SEND, n, 0, 0), ASH_E_RIGHTS);
        EQ(refused(ASH_SYS_NBSEND, n, 0, 0), ASH_E_RIGHTS);
        EQ(refused(ASH_SYS_CALL, n, 0, 0), ASH_E_RIGHTS);
    }
    EQ(ash_poll(notification), 0);
}

static void receive_and_wait(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), notification = make(ASH_OBJ_NOTIFICATION, 0),
             reply = make(ASH_OBJ_REPLY, 0);
    ash_signal(notification);
    for (ash_word rights = 0; rights < 32; rights++) {
        if (rights & ASH_RIGHT_READ)
            continue;
        ash_cptr e = minted(endpoint, rights, 1), n = minted(notification, rights, 1);
        EQ(refused(ASH_SYS_RECV, e, 0, reply), ASH_E_RIGHTS);
        EQ(refused(ASH_SYS_NBRECV, e, 0, reply), ASH_E_RIGHTS);
        EQ(refused(ASH_SYS_WAIT, n, 0, 0), ASH_E_RIGHTS);
        EQ(refused(ASH_SYS_POLL, n, 0, 0), ASH_E_RIGHTS);
    }
    EQ(ash_poll(notification), 1);
}

/* Each system call on every kind of object that it is not for. */
static void wrong_kinds(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), notification = make(ASH_OBJ_NOTIFICATION, 0),
             reply = make(ASH_OBJ_REPLY, 0);
    ash_cptr others[] = {POOL,
                         CNODE,
                         VSPACE,
                         make(ASH_OBJ_THREAD, 0),
                         make(ASH_OBJ_TIMER, 0),
                         make(ASH_OBJ_FRAME, 12),
                         make(ASH_OBJ_SCHED_CONTEXT, 0)};
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        EQ(refused(ASH_SYS_RECV, others[i], 0, 0), ASH_E_METHOD);
        EQ(refused(ASH_SYS_NBRECV, others[i], 0, 0), ASH_E_METHOD);
        EQ(refused(ASH_SYS_WAIT, others[i], 0, 0), ASH_E_METHOD);
        EQ(refused(ASH_SYS_POLL, others[i], 0, 0), ASH_E_METHOD);
        EQ(refused(ASH_SYS_RECV, endpoint, 0, others[i]), ASH_E_SOURCE);
        EQ(refused(ASH_SYS_REPLY_RECV, endpoint, 0, others[i]), ASH_E_SOURCE);
        EQ(refused(ASH_SYS_SIGNAL_WAIT, notification, others[i], 0), ASH_E_METHOD);
        EQ(refused_ack(notification, notification, others[i]), ASH_E_METHOD);
    }
    EQ(refused(ASH_SYS_WAIT, endpoint, 0, 0), ASH_E_METHOD);
    EQ(refused(ASH_SYS_RECV, notification, 0, 0), ASH_E_METHOD);
    EQ(refused(ASH_SYS_CALL, reply, ash_info(1, 0, 0), 0), ASH_E_METHOD);
    EQ(refused(ASH_SYS_REPLY_RECV, endpoint, 0, 0), ASH_E_SOURCE);
    EQ(refused(ASH_SYS_REPLY_RECV, endpoint, 0, new_slot()), ASH_E_SOURCE);
}

/* SignalWait that may signal but not wait, and the other way round: is the signal sent? */
static void signal_wait_is_all_or_nothing(void)
{
    ash_cptr target = make(ASH_OBJ_NOTIFICATION, 0), own = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr no_read = minted(own, ASH_RIGHT_WRITE, 1),
             no_write = minted(target, ASH_RIGHT_READ, 1);
    EQ(refused(ASH_SYS_SIGNAL_WAIT, own, no_write, 0), ASH_E_RIGHTS);
    EQ(refused(ASH_SYS_SIGNAL_WAIT, no_read, target, 0), ASH_E_RIGHTS);
    EQ(refused(ASH_SYS_SIGNAL_WAIT, new_slot(), target, 0), ASH_E_CAPABILITY);
    EQ(refused(ASH_SYS_SIGNAL_WAIT, own, new_slot(), 0), ASH_E_CAPABILITY);
    EQ(ash_poll(target), 0);
}

/* The same when somebody waits for the signal, where the short way is taken. */
static void signal_wait_with_a_waiter(void)
{
    ash_cptr target = make(ASH_OBJ_NOTIFICATION, 0), own = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t = waiting(target, PRIORITY - 1);
    CHECK(t);
    ash_cptr no_read = minted(own, ASH_RIGHT_WRITE, 1),
             no_write = minted(target, ASH_RIGHT_READ, 1);
    EQ(refused(ASH_SYS_SIGNAL_WAIT, own, no_write, 0), ASH_E_RIGHTS);
    EQ(refused(ASH_SYS_SIGNAL_WAIT, no_read, target, 0), ASH_E_RIGHTS);
    EQ(refused(ASH_SYS_SIGNAL_WAIT, deep(no_read), deep(target), 0), ASH_E_RIGHTS);
    EQ(state_of(t), ASH_THREAD_BLOCKED_NOTIFICATION);
    EQ(t->count, 0);
}

/* An answer whose next receive is refused: the caller is answered all the same, once. */
static void reply_recv_answers_first(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), reply = make(ASH_OBJ_REPLY, 0);
    ash_cptr no_read = minted(endpoint, ASH_RIGHT_WRITE, 1);
    ash_cptr from[] = {no_read, deep(no_read), new_slot(), reply};
    static const ash_word error[] = {ASH_E_RIGHTS, ASH_E_RIGHTS, ASH_E_CAPABILITY, ASH_E_METHOD};
    for (unsigned i = 0; i < 4; i++) {
        struct kthread *c = calling(endpoint, 1, PRIORITY + 1);
        CHECK(c);
        struct ash_message m;
        ash_recv(endpoint, reply, &m);
        EQ(refused(ASH_SYS_REPLY_RECV, from[i], ash_info(5 + i, 0, 0), reply), error[i]);
        EQ(c->count, 1);
        EQ(ash_info_label(c->seen[0]), 5 + i);
        EQ(refused(ASH_SYS_REPLY_RECV, from[i], ash_info(5 + i, 0, 0), reply), error[i]);
    }
}

/* Two servers with one Reply object between them. */
static void reply_object_in_use(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, false);
    CHECK(t);
    ash_cptr other = make(ASH_OBJ_ENDPOINT, 0);
    EQ(refused(ASH_SYS_RECV, other, 0, t->reply), ASH_E_BUSY);
    EQ(refused(ASH_SYS_NBRECV, other, 0, t->reply), ASH_E_BUSY);
    EQ(refused(ASH_SYS_REPLY_RECV, other, ash_info(1, 0, 0), t->reply), ASH_E_BUSY);
    struct ash_message m;
    EQ(call1(t->endpoint, 1, &m), 2);
}

/* Rights above the five: can mint or copy set bits that do not exist, or more than there were? */
static void rights_beyond_the_known(void)
{
    ash_cptr notification = make(ASH_OBJ_NOTIFICATION, 0), weak = new_slot(), again = new_slot();
    OK(ash_cnode_mint(CNODE, weak, notification, ~0ull << 5, 1));
    EQ(refused(ASH_SYS_SEND, weak, 0, 0), ASH_E_RIGHTS);
    OK(ash_cnode_copy(CNODE, again, weak, ~0ull));
    EQ(refused(ASH_SYS_POLL, again, 0, 0), ASH_E_RIGHTS);
    EQ(refused(ASH_SYS_SEND, again, 0, 0), ASH_E_RIGHTS);
}

/* The badge is the capability's, whichever way it is named and whoever copies it. */
static void badges_on_every_way(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    ash_cptr badged = minted(t->endpoint, ASH_RIGHT_ALL, 0xbad9e), copy = new_slot();
    OK(ash_cnode_copy(CNODE, copy, badged, ASH_RIGHT_ALL));
    ash_cptr ways[] = {badged, copy, deep(badged), deep(copy)};
    struct ash_message m;
    for (unsigned i = 0; i < 4; i++) {
        EQ(call1(t->endpoint, 1, &m), 2);
        EQ(t->value, 0);
        EQ(call1(ways[i], 1, &m), 2);
        EQ(t->value, 0xbad9e);
    }
}

/* A notification's badge through Send, NBSend, Call, SignalWait, a deep path. */
static void signalled_badges(void)
{
    ash_cptr notification = make(ASH_OBJ_NOTIFICATION, 0), other = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr badged = minted(notification, ASH_RIGHT_WRITE, 1ull << 63 | 6);
    static const ash_word numbers[] = {ASH_SYS_SEND, ASH_SYS_NBSEND, ASH_SYS_CALL};
    for (unsigned i = 0; i < 3; i++) {
        struct ash_message m = {.info = ash_info(1, 4, 3)};
        ash_syscall_message(numbers[i], i == 1 ? deep(badged) : badged, 0, &m);
        EQ(ash_info_label(m.info), 0);
        EQ(ash_poll(notification), 1ull << 63 | 6);
    }
    ash_signal(minted(other, ASH_RIGHT_WRITE, 0x30));
    EQ(ash_signal_wait(badged, other), 0x30);
    EQ(ash_poll(notification), 1ull << 63 | 6);
}

const struct test rights_tests[] = {
    {"rights: Call with every combination", call_with_every_combination},
    {"rights: a call that nobody may answer", call_that_nobody_may_answer},
    {"rights: such a call to a passive server", call_that_strands_a_passive_server},
    {"rights: Send and NBSend", send_and_nbsend},
    {"rights: Recv, NBRecv, Wait, Poll", receive_and_wait},
    {"rights: wrong kinds of object", wrong_kinds},
    {"rights: SignalWait does all or nothing", signal_wait_is_all_or_nothing},
    {"rights: SignalWait with a waiter", signal_wait_with_a_waiter},
    {"rights: ReplyRecv answers first", reply_recv_answers_first},
    {"rights: a Reply object in use", reply_object_in_use},
    {"rights: beyond the known ones", rights_beyond_the_known},
    {"rights: badges on every way", badges_on_every_way},
    {"rights: signalled badges", signalled_badges},
    {},
};
