// SPDX-License-Identifier: MIT
//
// Requests that cannot be served now (the device is stopped, or without power) wait in a
// cancel-safe queue: a rebalance of resources must be seen by nobody. State and queue share a lock,
// so that no request is kept after the queue was served.
#include "toaster.h"

static PTOASTER_EXTENSION ToasterOf(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, TOASTER_EXTENSION, Csq);
}

static BOOLEAN Works(PTOASTER_EXTENSION toaster)
{
    return (toaster->State == Started || toaster->State == RemovePending) &&
           toaster->DevicePower == PowerDeviceD0;
}

// Refuses when the device works by now: the caller serves the request itself. CsqAcquireLock is
// held.
static NTSTATUS Insert(PIO_CSQ csq, PIRP irp, PVOID context)
{
    PTOASTER_EXTENSION toaster = ToasterOf(csq);
    UNREFERENCED_PARAMETER(context);
    if (Works(toaster) || toaster->State >= SurpriseRemoved)
        return STATUS_UNSUCCESSFUL;
    InsertTailList(&toaster->Queue, &irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}

static VOID RemoveIrp(PIO_CSQ csq, PIRP irp)
{
    UNREFERENCED_PARAMETER(csq);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

// The next one behind irp; with a file object only one of that file.
static PIRP PeekNext(PIO_CSQ csq, PIRP irp, PVOID file)
{
    PTOASTER_EXTENSION toaster = ToasterOf(csq);
    PLIST_ENTRY at = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : toaster->Queue.Flink;
    for (; at != &toaster->Queue; at = at->Flink) {
        PIRP next = CONTAINING_RECORD(at, IRP, Tail.Overlay.ListEntry);
        if (file == NULL || IoGetCurrentIrpStackLocation(next)->FileObject == file)
            return next;
    }
    return NULL;
}

static VOID AcquireLock(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&ToasterOf(csq)->Lock, irql);
}

static VOID ReleaseLock(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&ToasterOf(csq)->Lock, irql);
}

static VOID Finish(PTOASTER_EXTENSION toaster, PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    ToasterComplete(irp, status, information);
    IoReleaseRemoveLock(&toaster->RemoveLock, irp);
}

static VOID CompleteCanceled(PIO_CSQ csq, PIRP irp)
{
    Finish(ToasterOf(csq), irp, STATUS_CANCELLED, 0);
}

NTSTATUS ToasterInitializeQueue(PTOASTER_EXTENSION toaster)
{
    KeInitializeSpinLock(&toaster->Lock);
    InitializeListHead(&toaster->Queue);
    return IoCsqInitializeEx(&toaster->Csq, Insert, RemoveIrp, PeekNext, AcquireLock, ReleaseLock,
                             CompleteCanceled);
}

TOASTER_STATE ToasterState(PTOASTER_EXTENSION toaster)
{
    KIRQL irql;
    KeAcquireSpinLock(&toaster->Lock, &irql);
    TOASTER_STATE state = toaster->State;
    KeReleaseSpinLock(&toaster->Lock, irql);
    return state;
}

VOID ToasterSetState(PTOASTER_EXTENSION toaster, TOASTER_STATE state)
{
    KIRQL irql;
    KeAcquireSpinLock(&toaster->Lock, &irql);
    toaster->Before = toaster->State;
    toaster->State = state;
    KeReleaseSpinLock(&toaster->Lock, irql);
}

// A CANCEL may come without its QUERY, when a driver above refused it.
VOID ToasterRestoreState(PTOASTER_EXTENSION toaster)
{
    KIRQL irql;
    KeAcquireSpinLock(&toaster->Lock, &irql);
    if (toaster->State == StopPending || toaster->State == RemovePending)
        toaster->State = toaster->Before;
    KeReleaseSpinLock(&toaster->Lock, irql);
}

static NTSTATUS Serve(PTOASTER_EXTENSION toaster, PIRP irp, ULONG_PTR *information)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    *information = 0;
    if (location->Parameters.DeviceIoControl.IoControlCode != IOCTL_TOASTER_TOAST)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;
    *(ULONG *)irp->AssociatedIrp.SystemBuffer = (ULONG)InterlockedIncrement(&toaster->Slices);
    *information = sizeof(ULONG);
    return STATUS_SUCCESS;
}

// An inserted IRP is pending and belongs to the queue: it may be gone before this returns.
NTSTATUS ToasterServeOrKeep(PTOASTER_EXTENSION toaster, PIRP irp)
{
    ULONG_PTR information = 0;
    if (NT_SUCCESS(IoCsqInsertIrpEx(&toaster->Csq, irp, NULL, NULL)))
        return STATUS_PENDING;
    NTSTATUS status = ToasterState(toaster) >= SurpriseRemoved ? STATUS_DELETE_PENDING
                                                               : Serve(toaster, irp, &information);
    Finish(toaster, irp, status, information);
    return status;
}

VOID ToasterServeQueue(PTOASTER_EXTENSION toaster)
{
    PIRP irp;
    while (toaster->DevicePower == PowerDeviceD0 &&
           (irp = IoCsqRemoveNextIrp(&toaster->Csq, NULL)) != NULL) {
        ULONG_PTR information;
        NTSTATUS status = Serve(toaster, irp, &information);
        Finish(toaster, irp, status, information);
    }
}

VOID ToasterFailQueue(PTOASTER_EXTENSION toaster, PFILE_OBJECT file, NTSTATUS status)
{
    PIRP irp;
    while ((irp = IoCsqRemoveNextIrp(&toaster->Csq, file)) != NULL)
        Finish(toaster, irp, status, 0);
}
