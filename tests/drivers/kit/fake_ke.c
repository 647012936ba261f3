// SPDX-License-Identifier: MIT
//
// Locks, DPCs, timers, interrupts and cancel-safe queues of the fake kit.
#include "fake_internal.h"
#include "fake_kit.h"

#include <stdlib.h>

struct _KINTERRUPT {
    PKSERVICE_ROUTINE routine;
    PVOID context;
    bool connected, locked;
};

enum { QUEUE_MAX = 64, TIMERS_MAX = 16 };

static KIRQL irql;
static int locks_held;
static ULONGLONG now;
static PKDPC dpcs[QUEUE_MAX];
static unsigned dpc_count;
static PKTIMER timers[TIMERS_MAX];
static struct _KINTERRUPT interrupt;
bool kit_fail_interrupt;

void fake_reset_ke(void)
{
    irql = PASSIVE_LEVEL;
    locks_held = 0;
    now = 1000000;
    dpc_count = 0;
    memset(timers, 0, sizeof timers);
    memset(&interrupt, 0, sizeof interrupt);
    kit_fail_interrupt = false;
}

void fake_check_no_lock(const char *what)
{
    if (locks_held != 0) {
        kit_fail("%s with a lock held", what);
    }
}

void fake_want_passive(const char *what)
{
    if (irql != PASSIVE_LEVEL) {
        kit_fail("%s at IRQL %u", what, irql);
    }
}

KIRQL KeGetCurrentIrql(VOID)
{
    return irql;
}

// ---- locks ----

VOID KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    *lock = 0;
}

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock)
{
    KIRQL old = irql;
    if (*lock != 0 || irql > DISPATCH_LEVEL) {
        kit_fail("spin lock taken twice, or at IRQL %u", irql);
    }
    *lock = 1;
    locks_held++;
    irql = DISPATCH_LEVEL;
    return old;
}

VOID KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL old)
{
    if (*lock == 0 || irql != DISPATCH_LEVEL) {
        kit_fail("spin lock released that is not held");
    }
    *lock = 0;
    locks_held--;
    irql = old;
}

KIRQL KeAcquireInterruptSpinLock(PKINTERRUPT i)
{
    KIRQL old = irql;
    if (i == NULL || !i->connected || i->locked) {
        kit_fail("interrupt lock taken twice, or of no interrupt");
    }
    i->locked = true;
    locks_held++;
    irql = DIRQL_LOWEST;
    return old;
}

VOID KeReleaseInterruptSpinLock(PKINTERRUPT i, KIRQL old)
{
    i->locked = false;
    locks_held--;
    irql = old;
}

VOID ExInitializeFastMutex(PFAST_MUTEX mutex)
{
    mutex->Count = 1;
}

VOID ExAcquireFastMutex(PFAST_MUTEX mutex)
{
    if (mutex->Count != 1 || irql > APC_LEVEL) {
        kit_fail("fast mutex would wait for ever, or IRQL %u", irql);
    }
    mutex->Count = 0;
    mutex->OldIrql = irql;
    irql = APC_LEVEL;
}

VOID ExReleaseFastMutex(PFAST_MUTEX mutex)
{
    mutex->Count = 1;
    irql = (KIRQL)mutex->OldIrql;
}

// Run-down protection: bit 0 of Count says that it is run down.
VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF ref)
{
    ref->Count = 0;
}

BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF ref)
{
    if ((ref->Count & 1) != 0) {
        return FALSE;
    }
    ref->Count += 2;
    return TRUE;
}

VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF ref)
{
    ref->Count -= 2;
}

VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF ref)
{
    if (ref->Count > 1) {
        kit_fail("run-down would wait for ever");
    }
    ref->Count = 1;
}

VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF ref)
{
    if (ref->Count != 1) {
        kit_fail("run-down protection initialised again without a run-down");
    }
    ref->Count = 0;
}

VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK lock, ULONG tag, ULONG max_minutes, ULONG high_water,
                              ULONG size)
{
    UNREFERENCED_PARAMETER(tag);
    UNREFERENCED_PARAMETER(max_minutes);
    UNREFERENCED_PARAMETER(high_water);
    memset(lock, 0, size);
}

NTSTATUS IoAcquireRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, PCSTR file, ULONG line, ULONG size)
{
    UNREFERENCED_PARAMETER(tag);
    UNREFERENCED_PARAMETER(file);
    UNREFERENCED_PARAMETER(line);
    UNREFERENCED_PARAMETER(size);
    if (lock->Common.Removed) {
        return STATUS_DELETE_PENDING;
    }
    lock->Common.IoCount++;
    return STATUS_SUCCESS;
}

VOID IoReleaseRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    UNREFERENCED_PARAMETER(tag);
    UNREFERENCED_PARAMETER(size);
    if (--lock->Common.IoCount < 0) {
        kit_fail("remove lock released too often");
    }
}

VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    IoReleaseRemoveLockEx(lock, tag, size);
    lock->Common.Removed = TRUE;
    if (lock->Common.IoCount != 0) {
        kit_fail("remove lock: %d requests are still there", lock->Common.IoCount);
    }
}

// ---- events, DPCs, timers ----

VOID KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    memset(event, 0, sizeof *event);
    event->Header.Type = (UCHAR)type;
    event->Header.SignalState = state;
}

LONG KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    LONG old = event->Header.SignalState;
    UNREFERENCED_PARAMETER(increment);
    UNREFERENCED_PARAMETER(wait);
    event->Header.SignalState = 1;
    return old;
}

NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    PKEVENT event = object;
    UNREFERENCED_PARAMETER(reason);
    UNREFERENCED_PARAMETER(mode);
    UNREFERENCED_PARAMETER(alertable);
    UNREFERENCED_PARAMETER(timeout);
    fake_want_passive("wait");
    kit_pump();
    if (event->Header.SignalState == 0) {
        kit_fail("wait for an event that nobody will set");
    }
    return STATUS_SUCCESS;
}

VOID KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    memset(dpc, 0, sizeof *dpc);
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
}

BOOLEAN KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    for (unsigned i = 0; i < dpc_count; i++) {
        if (dpcs[i] == dpc) {
            return FALSE;
        }
    }
    dpc->SystemArgument1 = argument1;
    dpc->SystemArgument2 = argument2;
    dpcs[dpc_count++] = dpc;
    return TRUE;
}

VOID KeFlushQueuedDpcs(VOID)
{
    fake_want_passive("KeFlushQueuedDpcs");
    kit_pump();
}

VOID KeInitializeTimer(PKTIMER timer)
{
    memset(timer, 0, sizeof *timer);
}

BOOLEAN KeCancelTimer(PKTIMER timer)
{
    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        if (timers[i] == timer) {
            timers[i] = NULL;
            return TRUE;
        }
    }
    return FALSE;
}

BOOLEAN KeSetTimer(PKTIMER timer, LARGE_INTEGER due, PKDPC dpc)
{
    BOOLEAN set = KeCancelTimer(timer);
    if (due.QuadPart > 0) {
        kit_fail("absolute timers are not faked");
    }
    timer->DueTime.QuadPart = now + (ULONGLONG)-due.QuadPart;
    timer->Dpc = dpc;
    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        if (timers[i] == NULL) {
            timers[i] = timer;
            return set;
        }
    }
    kit_fail("too many timers");
}

ULONGLONG KeQueryInterruptTime(VOID)
{
    return now;
}

VOID KeStallExecutionProcessor(ULONG microseconds)
{
    now += 10ull * microseconds;
}

static bool fire_timer(void)
{
    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        if (timers[i] != NULL && timers[i]->DueTime.QuadPart <= now) {
            PKDPC dpc = timers[i]->Dpc;
            timers[i] = NULL;
            (void)KeInsertQueueDpc(dpc, NULL, NULL);
            return true;
        }
    }
    return false;
}

