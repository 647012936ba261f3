// SPDX-License-Identifier: MIT
//
// Spin locks, mutexes, resources and run-down protection.

#include "ddi_test.h"

static void twice(void *argument)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(argument);
    (void)KeAcquireSpinLockRaiseToDpc(argument);
    KeReleaseSpinLock(argument, irql);
}

static void wait_at_dispatch(void *argument)
{
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    KeWaitForSingleObject(argument, Executive, KernelMode, FALSE, NULL);
}

static void release_foreign(void *argument)
{
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    KeReleaseSpinLock(argument, PASSIVE_LEVEL);
}

static void lower_up(void *argument)
{
    (void)argument;
    KeLowerIrql(DISPATCH_LEVEL);
}

static void release_mutex(void *argument)
{
    KeReleaseMutex(argument, FALSE);
}

TEST(broken_rules_name_themselves)
{
    DDI_SHOWS(KeAcquireSpinLockRaiseToDpc, ERRORS);
    DDI_SHOWS(KeReleaseSpinLock, ERRORS);
    DDI_SHOWS(KeWaitForSingleObject, ERRORS | IRQL);
    DDI_SHOWS(KeLowerIrql, ERRORS);
    KSPIN_LOCK lock;
    KEVENT event;
    KMUTEX mutex;
    KeInitializeSpinLock(&lock);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeMutex(&mutex, 0);
    CHECK(dies(twice, &lock, "acquired twice"));
    CHECK(dies(wait_at_dispatch, &event, "wait at IRQL DISPATCH_LEVEL"));
    KeInitializeSpinLock(&lock);
    CHECK(dies(release_foreign, &lock, "does not hold"));
    CHECK(dies(lower_up, NULL, "KeLowerIrql to a higher IRQL"));
    KeInitializeMutex(&mutex, 0);
}

struct contest {
    KSPIN_LOCK lock;
    KSEMAPHORE done;
    volatile LONG inside;
    LONG count;
    LONG errors;
    bool queued;
};

static VOID contend(PVOID context)
{
    struct contest *contest = context;
    for (int i = 0; i < 2000; i++) {
        KLOCK_QUEUE_HANDLE handle;
        KIRQL irql = PASSIVE_LEVEL;
        if (contest->queued)
            KeAcquireInStackQueuedSpinLock(&contest->lock, &handle);
        else
            irql = KeAcquireSpinLockRaiseToDpc(&contest->lock);
        contest->errors += InterlockedIncrement(&contest->inside) != 1;
        contest->errors += KeGetCurrentIrql() != DISPATCH_LEVEL;
        contest->count++;
        InterlockedDecrement(&contest->inside);
        if (contest->queued)
            KeReleaseInStackQueuedSpinLock(&handle);
        else
            KeReleaseSpinLock(&contest->lock, irql);
    }
    KeReleaseSemaphore(&contest->done, 0, 1, FALSE);
}

static LONG run_contest(bool queued)
{
    struct contest contest = {.queued = queued};
    KeInitializeSpinLock(&contest.lock);
    KeInitializeSemaphore(&contest.done, 0, 4);
    for (int i = 0; i < 4; i++) {
        HANDLE thread;
        if (!NT_SUCCESS(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, contend, &contest)))
            return -1;
        ZwClose(thread);
    }
    for (int i = 0; i < 4; i++)
        KeWaitForSingleObject(&contest.done, Executive, KernelMode, FALSE, NULL);
    return contest.errors != 0 ? -1 : contest.count;
}

TEST(spin_locks_exclude)
{
    DDI_SHOWS(KeInitializeSpinLock, RESULTS);
    DDI_SHOWS(KeAcquireSpinLockRaiseToDpc, RESULTS);
    DDI_SHOWS(KeReleaseSpinLock, RESULTS);
    DDI_SHOWS(KeAcquireInStackQueuedSpinLock, RESULTS);
    DDI_SHOWS(KeReleaseInStackQueuedSpinLock, RESULTS);
    CHECK_EQ(run_contest(false), 8000);
    CHECK_EQ(run_contest(true), 8000);
}

struct fast_contest {
    FAST_MUTEX mutex;
    KSEMAPHORE done;
    LONG count;
};

