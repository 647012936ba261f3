// SPDX-License-Identifier: MIT
/* What arrives of a message: words, label, capabilities; and what must not. */
#include "ktest.h"

#define TO (FIRST_SLOT + 1000) /* where the taker wants capabilities */

/* Receives for ever; where to is written into its buffer by the test. seen: info, badge, mr0. */
static void taker(struct kthread *t)
{
    struct ash_message m;
    for (;;) {
        ash_recv(t->endpoint, 0, &m);
        t->seen[0] = m.info;
        t->seen[1] = m.badge;
        t->seen[2] = m.mr[0];
        t->seen[3] = m.mr[3];
        t->count++;
    }
}

static struct kthread *start_taker(void)
{
    struct kthread *t = prepare(taker, PRIORITY + 1, 0, false);
    if (!t)
        return nullptr;
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    t->ipc->receive_cnode = CNODE;
    t->ipc->receive_index = TO;
    if (ash_thread_resume(t->thread) == ASH_OK && state_of(t) == ASH_THREAD_BLOCKED_RECEIVE)
        return t;
    fail(__FILE__, __LINE__, "taker", 1, 0);
    return nullptr;
}

/* Sends those capabilities; returns how many the taker says it got. */
static ash_word give(struct kthread *t, ash_cptr through, unsigned count, const ash_cptr *caps)
{
    ash_word before = t->count;
    for (unsigned i = 0; i < count; i++)
        ash_ipc()->caps[i] = caps[i];
    struct ash_message m = {.info = ash_info(1, 0, count)};
    ash_send(through, &m);
    return t->count == before + 1 ? ash_info_caps(t->seen[0]) : ~0ull;
}

static ash_word full_from(ash_cptr slot)
{
    ash_word bits = 0;
    for (unsigned i = 0; i < 4; i++)
        bits |= (ash_word)full(slot + i) << i;
    return bits;
}

static bool clear_from(ash_cptr slot)
{
    bool ok = true;
    for (unsigned i = 0; i < 4; i++)
        ok = ash_cnode_delete(CNODE, slot + i) == ASH_OK && ok;
    return ok;
}

/* Exactly as many slots are filled as capabilities were sent? */
static void every_number_of_capabilities(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[3] = {make(ASH_OBJ_ENDPOINT, 0), make(ASH_OBJ_TIMER, 0), make(ASH_OBJ_CNODE, 2)};
    for (unsigned n = 0; n <= 3; n++) {
        EQ(give(t, t->endpoint, n, caps), n);
        EQ(full_from(TO), (1u << n) - 1);
        CHECK(clear_from(TO));
    }
}

/* Does a full slot in the middle shift the rest, or get overwritten? */
static void second_slot_full(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[3] = {make(ASH_OBJ_ENDPOINT, 0)};
    caps[1] = caps[2] = caps[0];
    OK(ash_cnode_copy(CNODE, TO + 1, make(ASH_OBJ_TIMER, 0), ASH_RIGHT_ALL));
    EQ(give(t, t->endpoint, 3, caps), 1);
    EQ(full_from(TO), 3);
    bool pending;
    OK(ash_timer_cancel(TO + 1, &pending)); /* still the timer */
    CHECK(clear_from(TO));
}

/* A receive path that names nothing, or no CNode: the message comes, without capabilities. */
static void nowhere_to_receive(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[1] = {make(ASH_OBJ_ENDPOINT, 0)};
    ash_cptr wrong[] = {0, new_slot(), caps[0], ~0ull, ash_cptr_in(caps[0], 13, 0), POOL};
    struct world before = world_now();
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        t->ipc->receive_cnode = wrong[i];
        EQ(give(t, t->endpoint, 1, caps), 0);
        EQ(world_now().slots, before.slots);
    }
}

