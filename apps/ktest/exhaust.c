// SPDX-License-Identifier: MIT
/* What is used up is an error, and the error changes nothing: memory left and slots are compared.
 */
#include "ktest.h"

static bool same(struct world a, struct world b)
{
    return a.left == b.left && a.slots == b.slots;
}

static const struct {
    enum ash_object_type type;
    ash_word parameter, bytes; /* less than this is too little */
} kinds[] = {{ASH_OBJ_UNTYPED, 8192, 8192}, {ASH_OBJ_CNODE, 6, 4096},
             {ASH_OBJ_CNODE, 16, 1 << 22},  {ASH_OBJ_VSPACE, 0, 4096},
             {ASH_OBJ_FRAME, 21, 1 << 21},  {ASH_OBJ_FRAME, 30, 1 << 30}};

/* An Untyped that is too small for each kind of object. */
static void too_little_memory(void)
{
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        ash_cptr small = make(ASH_OBJ_UNTYPED, 4096), to = new_slot();
        struct ash_untyped_info info;
        struct world before = world_now();
        EQ(ash_untyped_retype(small, kinds[i].type, kinds[i].parameter, CNODE, to, 1),
           ASH_E_MEMORY);
        CHECK(same(world_now(), before));
        OK(ash_untyped_info(small, &info));
        EQ(info.left, 4096);
        OK(ash_untyped_retype(small, ASH_OBJ_PAGE_TABLE, 0, CNODE, to, 1)); /* it still serves */
    }
}

/* Small objects until a page is full: each fits, the next does not, none is made in between. */
static void the_last_bytes(void)
{
    static const enum ash_object_type types[] = {ASH_OBJ_ENDPOINT,     ASH_OBJ_REPLY,
                                                 ASH_OBJ_NOTIFICATION, ASH_OBJ_TIMER,
                                                 ASH_OBJ_THREAD,       ASH_OBJ_SCHED_CONTEXT};
    for (unsigned i = 0; i < 6; i++) {
        ash_cptr page = make(ASH_OBJ_UNTYPED, 4096), cnode = make(ASH_OBJ_CNODE, 8);
        unsigned made = 0;
        while (ash_untyped_retype(page, types[i], 0, cnode, made, 1) == ASH_OK)
            made++;
        AT_LEAST(made, 2);
        AT_MOST(made, 64);
        struct ash_untyped_info info, after;
        OK(ash_untyped_info(page, &info));
        EQ(ash_untyped_retype(page, types[i], 0, cnode, made, 1), ASH_E_MEMORY);
        OK(ash_untyped_info(page, &after));
        EQ(after.left, info.left);
        OK(ash_cnode_copy(cnode, made, page + 1, ASH_RIGHT_ALL)); /* that slot stayed empty */
        OK(ash_cnode_revoke(CNODE, page));
        OK(ash_untyped_retype(page, types[i], 0, cnode, 0, made)); /* as many again, at once */
    }
}

/* A row of which only a part would fit: none is made. */
static void all_or_none_of_a_row(void)
{
    ash_cptr page = make(ASH_OBJ_UNTYPED, 3 * 4096), cnode = make(ASH_OBJ_CNODE, 8);
    EQ(ash_untyped_retype(page, ASH_OBJ_FRAME, 12, cnode, 0, 4), ASH_E_MEMORY);
    OK(ash_untyped_retype(page, ASH_OBJ_FRAME, 12, cnode, 0, 3));
    OK(ash_cnode_revoke(CNODE, page));
    OK(ash_cnode_copy(cnode, 2, page + 1, ASH_RIGHT_ALL));
    EQ(ash_untyped_retype(page, ASH_OBJ_FRAME, 12, cnode, 0, 3), ASH_E_OCCUPIED);
    OK(ash_untyped_retype(page, ASH_OBJ_FRAME, 12, cnode, 0, 2));
    EQ(ash_untyped_retype(page, ASH_OBJ_FRAME, 12, cnode, 255, 2), ASH_E_RANGE);
    struct ash_untyped_info info;
    OK(ash_untyped_info(page, &info));
    EQ(info.left, 4096);
}

/* A CNode without an empty slot: every way to put something there is refused. */
static void no_slot_left(void)
{
    ash_cptr cnode = make(ASH_OBJ_CNODE, 3), endpoint = make(ASH_OBJ_ENDPOINT, 0);
    for (ash_word i = 0; i < 8; i++)
        OK(ash_cnode_copy(cnode, i, endpoint, ASH_RIGHT_ALL));
    struct world before = world_now();
    for (ash_word i = 0; i < 8; i++) {
        EQ(ash_cnode_copy(cnode, i, endpoint, ASH_RIGHT_ALL), ASH_E_OCCUPIED);
        EQ(ash_cnode_mint(cnode, i, endpoint, ASH_RIGHT_ALL, 1), ASH_E_OCCUPIED);
        EQ(ash_cnode_move(cnode, i, endpoint), ASH_E_OCCUPIED);
        EQ(ash_untyped_retype(POOL, ASH_OBJ_TIMER, 0, cnode, i, 1), ASH_E_OCCUPIED);
        EQ(ash_irq_control_get(ASH_BOOT_IRQ_CONTROL, 11, cnode, i, false), ASH_E_OCCUPIED);
    }
    CHECK(same(world_now(), before));
    OK(ash_irq_control_get(ASH_BOOT_IRQ_CONTROL, 11, CNODE, new_slot(), false)); /* not taken */
}

