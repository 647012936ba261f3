// SPDX-License-Identifier: MIT
//
// Reader/writer spin locks. The word: bit 31 set, one thread has the lock and the rest is its id;
// else the number of threads that share it, with bit 30 set while somebody waits to have it alone:
// then no more come to share it, so that the writer's turn comes.

#include "../vf/vf.h"

#define EXCLUSIVE          0x80000000u
#define WANTED             0x40000000u
#define SPINS_BEFORE_YIELD 64u

static ULONG owned_by(const struct _KTHREAD *thread)
{
    return EXCLUSIVE | thread->Id;
}

static ULONG read_word(PEX_SPIN_LOCK lock)
{
    return (ULONG)ReadNoFence(lock);
}

static bool replace(PEX_SPIN_LOCK lock, ULONG old, ULONG new)
{
    return (ULONG)InterlockedCompareExchange(lock, (LONG) new, (LONG)old) == old;
}

static void relax(unsigned *attempt)
{
    if (++*attempt > SPINS_BEFORE_YIELD)
        port_relax(*attempt - SPINS_BEFORE_YIELD - 1);
}

static void check_not_owner(PEX_SPIN_LOCK lock, ULONG word, const struct _KTHREAD *thread)
{
    if (word == owned_by(thread))
        ki_violation(SPIN_LOCK_ALREADY_OWNED,
                     "reader/writer spin lock acquired twice by the same thread", (ULONG_PTR)lock,
                     0);
}

static bool try_exclusive(PEX_SPIN_LOCK lock, PKTHREAD thread)
{
    ULONG word = read_word(lock);
    check_not_owner(lock, word, thread);
    if ((word & ~WANTED) != 0 || !replace(lock, word, owned_by(thread)))
        return false;
    thread->SpinLocks++;
    return true;
}

static bool try_shared(PEX_SPIN_LOCK lock, PKTHREAD thread)
{
    ULONG word = read_word(lock);
    check_not_owner(lock, word, thread);
    if ((word & (EXCLUSIVE | WANTED)) != 0 || !replace(lock, word, word + 1))
        return false;
    thread->SpinLocks++;
    return true;
}

static void acquire_exclusive(PEX_SPIN_LOCK lock)
{
    PKTHREAD thread = ki_thread();
    unsigned attempt = 0;
    vf_acquired((const void *)lock, false);
    while (!try_exclusive(lock, thread)) {
        ULONG word = read_word(lock);
        if ((word & EXCLUSIVE) == 0 && word != 0)
            (void)replace(lock, word, word | WANTED);
        relax(&attempt);
    }
}

static void acquire_shared(PEX_SPIN_LOCK lock)
{
    PKTHREAD thread = ki_thread();
    unsigned attempt = 0;
    vf_acquired((const void *)lock, false);
    while (!try_shared(lock, thread))
        relax(&attempt);
}

static void release_exclusive(PEX_SPIN_LOCK lock)
{
    PKTHREAD thread = ki_thread();
    if (read_word(lock) != owned_by(thread))
        ki_violation(
            SPIN_LOCK_NOT_OWNED,
            "reader/writer spin lock released by a thread that does not own it exclusively",
            (ULONG_PTR)lock, read_word(lock));
    thread->SpinLocks--;
    vf_released((const void *)lock);
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

static void release_shared(PEX_SPIN_LOCK lock)
{
    PKTHREAD thread = ki_thread();
    ULONG word = read_word(lock);
    if ((word & EXCLUSIVE) != 0 || (word & ~WANTED) == 0 || thread->SpinLocks == 0)
        ki_violation(SPIN_LOCK_NOT_OWNED,
                     "reader/writer spin lock released that is not held for shared access",
                     (ULONG_PTR)lock, word);
    thread->SpinLocks--;
    vf_released((const void *)lock);
    (void)InterlockedDecrement(lock);
}

KIRQL ExAcquireSpinLockExclusive(PEX_SPIN_LOCK lock)
{
    ki_require_irql(DISPATCH_LEVEL, "ExAcquireSpinLockExclusive above DISPATCH_LEVEL");
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    acquire_exclusive(lock);
    return old;
}

KIRQL ExAcquireSpinLockShared(PEX_SPIN_LOCK lock)
{
    ki_require_irql(DISPATCH_LEVEL, "ExAcquireSpinLockShared above DISPATCH_LEVEL");
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    acquire_shared(lock);
    return old;
}

static void require_raised(const char *rule)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL)
        ki_violation(IRQL_NOT_GREATER_OR_EQUAL, rule, KeGetCurrentIrql(), DISPATCH_LEVEL);
}

VOID ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock)
{
    require_raised("ExAcquireSpinLockExclusiveAtDpcLevel below DISPATCH_LEVEL");
    acquire_exclusive(lock);
}

VOID ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock)
{
    require_raised("ExAcquireSpinLockSharedAtDpcLevel below DISPATCH_LEVEL");
    acquire_shared(lock);
}

LOGICAL ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock)
{
    require_raised("ExTryAcquireSpinLockExclusiveAtDpcLevel below DISPATCH_LEVEL");
    bool taken = try_exclusive(lock, ki_thread());
    if (taken)
        vf_acquired((const void *)lock, true);
    return taken;
}

LOGICAL ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock)
{
    require_raised("ExTryAcquireSpinLockSharedAtDpcLevel below DISPATCH_LEVEL");
    bool taken = try_shared(lock, ki_thread());
    if (taken)
        vf_acquired((const void *)lock, true);
    return taken;
}

LOGICAL ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK lock)
{
    ULONG word = read_word(lock);
    require_raised("ExTryConvertSharedSpinLockExclusive below DISPATCH_LEVEL");
    if ((word & EXCLUSIVE) != 0 || (word & ~WANTED) == 0)
        ki_violation(SPIN_LOCK_NOT_OWNED,
                     "ExTryConvertSharedSpinLockExclusive of a lock that is not held for shared "
                     "access",
                     (ULONG_PTR)lock, word);
    return (word & ~WANTED) == 1 && replace(lock, word, owned_by(ki_thread()));
}

VOID ExReleaseSpinLockExclusive(PEX_SPIN_LOCK lock, KIRQL old_irql)
{
    require_raised("ExReleaseSpinLockExclusive below DISPATCH_LEVEL");
    release_exclusive(lock);
    KeLowerIrql(old_irql);
}

VOID ExReleaseSpinLockShared(PEX_SPIN_LOCK lock, KIRQL old_irql)
{
    require_raised("ExReleaseSpinLockShared below DISPATCH_LEVEL");
    release_shared(lock);
    KeLowerIrql(old_irql);
}

VOID ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK lock)
{
    require_raised("ExReleaseSpinLockExclusiveFromDpcLevel below DISPATCH_LEVEL");
    release_exclusive(lock);
}

VOID ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK lock)
{
    require_raised("ExReleaseSpinLockSharedFromDpcLevel below DISPATCH_LEVEL");
    release_shared(lock);
}
