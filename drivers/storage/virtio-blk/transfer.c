// SPDX-License-Identifier: MIT
//
// The way of a request: the queue of this hart, a scatter/gather list, a free slot, descriptors,
// the ring, one doorbell; back by interrupt, DPC, used ring. Nothing is allocated here on the way,
// and the lock is taken once to put a request in flight, and once for all that an interrupt tells
// of. A request larger than a slot can describe goes in pieces, one after the other in the same
// slot. What finds no free slot waits in order and can be cancelled; what is in flight cannot.
//
// IoStatus.Information counts the bytes that have been moved and is the result in the end.
#include "blk.h"

// What a request is doing between asking for its list and getting it, and which queue it waits in;
// in DriverContext.
struct on_the_way {
    struct blk_queue *queue;
    struct blk_slot *slot; // NULL: it has none yet
    ULONG_PTR bytes;       // of the piece
};

static struct on_the_way *way_of(PIRP irp)
{
    return (struct on_the_way *)irp->Tail.Overlay.DriverContext;
}

static unsigned number_of(const struct blk_slot *slot)
{
    return slot->number;
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

// --- Slots and the waiting list; all with the lock held -----------------------------------------

static struct blk_slot *take_slot(struct blk_queue *queue, PIRP irp)
{
    struct blk_slot *slot = &queue->slots[queue->free[--queue->free_count]];
    slot->irp = irp;
    return slot;
}

static VOID give_slot(struct blk_slot *slot)
{
    struct blk_queue *queue = slot->queue;
    slot->irp = NULL;
    queue->free[queue->free_count++] = (UCHAR)number_of(slot);
    if (queue->free_count == queue->ring.slots && queue->state != BLK_RUNNING)
        KeSetEvent(&queue->idle, IO_NO_INCREMENT, FALSE); // BlkHold may wait
}

static VOID cancel_waiting(PDEVICE_OBJECT disk, PIRP irp)
{
    struct blk_queue *queue = way_of(irp)->queue;
    KIRQL irql;
    UNREFERENCED_PARAMETER(disk);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&queue->lock, &irql);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&queue->lock, irql);
    BlkComplete(irp, STATUS_CANCELLED);
}

