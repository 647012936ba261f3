// SPDX-License-Identifier: MIT
//
// The states of the queues: running, held, abandoned; the watchdogs; and the requests that wait.
#include "blk.h"

#define SECONDS          (-10000000ll) // of a relative due time
#define HOLD_SECONDS     5
#define WATCHDOG_SECONDS 30
#define WATCHDOG_TEXT    "30"

static KDEFERRED_ROUTINE watch;

VOID BlkInitialize(struct fdo_extension *blk, struct blk_queue *queue, USHORT number)
{
    queue->blk = blk;
    queue->device = blk->self;
    queue->number = number;
    KeInitializeSpinLock(&queue->lock);
    InitializeListHead(&queue->waiting);
    KeInitializeEvent(&queue->idle, NotificationEvent, TRUE);
    KeInitializeDpc(&queue->dpc, BlkDpc, queue);
    KeInitializeTimer(&queue->watchdog);
    KeInitializeDpc(&queue->watchdog_dpc, watch, queue);
    queue->state = BLK_DOWN;
    queue->refusal = STATUS_DEVICE_NOT_READY;
    for (unsigned i = 0; i < VIRTIO_SLOTS; i++) {
        queue->slots[i].queue = queue;
        queue->slots[i].number = i;
    }
}

enum blk_state BlkState(const struct fdo_extension *blk)
{
    return blk->queue_count ? blk->queues[0]->state : BLK_DOWN;
}

VOID BlkComplete(PIRP irp, NTSTATUS status)
{
    if (!NT_SUCCESS(status))
        irp->IoStatus.Information = 0;
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, NT_SUCCESS(status) ? IO_DISK_INCREMENT : IO_NO_INCREMENT);
}

// The first waiting request that nobody is cancelling. One whose cancel routine has been claimed is
// left to it, off the list.
PIRP BlkTakeWaiting(struct blk_queue *queue)
{
    while (!IsListEmpty(&queue->waiting)) {
        PLIST_ENTRY entry = RemoveHeadList(&queue->waiting);
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (IoSetCancelRoutine(irp, NULL))
            return irp;
        InitializeListHead(entry);
    }
    return NULL;
}

VOID BlkSetWatchdog(struct blk_queue *queue)
{
    LARGE_INTEGER due = {.QuadPart = SECONDS * WATCHDOG_SECONDS};
    (VOID) KeSetTimer(&queue->watchdog, due, &queue->watchdog_dpc);
}

// --- States -------------------------------------------------------------------------------------

// Refills the free stack: the queue was made anew, no slot is taken.
static VOID reset_slots(struct blk_queue *queue)
{
    queue->free_count = 0;
    for (unsigned i = queue->ring.slots; i-- > 0;)
        queue->free[queue->free_count++] = (UCHAR)i;
    KeSetEvent(&queue->idle, IO_NO_INCREMENT, FALSE);
}

VOID BlkResume(struct fdo_extension *blk, BOOLEAN anew)
{
    KIRQL irql;
    InterlockedExchange(&blk->broken, 0);
    for (ULONG i = 0; i < blk->queue_count; i++) {
        struct blk_queue *queue = blk->queues[i];
        KeAcquireSpinLock(&queue->lock, &irql);
        if (anew)
            reset_slots(queue);
        queue->state = BLK_RUNNING;
        KeReleaseSpinLockFromDpcLevel(&queue->lock);
        BlkStartWaiting(queue);
        KeLowerIrql(irql);
    }
}

// The last slot that is given back sets the event.
static VOID hold(struct blk_queue *queue)
{
    KIRQL irql;
    KeAcquireSpinLock(&queue->lock, &irql);
    BOOLEAN running = queue->state == BLK_RUNNING;
    if (running)
        queue->state = BLK_HELD;
    if (running && queue->free_count != queue->ring.slots)
        KeClearEvent(&queue->idle);
    KeReleaseSpinLock(&queue->lock, irql);
}

// Whether nothing is in flight any more within the time that all queues have together.
static BOOLEAN wait_idle(struct fdo_extension *blk)
{
    LARGE_INTEGER limit;
    KeQuerySystemTime(&limit);
    limit.QuadPart -= SECONDS * HOLD_SECONDS;
    for (ULONG i = 0; i < blk->queue_count; i++)
        if (KeWaitForSingleObject(&blk->queues[i]->idle, Executive, KernelMode, FALSE, &limit) ==
            STATUS_TIMEOUT)
            return FALSE;
    return TRUE;
}

VOID BlkHold(struct fdo_extension *blk)
{
    if (BlkState(blk) != BLK_RUNNING)
        return;
    for (ULONG i = 0; i < blk->queue_count; i++)
        hold(blk->queues[i]);
    if (wait_idle(blk))
        return;
    DbgPrint("the device does not finish its requests\n");
    HardwareQuiet(blk);
    BlkAbandon(blk, STATUS_ADAPTER_HARDWARE_ERROR);
}

