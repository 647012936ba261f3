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
