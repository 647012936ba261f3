// SPDX-License-Identifier: MIT
/*
 * Deletion and revocation through the system call, with the model (model.h) as the judge: each test
 * is a way to make the kernel free an object that somebody can still reach, or to leave one behind.
 * beside_end proves that nothing is left; memory of dead objects is poisoned.
 */
#include "ash_test.h"
#include "beside.h"

/* What beside_start gives: slots of the root CNode. */
enum { ROOT = 1, VSPACE = 2, LARGE = 16, SMALL = 17, HUGE = 19 };

static void call(uint64_t path, uint64_t method, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct beside_call made = {.path = path, .method = method, .length = 4, .word = {a, b, c, d}};
    beside_call(&made);
}

static void retype_in(uint64_t untyped, uint64_t type, uint64_t size, uint64_t cnode,
                      uint64_t index)
{
    struct beside_call made = {.path = untyped,
                               .method = ASH_UNTYPED_RETYPE,
                               .length = 4,
                               .caps = 1,
                               .word = {type, size, index, 1},
                               .cap = {cnode}};
    beside_call(&made);
}

static void retype(uint64_t type, uint64_t size, uint64_t index)
{
    retype_in(LARGE, type, size, ROOT, index);
}

static void copy(uint64_t cnode, uint64_t index, uint64_t source)
{
    call(cnode, ASH_CNODE_COPY, index, source, ASH_RIGHT_ALL, 0);
}

static void move(uint64_t cnode, uint64_t index, uint64_t source)
{
    call(cnode, ASH_CNODE_MOVE, index, source, 0, 0);
}

/* With an interrupt at every n-th preemption point; dropped or repeated. */
static void interrupted(uint64_t method, uint64_t index, unsigned preempt, bool abandon)
{
    struct beside_call made = {.path = ROOT,
                               .method = method,
                               .length = 1,
                               .word = {index},
                               .preempt = preempt,
                               .abandon = abandon};
    beside_call(&made);
}

static bool is_empty(uint64_t index)
{
    return model_at(model_root, index) == NONE;
}

static void finish(void)
{
    beside_compare();
    beside_end();
}

/* Whose capability was in the middle keeps the power to revoke. */
TEST(revocation_reaches_below_a_deleted_copy)
{
    beside_start();
    retype(ASH_OBJ_ENDPOINT, 0, 20);
    copy(ROOT, 21, 20);
    copy(ROOT, 22, 21);
    call(ROOT, ASH_CNODE_DELETE, 21, 0, 0, 0);
    call(ROOT, ASH_CNODE_REVOKE, 20, 0, 0, 0);
    CHECK(is_empty(22));
    CHECK(!is_empty(20));
    finish();
}

TEST(a_moved_capability_keeps_its_children)
{
    beside_start();
    retype(ASH_OBJ_ENDPOINT, 0, 20);
    copy(ROOT, 21, 20);
    move(ROOT, 30, 20);
    call(ROOT, ASH_CNODE_REVOKE, 30, 0, 0, 0);
    CHECK(is_empty(21));
    finish();
}

/* Its other slots must be emptied although nobody outside names it. */
TEST(a_cnode_that_holds_its_own_last_capability)
{
    beside_start();
    retype(ASH_OBJ_CNODE, 3, 20);
    retype_in(SMALL, ASH_OBJ_ENDPOINT, 0, ROOT, 21);
    copy(20, 1, 21);
    copy(20, 6, 21);
    move(20, 3, 20);
    beside_compare();
    call(ROOT, ASH_CNODE_REVOKE, LARGE, 0, 0, 0);
    beside_compare();
    call(ROOT, ASH_CNODE_REVOKE, 21, 0, 0, 0);
    finish();
}

TEST(two_cnodes_that_hold_each_other)
{
    beside_start();
    retype(ASH_OBJ_CNODE, 3, 20);
    retype(ASH_OBJ_CNODE, 3, 21);
    retype_in(SMALL, ASH_OBJ_ENDPOINT, 0, ROOT, 22);
    copy(20, 7, 22);
    copy(21, 7, 22);
    copy(21, 1, 20);
    move(20, 1, 21);
    call(ROOT, ASH_CNODE_DELETE, 20, 0, 0, 0);
    beside_compare();
    call(ROOT, ASH_CNODE_REVOKE, LARGE, 0, 0, 0);
    finish();
}

