// SPDX-License-Identifier: MIT
//
// The queues of reads and of writes and flushes. See port.h for who holds what.
#include "port.h"

// What CsqPeekNextIrp looks for; NULL: any.
typedef struct _PEEK {
    BOOLEAN Finished;
    PFILE_OBJECT File;
} PEEK, *PPEEK;

#define IRP_STATE_OF(irp)  (*(PULONG_PTR) & (irp)->Tail.Overlay.DriverContext[0])
#define IRP_STATUS_OF(irp) (*(PLONG_PTR) & (irp)->Tail.Overlay.DriverContext[1])

NTSTATUS SerialComplete(PPORT_EXTENSION port, PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_SERIAL_INCREMENT);
    IoReleaseRemoveLock(&port->RemoveLock, irp);
    return status;
}

// The same for one of a queue, with as many bytes as it has got; what a read has got is its
// requester's from here on.
static VOID CompleteTransfer(PSERIAL_QUEUE queue, PIRP irp, NTSTATUS status)
{
    PPORT_EXTENSION port = queue->Port;
    ULONG received = queue == &port->Reads ? (ULONG)irp->IoStatus.Information : 0;
    irp->IoStatus.Status = status;
    if (received != 0) {
        SerialReadEnds(port, irp);
    }
    IoCompleteRequest(irp, IO_SERIAL_INCREMENT);
    if (received != 0) {
        SerialReadEnded(port, received);
    }
    IoReleaseRemoveLock(&port->RemoveLock, irp);
}

// ---- callbacks of the cancel-safe queues ----

static PSERIAL_QUEUE QueueOf(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, SERIAL_QUEUE, Csq);
}

static VOID CsqInsert(PIO_CSQ csq, PIRP irp)
{
    InsertTailList(&QueueOf(csq)->List, &irp->Tail.Overlay.ListEntry);
}

static VOID CsqRemove(PIO_CSQ csq, PIRP irp)
{
    UNREFERENCED_PARAMETER(csq);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NextIrp(PSERIAL_QUEUE queue, PIRP irp)
{
    PLIST_ENTRY entry = irp == NULL ? queue->List.Flink : irp->Tail.Overlay.ListEntry.Flink;
    return entry == &queue->List ? NULL : CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
}

static BOOLEAN PeekFits(const PEEK *peek, PIRP irp)
{
    if (peek == NULL) {
        return TRUE;
    }
    if (peek->Finished) {
        return IRP_STATE_OF(irp) == IrpFinished;
    }
    return IoGetCurrentIrpStackLocation(irp)->FileObject == peek->File;
}

static PIRP CsqPeek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    PSERIAL_QUEUE queue = QueueOf(csq);
    PIRP next = NextIrp(queue, irp);
    while (next != NULL && !PeekFits(context, next)) {
        next = NextIrp(queue, next);
    }
    return next;
}

static VOID CsqAcquire(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&QueueOf(csq)->Port->Lock, irql);
}

static VOID CsqRelease(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&QueueOf(csq)->Port->Lock, irql);
}

static VOID Service(PSERIAL_QUEUE queue)
{
    if (queue == &queue->Port->Reads) {
        SerialServiceReads(queue->Port);
    } else {
        SerialServiceWrites(queue->Port);
    }
}

// The bytes that had arrived already are told in Information, which the IRP kept.
static VOID CsqCompleteCanceled(PIO_CSQ csq, PIRP irp)
{
    PSERIAL_QUEUE queue = QueueOf(csq);
    CompleteTransfer(queue, irp, STATUS_CANCELLED);
    Service(queue); // the next one may have become the active one
}

static KDEFERRED_ROUTINE TimerDpc;

static VOID TimerDpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    Service(context);
}

