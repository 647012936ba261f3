// SPDX-License-Identifier: MIT
/*
 * Requests: who may ask what, sizes of requests and replies, and the call into the bookkeeping.
 * The request is the caller's bytes, copied; the reply's bytes are zero before a handler fills it.
 */
#include "operation.h"
#include <string.h>

/* Who may use an operation: everybody (0) or one manager. */
struct operation {
    uint16_t op, owner;
    uint16_t request_bytes, reply_bytes;
    ash_status (*handler)(struct mm_task *caller, const void *request, void *reply,
                          struct mm_result *result);
};

#define HANDLER(name)                                                                              \
    static ash_status name([[maybe_unused]] struct mm_task *caller,                                \
                           [[maybe_unused]] const void *in, [[maybe_unused]] void *out,            \
                           [[maybe_unused]] struct mm_result *result)

/* A new section with a first view; nothing is left of it if the view cannot be made. */
static ash_status section_with_view(struct mm_view_request *place, struct mm_task *owner,
                                    uint32_t pages, uint32_t *section, uint32_t *view)
{
    ash_status status = mm_section_create(owner, pages, section);
    if (!ash_success(status))
        return status;
    status = mm_view_create(place, *section, view);
    if (!ash_success(status)) {
        mm_section_close(*section);
        mm_section_settle(*section);
    }
    return status;
}

static const unsigned all_rights = ASH_MEM_READ | ASH_MEM_WRITE | ASH_MEM_EXECUTE;

HANDLER(do_map)
{
    const struct ash_mem_map_request *request = in;
    struct ash_mem_map_reply *reply = out;
    uint32_t pages, section, view;
    if (!mm_pages_of(request->bytes, &pages) || (request->flags & ~(ash_word)ASH_MEM_GUARD) != 0)
        return STATUS_INVALID_PARAMETER;
    struct mm_view_request place = {.task = caller,
                                    .prot = MM_READ_WRITE,
                                    .most = all_rights,
                                    .guard = request->flags & ASH_MEM_GUARD,
                                    .kind = MM_VIEW_OWN};
    ash_status status = section_with_view(&place, caller, pages, &section, &view);
    if (ash_success(status))
        *reply = (struct ash_mem_map_reply){mm_view(view)->address, pages * ASH_PAGE_SIZE};
    return status;
}

HANDLER(do_map_again)
{
    const struct ash_mem_map_again_request *request = in;
    struct mm_view *view = mm_view_at(caller, request->address, nullptr);
    uint32_t again;
    if (view == nullptr || view->kind != MM_VIEW_OWN || view->section == 0 ||
        mm_section(view->section)->owner != caller->id || !mm_prot_valid(request->prot))
        return STATUS_INVALID_PARAMETER;
    uint32_t section = view->section;
    unsigned prot = (unsigned)request->prot;
    struct mm_view_request place = {caller, 0, prot, prot, false, MM_VIEW_OWN};
    ash_status status = mm_view_create(&place, section, &again);
    if (ash_success(status))
        *(struct ash_mem_map_reply *)out = (struct ash_mem_map_reply){
            mm_view(again)->address, mm_section(section)->pages.count * ASH_PAGE_SIZE};
    return status;
}

/* The owner has no view of the section left. */
static bool owner_done(const struct mm_section *section)
{
    for (uint32_t at = section->views; at != 0; at = mm_view(at)->next)
        if (mm_view(at)->kind == MM_VIEW_OWN && mm_view(at)->task == section->owner)
            return false;
    return true;
}

HANDLER(do_unmap)
{
    const struct ash_mem_view_request *request = in;
    uint32_t index;
    struct mm_view *view = mm_view_at(caller, request->address, &index);
    if (view == nullptr || view->address != (request->address & ~(ASH_PAGE_SIZE - 1)))
        return STATUS_INVALID_PARAMETER;
    if (view->kind == MM_VIEW_LINK)
        return STATUS_ACCESS_DENIED;
    uint32_t section = view->section;
    mm_view_destroy(index);
    if (section == 0)
        return STATUS_SUCCESS;
    if (mm_section(section)->owner == caller->id && owner_done(mm_section(section))) {
        mm_io_section_gone(section);
        mm_section_close(section);
    }
    mm_section_settle(section);
    return STATUS_SUCCESS;
}

HANDLER(do_protect)
{
    const struct ash_mem_protect_request *request = in;
    struct mm_view *view = mm_view_at(caller, request->address, nullptr);
    uint32_t pages;
    if (view == nullptr || request->address % ASH_PAGE_SIZE != 0 || !mm_prot_valid(request->prot) ||
        !mm_pages_of(request->bytes, &pages))
        return STATUS_INVALID_PARAMETER;
    uint64_t first = (request->address - view->address) / ASH_PAGE_SIZE;
    if (first >= view->elements || pages > view->elements - first)
        return STATUS_INVALID_PARAMETER;
    if (view->kind != MM_VIEW_OWN && view->kind != MM_VIEW_GRANT)
        return STATUS_ACCESS_DENIED;
    return mm_view_protect(view, (uint32_t)first, pages, (unsigned)request->prot);
}

