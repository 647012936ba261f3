// SPDX-License-Identifier: MIT
//
// Calling down and completing up.
// Completion walk: a location is finished, its completion routine (set by the driver above) is
// called if its control bits fit the status, and only STATUS_MORE_PROCESSING_REQUIRED stops. A
// second IoCompleteRequest goes on above the location at which the walk stopped. A location without
// a routine passes "pending" on to the one above. Whether the pending rule was kept is track.c's.

#include "../ex/ex.h"
#include "../vf/vf.h"
#include "io.h"

#define DEFERRED_TAG 'dreF'

static UCHAR major_of(const IRP *irp)
{
    const IO_STACK_LOCATION *location = irp->Tail.Overlay.CurrentStackLocation;
    return irp->CurrentLocation <= irp->StackCount ? location->MajorFunction : 0xff;
}

KI_COLD static void refuse(ULONG code, const char *rule, PIRP irp, PDEVICE_OBJECT device)
{
    io_violation(code, rule, irp, device, irp->Type == IO_TYPE_IRP ? major_of(irp) : 0xff,
                 __builtin_return_address(0));
}

static void check_call(PDEVICE_OBJECT device, PIRP irp)
{
    const struct _KTHREAD *thread = ki_thread();
    if (thread->Irql > DISPATCH_LEVEL)
        ki_die(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x10, thread->Irql, (ULONG_PTR)irp,
               (ULONG_PTR)device, "IoCallDriver above DISPATCH_LEVEL");
    if (irp->Type != IO_TYPE_IRP)
        refuse(3, "IoCallDriver with a freed IRP or something else that is no IRP", irp, device);
    if (device == NULL || device->Type != IO_TYPE_DEVICE)
        refuse(4, "IoCallDriver with an invalid device object", irp, device);
    if (irp->CurrentLocation <= 1)
        ki_violation(NO_MORE_IRP_STACK_LOCATIONS,
                     "IoCallDriver without a stack location for the next driver", (ULONG_PTR)irp,
                     (ULONG_PTR)device);
    if (thread->SpinLocks != 0)
        refuse(0x200, "IoCallDriver with a spin lock held", irp, device);
    if (irp->CancelRoutine != NULL)
        refuse(0x203, "IoCallDriver without setting the cancel routine in the IRP to NULL", irp,
               device);
}

// Of the option to force pending: the caller of a location was told STATUS_PENDING before the
// driver was called, so the location counts as marked when it is completed, whoever completes it:
// it may have been skipped.
static void set_forced(PIRP irp)
{
    ULONG number = (UCHAR)irp->CurrentLocation;
    io_irp_of(irp)->Forced[number / 64 % 2] |= 1ull << number % 64;
}

static UCHAR take_forced(PIRP irp)
{
    ULONG number = (UCHAR)irp->CurrentLocation;
    ULONG64 *word = &io_irp_of(irp)->Forced[number / 64 % 2], bit = 1ull << number % 64;
    bool forced = (irp->AllocationFlags & IO_IRP_KIT) != 0 && (*word & bit) != 0;
    if (forced)
        *word &= ~bit;
    return forced ? SL_PENDING_RETURNED : 0;
}

NTSTATUS io_call_driver(PDEVICE_OBJECT device, PIRP irp, bool deferred)
{
    struct ki_state state;
    struct io_call call;
    check_call(device, irp);
    bool tracked = (irp->AllocationFlags & IO_IRP_KIT) != 0 && !deferred;
    irp->AllocationFlags &= (UCHAR)~IO_IRP_SKIPPED;
    irp->CurrentLocation--;
    PIO_STACK_LOCATION location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    if ((location->Control & SL_PENDING_RETURNED) != 0)
        refuse(0x206, "the caller has incorrectly forwarded an IRP: its location is marked pending",
               irp, device);
    if (deferred)
        set_forced(irp);
    PDRIVER_DISPATCH dispatch = io_dispatch_invalid;
    if (location->MajorFunction <= IRP_MJ_MAXIMUM_FUNCTION)
        dispatch = device->DriverObject->MajorFunction[location->MajorFunction];
    ki_enter(&state, KI_IN_DISPATCH, (void *)dispatch, device, irp);
    state.Major = location->MajorFunction;
    state.Minor = location->MinorFunction;
    vf_log("IoCallDriver", irp, (ULONG_PTR)device);
    if (tracked)
        io_call_begin(&call, irp);
    NTSTATUS status = dispatch(device, irp);
    if (tracked)
        io_call_end(&call, status, device, (void *)dispatch);
    ki_check_state(&state, "dispatch routine returned with IRQL or locks changed",
                   (void *)dispatch);
    return status;
}