static VOID InitializeQueue(PPORT_EXTENSION port, PSERIAL_QUEUE queue)
{
    queue->Port = port;
    InitializeListHead(&queue->List);
    KeInitializeTimer(&queue->Timer);
    KeInitializeDpc(&queue->TimerDpc, TimerDpc, queue);
    // Fails never: it only stores the routines.
    (void)IoCsqInitialize(&queue->Csq, CsqInsert, CsqRemove, CsqPeek, CsqAcquire, CsqRelease,
                          CsqCompleteCanceled);
}

VOID SerialInitializeQueues(PPORT_EXTENSION port)
{
    KeInitializeSpinLock(&port->Lock);
    InitializeQueue(port, &port->Reads);
    InitializeQueue(port, &port->Writes);
}

// ---- with Lock held ----

// READ and WRITE have their length at the same place.
static ULONG LengthOf(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;
}

// A write that comes again goes on where it was.
static VOID Begin(PSERIAL_QUEUE queue, PIRP irp)
{
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_WRITE) {
        irp->IoStatus.Information = SerialWriteBegins(queue->Port, irp, LengthOf(irp));
    }
}

static PIRP ActiveIrp(PSERIAL_QUEUE queue)
{
    PIRP irp = NextIrp(queue, NULL);
    while (irp != NULL && IRP_STATE_OF(irp) == IrpFinished) {
        irp = NextIrp(queue, irp);
    }
    if (irp != NULL && IRP_STATE_OF(irp) == IrpWaiting) {
        IRP_STATE_OF(irp) = IrpActive;
        queue->Started = queue->LastByte = KeQueryInterruptTime();
        queue->Timeouts = queue->Port->State->Timeouts;
        Begin(queue, irp);
    }
    return irp;
}

static VOID ArmTimer(PSERIAL_QUEUE queue, ULONGLONG now, ULONGLONG deadline)
{
    if (deadline == SERIAL_NO_DEADLINE || deadline - now > MAXLONGLONG) {
        (void)KeCancelTimer(&queue->Timer);
        return;
    }
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)(deadline - now)};
    (void)KeSetTimer(&queue->Timer, due, &queue->TimerDpc);
}

static PUCHAR BufferOf(PIRP irp)
{
    return (PUCHAR)irp->AssociatedIrp.SystemBuffer + irp->IoStatus.Information;
}

static TIMEOUT_STATE StateOf(PSERIAL_QUEUE queue, PIRP irp)
{
    return (TIMEOUT_STATE){.Now = KeQueryInterruptTime(),
                           .Started = queue->Started,
                           .LastByte = queue->LastByte,
                           .Wanted = LengthOf(irp),
                           .Done = (ULONG)irp->IoStatus.Information};
}

static NTSTATUS AdvanceRead(PPORT_EXTENSION port, PIRP irp, ULONGLONG *now, ULONGLONG *deadline)
{
    PSERIAL_QUEUE queue = &port->Reads;
    ULONG room = LengthOf(irp) - (ULONG)irp->IoStatus.Information;
    ULONG count = SerialReceive(port, BufferOf(irp), room);
    if (count != 0) {
        irp->IoStatus.Information += count;
        queue->LastByte = KeQueryInterruptTime();
    }
    TIMEOUT_STATE state = StateOf(queue, irp);
    *now = state.Now;
    return SerialReadVerdict(&queue->Timeouts, &state, deadline);
}

static NTSTATUS AdvanceWrite(PPORT_EXTENSION port, PIRP irp, ULONGLONG *now, ULONGLONG *deadline)
{
    PSERIAL_QUEUE queue = &port->Writes;
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_FLUSH_BUFFERS) {
        return SerialIdle(port) ? STATUS_SUCCESS : STATUS_PENDING;
    }
    ULONG left = LengthOf(irp) - (ULONG)irp->IoStatus.Information;
    irp->IoStatus.Information += SerialTransmit(port, BufferOf(irp), left);
    TIMEOUT_STATE state = StateOf(queue, irp);
    *now = state.Now;
    return SerialWriteVerdict(&queue->Timeouts, &state, deadline);
}