HANDLER(do_grant)
{
    const struct ash_mem_grant_request *request = in;
    return mm_grant_create(caller, request->link, request->address, request->prot, out);
}

HANDLER(do_grant_forward)
{
    return mm_grant_forward(caller, in, out);
}

HANDLER(do_grant_close)
{
    const struct ash_mem_grant_id *id = in;
    return mm_grant_close(caller, id->link, id->grant);
}

HANDLER(do_grant_map)
{
    const struct ash_mem_grant_id *id = in;
    return mm_grant_map(caller, id->link, id->grant, out);
}

HANDLER(do_grant_release)
{
    const struct ash_mem_grant_id *id = in;
    return mm_grant_release(caller, id->link, id->grant);
}

HANDLER(do_map_device)
{
    const struct ash_mem_device_request *request = in;
    return mm_device_map(caller, request->physical, request->bytes, out);
}

HANDLER(do_statistics)
{
    *(struct ash_mem_statistics_reply *)out = (struct ash_mem_statistics_reply){
        .pages_total = mm.pages_total,
        .pages_free = mm.pages_free,
        .pages_tables = mm.pages_tables,
        .pages_kernel_objects = mm.pages_objects,
        .sections = mm.sections.used,
        .grants = mm.grants.used,
        .tasks = mm.task_count,
    };
    return STATUS_SUCCESS;
}

HANDLER(do_task_info)
{
    const struct ash_mem_task_request *request = in;
    const struct mm_task *task = mm_task_find((uint32_t)request->task);
    if (task == nullptr)
        return STATUS_INVALID_HANDLE;
    *(struct ash_mem_task_info_reply *)out =
        (struct ash_mem_task_info_reply){task == mm.self ? mm.pages_own : task->pages, task->quota,
                                         task->section_count, task->grant_count, task->io != 0};
    return STATUS_SUCCESS;
}

HANDLER(do_stale)
{
    mm_grant_stale(caller, out);
    return STATUS_SUCCESS;
}

HANDLER(do_task_create)
{
    const struct ash_mem_task_create_request *request = in;
    uint32_t quota =
        request->quota_pages < UINT32_MAX ? (uint32_t)request->quota_pages : UINT32_MAX;
    if (request->task == 0 || request->task > INT32_MAX)
        return STATUS_INVALID_PARAMETER;
    return mm_task_create((uint32_t)request->task, quota, &result->send);
}

HANDLER(do_task_destroy)
{
    const struct ash_mem_task_request *request = in;
    return mm_task_destroy((uint32_t)request->task);
}

/* Maps the section into the caller as well; the first view goes again if that fails. */
static ash_status mirror(struct mm_task *caller, uint32_t section, uint32_t first,
                         ash_word *address)
{
    uint32_t view;
    struct mm_view_request place = {
        .task = caller, .prot = MM_READ_WRITE, .most = MM_READ_WRITE, .kind = MM_VIEW_OWN};
    ash_status status = mm_view_create(&place, section, &view);
    if (ash_success(status)) {
        *address = mm_view(view)->address;
        return status;
    }
    mm_view_destroy(first);
    mm_section_close(section);
    mm_section_settle(section);
    return status;
}

HANDLER(do_task_map)
{
    const struct ash_mem_task_map_request *request = in;
    struct ash_mem_task_map_reply *reply = out;
    uint32_t pages, section, view;
    struct mm_task *task = mm_task_find((uint32_t)request->task);
    if (task == nullptr || !mm_pages_of(request->bytes, &pages) || !mm_prot_valid(request->prot) ||
        (request->flags & ~(ash_word)ASH_MEM_GUARD) != 0 || request->mirror > 1)
        return STATUS_INVALID_PARAMETER;
    struct mm_view_request place = {.task = task,
                                    .address = request->address,
                                    .prot = (unsigned)request->prot,
                                    .most = all_rights,
                                    .guard = request->flags & ASH_MEM_GUARD,
                                    .kind = MM_VIEW_OWN};
    ash_status status = section_with_view(&place, task, pages, &section, &view);
    if (!ash_success(status))
        return status;
    reply->address = mm_view(view)->address;
    reply->bytes = pages * ASH_PAGE_SIZE;
    return request->mirror ? mirror(caller, section, view, &reply->mirror) : STATUS_SUCCESS;
}

