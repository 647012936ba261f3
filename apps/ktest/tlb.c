// SPDX-License-Identifier: MIT
/*
 * Translations that other harts may still hold. A thread on the last hart uses an address round by
 * round; between two rounds this one changes what lies there, and the next round must see it. On
 * one hart the tests run all the same.
 */
#include "ktest.h"

#define HERE  ((ash_word)0x70000000)
#define ALIAS ((ash_word)0x74000000)
#define RW    (ASH_RIGHT_READ | ASH_RIGHT_WRITE)
#define RX    (ASH_RIGHT_READ | ASH_RIGHT_EXECUTE)

static ash_cptr endpoint, reply;

enum what { READ, WRITE, RUN };

/* In round `value` it does what seen[0] says at address seen[1]; seen[2]: what it read. */
static void user(struct kthread *t)
{
    for (ash_word round = 1;; round++) {
        while (t->value < round)
            ;
        volatile ash_word *at = (volatile ash_word *)t->seen[1];
        if (t->seen[0] == READ)
            t->seen[2] = *at;
        else if (t->seen[0] == WRITE)
            *at = round;
        else
            t->seen[2] = ((ash_word(*)(void))t->seen[1])();
        t->count = round;
    }
}

static struct kthread *start_user(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    struct kthread *t = prepare(user, PRIORITY - 1, last_hart(), false);
    if (t && ash_thread_set_fault_endpoint(t->thread, endpoint) == ASH_OK &&
        ash_thread_resume(t->thread) == ASH_OK && make_tables(VSPACE, HERE) &&
        make_tables(VSPACE, ALIAS))
        return t;
    fail(__FILE__, __LINE__, "user", 1, 0);
    return nullptr;
}

/* One round; true if it ended without a fault. */
static bool use(struct kthread *t, enum what what, ash_word address)
{
    ash_word round = t->value + 1;
    t->seen[0] = what;
    t->seen[1] = address;
    t->value = round;
    return wait_until(&t->count, round);
}

/* One round that must fault there; the answer lets it try again. */
static bool faults(struct kthread *t, enum what what, ash_word address, ash_word cause)
{
    t->seen[0] = what;
    t->seen[1] = address;
    t->value++;
    struct ash_message m;
    ash_recv(endpoint, reply, &m);
    return m.mr[1] == cause && m.mr[2] == address;
}

static bool goes_on(struct kthread *t)
{
    struct ash_message m = {};
    ash_send(reply, &m);
    return wait_until(&t->count, t->value);
}

static ash_cptr frame_with(ash_word value)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 12);
    if (ash_frame_map(frame, VSPACE, ALIAS, RW) != ASH_OK)
        fail(__FILE__, __LINE__, "map", 1, 0);
    *(volatile ash_word *)ALIAS = value;
    if (ash_frame_unmap(frame) != ASH_OK)
        fail(__FILE__, __LINE__, "unmap", 1, 0);
    return frame;
}

/* Another frame at the same address: whose contents does the other hart see? */
static void remapped(void)
{
    struct kthread *t = start_user();
    CHECK(t);
    ash_cptr frame[2] = {frame_with(100), frame_with(101)};
    for (ash_word i = 0; i < 40; i++) {
        OK(ash_frame_map(frame[i % 2], VSPACE, HERE, ASH_RIGHT_READ));
        CHECK(use(t, READ, HERE));
        EQ(t->seen[2], 100 + i % 2);
        OK(ash_frame_unmap(frame[i % 2]));
    }
}

/* WRITE taken away: does the other hart still write? */
static void write_taken_away(void)
{
    struct kthread *t = start_user();
    CHECK(t);
    ash_cptr frame = frame_with(0);
    for (unsigned i = 0; i < 10; i++) {
        OK(ash_frame_map(frame, VSPACE, HERE, RW));
        CHECK(use(t, WRITE, HERE));
        OK(ash_frame_map(frame, VSPACE, HERE, ASH_RIGHT_READ));
        ash_word before = *(volatile ash_word *)HERE;
        CHECK(faults(t, WRITE, HERE, 15));
        EQ(*(volatile ash_word *)HERE, before);
        OK(ash_frame_map(frame, VSPACE, HERE, RW));
        CHECK(goes_on(t));
        EQ(*(volatile ash_word *)HERE, t->value);
    }
}

/* EXECUTE taken away. */
static void execute_taken_away(void)
{
    struct kthread *t = start_user();
    CHECK(t);
    ash_cptr frame = frame_with(0x8082450d8082450dull); /* li a0, 3; ret */
    OK(ash_frame_map(frame, VSPACE, HERE, RX));
    CHECK(use(t, RUN, HERE));
    EQ(t->seen[2], 3);
    OK(ash_frame_map(frame, VSPACE, HERE, ASH_RIGHT_READ));
    CHECK(faults(t, RUN, HERE, 12));
    OK(ash_frame_map(frame, VSPACE, HERE, RX));
    CHECK(goes_on(t));
}

/* New instructions at an old address: does the other hart run the old ones? */
static void new_instructions(void)
{
    struct kthread *t = start_user();
    CHECK(t);
    ash_cptr frame = make(ASH_OBJ_FRAME, 12), alias = new_slot();
    OK(ash_cnode_copy(CNODE, alias, frame, ASH_RIGHT_ALL));
    OK(ash_frame_map(alias, VSPACE, ALIAS, RW));
    for (ash_word i = 1; i < 16; i++) {
        *(volatile uint32_t *)ALIAS = 0x80824501u | (uint32_t)i << 2; /* li a0, i; ret */
        OK(ash_frame_map(frame, VSPACE, HERE, RX));
        CHECK(use(t, RUN, HERE));
        EQ(t->seen[2], i);
    }
}