// Takes a slot out of the virtqueue's hands. True if it was in flight.
static BOOLEAN reclaim(struct blk_queue *queue, unsigned slot)
{
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    BOOLEAN flying = queue->ring.writable[slot] != 0;
    queue->ring.writable[slot] = 0;
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    return flying;
}

static PIRP next_waiting(struct blk_queue *queue)
{
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    PIRP irp = BlkTakeWaiting(queue);
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    return irp;
}

static VOID abandon(struct blk_queue *queue, NTSTATUS status)
{
    PIRP irp;
    for (unsigned i = 0; i < queue->ring.slots; i++)
        if (reclaim(queue, i)) {
            BlkReleaseList(&queue->slots[i]);
            BlkFinishSlot(&queue->slots[i], status);
        }
    while ((irp = next_waiting(queue)))
        BlkComplete(irp, status);
}

VOID BlkAbandon(struct fdo_extension *blk, NTSTATUS status)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (ULONG i = 0; i < blk->queue_count; i++) {
        KeAcquireSpinLockAtDpcLevel(&blk->queues[i]->lock);
        blk->queues[i]->state = BLK_FAILED;
        blk->queues[i]->refusal = status;
        KeReleaseSpinLockFromDpcLevel(&blk->queues[i]->lock);
    }
    for (ULONG i = 0; i < blk->queue_count; i++)
        abandon(blk->queues[i], status);
    KeLowerIrql(irql);
}

// The end of service that the device is to blame for; once, whichever queues found out.
static VOID fail(struct fdo_extension *blk, const char *why, NTSTATUS status)
{
    if (InterlockedExchange(&blk->broken, 1))
        return;
    DbgPrint("the device failed: %s\n", why);
    HardwareQuiet(blk);
    BlkAbandon(blk, status);
    IoInvalidateDeviceState(blk->pdo);
}

VOID BlkDeviceBroke(struct fdo_extension *blk, enum virtio_rule rule)
{
    fail(blk, virtio_rule_text(rule), STATUS_DEVICE_PROTOCOL_ERROR);
}

// The device has had WATCHDOG_SECONDS since it was looked at last. The timer is set at most once in
// that time, and not again once nothing is in flight.
static VOID watch(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct blk_queue *queue = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    BOOLEAN alive = queue->state == BLK_RUNNING || queue->state == BLK_HELD;
    BOOLEAN busy = alive && queue->ring.in_flight > 0;
    BOOLEAN hung = busy && queue->watched == queue->ring.next_used;
    queue->watched = queue->ring.next_used;
    queue->watching = busy && !hung;
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    if (busy && !hung)
        BlkSetWatchdog(queue);
    if (hung)
        fail(queue->blk, "no answer within " WATCHDOG_TEXT " seconds", STATUS_IO_TIMEOUT);
}

// A thread that still saw the old state is on its way out: it needs no more than a moment.
VOID BlkDrain(struct fdo_extension *blk)
{
    LARGE_INTEGER moment = {.QuadPart = SECONDS / 1000};
    for (ULONG i = 0; i < blk->queue_count; i++) {
        while (blk->queues[i]->submitting != 0)
            (VOID) KeDelayExecutionThread(KernelMode, FALSE, &moment);
        (VOID) KeCancelTimer(&blk->queues[i]->watchdog);
    }
    KeFlushQueuedDpcs();
    for (ULONG i = 0; i < blk->queue_count; i++)
        blk->queues[i]->watching = FALSE;
}

static PIRP take_waiting_of(struct blk_queue *queue, PFILE_OBJECT file)
{
    for (PLIST_ENTRY at = queue->waiting.Flink; at != &queue->waiting; at = at->Flink) {
        PIRP irp = CONTAINING_RECORD(at, IRP, Tail.Overlay.ListEntry);
        if (IoGetCurrentIrpStackLocation(irp)->FileObject != file || !IoSetCancelRoutine(irp, NULL))
            continue;
        RemoveEntryList(at);
        return irp;
    }
    return NULL;
}

static VOID clean_up(struct blk_queue *queue, PFILE_OBJECT file)
{
    KIRQL irql;
    PIRP irp;
    do {
        KeAcquireSpinLock(&queue->lock, &irql);
        irp = take_waiting_of(queue, file);
        KeReleaseSpinLock(&queue->lock, irql);
        if (irp)
            BlkComplete(irp, STATUS_CANCELLED);
    } while (irp);
}

VOID BlkCleanup(struct fdo_extension *blk, PFILE_OBJECT file)
{
    for (ULONG i = 0; i < blk->queue_count; i++)
        clean_up(blk->queues[i], file);
}
