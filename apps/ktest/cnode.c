// SPDX-License-Identifier: MIT
/* CNode: copy, mint, move, delete, revoke, paths. */
#include "ktest.h"

static bool exists(ash_cptr slot)
{
    ash_cptr to = new_slot();
    bool found = ash_cnode_copy(CNODE, to, slot, ASH_RIGHT_ALL) == ASH_OK;
    if (found && ash_cnode_delete(CNODE, to) != ASH_OK)
        fail(__FILE__, __LINE__, "delete of a copy", 1, 0);
    return found;
}

static void copy_and_delete(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), copy = new_slot();
    OK(ash_cnode_copy(CNODE, copy, endpoint, ASH_RIGHT_ALL));
    OK(ash_cnode_delete(CNODE, endpoint));
    CHECK(exists(copy));
    CHECK(!exists(endpoint));
}

static void copy_to_occupied(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    EQ(ash_cnode_copy(CNODE, endpoint, endpoint, ASH_RIGHT_ALL), ASH_E_OCCUPIED);
}

static void copy_of_nothing(void)
{
    EQ(ash_cnode_copy(CNODE, new_slot(), new_slot(), ASH_RIGHT_ALL), ASH_E_SOURCE);
}

static void index_out_of_range(void)
{
    ash_cptr cnode = make(ASH_OBJ_CNODE, 3), endpoint = make(ASH_OBJ_ENDPOINT, 0);
    EQ(ash_cnode_copy(cnode, 8, endpoint, ASH_RIGHT_ALL), ASH_E_RANGE);
    EQ(ash_cnode_delete(cnode, 8), ASH_E_RANGE);
    EQ(ash_cnode_revoke(cnode, ~0ull), ASH_E_RANGE);
    OK(ash_cnode_copy(cnode, 7, endpoint, ASH_RIGHT_ALL));
}

static void rights_only_shrink(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), weak = new_slot(), again = new_slot();
    OK(ash_cnode_copy(CNODE, weak, endpoint, ASH_RIGHT_READ));
    OK(ash_cnode_copy(CNODE, again, weak, ASH_RIGHT_ALL));
    struct ash_message m = {.info = ash_info(1, 0, 0)};
    ash_call(again, &m);
    EQ(ash_info_label(m.info), ASH_E_RIGHTS);
    CHECK(m.info & ASH_INFO_KERNEL);
}

static void mint_needs_unbadged_source(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    ash_cptr badged = minted(endpoint, ASH_RIGHT_ALL, 7);
    EQ(ash_cnode_mint(CNODE, new_slot(), badged, ASH_RIGHT_ALL, 8), ASH_E_SOURCE);
    OK(ash_cnode_copy(CNODE, new_slot(), badged, ASH_RIGHT_ALL));
}

static void mint_only_endpoints_and_notifications(void)
{
    EQ(ash_cnode_mint(CNODE, new_slot(), make(ASH_OBJ_THREAD, 0), ASH_RIGHT_ALL, 1), ASH_E_SOURCE);
    EQ(ash_cnode_mint(CNODE, new_slot(), make(ASH_OBJ_FRAME, 12), ASH_RIGHT_ALL, 1), ASH_E_SOURCE);
    EQ(ash_cnode_mint(CNODE, new_slot(), make(ASH_OBJ_CNODE, 2), ASH_RIGHT_ALL, 1), ASH_E_SOURCE);
    OK(ash_cnode_mint(CNODE, new_slot(), make(ASH_OBJ_NOTIFICATION, 0), ASH_RIGHT_ALL, 1));
}

static void reply_cannot_be_copied(void)
{
    EQ(ash_cnode_copy(CNODE, new_slot(), make(ASH_OBJ_REPLY, 0), ASH_RIGHT_ALL), ASH_E_SOURCE);
}

static void page_table_cannot_be_copied(void)
{
    EQ(ash_cnode_copy(CNODE, new_slot(), make(ASH_OBJ_PAGE_TABLE, 0), ASH_RIGHT_ALL), ASH_E_SOURCE);
}

static void revoke_deletes_descendants_only(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), a = new_slot(), b = new_slot(), c = new_slot();
    OK(ash_cnode_copy(CNODE, a, endpoint, ASH_RIGHT_ALL));
    OK(ash_cnode_copy(CNODE, b, a, ASH_RIGHT_ALL));
    OK(ash_cnode_copy(CNODE, c, endpoint, ASH_RIGHT_ALL));
    OK(ash_cnode_revoke(CNODE, a));
    CHECK(exists(endpoint) && exists(a) && exists(c));
    CHECK(!exists(b));
}