/* A large page goes: every part of it, wherever the other hart was in it. */
static void large_page_unmapped(void)
{
    struct kthread *t = prepare(user, PRIORITY - 1, last_hart(), false);
    CHECK(t);
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    OK(ash_thread_set_fault_endpoint(t->thread, endpoint));
    OK(ash_thread_resume(t->thread));
    ash_cptr frame = make(ASH_OBJ_FRAME, 21);
    for (ash_word i = 0; i < 8; i++) {
        ash_word address = HERE + i * 0x3f000;
        OK(ash_frame_map(frame, VSPACE, HERE, RW));
        for (ash_word j = 0; j < 8; j++)
            CHECK(use(t, WRITE, HERE + j * 0x3f000));
        OK(ash_frame_unmap(frame));
        CHECK(faults(t, READ, address, 13));
        OK(ash_frame_map(frame, VSPACE, HERE, RW));
        CHECK(goes_on(t));
    }
}

/* A page table goes, with all that hangs below it. */
static void table_unmapped(unsigned which)
{
    struct kthread *t = prepare(user, PRIORITY - 1, last_hart(), false);
    CHECK(t);
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    OK(ash_thread_set_fault_endpoint(t->thread, endpoint));
    OK(ash_thread_resume(t->thread));
    ash_word far = 0x180000000; /* nothing else below its tables */
    ash_cptr table[2] = {make(ASH_OBJ_PAGE_TABLE, 0), make(ASH_OBJ_PAGE_TABLE, 0)};
    OK(ash_page_table_map(table[0], VSPACE, far));
    OK(ash_page_table_map(table[1], VSPACE, far));
    for (ash_word i = 0; i < 4; i++) {
        OK(ash_frame_map(make(ASH_OBJ_FRAME, 12), VSPACE, far + i * 4096, RW));
        CHECK(use(t, WRITE, far + i * 4096));
    }
    OK(ash_page_table_unmap(table[which]));
    for (ash_word i = 0; i < 4; i++) {
        CHECK(faults(t, READ, far + i * 4096, 13));
        OK(ash_thread_suspend(t->thread));
        ash_word registers[ASH_THREAD_REGISTERS];
        OK(ash_thread_read_registers(t->thread, registers));
        struct ash_thread_start again = {.pc = (ash_word)user,
                                         .sp = registers[2],
                                         .a0 = (ash_word)t,
                                         .gp = registers[3],
                                         .tp = registers[4]};
        t->value = t->count = 0; /* from the start again */
        OK(ash_thread_write_registers(t->thread, &again));
        OK(ash_thread_resume(t->thread));
    }
}

static void lower_table_unmapped(void)
{
    table_unmapped(1);
}
static void upper_table_unmapped(void)
{
    table_unmapped(0);
}

/* The memory is revoked and used for something else. */
static void frame_revoked(void)
{
    struct kthread *t = start_user();
    CHECK(t);
    for (unsigned i = 0; i < 10; i++) {
        ash_cptr memory = make(ASH_OBJ_UNTYPED, 4096), frame = new_slot();
        OK(ash_untyped_retype(memory, ASH_OBJ_FRAME, 12, CNODE, frame, 1));
        OK(ash_frame_map(frame, VSPACE, HERE, RW));
        CHECK(use(t, WRITE, HERE));
        OK(ash_cnode_revoke(CNODE, memory));
        CHECK(faults(t, WRITE, HERE, 15));
        OK(ash_untyped_retype(memory, ASH_OBJ_FRAME, 12, CNODE, frame, 1));
        OK(ash_frame_map(frame, VSPACE, HERE, RW));
        EQ(*(volatile ash_word *)HERE, 0);
        CHECK(goes_on(t));
        OK(ash_cnode_delete(CNODE, frame));
    }
}

/* The other hart sleeps while the mapping changes: does it wake up with the old one? */
static void changed_while_the_hart_sleeps(void)
{
    struct kthread *t = start_user();
    CHECK(t);
    ash_cptr frame[2] = {frame_with(200), frame_with(201)};
    for (ash_word i = 0; i < 20; i++) {
        OK(ash_frame_map(frame[i % 2], VSPACE, HERE, ASH_RIGHT_READ));
        OK(i == 0 ? ASH_OK : ash_thread_resume(t->thread));
        CHECK(use(t, READ, HERE));
        EQ(t->seen[2], 200 + i % 2);
        OK(ash_thread_suspend(t->thread));
        OK(ash_frame_unmap(frame[i % 2]));
    }
}

const struct test tlb_tests[] = {
    {"tlb: another frame at the same address", remapped},
    {"tlb: WRITE taken away", write_taken_away},
    {"tlb: EXECUTE taken away", execute_taken_away},
    {"tlb: new instructions at an old address", new_instructions},
    {"tlb: large page unmapped", large_page_unmapped},
    {"tlb: lower page table unmapped", lower_table_unmapped},
    {"tlb: upper page table unmapped", upper_table_unmapped},
    {"tlb: frame revoked", frame_revoked},
    {"tlb: changed while the hart sleeps", changed_while_the_hart_sleeps},
    {},
};
