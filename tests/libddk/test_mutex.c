// SPDX-License-Identifier: MIT
//
// Fast and guarded mutexes, critical and guarded regions.

#include "ddi_test.h"

static FAST_MUTEX fast, free_fast;
static KGUARDED_MUTEX guarded, free_guarded;

[[gnu::constructor(200)]] static void prepare(void)
{
    ExInitializeFastMutex(&fast);
    ExInitializeFastMutex(&free_fast);
    KeInitializeGuardedMutex(&guarded);
    KeInitializeGuardedMutex(&free_guarded);
}

DDI_IRQL_MAX(ExInitializeFastMutex, DISPATCH_LEVEL, ExInitializeFastMutex(&fast))
DDI_IRQL_MAX(KeInitializeGuardedMutex, APC_LEVEL, KeInitializeGuardedMutex(&guarded))
DDI_IRQL_MAX(ExAcquireFastMutex, APC_LEVEL, ExAcquireFastMutex(&fast))
DDI_IRQL_MAX(ExTryToAcquireFastMutex, APC_LEVEL, ExTryToAcquireFastMutex(&fast))
DDI_IRQL_MAX(KeTryToAcquireGuardedMutex, APC_LEVEL, KeTryToAcquireGuardedMutex(&free_guarded))
DDI_IRQL_MAX(KeEnterCriticalRegion, APC_LEVEL, KeEnterCriticalRegion())
DDI_IRQL_MAX(KeLeaveCriticalRegion, APC_LEVEL,
             KeGetCurrentIrql() <= APC_LEVEL ? KeEnterCriticalRegion() : (void)0,
             KeLeaveCriticalRegion())
DDI_IRQL_MAX(KeEnterGuardedRegion, APC_LEVEL, KeEnterGuardedRegion())
DDI_IRQL_MAX(KeLeaveGuardedRegion, APC_LEVEL,
             KeGetCurrentIrql() <= APC_LEVEL ? KeEnterGuardedRegion() : (void)0,
             KeLeaveGuardedRegion())
DDI_IRQL_MAX(KeAreApcsDisabled, DISPATCH_LEVEL, KeAreApcsDisabled())

// Each acquire is paired: at the limit the call succeeds, one level up it dies before it acquires.
DDI_IRQL_MAX(KeAcquireGuardedMutex, APC_LEVEL, KeAcquireGuardedMutex(&guarded),
             KeReleaseGuardedMutex(&guarded))
DDI_IRQL_MAX(KeReleaseGuardedMutex, APC_LEVEL,
             KeGetCurrentIrql() <= APC_LEVEL ? KeAcquireGuardedMutex(&guarded) : (void)0,
             KeReleaseGuardedMutex(&guarded))

static void acquire_fast(void *mutex)
{
    ExAcquireFastMutex(mutex);
}

static void release_fast(void *mutex)
{
    ExReleaseFastMutex(mutex);
}

static void release_fast_at(void *irql)
{
    ExInitializeFastMutex(&fast);
    ExAcquireFastMutex(&fast);
    if ((KIRQL)(ULONG_PTR)irql < APC_LEVEL)
        KeLowerIrql((KIRQL)(ULONG_PTR)irql);
    else
        (void)KfRaiseIrql((KIRQL)(ULONG_PTR)irql);
    ExReleaseFastMutex(&fast);
}

TEST(fast_mutex_is_not_recursive_and_has_an_owner)
{
    DDI_SHOWS(ExAcquireFastMutex, ERRORS | RESULTS);
    DDI_SHOWS(ExReleaseFastMutex, ERRORS | RESULTS | IRQL);
    DDI_SHOWS(ExTryToAcquireFastMutex, RESULTS);
    FAST_MUTEX zero = {0};
    ExInitializeFastMutex(&fast);
    ExAcquireFastMutex(&fast);
    CHECK_EQ(KeGetCurrentIrql(), APC_LEVEL);
    CHECK(!ExTryToAcquireFastMutex(&fast));
    CHECK_EQ(KeGetCurrentIrql(), APC_LEVEL);
    CHECK(dies(acquire_fast, &fast, "acquired twice"));
    (void)KfRaiseIrql(APC_LEVEL);
    CHECK(dies(release_fast, &free_fast, "does not own"));
    CHECK(dies(release_fast_at, (void *)PASSIVE_LEVEL, "below APC_LEVEL"));
    CHECK(dies(release_fast_at, (void *)DISPATCH_LEVEL, "above APC_LEVEL"));
    CHECK(dies(acquire_fast, &zero, "not initialised"));
    ExInitializeFastMutex(&fast);
    ExAcquireFastMutex(&fast);
    ExReleaseFastMutex(&fast);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void acquire_unsafe(void *mutex)
{
    ExAcquireFastMutexUnsafe(mutex);
}

static void release_unsafe(void *mutex)
{
    ExReleaseFastMutexUnsafe(mutex);
}

TEST(unsafe_forms_leave_irql_alone_and_want_apcs_off)
{
    DDI_SHOWS(ExAcquireFastMutexUnsafe, RESULTS | ERRORS | IRQL);
    DDI_SHOWS(ExReleaseFastMutexUnsafe, RESULTS | ERRORS | IRQL);
    ExInitializeFastMutex(&fast);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&fast);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    ExReleaseFastMutexUnsafe(&fast);
    KeLeaveCriticalRegion();
    CHECK(dies(acquire_unsafe, &fast, "below APC_LEVEL and outside of a region"));
    CHECK(dies(release_unsafe, &fast, "below APC_LEVEL and outside of a region"));
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    CHECK(dies(acquire_unsafe, &fast, "above APC_LEVEL"));
    (void)KfRaiseIrql(APC_LEVEL);
    CHECK(dies(release_unsafe, &fast, "does not own"));
}

