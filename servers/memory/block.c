// SPDX-License-Identifier: MIT
/*
 * RAM as a buddy system of Untyped blocks of 32 KiB to 64 MiB. A block is split by retyping its
 * Untyped into two halves, and two free halves are joined by revoking the whole.
 *
 * Invariants: node[l][g >> l] is the Untyped of block (g, l) while it, or a split of it, exists.
 * The state, level and links of a block stand in its first group (of a frame block: state and
 * level in each group). Blocks that were cut out of a region directly have no parent node and never
 * join.
 */
#include "mm.h"

static mm_slot *node_of(uint32_t group, unsigned level)
{
    return &mm.node[level][group >> level];
}

mm_slot mm_block_slot(uint32_t group, unsigned level)
{
    return *node_of(group, level);
}

unsigned mm_block_level(uint64_t bytes)
{
    unsigned level = 0;
    while (level < MM_LEVELS && MM_GROUP_PAGES * ASH_PAGE_SIZE << level < bytes)
        level++;
    return level;
}

static void set_state(uint32_t group, unsigned level, unsigned state)
{
    mm.group[group].state = (uint8_t)state;
    mm.group[group].level = (uint8_t)level;
}

static void push_free(uint32_t group, unsigned level)
{
    set_state(group, level, MM_BLOCK_FREE);
    struct mm_group *head = &mm.group[group];
    head->previous = 0;
    head->next = mm.free[level];
    if (head->next != 0)
        mm.group[head->next - 1].previous = group + 1;
    mm.free[level] = group + 1;
}

static void remove_free(uint32_t group, unsigned level)
{
    struct mm_group *head = &mm.group[group];
    if (head->previous != 0)
        mm.group[head->previous - 1].next = head->next;
    else
        mm.free[level] = head->next;
    if (head->next != 0)
        mm.group[head->next - 1].previous = head->previous;
    head->next = head->previous = 0;
}

/* Splits a block that is in no list; the upper half becomes free, the lower one stays in hand. */
static bool split(uint32_t group, unsigned level)
{
    mm_slot pair = mm_slot_take(1);
    if (pair == 0)
        return false;
    uint64_t half = MM_GROUP_PAGES * ASH_PAGE_SIZE << (level - 1);
    if (mm_backend_retype(*node_of(group, level), ASH_OBJ_UNTYPED, half, pair, 2) != ASH_OK) {
        mm_slot_give(pair, 1);
        return false;
    }
    uint32_t upper = group + (1u << (level - 1));
    *node_of(group, level - 1) = pair;
    *node_of(upper, level - 1) = pair + 1;
    push_free(upper, level - 1);
    return true;
}

/* Cuts a block that is in no list down to `level`. */
static uint32_t cut(uint32_t group, unsigned from, unsigned level)
{
    for (unsigned at = from; at > level; at--) {
        if (!split(group, at)) {
            mm_block_give(group, at);
            return MM_NO_GROUP;
        }
    }
    set_state(group, level, MM_BLOCK_UNTYPED);
    mm.group[group].exported = 0;
    mm.pages_free -= (uint64_t)MM_GROUP_PAGES << level;
    return group;
}

uint32_t mm_block_take(unsigned level)
{
    unsigned from = level;
    while (from < MM_LEVELS && mm.free[from] == 0)
        from++;
    if (from >= MM_LEVELS)
        return MM_NO_GROUP;
    uint32_t group = mm.free[from] - 1;
    remove_free(group, from);
    return cut(group, from, level);
}

/* Takes the first block found whose lowest part lies low enough: for devices with short addresses.
 */
uint32_t mm_block_take_below(unsigned level, uint64_t highest)
{
    uint64_t bytes = MM_GROUP_PAGES * ASH_PAGE_SIZE << level;
    for (unsigned from = level; from < MM_LEVELS; from++) {
        for (uint32_t at = mm.free[from]; at != 0; at = mm.group[at - 1].next) {
            uint64_t physical = mm.base + (uint64_t)(at - 1) * MM_GROUP_PAGES * ASH_PAGE_SIZE;
            if (physical + bytes - 1 > highest)
                continue;
            remove_free(at - 1, from);
            return cut(at - 1, from, level);
        }
    }
    return MM_NO_GROUP;
}

static bool buddy_is_free(uint32_t group, unsigned level)
{
    uint32_t buddy = group ^ 1u << level;
    if (level + 1 >= MM_LEVELS || buddy >= mm.group_count || *node_of(group, level + 1) == 0)
        return false;
    return mm.group[buddy].state == MM_BLOCK_FREE && mm.group[buddy].level == level;
}

/* One revocation, of the largest block that is whole again, frees everything below it. */
void mm_block_give(uint32_t group, unsigned level)
{
    if (mm.group[group].state != MM_BLOCK_FREE) /* else it was on its way out of a free list */
        mm.pages_free += (uint64_t)MM_GROUP_PAGES << level;
    while (buddy_is_free(group, level)) {
        uint32_t lower = group & ~(1u << level);
        remove_free(group ^ 1u << level, level);
        mm_slot pair = *node_of(lower, level);
        mm_backend_revoke(*node_of(lower, level + 1));
        *node_of(lower, level) = *node_of(lower | 1u << level, level) = 0;
        mm_slot_give(pair, 1);
        group = lower;
        level++;
    }
    mm_backend_revoke(*node_of(group, level));
    push_free(group, level);
}

/* The largest block that starts at `physical`, is aligned to its size and ends by `end`. */
static unsigned fitting_level(uint64_t physical, uint64_t end)
{
    unsigned level = MM_LEVELS;
    while (level-- > 0) {
        uint64_t bytes = MM_GROUP_PAGES * ASH_PAGE_SIZE << level;
        if ((physical - mm.base) % bytes == 0 && bytes <= end - physical)
            return level;
    }
    return MM_LEVELS;
}

/* Cuts a region into blocks. What does not fill a group at either end stays unused. */
void mm_block_add(const struct mm_ram *ram)
{
    const uint64_t group_bytes = MM_GROUP_PAGES * ASH_PAGE_SIZE;
    uint64_t at = ram->physical, end = ram->physical + ram->bytes;
    while (at < end) {
        (void)mm_slot_reserve(); /* as far as there are blocks for it already */
        unsigned level = fitting_level(at, end);
        uint64_t bytes = group_bytes << level;
        if (level == MM_LEVELS) /* a ragged piece, to the next boundary of a group */
            bytes = group_bytes - (at - mm.base) % group_bytes;
        if (bytes > end - at)
            return;
        mm_slot slot = mm_slot_take(0);
        if (slot == 0 || mm_backend_retype(ram->untyped, ASH_OBJ_UNTYPED, bytes, slot, 1) != ASH_OK)
            return;
        if (level < MM_LEVELS) {
            uint32_t group = (uint32_t)((at - mm.base) / group_bytes);
            *node_of(group, level) = slot;
            push_free(group, level);
            mm.pages_free += bytes / ASH_PAGE_SIZE;
            mm.pages_total += bytes / ASH_PAGE_SIZE;
        }
        at += bytes;
    }
}
