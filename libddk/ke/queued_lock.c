// SPDX-License-Identifier: MIT
//
// In-stack queued spin locks: the lock word is the last handle of the queue, with bit 0 set to tell
// it from a plain lock; a handle's Lock member has bit 0 set while its thread waits. Who has the
// lock passes it to the next handle, so the order is that of arrival.

#include "../vf/vf.h"

#define SPINS_BEFORE_YIELD 64u
#define WAITING            1u

static void wait_for_turn(PKSPIN_LOCK_QUEUE own)
{
    for (unsigned i = 0; ((ULONG_PTR)__atomic_load_n(&own->Lock, __ATOMIC_ACQUIRE) & WAITING) != 0;
         i++)
        if (i >= SPINS_BEFORE_YIELD)
            port_relax(i - SPINS_BEFORE_YIELD);
}

// The handle in front cannot leave before it has seen this one, so it may be read.
static void check_last(KSPIN_LOCK last, PKSPIN_LOCK lock, PKTHREAD thread)
{
    if ((last & KI_QUEUED) == 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "spin lock used both as queued and as plain lock", (ULONG_PTR)lock, 0);
    PKLOCK_QUEUE_HANDLE handle = (PKLOCK_QUEUE_HANDLE)(last - KI_QUEUED);
    if (handle->Owner == thread->Id)
        ki_violation(SPIN_LOCK_ALREADY_OWNED, "queued spin lock acquired twice by the same thread",
                     (ULONG_PTR)lock, 0);
}

static void acquire(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    PKSPIN_LOCK_QUEUE own = &handle->LockQueue;
    PKTHREAD thread = ki_thread();
    own->Next = NULL;
    own->Lock = (PKSPIN_LOCK)((ULONG_PTR)lock | WAITING);
    handle->Owner = thread->Id;
    vf_acquired(lock, false);
    KSPIN_LOCK last = __atomic_exchange_n(lock, (KSPIN_LOCK)handle | KI_QUEUED, __ATOMIC_ACQ_REL);
    if (last == 0) {
        own->Lock = lock;
    } else {
        check_last(last, lock, thread);
        PKSPIN_LOCK_QUEUE before = &((PKLOCK_QUEUE_HANDLE)(last - KI_QUEUED))->LockQueue;
        __atomic_store_n(&before->Next, own, __ATOMIC_RELEASE);
        wait_for_turn(own);
    }
    thread->SpinLocks++;
}

static void release(PKLOCK_QUEUE_HANDLE handle)
{
    PKSPIN_LOCK_QUEUE own = &handle->LockQueue, next;
    PKSPIN_LOCK lock = own->Lock;
    KSPIN_LOCK expected = (KSPIN_LOCK)handle | KI_QUEUED;
    PKTHREAD thread = ki_thread();
    if (lock == NULL || handle->Owner != thread->Id)
        ki_violation(SPIN_LOCK_NOT_OWNED,
                     "queued spin lock released by a thread that does not hold it",
                     (ULONG_PTR)handle, (ULONG_PTR)lock);
    thread->SpinLocks--;
    vf_released(lock);
    handle->Owner = 0;
    next = __atomic_load_n(&own->Next, __ATOMIC_ACQUIRE);
    if (next == NULL) {
        if (__atomic_compare_exchange_n(lock, &expected, 0, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return;
        for (unsigned i = 0; (next = __atomic_load_n(&own->Next, __ATOMIC_ACQUIRE)) == NULL; i++)
            port_relax(i);
    }
    __atomic_store_n(&next->Lock, lock, __ATOMIC_RELEASE);
}

VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    ki_require_irql(DISPATCH_LEVEL, "KeAcquireInStackQueuedSpinLock above DISPATCH_LEVEL");
    handle->OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    acquire(lock, handle);
}

VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE handle)
{
    ki_require_exact_irql(DISPATCH_LEVEL, "KeReleaseInStackQueuedSpinLock below DISPATCH_LEVEL",
                          "KeReleaseInStackQueuedSpinLock above DISPATCH_LEVEL");
    release(handle);
    KeLowerIrql(handle->OldIrql);
}

VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL)
        ki_violation(IRQL_NOT_GREATER_OR_EQUAL,
                     "KeAcquireInStackQueuedSpinLockAtDpcLevel below DISPATCH_LEVEL",
                     KeGetCurrentIrql(), 0);
    acquire(lock, handle);
}

VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE handle)
{
    ki_require_exact_irql(DISPATCH_LEVEL,
                          "KeReleaseInStackQueuedSpinLockFromDpcLevel below DISPATCH_LEVEL",
                          "KeReleaseInStackQueuedSpinLockFromDpcLevel above DISPATCH_LEVEL");
    release(handle);
}

VOID KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    KeAcquireInStackQueuedSpinLock(lock, handle);
}

VOID KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE handle)
{
    KeReleaseInStackQueuedSpinLock(handle);
}