static void acquire_guarded(void *mutex)
{
    KeAcquireGuardedMutex(mutex);
}

static void release_guarded(void *mutex)
{
    KeReleaseGuardedMutex(mutex);
}

TEST(guarded_mutex_keeps_its_holder_in_a_guarded_region)
{
    DDI_SHOWS(KeInitializeGuardedMutex, RESULTS);
    DDI_SHOWS(KeAcquireGuardedMutex, RESULTS | ERRORS);
    DDI_SHOWS(KeReleaseGuardedMutex, RESULTS | ERRORS);
    DDI_SHOWS(KeTryToAcquireGuardedMutex, RESULTS | ERRORS);
    KeInitializeGuardedMutex(&guarded);
    KeAcquireGuardedMutex(&guarded);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(KeAreApcsDisabled());
    CHECK(!KeTryToAcquireGuardedMutex(&guarded));
    KeReleaseGuardedMutex(&guarded);
    CHECK(!KeAreApcsDisabled());
    CHECK(KeTryToAcquireGuardedMutex(&guarded));
    CHECK(KeAreApcsDisabled());
    KeReleaseGuardedMutex(&guarded);
    CHECK(dies(release_guarded, &guarded, "does not own"));
    KeAcquireGuardedMutex(&guarded);
    CHECK(dies(acquire_guarded, &guarded, "acquired twice"));
    KeInitializeGuardedMutex(&guarded);
}

struct contest {
    KGUARDED_MUTEX mutex;
    KSEMAPHORE done;
    LONG count;
};

static VOID contend(PVOID context)
{
    struct contest *contest = context;
    for (int i = 0; i < 1000; i++) {
        KeAcquireGuardedMutex(&contest->mutex);
        contest->count++;
        KeReleaseGuardedMutex(&contest->mutex);
    }
    KeReleaseSemaphore(&contest->done, 0, 1, FALSE);
}

TEST(guarded_mutex_excludes)
{
    DDI_SHOWS(KeAcquireGuardedMutex, RESULTS);
    static struct contest contest;
    KeInitializeGuardedMutex(&contest.mutex);
    KeInitializeSemaphore(&contest.done, 0, 3);
    for (int i = 0; i < 3; i++) {
        HANDLE thread;
        CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, contend, &contest), 0);
        ZwClose(thread);
    }
    for (int i = 0; i < 3; i++)
        KeWaitForSingleObject(&contest.done, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(contest.count, 3000);
}

static void leave_critical(void *unused)
{
    (void)unused;
    KeLeaveCriticalRegion();
}

static void leave_guarded(void *unused)
{
    (void)unused;
    KeLeaveGuardedRegion();
}

static void enter_at_dispatch(void *guarded_too)
{
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    if (guarded_too != NULL)
        KeEnterGuardedRegion();
    KeEnterCriticalRegion();
}

TEST(regions_nest_and_are_balanced)
{
    DDI_SHOWS(KeEnterCriticalRegion, RESULTS | ERRORS);
    DDI_SHOWS(KeLeaveCriticalRegion, RESULTS | ERRORS);
    DDI_SHOWS(KeEnterGuardedRegion, RESULTS | ERRORS);
    DDI_SHOWS(KeLeaveGuardedRegion, RESULTS | ERRORS);
    DDI_SHOWS(KeAreApcsDisabled, RESULTS);
    CHECK(!KeAreApcsDisabled());
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    KeEnterGuardedRegion();
    KeLeaveCriticalRegion();
    KeLeaveCriticalRegion();
    CHECK(KeAreApcsDisabled());
    KeLeaveGuardedRegion();
    CHECK(!KeAreApcsDisabled());
    CHECK(dies(leave_critical, NULL, "without KeEnterCriticalRegion"));
    CHECK(dies(leave_guarded, NULL, "without KeEnterGuardedRegion"));
    CHECK(dies(enter_at_dispatch, NULL, "KeEnterCriticalRegion above APC_LEVEL"));
    CHECK(dies(enter_at_dispatch, &fast, "KeEnterGuardedRegion above APC_LEVEL"));
}