void kit_pump(void)
{
    fake_check_no_lock("end of a routine");
    KIRQL old = irql;
    while (dpc_count != 0 || fire_timer()) {
        PKDPC dpc = dpcs[0];
        memmove(dpcs, dpcs + 1, --dpc_count * sizeof dpcs[0]);
        irql = DISPATCH_LEVEL;
        dpc->DeferredRoutine(dpc, dpc->DeferredContext, dpc->SystemArgument1, dpc->SystemArgument2);
        fake_check_no_lock("end of a DPC");
        irql = old;
    }
}

void kit_advance(ULONGLONG milliseconds)
{
    now += milliseconds * 10000;
    kit_pump();
}

// ---- interrupts ----

NTSTATUS IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS parameters)
{
    fake_want_passive("IoConnectInterruptEx");
    if (kit_fail_interrupt) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    interrupt = (struct _KINTERRUPT){.routine = parameters->LineBased.ServiceRoutine,
                                     .context = parameters->LineBased.ServiceContext,
                                     .connected = true};
    *parameters->LineBased.InterruptObject = &interrupt;
    return STATUS_SUCCESS;
}

VOID IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    fake_want_passive("IoDisconnectInterruptEx");
    parameters->ConnectionContext.InterruptObject->connected = false;
}

bool kit_interrupt_connected(void)
{
    return interrupt.connected;
}

bool kit_interrupt(void)
{
    if (!interrupt.connected) {
        return false;
    }
    KIRQL old = KeAcquireInterruptSpinLock(&interrupt);
    bool mine = interrupt.routine(&interrupt, interrupt.context);
    KeReleaseInterruptSpinLock(&interrupt, old);
    kit_pump();
    return mine;
}

// ---- cancel-safe queues ----

static VOID csq_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_CSQ csq = irp->Tail.Overlay.DriverContext[3];
    KIRQL old;
    UNREFERENCED_PARAMETER(device);
    csq->CsqAcquireLock(csq, &old);
    csq->CsqRemoveIrp(csq, irp);
    csq->CsqReleaseLock(csq, old);
    csq->CsqCompleteCanceledIrp(csq, irp);
}

NTSTATUS IoCsqInitialize(PIO_CSQ csq, PIO_CSQ_INSERT_IRP insert, PIO_CSQ_REMOVE_IRP remove,
                         PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                         PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    *csq = (IO_CSQ){0, insert, remove, peek, acquire, release, complete, NULL};
    return STATUS_SUCCESS;
}

VOID IoCsqInsertIrp(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    KIRQL old;
    UNREFERENCED_PARAMETER(context);
    IoMarkIrpPending(irp);
    csq->CsqAcquireLock(csq, &old);
    irp->Tail.Overlay.DriverContext[3] = csq;
    csq->CsqInsertIrp(csq, irp);
    irp->CancelRoutine = csq_cancel;
    csq->CsqReleaseLock(csq, old);
}

PIRP IoCsqRemoveNextIrp(PIO_CSQ csq, PVOID peek_context)
{
    KIRQL old;
    csq->CsqAcquireLock(csq, &old);
    PIRP irp = csq->CsqPeekNextIrp(csq, NULL, peek_context);
    while (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL) {
        irp = csq->CsqPeekNextIrp(csq, irp, peek_context);
    }
    if (irp != NULL) {
        csq->CsqRemoveIrp(csq, irp);
    }
    csq->CsqReleaseLock(csq, old);
    return irp;
}

void kit_cancel(struct kit_request *request)
{
    PIRP irp = request->irp;
    irp->Cancel = TRUE;
    PDRIVER_CANCEL routine = IoSetCancelRoutine(irp, NULL);
    if (routine != NULL) {
        routine(IoGetCurrentIrpStackLocation(irp)->DeviceObject, irp);
    }
    kit_pump();
}