static void deleting_the_middle_keeps_the_line(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), a = new_slot(), b = new_slot(), c = new_slot();
    OK(ash_cnode_copy(CNODE, a, endpoint, ASH_RIGHT_ALL));
    OK(ash_cnode_copy(CNODE, b, a, ASH_RIGHT_ALL));
    OK(ash_cnode_copy(CNODE, c, b, ASH_RIGHT_ALL));
    OK(ash_cnode_delete(CNODE, b));
    CHECK(exists(c));
    OK(ash_cnode_revoke(CNODE, a));
    CHECK(!exists(c));
    CHECK(exists(a));
}

static void move_keeps_the_place_in_the_tree(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), a = new_slot(), b = new_slot(), to = new_slot();
    OK(ash_cnode_copy(CNODE, a, endpoint, ASH_RIGHT_ALL));
    OK(ash_cnode_copy(CNODE, b, a, ASH_RIGHT_ALL));
    OK(ash_cnode_move(CNODE, to, a));
    CHECK(!exists(a));
    OK(ash_cnode_revoke(CNODE, to));
    CHECK(!exists(b));
    CHECK(exists(to));
    OK(ash_cnode_revoke(CNODE, endpoint));
    CHECK(!exists(to));
}

static void wide_revoke(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    for (unsigned i = 0; i < 3000; i++)
        OK(ash_cnode_copy(CNODE, FIRST_SLOT + 500 + i, endpoint, ASH_RIGHT_ALL));
    OK(ash_cnode_revoke(CNODE, endpoint));
    for (unsigned i = 0; i < 3000; i += 97)
        CHECK(!exists(FIRST_SLOT + 500 + i));
}

static void deep_revoke(void)
{
    ash_cptr first = make(ASH_OBJ_ENDPOINT, 0), last = first;
    for (unsigned i = 0; i < 2000; i++) {
        OK(ash_cnode_copy(CNODE, FIRST_SLOT + 500 + i, last, ASH_RIGHT_ALL));
        last = FIRST_SLOT + 500 + i;
    }
    OK(ash_cnode_revoke(CNODE, first));
    CHECK(!exists(last));
    CHECK(exists(first));
}

static void paths_through_cnodes(void)
{
    ash_cptr outer = make(ASH_OBJ_CNODE, 4), inner = new_slot(),
             endpoint = make(ASH_OBJ_ENDPOINT, 0);
    OK(ash_untyped_retype(POOL, ASH_OBJ_CNODE, 5, outer, 3, 1));
    OK(ash_cnode_copy(CNODE, inner, ash_cptr_in(outer, ASH_BOOT_CNODE_RADIX, 3), ASH_RIGHT_ALL));
    OK(ash_cnode_copy(inner, 9, endpoint, ASH_RIGHT_ALL));
    ash_cptr path = outer | (ash_cptr)(3 + 1) << ASH_BOOT_CNODE_RADIX;
    ash_cptr deep = outer | ((3 | (ash_cptr)(9 + 1) << 4) + 1) << ASH_BOOT_CNODE_RADIX;
    CHECK(exists(path));
    CHECK(exists(deep));
    EQ(ash_cnode_copy(CNODE, new_slot(), deep + (1ull << 40), ASH_RIGHT_ALL), ASH_E_SOURCE);
}

static void path_through_something_else(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    EQ(ash_cnode_copy(CNODE, new_slot(), ash_cptr_in(endpoint, ASH_BOOT_CNODE_RADIX, 0),
                      ASH_RIGHT_ALL),
       ASH_E_SOURCE);
}

static void deleting_a_cnode_deletes_what_it_holds(void)
{
    ash_cptr cnode = make(ASH_OBJ_CNODE, 8), endpoint = make(ASH_OBJ_ENDPOINT, 0);
    for (unsigned i = 0; i < 256; i++)
        OK(ash_cnode_copy(cnode, i, endpoint, ASH_RIGHT_ALL));
    OK(ash_cnode_delete(CNODE, cnode));
    CHECK(exists(endpoint));
}

