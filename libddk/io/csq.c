// SPDX-License-Identifier: MIT
//
// Cancel-safe queues. The cancel routine is set while the IRP is inserted, under the driver's lock;
// who clears it owns the IRP. DriverContext[3] of a queued IRP holds its context (whose Csq member
// leads to the queue) or the queue itself; both begin with Type, which tells them apart.

#include "io.h"

#define TYPE_CSQ     1
#define TYPE_CONTEXT 2
#define TYPE_CSQ_EX  3

static VOID cancel_routine(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_CSQ csq = irp->Tail.Overlay.DriverContext[3];
    KIRQL irql;
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (csq->Type == TYPE_CONTEXT)
        csq = ((PIO_CSQ_IRP_CONTEXT)(PVOID)csq)->Csq;
    csq->CsqAcquireLock(csq, &irql);
    csq->CsqRemoveIrp(csq, irp);
    PIO_CSQ_IRP_CONTEXT context = irp->Tail.Overlay.DriverContext[3];
    if (context->Type == TYPE_CONTEXT)
        context->Irp = NULL;
    csq->CsqReleaseLock(csq, irql);
    irp->Tail.Overlay.DriverContext[3] = NULL;
    csq->CsqCompleteCanceledIrp(csq, irp);
}

static NTSTATUS initialize(PIO_CSQ csq, ULONG type, PIO_CSQ_INSERT_IRP insert,
                           PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek,
                           PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                           PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    if (insert == NULL || remove == NULL || peek == NULL || acquire == NULL || release == NULL ||
        complete == NULL)
        return STATUS_INVALID_PARAMETER;
    *csq = (IO_CSQ){type, insert, remove, peek, acquire, release, complete, NULL};
    return STATUS_SUCCESS;
}

NTSTATUS IoCsqInitialize(PIO_CSQ csq, PIO_CSQ_INSERT_IRP insert, PIO_CSQ_REMOVE_IRP remove,
                         PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                         PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    return initialize(csq, TYPE_CSQ, insert, remove, peek, acquire, release, complete);
}

NTSTATUS IoCsqInitializeEx(PIO_CSQ csq, PIO_CSQ_INSERT_IRP_EX insert, PIO_CSQ_REMOVE_IRP remove,
                           PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                           PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    return initialize(csq, TYPE_CSQ_EX, (PIO_CSQ_INSERT_IRP)(PVOID)insert, remove, peek, acquire,
                      release, complete);
}

static NTSTATUS insert_irp(PIO_CSQ csq, PIRP irp, PVOID insert_context)
{
    if (csq->Type == TYPE_CSQ_EX)
        return ((PIO_CSQ_INSERT_IRP_EX)(PVOID)csq->CsqInsertIrp)(csq, irp, insert_context);
    csq->CsqInsertIrp(csq, irp);
    return STATUS_SUCCESS;
}

// True when the IRP was cancelled before the routine was in place and nobody else will complete it.
static bool already_cancelled(PIRP irp)
{
    IoSetCancelRoutine(irp, cancel_routine);
    return irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL;
}

static void require_queue(PIO_CSQ csq, const char *rule)
{
    if (csq->Type != TYPE_CSQ && csq->Type != TYPE_CSQ_EX)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, rule, (ULONG_PTR)csq, csq->Type);
}

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, PVOID insert_context)
{
    ki_require_irql(DISPATCH_LEVEL, csq->Type == TYPE_CSQ_EX
                                        ? "IoCsqInsertIrpEx above DISPATCH_LEVEL"
                                        : "IoCsqInsertIrp above DISPATCH_LEVEL");
    KIRQL irql;
    require_queue(csq, "IoCsqInsertIrp of a queue that IoCsqInitialize did not make");
    csq->CsqAcquireLock(csq, &irql);
    if (context != NULL)
        *context = (IO_CSQ_IRP_CONTEXT){TYPE_CONTEXT, irp, csq};
    irp->Tail.Overlay.DriverContext[3] = context != NULL ? (PVOID)context : (PVOID)csq;
    NTSTATUS status = insert_irp(csq, irp, insert_context);
    if (!NT_SUCCESS(status)) {
        irp->Tail.Overlay.DriverContext[3] = NULL;
        csq->CsqReleaseLock(csq, irql);
        return status;
    }
    IoMarkIrpPending(irp);
    bool cancelled = already_cancelled(irp);
    if (cancelled) {
        csq->CsqRemoveIrp(csq, irp);
        irp->Tail.Overlay.DriverContext[3] = NULL;
        if (context != NULL)
            context->Irp = NULL;
    }
    csq->CsqReleaseLock(csq, irql);
    if (cancelled)
        csq->CsqCompleteCanceledIrp(csq, irp);
    return status;
}

VOID IoCsqInsertIrp(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    (void)IoCsqInsertIrpEx(csq, irp, context, NULL);
}

static void taken_out(PIO_CSQ csq, PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context = irp->Tail.Overlay.DriverContext[3];
    csq->CsqRemoveIrp(csq, irp);
    if (context->Type == TYPE_CONTEXT)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

PIRP IoCsqRemoveNextIrp(PIO_CSQ csq, PVOID peek_context)
{
    KIRQL irql;
    ki_require_irql(DISPATCH_LEVEL, "IoCsqRemoveNextIrp above DISPATCH_LEVEL");
    require_queue(csq, "IoCsqRemoveNextIrp of a queue that IoCsqInitialize did not make");
    csq->CsqAcquireLock(csq, &irql);
    PIRP irp = csq->CsqPeekNextIrp(csq, NULL, peek_context);
    while (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL)
        irp = csq->CsqPeekNextIrp(csq, irp, peek_context); // its cancel routine is on the way
    if (irp != NULL)
        taken_out(csq, irp);
    csq->CsqReleaseLock(csq, irql);
    return irp;
}

PIRP IoCsqRemoveIrp(PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context)
{
    KIRQL irql;
    ki_require_irql(DISPATCH_LEVEL, "IoCsqRemoveIrp above DISPATCH_LEVEL");
    require_queue(csq, "IoCsqRemoveIrp of a queue that IoCsqInitialize did not make");
    csq->CsqAcquireLock(csq, &irql);
    PIRP irp = context->Irp;
    if (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL)
        irp = NULL;
    if (irp != NULL)
        taken_out(csq, irp);
    csq->CsqReleaseLock(csq, irql);
    return irp;
}
