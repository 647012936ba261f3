// SPDX-License-Identifier: MIT
//
// The way of a READ: queue, turn, pieces of up to a page, one after the other. Whoever sets busy
// may use the ring; whoever takes `current` ends the piece: the DPC, the watchdog, or a removal.
// IoStatus.Information counts the bytes that the request has got.
#include "rng.h"

#define MILLISECONDS (-10000ll) // of a relative due time
#ifndef RNG_ANSWER_MILLISECONDS // tests have less time
#define RNG_ANSWER_MILLISECONDS 10000
#endif
#define SLOT 0u

static KDEFERRED_ROUTINE ready, watch;

// --- The queue ----------------------------------------------------------------------------------

static struct rng *rng_of(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, struct rng, csq);
}

static VOID insert_irp(PIO_CSQ csq, PIRP irp)
{
    InsertTailList(&rng_of(csq)->waiting, &irp->Tail.Overlay.ListEntry);
}

static VOID remove_irp(PIO_CSQ csq, PIRP irp)
{
    UNREFERENCED_PARAMETER(csq);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP peek_irp(PIO_CSQ csq, PIRP irp, PVOID file)
{
    PLIST_ENTRY head = &rng_of(csq)->waiting;
    PLIST_ENTRY entry = irp ? irp->Tail.Overlay.ListEntry.Flink : head->Flink;
    for (; entry != head; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (!file || IoGetCurrentIrpStackLocation(next)->FileObject == file)
            return next;
    }
    return NULL;
}

static VOID lock_queue(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&rng_of(csq)->queue_lock, irql);
}

static VOID unlock_queue(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&rng_of(csq)->queue_lock, irql);
}

// What came before an error is random, too, and is given.
static VOID end(struct rng *rng, PIRP irp, NTSTATUS status)
{
    if (!NT_SUCCESS(status))
        irp->IoStatus.Information = 0;
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&rng->remove_lock, irp);
}

static VOID cancel_irp(PIO_CSQ csq, PIRP irp)
{
    end(rng_of(csq), irp, STATUS_CANCELLED);
}

NTSTATUS ReadInitialize(struct rng *rng)
{
    KeInitializeSpinLock(&rng->lock);
    KeInitializeSpinLock(&rng->queue_lock);
    InitializeListHead(&rng->waiting);
    KeInitializeEvent(&rng->idle, NotificationEvent, TRUE);
    KeInitializeDpc(&rng->dpc, ready, rng);
    KeInitializeTimer(&rng->watchdog);
    KeInitializeDpc(&rng->watchdog_dpc, watch, rng);
    rng->state = RNG_DOWN;
    rng->refusal = STATUS_DEVICE_NOT_READY;
    return IoCsqInitialize(&rng->csq, insert_irp, remove_irp, peek_irp, lock_queue, unlock_queue,
                           cancel_irp);
}

// --- Pieces; DISPATCH_LEVEL ---------------------------------------------------------------------

static ULONG left_of(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length -
           (ULONG)irp->IoStatus.Information;
}

// The device gets the page; busy is ours. FALSE: it may not have it any more.
static BOOLEAN start_piece(struct rng *rng, PIRP irp)
{
    LARGE_INTEGER limit = {.QuadPart = MILLISECONDS * RNG_ANSWER_MILLISECONDS};
    ULONG bytes = left_of(irp) < RNG_PIECE_BYTES ? left_of(irp) : RNG_PIECE_BYTES;
    KeAcquireSpinLockAtDpcLevel(&rng->lock);
    BOOLEAN alive = rng->state == RNG_RUNNING || rng->state == RNG_HELD;
    if (alive) {
        rng->current = irp;
        (VOID) KeSetTimer(&rng->watchdog, limit, &rng->watchdog_dpc);
        virtio_ring_publish(&rng->ring, SLOT, (uint64_t)rng->address.QuadPart + VIRTIO_RING_BYTES,
                            bytes, true);
        WRITE_REGISTER_USHORT(rng->doorbell, 0);
    }
    KeReleaseSpinLockFromDpcLevel(&rng->lock);
    return alive;
}

static BOOLEAN claim(struct rng *rng)
{
    KeAcquireSpinLockAtDpcLevel(&rng->lock);
    BOOLEAN mine = rng->state == RNG_RUNNING && !rng->busy;
    if (mine) {
        rng->busy = TRUE;
        KeClearEvent(&rng->idle);
    }
    KeReleaseSpinLockFromDpcLevel(&rng->lock);
    return mine;
}