// Puts a request at the end. False: it had been cancelled before, and is the caller's to complete.
static BOOLEAN wait_in_line(struct blk_queue *queue, PIRP irp)
{
    way_of(irp)->queue = queue;
    InsertTailList(&queue->waiting, &irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(irp, cancel_waiting);
    if (!irp->Cancel || !IoSetCancelRoutine(irp, NULL))
        return TRUE;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    return FALSE;
}

// --- Out ----------------------------------------------------------------------------------------

static VOID put_list(struct blk_queue *queue, PSCATTER_GATHER_LIST list, BOOLEAN write)
{
    if (list)
        queue->adapter->DmaOperations->PutScatterGatherList(queue->adapter, list, write);
}

VOID BlkReleaseList(struct blk_slot *slot)
{
    put_list(slot->queue, slot->list, is_write(slot->irp));
    slot->list = NULL;
}

// What waits is started by BlkStartWaiting at the end of the routine that called, not here: this
// would nest.
VOID BlkFinishSlot(struct blk_slot *slot, NTSTATUS status)
{
    PIRP irp = slot->irp;
    struct blk_queue *queue = slot->queue;
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    give_slot(slot);
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    BlkComplete(irp, status);
}

// A request that came to nothing, whether it has a slot or not.
__attribute__((noinline)) static VOID end(PIRP irp, struct blk_slot *slot, NTSTATUS status)
{
    if (slot)
        BlkFinishSlot(slot, status);
    else
        BlkComplete(irp, status);
}

// Into the waiting list. DISPATCH_LEVEL.
__attribute__((noinline)) static VOID line_up(struct blk_queue *queue, PIRP irp)
{
    NTSTATUS refusal = STATUS_SUCCESS;
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    if (queue->state == BLK_DOWN || queue->state == BLK_FAILED)
        refusal = queue->refusal;
    else if (!wait_in_line(queue, irp))
        refusal = STATUS_CANCELLED;
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    if (!NT_SUCCESS(refusal))
        BlkComplete(irp, refusal);
}

__attribute__((noinline)) static VOID fill_list(struct virtio_queue *queue, unsigned number,
                                                PSCATTER_GATHER_LIST list, unsigned flags)
{
    for (ULONG i = 0; i < list->NumberOfElements; i++)
        queue_segment(queue, number, i, (uint64_t)list->Elements[i].Address.QuadPart,
                      list->Elements[i].Length, flags);
    queue_end(queue, number, list->NumberOfElements);
}

// Its slot is the request's own, so that no lock is needed; but it is held, since few requests
// would do without it.
FORCEINLINE VOID fill(struct virtio_queue *queue, unsigned number, PIRP irp,
                      PSCATTER_GATHER_LIST list, ULONG bytes)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    BOOLEAN write = location->MajorFunction == IRP_MJ_WRITE;
    uint64_t offset =
        (uint64_t)location->Parameters.Read.ByteOffset.QuadPart + irp->IoStatus.Information;
    unsigned flags = write ? 0 : DESCRIPTOR_WRITE;
    queue_begin(queue, number, write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, offset >> SECTOR_SHIFT);
    if (list->NumberOfElements == 1)
        queue_only_segment(queue, number, (uint64_t)list->Elements[0].Address.QuadPart,
                           list->Elements[0].Length, flags);
    else
        fill_list(queue, number, list, flags);
    queue_publish(queue, number, write ? 0 : bytes);
}

static VOID fill_flush(struct virtio_queue *queue, unsigned number)
{
    queue_begin(queue, number, VIRTIO_BLK_T_FLUSH, 0);
    queue_end(queue, number, 0);
    queue_publish(queue, number, 0);
}

// Sends a request on its way, in its slot or in one that is taken now. False: there is none, or no
// new ones are started.
FORCEINLINE BOOLEAN put_in_flight(struct blk_queue *queue, struct blk_slot *slot, PIRP irp,
                                  PSCATTER_GATHER_LIST list, ULONG bytes)
{
    BOOLEAN kick = FALSE, unwatched = FALSE;
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    if (!slot && queue->state == BLK_RUNNING && queue->free_count > 0)
        slot = take_slot(queue, irp);
    BOOLEAN goes = slot && (queue->state == BLK_RUNNING || queue->state == BLK_HELD);
    if (goes) {
        slot->list = list;
        slot->bytes = bytes;
        if (list)
            fill(&queue->ring, number_of(slot), irp, list, bytes);
        else
            fill_flush(&queue->ring, number_of(slot));
        kick = queue_must_kick(&queue->ring);
        unwatched = !queue->watching;
    }
    if (unwatched) {
        queue->watching = TRUE;
        queue->watched = (USHORT)queue->ring.next_used;
    }
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    if (kick)
        WRITE_REGISTER_USHORT(queue->doorbell, queue->number);
    if (unwatched)
        BlkSetWatchdog(queue);
    return goes;
}

// What could not be put in flight.
__attribute__((noinline)) static VOID give_up(struct blk_queue *queue, struct blk_slot *slot,
                                              PIRP irp, PSCATTER_GATHER_LIST list)
{
    put_list(queue, list, is_write(irp));
    if (slot)
        BlkFinishSlot(slot, queue->refusal);
    else
        line_up(queue, irp);
}

