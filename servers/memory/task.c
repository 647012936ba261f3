// SPDX-License-Identifier: MIT
/*
 * Tasks. What a task owns hangs from its record: views, sections, grants that it answers, table
 * blocks, device ranges; destroying it walks these lists. Pages that another task may still reach
 * by DMA outlive it (see section.c).
 */
#include "boot_protocol.h"
#include "mm.h"

/* In the image's gigabyte, so that a small task does with one table less. */
#define CHOSEN_LOW ((uint64_t)0x10000000 / ASH_PAGE_SIZE)

static uint32_t *hash_head(uint32_t id)
{
    return &mm.task_hash[id * 2654435761u >> 16 & (MM_TASKS - 1)];
}

struct mm_task *mm_task_find(uint32_t id)
{
    for (uint32_t at = *hash_head(id); at != 0 && id != 0; at = mm.task[at - 1].hash_next)
        if (mm.task[at - 1].id == id)
            return &mm.task[at - 1];
    return nullptr;
}

struct mm_task *mm_task_new(uint32_t id, uint32_t quota)
{
    for (uint32_t i = 0; i < MM_TASKS; i++) {
        struct mm_task *task = &mm.task[i];
        if (task->id != 0)
            continue;
        *task = (struct mm_task){
            .id = id, .quota = quota, .low = CHOSEN_LOW, .hash_next = *hash_head(id)};
        *hash_head(id) = i + 1;
        mm.task_count += !(id & MM_TASK_IO);
        return task;
    }
    return nullptr;
}

void mm_task_forget(struct mm_task *task)
{
    uint32_t *place = hash_head(task->id);
    while (&mm.task[*place - 1] != task)
        place = &mm.task[*place - 1].hash_next;
    *place = task->hash_next;
    mm.task_count -= !(task->id & MM_TASK_IO);
    *task = (struct mm_task){};
}

ash_status mm_task_adopt(uint32_t id, uint32_t quota, mm_slot vspace)
{
    if (id == 0 || mm_task_find(id) != nullptr)
        return STATUS_INVALID_PARAMETER;
    struct mm_task *task = mm_task_new(id, quota);
    if (task == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    task->vspace = vspace;
    task->low = ASH_BOOT_ADOPTED_TOP / ASH_PAGE_SIZE;
    task->adopted = true;
    return STATUS_SUCCESS;
}

ash_status mm_task_create(uint32_t id, uint32_t quota, mm_slot *vspace)
{
    if (id == 0 || mm_task_find(id) != nullptr)
        return STATUS_INVALID_PARAMETER;
    struct mm_task *task = mm_task_new(id, quota);
    if (task == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!mm_table_make(task, ASH_OBJ_VSPACE, &task->vspace)) {
        mm_tables_give(task);
        mm_task_forget(task);
        return STATUS_NO_MEMORY;
    }
    *vspace = task->vspace;
    return STATUS_SUCCESS;
}

static void close_sections(struct mm_task *task)
{
    while (task->sections != 0) {
        uint32_t index = task->sections;
        struct mm_section *section = mm_section(index);
        mm_section_close(index);
        task->sections = section->next;
        if (section->next != 0)
            mm_section(section->next)->previous = 0;
        section->owner = 0; /* its pages are nobody's quota any more */
        section->next = section->previous = 0;
        mm_section_settle(index);
    }
}

ash_status mm_task_destroy(uint32_t id)
{
    struct mm_task *task = mm_task_find(id);
    if (task == nullptr || task->adopted)
        return STATUS_INVALID_PARAMETER;
    mm_io_end(task, 0);
    mm_link_task_gone(task);
    mm_grant_task_gone(task);
    close_sections(task);
    while (task->views != 0) {
        uint32_t section = mm_view(task->views)->section;
        mm_view_destroy(task->views);
        if (section != 0)
            mm_section_settle(section);
    }
    mm_device_task_gone(task);
    mm_tables_give(task);
    mm_task_forget(task);
    return STATUS_SUCCESS;
}