void io_call_top(PDEVICE_OBJECT device, PIRP irp)
{
    struct ki_state state;
    io_irp_of(irp)->Top = IO_TOP_CALLED;
    irp->CurrentLocation--;
    PIO_STACK_LOCATION location = --irp->Tail.Overlay.CurrentStackLocation;
    UCHAR major = location->MajorFunction;
    PDRIVER_DISPATCH dispatch = io_dispatch_invalid;
    location->DeviceObject = device;
    if (major <= IRP_MJ_MAXIMUM_FUNCTION)
        dispatch = device->DriverObject->MajorFunction[major];
    ki_enter(&state, KI_IN_DISPATCH, (void *)dispatch, device, irp);
    state.Major = major;
    state.Minor = location->MinorFunction;
    vf_log("IoCallDriver", irp, (ULONG_PTR)device);
    NTSTATUS status = dispatch(device, irp);
    io_top_end(irp, status, device, major, (void *)dispatch);
    ki_check_state(&state, "dispatch routine returned with IRQL or locks changed",
                   (void *)dispatch);
}

struct deferred {
    WORK_QUEUE_ITEM Item;
    PDEVICE_OBJECT Device;
    PIRP Irp;
};

static VOID call_deferred(PVOID parameter)
{
    struct deferred call = *(const struct deferred *)parameter;
    ex_pool_free(parameter, DEFERRED_TAG);
    (void)io_call_driver(call.Device, call.Irp, true);
    ObfDereferenceObject(call.Device);
}

// The option to force pending: the lower driver is called later, by another thread. Power IRPs are
// left alone: their callers may not have a thread that waits.
static bool defer(PDEVICE_OBJECT device, PIRP irp)
{
    check_call(device, irp);
    if ((irp->AllocationFlags & IO_IRP_KIT) == 0 ||
        IoGetNextIrpStackLocation(irp)->MajorFunction == IRP_MJ_POWER || !vf_chance())
        return false;
    struct deferred *call = ex_pool_allocate(sizeof(*call), DEFERRED_TAG);
    if (call == NULL)
        return false;
    call->Device = device;
    call->Irp = irp;
    ObfReferenceObject(device);
    ExInitializeWorkItem(&call->Item, call_deferred, call);
    vf_log("forced STATUS_PENDING", irp, (ULONG_PTR)device);
    ExQueueWorkItem(&call->Item, DelayedWorkQueue);
    return true;
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    if (__builtin_expect(vf_flags & VF_FORCE_PENDING, 0) && defer(device, irp))
        return STATUS_PENDING;
    return io_call_driver(device, irp, false);
}

bool io_wants_completion(UCHAR control, const IRP *irp)
{
    if (irp->Cancel && (control & SL_INVOKE_ON_CANCEL) != 0)
        return true;
    if (NT_SUCCESS(irp->IoStatus.Status))
        return (control & SL_INVOKE_ON_SUCCESS) != 0;
    return (control & SL_INVOKE_ON_ERROR) != 0;
}

KI_COLD static void check_completion(PIRP irp)
{
    const struct _KTHREAD *thread = ki_thread();
    if (thread->Irql > DISPATCH_LEVEL)
        ki_die(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0xe, thread->Irql, (ULONG_PTR)irp, 0,
               "IoCompleteRequest above DISPATCH_LEVEL");
    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1)
        ki_violation(MULTIPLE_IRP_COMPLETE_REQUESTS, "IoCompleteRequest of an IRP that is complete",
                     (ULONG_PTR)irp, 0);
    if (thread->SpinLocks != 0)
        refuse(0x200, "IoCompleteRequest with a spin lock held", irp, NULL);
    if (irp->CancelRoutine != NULL)
        ki_die(CANCEL_STATE_IN_COMPLETED_IRP, (ULONG_PTR)irp, (ULONG_PTR)irp->CancelRoutine, 0, 0,
               "IoCompleteRequest with a cancel routine set");
    if (irp->CurrentLocation <= irp->StackCount &&
        IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_POWER)
        po_check_completion(irp);
    if (irp->IoStatus.Status == STATUS_PENDING || irp->IoStatus.Status == -1)
        refuse(6,
               "IoCompleteRequest with a status marked as pending (STATUS_PENDING) or equal to -1",
               irp, NULL);
    if ((irp->AllocationFlags & IO_IRP_SKIPPED) != 0)
        refuse(0x209,
               "IoCompleteRequest after IoSkipCurrentIrpStackLocation: the location is that of the "
               "driver above",
               irp, NULL);
}

