// SPDX-License-Identifier: MIT
/*
 * Devices. A task that may use DMA has a record for each of its devices: a task of its own kind,
 * whose address space is the kernel's IoSpace and whose views' addresses are the logical ones. What
 * the device may see there reaches (reach.c) say.
 *
 * A device that is not behind the IOMMU has a record without an address space: logical addresses
 * are physical ones and nothing is enforced.
 *
 * Invariants: a device's record is in the list of its driver's task, and names it; a view of kind
 * IO belongs to one reach. When a device's DMA ends it is first detached, which waits until what it
 * had begun is done; then its reaches go, and then the sections that nothing else needs.
 */
#include "mm.h"

/* Where logical addresses are chosen, in this order, as pages. The first is not where a machine has
 * RAM or registers of its own, so that an address which a device uses without being behind the
 * IOMMU after all names nothing; it ends before the page to which devices write their interrupts.
 * The last is for devices that produce short addresses. */
static const struct {
    uint64_t low, high;
} places[] = {
    {0x60000000 / ASH_PAGE_SIZE, ASH_IO_MESSAGE_PAGE / ASH_PAGE_SIZE},
    {(uint64_t)0x100000000 / ASH_PAGE_SIZE, (uint64_t)0x3f00000000 / ASH_PAGE_SIZE},
    {0x10000 / ASH_PAGE_SIZE, 0x60000000 / ASH_PAGE_SIZE},
};

uint64_t mm_io_place(const struct mm_task *device, uint64_t pages)
{
    uint64_t end = device->highest / ASH_PAGE_SIZE + (device->highest % ASH_PAGE_SIZE == 0xfff);
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        /* The guard page above may lie beyond what the device produces. */
        uint64_t high = end + 1 < places[i].high ? end + 1 : places[i].high;
        uint64_t hole = high > places[i].low
                            ? mm_range_hole(device->views, places[i].low, high, pages + 2, 1, 0)
                            : 0;
        if (hole != 0)
            return (hole + 1) * ASH_PAGE_SIZE;
    }
    return 0;
}

struct mm_task *mm_io_device(const struct mm_task *task, uint64_t pdo)
{
    struct mm_task *first = task->io != 0 ? mm_task_find(task->io) : nullptr;
    if (first == nullptr || first->io == 0)
        return first;
    for (struct mm_task *at = first; at != nullptr;
         at = at->io != 0 ? mm_task_find(at->io) : nullptr)
        if (at->pdo == pdo)
            return at;
    return nullptr;
}

static ash_status confine(struct mm_task *record, uint64_t device)
{
    ash_status status = STATUS_NO_MEMORY;
    if (mm_table_make(record, ASH_OBJ_IO_SPACE, &record->vspace))
        status = mm_status(mm_backend_attach(record->vspace, device));
    return status;
}

ash_status mm_io_allow(struct mm_task *task, uint64_t device, uint64_t pdo)
{
    static uint32_t number;
    for (uint32_t at = task->io; at != 0; at = mm_task_find(at)->io) {
        if (mm_task_find(at)->pdo == pdo) {
            mm_io_end(task, pdo);
            break;
        }
    }
    struct mm_task *record = mm_task_new(MM_TASK_IO | (++number & ~MM_TASK_IO), UINT32_MAX);
    if (record == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    record->driver = task->id;
    record->pdo = pdo;
    record->highest = UINT64_MAX;
    ash_status status = STATUS_SUCCESS;
    if (device != ASH_MEM_NO_DEVICE && mm_backend_has_iommu())
        status = confine(record, device);
    if (!ash_success(status)) {
        mm_tables_give(record);
        mm_task_forget(record);
        return status;
    }
    record->io = task->io;
    task->io = record->id;
    return STATUS_SUCCESS;
}

static void drop_reach(uint32_t index)
{
    uint32_t grant = mm_reach(index)->grant, section = mm_reach(index)->section;
    mm_reach_destroy(index);
    if (grant != 0)
        mm_grant_settle(grant);
    mm_section_settle(section);
}

static void end_device(struct mm_task *record)
{
    if (record->vspace != 0)
        mm_backend_detach(record->vspace);
    while (record->reaches != 0)
        drop_reach(record->reaches);
    mm_tables_give(record);
    mm_task_forget(record);
}

void mm_io_end(struct mm_task *task, uint64_t pdo)
{
    for (uint32_t *at = &task->io; *at != 0;) {
        struct mm_task *record = mm_task_find(*at);
        if (pdo != 0 && record->pdo != pdo) {
            at = &record->io;
            continue;
        }
        *at = record->io;
        end_device(record);
    }
}

void mm_io_section_gone(uint32_t section)
{
    while (mm_section(section)->reaches != 0)
        mm_reach_destroy(mm_section(section)->reaches);
}
