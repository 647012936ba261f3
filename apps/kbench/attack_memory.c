// SPDX-License-Identifier: MIT
// Retyping much memory, and taking whole address spaces down.
#include "attack.h"

#define SPACE  ((ash_word)0x10000000)
#define TABLES 8u
#define PAGES  512u /* a table */

static ash_cptr target, cnode, space, memory;

static void make_cnode(void)
{
    cnode = pool_cnode(11);
}

static void retype(enum ash_object_type type, ash_word parameter, ash_word count)
{
    pool_make_in(type, parameter, cnode, 0, count);
}

static void retype_endpoints(void)
{
    retype(ASH_OBJ_ENDPOINT, 0, 1024);
}

static void retype_frames(void)
{
    retype(ASH_OBJ_FRAME, ASH_PAGE_BITS, 1024);
}

static void retype_threads(void)
{
    retype(ASH_OBJ_THREAD, 0, 1024);
}

static void retype_untyped(void)
{
    retype(ASH_OBJ_UNTYPED, ASH_PAGE_SIZE, 1024);
}

static void retype_spaces(void)
{
    retype(ASH_OBJ_VSPACE, 0, 512);
}

static void retype_large_frame(void)
{
    retype(ASH_OBJ_FRAME, ASH_MEGAPAGE_BITS, 4);
}

static void retype_large_cnode(void)
{
    retype(ASH_OBJ_CNODE, 16, 2);
}

/* One Untyped holds everything that an address space is made of. */
static void make_space(void)
{
    memory = pool_slot();
    pool_make_in(ASH_OBJ_UNTYPED, (ash_word)24 << 20, CNODE, memory, 1);
    cnode = pool_cnode(13);
    ash_cptr tables = pool_cnode(4);
    space = pool_slot();
    MUST(ash_untyped_retype(memory, ASH_OBJ_VSPACE, 0, CNODE, space, 1));
    MUST(ash_untyped_retype(memory, ASH_OBJ_PAGE_TABLE, 0, tables, 0, TABLES + 1));
    for (unsigned i = 0; i <= TABLES; i++) /* the first is for the level above */
        MUST(ash_page_table_map(in_cnode(tables, i), space,
                                SPACE + (i > 0 ? i - 1 : 0) * PAGES * ASH_PAGE_SIZE));
    for (unsigned i = 0; i < TABLES; i++)
        MUST(ash_untyped_retype(memory, ASH_OBJ_FRAME, ASH_PAGE_BITS, cnode, i * PAGES, PAGES));
    for (unsigned i = 0; i < TABLES * PAGES; i++)
        MUST(ash_frame_map(in_cnode(cnode, i), space, SPACE + i * ASH_PAGE_SIZE,
                           ASH_RIGHT_READ | ASH_RIGHT_WRITE));
}

static void revoke_memory(void)
{
    MUST(ash_cnode_revoke(CNODE, memory));
}

static void delete_space(void)
{
    MUST(ash_cnode_delete(CNODE, space));
    MUST(ash_cnode_delete(CNODE, cnode));
}

/* Untypeds in Untypeds, each with some objects. */
static void make_subtree(void)
{
    cnode = pool_cnode(13);
    target = pool_slot();
    pool_make_in(ASH_OBJ_UNTYPED, (ash_word)16 << 20, CNODE, target, 1);
    ash_cptr outer = target;
    ash_word size = (ash_word)16 << 20;
    for (unsigned i = 0; i < 1000; i++) {
        size -= 3 * ASH_PAGE_SIZE;
        MUST(ash_untyped_retype(outer, ASH_OBJ_ENDPOINT, 0, cnode, 8 * i, 5));
        MUST(ash_untyped_retype(outer, ASH_OBJ_CNODE, 1, cnode, 8 * i + 5, 1));
        MUST(ash_untyped_retype(outer, ASH_OBJ_THREAD, 0, cnode, 8 * i + 6, 1));
        MUST(ash_untyped_retype(outer, ASH_OBJ_UNTYPED, size, cnode, 8 * i + 7, 1));
        outer = in_cnode(cnode, 8 * i + 7);
    }
}

static void revoke_subtree(void)
{
    MUST(ash_cnode_revoke(CNODE, target));
}

const struct attack memory_attacks[] = {
    {"retype_1024_endpoints", make_cnode, retype_endpoints, 20},
    {"retype_1024_pages", make_cnode, retype_frames, 3},
    {"retype_1024_threads", make_cnode, retype_threads, 5},
    {"retype_1024_untyped", make_cnode, retype_untyped, 20},
    {"retype_512_vspaces", make_cnode, retype_spaces, 3},
    {"retype_large_frames", make_cnode, retype_large_frame, 3},
    {"retype_large_cnodes", make_cnode, retype_large_cnode, 3},
    {"unmap_4096_pages", make_space, revoke_memory, 2},
    {"delete_vspace", make_space, delete_space, 2},
    {"revoke_untyped_subtree", make_subtree, revoke_subtree, 3},
    {},
};