static void nested_cnodes_go_together(void)
{
    ash_cptr top = make(ASH_OBJ_CNODE, 4), work = new_slot();
    OK(ash_cnode_copy(CNODE, work, top, ASH_RIGHT_ALL));
    for (unsigned depth = 0; depth < 40; depth++) {
        ash_cptr inner = new_slot();
        OK(ash_untyped_retype(POOL, ASH_OBJ_CNODE, 4, CNODE, inner, 1));
        OK(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, inner, 1, 3));
        OK(ash_cnode_copy(work, 0, inner, ASH_RIGHT_ALL));
        OK(ash_cnode_delete(CNODE, work));
        OK(ash_cnode_move(CNODE, work, inner));
    }
    OK(ash_cnode_delete(CNODE, work));
    OK(ash_cnode_delete(CNODE, top));
}

static void cnode_inside_itself(void)
{
    ash_cptr cnode = make(ASH_OBJ_CNODE, 4);
    OK(ash_cnode_copy(cnode, 0, cnode, ASH_RIGHT_ALL));
    OK(ash_cnode_move(cnode, 1, cnode));
}

static void two_cnodes_inside_each_other(void)
{
    ash_cptr a = make(ASH_OBJ_CNODE, 4), b = make(ASH_OBJ_CNODE, 4);
    OK(ash_cnode_copy(a, 0, b, ASH_RIGHT_ALL));
    OK(ash_cnode_copy(b, 0, a, ASH_RIGHT_ALL));
    OK(ash_cnode_move(a, 1, b));
    OK(ash_cnode_delete(CNODE, a));
}

static void delete_of_an_empty_slot_is_no_error(void)
{
    OK(ash_cnode_delete(CNODE, new_slot()));
    OK(ash_cnode_revoke(CNODE, new_slot()));
}

static void truncated_and_unknown(void)
{
    ash_word words[4] = {new_slot(), POOL, 0, 0};
    EQ(invoke(CNODE, ASH_CNODE_COPY, 2, words, 0, nullptr), ASH_E_TRUNCATED);
    EQ(invoke(CNODE, ASH_CNODE_MINT, 3, words, 0, nullptr), ASH_E_TRUNCATED);
    EQ(invoke(CNODE, ASH_CNODE_MOVE, 1, words, 0, nullptr), ASH_E_TRUNCATED);
    EQ(invoke(CNODE, ASH_CNODE_DELETE, 0, words, 0, nullptr), ASH_E_TRUNCATED);
    EQ(invoke(CNODE, ASH_CNODE_REVOKE + 1, 4, words, 0, nullptr), ASH_E_METHOD);
}

static void call_on_an_empty_slot(void)
{
    ash_cptr empty = new_slot();
    EQ(invoke(empty, ASH_CNODE_COPY, 0, nullptr, 0, nullptr), ASH_E_CAPABILITY);
    EQ(detail[0], empty);
    EQ(invoke(0, 1, 0, nullptr, 0, nullptr), ASH_E_CAPABILITY);
    EQ(invoke(~0ull, 1, 0, nullptr, 0, nullptr), ASH_E_CAPABILITY);
}

const struct test cnode_tests[] = {
    {"cnode: copy outlives its source", copy_and_delete},
    {"cnode: copy to an occupied slot", copy_to_occupied},
    {"cnode: copy of nothing", copy_of_nothing},
    {"cnode: index out of range", index_out_of_range},
    {"cnode: rights only shrink", rights_only_shrink},
    {"cnode: mint needs an unbadged source", mint_needs_unbadged_source},
    {"cnode: mint only endpoints and notifications", mint_only_endpoints_and_notifications},
    {"cnode: reply cannot be copied", reply_cannot_be_copied},
    {"cnode: page table cannot be copied", page_table_cannot_be_copied},
    {"cnode: revoke deletes descendants only", revoke_deletes_descendants_only},
    {"cnode: deleting the middle keeps the line", deleting_the_middle_keeps_the_line},
    {"cnode: move keeps the place in the tree", move_keeps_the_place_in_the_tree},
    {"cnode: revoke of 3000 copies", wide_revoke},
    {"cnode: revoke of a line of 2000", deep_revoke},
    {"cnode: paths through CNodes", paths_through_cnodes},
    {"cnode: path through something else", path_through_something_else},
    {"cnode: deleting one deletes what it holds", deleting_a_cnode_deletes_what_it_holds},
    {"cnode: nested ones go together", nested_cnodes_go_together},
    {"cnode: inside itself", cnode_inside_itself},
    {"cnode: two inside each other", two_cnodes_inside_each_other},
    {"cnode: empty slots may be deleted", delete_of_an_empty_slot_is_no_error},
    {"cnode: truncated messages, unknown methods", truncated_and_unknown},
    {"cnode: call on an empty slot", call_on_an_empty_slot},
    {},
};
