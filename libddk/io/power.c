// SPDX-License-Identifier: MIT
//
// Power routines of a driver. The state of a device is what PoSetPowerState last said. A device
// power IRP that a driver asks for goes to the top of the part of its stack that lies in this task.

#include "io.h"

#define STACK_SPARE 2

struct request {
    WORK_QUEUE_ITEM Item;
    PIRP Irp;
    PDEVICE_OBJECT Top;
    PREQUEST_POWER_COMPLETE Complete;
    PVOID Context;
    PDEVICE_OBJECT Device;
    POWER_STATE State;
    UCHAR Minor;
};

POWER_STATE PoSetPowerState(PDEVICE_OBJECT device, POWER_STATE_TYPE type, POWER_STATE state)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    if (type == DevicePowerState && state.DeviceState == PowerDeviceD0)
        ki_require_irql(DISPATCH_LEVEL, "PoSetPowerState above DISPATCH_LEVEL");
    else
        ki_require_irql(APC_LEVEL, "PoSetPowerState to less than D0 above APC_LEVEL");
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

static VOID send_later(PVOID parameter)
{
    struct request *request = parameter;
    PDEVICE_OBJECT top = request->Top;
    (void)IofCallDriver(top, request->Irp); // which may end the request
    ObfDereferenceObject(top);
}

// A stack whose power routines are pageable gets power IRPs at PASSIVE_LEVEL only.
static void send(struct request *request)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL || (request->Top->Flags & DO_POWER_PAGABLE) == 0) {
        (void)IofCallDriver(request->Top, request->Irp);
        return;
    }
    ObfReferenceObject(request->Top);
    ExInitializeWorkItem(&request->Item, send_later, request);
    ExQueueWorkItem(&request->Item, CriticalWorkQueue);
}

NTSTATUS PoRequestPowerIrp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                           PREQUEST_POWER_COMPLETE complete, PVOID context, PIRP *result)
{
    ki_require_irql(DISPATCH_LEVEL, "PoRequestPowerIrp above DISPATCH_LEVEL");
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
    *request = (struct request){.Irp = irp,
                                .Top = top,
                                .Complete = complete,
                                .Context = context,
                                .Device = device,
                                .State = state,
                                .Minor = minor};
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
    send(request);
    return STATUS_PENDING;
}

// Needed before Windows Vista; nothing waits for it.
VOID PoStartNextPowerIrp(PIRP irp)
{
    ki_require_irql(DISPATCH_LEVEL, "PoStartNextPowerIrp above DISPATCH_LEVEL");
    (void)irp;
}

VOID PoSetSystemState(EXECUTION_STATE flags)
{
    ki_require_irql(DISPATCH_LEVEL, "PoSetSystemState above DISPATCH_LEVEL");
    (void)flags;
}
