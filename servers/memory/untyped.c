// SPDX-License-Identifier: MIT
/*
 * Untypeds for the process manager's kernel objects. A capability to an Untyped cannot be copied,
 * so the client gets one made of the whole block, and revoking the block takes it back with all
 * that was made of it. The id is the block's group number + 1.
 */
#include "mm.h"

ash_status mm_untyped_take(uint64_t bytes, struct ash_mem_untyped_reply *reply, mm_slot *slot)
{
    unsigned level = mm_block_level(bytes);
    if (bytes == 0 || level >= MM_LEVELS)
        return STATUS_INVALID_PARAMETER;
    uint32_t group = mm_slot_reserve() ? mm_block_take(level) : MM_NO_GROUP;
    if (group == MM_NO_GROUP)
        return STATUS_NO_MEMORY;
    uint64_t size = MM_GROUP_PAGES * ASH_PAGE_SIZE << level;
    mm_backend_delete(mm.temporary); /* what the last message could not deliver */
    enum ash_error error =
        mm_backend_retype(mm_block_slot(group, level), ASH_OBJ_UNTYPED, size, mm.temporary, 1);
    if (error != ASH_OK) {
        mm_block_give(group, level);
        return mm_status(error);
    }
    mm.group[group].exported = 1;
    mm.pages_objects += (uint64_t)MM_GROUP_PAGES << level;
    *reply = (struct ash_mem_untyped_reply){.id = group + 1, .bytes = size};
    *slot = mm.temporary;
    return STATUS_SUCCESS;
}

ash_status mm_untyped_give(uint64_t id)
{
    if (id == 0 || id > mm.group_count)
        return STATUS_INVALID_HANDLE;
    uint32_t number = (uint32_t)id - 1;
    struct mm_group *group = &mm.group[number];
    if (group->state != MM_BLOCK_UNTYPED || group->exported != 1)
        return STATUS_INVALID_HANDLE;
    unsigned level = group->level;
    group->exported = 0;
    mm.pages_objects -= (uint64_t)MM_GROUP_PAGES << level;
    mm_block_give(number, level);
    return STATUS_SUCCESS;
}
