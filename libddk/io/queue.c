// SPDX-License-Identifier: MIT
//
// Device queues and StartIo. Busy is TRUE from the first insert that found it FALSE (which does not
// queue: the caller starts at once) until a remove finds nothing.
// IoStartPacket and IoStartNextPacket take the cancel spin lock where the IRP can be cancelled, so
// that a cancel routine sees an IRP either queued or started.

#include "io.h"

VOID KeInitializeDeviceQueue(PKDEVICE_QUEUE queue)
{
    memset(queue, 0, sizeof(*queue));
    queue->Type = 20;
    queue->Size = sizeof(*queue);
    InitializeListHead(&queue->DeviceListHead);
}

static BOOLEAN insert(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, PLIST_ENTRY before)
{
    entry->Inserted = queue->Busy;
    if (queue->Busy)
        InsertTailList(before, &entry->DeviceListEntry);
    queue->Busy = TRUE;
    return entry->Inserted;
}

BOOLEAN KeInsertDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&queue->Lock);
    BOOLEAN inserted = insert(queue, entry, &queue->DeviceListHead);
    KeReleaseSpinLock(&queue->Lock, irql);
    return inserted;
}

BOOLEAN KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, ULONG key)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&queue->Lock);
    PLIST_ENTRY at = queue->DeviceListHead.Flink;
    entry->SortKey = key;
    while (at != &queue->DeviceListHead &&
           CONTAINING_RECORD(at, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey <= key)
        at = at->Flink;
    BOOLEAN inserted = insert(queue, entry, at);
    KeReleaseSpinLock(&queue->Lock, irql);
    return inserted;
}

static PKDEVICE_QUEUE_ENTRY remove(PKDEVICE_QUEUE queue, PLIST_ENTRY at)
{
    PKDEVICE_QUEUE_ENTRY entry = NULL;
    if (IsListEmpty(&queue->DeviceListHead)) {
        queue->Busy = FALSE;
        return NULL;
    }
    if (at == &queue->DeviceListHead)
        at = queue->DeviceListHead.Flink;
    entry = CONTAINING_RECORD(at, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
    RemoveEntryList(at);
    entry->Inserted = FALSE;
    return entry;
}

PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(PKDEVICE_QUEUE queue)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&queue->Lock);
    PKDEVICE_QUEUE_ENTRY entry = remove(queue, queue->DeviceListHead.Flink);
    KeReleaseSpinLock(&queue->Lock, irql);
    return entry;
}

PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE queue, ULONG key)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&queue->Lock);
    PLIST_ENTRY at = queue->DeviceListHead.Flink;
    while (at != &queue->DeviceListHead &&
           CONTAINING_RECORD(at, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey < key)
        at = at->Flink;
    PKDEVICE_QUEUE_ENTRY entry = remove(queue, at);
    KeReleaseSpinLock(&queue->Lock, irql);
    return entry;
}

BOOLEAN KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&queue->Lock);
    BOOLEAN was_queued = entry->Inserted;
    if (was_queued)
        RemoveEntryList(&entry->DeviceListEntry);
    entry->Inserted = FALSE;
    KeReleaseSpinLock(&queue->Lock, irql);
    return was_queued;
}

static void start_io(PDEVICE_OBJECT device, PIRP irp)
{
    struct ki_state state;
    ki_save_state(&state);
    device->DriverObject->DriverStartIo(device, irp);
    ki_check_state(&state, "StartIo routine returned with IRQL or locks changed",
                   (void *)device->DriverObject->DriverStartIo);
}

VOID IoStartPacket(PDEVICE_OBJECT device, PIRP irp, PULONG key, PDRIVER_CANCEL cancel)
{
    PKDEVICE_QUEUE_ENTRY entry = &irp->Tail.Overlay.DeviceQueueEntry;
    KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL), cancel_irql = DISPATCH_LEVEL;
    if (cancel != NULL) {
        IoAcquireCancelSpinLock(&cancel_irql);
        IoSetCancelRoutine(irp, cancel);
    }
    BOOLEAN queued = key != NULL ? KeInsertByKeyDeviceQueue(&device->DeviceQueue, entry, *key)
                                 : KeInsertDeviceQueue(&device->DeviceQueue, entry);
    if (!queued)
        device->CurrentIrp = irp;
    if (!queued && cancel != NULL && io_device(device)->StartIoNonCancelable)
        IoSetCancelRoutine(irp, NULL);
    if (cancel != NULL)
        IoReleaseCancelSpinLock(cancel_irql);
    if (!queued)
        start_io(device, irp);
    KeLowerIrql(irql);
}

static void start_next(PDEVICE_OBJECT device, BOOLEAN cancelable, bool by_key, ULONG key)
{
    KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL), cancel_irql = DISPATCH_LEVEL;
    PIRP irp = NULL;
    if (cancelable)
        IoAcquireCancelSpinLock(&cancel_irql);
    device->CurrentIrp = NULL;
    PKDEVICE_QUEUE_ENTRY entry = by_key ? KeRemoveByKeyDeviceQueue(&device->DeviceQueue, key)
                                        : KeRemoveDeviceQueue(&device->DeviceQueue);
    if (entry != NULL) {
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
        device->CurrentIrp = irp;
        if (cancelable && io_device(device)->StartIoNonCancelable)
            IoSetCancelRoutine(irp, NULL);
    }
    if (cancelable)
        IoReleaseCancelSpinLock(cancel_irql);
    if (irp != NULL)
        start_io(device, irp);
    KeLowerIrql(irql);
}

VOID IoStartNextPacket(PDEVICE_OBJECT device, BOOLEAN cancelable)
{
    start_next(device, cancelable, false, 0);
}

VOID IoStartNextPacketByKey(PDEVICE_OBJECT device, BOOLEAN cancelable, ULONG key)
{
    start_next(device, cancelable, true, key);
}

VOID IoSetStartIoAttributes(PDEVICE_OBJECT device, BOOLEAN deferred, BOOLEAN non_cancelable)
{
    io_device(device)->StartIoDeferred = deferred;
    io_device(device)->StartIoNonCancelable = non_cancelable;
}
