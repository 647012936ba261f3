// SPDX-License-Identifier: MIT
//
// The way of a request: a scatter/gather list, a free slot, descriptors, the ring, one doorbell;
// back by interrupt, DPC, used ring. Nothing is allocated here on the way, and the lock is taken
// once to put a request in flight, and once for all that an interrupt tells of. A request larger
// than a slot can describe goes in pieces, one after the other in the same slot. What finds no free
// slot waits in order and can be cancelled; what is in flight cannot.
//
// IoStatus.Information counts the bytes that have been moved and is the result in the end.
#include "blk.h"

// What a request is doing between asking for its list and getting it, in DriverContext.
struct on_the_way {
    struct blk_slot *slot; // NULL: it has none yet
    ULONG_PTR bytes;       // of the piece
};

static struct on_the_way *way_of(PIRP irp)
{
    return (struct on_the_way *)irp->Tail.Overlay.DriverContext;
}

static unsigned number_of(const struct blk_slot *slot)
{
    return (unsigned)(slot - slot->blk->slots);
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

static struct blk_slot *take_slot(struct fdo_extension *blk, PIRP irp)
{
    struct blk_slot *slot = &blk->slots[blk->free[--blk->free_count]];
    slot->irp = irp;
    return slot;
}

static VOID give_slot(struct blk_slot *slot)
{
    struct fdo_extension *blk = slot->blk;
    slot->irp = NULL;
    blk->free[blk->free_count++] = (UCHAR)number_of(slot);
    if (blk->free_count == blk->queue.slots && blk->state != BLK_RUNNING)
        KeSetEvent(&blk->idle, IO_NO_INCREMENT, FALSE); // BlkHold may wait
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
    BlkComplete(irp, STATUS_CANCELLED);
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

static VOID put_list(struct fdo_extension *blk, PSCATTER_GATHER_LIST list, BOOLEAN write)
{
    if (list)
        blk->adapter->DmaOperations->PutScatterGatherList(blk->adapter, list, write);
}

VOID BlkReleaseList(struct blk_slot *slot)
{
    put_list(slot->blk, slot->list, is_write(slot->irp));
    slot->list = NULL;
}

// What waits is started by BlkStartWaiting at the end of the routine that called, not here: this
// would nest.
VOID BlkFinishSlot(struct blk_slot *slot, NTSTATUS status)
{
    PIRP irp = slot->irp;
    struct fdo_extension *blk = slot->blk;
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    give_slot(slot);
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    BlkComplete(irp, status);
}

// A request that came to nothing, whether it has a slot or not.
static VOID end(PIRP irp, struct blk_slot *slot, NTSTATUS status)
{
    if (slot)
        BlkFinishSlot(slot, status);
    else
        BlkComplete(irp, status);
}

// Into the waiting list. DISPATCH_LEVEL.
static VOID line_up(struct fdo_extension *blk, PIRP irp)
{
    NTSTATUS refusal = STATUS_SUCCESS;
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    if (blk->state == BLK_DOWN || blk->state == BLK_FAILED)
        refusal = blk->refusal;
    else if (!wait_in_line(blk, irp))
        refusal = STATUS_CANCELLED;
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    if (!NT_SUCCESS(refusal))
        BlkComplete(irp, refusal);
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
    ULONG count = list->NumberOfElements, i = 0;
    queue_begin(queue, number, write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, offset >> SECTOR_SHIFT);
    do { // there is at least one
        queue_segment(queue, number, i, (uint64_t)list->Elements[i].Address.QuadPart,
                      list->Elements[i].Length, write ? 0 : DESCRIPTOR_WRITE);
    } while (++i < count);
    queue_end(queue, number, count);
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
FORCEINLINE BOOLEAN put_in_flight(struct fdo_extension *blk, struct blk_slot *slot, PIRP irp,
                                  PSCATTER_GATHER_LIST list, ULONG bytes)
{
    BOOLEAN kick = FALSE, unwatched = FALSE;
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    if (!slot && blk->state == BLK_RUNNING && blk->free_count > 0)
        slot = take_slot(blk, irp);
    BOOLEAN goes = slot && (blk->state == BLK_RUNNING || blk->state == BLK_HELD);
    if (goes) {
        slot->list = list;
        slot->bytes = bytes;
        if (list)
            fill(&blk->queue, number_of(slot), irp, list, bytes);
        else
            fill_flush(&blk->queue, number_of(slot));
        kick = queue_must_kick(&blk->queue);
        unwatched = !blk->watching;
    }
    if (unwatched) {
        blk->watching = TRUE;
        blk->watched = (USHORT)blk->queue.next_used;
    }
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    if (kick)
        WRITE_REGISTER_USHORT(blk->doorbell, 0);
    if (unwatched)
        BlkSetWatchdog(blk);
    return goes;
}

// What could not be put in flight.
static VOID give_up(struct fdo_extension *blk, struct blk_slot *slot, PIRP irp,
                    PSCATTER_GATHER_LIST list)
{
    put_list(blk, list, is_write(irp));
    if (slot)
        BlkFinishSlot(slot, blk->refusal);
    else
        line_up(blk, irp);
}

// AdapterListControl: the buffer is mapped for the device.
static VOID list_ready(PDEVICE_OBJECT device, PIRP unused, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct fdo_extension *blk = device->DeviceExtension;
    PIRP irp = context;
    struct on_the_way way = *way_of(irp);
    UNREFERENCED_PARAMETER(unused);
    if (list->NumberOfElements > blk->queue.segments_most) {
        put_list(blk, list, is_write(irp));
        end(irp, way.slot, STATUS_INSUFFICIENT_RESOURCES);
    } else if (!put_in_flight(blk, way.slot, irp, list, (ULONG)way.bytes)) {
        give_up(blk, way.slot, irp, list);
    }
}

// The next piece: as much as one scatter/gather list and one descriptor table hold.
static ULONG piece_at(const struct fdo_extension *blk, PVOID va, ULONG left)
{
    ULONG most = blk->pages_most * PAGE_SIZE - BYTE_OFFSET(va);
    return left <= most ? left : most & ~(blk->geometry.block_bytes - 1);
}

static VOID start_flush(struct fdo_extension *blk, struct blk_slot *slot, PIRP irp)
{
    if (!put_in_flight(blk, slot, irp, NULL, 0))
        give_up(blk, slot, irp, NULL);
}

// The next piece, or all of a request. DISPATCH_LEVEL, no lock held.
static VOID start(struct fdo_extension *blk, struct blk_slot *slot, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG done = (ULONG)irp->IoStatus.Information;
    if (is_flush(irp)) {
        start_flush(blk, slot, irp);
        return;
    }
    PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(irp->MdlAddress) + done;
    ULONG bytes = piece_at(blk, va, location->Parameters.Read.Length - done);
    *way_of(irp) = (struct on_the_way){slot, bytes};
    NTSTATUS status = bytes == 0 ? STATUS_INVALID_PARAMETER
                                 : blk->adapter->DmaOperations->GetScatterGatherList(
                                       blk->adapter, blk->self, irp->MdlAddress, va, bytes,
                                       list_ready, irp, location->MajorFunction == IRP_MJ_WRITE);
    if (!NT_SUCCESS(status))
        end(irp, slot, status);
}

// The next waiting request and a slot for it, or NULL. Takes and gives up the lock.
static struct blk_slot *next_waiting(struct fdo_extension *blk)
{
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    PIRP irp = blk->state == BLK_RUNNING && blk->free_count > 0 ? BlkTakeWaiting(blk) : NULL;
    struct blk_slot *slot = irp ? take_slot(blk, irp) : NULL;
    if (slot)
        slot->list = NULL;
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    return slot;
}

VOID BlkStartWaiting(struct fdo_extension *blk)
{
    struct blk_slot *slot;
    while (!IsListEmpty(&blk->waiting) && (slot = next_waiting(blk)))
        start(blk, slot, slot->irp);
}

// State, slots and the list are looked at without the lock first: put_in_flight decides, and
// whoever gives a slot back looks at the waiting list afterwards, as it is done here.
NTSTATUS BlkSubmit(struct fdo_extension *blk, PIRP irp)
{
    KIRQL irql;
    irp->IoStatus.Information = 0;
    IoMarkIrpPending(irp);
    InterlockedIncrement(&blk->submitting);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (blk->state == BLK_RUNNING && blk->free_count > 0 && IsListEmpty(&blk->waiting))
        start(blk, NULL, irp);
    else
        line_up(blk, irp);
    if (!IsListEmpty(&blk->waiting))
        BlkStartWaiting(blk);
    KeLowerIrql(irql);
    InterlockedDecrement(&blk->submitting);
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
FORCEINLINE enum virtio_rule answered(struct fdo_extension *blk, const struct queue_taken *taken,
                                      struct answer *answer)
{
    struct blk_slot *slot = &blk->slots[taken->slot];
    PIRP irp = slot->irp;
    uint8_t said;
    enum virtio_rule rule = queue_status(&blk->queue, taken, &said);
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
static enum virtio_rule take_answers(struct fdo_extension *blk, struct answer *all, unsigned *count)
{
    enum virtio_rule rule = VIRTIO_OK;
    enum queue_answer answer;
    struct queue_taken taken;
    *count = 0;
    KeAcquireSpinLockAtDpcLevel(&blk->lock);
    BOOLEAN running = blk->state == BLK_RUNNING || blk->state == BLK_HELD;
    while (running) {
        while ((answer = queue_take(&blk->queue, &taken)) == QUEUE_TOOK) {
            enum virtio_rule broken = answered(blk, &taken, &all[(*count)++]);
            rule = rule ? rule : broken;
        }
        if (answer == QUEUE_BROKEN)
            rule = rule ? rule : taken.rule;
        running = answer == QUEUE_EMPTY && queue_rearm(&blk->queue);
    }
    KeReleaseSpinLockFromDpcLevel(&blk->lock);
    return rule;
}

VOID BlkDpc(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct fdo_extension *blk = context;
    struct answer all[VIRTIO_SLOTS];
    unsigned count;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    enum virtio_rule rule = take_answers(blk, all, &count);
    for (unsigned i = 0; i < count; i++) {
        put_list(blk, all[i].list, is_write(all[i].irp));
        if (all[i].slot)
            start(blk, all[i].slot, all[i].irp);
        else
            BlkComplete(all[i].irp, all[i].irp->IoStatus.Status);
    }
    if (!rule && blk->configuration_changed &&
        InterlockedExchange(&blk->configuration_changed, 0) && HardwareNeedsReset(blk))
        rule = VIRTIO_NEEDS_RESET;
    if (rule)
        BlkDeviceBroke(blk, rule);
    if (!IsListEmpty(&blk->waiting))
        BlkStartWaiting(blk);
}