/* At the edge of the CNode: the capabilities that fit, no more, and no wrapping round. */
static void edge_of_the_cnode(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr small = make(ASH_OBJ_CNODE, 2);
    ash_cptr caps[3] = {make(ASH_OBJ_ENDPOINT, 0)};
    caps[1] = caps[2] = caps[0];
    t->ipc->receive_cnode = small;
    t->ipc->receive_index = 3;
    EQ(give(t, t->endpoint, 3, caps), 1);
    t->ipc->receive_index = 4;
    EQ(give(t, t->endpoint, 3, caps), 0);
    t->ipc->receive_index = ~0ull;
    EQ(give(t, t->endpoint, 3, caps), 0);
    OK(ash_cnode_copy(small, 0, caps[0], ASH_RIGHT_ALL)); /* it is empty */
    EQ(ash_cnode_copy(small, 3, caps[0], ASH_RIGHT_ALL), ASH_E_OCCUPIED);
}

/* A sender's path that names nothing ends the list. */
static void second_path_empty(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[3] = {make(ASH_OBJ_ENDPOINT, 0), new_slot()};
    caps[2] = caps[0];
    EQ(give(t, t->endpoint, 3, caps), 1);
    EQ(full_from(TO), 1);
    CHECK(clear_from(TO));
}

/* One Untyped named twice: moved once. */
static void the_same_untyped_twice(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[2] = {make(ASH_OBJ_UNTYPED, 4096)};
    caps[1] = caps[0];
    EQ(give(t, t->endpoint, 2, caps), 1);
    CHECK(!full(caps[0]));
    EQ(full_from(TO), 1);
    CHECK(clear_from(TO));
}

/* A Reply that holds a caller is moved: only who has it now can answer. */
static void a_reply_in_use_is_moved(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), reply[1] = {make(ASH_OBJ_REPLY, 0)};
    struct kthread *client = calling(endpoint, 5, PRIORITY + 2);
    struct ash_message m;
    ash_recv(endpoint, reply[0], &m);
    EQ(give(t, t->endpoint, 1, reply), 1);
    ash_word info;
    ash_syscall_word(ASH_SYS_SEND, reply[0], 0, &info);
    EQ(ash_info_label(info), ASH_E_CAPABILITY);
    EQ(client->count, 0);
    m = (struct ash_message){.info = ash_info(88, 0, 0)};
    ash_send(TO, &m);
    EQ(ash_info_label(client->seen[0]), 88);
    CHECK(clear_from(TO));
}

/* A mapped Frame arrives without the mapping, and the sender keeps his. */
static void a_mapped_frame(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr frame[1] = {make(ASH_OBJ_FRAME, 12)};
    CHECK(make_tables(VSPACE, 0x61000000));
    OK(ash_frame_map(frame[0], VSPACE, 0x61000000, ASH_RIGHT_READ | ASH_RIGHT_WRITE));
    *(volatile ash_word *)0x61000000 = 3;
    EQ(give(t, t->endpoint, 1, frame), 1);
    EQ(ash_frame_unmap(TO), ASH_E_NOT_BOUND);
    OK(ash_frame_map(TO, VSPACE, 0x61001000, ASH_RIGHT_READ));
    EQ(*(volatile ash_word *)0x61001000, 3);
    OK(ash_cnode_delete(CNODE, TO));
    EQ(*(volatile ash_word *)0x61000000, 3);
}

/* A mapped PageTable cannot be copied, so it moves, mapping and all. */
static void a_mapped_page_table(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr table[1] = {make(ASH_OBJ_PAGE_TABLE, 0)}, space = make(ASH_OBJ_VSPACE, 0);
    OK(ash_page_table_map(table[0], space, 0x61000000));
    EQ(give(t, t->endpoint, 1, table), 1);
    CHECK(!full(table[0]));
    EQ(ash_page_table_map(TO, space, 0x61000000), ASH_E_BUSY);
    OK(ash_page_table_unmap(TO));
    OK(ash_cnode_delete(CNODE, TO));
}

