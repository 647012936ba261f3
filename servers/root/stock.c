// SPDX-License-Identifier: MIT
/*
 * Objects come out of one RAM region, the largest, in order; slots are given out in order and never
 * come back. What is left of all regions goes to the memory manager.
 */
#include "root.h"

#define FIRST_SLOT 256u

static ash_word next_slot = FIRST_SLOT;
static ash_cptr ram;
static ash_word used_pages;
static ash_cptr reply;

static ash_cptr untyped_of(ash_word region)
{
    return ASH_BOOT_FIRST_UNTYPED + region;
}

static ash_word left_in(ash_cptr untyped)
{
    struct ash_untyped_info info;
    MUST(ash_untyped_info(untyped, &info));
    return info.left;
}

void stock_init(void)
{
    ash_word largest = 0;
    for (ash_word i = 0; i < root.boot->regions; i++) {
        const struct ash_region *region = &root.boot->region[i];
        if (region->kind == ASH_REGION_RAM && region->size > largest) {
            largest = region->size;
            ram = untyped_of(i);
        }
    }
    if (largest == 0)
        ash_panic("the kernel handed over no RAM");
    reply = stock_one(ASH_OBJ_REPLY);
}

ash_word stock_slots(unsigned count)
{
    if (next_slot + count > (ash_word)1 << ASH_BOOT_CNODE_RADIX)
        ash_panic("out of slots: the boot package is too large");
    ash_word first = next_slot;
    next_slot += count;
    return first;
}

ash_cptr stock_make(enum ash_object_type type, ash_word size, unsigned count)
{
    ash_word first = stock_slots(count);
    MUST(ash_untyped_retype(ram, type, size, ASH_BOOT_CNODE, first, count));
    return first;
}

ash_cptr stock_one(enum ash_object_type type)
{
    return stock_make(type, type == ASH_OBJ_FRAME ? ASH_PAGE_BITS : 0, 1);
}

ash_cptr stock_reply(void)
{
    return reply;
}

ash_cptr stock_frames_of(ash_cptr untyped, unsigned bits, unsigned count)
{
    ash_word first = stock_slots(count);
    MUST(ash_untyped_retype(untyped, ASH_OBJ_FRAME, bits, ASH_BOOT_CNODE, first, count));
    return first;
}

ash_cptr stock_region(enum ash_region_kind kind, struct ash_region *region)
{
    for (ash_word i = 0; i < root.boot->regions; i++)
        if (root.boot->region[i].kind == kind) {
            *region = root.boot->region[i];
            return untyped_of(i);
        }
    return 0;
}

/* The rest of a region as an Untyped of its own, so that the memory manager can revoke it without
 * touching what root made of the same region. */
static void give_region(ash_word i, ash_cptr cnode, struct ash_memory_boot *description)
{
    const struct ash_region *region = &root.boot->region[i];
    ash_word bytes = left_in(untyped_of(i)) & ~(ASH_PAGE_SIZE - 1);
    if (region->kind == ASH_REGION_RAM)
        used_pages += (region->size - bytes) / ASH_PAGE_SIZE;
    if (bytes == 0 || description->regions == ASH_MEMORY_BOOT_REGIONS)
        return;
    ash_word slot = ASH_MEMORY_BOOT_UNTYPED + description->regions;
    MUST(ash_untyped_retype(untyped_of(i), ASH_OBJ_UNTYPED, bytes, cnode, slot, 1));
    description->region[description->regions++] = (struct ash_memory_region){
        .physical = region->physical + region->size - bytes,
        .bytes = bytes,
        .kind = region->kind,
        .slot = slot,
    };
}

void stock_give_away(ash_cptr cnode, struct ash_memory_boot *description)
{
    for (ash_word i = 0; i < root.boot->regions; i++)
        if (root.boot->region[i].kind != ASH_REGION_PACKAGE)
            give_region(i, cnode, description);
    description->ram_pages = stock_pages_total();
    description->root_pages = used_pages;
}

ash_word stock_pages_used(void)
{
    return used_pages;
}

ash_word stock_pages_total(void)
{
    ash_word pages = 0;
    for (ash_word i = 0; i < root.boot->regions; i++)
        if (root.boot->region[i].kind == ASH_REGION_RAM)
            pages += root.boot->region[i].size / ASH_PAGE_SIZE;
    return pages;
}
