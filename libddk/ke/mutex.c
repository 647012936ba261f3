// SPDX-License-Identifier: MIT
//
// Mutexes and locks made from events: fast and guarded mutexes, critical regions, executive
// resources. FAST_MUTEX: Count is 1 free, 0 held, negative with waiters.

#include "ki.h"

VOID ExInitializeFastMutex(PFAST_MUTEX mutex)
{
    mutex->Count = 1;
    mutex->Owner = NULL;
    mutex->Contention = 0;
    mutex->OldIrql = PASSIVE_LEVEL;
    KeInitializeEvent(&mutex->Event, SynchronizationEvent, FALSE);
}

static void mutex_acquire(PFAST_MUTEX mutex)
{
    if (mutex->Owner == ki_thread())
        ki_violation(MUTEX_LEVEL_NUMBER_VIOLATION,
                     "fast or guarded mutex acquired twice by its owner", (ULONG_PTR)mutex, 0);
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
    if (InterlockedIncrement(&mutex->Count) <= 0)
        KeSetEvent(&mutex->Event, EVENT_INCREMENT, FALSE);
}

static bool mutex_try(PFAST_MUTEX mutex)
{
    if (InterlockedCompareExchange(&mutex->Count, 0, 1) != 1)
        return false;
    mutex->Owner = ki_thread();
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

VOID ExAcquireFastMutexUnsafe(PFAST_MUTEX mutex)
{
    mutex_acquire(mutex);
}

VOID ExReleaseFastMutexUnsafe(PFAST_MUTEX mutex)
{
    mutex_release(mutex);
}

VOID KeInitializeGuardedMutex(PKGUARDED_MUTEX mutex)
{
    ExInitializeFastMutex(mutex);
}

VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX mutex)
{
    ki_require_irql(APC_LEVEL, "KeAcquireGuardedMutex above APC_LEVEL");
    KeEnterGuardedRegion();
    mutex_acquire(mutex);
}

VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX mutex)
{
    mutex_release(mutex);
    KeLeaveGuardedRegion();
}

BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX mutex)
{
    KeEnterGuardedRegion();
    if (mutex_try(mutex))
        return TRUE;
    KeLeaveGuardedRegion();
    return FALSE;
}

VOID KeEnterCriticalRegion(VOID)
{
    ki_thread()->CriticalDepth++;
}

VOID KeLeaveCriticalRegion(VOID)
{
    PKTHREAD thread = ki_thread();
    if (thread->CriticalDepth-- == 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "KeLeaveCriticalRegion without KeEnterCriticalRegion", 0, 0);
}

VOID KeEnterGuardedRegion(VOID)
{
    ki_thread()->GuardedDepth++;
}

VOID KeLeaveGuardedRegion(VOID)
{
    PKTHREAD thread = ki_thread();
    if (thread->GuardedDepth-- == 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "KeLeaveGuardedRegion without KeEnterGuardedRegion", 0, 0);
}

BOOLEAN KeAreApcsDisabled(VOID)
{
    PKTHREAD thread = ki_thread();
    return (BOOLEAN)(thread->CriticalDepth != 0 || thread->GuardedDepth != 0 ||
                     thread->Irql >= APC_LEVEL);
}

#define RESOURCE_INITIALIZED 0x52455321u

NTSTATUS ExInitializeResourceLite(PERESOURCE resource)
{
    memset(resource, 0, sizeof(*resource));
    KeInitializeEvent(&resource->Changed, NotificationEvent, FALSE);
    resource->Initialized = RESOURCE_INITIALIZED;
    return STATUS_SUCCESS;
}

NTSTATUS ExDeleteResourceLite(PERESOURCE resource)
{
    if (resource->ExclusiveCount != 0 || resource->SharedCount != 0)
        ki_violation(RESOURCE_NOT_OWNED, "ExDeleteResourceLite while the resource is held",
                     (ULONG_PTR)resource, 0);
    resource->Initialized = 0;
    return STATUS_SUCCESS;
}

// Writers go before new readers, except for a thread that has the resource already.
static bool resource_try(PERESOURCE resource, bool exclusive, bool waiting)
{
    PKTHREAD thread = ki_thread();
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&resource->SpinLock);
    bool owner = resource->ExclusiveOwner == thread;
    bool granted =
        owner || (exclusive ? resource->ExclusiveOwner == NULL && resource->SharedCount == 0
                            : resource->ExclusiveOwner == NULL &&
                                  (resource->ExclusiveWaiters == 0 || waiting));
    if (granted && (exclusive || owner)) {
        resource->ExclusiveOwner = thread;
        resource->ExclusiveCount++;
    } else if (granted) {
        resource->SharedCount++;
    } else {
        KeClearEvent(&resource->Changed);
    }
    KeReleaseSpinLock(&resource->SpinLock, irql);
    return granted;
}

static BOOLEAN resource_acquire(PERESOURCE resource, BOOLEAN exclusive, BOOLEAN wait)
{
    if (resource->Initialized != RESOURCE_INITIALIZED || !KeAreApcsDisabled())
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "ERESOURCE acquired uninitialised or with normal kernel APCs enabled",
                     (ULONG_PTR)resource, 0);
    if (resource_try(resource, exclusive, false))
        return TRUE;
    if (!wait)
        return FALSE;
    if (exclusive)
        InterlockedIncrement(&resource->ExclusiveWaiters);
    while (!resource_try(resource, exclusive, !exclusive && resource->ExclusiveWaiters == 0))
        KeWaitForSingleObject(&resource->Changed, Executive, KernelMode, FALSE, NULL);
    if (exclusive)
        InterlockedDecrement(&resource->ExclusiveWaiters);
    return TRUE;
}

BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE resource, BOOLEAN wait)
{
    return resource_acquire(resource, TRUE, wait);
}

BOOLEAN ExAcquireResourceSharedLite(PERESOURCE resource, BOOLEAN wait)
{
    return resource_acquire(resource, FALSE, wait);
}

VOID ExReleaseResourceLite(PERESOURCE resource)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&resource->SpinLock);
    if (resource->ExclusiveOwner == ki_thread()) {
        if (--resource->ExclusiveCount == 0)
            resource->ExclusiveOwner = NULL;
    } else if (resource->ExclusiveOwner == NULL && resource->SharedCount > 0) {
        resource->SharedCount--;
    } else {
        ki_violation(RESOURCE_NOT_OWNED, "ExReleaseResourceLite by a thread that does not hold it",
                     (ULONG_PTR)resource, 0);
    }
    KeReleaseSpinLock(&resource->SpinLock, irql);
    KeSetEvent(&resource->Changed, IO_NO_INCREMENT, FALSE);
}

BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE resource)
{
    return (BOOLEAN)(resource->ExclusiveOwner == ki_thread());
}

ULONG ExIsResourceAcquiredSharedLite(PERESOURCE resource)
{
    if (resource->ExclusiveOwner == ki_thread())
        return (ULONG)resource->ExclusiveCount;
    return (ULONG)resource->SharedCount;
}
