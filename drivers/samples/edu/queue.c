// SPDX-License-Identifier: MIT
//
// Requests that wait, and the one that the device works on. Two rules:
//
//   - whoever sets Busy may touch the device, until Busy is cleared: one request at a time;
//   - whoever takes Current ends the request: the DPC or the watchdog, never both.
//
// A request that waits can be cancelled; the one that the device works on cannot, because nothing
// stops the device, and until it is done it may touch the request's pages.
#include "device.h"

static KDEFERRED_ROUTINE Watch;

static PEDU EduOf(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, EDU, Csq);
}

static VOID InsertIrp(PIO_CSQ csq, PIRP irp)
{
    InsertTailList(&EduOf(csq)->Queue, &irp->Tail.Overlay.ListEntry);
}

static VOID RemoveIrp(PIO_CSQ csq, PIRP irp)
{
    UNREFERENCED_PARAMETER(csq);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP PeekNextIrp(PIO_CSQ csq, PIRP irp, PVOID file)
{
    PLIST_ENTRY head = &EduOf(csq)->Queue;
    PLIST_ENTRY entry = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : head->Flink;
    for (; entry != head; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (file == NULL || IoGetCurrentIrpStackLocation(next)->FileObject == file)
            return next;
    }
    return NULL;
}

static VOID AcquireLock(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&EduOf(csq)->QueueLock, irql);
}

static VOID ReleaseLock(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&EduOf(csq)->QueueLock, irql);
}

// The last that a driver does for a request: afterwards the device may be removed.
static VOID EndRequest(PEDU edu, PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    (VOID) EduComplete(irp, status, information);
    IoReleaseRemoveLock(&edu->RemoveLock, irp);
}

static VOID CompleteCanceledIrp(PIO_CSQ csq, PIRP irp)
{
    EndRequest(EduOf(csq), irp, STATUS_CANCELLED, 0);
}

NTSTATUS EduInitializeQueue(PEDU edu)
{
    KeInitializeMutex(&edu->Hardware, 0);
    KeInitializeSpinLock(&edu->Lock);
    KeInitializeSpinLock(&edu->QueueLock);
    InitializeListHead(&edu->Queue);
    KeInitializeEvent(&edu->Idle, NotificationEvent, TRUE);
    KeInitializeDpc(&edu->Dpc, EduDpc, edu);
    KeInitializeTimer(&edu->Watchdog);
    KeInitializeDpc(&edu->WatchdogDpc, Watch, edu);
    return IoCsqInitialize(&edu->Csq, InsertIrp, RemoveIrp, PeekNextIrp, AcquireLock, ReleaseLock,
                           CompleteCanceledIrp);
}

// --- Whose the device is ------------------------------------------------------------------------

static BOOLEAN Claim(PEDU edu)
{
    KeAcquireSpinLockAtDpcLevel(&edu->Lock);
    BOOLEAN mine = edu->State == EduRunning && !edu->Busy;
    if (mine) {
        edu->Busy = TRUE;
        KeClearEvent(&edu->Idle);
    }
    KeReleaseSpinLockFromDpcLevel(&edu->Lock);
    return mine;
}

