// SPDX-License-Identifier: MIT
//
// The way of a request: a free slot, a scatter/gather list, descriptors, the ring, one doorbell;
// back by interrupt, DPC, used ring. Nothing is allocated here on the way. A request larger than a
// slot can describe goes in pieces, one after the other in the same slot. What finds no free slot
// waits in order and can be cancelled; what is in flight cannot.
//
// IoStatus.Information counts the bytes that have been moved and is the result in the end.
#include "blk.h"

#define SECONDS          (-10000000ll) // of a relative due time
#define HOLD_SECONDS     5
#define WATCHDOG_SECONDS 30

static KDEFERRED_ROUTINE watch;

static unsigned number_of(const struct blk_slot *slot)
{
    return (unsigned)(slot - slot->blk->slots);
}

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

static BOOLEAN is_flush(PIRP irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    return major != IRP_MJ_READ && major != IRP_MJ_WRITE;
}

static BOOLEAN is_write(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_WRITE;
}

static VOID complete(PIRP irp, NTSTATUS status)
{
    if (!NT_SUCCESS(status))
        irp->IoStatus.Information = 0;
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, NT_SUCCESS(status) ? IO_DISK_INCREMENT : IO_NO_INCREMENT);
}

// --- Slots and the waiting list; all with the lock held -----------------------------------------

static struct blk_slot *take_slot(struct fdo_extension *blk)
{
    struct blk_slot *slot = &blk->slots[blk->free[--blk->free_count]];
    if (blk->free_count + 1u == blk->queue.slots)
        KeClearEvent(&blk->idle);
    return slot;
}

static VOID give_slot(struct fdo_extension *blk, struct blk_slot *slot)
{
    slot->irp = NULL;
    blk->free[blk->free_count++] = (UCHAR)number_of(slot);
    if (blk->free_count == blk->queue.slots)
        KeSetEvent(&blk->idle, IO_NO_INCREMENT, FALSE);
}

// The first waiting request that nobody is cancelling. One whose cancel routine has been claimed is
// left to it, off the list.
static PIRP take_waiting(struct fdo_extension *blk)
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

static VOID cancel_waiting(PDEVICE_OBJECT disk, PIRP irp)
{
    struct pdo_extension *extension = disk->DeviceExtension;
    struct fdo_extension *blk = extension->blk;
    KIRQL irql;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&blk->lock, &irql);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&blk->lock, irql);
    complete(irp, STATUS_CANCELLED);
}