/* Address-space numbers: the error, nothing changed, and one given back is one to have. */
static void address_space_numbers(void)
{
    ash_cptr first = FIRST_SLOT + 100, spare = make(ASH_OBJ_UNTYPED, 8192);
    unsigned made = 0;
    ash_error error;
    while ((error = ash_untyped_retype(POOL, ASH_OBJ_VSPACE, 0, CNODE, first + made, 1)) == ASH_OK)
        made++;
    CHECK(error == ASH_E_EXHAUSTED || error == ASH_E_MEMORY);
    struct world before = world_now();
    for (unsigned i = 0; i < 3; i++)
        EQ(ash_untyped_retype(POOL, ASH_OBJ_VSPACE, 0, CNODE, first + made, 1), error);
    CHECK(same(world_now(), before));
    CHECK(!full(first + made));
    if (error != ASH_E_EXHAUSTED)
        return;
    for (unsigned i = 0; i < 5; i++) {
        OK(ash_cnode_copy(CNODE, first + made, first + 7, ASH_RIGHT_ALL)); /* a copy is free */
        OK(ash_cnode_delete(CNODE, first + 7));
        EQ(ash_untyped_retype(spare, ASH_OBJ_VSPACE, 0, CNODE, first + 7, 1), error);
        OK(ash_cnode_delete(CNODE, first + made));
        OK(ash_untyped_retype(spare, ASH_OBJ_VSPACE, 0, CNODE, first + 7, 1));
        EQ(ash_untyped_retype(spare, ASH_OBJ_VSPACE, 0, CNODE, first + made, 1), error);
    }
}

/* Numbers come round: a new VSpace must not see what an old one with its number saw. */
static void numbers_come_round(void)
{
    ash_cptr memory = make(ASH_OBJ_UNTYPED, 16 * 4096), space = new_slot(), table = new_slot(),
             second = new_slot(), frame = make(ASH_OBJ_FRAME, 12);
    EQ(second, table + 1);
    for (unsigned i = 0; i < 1100; i++) {
        OK(ash_untyped_retype(memory, ASH_OBJ_VSPACE, 0, CNODE, space, 1));
        EQ(ash_frame_unmap(frame), i == 0 ? ASH_E_NOT_BOUND : ASH_OK); /* recorded, but gone */
        EQ(ash_frame_map(frame, space, 0x10000, ASH_RIGHT_READ), ASH_E_NO_TABLE);
        OK(ash_untyped_retype(memory, ASH_OBJ_PAGE_TABLE, 0, CNODE, table, 2));
        OK(ash_page_table_map(table, space, 0x10000));
        OK(ash_page_table_map(second, space, 0x10000));
        OK(ash_frame_map(frame, space, 0x10000, ASH_RIGHT_READ));
        OK(ash_cnode_revoke(CNODE, memory));
    }
}

/* Page tables: without memory for one no mapping; what is mapped stays. */
static void page_tables(void)
{
    ash_cptr space = make(ASH_OBJ_VSPACE, 0), frame = make(ASH_OBJ_FRAME, 12),
             other = make(ASH_OBJ_FRAME, 12), small = make(ASH_OBJ_UNTYPED, 2 * 4096),
             table = new_slot();
    for (unsigned i = 0; i < 2; i++) {
        ash_cptr slot = i == 0 ? table : new_slot();
        OK(ash_untyped_retype(small, ASH_OBJ_PAGE_TABLE, 0, CNODE, slot, 1));
        OK(ash_page_table_map(slot, space, 0x40000000));
    }
    OK(ash_frame_map(frame, space, 0x40000000, ASH_RIGHT_READ));
    EQ(ash_untyped_retype(small, ASH_OBJ_PAGE_TABLE, 0, CNODE, new_slot(), 1), ASH_E_MEMORY);
    EQ(ash_frame_map(other, space, 0x80000000, ASH_RIGHT_READ), ASH_E_NO_TABLE);
    EQ(ash_frame_unmap(other), ASH_E_NOT_BOUND);
    OK(ash_frame_map(other, space, 0x40001000, ASH_RIGHT_READ));
    OK(ash_frame_map(frame, space, 0x40000000, ASH_RIGHT_READ | ASH_RIGHT_WRITE));
}

/* Interrupt sources: one at a time each, and every one comes back. */
static void interrupt_sources(void)
{
    ash_cptr first = FIRST_SLOT + 100;
    unsigned taken = 0;
    for (ash_word source = 1; source < 1024; source++) {
        ash_error error =
            ash_irq_control_get(ASH_BOOT_IRQ_CONTROL, source, CNODE, first + source, false);
        if (error == ASH_E_RANGE)
            break;
        taken += error == ASH_OK;
        EQ(ash_irq_control_get(ASH_BOOT_IRQ_CONTROL, source, CNODE, first + 1025, false),
           ASH_E_BUSY);
        OK(ash_cnode_delete(CNODE, first + source));
    }
    AT_LEAST(taken, 8);
    OK(ash_irq_control_get(ASH_BOOT_IRQ_CONTROL, 11, CNODE, first + 1, false));
    OK(ash_cnode_delete(CNODE, first + 1));
}

const struct test exhaust_tests[] = {
    {"exhausted: too little memory for each kind", too_little_memory},
    {"exhausted: the last bytes of a page", the_last_bytes},
    {"exhausted: all or none of a row", all_or_none_of_a_row},
    {"exhausted: no slot left", no_slot_left},
    {"exhausted: address-space numbers", address_space_numbers},
    {"exhausted: the numbers come round", numbers_come_round},
    {"exhausted: page tables", page_tables},
    {"exhausted: interrupt sources", interrupt_sources},
    {},
};
