// SPDX-License-Identifier: MIT
//
// Spin locks. The lock word holds the owner's KTHREAD, 0 when free: so taking a lock twice and
// releasing a foreign one are found at once. A thread may be preempted while it holds a lock (this
// is user space), so a waiter soon gives way instead of burning its budget.

#include "ki.h"

#define SPINS_BEFORE_YIELD 64u

static void wait_for(PKSPIN_LOCK lock)
{
    for (unsigned attempt = 0; __atomic_load_n(lock, __ATOMIC_RELAXED) != 0; attempt++)
        if (attempt >= SPINS_BEFORE_YIELD)
            port_relax(attempt - SPINS_BEFORE_YIELD);
}

static bool try_acquire(PKSPIN_LOCK lock, PKTHREAD thread)
{
    KSPIN_LOCK expected = 0;
    if (!__atomic_compare_exchange_n(lock, &expected, (KSPIN_LOCK)thread, 0, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED)) {
        if (expected == (KSPIN_LOCK)thread)
            ki_violation(SPIN_LOCK_ALREADY_OWNED, "spin lock acquired twice by the same thread",
                         (ULONG_PTR)lock, 0);
        return false;
    }
    thread->SpinLocks++;
    return true;
}

static void acquire(PKSPIN_LOCK lock)
{
    PKTHREAD thread = ki_thread();
    while (!try_acquire(lock, thread))
        wait_for(lock);
}

static void release(PKSPIN_LOCK lock)
{
    PKTHREAD thread = ki_thread();
    if (__atomic_load_n(lock, __ATOMIC_RELAXED) != (KSPIN_LOCK)thread)
        ki_violation(SPIN_LOCK_NOT_OWNED, "spin lock released by a thread that does not hold it",
                     (ULONG_PTR)lock, 0);
    thread->SpinLocks--;
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

VOID KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    *lock = 0;
}

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock)
{
    ki_require_irql(DISPATCH_LEVEL, "KeAcquireSpinLock above DISPATCH_LEVEL");
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    acquire(lock);
    return old;
}

VOID KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL old_irql)
{
    release(lock);
    KeLowerIrql(old_irql);
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL)
        ki_violation(IRQL_NOT_GREATER_OR_EQUAL, "KeAcquireSpinLockAtDpcLevel below DISPATCH_LEVEL",
                     KeGetCurrentIrql(), 0);
    acquire(lock);
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock)
{
    release(lock);
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    return (BOOLEAN)try_acquire(lock, ki_thread());
}

KIRQL KeAcquireSpinLockForDpc(PKSPIN_LOCK lock)
{
    return KeAcquireSpinLockRaiseToDpc(lock);
}

VOID KeReleaseSpinLockForDpc(PKSPIN_LOCK lock, KIRQL old_irql)
{
    KeReleaseSpinLock(lock, old_irql);
}

BOOLEAN KeTestSpinLock(PKSPIN_LOCK lock)
{
    return (BOOLEAN)(__atomic_load_n(lock, __ATOMIC_RELAXED) == 0);
}

// Queued locks: the lock word points to the last handle of the queue; a handle's Lock member is set
// with bit 0 while its thread waits.
static void queued_acquire(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    PKSPIN_LOCK_QUEUE own = &handle->LockQueue, last;
    own->Next = NULL;
    own->Lock = (PKSPIN_LOCK)((ULONG_PTR)lock | 1);
    last = (PKSPIN_LOCK_QUEUE)__atomic_exchange_n(lock, (KSPIN_LOCK)own, __ATOMIC_ACQ_REL);
    if (last != NULL) {
        __atomic_store_n(&last->Next, own, __ATOMIC_RELEASE);
        for (unsigned i = 0; ((ULONG_PTR)__atomic_load_n(&own->Lock, __ATOMIC_ACQUIRE) & 1) != 0;
             i++)
            if (i >= SPINS_BEFORE_YIELD)
                port_relax(i - SPINS_BEFORE_YIELD);
    } else {
        own->Lock = lock;
    }
    ki_thread()->SpinLocks++;
}

static void queued_release(PKLOCK_QUEUE_HANDLE handle)
{
    PKSPIN_LOCK_QUEUE own = &handle->LockQueue, next;
    PKSPIN_LOCK lock = own->Lock;
    KSPIN_LOCK expected = (KSPIN_LOCK)own;
    ki_thread()->SpinLocks--;
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
    handle->OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    queued_acquire(lock, handle);
}

VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE handle)
{
    queued_release(handle);
    KeLowerIrql(handle->OldIrql);
}

VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    queued_acquire(lock, handle);
}

VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE handle)
{
    queued_release(handle);
}
