// SPDX-License-Identifier: MIT
//
// The way of a transfer. Two locks that are none:
//
//    IoStartPacket        a drive works on one request at a time; others wait in its device queue
//    IoAllocateController the controller works for one drive at a time; the other's turn comes
//                         when IoFreeController is called
//
//   IoStartPacket -> StartIo -> IoAllocateController -> OwnController -> timer -> TransferDone
//                      ^                                                              |
//                      +------------- IoStartNextPacket <---- IoFreeController <------+
//
// All of it runs at DISPATCH_LEVEL.

#include "controller.h"

static VOID Complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

// The controller is ours: from here until IoFreeController nobody else touches the hardware.
// KeepObject says that it stays so after this routine has returned; DeallocateObject would give it
// back at once.
static IO_ALLOCATION_ACTION OwnController(PDEVICE_OBJECT device, PIRP irp, PVOID mapRegisterBase,
                                          PVOID context)
{
    PDRIVE drive = device->DeviceExtension;
    PSHARED shared = context;
    LARGE_INTEGER duration = {.QuadPart = -10000LL * TRANSFER_MILLISECONDS};
    UNREFERENCED_PARAMETER(irp);             // the same as device->CurrentIrp
    UNREFERENCED_PARAMETER(mapRegisterBase); // for DMA adapters: NULL here
    shared->Statistics.Overlaps += shared->Working;
    shared->Statistics.Switches += shared->Last != NULL && shared->Last != device;
    shared->Working = TRUE;
    shared->Last = device;
    shared->Statistics.Transfers[drive->Number]++;
    KeSetTimer(&shared->Timer, duration, &shared->Dpc);
    return KeepObject;
}

// Called with the next request of the drive. Its cancel routine is still set; whoever takes it out
// under the cancel spin lock decides whether the request is started or cancelled.
VOID DriveStartIo(PDEVICE_OBJECT device, PIRP irp)
{
    PDRIVE drive = device->DeviceExtension;
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    // Cancelled already: the cancel routine has it, and starts the next request.
    BOOLEAN cancelled = irp != device->CurrentIrp || IoSetCancelRoutine(irp, NULL) == NULL;
    IoReleaseCancelSpinLock(irql);
    if (cancelled)
        return;
    IoAllocateController(drive->Controller, device, OwnController,
                         drive->Controller->ControllerExtension);
}

// With the cancel spin lock held. A request is either the drive's current one, of which StartIo has
// not yet taken hold, or in its queue.
VOID DriveCancel(PDEVICE_OBJECT device, PIRP irp)
{
    BOOLEAN current = irp == device->CurrentIrp;
    if (!current)
        (void)KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (current) {
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        IoStartNextPacket(device, TRUE);
        KeLowerIrql(irql);
    }
    Complete(irp, STATUS_CANCELLED, 0);
}

VOID DriveGiveUp(PDEVICE_OBJECT device, PFILE_OBJECT file)
{
    LIST_ENTRY given;
    KIRQL irql;
    InitializeListHead(&given);
    IoAcquireCancelSpinLock(&irql);
    PLIST_ENTRY head = &device->DeviceQueue.DeviceListHead, next;
    for (PLIST_ENTRY at = head->Flink; at != head; at = next) {
        PIRP irp = CONTAINING_RECORD(at, IRP, Tail.Overlay.DeviceQueueEntry.DeviceListEntry);
        next = at->Flink;
        if (file != NULL && IoGetCurrentIrpStackLocation(irp)->FileObject != file)
            continue;
        if (IoSetCancelRoutine(irp, NULL) == NULL)
            continue; // its cancel routine waits for the lock, and takes it out itself
        (void)KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
        InsertTailList(&given, &irp->Tail.Overlay.ListEntry);
    }
    IoReleaseCancelSpinLock(irql);
    while (!IsListEmpty(&given))
        Complete(CONTAINING_RECORD(RemoveHeadList(&given), IRP, Tail.Overlay.ListEntry),
                 STATUS_CANCELLED, 0);
}

// What the DPC of an interrupt does: takes the result, lets go of the controller first, so that the
// other drive works while this request is completed, and starts this drive's next one.
VOID TransferDone(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PCONTROLLER_OBJECT controller = context;
    PSHARED shared = controller->ControllerExtension;
    PDEVICE_OBJECT device = shared->Last;
    PDRIVE drive = device->DeviceExtension;
    PIRP irp = device->CurrentIrp;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    // Offset and length are at the same place for reads and writes, and were checked before.
    PUCHAR medium = drive->Medium + location->Parameters.Read.ByteOffset.LowPart;
    ULONG length = location->Parameters.Read.Length;
    if (location->MajorFunction == IRP_MJ_READ)
        RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, medium, length);
    else
        RtlCopyMemory(medium, irp->AssociatedIrp.SystemBuffer, length);
    shared->Working = FALSE;
    IoFreeController(controller);
    IoStartNextPacket(device, TRUE);
    Complete(irp, STATUS_SUCCESS, length);
}
