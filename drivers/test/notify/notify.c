// SPDX-License-Identifier: MIT
//
// What happens later. A timer stands for the hardware: its DPC runs at DISPATCH_LEVEL in no
// particular context, as an interrupt's would. So everything of the caller that it needs is
// referenced while the request is dispatched, when the caller's handles mean something.

#include "keep.h"

#define TAG 'tvES'

static PEVENT_RECORD NewRecord(PEVENT_EXTENSION extension, ULONG milliseconds)
{
    if (!ExAcquireRundownProtection(&extension->Records))
        return NULL;
    PEVENT_RECORD record = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*record), TAG);
    if (record == NULL) {
        ExReleaseRundownProtection(&extension->Records);
        return NULL;
    }
    record->Extension = extension;
    record->Due.QuadPart = -10000LL * milliseconds;
    record->Halves = 1;
    return record;
}

static VOID FreeRecord(PEVENT_RECORD record)
{
    PEVENT_EXTENSION extension = record->Extension;
    if (record->Event != NULL)
        ObDereferenceObject(record->Event);
    if (record->First != NULL)
        ObDereferenceObject(record->First);
    ExFreePoolWithTag(record, TAG);
    ExReleaseRundownProtection(&extension->Records); // the driver may be unloaded from here on
}

static VOID Release(PEVENT_RECORD record, LONG halves)
{
    if (InterlockedAdd(&record->Halves, -halves) == 0)
        FreeRecord(record);
}

static VOID InitializeTimer(PEVENT_RECORD record, PKDEFERRED_ROUTINE routine)
{
    KeInitializeDpc(&record->Dpc, routine, record);
    KeInitializeTimer(&record->Timer);
}

// The handle is one of the requester: RequestorMode makes that checked, the type says that it must
// be an event, and the access that the requester itself may do to it what is asked for.
static NTSTATUS ReferenceEvent(PIRP irp, unsigned long long handle, ACCESS_MASK access,
                               PKEVENT *event)
{
    return ObReferenceObjectByHandle((HANDLE)(ULONG_PTR)handle, access, *ExEventObjectType,
                                     irp->RequestorMode, (PVOID *)event, NULL);
}

static VOID SetEventDpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PEVENT_RECORD record = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    KeSetEvent(record->Event, IO_NO_INCREMENT, FALSE);
    FreeRecord(record);
}

NTSTATUS EventSetLater(PEVENT_EXTENSION extension, PIRP irp, const struct notify_request *request)
{
    PEVENT_RECORD record = NewRecord(extension, request->Milliseconds);
    if (record == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = ReferenceEvent(irp, request->Event, EVENT_MODIFY_STATE, &record->Event);
    if (!NT_SUCCESS(status)) {
        FreeRecord(record);
        return status;
    }
    InitializeTimer(record, SetEventDpc);
    KeSetTimer(&record->Timer, record->Due, &record->Dpc);
    return STATUS_SUCCESS;
}

static VOID CompleteDpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PEVENT_RECORD record = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    PIRP irp = IoCsqRemoveIrp(&record->Extension->Csq, &record->Context);
    if (irp == NULL) { // it was given up, and is somebody else's
        Release(record, 1);
        return;
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    Release(record, 2);
}

// With the timer its DPC's half goes, unless the DPC is on its way.
VOID EventGiveUp(PIRP irp)
{
    PEVENT_RECORD record = EventRecordOf(irp);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    Release(record, KeCancelTimer(&record->Timer) ? 2 : 1);
}

// STATUS_PENDING: the IRP is the queue's.
NTSTATUS EventPend(PEVENT_EXTENSION extension, PIRP irp, const struct notify_request *request)
{
    PEVENT_RECORD record = NewRecord(extension, request->Milliseconds);
    if (record == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    record->Halves = 2;
    irp->Tail.Overlay.DriverContext[0] = record;
    InitializeTimer(record, CompleteDpc);
    IoCsqInsertIrp(&extension->Csq, irp, &record->Context); // sets the timer
    return STATUS_PENDING;
}

static VOID FollowRoutine(PDEVICE_OBJECT device, PVOID context)
{
    PEVENT_RECORD record = context;
    PIRP irp = record->Irp;
    UNREFERENCED_PARAMETER(device);
    NTSTATUS status =
        KeWaitForSingleObject(record->First, Executive, KernelMode, FALSE, &record->Due);
    if (status == STATUS_SUCCESS)
        KeSetEvent(record->Event, IO_NO_INCREMENT, FALSE);
    IoFreeWorkItem(record->WorkItem);
    FreeRecord(record);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

// A dispatch routine must not wait long: a work item does.
NTSTATUS EventFollow(PDEVICE_OBJECT device, PIRP irp, const struct notify_request *request)
{
    PEVENT_RECORD record = NewRecord(device->DeviceExtension, request->Milliseconds);
    if (record == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = ReferenceEvent(irp, request->Event, EVENT_MODIFY_STATE, &record->Event);
    if (NT_SUCCESS(status))
        status = ReferenceEvent(irp, request->First, SYNCHRONIZE, &record->First);
    if (NT_SUCCESS(status) && (record->WorkItem = IoAllocateWorkItem(device)) == NULL)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status)) {
        FreeRecord(record);
        return status;
    }
    record->Irp = irp;
    IoMarkIrpPending(irp);
    IoQueueWorkItem(record->WorkItem, FollowRoutine, DelayedWorkQueue, record);
    return STATUS_PENDING;
}