/* The Untyped lies in a CNode that was made of it. */
TEST(revoking_an_untyped_from_inside_itself)
{
    beside_start();
    retype(ASH_OBJ_UNTYPED, 8 * ASH_PAGE_SIZE, 20);
    retype_in(20, ASH_OBJ_CNODE, 3, ROOT, 21);
    move(21, 5, 20);
    uint64_t inside = ash_cptr_in(21, BESIDE_RADIX, 5);
    retype_in(inside, ASH_OBJ_FRAME, ASH_PAGE_BITS, ROOT, 22);
    call(21, ASH_CNODE_REVOKE, 5, 0, 0, 0);
    CHECK(is_empty(21));
    CHECK(is_empty(22));
    finish();
}

/* Every number of preemption points, dropped and repeated: what is put into the slots meanwhile
 * must not be lost in freed memory. */
TEST(a_deletion_that_is_broken_off_anywhere)
{
    for (unsigned preempt = 1; preempt < 20; preempt++)
        for (unsigned abandon = 0; abandon < 2; abandon++) {
            beside_start();
            retype(ASH_OBJ_CNODE, 7, 20);
            retype_in(SMALL, ASH_OBJ_ENDPOINT, 0, ROOT, 21);
            for (unsigned i = 0; i < 8; i++)
                copy(20, 15 * i, 21);
            interrupted(ASH_CNODE_DELETE, 20, preempt, abandon);
            copy(20, 2, 21);
            copy(ROOT, 22, 20);
            interrupted(ASH_CNODE_REVOKE, LARGE, preempt, abandon);
            call(ROOT, ASH_CNODE_REVOKE, 21, 0, 0, 0);
            finish();
        }
}

TEST(a_chain_of_cnodes_as_deep_as_memory_lets_it)
{
    beside_start();
    retype(ASH_OBJ_CNODE, 1, 20);
    for (unsigned i = 0; i < 200; i++) {
        retype(ASH_OBJ_CNODE, 1, 21);
        move(21, 1, 20);
        move(ROOT, 20, 21);
    }
    interrupted(ASH_CNODE_DELETE, 20, 7, false);
    call(LARGE, ASH_UNTYPED_INFO, 0, 0, 0, 0);
    finish();
}

/* An interrupt that waits must not keep a method from ending that has to delete one capability. */
TEST(binding_anew_while_an_interrupt_waits)
{
    beside_start();
    retype(ASH_OBJ_TIMER, 0, 20);
    retype(ASH_OBJ_NOTIFICATION, 0, 21);
    retype(ASH_OBJ_NOTIFICATION, 0, 22);
    for (uint64_t i = 0; i < 4; i++) {
        struct beside_call bind = {
            .path = 20, .method = ASH_TIMER_BIND, .caps = 1, .cap = {21 + i % 2}, .preempt = 1};
        beside_call(&bind);
    }
    finish();
}

/* The gap before an aligned object is not clear when the clearing of the object is broken off. */
TEST(a_retype_that_is_broken_off_leaves_no_gap_unclear)
{
    beside_start();
    for (uint64_t i = 0; i < 12; i++)
        retype_in(HUGE, ASH_OBJ_FRAME, ASH_PAGE_BITS, ROOT, 20 + i);
    call(ROOT, ASH_CNODE_REVOKE, HUGE, 0, 0, 0);
    retype_in(HUGE, ASH_OBJ_ENDPOINT, 0, ROOT, 20);
    struct beside_call large = {.path = HUGE,
                                .method = ASH_UNTYPED_RETYPE,
                                .length = 4,
                                .caps = 1,
                                .word = {ASH_OBJ_FRAME, ASH_MEGAPAGE_BITS, 21, 1},
                                .cap = {ROOT},
                                .preempt = 3,
                                .abandon = true};
    beside_call(&large);
    for (uint64_t i = 0; i < 8; i++)
        retype_in(HUGE, ASH_OBJ_FRAME, ASH_PAGE_BITS, ROOT, 30 + i);
    CHECK(is_empty(21));
    CHECK(!is_empty(37));
    finish();
}
