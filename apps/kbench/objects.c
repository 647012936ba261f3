// SPDX-License-Identifier: MIT
// Making kernel objects out of what root was given. Slots and memory are not given back.
#include "kbench.h"

#define FIRST_SLOT ((ash_word)2048)

static ash_cptr ram;
static ash_word next_slot = FIRST_SLOT;

ash_cptr new_slot(void)
{
    return next_slot++;
}

void objects_init(void)
{
    ash_word largest = 0;
    for (unsigned i = 0; i < boot->regions; i++) {
        struct ash_untyped_info info;
        if (boot->region[i].kind == ASH_REGION_RAM &&
            ash_untyped_info(ASH_BOOT_FIRST_UNTYPED + i, &info) == ASH_OK && info.left > largest) {
            largest = info.left;
            ram = ASH_BOOT_FIRST_UNTYPED + i;
        }
    }
}

ash_cptr make(enum ash_object_type type, ash_word parameter)
{
    ash_cptr slot = new_slot();
    MUST(ash_untyped_retype(ram, type, parameter, CNODE, slot, 1));
    return slot;
}

ash_cptr make_notification(void)
{
    ash_cptr plain = make(ASH_OBJ_NOTIFICATION, 0), badged = new_slot();
    MUST(ash_cnode_mint(CNODE, badged, plain, ASH_RIGHT_ALL, 1));
    return badged;
}

ash_cptr make_device_frame(ash_word physical)
{
    for (unsigned i = 0; i < boot->regions; i++) {
        const struct ash_region *region = &boot->region[i];
        if (region->kind == ASH_REGION_RAM || physical - region->physical >= region->size)
            continue;
        ash_cptr untyped = ASH_BOOT_FIRST_UNTYPED + i, slot = new_slot();
        struct ash_untyped_info info;
        MUST(ash_untyped_info(untyped, &info));
        ash_word skip = physical - region->physical - (info.size - info.left);
        if (skip != 0)
            MUST(ash_untyped_retype(untyped, ASH_OBJ_UNTYPED, skip, CNODE, new_slot(), 1));
        MUST(ash_untyped_retype(untyped, ASH_OBJ_FRAME, ASH_PAGE_BITS, CNODE, slot, 1));
        return slot;
    }
    ash_panic("no device memory at 0x%lx", (unsigned long)physical);
}

ash_cptr copy_of(ash_cptr capability)
{
    ash_cptr slot = new_slot();
    MUST(ash_cnode_copy(CNODE, slot, capability, ASH_RIGHT_ALL));
    return slot;
}

void map(ash_cptr frame, ash_cptr vspace, ash_word address, ash_word rights)
{
    ash_error error;
    while ((error = ash_frame_map(frame, vspace, address, rights)) == ASH_E_NO_TABLE)
        MUST(ash_page_table_map(make(ASH_OBJ_PAGE_TABLE, 0), vspace, address));
    MUST(error);
}
