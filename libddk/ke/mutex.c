// SPDX-License-Identifier: MIT
//
// Fast and guarded mutexes. FAST_MUTEX: Count is 1 free, 0 held, negative with waiters. Owner is
// the thread that holds it; only that thread can see itself there.

#include "../vf/vf.h"

static void initialize(PFAST_MUTEX mutex)
{
    vf_forget(mutex, sizeof(*mutex));
    mutex->Count = 1;
    mutex->Owner = NULL;
    mutex->Contention = 0;
    mutex->OldIrql = PASSIVE_LEVEL;
    KeInitializeEvent(&mutex->Event, SynchronizationEvent, FALSE);
}

VOID ExInitializeFastMutex(PFAST_MUTEX mutex)
{
    ki_require_irql(DISPATCH_LEVEL, "ExInitializeFastMutex above DISPATCH_LEVEL");
    initialize(mutex);
}

static void mutex_acquire(PFAST_MUTEX mutex)
{
    if (mutex->Event.Header.WaitListHead.Flink == NULL)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "fast or guarded mutex acquired that is not initialised", (ULONG_PTR)mutex, 0);
    if (mutex->Owner == ki_thread())
        ki_violation(MUTEX_LEVEL_NUMBER_VIOLATION,
                     "fast or guarded mutex acquired twice by its owner", (ULONG_PTR)mutex, 0);
    vf_acquired(mutex, false);
    if (InterlockedDecrement(&mutex->Count) != 0) {
        mutex->Contention++;
        KeWaitForSingleObject(&mutex->Event, Executive, KernelMode, FALSE, NULL);
    }
    mutex->Owner = ki_thread();
}

static void mutex_release(PFAST_MUTEX mutex)
{
    if (mutex->Owner != ki_thread())
        ki_violation(THREAD_NOT_MUTEX_OWNER,
                     "fast or guarded mutex released by a thread that does not own it",
                     (ULONG_PTR)mutex, (ULONG_PTR)mutex->Owner);
    mutex->Owner = NULL;
    vf_released(mutex);
    if (InterlockedIncrement(&mutex->Count) <= 0)
        KeSetEvent(&mutex->Event, EVENT_INCREMENT, FALSE);
}

static bool mutex_try(PFAST_MUTEX mutex)
{
    if (InterlockedCompareExchange(&mutex->Count, 0, 1) != 1)
        return false;
    mutex->Owner = ki_thread();
    vf_acquired(mutex, true);
    return true;
}

VOID ExAcquireFastMutex(PFAST_MUTEX mutex)
{
    ki_require_irql(APC_LEVEL, "ExAcquireFastMutex above APC_LEVEL");
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    mutex_acquire(mutex);
    mutex->OldIrql = old;
}

VOID ExReleaseFastMutex(PFAST_MUTEX mutex)
{
    ki_require_exact_irql(APC_LEVEL, "ExReleaseFastMutex below APC_LEVEL",
                          "ExReleaseFastMutex above APC_LEVEL");
    KIRQL old = (KIRQL)mutex->OldIrql;
    mutex_release(mutex);
    KeLowerIrql(old);
}

BOOLEAN ExTryToAcquireFastMutex(PFAST_MUTEX mutex)
{
    ki_require_irql(APC_LEVEL, "ExTryToAcquireFastMutex above APC_LEVEL");
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    if (mutex_try(mutex)) {
        mutex->OldIrql = old;
        return TRUE;
    }
    KeLowerIrql(old);
    return FALSE;
}

// The unsafe forms leave IRQL alone: the caller holds normal kernel APCs off, by IRQL APC_LEVEL or
// a critical or guarded region.
static void require_no_apcs(PFAST_MUTEX mutex)
{
    ki_require_irql(APC_LEVEL, "ExAcquire/ReleaseFastMutexUnsafe above APC_LEVEL");
    if (!KeAreApcsDisabled())
        ki_violation(IRQL_NOT_GREATER_OR_EQUAL,
                     "ExAcquire/ReleaseFastMutexUnsafe below APC_LEVEL and outside of a region",
                     (ULONG_PTR)mutex, 0);
}

VOID ExAcquireFastMutexUnsafe(PFAST_MUTEX mutex)
{
    require_no_apcs(mutex);
    mutex_acquire(mutex);
}

VOID ExReleaseFastMutexUnsafe(PFAST_MUTEX mutex)
{
    require_no_apcs(mutex);
    mutex_release(mutex);
}

VOID KeInitializeGuardedMutex(PKGUARDED_MUTEX mutex)
{
    ki_require_irql(APC_LEVEL, "KeInitializeGuardedMutex above APC_LEVEL");
    initialize(mutex);
}

VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX mutex)
{
    ki_require_irql(APC_LEVEL, "KeAcquireGuardedMutex above APC_LEVEL");
    KeEnterGuardedRegion();
    mutex_acquire(mutex);
}

VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX mutex)
{
    ki_require_irql(APC_LEVEL, "KeReleaseGuardedMutex above APC_LEVEL");
    mutex_release(mutex);
    KeLeaveGuardedRegion();
}

BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX mutex)
{
    ki_require_irql(APC_LEVEL, "KeTryToAcquireGuardedMutex above APC_LEVEL");
    KeEnterGuardedRegion();
    if (mutex_try(mutex))
        return TRUE;
    KeLeaveGuardedRegion();
    return FALSE;
}
