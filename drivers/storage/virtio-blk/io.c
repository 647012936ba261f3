// SPDX-License-Identifier: MIT
//
// The states of the queue: running, held, abandoned; the watchdog; and the requests that wait.
#include "blk.h"

#define SECONDS          (-10000000ll) // of a relative due time
#define HOLD_SECONDS     5
#define WATCHDOG_SECONDS 30

static KDEFERRED_ROUTINE watch;

VOID BlkInitialize(struct fdo_extension *blk)
{
    KeInitializeSpinLock(&blk->lock);
    InitializeListHead(&blk->waiting);
    KeInitializeEvent(&blk->idle, NotificationEvent, TRUE);
    KeInitializeDpc(&blk->dpc, BlkDpc, blk);
    KeInitializeTimer(&blk->watchdog);
    KeInitializeDpc(&blk->watchdog_dpc, watch, blk);
    blk->state = BLK_DOWN;
    blk->refusal = STATUS_DEVICE_NOT_READY;
    for (unsigned i = 0; i < VIRTIO_SLOTS; i++)
        blk->slots[i].blk = blk;
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
PIRP BlkTakeWaiting(struct fdo_extension *blk)
{
    while (!IsListEmpty(&blk->waiting)) {
        PLIST_ENTRY entry = RemoveHeadList(&blk->waiting);
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (IoSetCancelRoutine(irp, NULL))
            return irp;
        InitializeListHead(entry);
    }
    return NULL;
}

VOID BlkSetWatchdog(struct fdo_extension *blk)
{
    LARGE_INTEGER due = {.QuadPart = SECONDS * WATCHDOG_SECONDS};
    (VOID) KeSetTimer(&blk->watchdog, due, &blk->watchdog_dpc);
}

// --- States -------------------------------------------------------------------------------------

// Refills the free stack: the queue was made anew, no slot is taken.
static VOID reset_slots(struct fdo_extension *blk)
{
    blk->free_count = 0;
    for (unsigned i = blk->queue.slots; i-- > 0;)
        blk->free[blk->free_count++] = (UCHAR)i;
    KeSetEvent(&blk->idle, IO_NO_INCREMENT, FALSE);
}

VOID BlkResume(struct fdo_extension *blk, BOOLEAN anew)
{
    KIRQL irql;
    KeAcquireSpinLock(&blk->lock, &irql);
    if (anew)
        reset_slots(blk);
    blk->state = BLK_RUNNING;
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    BlkStartWaiting(blk);
    KeLowerIrql(irql);
}

VOID BlkHold(struct fdo_extension *blk)
{
    KIRQL irql;
    LARGE_INTEGER limit = {.QuadPart = SECONDS * HOLD_SECONDS};
    KeAcquireSpinLock(&blk->lock, &irql);
    BOOLEAN running = blk->state == BLK_RUNNING;
    if (running)
        blk->state = BLK_HELD;
    if (running && blk->free_count != blk->queue.slots)
        KeClearEvent(&blk->idle); // the last slot that is given back sets it
    KeReleaseSpinLock(&blk->lock, irql);
    if (running &&
        KeWaitForSingleObject(&blk->idle, Executive, KernelMode, FALSE, &limit) == STATUS_TIMEOUT) {
        DbgPrint("the device does not finish its requests\n");
        HardwareQuiet(blk);
        BlkAbandon(blk, BLK_FAILED, STATUS_ADAPTER_HARDWARE_ERROR);
    }
}

// Takes a slot out of the queue's hands. True if it was in flight.
static BOOLEAN reclaim(struct fdo_extension *blk, unsigned slot)
{
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    BOOLEAN flying = blk->queue.writable[slot] != 0;
    blk->queue.writable[slot] = 0;
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    return flying;
}

VOID BlkAbandon(struct fdo_extension *blk, enum blk_state state, NTSTATUS status)
{
    KIRQL irql;
    PIRP irp;
    KeAcquireSpinLock(&blk->lock, &irql);
    blk->state = state;
    blk->refusal = status;
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    for (unsigned i = 0; i < blk->queue.slots; i++)
        if (reclaim(blk, i)) {
            BlkReleaseList(&blk->slots[i]);
            BlkFinishSlot(&blk->slots[i], status);
        }
    do {
        KeAcquireSpinLockAtDpcLevel(&blk->lock);
        irp = BlkTakeWaiting(blk);
        KeReleaseSpinLockFromDpcLevel(&blk->lock);
        if (irp)
            BlkComplete(irp, status);
    } while (irp);
    KeLowerIrql(irql);
}

VOID BlkDeviceBroke(struct fdo_extension *blk, enum virtio_rule rule)
{
    DbgPrint("the device failed: %s\n", virtio_rule_text(rule));
    HardwareQuiet(blk);
    BlkAbandon(blk, BLK_FAILED, STATUS_DEVICE_PROTOCOL_ERROR);
    IoInvalidateDeviceState(blk->pdo);
}

// The device has had WATCHDOG_SECONDS since it was looked at last. The timer is set at most once in
// that time, and not again once nothing is in flight.
static VOID watch(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct fdo_extension *blk = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    BOOLEAN alive = blk->state == BLK_RUNNING || blk->state == BLK_HELD;
    BOOLEAN busy = alive && blk->queue.in_flight > 0;
    BOOLEAN hung = busy && blk->watched == blk->queue.next_used;
    blk->watched = blk->queue.next_used;
    blk->watching = busy && !hung;
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    if (busy && !hung)
        BlkSetWatchdog(blk);
    if (!hung)
        return;
    DbgPrint("the device failed: no answer within %u seconds\n", WATCHDOG_SECONDS);
    HardwareQuiet(blk);
    BlkAbandon(blk, BLK_FAILED, STATUS_IO_TIMEOUT);
    IoInvalidateDeviceState(blk->pdo);
}

// A thread that still saw the old state is on its way out: it needs no more than a moment.
VOID BlkDrain(struct fdo_extension *blk)
{
    LARGE_INTEGER moment = {.QuadPart = SECONDS / 1000};
    while (blk->submitting != 0)
        (VOID) KeDelayExecutionThread(KernelMode, FALSE, &moment);
    (VOID) KeCancelTimer(&blk->watchdog);
    KeFlushQueuedDpcs();
    blk->watching = FALSE;
}

static PIRP take_waiting_of(struct fdo_extension *blk, PFILE_OBJECT file)
{
    for (PLIST_ENTRY at = blk->waiting.Flink; at != &blk->waiting; at = at->Flink) {
        PIRP irp = CONTAINING_RECORD(at, IRP, Tail.Overlay.ListEntry);
        if (IoGetCurrentIrpStackLocation(irp)->FileObject != file || !IoSetCancelRoutine(irp, NULL))
            continue;
        RemoveEntryList(at);
        return irp;
    }
    return NULL;
}

VOID BlkCleanup(struct fdo_extension *blk, PFILE_OBJECT file)
{
    KIRQL irql;
    PIRP irp;
    do {
        KeAcquireSpinLock(&blk->lock, &irql);
        irp = take_waiting_of(blk, file);
        KeReleaseSpinLock(&blk->lock, irql);
        if (irp)
            BlkComplete(irp, STATUS_CANCELLED);
    } while (irp);
}
