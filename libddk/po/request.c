// SPDX-License-Identifier: MIT
//
// Power IRPs that a driver asks for. The power manager sends them to the top of the whole stack;
// the callback runs when every driver of it is done.

#include "po.h"

#define STACK_SPARE 2
#define TAG         'rwoP'

static void finish_power(PIRP irp)
{
    struct po_request *request = io_irp_of(irp)->Context;
    if (request->Complete != NULL)
        request->Complete(request->Device, request->Minor, request->State, request->Context,
                          &irp->IoStatus);
    ExFreePool(request);
    io_free_irp(irp);
}

static VOID send_later(PVOID parameter)
{
    struct po_request *request = parameter;
    PDEVICE_OBJECT target = request->Target;
    (void)IofCallDriver(target, request->Irp); // which may end the request
    ObfDereferenceObject(target);
}

// A stack whose power routines are pageable gets power IRPs at PASSIVE_LEVEL only.
static void send(struct po_request *request)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL || (request->Target->Flags & DO_POWER_PAGABLE) == 0) {
        (void)IofCallDriver(request->Target, request->Irp);
        return;
    }
    ObfReferenceObject(request->Target);
    ExInitializeWorkItem(&request->Item, send_later, request);
    ExQueueWorkItem(&request->Item, CriticalWorkQueue);
}

static void fill(PIO_STACK_LOCATION next, UCHAR minor, POWER_STATE state)
{
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = minor;
    if (minor == IRP_MN_WAIT_WAKE) {
        next->Parameters.WaitWake.PowerState = state.SystemState;
        return;
    }
    next->Parameters.Power.Type = DevicePowerState;
    next->Parameters.Power.State = state;
}

NTSTATUS PoRequestPowerIrp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                           PREQUEST_POWER_COMPLETE complete, PVOID context, PIRP *result)
{
    ki_require_irql(DISPATCH_LEVEL, "PoRequestPowerIrp above DISPATCH_LEVEL");
    if (minor != IRP_MN_SET_POWER && minor != IRP_MN_QUERY_POWER && minor != IRP_MN_WAIT_WAKE)
        return STATUS_INVALID_PARAMETER_2;
    PDEVICE_OBJECT target = manager_power_target(device);
    struct po_request *request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*request), TAG);
    PIRP irp = io_allocate_irp((CCHAR)(target->StackSize + STACK_SPARE), finish_power);
    if (request == NULL || irp == NULL) {
        if (request != NULL)
            ExFreePool(request);
        if (irp != NULL)
            io_free_irp(irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *request = (struct po_request){.Irp = irp,
                                   .Target = target,
                                   .Complete = complete,
                                   .Context = context,
                                   .Device = device,
                                   .State = state,
                                   .Minor = minor};
    io_irp_of(irp)->Context = request;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    fill(IoGetNextIrpStackLocation(irp), minor, state);
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

// Passing on a power IRP was a matter of its own before Windows Vista; the rule on IRQL is left.
NTSTATUS PoCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    ki_require_irql(DISPATCH_LEVEL, "PoCallDriver above DISPATCH_LEVEL");
    if ((device->Flags & DO_POWER_PAGABLE) != 0 && KeGetCurrentIrql() == DISPATCH_LEVEL)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "PoCallDriver above APC_LEVEL for a device with DO_POWER_PAGABLE",
                     (ULONG_PTR)device, (ULONG_PTR)irp);
    return IofCallDriver(device, irp);
}
