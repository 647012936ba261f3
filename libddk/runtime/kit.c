// SPDX-License-Identifier: MIT
//
// What managers ask of the kit itself: AddDevice, links that come and go, the end of the driver.

#include "../vf/vf.h"
#include "rt.h"

void rt_cancel_all(struct rt_in *in)
{
    for (unsigned slot = 0; slot < in->info.slots && slot < ASH_LINK_SLOTS_MAX; slot++) {
        ki_acquire(&in->lock);
        struct rt_request *request = in->slot[slot];
        if (request != NULL && request->irp != NULL)
            InterlockedIncrement(&request->refs);
        else
            request = NULL;
        ki_release(&in->lock);
        if (request == NULL)
            continue;
        (void)IoCancelIrp(request->irp);
        rt_request_release(request);
    }
}

static NTSTATUS link_added(const void *in, ULONG in_bytes)
{
    struct ash_link_info info;
    if (in_bytes < sizeof(info))
        return STATUS_INVALID_PARAMETER;
    memcpy(&info, in, sizeof(info));
    return rt_in_add(&info, ASH_NULL_CPTR, true);
}

// standing: the device is started, and the driver joins a stack that goes on (a filter that died).
static NTSTATUS add_device(const void *in, ULONG in_bytes, bool standing)
{
    struct ash_device_info info;
    struct ki_state state;
    PDRIVER_ADD_DEVICE routine = rt_driver.DriverExtension->AddDevice;
    if (in_bytes < sizeof(info) || routine == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    memcpy(&info, in, sizeof(info));
    PDEVICE_OBJECT pdo = rt_proxy(&info);
    if (pdo == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (standing)
        io_device(pdo)->Standing |= RT_STANDING_JOINED;
    ki_enter(&state, KI_IN_ADD_DEVICE, (void *)routine, pdo, NULL);
    ki_thread()->ContextOwner = pdo; // devices created now are no PDOs
    NTSTATUS status = routine(&rt_driver, pdo);
    ki_thread()->ContextOwner = NULL;
    io_device(pdo)->Standing &= (UCHAR)~RT_STANDING_JOINED;
    ki_check_state(&state, "AddDevice returned with IRQL or locks changed", (void *)routine);
    rt_sync_devices();
    return status;
}

DECLSPEC_NORETURN static void unload(struct rt_request *request)
{
    PDRIVER_UNLOAD routine = rt_driver.DriverUnload;
    struct ki_state state;
    ki_enter(&state, KI_IN_UNLOAD, (void *)routine, &rt_driver, NULL);
    if (routine != NULL)
        routine(&rt_driver);
    ki_check_state(&state, "DriverUnload returned with IRQL or locks changed", (void *)routine);
    vf_check_unload(&rt_driver);
    port_write_rest();
    rt_answer_status(request, STATUS_SUCCESS);
    ash_exit(0);
}

void rt_kit_request(struct rt_request *request, const void *in, ULONG in_bytes)
{
    switch (request->wire.major) {
    case ASH_MJ_ADD_DEVICE:
        rt_answer_status(request, add_device(in, in_bytes, request->wire.parameter[0] != 0));
        break;
    case ASH_MJ_LINK_ADDED:
        rt_answer_status(request, link_added(in, in_bytes));
        break;
    case ASH_MJ_LINK_REMOVED:
        rt_link_removed(request);
        break;
    case ASH_MJ_UNLOAD:
        unload(request);
    case ASH_MJ_POWER_DONE:
        rt_power_done(request->wire.parameter[0], (NTSTATUS)request->wire.parameter[1],
                      request->wire.parameter[2] != 0);
        rt_answer_status(request, STATUS_SUCCESS);
        break;
    case ASH_MJ_DRAIN:
        rt_answer(request,
                  &(struct ash_answer){.information = rt_drain(), .completed = ash_time()});
        break;
    case ASH_MJ_PROBE:
        rt_answer_status(request, STATUS_SUCCESS);
        break;
    default:
        rt_answer_status(request, STATUS_INVALID_DEVICE_REQUEST);
        break;
    }
}
