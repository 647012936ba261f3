// SPDX-License-Identifier: MIT
/*
 * Messages of devices behind the IOMMU. A message is made from the device's IoSpace and given to
 * the plug-and-play manager; this manager keeps one capability to the last one that it made, in a
 * slot of its own, only until it makes the next: what is handed out in a reply is a copy.
 */
#include "operation.h"

static mm_slot last;

static ash_status make(const struct mm_task *device, uint64_t number, mm_slot *irq)
{
    if (last == 0)
        last = mm_slot_reserve() ? mm_slot_take(0) : 0;
    if (last == 0)
        return STATUS_NO_MEMORY;
    mm_backend_delete(last);
    enum ash_error error = mm_backend_message(device->vspace, number, last);
    if (error == ASH_E_METHOD)
        return STATUS_NOT_SUPPORTED;
    if (error != ASH_OK)
        return error == ASH_E_RANGE ? STATUS_INVALID_PARAMETER : STATUS_INSUFFICIENT_RESOURCES;
    *irq = last;
    return STATUS_SUCCESS;
}

MM_HANDLER(mm_do_dma_message)
{
    const struct ash_mem_dma_message_request *request = in;
    const struct mm_task *task = mm_task_find((uint32_t)request->task);
    if (task == nullptr)
        return STATUS_INVALID_PARAMETER;
    const struct mm_task *device = mm_io_device(task, request->pdo);
    if (device == nullptr || device->vspace == 0)
        return STATUS_NOT_SUPPORTED;
    return make(device, request->number, &result->send);
}