static VOID contend_fast(PVOID context)
{
    struct fast_contest *contest = context;
    for (int i = 0; i < 1000; i++) {
        ExAcquireFastMutex(&contest->mutex);
        contest->count++;
        ExReleaseFastMutex(&contest->mutex);
    }
    KeReleaseSemaphore(&contest->done, 0, 1, FALSE);
}

TEST(fast_mutex_excludes_and_raises_to_apc_level)
{
    DDI_SHOWS(ExInitializeFastMutex, RESULTS);
    DDI_SHOWS(ExAcquireFastMutex, RESULTS);
    DDI_SHOWS(ExReleaseFastMutex, RESULTS);
    DDI_SHOWS(ExTryToAcquireFastMutex, RESULTS);
    struct fast_contest contest = {.count = 0};
    ExInitializeFastMutex(&contest.mutex);
    KeInitializeSemaphore(&contest.done, 0, 3);
    for (int i = 0; i < 3; i++) {
        HANDLE thread;
        CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, contend_fast, &contest), 0);
        ZwClose(thread);
    }
    for (int i = 0; i < 3; i++)
        KeWaitForSingleObject(&contest.done, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(contest.count, 3000);
    ExAcquireFastMutex(&contest.mutex);
    CHECK_EQ(KeGetCurrentIrql(), APC_LEVEL);
    CHECK(!ExTryToAcquireFastMutex(&contest.mutex) || false);
    ExReleaseFastMutex(&contest.mutex);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST(rundown_waits_for_the_last_release)
{
    DDI_SHOWS(ExInitializeRundownProtection, RESULTS);
    DDI_SHOWS(ExAcquireRundownProtection, RESULTS);
    DDI_SHOWS(ExReleaseRundownProtection, RESULTS);
    DDI_SHOWS(ExReInitializeRundownProtection, RESULTS);
    EX_RUNDOWN_REF ref;
    ExInitializeRundownProtection(&ref);
    CHECK(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
    ExWaitForRundownProtectionRelease(&ref);
    CHECK(!ExAcquireRundownProtection(&ref));
    ExReInitializeRundownProtection(&ref);
    CHECK(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
}

TEST(resource_shares_readers_and_excludes_writers)
{
    DDI_SHOWS(ExInitializeResourceLite, RESULTS);
    DDI_SHOWS(ExAcquireResourceSharedLite, RESULTS);
    DDI_SHOWS(ExAcquireResourceExclusiveLite, RESULTS);
    DDI_SHOWS(ExReleaseResourceLite, RESULTS);
    DDI_SHOWS(ExDeleteResourceLite, RESULTS);
    DDI_SHOWS(KeEnterCriticalRegion, RESULTS);
    DDI_SHOWS(KeLeaveCriticalRegion, RESULTS);
    ERESOURCE resource;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    CHECK(ExAcquireResourceSharedLite(&resource, TRUE));
    CHECK(ExAcquireResourceSharedLite(&resource, FALSE));
    CHECK(!ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    CHECK(ExAcquireResourceExclusiveLite(&resource, FALSE));
    CHECK(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

TEST(mutex_release_by_another_is_a_bug_check)
{
    DDI_SHOWS(KeReleaseMutex, ERRORS);
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    CHECK(dies(release_mutex, &mutex, "does not own"));
}

static KSPIN_LOCK idle_lock, dpc_lock, queued_lock;
static KLOCK_QUEUE_HANDLE queued_handle;

DDI_IRQL_MAX_MACRO(KeAcquireSpinLock, DISPATCH_LEVEL, idle_lock = 0,
                   KeAcquireSpinLock(&idle_lock, &(KIRQL){0}))
DDI_IRQL_MAX(KeAcquireSpinLockRaiseToDpc, DISPATCH_LEVEL, idle_lock = 0,
             KeAcquireSpinLockRaiseToDpc(&idle_lock))
DDI_IRQL_MAX(KeAcquireSpinLockForDpc, DISPATCH_LEVEL, idle_lock = 0,
             KeAcquireSpinLockForDpc(&idle_lock))
DDI_IRQL_MIN(KeAcquireSpinLockAtDpcLevel, DISPATCH_LEVEL, dpc_lock = 0,
             KeAcquireSpinLockAtDpcLevel(&dpc_lock))
DDI_IRQL_MIN(KeTryToAcquireSpinLockAtDpcLevel, DISPATCH_LEVEL, dpc_lock = 0,
             KeTryToAcquireSpinLockAtDpcLevel(&dpc_lock))
DDI_IRQL_MIN(KeReleaseSpinLockFromDpcLevel, DISPATCH_LEVEL, dpc_lock = 0,
             KeGetCurrentIrql() == DISPATCH_LEVEL ? KeAcquireSpinLockAtDpcLevel(&dpc_lock)
                                                  : (void)0,
             KeReleaseSpinLockFromDpcLevel(&dpc_lock))
DDI_IRQL_MIN(KeReleaseSpinLock, DISPATCH_LEVEL, dpc_lock = 0,
             KeGetCurrentIrql() == DISPATCH_LEVEL ? KeAcquireSpinLockAtDpcLevel(&dpc_lock)
                                                  : (void)0,
             KeReleaseSpinLock(&dpc_lock, KeGetCurrentIrql()))
DDI_IRQL_MAX(KeReleaseSpinLockForDpc, DISPATCH_LEVEL, dpc_lock = 0,
             KeGetCurrentIrql() == DISPATCH_LEVEL ? KeAcquireSpinLockAtDpcLevel(&dpc_lock)
                                                  : (void)0,
             KeReleaseSpinLockForDpc(&dpc_lock, KeGetCurrentIrql()))
DDI_IRQL_MAX(KeAcquireInStackQueuedSpinLock, DISPATCH_LEVEL, queued_lock = 0,
             KeAcquireInStackQueuedSpinLock(&queued_lock, &queued_handle))
DDI_IRQL_MIN(KeAcquireInStackQueuedSpinLockAtDpcLevel, DISPATCH_LEVEL, queued_lock = 0,
             KeAcquireInStackQueuedSpinLockAtDpcLevel(&queued_lock, &queued_handle))
DDI_IRQL_MIN(KeReleaseInStackQueuedSpinLock, DISPATCH_LEVEL, queued_lock = 0,
             KeGetCurrentIrql() == DISPATCH_LEVEL
                 ? KeAcquireInStackQueuedSpinLock(&queued_lock, &queued_handle)
                 : (void)0,
             KeReleaseInStackQueuedSpinLock(&queued_handle))
DDI_IRQL_MIN(KeReleaseInStackQueuedSpinLockFromDpcLevel, DISPATCH_LEVEL, queued_lock = 0,
             KeGetCurrentIrql() == DISPATCH_LEVEL
                 ? KeAcquireInStackQueuedSpinLockAtDpcLevel(&queued_lock, &queued_handle)
                 : (void)0,
             KeReleaseInStackQueuedSpinLockFromDpcLevel(&queued_handle))
DDI_IRQL_MAX(KeRaiseIrqlToDpcLevel, DISPATCH_LEVEL, KeRaiseIrqlToDpcLevel())

static void acquire_at_dpc(void *lock)
{
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(lock);
    KeAcquireSpinLockAtDpcLevel(lock);
}

static void try_twice(void *lock)
{
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    (void)KeTryToAcquireSpinLockAtDpcLevel(lock);
    (void)KeTryToAcquireSpinLockAtDpcLevel(lock);
}

static void release_at_dpc(void *lock)
{
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    KeReleaseSpinLockFromDpcLevel(lock);
}

static void lower_with_lock(void *lock)
{
    KIRQL irql;
    KeAcquireSpinLock(lock, &irql);
    KeLowerIrql(irql);
}

TEST(spin_lock_at_dpc_level)
{
    DDI_SHOWS_MACRO(KeAcquireSpinLock, RESULTS | ERRORS);
    DDI_SHOWS(KeAcquireSpinLockAtDpcLevel, RESULTS | ERRORS);
    DDI_SHOWS(KeReleaseSpinLockFromDpcLevel, RESULTS | ERRORS);
    DDI_SHOWS(KeTryToAcquireSpinLockAtDpcLevel, RESULTS | ERRORS);
    DDI_SHOWS(KeTestSpinLock, RESULTS);
    DDI_SHOWS(KeAcquireSpinLockForDpc, RESULTS);
    DDI_SHOWS(KeReleaseSpinLockForDpc, RESULTS);
    KSPIN_LOCK lock, other;
    KIRQL irql;
    KeInitializeSpinLock(&lock);
    KeInitializeSpinLock(&other);
    KeAcquireSpinLock(&lock, &irql);
    CHECK_EQ(irql, PASSIVE_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(&other);
    CHECK(!KeTestSpinLock(&other));
    KeReleaseSpinLockFromDpcLevel(&other);
    CHECK(KeTestSpinLock(&other));
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(KeTryToAcquireSpinLockAtDpcLevel(&other));
    KeReleaseSpinLockFromDpcLevel(&other);
    KeReleaseSpinLock(&lock, irql);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    irql = KeAcquireSpinLockForDpc(&lock);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(&lock, irql);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(dies(acquire_at_dpc, &lock, "acquired twice"));
    lock = 0;
    CHECK(dies(try_twice, &lock, "acquired twice"));
    lock = 0;
    CHECK(dies(release_at_dpc, &lock, "does not hold"));
    CHECK(dies(lower_with_lock, &lock, "with a spin lock held"));
}

static void queued_twice(void *lock)
{
    KLOCK_QUEUE_HANDLE first, second;
    KeAcquireInStackQueuedSpinLock(lock, &first);
    KeAcquireInStackQueuedSpinLock(lock, &second);
}

static void queued_after_plain(void *lock)
{
    KLOCK_QUEUE_HANDLE handle;
    (void)KeAcquireSpinLockRaiseToDpc(lock);
    KeAcquireInStackQueuedSpinLock(lock, &handle);
}

static void plain_after_queued(void *lock)
{
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLock(lock, &handle);
    (void)KeAcquireSpinLockRaiseToDpc(lock);
}

static void release_queued_twice(void *lock)
{
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLock(lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
}

TEST(queued_locks_have_an_owner_and_are_not_mixed_with_plain_ones)
{
    DDI_SHOWS(KeAcquireInStackQueuedSpinLock, RESULTS | ERRORS);
    DDI_SHOWS(KeReleaseInStackQueuedSpinLock, RESULTS | ERRORS);
    DDI_SHOWS(KeAcquireInStackQueuedSpinLockAtDpcLevel, RESULTS | ERRORS);
    DDI_SHOWS(KeReleaseInStackQueuedSpinLockFromDpcLevel, RESULTS | ERRORS);
    KSPIN_LOCK lock = 0;
    KLOCK_QUEUE_HANDLE handle, inner;
    KSPIN_LOCK other = 0;
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&other, &inner);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&inner);
    CHECK_EQ(other, 0);
    KeReleaseInStackQueuedSpinLock(&handle);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(dies(queued_twice, &lock, "acquired twice"));
    lock = 0;
    CHECK(dies(queued_after_plain, &lock, "both as queued and as plain"));
    lock = 0;
    CHECK(dies(plain_after_queued, &lock, "both as queued and as plain"));
    lock = 0;
    CHECK(dies(release_queued_twice, &lock, "does not hold"));
}

static void raise_down(void *unused)
{
    KIRQL old;
    (void)unused;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeRaiseIrql(APC_LEVEL, &old);
}

static void raise_too_far(void *unused)
{
    KIRQL old;
    (void)unused;
    KeRaiseIrql(HIGH_LEVEL + 1, &old);
}

static VOID tell_irql(PVOID context)
{
    *(volatile LONG *)context = KeGetCurrentIrql();
}

TEST(irql_belongs_to_the_thread)
{
    DDI_SHOWS_MACRO(KeRaiseIrql, RESULTS | ERRORS);
    DDI_SHOWS(KeRaiseIrqlToDpcLevel, RESULTS | ERRORS);
    DDI_SHOWS(KeLowerIrql, RESULTS | ERRORS);
    DDI_SHOWS(KeGetCurrentIrql, RESULTS);
    static volatile LONG seen = -1;
    KIRQL old, older;
    HANDLE thread;
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, tell_irql, (PVOID)&seen), 0);
    ZwClose(thread);
    KeRaiseIrql(APC_LEVEL, &older);
    CHECK_EQ(older, PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &old); // to the same level
    CHECK_EQ(old, APC_LEVEL);
    old = KeRaiseIrqlToDpcLevel();
    CHECK_EQ(old, APC_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    while (seen == -1)
        continue;
    CHECK_EQ(seen, PASSIVE_LEVEL); // the other thread's
    KeLowerIrql(old);
    CHECK_EQ(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(older);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(dies(raise_down, NULL, "KeRaiseIrql to a lower IRQL"));
    CHECK(dies(raise_too_far, NULL, "above HIGH_LEVEL"));
}