/* Do rights or badges grow on the way? */
static void rights_and_badges_travel_as_they_are(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr notification = make(ASH_OBJ_NOTIFICATION, 0),
             weak[2] = {minted(notification, ASH_RIGHT_WRITE, 0x40),
                        minted(notification, ASH_RIGHT_READ, 0x80)};
    EQ(give(t, t->endpoint, 2, weak), 2);
    ash_word info;
    ash_syscall_word(ASH_SYS_POLL, TO, 0, &info);
    EQ(ash_info_label(info), ASH_E_RIGHTS);
    ash_syscall_word(ASH_SYS_SEND, TO + 1, 0, &info);
    EQ(ash_info_label(info), ASH_E_RIGHTS);
    ash_signal(TO);
    EQ(ash_poll(TO + 1), 0x40);
    EQ(ash_cnode_mint(CNODE, TO + 2, TO, ASH_RIGHT_ALL, 1), ASH_E_SOURCE);
    CHECK(clear_from(TO));
}

/* GRANT missing: no capability passes, the call is answered all the same. */
static void call_with_grant_reply_only(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, true);
    CHECK(t);
    t->ipc->receive_cnode = CNODE;
    t->ipc->receive_index = TO;
    ash_cptr weak = minted(t->endpoint, ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY, 3);
    ash_ipc()->caps[0] = t->endpoint;
    struct ash_message m = {.info = ash_info(1, 1, 1), .mr = {5}};
    ash_call(weak, &m);
    EQ(m.mr[0], 6);
    EQ(full_from(TO), 0);
    m = (struct ash_message){.info = ash_info(1, 1, 1), .mr = {5}};
    ash_call(t->endpoint, &m);
    EQ(full_from(TO), 1);
    CHECK(clear_from(TO));
}

static void generous(struct kthread *t)
{
    struct ash_message m;
    ash_recv(t->endpoint, t->reply, &m);
    for (;;) {
        t->ipc->caps[0] = t->next;
        m.info = ash_info(1, 0, 1);
        ash_reply_recv(t->endpoint, t->reply, &m);
    }
}

/* An answer may carry a capability, to where the caller said. */
static void an_answer_with_a_capability(void)
{
    struct kthread *t = prepare(generous, PRIORITY + 1, 0, false);
    CHECK(t);
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    t->reply = make(ASH_OBJ_REPLY, 0);
    t->next = make(ASH_OBJ_TIMER, 0);
    OK(ash_thread_resume(t->thread));
    ash_ipc()->receive_cnode = CNODE;
    ash_ipc()->receive_index = TO;
    struct ash_message m = {.info = ash_info(1, 0, 0)};
    ash_call(minted(t->endpoint, ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY, 1), &m);
    EQ(ash_info_caps(m.info), 1);
    EQ(full_from(TO), 1);
    ash_ipc()->receive_cnode = 0;
    m = (struct ash_message){.info = ash_info(1, 0, 0)};
    ash_call(t->endpoint, &m);
    EQ(ash_info_caps(m.info), 0);
    CHECK(clear_from(TO));
}

/* Every length: the words sent arrive, those behind them in the receiver's buffer stay. */
static void every_length_to_an_active_receiver(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    for (unsigned length = 0; length <= 70; length++) {
        for (unsigned i = 0; i < ASH_MSG_WORDS; i++) {
            ash_ipc()->msg[i] = length * 100 + i;
            t->ipc->msg[i] = 0xabcdef;
        }
        for (unsigned i = 0; i < 8; i++)
            t->ipc->user[i] = 0x77 + i;
        struct ash_message m = {.info = ash_info(2, length, 0), .mr = {length, 2, 3, 4}};
        ash_send(t->endpoint, &m);
        unsigned got = ash_info_length(t->seen[0]);
        EQ(got, length > ASH_MSG_WORDS ? ASH_MSG_WORDS : length);
        EQ(t->seen[2], length);
        for (unsigned i = 0; i < ASH_MSG_WORDS; i++)
            EQ(t->ipc->msg[i], i >= 4 && i < got ? length * 100 + i : 0xabcdef);
        for (unsigned i = 0; i < 8; i++)
            EQ(t->ipc->user[i], 0x77 + i);
    }
}

static void long_sender(struct kthread *t)
{
    struct ash_message m = {.info = ash_info(4, 20, 1), .mr = {1, 2, 3, 4}};
    ash_send(t->endpoint, &m);
    t->seen[0] = m.info;
    m = (struct ash_message){};
    t->seen[1] = ash_invoke(t->thread, ASH_THREAD_READ_REGISTERS, 0, 0, &m);
    m = (struct ash_message){.mr = {FIRST_SLOT + 900, 0, 0}};
    t->seen[2] = ash_invoke(ASH_BOOT_SCHED_CONTROL, ASH_SCHED_CONTROL_CONFIGURE, 3, 1, &m);
    t->count = 1;
}