// AdapterListControl: the buffer is mapped for the device.
static VOID list_ready(PDEVICE_OBJECT device, PIRP unused, PSCATTER_GATHER_LIST list, PVOID context)
{
    PIRP irp = context;
    struct on_the_way way = *way_of(irp);
    struct blk_queue *queue = way.queue;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(unused);
    if (list->NumberOfElements > queue->ring.segments_most) {
        put_list(queue, list, is_write(irp));
        end(irp, way.slot, STATUS_INSUFFICIENT_RESOURCES);
    } else if (!put_in_flight(queue, way.slot, irp, list, (ULONG)way.bytes)) {
        give_up(queue, way.slot, irp, list);
    }
}

// The next piece: as much as one scatter/gather list and one descriptor table hold.
static ULONG piece_at(const struct blk_queue *queue, PVOID va, ULONG left)
{
    ULONG most = queue->pages_most * PAGE_SIZE - BYTE_OFFSET(va);
    return left <= most ? left : most & ~(queue->blk->geometry.block_bytes - 1);
}

__attribute__((noinline)) static VOID start_flush(struct blk_queue *queue, struct blk_slot *slot,
                                                  PIRP irp)
{
    if (!put_in_flight(queue, slot, irp, NULL, 0))
        give_up(queue, slot, irp, NULL);
}

// The next piece, or all of a transfer. DISPATCH_LEVEL, no lock held.
FORCEINLINE VOID start_transfer(struct blk_queue *queue, struct blk_slot *slot, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG done = (ULONG)irp->IoStatus.Information;
    PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(irp->MdlAddress) + done;
    ULONG bytes = piece_at(queue, va, location->Parameters.Read.Length - done);
    *way_of(irp) = (struct on_the_way){queue, slot, bytes};
    NTSTATUS status = bytes == 0 ? STATUS_INVALID_PARAMETER
                                 : queue->adapter->DmaOperations->GetScatterGatherList(
                                       queue->adapter, queue->device, irp->MdlAddress, va, bytes,
                                       list_ready, irp, location->MajorFunction == IRP_MJ_WRITE);
    if (!NT_SUCCESS(status))
        end(irp, slot, status);
}

// Not in line: what few requests need would cost all of them registers.
__attribute__((noinline)) static VOID start(struct blk_queue *queue, struct blk_slot *slot,
                                            PIRP irp)
{
    if (is_flush(irp))
        start_flush(queue, slot, irp);
    else
        start_transfer(queue, slot, irp);
}

// The next waiting request and a slot for it, or NULL. Takes and gives up the lock.
static struct blk_slot *next_waiting(struct blk_queue *queue)
{
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    PIRP irp = queue->state == BLK_RUNNING && queue->free_count > 0 ? BlkTakeWaiting(queue) : NULL;
    struct blk_slot *slot = irp ? take_slot(queue, irp) : NULL;
    if (slot)
        slot->list = NULL;
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    return slot;
}

VOID BlkStartWaiting(struct blk_queue *queue)
{
    struct blk_slot *slot;
    while (!IsListEmpty(&queue->waiting) && (slot = next_waiting(queue)))
        start(queue, slot, slot->irp);
}

// The queue of this hart; whoever is moved to another meanwhile does no harm.
static struct blk_queue *choose(const struct fdo_extension *blk)
{
    if (blk->queue_count == 1)
        return blk->queues[0];
    return blk->queues[KeGetCurrentProcessorNumber() % blk->queue_count];
}

// State, slots and the list are looked at without the lock first: put_in_flight decides, and
// whoever gives a slot back looks at the waiting list afterwards, as it is done here.
NTSTATUS BlkSubmit(struct fdo_extension *blk, PIRP irp)
{
    struct blk_queue *queue = choose(blk);
    KIRQL irql;
    irp->IoStatus.Information = 0;
    IoMarkIrpPending(irp);
    InterlockedIncrement(&queue->submitting);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    BOOLEAN now =
        queue->state == BLK_RUNNING && queue->free_count > 0 && IsListEmpty(&queue->waiting);
    if (now && !is_flush(irp))
        start_transfer(queue, NULL, irp);
    else if (now)
        start_flush(queue, NULL, irp);
    else
        line_up(queue, irp);
    if (!IsListEmpty(&queue->waiting))
        BlkStartWaiting(queue);
    KeLowerIrql(irql);
    InterlockedDecrement(&queue->submitting);
    return STATUS_PENDING;
}

