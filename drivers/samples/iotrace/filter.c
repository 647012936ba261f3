// SPDX-License-Identifier: MIT
//
// The filter. It must not be noticed: it copies what callers see of a device (type, flags,
// characteristics), hands on every request it does not know, and never changes one.
//
// A request that is counted gets a completion routine with a context of its own. The remove lock is
// held for as long as one is below, so REMOVE waits for them; that is all a filter has to do for
// plug and play.

#include "iotrace.h"

NTSTATUS TracePassDown(PFILTER filter, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(filter->Lower, irp);
}

static NTSTATUS Fail(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// A filter that passes an IRP on with IoCopyCurrentIrpStackLocationToNext and lets it go on up owes
// it the mark of the location below.
static NTSTATUS RequestDone(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PTRACED traced = context;
    PFILTER filter = traced->Filter;
    LONGLONG ticks = KeQueryPerformanceCounter(NULL).QuadPart - traced->Begin;
    UNREFERENCED_PARAMETER(device);
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    TraceCount(filter, traced->Kind, ticks, irp->IoStatus.Status, irp->IoStatus.Information);
    ExFreeToNPagedLookasideList(&TraceContexts, traced);
    IoReleaseRemoveLock(&filter->RemoveLock, irp);
    return STATUS_SUCCESS;
}

static VOID Begin(PFILTER filter)
{
    KIRQL irql;
    KeAcquireSpinLock(&filter->Lock, &irql);
    filter->Report.outstanding++;
    if (filter->Report.outstanding > filter->Report.most_outstanding)
        filter->Report.most_outstanding = filter->Report.outstanding;
    KeReleaseSpinLock(&filter->Lock, irql);
}

NTSTATUS TraceRequest(PFILTER filter, PIRP irp, ULONG kind)
{
    NTSTATUS status = IoAcquireRemoveLock(&filter->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return Fail(irp, status);
    PTRACED traced = ExAllocateFromNPagedLookasideList(&TraceContexts);
    if (traced == NULL) { // it goes uncounted: a filter does not fail what works without it
        status = TracePassDown(filter, irp);
        IoReleaseRemoveLock(&filter->RemoveLock, irp);
        return status;
    }
    *traced = (TRACED){filter, KeQueryPerformanceCounter(NULL).QuadPart, kind};
    Begin(filter);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, RequestDone, traced, TRUE, TRUE, TRUE);
    return IoCallDriver(filter->Lower, irp);
}

// Whatever flags the device below has by now: it may set them in START.
static VOID CopyFlags(PFILTER filter)
{
    filter->Self->Flags |=
        filter->Lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE | DO_POWER_INRUSH);
    filter->Self->Characteristics |= filter->Lower->Characteristics & FILE_REMOVABLE_MEDIA;
}

static NTSTATUS Start(PFILTER filter, PIRP irp)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    if (IoForwardIrpSynchronously(filter->Lower, irp))
        status = irp->IoStatus.Status;
    if (NT_SUCCESS(status))
        CopyFlags(filter);
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&filter->RemoveLock, irp);
    return status;
}

static NTSTATUS Remove(PFILTER filter, PIRP irp)
{
    PDEVICE_OBJECT self = filter->Self;
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = TracePassDown(filter, irp);
    IoReleaseRemoveLockAndWait(&filter->RemoveLock, irp);
    ExAcquireFastMutex(&TraceMutex);
    RemoveEntryList(&filter->Link);
    ExReleaseFastMutex(&TraceMutex);
    IoDetachDevice(filter->Lower);
    IoDeleteDevice(self);
    return status;
}

NTSTATUS TracePnp(PFILTER filter, PIRP irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    NTSTATUS status = IoAcquireRemoveLock(&filter->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return Fail(irp, status);
    if (minor == IRP_MN_START_DEVICE)
        return Start(filter, irp);
    if (minor == IRP_MN_REMOVE_DEVICE)
        return Remove(filter, irp);
    if (minor == IRP_MN_SURPRISE_REMOVAL)
        irp->IoStatus.Status = STATUS_SUCCESS;
    status = TracePassDown(filter, irp);
    IoReleaseRemoveLock(&filter->RemoveLock, irp);
    return status;
}

// Something to know the device by; without it the filter is counted all the same.
static VOID AskName(PFILTER filter)
{
    WCHAR text[ARRAYSIZE(filter->Report.name)] = {0};
    ULONG bytes;
    NTSTATUS status = IoGetDeviceProperty(filter->Pdo, DevicePropertyPhysicalDeviceObjectName,
                                          sizeof(text) - sizeof(WCHAR), text, &bytes);
    if (!NT_SUCCESS(status) || text[0] == 0)
        status = IoGetDeviceProperty(filter->Pdo, DevicePropertyHardwareID,
                                     sizeof(text) - sizeof(WCHAR), text, &bytes);
    for (ULONG i = 0; NT_SUCCESS(status) && i < ARRAYSIZE(text) - 1; i++)
        filter->Report.name[i] = text[i] < 0x80 ? (CHAR)text[i] : '?';
}

NTSTATUS TraceAddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT self;
    // The type is that of the device below, which is not known before attaching.
    NTSTATUS status =
        IoCreateDevice(driver, sizeof(FILTER), NULL, FILE_DEVICE_DISK, 0, FALSE, &self);
    if (!NT_SUCCESS(status))
        return status;
    PFILTER filter = self->DeviceExtension;
    filter->IsFilter = TRUE;
    filter->Self = self;
    filter->Pdo = pdo;
    KeInitializeSpinLock(&filter->Lock);
    IoInitializeRemoveLock(&filter->RemoveLock, TRACE_TAG, 0, 0);
    filter->Lower = IoAttachDeviceToDeviceStack(self, pdo);
    if (filter->Lower == NULL) {
        IoDeleteDevice(self);
        return STATUS_NO_SUCH_DEVICE;
    }
    self->DeviceType = filter->Lower->DeviceType;
    CopyFlags(filter);
    AskName(filter);
    ExAcquireFastMutex(&TraceMutex);
    InsertTailList(&TraceFilters, &filter->Link);
    ExReleaseFastMutex(&TraceMutex);
    self->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
