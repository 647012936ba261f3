// SPDX-License-Identifier: MIT
//
// The way of a request: the queue of this hart, a free slot, a scatter/gather list, PRPs, the ring,
// a doorbell; back by interrupt, DPC, completion ring. Nothing is allocated here on the way. A
// request larger than a command can describe goes in pieces, one after the other in the same slot.
// What finds no free slot waits in order and can be cancelled; what is in flight cannot.
//
// IoStatus.Information counts the bytes that have been moved and is the result in the end; so a
// request that a reset took back goes on where it was.
#include "controller.h"

#define QUEUE_OF(irp) ((irp)->Tail.Overlay.DriverContext[0])

static ULONG number_of(const struct nvme_slot *slot)
{
    return (ULONG)(slot - slot->queue->slots);
}

VOID QueueInitialize(struct controller *nvme, struct io_queue *queue)
{
    queue->nvme = nvme;
    KeInitializeSpinLock(&queue->lock);
    InitializeListHead(&queue->waiting);
    KeInitializeEvent(&queue->idle, NotificationEvent, TRUE);
    KeInitializeDpc(&queue->dpc, NvmeQueueDpc, queue);
    queue->state = NVME_DOWN;
    queue->refusal = STATUS_DEVICE_NOT_READY;
    for (ULONG i = 0; i < NVME_SLOTS; i++)
        queue->slots[i].queue = queue;
}

static struct disk_extension *disk_of(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->DeviceObject->DeviceExtension;
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

VOID NvmeCompleteRequest(PIRP irp, NTSTATUS status)
{
    if (!NT_SUCCESS(status))
        irp->IoStatus.Information = 0;
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, NT_SUCCESS(status) ? IO_DISK_INCREMENT : IO_NO_INCREMENT);
}

// --- Slots and the waiting list; all with the lock held, except where said ----------------------

static struct nvme_slot *take_slot(struct io_queue *queue)
{
    struct nvme_slot *slot = &queue->slots[queue->free[--queue->free_count]];
    if (queue->free_count + 1u == queue->ring.slots)
        KeClearEvent(&queue->idle);
    return slot;
}

static VOID give_slot(struct nvme_slot *slot)
{
    struct io_queue *queue = slot->queue;
    slot->irp = NULL;
    queue->free[queue->free_count++] = (UCHAR)number_of(slot);
    if (queue->free_count == queue->ring.slots)
        KeSetEvent(&queue->idle, IO_NO_INCREMENT, FALSE);
}

// One whose cancel routine has been claimed is left to it, off the list.
static PIRP take_waiting(struct io_queue *queue)
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

static PIRP take_waiting_of(struct io_queue *queue, PFILE_OBJECT file)
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

PIRP QueueTakeWaiting(struct io_queue *queue, PFILE_OBJECT file) // takes the lock
{
    KIRQL irql;
    KeAcquireSpinLock(&queue->lock, &irql);
    PIRP irp = file ? take_waiting_of(queue, file) : take_waiting(queue);
    KeReleaseSpinLock(&queue->lock, irql);
    return irp;
}

static VOID cancel_waiting(PDEVICE_OBJECT disk, PIRP irp)
{
    struct io_queue *queue = QUEUE_OF(irp);
    KIRQL irql;
    UNREFERENCED_PARAMETER(disk);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&queue->lock, &irql);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&queue->lock, irql);
    NvmeCompleteRequest(irp, STATUS_CANCELLED);
}

