// SPDX-License-Identifier: MIT
/*
 * Frames into address spaces. The kernel keeps the page tables' shape: a mapping that lacks a
 * table says so, and a table is then taken from the task's table blocks. Tables stay until the
 * task is destroyed.
 */
#include "mm.h"

#define TABLE_LEVEL    0u /* page tables come in blocks of 32 KiB */
#define TABLE_TRIES    4u
#define MM_TABLE_ORDER 3u

ash_status mm_status(enum ash_error error)
{
    switch (error) {
    case ASH_OK:
        return STATUS_SUCCESS;
    case ASH_E_MEMORY:
    case ASH_E_EXHAUSTED:
        return STATUS_NO_MEMORY;
    case ASH_E_WX:
    case ASH_E_ARGUMENT:
    case ASH_E_RANGE:
    case ASH_E_ALIGNMENT:
        return STATUS_INVALID_PARAMETER;
    case ASH_E_RIGHTS:
        return STATUS_ACCESS_DENIED;
    default:
        return STATUS_INTERNAL_ERROR;
    }
}

bool mm_prot_valid(uint64_t prot)
{
    switch (prot) {
    case 0:
    case ASH_MEM_READ:
    case ASH_MEM_READ | ASH_MEM_WRITE:
    case ASH_MEM_READ | ASH_MEM_EXECUTE:
        return true;
    default:
        return false; /* never writable and executable at once; no write without read */
    }
}

/* Something was made of the region that the manager starts with: its free part is at its end. */
void mm_boot_account(void)
{
    uint64_t left = mm_backend_left(mm.boot.untyped) & ~(ASH_PAGE_SIZE - 1);
    mm.pages_own += (mm.boot.bytes - left) / ASH_PAGE_SIZE;
    mm.boot.physical += mm.boot.bytes - left;
    mm.boot.bytes = left;
}

bool mm_boot_make(unsigned type, unsigned size, mm_slot *slot)
{
    *slot = mm_slot_reserve() ? mm_slot_take(0) : 0;
    if (*slot == 0 || mm_backend_retype(mm.boot.untyped, type, size, *slot, 1) != ASH_OK)
        return false;
    mm_boot_account();
    return true;
}

static bool add_table_block(struct mm_task *task)
{
    uint32_t group = mm_slot_reserve() ? mm_block_take(TABLE_LEVEL) : MM_NO_GROUP;
    if (group == MM_NO_GROUP)
        return false;
    mm_slot slots = mm_slot_take(MM_TABLE_ORDER);
    if (slots == 0) {
        mm_block_give(group, TABLE_LEVEL);
        return false;
    }
    mm.group[group].next = task->tables;
    mm.group[group].frames = slots;
    mm.group[group].pages_free = 0;
    task->tables = group + 1;
    mm.pages_tables += MM_GROUP_PAGES;
    return true;
}

bool mm_table_make(struct mm_task *task, unsigned type, mm_slot *slot)
{
    if (mm.boot.bytes != 0)
        return mm_boot_make(type, 0, slot);
    for (unsigned fresh = 0; fresh < 2; fresh++) {
        if (fresh != 0 && !add_table_block(task))
            return false;
        struct mm_group *block = task->tables != 0 ? &mm.group[task->tables - 1] : nullptr;
        if (block == nullptr || block->pages_free == 1u << MM_TABLE_ORDER)
            continue;
        *slot = block->frames + block->pages_free;
        if (mm_backend_retype(mm_block_slot(task->tables - 1, TABLE_LEVEL), type, 0, *slot, 1) ==
            ASH_OK) {
            block->pages_free++;
            return true;
        }
    }
    return false;
}

/* Revoking the blocks deletes the task's VSpace and tables, and every capability made of them. */
void mm_tables_give(struct mm_task *task)
{
    while (task->tables != 0) {
        uint32_t group = task->tables - 1;
        mm_slot slots = mm.group[group].frames;
        task->tables = mm.group[group].next;
        mm.group[group].next = 0;
        mm_block_give(group, TABLE_LEVEL);
        mm_slot_give(slots, MM_TABLE_ORDER);
        mm.pages_tables -= MM_GROUP_PAGES;
    }
}

ash_status mm_map_frame(struct mm_task *task, mm_slot frame, uint64_t address, unsigned prot)
{
    enum ash_error error = ASH_OK;
    for (unsigned try = 0; try < TABLE_TRIES; try++) {
        error = mm_backend_frame_map(frame, task->vspace, address, prot);
        if (error != ASH_E_NO_TABLE)
            break;
        mm_slot table;
        if (!mm_table_make(task, ASH_OBJ_PAGE_TABLE, &table))
            return STATUS_NO_MEMORY;
        error = mm_backend_table_map(table, task->vspace, address);
        if (error != ASH_OK)
            break;
    }
    return mm_status(error);
}

static uint32_t run_count(uint32_t elements)
{
    return (elements + MM_RUN_MAX - 1) / MM_RUN_MAX;
}

static unsigned order_of_run(uint32_t elements, uint32_t run)
{
    uint32_t rest = elements - run * MM_RUN_MAX;
    return mm_order(rest < MM_RUN_MAX ? rest : MM_RUN_MAX);
}

static void give_runs(struct mm_view *view, uint32_t elements, uint32_t runs)
{
    for (uint32_t run = 0; run < runs; run++)
        mm_slot_give(mm_vector_get(&view->runs, run), order_of_run(elements, run));
    mm_vector_fini(&view->runs);
}

/* Takes slots for the copies of `elements` frames. */
ash_status mm_map_runs(struct mm_view *view, uint32_t elements)
{
    uint32_t runs = run_count(elements);
    if (!mm_vector_init(&view->runs, runs))
        return STATUS_NO_MEMORY;
    for (uint32_t run = 0; run < runs; run++) {
        mm_slot first = mm_slot_reserve() ? mm_slot_take(order_of_run(elements, run)) : 0;
        if (first == 0) {
            give_runs(view, elements, run);
            return STATUS_NO_MEMORY;
        }
        mm_vector_set(&view->runs, run, first);
    }
    view->elements = elements;
    return STATUS_SUCCESS;
}

mm_slot mm_view_slot(const struct mm_view *view, uint32_t element)
{
    return mm_vector_get(&view->runs, element / MM_RUN_MAX) + element % MM_RUN_MAX;
}

/* Deletes the first `filled` copies, which unmaps them, and gives the slots back. */
void mm_map_runs_undo(struct mm_view *view, uint32_t filled)
{
    for (uint32_t i = 0; i < filled; i++)
        mm_backend_delete(mm_view_slot(view, i));
    give_runs(view, view->elements, run_count(view->elements));
    view->elements = 0;
}
