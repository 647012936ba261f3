// SPDX-License-Identifier: MIT
//
// Device queues. Busy is TRUE from the first insert that found it FALSE (which does not
// queue: the caller starts at once) until a remove finds nothing.

#include "io.h"

VOID KeInitializeDeviceQueue(PKDEVICE_QUEUE queue)
{
    memset(queue, 0, sizeof(*queue));
    queue->Type = 20;
    queue->Size = sizeof(*queue);
    InitializeListHead(&queue->DeviceListHead);
}

// The routines that insert and remove are called at DISPATCH_LEVEL.
static KIRQL lock_queue(PKDEVICE_QUEUE queue, const char *below, const char *above)
{
    ki_require_dispatch(below, above);
    return KeAcquireSpinLockRaiseToDpc(&queue->Lock);
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
    KIRQL irql = lock_queue(queue, "KeInsertDeviceQueue below DISPATCH_LEVEL",
                            "KeInsertDeviceQueue above DISPATCH_LEVEL");
    BOOLEAN inserted = insert(queue, entry, &queue->DeviceListHead);
    KeReleaseSpinLock(&queue->Lock, irql);
    return inserted;
}

BOOLEAN KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, ULONG key)
{
    KIRQL irql = lock_queue(queue, "KeInsertByKeyDeviceQueue below DISPATCH_LEVEL",
                            "KeInsertByKeyDeviceQueue above DISPATCH_LEVEL");
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
    KIRQL irql = lock_queue(queue, "KeRemoveDeviceQueue below DISPATCH_LEVEL",
                            "KeRemoveDeviceQueue above DISPATCH_LEVEL");
    PKDEVICE_QUEUE_ENTRY entry = remove(queue, queue->DeviceListHead.Flink);
    KeReleaseSpinLock(&queue->Lock, irql);
    return entry;
}

PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE queue, ULONG key)
{
    KIRQL irql = lock_queue(queue, "KeRemoveByKeyDeviceQueue below DISPATCH_LEVEL",
                            "KeRemoveByKeyDeviceQueue above DISPATCH_LEVEL");
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
    ki_require_irql(DISPATCH_LEVEL, "KeRemoveEntryDeviceQueue above DISPATCH_LEVEL");
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&queue->Lock);
    BOOLEAN was_queued = entry->Inserted;
    if (was_queued)
        RemoveEntryList(&entry->DeviceListEntry);
    entry->Inserted = FALSE;
    KeReleaseSpinLock(&queue->Lock, irql);
    return was_queued;
}