static NTSTATUS Advance(PSERIAL_QUEUE queue, PIRP irp, ULONGLONG *now, ULONGLONG *deadline)
{
    PPORT_EXTENSION port = queue->Port;
    if (!port->Started) {
        return STATUS_DELETE_PENDING;
    }
    return queue == &port->Reads ? AdvanceRead(port, irp, now, deadline)
                                 : AdvanceWrite(port, irp, now, deadline);
}

// Moves bytes for one IRP after the other until one has to wait.
static VOID AdvanceQueue(PSERIAL_QUEUE queue)
{
    PIRP irp;
    while ((irp = ActiveIrp(queue)) != NULL) {
        ULONGLONG now = 0;
        ULONGLONG deadline = SERIAL_NO_DEADLINE;
        NTSTATUS status = Advance(queue, irp, &now, &deadline);
        if (status == STATUS_PENDING) {
            ArmTimer(queue, now, deadline);
            return;
        }
        IRP_STATUS_OF(irp) = status;
        IRP_STATE_OF(irp) = IrpFinished;
    }
    (void)KeCancelTimer(&queue->Timer);
}

// ---- without locks ----

static VOID ServiceQueue(PSERIAL_QUEUE queue)
{
    PEEK finished = {.Finished = TRUE};
    KIRQL irql;
    PIRP irp;
    KeAcquireSpinLock(&queue->Port->Lock, &irql);
    AdvanceQueue(queue);
    KeReleaseSpinLock(&queue->Port->Lock, irql);
    while ((irp = IoCsqRemoveNextIrp(&queue->Csq, &finished)) != NULL) {
        CompleteTransfer(queue, irp, (NTSTATUS)IRP_STATUS_OF(irp));
    }
}

VOID SerialServiceReads(PPORT_EXTENSION port)
{
    ServiceQueue(&port->Reads);
}

VOID SerialServiceWrites(PPORT_EXTENSION port)
{
    ServiceQueue(&port->Writes);
}

VOID SerialCancelQueue(PSERIAL_QUEUE queue, PFILE_OBJECT file)
{
    PEEK of_file = {.File = file};
    PIRP irp;
    while ((irp = IoCsqRemoveNextIrp(&queue->Csq, file != NULL ? &of_file : NULL)) != NULL) {
        CompleteTransfer(queue, irp, STATUS_CANCELLED);
    }
    Service(queue);
}

VOID SerialDpc(PKDPC dpc, PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PPORT_EXTENSION port = device->DeviceExtension;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(irp);
    UNREFERENCED_PARAMETER(context);
    if (port->Asleep && port->State->Receive.Head != port->State->Receive.Tail)
        SerialWake(port);
    SerialServiceReads(port);
    SerialServiceWrites(port);
}

static VOID Arrives(PPORT_EXTENSION port, PIRP irp)
{
    KIRQL irql;
    KeAcquireSpinLock(&port->Lock, &irql);
    if (port->Started) {
        SerialReadArrives(port, irp);
    }
    KeReleaseSpinLock(&port->Lock, irql);
}

NTSTATUS SerialReadWriteFlush(PDEVICE_OBJECT device, PIRP irp)
{
    PPORT_EXTENSION port = device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&port->RemoveLock, irp);
    if (!NT_SUCCESS(status)) {
        irp->IoStatus.Status = status;
        irp->IoStatus.Information = 0;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return status;
    }
    if (!port->Started) {
        return SerialComplete(port, irp, STATUS_DEVICE_NOT_READY, 0);
    }
    BOOLEAN read = IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_READ;
    PSERIAL_QUEUE queue = read ? &port->Reads : &port->Writes;
    irp->IoStatus.Information = 0;
    IRP_STATE_OF(irp) = IrpWaiting;
    if (read) {
        Arrives(port, irp);
    }
    IoCsqInsertIrp(&queue->Csq, irp, NULL); // marks it pending
    Service(queue);
    return STATUS_PENDING;
}