// --- Back ---------------------------------------------------------------------------------------

// A request whose piece the device has answered.
struct answer {
    PIRP irp;
    PSCATTER_GATHER_LIST list;
    struct blk_slot *slot; // kept for the next piece; NULL: the request is done
};

static NTSTATUS status_of(enum virtio_rule rule, uint8_t said)
{
    if (rule)
        return STATUS_DEVICE_PROTOCOL_ERROR;
    if (said == VIRTIO_BLK_S_OK)
        return STATUS_SUCCESS;
    return said == VIRTIO_BLK_S_UNSUPP ? STATUS_INVALID_DEVICE_REQUEST : STATUS_IO_DEVICE_ERROR;
}

// Whether a request has another piece, after all that was moved.
static BOOLEAN goes_on(PIRP irp)
{
    return !is_flush(irp) &&
           irp->IoStatus.Information < IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;
}

// Takes what the slot knows. Done requests give theirs back here, so that what comes next finds it.
// Lock held.
FORCEINLINE enum virtio_rule answered(struct blk_queue *queue, const struct queue_taken *taken,
                                      struct answer *answer)
{
    struct blk_slot *slot = &queue->slots[taken->slot];
    PIRP irp = slot->irp;
    uint8_t said;
    enum virtio_rule rule = queue_status(&queue->ring, taken, &said);
    NTSTATUS status = status_of(rule, said);
    irp->IoStatus.Status = status;
    if (NT_SUCCESS(status))
        irp->IoStatus.Information += slot->bytes;
    *answer = (struct answer){irp, slot->list, slot};
    slot->list = NULL;
    if (!NT_SUCCESS(status) || !goes_on(irp)) {
        answer->slot = NULL;
        give_slot(slot);
    }
    return rule;
}

// Takes every answer there is, then asks for the next interrupt. Nothing goes in flight while the
// lock is held, so there are at most VIRTIO_SLOTS. The first rule that was broken.
static enum virtio_rule take_answers(struct blk_queue *queue, struct answer *all, unsigned *count)
{
    enum virtio_rule rule = VIRTIO_OK;
    enum queue_answer answer;
    struct queue_taken taken;
    *count = 0;
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    BOOLEAN running = queue->state == BLK_RUNNING || queue->state == BLK_HELD;
    while (running) {
        while ((answer = queue_take(&queue->ring, &taken)) == QUEUE_TOOK) {
            enum virtio_rule broken = answered(queue, &taken, &all[(*count)++]);
            rule = rule ? rule : broken;
        }
        if (answer == QUEUE_BROKEN)
            rule = rule ? rule : taken.rule;
        running = answer == QUEUE_EMPTY && queue_rearm(&queue->ring);
    }
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    return rule;
}

VOID BlkDpc(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct blk_queue *queue = context;
    struct answer all[VIRTIO_SLOTS];
    unsigned count;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    enum virtio_rule rule = take_answers(queue, all, &count);
    for (unsigned i = 0; i < count; i++) {
        put_list(queue, all[i].list, is_write(all[i].irp));
        if (all[i].slot)
            start(queue, all[i].slot, all[i].irp);
        else
            BlkComplete(all[i].irp, all[i].irp->IoStatus.Status);
    }
    struct fdo_extension *blk = queue->blk;
    if (!rule && blk->configuration_changed &&
        InterlockedExchange(&blk->configuration_changed, 0) && HardwareNeedsReset(blk))
        rule = VIRTIO_NEEDS_RESET;
    if (rule)
        BlkDeviceBroke(blk, rule);
    if (!IsListEmpty(&queue->waiting))
        BlkStartWaiting(queue);
}