// False: it had been cancelled before, and is the caller's to complete.
static BOOLEAN wait_in_line(struct io_queue *queue, PIRP irp, BOOLEAN first)
{
    QUEUE_OF(irp) = queue;
    if (first)
        InsertHeadList(&queue->waiting, &irp->Tail.Overlay.ListEntry);
    else
        InsertTailList(&queue->waiting, &irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(irp, cancel_waiting);
    if (!irp->Cancel || !IoSetCancelRoutine(irp, NULL))
        return TRUE;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    return FALSE;
}

// --- Out; DISPATCH_LEVEL, no lock held
// ------------------------------------------------------------

// Ends a slot's request and gives the slot back. What waits is started at the end of the routine
// that called, not here: this would nest.
static VOID finish_slot(struct nvme_slot *slot, NTSTATUS status)
{
    PIRP irp = slot->irp;
    struct io_queue *queue = slot->queue;
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    give_slot(slot);
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    NvmeCompleteRequest(irp, status);
}

static VOID release_list(struct nvme_slot *slot)
{
    PDMA_ADAPTER adapter = slot->queue->nvme->adapter;
    if (slot->list)
        adapter->DmaOperations->PutScatterGatherList(adapter, slot->list, is_write(slot->irp));
    slot->list = NULL;
}

VOID QueueTakeBack(struct nvme_slot *slot, NTSTATUS status)
{
    struct io_queue *queue = slot->queue;
    PIRP irp = slot->irp;
    release_list(slot);
    if (!NT_SUCCESS(status)) {
        finish_slot(slot, status);
        return;
    }
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    BOOLEAN waits = wait_in_line(queue, irp, TRUE);
    give_slot(slot);
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    if (!waits)
        NvmeCompleteRequest(irp, STATUS_CANCELLED);
}

// Puts a filled command in flight. While the controller is reset the request waits again; once it
// has failed the request has, too.
static VOID publish(struct nvme_slot *slot, struct nvme_command *command)
{
    struct io_queue *queue = slot->queue;
    struct controller *nvme = queue->nvme;
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    enum nvme_state state = queue->state;
    NTSTATUS refusal = state == NVME_RESETTING ? STATUS_SUCCESS : queue->refusal;
    if (state == NVME_RUNNING || state == NVME_HELD) {
        slot->age = 0;
        nvme_submit(&queue->ring, number_of(slot), command);
        NvmeWrite(nvme, queue->submission_doorbell, queue->ring.tail);
    }
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    if (state != NVME_RUNNING && state != NVME_HELD)
        QueueTakeBack(slot, refusal);
    else if (!nvme->watching)
        WatchBegin(nvme);
}

// As much of the list as one command can describe, in whole blocks.
static ULONG describe(struct nvme_slot *slot, struct nvme_command *command)
{
    struct io_queue *queue = slot->queue;
    ULONG offset = NVME_RINGS_BYTES + number_of(slot) * NVME_LIST_BYTES;
    struct nvme_prps prps;
    nvme_prps_begin(&prps, (uint64_t *)(PVOID)(queue->memory + offset),
                    (uint64_t)queue->address.QuadPart + offset);
    for (ULONG i = 0; i < slot->list->NumberOfElements; i++)
        if (!nvme_prps_add(&prps, (uint64_t)slot->list->Elements[i].Address.QuadPart,
                           slot->list->Elements[i].Length))
            break;
    nvme_prps_end(&prps, command);
    return prps.bytes & ~((1u << disk_of(slot->irp)->space.block_shift) - 1);
}

// AdapterListControl: the buffer is mapped for the device.
static VOID list_ready(PDEVICE_OBJECT device, PIRP unused, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct nvme_slot *slot = context;
    PIRP irp = slot->irp;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    const struct nvme_namespace *space = &disk_of(irp)->space;
    struct nvme_command command = {.opcode = is_write(irp) ? NVME_WRITE : NVME_READ,
                                   .namespace = space->id};
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(unused);
    slot->list = list;
    slot->bytes = describe(slot, &command);
    if (slot->bytes == 0) {
        release_list(slot);
        finish_slot(slot, STATUS_INVALID_PARAMETER);
        return;
    }
    ULONG64 offset =
        (ULONG64)location->Parameters.Read.ByteOffset.QuadPart + irp->IoStatus.Information;
    ULONG64 block = offset >> space->block_shift;
    command.cdw10 = (ULONG)block;
    command.cdw11 = (ULONG)(block >> 32);
    command.cdw12 = (slot->bytes >> space->block_shift) - 1;
    publish(slot, &command);
}

// The next piece: what one command moves at most, up to the next boundary of the namespace.
static ULONG piece_at(const struct controller *nvme, const struct nvme_namespace *space, PVOID va,
                      ULONG64 offset, ULONG left)
{
    ULONG most = nvme->pages_most * PAGE_SIZE - BYTE_OFFSET(va);
    if (left > most)
        left = most & ~((1u << space->block_shift) - 1);
    if (space->boundary == 0)
        return left;
    ULONG64 boundary = (ULONG64)space->boundary << space->block_shift;
    ULONG64 to_next = boundary - offset % boundary;
    return left < to_next ? left : (ULONG)to_next;
}

static VOID start_transfer(struct nvme_slot *slot)
{
    struct controller *nvme = slot->queue->nvme;
    PIRP irp = slot->irp;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG done = (ULONG)irp->IoStatus.Information;
    PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(irp->MdlAddress) + done;
    ULONG64 offset = (ULONG64)location->Parameters.Read.ByteOffset.QuadPart + done;
    ULONG bytes =
        piece_at(nvme, &disk_of(irp)->space, va, offset, location->Parameters.Read.Length - done);
    NTSTATUS status = bytes == 0 ? STATUS_INVALID_PARAMETER
                                 : nvme->adapter->DmaOperations->GetScatterGatherList(
                                       nvme->adapter, nvme->self, irp->MdlAddress, va, bytes,
                                       list_ready, slot, location->MajorFunction == IRP_MJ_WRITE);
    if (!NT_SUCCESS(status))
        finish_slot(slot, status);
}

static VOID start_slot(struct nvme_slot *slot)
{
    slot->list = NULL;
    if (!is_flush(slot->irp)) {
        start_transfer(slot);
        return;
    }
    struct nvme_command command = {.opcode = NVME_FLUSH, .namespace = disk_of(slot->irp)->space.id};
    slot->bytes = 0;
    publish(slot, &command);
}

VOID QueueFinish(struct nvme_slot *slot, NTSTATUS status)
{
    release_list(slot);
    finish_slot(slot, status);
}

VOID QueueGoOn(struct nvme_slot *slot)
{
    PIRP irp = slot->irp;
    release_list(slot);
    irp->IoStatus.Information += slot->bytes;
    if (!is_flush(irp) &&
        irp->IoStatus.Information < IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length)
        start_slot(slot);
    else
        finish_slot(slot, STATUS_SUCCESS);
}

// The next waiting request and a slot for it, or NULL. Takes and gives up the lock.
static struct nvme_slot *next_waiting(struct io_queue *queue)
{
    struct nvme_slot *slot = NULL;
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    PIRP irp = queue->state == NVME_RUNNING && queue->free_count > 0 ? take_waiting(queue) : NULL;
    if (irp) {
        slot = take_slot(queue);
        slot->irp = irp;
    }
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    return slot;
}

// The list is looked at without the lock: a request goes there only while no slot is free, and
// whoever gives one back comes here afterwards.
VOID QueueStartWaiting(struct io_queue *queue)
{
    struct nvme_slot *slot;
    while (!IsListEmpty(&queue->waiting) && (slot = next_waiting(queue)))
        start_slot(slot);
}

NTSTATUS NvmeSubmit(struct controller *nvme, PIRP irp)
{
    KIRQL irql;
    struct nvme_slot *slot = NULL;
    NTSTATUS refusal = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoMarkIrpPending(irp);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    struct io_queue *queue = nvme->queues[KeGetCurrentProcessorNumber() % nvme->queue_count];
    InterlockedIncrement(&queue->submitting);
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    if (queue->state == NVME_RUNNING && queue->free_count > 0 && IsListEmpty(&queue->waiting)) {
        slot = take_slot(queue);
        slot->irp = irp;
    } else if (queue->state == NVME_DOWN || queue->state == NVME_FAILED) {
        refusal = queue->refusal;
    } else if (!wait_in_line(queue, irp, FALSE)) {
        refusal = STATUS_CANCELLED;
    }
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    if (slot) {
        start_slot(slot);
        QueueStartWaiting(queue);
    }
    InterlockedDecrement(&queue->submitting);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(refusal))
        NvmeCompleteRequest(irp, refusal);
    return STATUS_PENDING;
}

VOID NvmeCleanup(struct controller *nvme, PFILE_OBJECT file)
{
    PIRP irp;
    for (ULONG i = 0; file && i < nvme->queue_count; i++)
        while ((irp = QueueTakeWaiting(nvme->queues[i], file)))
            NvmeCompleteRequest(irp, STATUS_CANCELLED);
}
