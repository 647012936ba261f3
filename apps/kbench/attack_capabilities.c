// SPDX-License-Identifier: MIT
// Large derivation trees and large CSpaces.
#include "attack.h"

#define MANY  10000u
#define RADIX 14u

static ash_cptr target, other, cnode;

static void make_copies(void)
{
    target = pool_make(ASH_OBJ_ENDPOINT, 0);
    other = pool_slot();
    cnode = pool_cnode(RADIX);
    for (unsigned i = 0; i < MANY; i++)
        MUST(ash_cnode_copy(cnode, i, target, ASH_RIGHT_ALL));
}

static void make_line(void)
{
    target = pool_make(ASH_OBJ_ENDPOINT, 0);
    cnode = pool_cnode(RADIX);
    ash_cptr last = target;
    for (unsigned i = 0; i < MANY; i++) {
        MUST(ash_cnode_copy(cnode, i, last, ASH_RIGHT_ALL));
        last = in_cnode(cnode, i);
    }
}

static void revoke(void)
{
    MUST(ash_cnode_revoke(CNODE, target));
}

/* There and back with all those children. */
static void move(void)
{
    for (unsigned i = 0; i < 500; i++) {
        MUST(ash_cnode_move(CNODE, other, target));
        MUST(ash_cnode_move(CNODE, target, other));
    }
}

/* The children go to the grandparent. */
static void adopt(void)
{
    for (unsigned i = 0; i < 500; i++) {
        MUST(ash_cnode_copy(CNODE, other, target, ASH_RIGHT_ALL));
        MUST(ash_cnode_delete(CNODE, target));
        MUST(ash_cnode_move(CNODE, target, other));
    }
}

/* A line of CNodes, each with the only capability to the next. */
static void make_deep(void)
{
    ash_cptr endpoint = pool_make(ASH_OBJ_ENDPOINT, 0);
    other = pool_slot();
    target = pool_cnode(2);
    for (unsigned i = 0; i < MANY / 4; i++) {
        pool_make_in(ASH_OBJ_CNODE, 2, CNODE, other, 1);
        MUST(ash_cnode_copy(other, 0, endpoint, ASH_RIGHT_ALL));
        MUST(ash_cnode_move(other, 2, target));
        MUST(ash_cnode_copy(other, 3, endpoint, ASH_RIGHT_ALL));
        MUST(ash_cnode_move(CNODE, target, other));
    }
}

static void make_wide(void)
{
    target = pool_cnode(16);
    pool_make_in(ASH_OBJ_CNODE, 1, target, 0, MANY);
    ash_cptr endpoint = pool_make(ASH_OBJ_ENDPOINT, 0);
    for (unsigned i = MANY; i < 3 * MANY; i += 7)
        MUST(ash_cnode_copy(target, i, endpoint, ASH_RIGHT_ALL));
}

static void delete(void)
{
    MUST(ash_cnode_delete(CNODE, target));
}

const struct attack capability_attacks[] = {
    {"revoke_10000", make_copies, revoke, 3},
    {"revoke_line_10000", make_line, revoke, 3},
    {"move_10000_children", make_copies, move, 2},
    {"delete_10000_children", make_copies, adopt, 2},
    {"delete_deep_cspace", make_deep, delete, 3},
    {"delete_wide_cspace", make_wide, delete, 3},
    {},
};
