// SPDX-License-Identifier: MIT
/*
 * The first steps: the manager's arrays are mapped in pages of the largest RAM region, before
 * there are blocks; then every region becomes blocks.
 */
#include "mm.h"
#include <string.h>

struct mm mm;

static uint64_t block_max(void)
{
    return MM_GROUP_PAGES * ASH_PAGE_SIZE << (MM_LEVELS - 1);
}

/* Page 0 is the lowest boundary of a largest block below all RAM. */
static void measure(const struct mm_ram *ram, unsigned count, unsigned *largest)
{
    uint64_t low = UINT64_MAX, high = 0;
    *largest = 0;
    for (unsigned i = 0; i < count; i++) {
        if (ram[i].physical < low)
            low = ram[i].physical;
        if (ram[i].physical + ram[i].bytes > high)
            high = ram[i].physical + ram[i].bytes;
        if (ram[i].bytes > ram[*largest].bytes)
            *largest = i;
    }
    mm.base = low & ~(block_max() - 1);
    mm.group_count = (uint32_t)(((high + block_max() - 1 & ~(block_max() - 1)) - mm.base) /
                                (MM_GROUP_PAGES * ASH_PAGE_SIZE));
}

static bool map_arrays(void)
{
    struct mm_arena groups = {.base = mm_backend_arena(MM_ARENA_GROUPS)};
    struct mm_arena nodes = {.base = mm_backend_arena(MM_ARENA_NODES)};
    size_t node_count = 0, at = 0;
    for (unsigned level = 0; level < MM_LEVELS; level++)
        node_count += mm.group_count >> level;
    if (!mm_arena_back(&groups, mm.group_count * sizeof(struct mm_group)) ||
        !mm_arena_back(&nodes, node_count * sizeof(mm_slot)))
        return false;
    mm.group = (struct mm_group *)(void *)groups.base;
    for (unsigned level = 0; level < MM_LEVELS; level++) {
        mm.node[level] = (mm_slot *)(void *)nodes.base + at;
        at += mm.group_count >> level;
    }
    return true;
}

static void init_pools(void)
{
    mm_pool_init(&mm.sections, MM_ARENA_SECTIONS, sizeof(struct mm_section));
    mm_pool_init(&mm.views, MM_ARENA_VIEWS, sizeof(struct mm_view));
    mm_pool_init(&mm.grants, MM_ARENA_GRANTS, sizeof(struct mm_grant));
    mm_pool_init(&mm.links, MM_ARENA_LINKS, sizeof(struct mm_link));
    mm_pool_init(&mm.vectors, MM_ARENA_VECTORS, 64 * sizeof(uint32_t));
    mm_pool_init(&mm.segments, MM_ARENA_SEGMENTS, sizeof(struct mm_segment));
    mm_pool_init(&mm.ranges, MM_ARENA_RANGES, sizeof(struct mm_range));
    mm_pool_init(&mm.reaches, MM_ARENA_REACHES, sizeof(struct mm_reach));
    mm_pool_init(&mm.opens, MM_ARENA_OPENS, sizeof(struct mm_open));
}

bool mm_init(uint32_t self, const struct mm_ram *ram, unsigned ram_count,
             const struct mm_ram *device, unsigned device_count, mm_slot first_slot)
{
    unsigned largest;
    if (ram_count == 0)
        return false;
    memset(&mm, 0, sizeof(mm));
    mm_slot_init(first_slot);
    measure(ram, ram_count, &largest);
    init_pools();
    if (mm_task_adopt(self, UINT32_MAX, MM_SLOT_OWN_VSPACE) != STATUS_SUCCESS)
        return false;
    mm.self = mm_task_find(self);
    mm.boot = ram[largest];
    if (!map_arrays())
        return false;
    struct mm_ram rest = mm.boot;
    mm.pages_total = mm.pages_own;
    mm.boot = (struct mm_ram){};
    mm_block_add(&rest);
    for (unsigned i = 0; i < ram_count; i++)
        if (i != largest)
            mm_block_add(&ram[i]);
    mm.temporary = mm_slot_reserve() ? mm_slot_take(0) : 0;
    for (unsigned i = 0; i < device_count; i++)
        mm_device_add(&device[i]);
    return mm.temporary != 0;
}
