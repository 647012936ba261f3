// SPDX-License-Identifier: MIT
//
// Spin locks. The lock word holds the owner's KTHREAD, 0 when free: so taking a lock twice and
// releasing a foreign one are found at once. A word with bit 0 set is one of queued_lock.c. A
// thread may be preempted while it holds a lock (this is user space), so a waiter soon gives way
// instead of burning its budget.

#include "../vf/vf.h"

#define SPINS_BEFORE_YIELD 64u

static void wait_for(PKSPIN_LOCK lock)
{
    for (unsigned attempt = 0; __atomic_load_n(lock, __ATOMIC_RELAXED) != 0; attempt++)
        if (attempt >= SPINS_BEFORE_YIELD)
            port_relax(attempt - SPINS_BEFORE_YIELD);
}

FORCEINLINE bool take(PKSPIN_LOCK lock, PKTHREAD thread, KSPIN_LOCK *holder)
{
    *holder = 0;
    if (!__atomic_compare_exchange_n(lock, holder, (KSPIN_LOCK)thread, 0, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    thread->SpinLocks++;
    return true;
}

static bool try_acquire(PKSPIN_LOCK lock, PKTHREAD thread)
{
    KSPIN_LOCK holder;
    if (take(lock, thread, &holder))
        return true;
    if (holder == (KSPIN_LOCK)thread)
        ki_violation(SPIN_LOCK_ALREADY_OWNED, "spin lock acquired twice by the same thread",
                     (ULONG_PTR)lock, 0);
    if ((holder & KI_QUEUED) != 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "spin lock used both as queued and as plain lock", (ULONG_PTR)lock, 0);
    return false;
}

// The way with everything in it. The routines below do what is common themselves and end in a call
// of this one for the rest, so that they need no stack frame.
KI_COLD static void acquire(PKSPIN_LOCK lock)
{
    PKTHREAD thread = ki_thread();
    vf_acquired(lock, false);
    while (!try_acquire(lock, thread))
        wait_for(lock);
}

FORCEINLINE bool watched(void)
{
    return __builtin_expect((vf_flags & VF_DEADLOCK) != 0, 0);
}

// At DISPATCH_LEVEL or above, free, and nobody keeps a graph of locks.
FORCEINLINE bool acquire_at_once(PKSPIN_LOCK lock, KIRQL least)
{
    PKTHREAD thread = port_thread_value();
    KSPIN_LOCK holder;
    return __builtin_expect(
        thread != NULL && thread->Irql >= least && !watched() && take(lock, thread, &holder), 1);
}

KI_COLD static void release(PKSPIN_LOCK lock)
{
    PKTHREAD thread = ki_thread();
    if (__atomic_load_n(lock, __ATOMIC_RELAXED) != (KSPIN_LOCK)thread)
        ki_violation(SPIN_LOCK_NOT_OWNED, "spin lock released by a thread that does not hold it",
                     (ULONG_PTR)lock, 0);
    thread->SpinLocks--;
    vf_released(lock);
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

FORCEINLINE bool release_at_once(PKSPIN_LOCK lock, PKTHREAD thread)
{
    if (__builtin_expect(thread == NULL || thread->Irql < DISPATCH_LEVEL || watched() ||
                             __atomic_load_n(lock, __ATOMIC_RELAXED) != (KSPIN_LOCK)thread,
                         0))
        return false;
    thread->SpinLocks--;
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    return true;
}

VOID KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    vf_forget(lock, sizeof(*lock));
    *lock = 0;
}

KI_COLD static KIRQL acquire_raised(PKSPIN_LOCK lock)
{
    ki_require_irql(DISPATCH_LEVEL, "KeAcquireSpinLock above DISPATCH_LEVEL");
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    acquire(lock);
    return old;
}

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock)
{
    PKTHREAD thread = port_thread_value();
    KSPIN_LOCK holder;
    if (__builtin_expect(thread == NULL || thread->Irql > DISPATCH_LEVEL || ki_log_routines ||
                             watched() || !take(lock, thread, &holder),
                         0))
        return acquire_raised(lock);
    KIRQL old = thread->Irql;
    thread->Irql = DISPATCH_LEVEL;
    return old;
}

KI_COLD static void release_lowered(PKSPIN_LOCK lock, KIRQL old_irql)
{
    ki_require_exact_irql(DISPATCH_LEVEL, "KeReleaseSpinLock below DISPATCH_LEVEL",
                          "KeReleaseSpinLock above DISPATCH_LEVEL");
    release(lock);
    KeLowerIrql(old_irql);
}

VOID KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL old_irql)
{
    PKTHREAD thread = port_thread_value();
    if (__builtin_expect(thread == NULL || thread->Irql != DISPATCH_LEVEL || watched() ||
                             old_irql > DISPATCH_LEVEL ||
                             (old_irql < DISPATCH_LEVEL && thread->SpinLocks != 1) ||
                             !release_at_once(lock, thread),
                         0)) {
        release_lowered(lock, old_irql);
        return;
    }
    thread->Irql = old_irql;
}

KI_COLD static void acquire_at_dpc(PKSPIN_LOCK lock)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL)
        ki_violation(IRQL_NOT_GREATER_OR_EQUAL, "KeAcquireSpinLockAtDpcLevel below DISPATCH_LEVEL",
                     KeGetCurrentIrql(), 0);
    acquire(lock);
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    if (!acquire_at_once(lock, DISPATCH_LEVEL))
        acquire_at_dpc(lock);
}

KI_COLD static void release_at_dpc(PKSPIN_LOCK lock)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL)
        ki_violation(IRQL_NOT_GREATER_OR_EQUAL,
                     "KeReleaseSpinLockFromDpcLevel below DISPATCH_LEVEL", KeGetCurrentIrql(), 0);
    release(lock);
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock)
{
    if (!release_at_once(lock, port_thread_value()))
        release_at_dpc(lock);
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    ki_require_exact_irql(DISPATCH_LEVEL, "KeTryToAcquireSpinLockAtDpcLevel below DISPATCH_LEVEL",
                          "KeTryToAcquireSpinLockAtDpcLevel above DISPATCH_LEVEL");
    bool acquired = try_acquire(lock, ki_thread());
    if (acquired)
        vf_acquired(lock, true);
    return (BOOLEAN)acquired;
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
