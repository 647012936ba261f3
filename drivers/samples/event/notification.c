// SPDX-License-Identifier: MIT
//
// A notification is given by its timer's DPC, or given up: by cancellation, or when its file is
// closed. Three parties may come at the same moment, so there are two questions, each with one
// answer:
//
//   Who completes?   Who takes it out of the list, under the lock. For an IRP that is also who gets
//                    its cancel routine: an IRP whose routine is gone is left to that routine.
//   Who frees it?    The DPC, unless it will not run any more (KeCancelTimer says TRUE) or has run
//                    and left it to the cancel routine (Expired).
//
// The DPC uses the memory that the timer lies in, so nobody else may free it while it can run; and
// who leaves it to the DPC must not touch it after the lock is released.

#include "event.h"

typedef struct _NOTIFICATION {
    LIST_ENTRY Link;
    BOOLEAN Listed, Expired; // under Lock
    PNOTIFIER Notifier;
    PFILE_OBJECT File;
    PIRP Irp;      // by IRP, else NULL
    PKEVENT Event; // by event, referenced, else NULL
    KTIMER Timer;
    KDPC Dpc;
} NOTIFICATION, *PNOTIFICATION;

static VOID Complete(PIRP irp, NTSTATUS status, ULONG count)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    if (NT_SUCCESS(status)) {
        *(PULONG)irp->AssociatedIrp.SystemBuffer = count;
        irp->IoStatus.Information = sizeof(count);
    }
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

// With the lock held.
static VOID TakeOut(PNOTIFICATION one)
{
    RemoveEntryList(&one->Link);
    one->Listed = FALSE;
}

static VOID Free(PNOTIFICATION one)
{
    ExFreePoolWithTag(one, EVENT_TAG);
}

// With the lock held: is it ours to end? It is out of the list then.
static BOOLEAN Claim(PNOTIFICATION one)
{
    if (!one->Listed || (one->Irp != NULL && IoSetCancelRoutine(one->Irp, NULL) == NULL))
        return FALSE;
    TakeOut(one);
    return TRUE;
}

// The time is over. DISPATCH_LEVEL.
static VOID TimeIsOver(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PNOTIFICATION one = context;
    PNOTIFIER notifier = one->Notifier;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    KeAcquireSpinLockAtDpcLevel(&notifier->Lock);
    BOOLEAN mine = Claim(one);
    one->Expired = one->Listed; // its cancel routine is about to run, and frees it
    BOOLEAN expired = one->Expired;
    ULONG count = mine ? ++notifier->Count : 0;
    KeReleaseSpinLockFromDpcLevel(&notifier->Lock);
    if (mine && one->Irp != NULL)
        Complete(one->Irp, STATUS_SUCCESS, count);
    if (mine && one->Event != NULL) {
        KeSetEvent(one->Event, IO_NO_INCREMENT, FALSE);
        ObDereferenceObject(one->Event);
    }
    if (!expired)
        Free(one);
}

static VOID Cancel(PDEVICE_OBJECT device, PIRP irp)
{
    PNOTIFIER notifier = device->DeviceExtension;
    PNOTIFICATION one = irp->Tail.Overlay.DriverContext[0];
    KIRQL irql;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&notifier->Lock, &irql);
    TakeOut(one);
    BOOLEAN ours = one->Expired || KeCancelTimer(&one->Timer);
    KeReleaseSpinLock(&notifier->Lock, irql); // if it is not ours it may be gone now
    if (ours)
        Free(one);
    Complete(irp, STATUS_CANCELLED, 0);
}

static PNOTIFICATION New(PNOTIFIER notifier, PIRP irp)
{
    PNOTIFICATION one = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*one), EVENT_TAG);
    if (one == NULL)
        return NULL;
    one->Notifier = notifier;
    one->File = IoGetCurrentIrpStackLocation(irp)->FileObject;
    KeInitializeTimer(&one->Timer);
    KeInitializeDpc(&one->Dpc, TimeIsOver, one);
    return one;
}

// With the lock held. From here on it can end at any moment after the lock is released.
static VOID Begin(PNOTIFICATION one, ULONG milliseconds)
{
    LARGE_INTEGER due = {.QuadPart = -10000LL * milliseconds};
    InsertTailList(&one->Notifier->Pending, &one->Link);
    one->Listed = TRUE;
    KeSetTimer(&one->Timer, due, &one->Dpc);
}

NTSTATUS NotifyByIrp(PNOTIFIER notifier, PIRP irp, ULONG milliseconds)
{
    KIRQL irql;
    PNOTIFICATION one = New(notifier, irp);
    if (one == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    one->Irp = irp;
    irp->Tail.Overlay.DriverContext[0] = one;
    KeAcquireSpinLock(&notifier->Lock, &irql);
    IoSetCancelRoutine(irp, Cancel);
    // Cancelled before the routine was there: then nobody will call it, unless it is being called
    // just now, and waits for the lock.
    BOOLEAN cancelled = irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL;
    if (!cancelled) {
        IoMarkIrpPending(irp);
        Begin(one, milliseconds);
    }
    KeReleaseSpinLock(&notifier->Lock, irql);
    if (!cancelled)
        return STATUS_PENDING;
    Free(one);
    return STATUS_CANCELLED;
}

// A handle means something in the process of the caller only: it is turned into the object at once,
// with the access that is needed, as for a caller in user mode.
NTSTATUS NotifyByEvent(PNOTIFIER notifier, PIRP irp, HANDLE event, ULONG milliseconds)
{
    KIRQL irql;
    PNOTIFICATION one = New(notifier, irp);
    if (one == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status =
        ObReferenceObjectByHandle(event, SYNCHRONIZE | EVENT_MODIFY_STATE, *ExEventObjectType,
                                  irp->RequestorMode, (PVOID *)&one->Event, NULL);
    if (!NT_SUCCESS(status)) {
        Free(one);
        return status;
    }
    KeAcquireSpinLock(&notifier->Lock, &irql);
    Begin(one, milliseconds);
    KeReleaseSpinLock(&notifier->Lock, irql);
    return STATUS_SUCCESS;
}

// With the lock held: the first one of the file that is ours to end, out of the list.
static PNOTIFICATION ClaimFirst(PNOTIFIER notifier, PFILE_OBJECT file)
{
    for (PLIST_ENTRY at = notifier->Pending.Flink; at != &notifier->Pending; at = at->Flink) {
        PNOTIFICATION one = CONTAINING_RECORD(at, NOTIFICATION, Link);
        if ((file == NULL || one->File == file) && Claim(one))
            return one;
    }
    return NULL;
}

static BOOLEAN GiveUpOne(PNOTIFIER notifier, PFILE_OBJECT file)
{
    KIRQL irql;
    PIRP irp = NULL;
    PKEVENT event = NULL;
    BOOLEAN ours = FALSE;
    KeAcquireSpinLock(&notifier->Lock, &irql);
    PNOTIFICATION one = ClaimFirst(notifier, file);
    if (one != NULL) {
        irp = one->Irp;
        event = one->Event;
        ours = KeCancelTimer(&one->Timer); // else its DPC finds it out of the list, and frees it
    }
    KeReleaseSpinLock(&notifier->Lock, irql);
    if (ours)
        Free(one);
    if (irp != NULL)
        Complete(irp, STATUS_CANCELLED, 0);
    if (event != NULL)
        ObDereferenceObject(event);
    return one != NULL;
}

VOID NotifyGiveUp(PNOTIFIER notifier, PFILE_OBJECT file)
{
    while (GiveUpOne(notifier, file))
        ;
}
