// SPDX-License-Identifier: MIT
/*
 * Requests that have to do with DMA: what is asked is checked against what there is, then the
 * bookkeeping (grant.c, io_space.c) is called. See operation.c.
 */
#include "operation.h"

MM_HANDLER(mm_do_grant_dma)
{
    return mm_grant_dma(caller, in, out);
}

/* Behind an IOMMU any pages look contiguous. */
static ash_status create_common(struct mm_task *caller, uint32_t pages, uint64_t highest,
                                uint32_t *section)
{
    return caller->io != 0 ? mm_section_create(caller, pages, section)
                           : mm_section_create_contiguous(caller, pages, highest, section);
}

static void drop_common(const struct mm_task *caller, uint32_t section)
{
    mm_io_section_gone(caller, section);
    if (mm_section(section)->views != 0)
        mm_view_destroy(mm_section(section)->views);
    mm_section_close(section);
    mm_section_settle(section);
}

MM_HANDLER(mm_do_common_buffer)
{
    const struct ash_mem_common_request *request = in;
    uint32_t pages, section, index;
    if (!mm_pages_of(request->bytes, &pages))
        return STATUS_INVALID_PARAMETER;
    if (!caller->dma_allowed)
        return STATUS_ACCESS_DENIED;
    uint64_t highest = request->highest_logical != 0 ? request->highest_logical : UINT64_MAX;
    ash_status status = create_common(caller, pages, highest, &section);
    if (!ash_success(status))
        return status;
    struct mm_view_request place = {
        .task = caller, .prot = MM_READ_WRITE, .most = MM_READ_WRITE, .kind = MM_VIEW_OWN};
    status = mm_view_create(&place, section, &index);
    uint32_t io_view = 0;
    if (ash_success(status) && caller->io != 0)
        status = mm_io_own_view(caller, section, &io_view);
    uint64_t logical = ash_success(status) ? mm_io_logical(io_view, section, 0) : 0;
    if (ash_success(status) && logical + pages * ASH_PAGE_SIZE - 1 > highest)
        status = STATUS_NO_MEMORY;
    if (!ash_success(status)) {
        drop_common(caller, section);
        return status;
    }
    *(struct ash_mem_common_reply *)out =
        (struct ash_mem_common_reply){mm_view(index)->address, pages * ASH_PAGE_SIZE, logical};
    return STATUS_SUCCESS;
}

MM_HANDLER(mm_do_own_dma)
{
    const struct ash_mem_own_dma_request *request = in;
    struct ash_mem_dma_reply *reply = out;
    struct mm_view *view = mm_view_at(caller, request->address, nullptr);
    if (!caller->dma_allowed)
        return STATUS_ACCESS_DENIED;
    if (view == nullptr || view->kind != MM_VIEW_OWN || request->pages == 0 ||
        request->pages > ASH_MEM_DMA_PAGES)
        return STATUS_INVALID_PARAMETER;
    uint64_t first = (request->address - view->address) / ASH_PAGE_SIZE;
    if (first >= view->elements || request->pages > view->elements - first)
        return STATUS_INVALID_PARAMETER;
    uint32_t io_view = 0;
    ash_status status =
        caller->io != 0 ? mm_io_own_view(caller, view->section, &io_view) : STATUS_SUCCESS;
    if (!ash_success(status))
        return status;
    reply->pages = request->pages;
    for (uint32_t i = 0; i < request->pages; i++)
        reply->address[i] = mm_io_logical(io_view, view->section, first + i);
    return STATUS_SUCCESS;
}

MM_HANDLER(mm_do_dma_allow)
{
    const struct ash_mem_dma_allow_request *request = in;
    struct mm_task *task = mm_task_find((uint32_t)request->task);
    struct ash_mem_dma_allow_reply *reply = out;
    if (task == nullptr || request->allow > 1)
        return STATUS_INVALID_PARAMETER;
    if (request->allow == 0) {
        mm_io_end(task);
        return STATUS_SUCCESS;
    }
    ash_status status = mm_io_allow(task, request->device);
    reply->enforced = task->io != 0;
    return status;
}

MM_HANDLER(mm_do_dma_info)
{
    struct ash_mem_dma_info_reply *reply = out;
    *reply = (struct ash_mem_dma_info_reply){caller->dma_allowed, caller->io != 0};
    return STATUS_SUCCESS;
}

MM_HANDLER(mm_do_dma_fault)
{
    struct ash_mem_dma_fault_reply *reply = out;
    if (!mm_backend_has_iommu())
        return STATUS_NOT_SUPPORTED;
    struct mm_fault fault;
    bool found = mm_backend_fault(&fault);
    if (found)
        *reply = (struct ash_mem_dma_fault_reply){true,        fault.device, fault.address,
                                                  fault.cause, fault.kind,   fault.lost};
    return STATUS_SUCCESS;
}