static VOID unclaim(struct rng *rng)
{
    KeAcquireSpinLockAtDpcLevel(&rng->lock);
    rng->busy = FALSE;
    KeSetEvent(&rng->idle, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLockFromDpcLevel(&rng->lock);
}

// Who queues a request while another finds the queue empty is seen by that one: it looks again.
static VOID start_next(struct rng *rng)
{
    while (!IsListEmpty(&rng->waiting) && claim(rng)) {
        PIRP irp = IoCsqRemoveNextIrp(&rng->csq, NULL);
        if (irp && start_piece(rng, irp))
            return;
        unclaim(rng);
        if (irp)
            end(rng, irp, rng->refusal);
    }
}

static VOID finish(struct rng *rng, PIRP irp, NTSTATUS status)
{
    unclaim(rng);
    end(rng, irp, status);
    start_next(rng);
}

// --- Back ---------------------------------------------------------------------------------------

BOOLEAN RngLineInterrupt(PKINTERRUPT interrupt, PVOID context)
{
    struct rng *rng = context;
    UNREFERENCED_PARAMETER(interrupt);
    if (READ_REGISTER_UCHAR(rng->pci.isr) == 0) // reading takes the line back
        return FALSE;
    KeInsertQueueDpc(&rng->dpc, NULL, NULL);
    return TRUE;
}

BOOLEAN RngMessageInterrupt(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    struct rng *rng = context;
    UNREFERENCED_PARAMETER(interrupt);
    UNREFERENCED_PARAMETER(message);
    KeInsertQueueDpc(&rng->dpc, NULL, NULL);
    return TRUE;
}

static VOID broke(struct rng *rng, enum virtio_rule rule)
{
    DbgPrint("the device failed: %s\n", virtio_rule_text(rule));
    HardwareQuiet(rng);
    ReadAbandon(rng, STATUS_DEVICE_PROTOCOL_ERROR);
    IoInvalidateDeviceState(rng->pdo);
}

// The answer, if there is one: NULL and a rule, NULL and none, or the request and how much it got.
static PIRP take_answer(struct rng *rng, ULONG *wrote, enum virtio_rule *rule)
{
    struct virtio_taken taken = {};
    PIRP irp = NULL;
    KeAcquireSpinLockAtDpcLevel(&rng->lock);
    enum virtio_answer answer = rng->current ? virtio_ring_take(&rng->ring, &taken) : VIRTIO_EMPTY;
    if (answer == VIRTIO_TOOK && taken.wrote == 0) {
        answer = VIRTIO_BROKEN;
        taken.rule = VIRTIO_USED_NOTHING;
    }
    if (answer == VIRTIO_TOOK) {
        irp = rng->current;
        rng->current = NULL;
    }
    KeReleaseSpinLockFromDpcLevel(&rng->lock);
    *wrote = taken.wrote;
    *rule = answer == VIRTIO_BROKEN ? taken.rule : VIRTIO_OK;
    return irp;
}

// Buffered I/O: the system copies from SystemBuffer to the requester.
static VOID ready(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct rng *rng = context;
    ULONG wrote;
    enum virtio_rule rule;
    PIRP irp = take_answer(rng, &wrote, &rule);
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    if (rule)
        broke(rng, rule);
    if (!irp)
        return;
    (VOID) KeCancelTimer(&rng->watchdog);
    PUCHAR to = (PUCHAR)irp->AssociatedIrp.SystemBuffer + irp->IoStatus.Information;
    RtlCopyMemory(to, rng->memory + VIRTIO_RING_BYTES, wrote);
    RtlSecureZeroMemory(rng->memory + VIRTIO_RING_BYTES, wrote);
    irp->IoStatus.Information += wrote;
    if (left_of(irp) == 0)
        finish(rng, irp, STATUS_SUCCESS);
    else if (!start_piece(rng, irp))
        finish(rng, irp, rng->refusal);
}

static VOID watch(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct rng *rng = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    if (!rng->current)
        return; // the answer was faster
    DbgPrint("the device failed: no answer within %u ms\n", RNG_ANSWER_MILLISECONDS);
    HardwareQuiet(rng);
    ReadAbandon(rng, STATUS_IO_TIMEOUT);
    IoInvalidateDeviceState(rng->pdo);
}

// --- States -------------------------------------------------------------------------------------

static PIRP set_state(struct rng *rng, enum rng_state state, NTSTATUS refusal)
{
    KIRQL irql;
    PIRP irp = NULL;
    KeAcquireSpinLock(&rng->lock, &irql);
    rng->state = state;
    rng->refusal = refusal;
    if (state == RNG_FAILED) {
        irp = rng->current;
        rng->current = NULL;
    }
    KeReleaseSpinLock(&rng->lock, irql);
    return irp;
}

static VOID fail_waiting(struct rng *rng, NTSTATUS status)
{
    PIRP irp;
    while ((irp = IoCsqRemoveNextIrp(&rng->csq, NULL)))
        end(rng, irp, status);
}

// The state is asked twice: an end of service between question and insertion did not see this one.
NTSTATUS ReadQueue(struct rng *rng, PIRP irp)
{
    KIRQL irql;
    if (rng->state == RNG_DOWN || rng->state == RNG_FAILED)
        return rng->refusal;
    irp->IoStatus.Information = 0;
    IoCsqInsertIrp(&rng->csq, irp, NULL); // marks it pending
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    start_next(rng);
    KeLowerIrql(irql);
    if (rng->state == RNG_FAILED)
        fail_waiting(rng, rng->refusal);
    return STATUS_PENDING;
}

VOID ReadResume(struct rng *rng)
{
    KIRQL irql;
    (VOID) set_state(rng, RNG_RUNNING, STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    start_next(rng);
    KeLowerIrql(irql);
}

// It ends: the device answers, or the watchdog does. A request that has more pieces to get goes on
// until it is complete.
VOID ReadHold(struct rng *rng)
{
    if (rng->state == RNG_RUNNING)
        (VOID) set_state(rng, RNG_HELD, STATUS_DEVICE_NOT_READY);
    (VOID) KeWaitForSingleObject(&rng->idle, Executive, KernelMode, FALSE, NULL);
}

VOID ReadAbandon(struct rng *rng, NTSTATUS status)
{
    KIRQL irql;
    PIRP irp = set_state(rng, RNG_FAILED, status);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (irp)
        finish(rng, irp, status);
    KeLowerIrql(irql);
    fail_waiting(rng, status);
}

VOID ReadCleanup(struct rng *rng, PFILE_OBJECT file)
{
    PIRP irp;
    while ((irp = IoCsqRemoveNextIrp(&rng->csq, file)))
        end(rng, irp, STATUS_CANCELLED);
}
