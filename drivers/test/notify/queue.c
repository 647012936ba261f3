// SPDX-License-Identifier: MIT
//
// IRPs that wait for a timer, in a cancel-safe queue (the sample csq explains its routines).

#include "keep.h"

static PEVENT_EXTENSION ExtensionOf(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, EVENT_EXTENSION, Csq);
}

// Called with the lock held: from the first moment in which the IRP can be taken out, its timer
// runs.
static VOID InsertIrp(PIO_CSQ csq, PIRP irp)
{
    PEVENT_RECORD record = EventRecordOf(irp);
    InsertTailList(&ExtensionOf(csq)->Queue, &irp->Tail.Overlay.ListEntry);
    KeSetTimer(&record->Timer, record->Due, &record->Dpc);
}

// Called with the lock held.
static VOID RemoveIrp(PIO_CSQ csq, PIRP irp)
{
    UNREFERENCED_PARAMETER(csq);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

// The first IRP behind `irp` (or of all) that fits; called with the lock held. Here the context is
// a file object, whose IRPs are looked for when its last handle is closed; NULL fits every IRP.
static PIRP PeekNextIrp(PIO_CSQ csq, PIRP irp, PVOID peekContext)
{
    PLIST_ENTRY head = &ExtensionOf(csq)->Queue;
    PLIST_ENTRY entry = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : head->Flink;
    for (; entry != head; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (peekContext == NULL || IoGetCurrentIrpStackLocation(next)->FileObject == peekContext)
            return next;
    }
    return NULL;
}

static VOID AcquireLock(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&ExtensionOf(csq)->QueueLock, irql);
}

static VOID ReleaseLock(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&ExtensionOf(csq)->QueueLock, irql);
}

// The IRP is out of the queue already and nobody else's; called without the lock, because an IRP
// must never be completed with a spin lock held.
static VOID CompleteCanceledIrp(PIO_CSQ csq, PIRP irp)
{
    UNREFERENCED_PARAMETER(csq);
    EventGiveUp(irp);
}

NTSTATUS EventInitializeQueue(PEVENT_EXTENSION extension)
{
    InitializeListHead(&extension->Queue);
    KeInitializeSpinLock(&extension->QueueLock);
    return IoCsqInitialize(&extension->Csq, InsertIrp, RemoveIrp, PeekNextIrp, AcquireLock,
                           ReleaseLock, CompleteCanceledIrp);
}