HANDLER(do_task_frame)
{
    const struct ash_mem_task_frame_request *request = in;
    struct mm_task *task = mm_task_find((uint32_t)request->task);
    struct mm_view *view = task != nullptr ? mm_view_at(task, request->address, nullptr) : nullptr;
    if (view == nullptr || view->kind != MM_VIEW_OWN)
        return STATUS_INVALID_PARAMETER;
    uint64_t index = (request->address - view->address) / ASH_PAGE_SIZE;
    if (index >= view->elements)
        return STATUS_INVALID_PARAMETER;
    mm_page page = mm_vector_get(&mm_section(view->section)->pages, (uint32_t)index);
    mm_frame_exported(page);
    result->send = mm_frame_slot(page);
    return STATUS_SUCCESS;
}

HANDLER(do_untyped)
{
    const struct ash_mem_untyped_request *request = in;
    return mm_untyped_take(request->bytes, out, &result->send);
}

HANDLER(do_untyped_free)
{
    const struct ash_mem_untyped_free_request *request = in;
    return mm_untyped_give(request->id);
}

HANDLER(do_link_create)
{
    return mm_link_create(caller, in, out);
}

HANDLER(do_link_close)
{
    const struct ash_mem_link_request *request = in;
    return mm_link_close(request->link);
}

HANDLER(do_link_keep)
{
    const struct ash_mem_link_request *request = in;
    return mm_link_keep(request->link);
}

HANDLER(do_link_resume)
{
    const struct ash_mem_link_resume_request *request = in;
    return mm_link_resume(request->link, request->answerer, out);
}

HANDLER(do_link_free)
{
    const struct ash_mem_link_request *request = in;
    return mm_link_free(request->link);
}

HANDLER(do_device_allow)
{
    const struct ash_mem_device_allow_request *request = in;
    return mm_device_allow((uint32_t)request->task, request->physical, request->bytes);
}

HANDLER(do_device_revoke)
{
    const struct ash_mem_device_allow_request *request = in;
    return mm_device_revoke((uint32_t)request->task, request->physical, request->bytes);
}

