// SPDX-License-Identifier: MIT
//
// Power routines of a driver. The state of a device is what PoSetPowerState last said. A device
// power IRP that a driver asks for goes to the top of the part of its stack that lies in this task.

#include "io.h"

#define STACK_SPARE 2

struct request {
    PREQUEST_POWER_COMPLETE Complete;
    PVOID Context;
    PDEVICE_OBJECT Device;
    POWER_STATE State;
    UCHAR Minor;
};

POWER_STATE PoSetPowerState(PDEVICE_OBJECT device, POWER_STATE_TYPE type, POWER_STATE state)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    POWER_STATE old = {.DeviceState = extension->PowerState};
    if (type == DevicePowerState)
        extension->PowerState = state.DeviceState;
    return old;
}

static void finish_power(PIRP irp)
{
    struct request *request = io_irp_of(irp)->Context;
    if (request->Complete != NULL)
        request->Complete(request->Device, request->Minor, request->State, request->Context,
                          &irp->IoStatus);
    ExFreePool(request);
    io_free_irp(irp);
}

NTSTATUS PoRequestPowerIrp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                           PREQUEST_POWER_COMPLETE complete, PVOID context, PIRP *result)
{
    PDEVICE_OBJECT top = IoGetAttachedDevice(device);
    if (minor != IRP_MN_SET_POWER && minor != IRP_MN_QUERY_POWER && minor != IRP_MN_WAIT_WAKE)
        return STATUS_INVALID_PARAMETER_2;
    struct request *request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*request), 'rwoP');
    PIRP irp = io_allocate_irp((CCHAR)(top->StackSize + STACK_SPARE), finish_power);
    if (request == NULL || irp == NULL) {
        if (request != NULL)
            ExFreePool(request);
        if (irp != NULL)
            io_free_irp(irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *request = (struct request){complete, context, device, state, minor};
    io_irp_of(irp)->Context = request;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = minor;
    next->Parameters.Power.Type = DevicePowerState;
    next->Parameters.Power.State = state;
    if (minor == IRP_MN_WAIT_WAKE)
        next->Parameters.WaitWake.PowerState = state.SystemState;
    if (result != NULL)
        *result = irp;
    (void)IofCallDriver(top, irp);
    return STATUS_PENDING;
}

// Needed before Windows Vista; nothing waits for it.
VOID PoStartNextPowerIrp(PIRP irp)
{
    (void)irp;
}

// Idle detection belongs to a later power manager: NULL says that there is none for this device.
PULONG PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT device, ULONG conservation,
                                        ULONG performance, DEVICE_POWER_STATE state)
{
    (void)device, (void)conservation, (void)performance, (void)state;
    return NULL;
}

VOID PoSetSystemState(EXECUTION_STATE flags)
{
    (void)flags;
}