// Puts a request at the end. False: it had been cancelled before, and is the caller's to complete.
static BOOLEAN wait_in_line(struct fdo_extension *blk, PIRP irp)
{
    InsertTailList(&blk->waiting, &irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(irp, cancel_waiting);
    if (!irp->Cancel || !IoSetCancelRoutine(irp, NULL))
        return TRUE;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    return FALSE;
}

// --- Out ----------------------------------------------------------------------------------------

// Ends a slot's request and gives the slot back. What waits is started by start_waiting at the end
// of the routine that called, not here: this would nest. DISPATCH_LEVEL.
static VOID finish_slot(struct blk_slot *slot, NTSTATUS status)
{
    PIRP irp = slot->irp;
    struct fdo_extension *blk = slot->blk;
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    give_slot(blk, slot);
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    complete(irp, status);
}

static VOID release_list(struct blk_slot *slot)
{
    PDMA_ADAPTER adapter = slot->blk->adapter;
    if (slot->list)
        adapter->DmaOperations->PutScatterGatherList(adapter, slot->list, is_write(slot->irp));
    slot->list = NULL;
}

static VOID set_watchdog(struct fdo_extension *blk)
{
    LARGE_INTEGER due = {.QuadPart = SECONDS * WATCHDOG_SECONDS};
    (VOID) KeSetTimer(&blk->watchdog, due, &blk->watchdog_dpc);
}

static VOID publish(struct blk_slot *slot, ULONG writable)
{
    struct fdo_extension *blk = slot->blk;
    BOOLEAN running, kick = FALSE, unwatched = FALSE;
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    running = blk->state == BLK_RUNNING || blk->state == BLK_HELD;
    if (running) {
        queue_publish(&blk->queue, number_of(slot), writable);
        kick = queue_must_kick(&blk->queue);
        unwatched = !blk->watching;
        blk->watching = TRUE;
        blk->watched = unwatched ? blk->queue.next_used : blk->watched;
    }
    NTSTATUS refusal = blk->refusal;
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    if (kick)
        WRITE_REGISTER_USHORT(blk->doorbell, 0);
    if (unwatched)
        set_watchdog(blk);
    if (running)
        return;
    release_list(slot);
    finish_slot(slot, refusal);
}

// AdapterListControl: the buffer is mapped for the device.
static VOID list_ready(PDEVICE_OBJECT device, PIRP unused, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct blk_slot *slot = context;
    struct virtio_queue *queue = &slot->blk->queue;
    BOOLEAN write = is_write(slot->irp);
    ULONG count = list->NumberOfElements;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(unused);
    slot->list = list;
    if (count > queue->segments_most) {
        release_list(slot);
        finish_slot(slot, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    for (ULONG i = 0; i < count; i++)
        queue_segment(queue, number_of(slot), i, (uint64_t)list->Elements[i].Address.QuadPart,
                      list->Elements[i].Length, write ? 0 : DESCRIPTOR_WRITE);
    queue_end(queue, number_of(slot), count);
    publish(slot, write ? 0 : slot->bytes);
}

// The next piece: as much as one scatter/gather list and one descriptor table hold.
static ULONG piece_at(const struct fdo_extension *blk, PVOID va, ULONG left)
{
    ULONG most = blk->pages_most * PAGE_SIZE - BYTE_OFFSET(va);
    return left <= most ? left : most & ~(blk->geometry.block_bytes - 1);
}

static VOID start_transfer(struct blk_slot *slot)
{
    struct fdo_extension *blk = slot->blk;
    PIRP irp = slot->irp;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    BOOLEAN write = location->MajorFunction == IRP_MJ_WRITE;
    ULONG done = (ULONG)irp->IoStatus.Information;
    PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(irp->MdlAddress) + done;
    slot->bytes = piece_at(blk, va, location->Parameters.Read.Length - done);
    uint64_t offset = (uint64_t)location->Parameters.Read.ByteOffset.QuadPart + done;
    queue_begin(&blk->queue, number_of(slot), write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN,
                offset >> SECTOR_SHIFT);
    NTSTATUS status = slot->bytes == 0 ? STATUS_INVALID_PARAMETER
                                       : blk->adapter->DmaOperations->GetScatterGatherList(
                                             blk->adapter, blk->self, irp->MdlAddress, va,
                                             slot->bytes, list_ready, slot, write);
    if (!NT_SUCCESS(status))
        finish_slot(slot, status);
}

// Sends a slot's request on its way. DISPATCH_LEVEL, no lock held.
static VOID start_slot(struct blk_slot *slot)
{
    slot->list = NULL;
    if (!is_flush(slot->irp)) {
        start_transfer(slot);
        return;
    }
    slot->bytes = 0;
    queue_begin(&slot->blk->queue, number_of(slot), VIRTIO_BLK_T_FLUSH, 0);
    queue_end(&slot->blk->queue, number_of(slot), 0);
    publish(slot, 0);
}

// The next waiting request and a slot for it, or NULL. Takes and gives up the lock.
static struct blk_slot *next_waiting(struct fdo_extension *blk)
{
    struct blk_slot *slot = NULL;
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    PIRP irp = blk->state == BLK_RUNNING && blk->free_count > 0 ? take_waiting(blk) : NULL;
    if (irp) {
        slot = take_slot(blk);
        slot->irp = irp;
    }
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    return slot;
}

// Starts what waits while there are slots. The list is looked at without the lock: a request goes
// there only while no slot is free, and whoever gives one back comes here afterwards.
// DISPATCH_LEVEL.
static VOID start_waiting(struct fdo_extension *blk)
{
    struct blk_slot *slot;
    while (!IsListEmpty(&blk->waiting) && (slot = next_waiting(blk)))
        start_slot(slot);
}

NTSTATUS BlkSubmit(struct fdo_extension *blk, PIRP irp)
{
    KIRQL irql;
    struct blk_slot *slot = NULL;
    NTSTATUS refusal = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoMarkIrpPending(irp);
    InterlockedIncrement(&blk->submitting);
    KeAcquireSpinLock(&blk->lock, &irql);
    if (blk->state == BLK_RUNNING && blk->free_count > 0 && IsListEmpty(&blk->waiting)) {
        slot = take_slot(blk);
        slot->irp = irp;
    } else if (blk->state == BLK_DOWN || blk->state == BLK_FAILED) {
        refusal = blk->refusal;
    } else if (!wait_in_line(blk, irp)) {
        refusal = STATUS_CANCELLED;
    }
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    if (slot) {
        start_slot(slot);
        if (!IsListEmpty(&blk->waiting))
            start_waiting(blk);
    }
    KeLowerIrql(irql);
    InterlockedDecrement(&blk->submitting);
    if (!NT_SUCCESS(refusal))
        complete(irp, refusal);
    return STATUS_PENDING;
}

// --- Back ---------------------------------------------------------------------------------------

// One answer: the next piece, or the end.
static enum virtio_rule answered(struct fdo_extension *blk, const struct queue_taken *taken)
{
    struct blk_slot *slot = &blk->slots[taken->slot];
    PIRP irp = slot->irp;
    uint8_t said;
    enum virtio_rule rule = queue_status(&blk->queue, taken, &said);
    release_list(slot);
    if (rule) {
        finish_slot(slot, STATUS_DEVICE_PROTOCOL_ERROR);
    } else if (said != VIRTIO_BLK_S_OK) {
        finish_slot(slot, said == VIRTIO_BLK_S_UNSUPP ? STATUS_INVALID_DEVICE_REQUEST
                                                      : STATUS_IO_DEVICE_ERROR);
    } else {
        irp->IoStatus.Information += slot->bytes;
        if (!is_flush(irp) &&
            irp->IoStatus.Information < IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length)
            start_slot(slot);
        else
            finish_slot(slot, STATUS_SUCCESS);
    }
    return rule;
}

// Takes every answer there is, then asks for the next interrupt. Nothing goes in flight while the
// lock is held, so there are at most VIRTIO_SLOTS, and `all` has room for one more that is broken.
static enum virtio_rule take_answers(struct fdo_extension *blk, struct queue_taken *all,
                                     unsigned *count)
{
    enum queue_answer answer = QUEUE_EMPTY;
    *count = 0;
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    BOOLEAN running = blk->state == BLK_RUNNING || blk->state == BLK_HELD;
    while (running) {
        while ((answer = queue_take(&blk->queue, &all[*count])) == QUEUE_TOOK)
            ++*count;
        running = answer == QUEUE_EMPTY && queue_rearm(&blk->queue);
    }
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    return answer == QUEUE_BROKEN ? all[*count].rule : VIRTIO_OK;
}

VOID BlkDpc(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct fdo_extension *blk = context;
    struct queue_taken all[VIRTIO_SLOTS + 1];
    unsigned count;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    enum virtio_rule rule = take_answers(blk, all, &count);
    for (unsigned i = 0; i < count; i++) {
        enum virtio_rule broken = answered(blk, &all[i]);
        rule = rule ? rule : broken;
    }
    if (!rule && blk->configuration_changed &&
        InterlockedExchange(&blk->configuration_changed, 0) && HardwareNeedsReset(blk))
        rule = VIRTIO_NEEDS_RESET;
    if (rule)
        BlkDeviceBroke(blk, rule);
    if (!IsListEmpty(&blk->waiting))
        start_waiting(blk);
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
    start_waiting(blk);
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
            release_list(&blk->slots[i]);
            finish_slot(&blk->slots[i], status);
        }
    do {
        KeAcquireSpinLockAtDpcLevel(&blk->lock);
        irp = take_waiting(blk);
        KeReleaseSpinLockFromDpcLevel(&blk->lock);
        if (irp)
            complete(irp, status);
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
        set_watchdog(blk);
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
            complete(irp, STATUS_CANCELLED);
    } while (irp);
}
