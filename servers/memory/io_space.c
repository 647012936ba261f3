// SPDX-License-Identifier: MIT
/*
 * What a task's device reaches. A task that drives a device behind the IOMMU has a second record:
 * that of the device, a task whose address space is the kernel's IoSpace. A section that the device
 * may reach has a view there, whose address is the logical address; the kernel makes sure that a
 * view which is destroyed is out of the device's reach before its pages are used for anything else.
 *
 * Invariants: the device's record lives while `io` of its task names it; its views are those of
 * grants that the task answers (grant->io_view) and of sections that the task owns, one each.
 *
 * Where there is no IOMMU, or the device is not behind it, `io` stays 0: logical addresses are
 * physical ones and nothing is enforced.
 */
#include "mm.h"

/* Not where a machine has RAM or registers of its own, so that an address which a device uses
 * without being behind the IOMMU after all names nothing. */
#define LOWEST ((uint64_t)0x60000000 / ASH_PAGE_SIZE)

static struct mm_task *device_of(const struct mm_task *task)
{
    return task->io != 0 ? mm_task_find(task->io) : nullptr;
}

static ash_status make_device(struct mm_task *task, uint64_t device)
{
    struct mm_task *io = mm_task_new(task->id | MM_TASK_IO, UINT32_MAX);
    if (io == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    io->low = LOWEST;
    ash_status status = STATUS_NO_MEMORY;
    if (mm_table_make(io, ASH_OBJ_IO_SPACE, &io->vspace))
        status = mm_status(mm_backend_attach(io->vspace, device));
    if (!ash_success(status)) {
        mm_tables_give(io);
        mm_task_forget(io);
        return status;
    }
    task->io = io->id;
    return STATUS_SUCCESS;
}

ash_status mm_io_allow(struct mm_task *task, uint64_t device)
{
    if (task->dma_allowed)
        mm_io_end(task);
    ash_status status = STATUS_SUCCESS;
    if (device != ASH_MEM_NO_DEVICE && mm_backend_has_iommu())
        status = make_device(task, device);
    task->dma_allowed = ash_success(status);
    return status;
}

void mm_io_quiesce(struct mm_task *task)
{
    const struct mm_task *io = device_of(task);
    if (io != nullptr)
        mm_backend_detach(io->vspace);
    task->dma_allowed = false;
}

void mm_io_end(struct mm_task *task)
{
    mm_io_quiesce(task);
    mm_grant_dma_end(task);
    struct mm_task *io = device_of(task);
    if (io == nullptr)
        return;
    while (io->views != 0) {
        uint32_t section = mm_view(io->views)->section;
        mm_view_destroy(io->views);
        mm_section_settle(section);
    }
    mm_tables_give(io);
    mm_task_forget(io);
    task->io = 0;
}

ash_status mm_io_view(const struct mm_task *task, uint32_t section, unsigned prot, uint32_t *view)
{
    prot &= ASH_MEM_READ | ASH_MEM_WRITE;
    struct mm_view_request request = {
        .task = device_of(task), .prot = prot, .most = prot, .guard = true, .kind = MM_VIEW_IO};
    return mm_view_create(&request, section, view);
}

/* The device's view of a section that the task owns, or 0. */
static uint32_t own_view(const struct mm_task *task, const struct mm_section *section)
{
    for (uint32_t at = section->views; at != 0; at = mm_view(at)->next)
        if (mm_view(at)->kind == MM_VIEW_IO && mm_view(at)->task == task->io)
            return at;
    return 0;
}

ash_status mm_io_own_view(const struct mm_task *task, uint32_t section, uint32_t *view)
{
    *view = own_view(task, mm_section(section));
    if (*view != 0)
        return STATUS_SUCCESS;
    return mm_io_view(task, section, ASH_MEM_READ | ASH_MEM_WRITE, view);
}

void mm_io_section_gone(const struct mm_task *owner, uint32_t section)
{
    uint32_t view = owner->io != 0 ? own_view(owner, mm_section(section)) : 0;
    if (view != 0)
        mm_view_destroy(view);
}

uint64_t mm_io_logical(uint32_t view, uint32_t section, uint64_t page)
{
    if (view != 0)
        return mm_view(view)->address + page * ASH_PAGE_SIZE;
    return mm_frame_physical(mm_vector_get(&mm_section(section)->pages, (uint32_t)page));
}
