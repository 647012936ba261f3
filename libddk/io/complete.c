// SPDX-License-Identifier: MIT
//
// Calling down and completing up.
// Completion walk: a location is finished, its completion routine (set by the driver above) is
// called if its control bits fit the status, and only STATUS_MORE_PROCESSING_REQUIRED stops. A
// second IoCompleteRequest goes on above the location at which the walk stopped. A location without
// a routine passes "pending" on to the one above.

#include "io.h"

NTSTATUS IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    struct ki_state state;
    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation <= 1)
        ki_violation(
            NO_MORE_IRP_STACK_LOCATIONS,
            "IoCallDriver without a stack location for the next driver, or with a freed IRP",
            (ULONG_PTR)irp, (ULONG_PTR)device);
    irp->CurrentLocation--;
    PIO_STACK_LOCATION location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    ki_save_state(&state);
    if (state.SpinLocks != 0)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION, "IoCallDriver with a spin lock held",
                     (ULONG_PTR)irp, (ULONG_PTR)device);
    PDRIVER_DISPATCH dispatch = io_dispatch_invalid;
    if (location->MajorFunction <= IRP_MJ_MAXIMUM_FUNCTION)
        dispatch = device->DriverObject->MajorFunction[location->MajorFunction];
    NTSTATUS status = dispatch(device, irp);
    ki_check_state(&state, "dispatch routine returned with IRQL or locks changed",
                   (void *)dispatch);
    return status;
}

NTSTATUS PoCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    return IofCallDriver(device, irp);
}

static bool wants(UCHAR control, const IRP *irp)
{
    if (irp->Cancel && (control & SL_INVOKE_ON_CANCEL) != 0)
        return true;
    if (NT_SUCCESS(irp->IoStatus.Status))
        return (control & SL_INVOKE_ON_SUCCESS) != 0;
    return (control & SL_INVOKE_ON_ERROR) != 0;
}

static void check_completion(PIRP irp)
{
    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1)
        ki_violation(MULTIPLE_IRP_COMPLETE_REQUESTS, "IoCompleteRequest of an IRP that is complete",
                     (ULONG_PTR)irp, 0);
    if (irp->CancelRoutine != NULL)
        ki_violation(CANCEL_STATE_IN_COMPLETED_IRP, "IoCompleteRequest with a cancel routine set",
                     (ULONG_PTR)irp, (ULONG_PTR)irp->CancelRoutine);
    if (irp->IoStatus.Status == STATUS_PENDING)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION, "IoCompleteRequest with STATUS_PENDING",
                     (ULONG_PTR)irp, 0);
    if (ki_thread()->SpinLocks != 0 || ki_thread()->Irql > DISPATCH_LEVEL)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "IoCompleteRequest with a spin lock held or above DISPATCH_LEVEL",
                     (ULONG_PTR)irp, ki_thread()->Irql);
}

// Leaves one location; false when its routine kept the IRP.
static bool step_up(PIRP irp)
{
    PIO_STACK_LOCATION done = irp->Tail.Overlay.CurrentStackLocation;
    PIO_COMPLETION_ROUTINE routine = done->CompletionRoutine;
    PVOID context = done->Context;
    UCHAR control = done->Control;
    __builtin_memset_inline(done, 0, sizeof(*done)); // a call costs more than the nine stores
    irp->PendingReturned = (control & SL_PENDING_RETURNED) != 0;
    irp->CurrentLocation++;
    PIO_STACK_LOCATION above = ++irp->Tail.Overlay.CurrentStackLocation;
    bool top = irp->CurrentLocation > irp->StackCount;
    if (routine != NULL && wants(control, irp))
        return routine(top ? NULL : above->DeviceObject, irp, context) !=
               STATUS_MORE_PROCESSING_REQUIRED;
    if (irp->PendingReturned && !top)
        above->Control |= SL_PENDING_RETURNED;
    return true;
}

VOID IofCompleteRequest(PIRP irp, CCHAR priority_boost)
{
    (void)priority_boost;
    check_completion(irp);
    while (irp->CurrentLocation <= irp->StackCount)
        if (!step_up(irp))
            return;
    irp->CurrentLocation = (CHAR)(irp->StackCount + 2);
    if ((irp->AllocationFlags & IO_IRP_KIT) == 0)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "an IRP in the driver's own memory was completed to its end", (ULONG_PTR)irp,
                     0);
    io_irp_of(irp)->Finish(irp);
}

NTSTATUS io_dispatch_invalid(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction != IRP_MJ_POWER)
        irp->IoStatus.Information = 0;
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static NTSTATUS catch_irp(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    if (irp->PendingReturned)
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN IoForwardIrpSynchronously(PDEVICE_OBJECT device, PIRP irp)
{
    KEVENT event;
    if (irp->CurrentLocation <= 1)
        return FALSE;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, catch_irp, &event, TRUE, TRUE, TRUE);
    if (IofCallDriver(device, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return TRUE;
}
