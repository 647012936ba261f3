// SPDX-License-Identifier: MIT
/*
 * Requests that have to do with DMA: what is asked is checked against what there is, then the
 * bookkeeping (grant.c, io_space.c, reach.c, open.c) is called. See operation.c.
 */
#include "operation.h"

/* Pages of the task's own memory. */
static ash_status open_own(struct mm_task *caller, struct mm_task *device,
                           const struct ash_mem_dma_open_request *request,
                           struct ash_mem_dma_open_reply *reply)
{
    struct mm_view *view = mm_view_at(caller, request->grant, nullptr);
    uint32_t at;
    if (view == nullptr || view->kind != MM_VIEW_OWN || view->section == 0 ||
        mm_section(view->section)->owner != caller->id)
        return STATUS_INVALID_PARAMETER;
    uint64_t first = (request->grant - view->address) / ASH_PAGE_SIZE + request->first_page;
    if (first >= view->elements || request->pages > view->elements - first)
        return STATUS_INVALID_PARAMETER;
    ash_status status = mm_reach_of_own(device, view->section, request->writes != 0, false, &at);
    if (!ash_success(status))
        return status;
    const struct mm_open_request wanted = {
        .reach = at, .first = (uint32_t)first, .pages = request->pages};
    if (!mm_reach(at)->lasting)
        status = mm_open_make(caller, &wanted, &reply->id);
    for (uint32_t i = 0; i < request->pages && ash_success(status); i++)
        reply->address[i] = mm_reach_logical(mm_reach(at), (uint32_t)first + i);
    return status;
}

MM_HANDLER(mm_do_dma_open)
{
    const struct ash_mem_dma_open_request *request = in;
    struct ash_mem_dma_open_reply *reply = out;
    struct mm_task *device = mm_io_device(caller, request->device);
    if (device == nullptr)
        return STATUS_ACCESS_DENIED;
    if (request->pages == 0 || request->pages > ASH_MEM_DMA_PAGES || request->writes > 1)
        return STATUS_INVALID_PARAMETER;
    result->bytes = (1u + request->pages) * sizeof(ash_word);
    return request->link != 0 ? mm_grant_open(caller, device, request, reply)
                              : open_own(caller, device, request, reply);
}

MM_HANDLER(mm_do_dma_close)
{
    const struct ash_mem_dma_close_request *request = in;
    return mm_open_close_id(caller, request->id);
}

MM_HANDLER(mm_do_dma_use)
{
    const struct ash_mem_link_request *request = in;
    return mm_open_uses(caller, request->link, out);
}

MM_HANDLER(mm_do_dma_end)
{
    const struct ash_mem_dma_end_request *request = in;
    return mm_open_end(caller, request->link, request->slot, out);
}

/* Behind an IOMMU any pages look contiguous. */
static ash_status create_common(struct mm_task *caller, const struct mm_task *device,
                                uint32_t pages, uint64_t highest, uint32_t *section)
{
    return device->vspace != 0 ? mm_section_create(caller, pages, section)
                               : mm_section_create_contiguous(caller, pages, highest, section);
}

static void drop_common(uint32_t section)
{
    mm_io_section_gone(section);
    if (mm_section(section)->views != 0)
        mm_view_destroy(mm_section(section)->views);
    mm_section_close(section);
    mm_section_settle(section);
}

/* A lasting reach of the device alone, at addresses that the request allows. */
static ash_status reach_common(struct mm_task *device, uint32_t section, uint64_t highest,
                               uint32_t *reach)
{
    uint64_t usual = device->highest;
    device->highest = highest < usual ? highest : usual;
    ash_status status = mm_reach_of_own(device, section, true, true, reach);
    device->highest = usual;
    return status == STATUS_CONFLICTING_ADDRESSES ? STATUS_NO_MEMORY : status;
}

MM_HANDLER(mm_do_common_buffer)
{
    const struct ash_mem_common_request *request = in;
    struct mm_task *device = mm_io_device(caller, request->device);
    uint32_t pages, section, index, reach;
    if (!mm_pages_of(request->bytes, &pages))
        return STATUS_INVALID_PARAMETER;
    if (device == nullptr)
        return STATUS_ACCESS_DENIED;
    uint64_t highest = request->highest_logical != 0 ? request->highest_logical : UINT64_MAX;
    ash_status status = create_common(caller, device, pages, highest, &section);
    if (!ash_success(status))
        return status;
    struct mm_view_request place = {
        .task = caller, .prot = MM_READ_WRITE, .most = MM_READ_WRITE, .kind = MM_VIEW_OWN};
    status = mm_view_create(&place, section, &index);
    if (ash_success(status))
        status = reach_common(device, section, highest, &reach);
    if (!ash_success(status)) {
        drop_common(section);
        return status;
    }
    *(struct ash_mem_common_reply *)out = (struct ash_mem_common_reply){
        mm_view(index)->address, pages * ASH_PAGE_SIZE, mm_reach_logical(mm_reach(reach), 0)};
    return STATUS_SUCCESS;
}

MM_HANDLER(mm_do_dma_allow)
{
    const struct ash_mem_dma_allow_request *request = in;
    struct mm_task *task = mm_task_find((uint32_t)request->task);
    struct ash_mem_dma_allow_reply *reply = out;
    if (task == nullptr || (task->id & MM_TASK_IO) != 0 || request->allow > 1)
        return STATUS_INVALID_PARAMETER;
    if (request->allow == 0) {
        mm_io_end(task, request->pdo);
        return STATUS_SUCCESS;
    }
    ash_status status = mm_io_allow(task, request->device, request->pdo);
    reply->enforced = ash_success(status) && mm_io_device(task, request->pdo)->vspace != 0;
    return status;
}

MM_HANDLER(mm_do_dma_info)
{
    const struct ash_mem_dma_info_request *request = in;
    struct ash_mem_dma_info_reply *reply = out;
    struct mm_task *device = mm_io_device(caller, request->device);
    if (device == nullptr)
        return STATUS_SUCCESS;
    if (request->highest != 0 && request->highest < device->highest)
        device->highest = request->highest;
    *reply = (struct ash_mem_dma_info_reply){true, device->vspace != 0};
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