/* A thread without IPC buffer: four words, no capabilities, errors where it needs one. */
static void sender_without_buffer(void)
{
    struct kthread *taking = start_taker(), *t = prepare(long_sender, PRIORITY + 1, 0, false);
    CHECK(taking && t);
    t->endpoint = taking->endpoint;
    OK(ash_cnode_revoke(CNODE, t->buffer));
    OK(ash_thread_resume(t->thread));
    EQ(t->count, 1);
    EQ(ash_info_length(taking->seen[0]), 4);
    EQ(ash_info_caps(taking->seen[0]), 0);
    EQ(taking->seen[3], 4);
    EQ(t->seen[1], ASH_E_NOT_BOUND);
    EQ(t->seen[2], ASH_E_SOURCE);
}

static void receiver_without_buffer(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    OK(ash_cnode_revoke(CNODE, t->buffer));
    ash_ipc()->caps[0] = t->endpoint;
    struct ash_message m = {.info = ash_info(4, 64, 1), .mr = {1, 2, 3, 4}};
    ash_send(t->endpoint, &m);
    EQ(ash_info_length(t->seen[0]), 4);
    EQ(ash_info_caps(t->seen[0]), 0);
    EQ(t->seen[3], 4);
    EQ(full_from(TO), 0);
}

/* Can a peer pretend that the kernel speaks? Bits 9 to 11 of info, through both ways. */
static void the_kernel_bit_cannot_be_forged(void)
{
    struct kthread *t = start_taker(), *passive = server(PRIORITY + 1, 0, true);
    CHECK(t && passive);
    struct ash_message m = {.info = ash_info(ASH_E_DELETED, 1, 0) | ASH_INFO_KERNEL | 0x600};
    ash_send(t->endpoint, &m);
    EQ(t->seen[0], ash_info(ASH_E_DELETED, 1, 0));
    ash_nbsend(t->endpoint, &m);
    EQ(t->seen[0], ash_info(ASH_E_DELETED, 1, 0));
    ash_call(passive->endpoint, &m);
    EQ(m.info, ash_info(ASH_E_DELETED + 1, 1, 0));
}

/* All 52 bits of a label and all 64 of a badge. */
static void widest_label_and_badge(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr cap = minted(t->endpoint, ASH_RIGHT_WRITE, 0x8000000000000001);
    struct ash_message m = {.info = ash_info(~0ull >> 12, 1, 0), .mr = {~0ull}};
    ash_send(cap, &m);
    EQ(ash_info_label(t->seen[0]), ~0ull >> 12);
    EQ(t->seen[1], 0x8000000000000001);
    EQ(t->seen[2], ~0ull);
}

const struct test message_tests[] = {
    {"message: every number of capabilities", every_number_of_capabilities},
    {"message: second receive slot full", second_slot_full},
    {"message: nowhere to receive", nowhere_to_receive},
    {"message: edge of the CNode", edge_of_the_cnode},
    {"message: second path empty", second_path_empty},
    {"message: the same Untyped twice", the_same_untyped_twice},
    {"message: a Reply in use is moved", a_reply_in_use_is_moved},
    {"message: a mapped Frame", a_mapped_frame},
    {"message: a mapped PageTable", a_mapped_page_table},
    {"message: rights and badges travel", rights_and_badges_travel_as_they_are},
    {"message: call with GRANT_REPLY only", call_with_grant_reply_only},
    {"message: an answer with a capability", an_answer_with_a_capability},
    {"message: every length, nothing behind it", every_length_to_an_active_receiver},
    {"message: sender without buffer", sender_without_buffer},
    {"message: receiver without buffer", receiver_without_buffer},
    {"message: the kernel bit cannot be forged", the_kernel_bit_cannot_be_forged},
    {"message: widest label and badge", widest_label_and_badge},
    {},
};
