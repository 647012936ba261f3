// SPDX-License-Identifier: MIT
/* Calls of the memory manager, the only one below this. */
#include "proc.h"

#include "ash/memory.h"
#include "ash/slot.h"

static const ash_cptr memory = ASH_SLOT_MEMORY;

static ash_status one_cap(ash_word op, const void *request, size_t request_bytes, void *reply,
                          size_t reply_bytes, ash_cptr *slot)
{
    struct ash_caps caps = {.receive = 1};
    ash_status status =
        ash_request_caps(memory, op, request, request_bytes, reply, reply_bytes, &caps);
    if (ash_success(status) && caps.received != 1)
        status = STATUS_INTERNAL_ERROR;
    *slot = ash_success(status) ? caps.slot[0] : 0;
    return status;
}

ash_status remote_task_create(ash_word task, ash_word quota, ash_cptr *vspace)
{
    struct ash_mem_task_create_request request = {.task = task, .quota_pages = quota};
    return one_cap(ASH_MEM_TASK_CREATE, &request, sizeof(request), nullptr, 0, vspace);
}

void remote_task_destroy(ash_word task)
{
    struct ash_mem_task_request request = {.task = task};
    ash_status status =
        ash_request(memory, ASH_MEM_TASK_DESTROY, &request, sizeof(request), nullptr, 0);
    if (!ash_success(status))
        ash_log("memory of task %lu does not come back: status 0x%08x", (unsigned long)task,
                (unsigned)status);
}

ash_status remote_map(ash_word task, ash_word address, ash_word bytes, ash_word prot,
                      ash_word flags, ash_word *at, void **mirror)
{
    struct ash_mem_task_map_request request = {
        .task = task,
        .address = address,
        .bytes = bytes,
        .prot = prot,
        .flags = flags,
        .mirror = mirror != nullptr,
    };
    struct ash_mem_task_map_reply reply;
    ash_status status =
        ash_request(memory, ASH_MEM_TASK_MAP, &request, sizeof(request), &reply, sizeof(reply));
    if (!ash_success(status))
        return status;
    if (at)
        *at = reply.address;
    if (mirror)
        *mirror = (void *)reply.mirror;
    return status;
}

void remote_unmirror(void *mirror)
{
    if (!ash_success(ash_unmap(mirror)))
        ash_log("a mirror at %p cannot be unmapped", mirror);
}

ash_status remote_frame(ash_word task, ash_word address, ash_cptr *frame)
{
    struct ash_mem_task_frame_request request = {.task = task, .address = address};
    return one_cap(ASH_MEM_TASK_FRAME, &request, sizeof(request), nullptr, 0, frame);
}

ash_status remote_untyped(ash_word bytes, ash_word *id, ash_cptr *slot)
{
    struct ash_mem_untyped_request request = {.bytes = bytes};
    struct ash_mem_untyped_reply reply;
    ash_status status =
        one_cap(ASH_MEM_UNTYPED, &request, sizeof(request), &reply, sizeof(reply), slot);
    *id = reply.id;
    return status;
}

void remote_untyped_free(ash_word id)
{
    struct ash_mem_untyped_free_request request = {.id = id};
    ash_status status =
        ash_request(memory, ASH_MEM_UNTYPED_FREE, &request, sizeof(request), nullptr, 0);
    if (!ash_success(status))
        ash_log("Untyped %lu does not go back: status 0x%08x", (unsigned long)id, (unsigned)status);
}

ash_word remote_pages(ash_word task, ash_word *quota)
{
    struct ash_mem_task_request request = {.task = task};
    struct ash_mem_task_info_reply reply;
    ash_status status =
        ash_request(memory, ASH_MEM_TASK_INFO, &request, sizeof(request), &reply, sizeof(reply));
    *quota = ash_success(status) ? reply.quota : 0;
    return ash_success(status) ? reply.pages : 0;
}

ash_status remote_dma_walk(struct ash_mem_dma_walk_reply *reply)
{
    return ash_request(memory, ASH_MEM_DMA_WALK, nullptr, 0, reply, sizeof(*reply));
}