static VOID Unclaim(PEDU edu)
{
    KeAcquireSpinLockAtDpcLevel(&edu->Lock);
    edu->Busy = FALSE;
    KeSetEvent(&edu->Idle, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLockFromDpcLevel(&edu->Lock);
}

PIRP EduTakeCurrent(PEDU edu)
{
    KIRQL irql;
    KeAcquireSpinLock(&edu->Lock, &irql);
    PIRP irp = edu->Current;
    edu->Current = NULL;
    KeReleaseSpinLock(&edu->Lock, irql);
    return irp;
}

VOID EduPutBack(PEDU edu, PIRP irp)
{
    KIRQL irql;
    KeAcquireSpinLock(&edu->Lock, &irql);
    edu->Current = irp;
    KeReleaseSpinLock(&edu->Lock, irql);
}

// Starts one request of those that wait. FALSE: there is none. What fails at once is completed. The
// request is Current before the device hears of it: its interrupt may come at once.
static BOOLEAN StartOne(PEDU edu)
{
    LARGE_INTEGER limit = {.QuadPart = -10000LL * EDU_ANSWER_MILLISECONDS};
    PIRP irp = IoCsqRemoveNextIrp(&edu->Csq, NULL);
    if (irp == NULL)
        return FALSE;
    (VOID) KeSetTimer(&edu->Watchdog, limit, &edu->WatchdogDpc);
    EduPutBack(edu, irp);
    NTSTATUS status = EduStart(edu, irp);
    if (NT_SUCCESS(status) || EduTakeCurrent(edu) == NULL)
        return TRUE; // Busy until it is finished
    (VOID) KeCancelTimer(&edu->Watchdog);
    Unclaim(edu);
    EndRequest(edu, irp, status, 0);
    return TRUE;
}

// A request that is queued while somebody else finds the queue empty is seen by that one: it looks
// again after it let the device go. DISPATCH_LEVEL.
static VOID StartNext(PEDU edu)
{
    while (!IsListEmpty(&edu->Queue) && Claim(edu))
        if (!StartOne(edu))
            Unclaim(edu);
}

static VOID FailWaiting(PEDU edu, NTSTATUS status)
{
    PIRP irp;
    while ((irp = IoCsqRemoveNextIrp(&edu->Csq, NULL)) != NULL)
        EndRequest(edu, irp, status, 0);
}

// The state is asked twice: a removal between question and insertion did not see this request.
NTSTATUS EduQueue(PEDU edu, PIRP irp)
{
    KIRQL irql;
    if (edu->State == EduDown || edu->State == EduGone)
        return STATUS_DEVICE_NOT_READY;
    IoCsqInsertIrp(&edu->Csq, irp, NULL); // marks it pending
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    StartNext(edu);
    KeLowerIrql(irql);
    if (edu->State == EduGone)
        FailWaiting(edu, STATUS_NO_SUCH_DEVICE);
    return STATUS_PENDING;
}

VOID EduFinish(PEDU edu, PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    KIRQL irql;
    (VOID) KeCancelTimer(&edu->Watchdog);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    EduEndDma(edu, irp);
    Unclaim(edu);
    EndRequest(edu, irp, status, information);
    StartNext(edu);
    KeLowerIrql(irql);
}

// --- States -------------------------------------------------------------------------------------

static VOID SetState(PEDU edu, EDU_STATE state)
{
    KIRQL irql;
    KeAcquireSpinLock(&edu->Lock, &irql);
    edu->State = state;
    KeReleaseSpinLock(&edu->Lock, irql);
}

VOID EduResume(PEDU edu)
{
    KIRQL irql;
    SetState(edu, EduRunning);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    StartNext(edu);
    KeLowerIrql(irql);
}

// It ends: the device answers, or the watchdog does.
static VOID WaitIdle(PEDU edu)
{
    (VOID) KeWaitForSingleObject(&edu->Idle, Executive, KernelMode, FALSE, NULL);
}

VOID EduHold(PEDU edu)
{
    if (edu->State == EduRunning)
        SetState(edu, EduHeld);
    WaitIdle(edu);
}

VOID EduAbandon(PEDU edu)
{
    SetState(edu, EduGone);
    FailWaiting(edu, STATUS_NO_SUCH_DEVICE);
    WaitIdle(edu);
}

VOID EduCleanup(PEDU edu, PFILE_OBJECT file)
{
    PIRP irp;
    while ((irp = IoCsqRemoveNextIrp(&edu->Csq, file)) != NULL)
        EndRequest(edu, irp, STATUS_CANCELLED, 0);
}

// The device did not answer in time, and nothing makes it: it has failed, and the plug-and-play
// manager, which is told, ends its DMA.
static VOID Watch(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    PEDU edu = context;
    PIRP irp = EduTakeCurrent(edu);
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    if (irp == NULL)
        return; // the answer was faster
    DbgPrint("the device failed: no answer within %u ms\n", EDU_ANSWER_MILLISECONDS);
    SetState(edu, EduGone);
    EduFinish(edu, irp, STATUS_IO_TIMEOUT, 0);
    FailWaiting(edu, STATUS_IO_TIMEOUT);
    IoInvalidateDeviceState(edu->Pdo);
}