// Whether check_completion would find nothing to say.
FORCEINLINE bool may_complete(PIRP irp)
{
    const struct _KTHREAD *thread = ki_thread();
    NTSTATUS status = irp->IoStatus.Status;
    return thread->Irql <= DISPATCH_LEVEL && thread->SpinLocks == 0 && irp->Type == IO_TYPE_IRP &&
           irp->CurrentLocation <= irp->StackCount && irp->CancelRoutine == NULL &&
           IoGetCurrentIrpStackLocation(irp)->MajorFunction != IRP_MJ_POWER &&
           status != STATUS_PENDING && status != -1 && (irp->AllocationFlags & IO_IRP_SKIPPED) == 0;
}

// False when the routine kept the IRP.
__attribute__((noinline)) static bool call_routine(PDEVICE_OBJECT device, PIRP irp,
                                                   PIO_COMPLETION_ROUTINE routine, PVOID context)
{
    struct ki_state state;
    ki_enter(&state, KI_IN_COMPLETION, (void *)routine, device, irp);
    NTSTATUS status = routine(device, irp, context);
    ki_check_state(&state, "completion routine returned with IRQL or locks changed",
                   (void *)routine);
    if (status == STATUS_MORE_PROCESSING_REQUIRED)
        return false;
    if (irp->Type != IO_TYPE_IRP)
        io_violation(0x20b,
                     "a completion routine freed the IRP and did not return "
                     "STATUS_MORE_PROCESSING_REQUIRED",
                     irp, device, 0xff, (void *)routine);
    return true;
}

// Leaves one location; false when its routine kept the IRP.
static bool step_up(PIRP irp)
{
    PIO_STACK_LOCATION done = irp->Tail.Overlay.CurrentStackLocation;
    PIO_COMPLETION_ROUTINE routine = done->CompletionRoutine;
    PVOID context = done->Context;
    UCHAR control = done->Control;
    if ((irp->AllocationFlags & IO_IRP_KIT) != 0)
        io_location_done(irp, done);
    if (__builtin_expect(vf_flags & VF_FORCE_PENDING, 0))
        control |= take_forced(irp);
    __builtin_memset_inline(done, 0, sizeof(*done)); // a call costs more than the nine stores
    irp->PendingReturned = (control & SL_PENDING_RETURNED) != 0;
    irp->CurrentLocation++;
    PIO_STACK_LOCATION above = ++irp->Tail.Overlay.CurrentStackLocation;
    bool top = irp->CurrentLocation > irp->StackCount;
    if (routine != NULL && io_wants_completion(control, irp))
        return call_routine(top ? NULL : above->DeviceObject, irp, routine, context);
    if (irp->PendingReturned && !top)
        above->Control |= SL_PENDING_RETURNED;
    return true;
}

// The way of most: the last location, without a routine to call.
FORCEINLINE bool leave_last(PIRP irp)
{
    PIO_STACK_LOCATION done = irp->Tail.Overlay.CurrentStackLocation;
    if (irp->CurrentLocation != irp->StackCount || done->CompletionRoutine != NULL ||
        (irp->AllocationFlags & IO_IRP_KIT) == 0 || vf_flags != 0)
        return false;
    if (!io_top_done(irp, done))
        io_location_done(irp, done);
    irp->PendingReturned = (done->Control & SL_PENDING_RETURNED) != 0;
    __builtin_memset_inline(done, 0, sizeof(*done));
    irp->Tail.Overlay.CurrentStackLocation++;
    return true;
}

// Leaves locations until a routine keeps the IRP: false.
__attribute__((noinline)) static bool leave_all(PIRP irp)
{
    while (irp->CurrentLocation <= irp->StackCount)
        if (!step_up(irp))
            return false;
    return true;
}

VOID IofCompleteRequest(PIRP irp, CCHAR priority_boost)
{
    (void)priority_boost;
    if (__builtin_expect(!may_complete(irp), 0))
        check_completion(irp);
    vf_log("IoCompleteRequest", irp, (ULONG_PTR)(ULONG)irp->IoStatus.Status);
    if (!leave_last(irp) && !leave_all(irp))
        return;
    irp->CurrentLocation = (CHAR)(irp->StackCount + 2);
    if (__builtin_expect((irp->AllocationFlags & IO_IRP_KIT) == 0, 0))
        refuse(0x239, "an IRP in the driver's own memory was completed to its end", irp, NULL);
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
    ki_require_irql(APC_LEVEL, "IoForwardIrpSynchronously above APC_LEVEL");
    if (irp->CurrentLocation <= 1)
        return FALSE;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, catch_irp, &event, TRUE, TRUE, TRUE);
    if (IofCallDriver(device, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return TRUE;
}