#define EVERYBODY 0
#define NOTHING   0
static const struct operation operations[] = {
    {ASH_MEM_DMA_OPEN, EVERYBODY, sizeof(struct ash_mem_dma_open_request), sizeof(ash_word),
     mm_do_dma_open},
    {ASH_MEM_DMA_CLOSE, EVERYBODY, sizeof(struct ash_mem_dma_close_request), NOTHING,
     mm_do_dma_close},
    {ASH_MEM_MAP, EVERYBODY, sizeof(struct ash_mem_map_request), sizeof(struct ash_mem_map_reply),
     do_map},
    {ASH_MEM_MAP_AGAIN, EVERYBODY, sizeof(struct ash_mem_map_again_request),
     sizeof(struct ash_mem_map_reply), do_map_again},
    {ASH_MEM_UNMAP, EVERYBODY, sizeof(struct ash_mem_view_request), NOTHING, do_unmap},
    {ASH_MEM_PROTECT, EVERYBODY, sizeof(struct ash_mem_protect_request), NOTHING, do_protect},
    {ASH_MEM_GRANT, EVERYBODY, sizeof(struct ash_mem_grant_request),
     sizeof(struct ash_mem_grant_reply), do_grant},
    {ASH_MEM_GRANT_FORWARD, EVERYBODY, sizeof(struct ash_mem_forward_request),
     sizeof(struct ash_mem_grant_reply), do_grant_forward},
    {ASH_MEM_GRANT_CLOSE, EVERYBODY, sizeof(struct ash_mem_grant_id), NOTHING, do_grant_close},
    {ASH_MEM_GRANT_MAP, EVERYBODY, sizeof(struct ash_mem_grant_id),
     sizeof(struct ash_mem_map_reply), do_grant_map},
    {ASH_MEM_DMA_USE, EVERYBODY, sizeof(struct ash_mem_link_request),
     sizeof(struct ash_mem_map_reply), mm_do_dma_use},
    {ASH_MEM_DMA_END, EVERYBODY, sizeof(struct ash_mem_dma_end_request),
     sizeof(struct ash_mem_dma_end_reply), mm_do_dma_end},
    {ASH_MEM_GRANT_RELEASE, EVERYBODY, sizeof(struct ash_mem_grant_id), NOTHING, do_grant_release},
    {ASH_MEM_COMMON_BUFFER, EVERYBODY, sizeof(struct ash_mem_common_request),
     sizeof(struct ash_mem_common_reply), mm_do_common_buffer},
    {ASH_MEM_MAP_DEVICE, EVERYBODY, sizeof(struct ash_mem_device_request),
     sizeof(struct ash_mem_map_reply), do_map_device},
    {ASH_MEM_STATISTICS, EVERYBODY, NOTHING, sizeof(struct ash_mem_statistics_reply),
     do_statistics},
    {ASH_MEM_TASK_INFO, EVERYBODY, sizeof(struct ash_mem_task_request),
     sizeof(struct ash_mem_task_info_reply), do_task_info},
    {ASH_MEM_DMA_INFO, EVERYBODY, sizeof(struct ash_mem_dma_info_request),
     sizeof(struct ash_mem_dma_info_reply), mm_do_dma_info},
    {ASH_MEM_STALE, EVERYBODY, NOTHING, sizeof(struct ash_mem_stale_reply), do_stale},
    {ASH_MEM_TASK_CREATE, ASH_TASK_PROCESS, sizeof(struct ash_mem_task_create_request), NOTHING,
     do_task_create},
    {ASH_MEM_TASK_DESTROY, ASH_TASK_PROCESS, sizeof(struct ash_mem_task_request), NOTHING,
     do_task_destroy},
    {ASH_MEM_TASK_MAP, ASH_TASK_PROCESS, sizeof(struct ash_mem_task_map_request),
     sizeof(struct ash_mem_task_map_reply), do_task_map},
    {ASH_MEM_TASK_FRAME, ASH_TASK_PROCESS, sizeof(struct ash_mem_task_frame_request), NOTHING,
     do_task_frame},
    {ASH_MEM_UNTYPED, ASH_TASK_PROCESS, sizeof(struct ash_mem_untyped_request),
     sizeof(struct ash_mem_untyped_reply), do_untyped},
    {ASH_MEM_UNTYPED_FREE, ASH_TASK_PROCESS, sizeof(struct ash_mem_untyped_free_request), NOTHING,
     do_untyped_free},
    {ASH_MEM_DMA_WALK, ASH_TASK_PROCESS, NOTHING, sizeof(struct ash_mem_dma_walk_reply),
     mm_do_dma_walk},
    {ASH_MEM_LINK_CREATE, ASH_TASK_IO, sizeof(struct ash_mem_link_create_request),
     sizeof(struct ash_mem_link_create_reply), do_link_create},
    {ASH_MEM_LINK_CLOSE, ASH_TASK_IO, sizeof(struct ash_mem_link_request), NOTHING, do_link_close},
    {ASH_MEM_LINK_FREE, ASH_TASK_IO, sizeof(struct ash_mem_link_request), NOTHING, do_link_free},
    {ASH_MEM_LINK_KEEP, ASH_TASK_IO, sizeof(struct ash_mem_link_request), NOTHING, do_link_keep},
    {ASH_MEM_LINK_RESUME, ASH_TASK_IO, sizeof(struct ash_mem_link_resume_request),
     sizeof(struct ash_mem_link_create_reply), do_link_resume},
    {ASH_MEM_DEVICE_ALLOW, ASH_TASK_PNP, sizeof(struct ash_mem_device_allow_request), NOTHING,
     do_device_allow},
    {ASH_MEM_DEVICE_REVOKE, ASH_TASK_PNP, sizeof(struct ash_mem_device_allow_request), NOTHING,
     do_device_revoke},
    {ASH_MEM_DMA_ALLOW, ASH_TASK_PNP, sizeof(struct ash_mem_dma_allow_request),
     sizeof(struct ash_mem_dma_allow_reply), mm_do_dma_allow},
    {ASH_MEM_DMA_FAULT, ASH_TASK_PNP, NOTHING, sizeof(struct ash_mem_dma_fault_reply),
     mm_do_dma_fault},
    {ASH_MEM_DMA_MESSAGE, ASH_TASK_PNP, sizeof(struct ash_mem_dma_message_request), NOTHING,
     mm_do_dma_message},
};

static const struct operation *find_operation(uint64_t op)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (operations[i].op == op)
            return &operations[i];
    return nullptr;
}

/* `reply` has room for the largest reply (ASH_MSG_WORDS words). */
ash_status mm_operation(uint32_t caller, uint64_t op, const void *request, size_t request_bytes,
                        void *reply, struct mm_result *result)
{
    *result = (struct mm_result){};
    const struct operation *operation = find_operation(op);
    struct mm_task *task = mm_task_find(caller);
    if (operation == nullptr || request_bytes < operation->request_bytes)
        return STATUS_INVALID_PARAMETER;
    bool looks_only =
        op == ASH_MEM_STATISTICS; /* root asks too, which has no memory of its own here */
    if ((task == nullptr && !looks_only) ||
        (operation->owner != EVERYBODY && operation->owner != caller))
        return STATUS_ACCESS_DENIED;
    memset(reply, 0, operation->reply_bytes);
    result->bytes = operation->reply_bytes;
    ash_status status = operation->handler(task, request, reply, result);
    if (!ash_success(status))
        result->bytes = 0;
    return status;
}
