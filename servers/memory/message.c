// SPDX-License-Identifier: MIT
/*
 * Messages of devices behind the IOMMU: made from the device's IoSpace, and handed to the
 * plug-and-play manager as Untypeds are to the process manager, by way of mm.temporary.
 */
#include "operation.h"

static ash_status make(const struct mm_task *device, uint64_t number, mm_slot *irq)
{
    mm_backend_delete(mm.temporary); /* what was handed out last: its receiver has its own */
    enum ash_error error = mm_backend_message(device->vspace, number, mm.temporary);
    if (error == ASH_E_METHOD)
        return STATUS_NOT_SUPPORTED;
    if (error != ASH_OK)
        return error == ASH_E_RANGE ? STATUS_INVALID_PARAMETER : STATUS_INSUFFICIENT_RESOURCES;
    *irq = mm.temporary;
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
