// SPDX-License-Identifier: MIT
//
// Run-down protection, plain and cache-aware.

#include "ddi_test.h"

static EX_RUNDOWN_REF idle;
static PEX_RUNDOWN_REF_CACHE_AWARE aware;

[[gnu::constructor(200)]] static void prepare(void)
{
    ExInitializeRundownProtection(&idle);
    aware = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'tseT');
}

DDI_IRQL_MAX(ExAcquireRundownProtection, DISPATCH_LEVEL, ExAcquireRundownProtection(&idle))
DDI_IRQL_MAX(ExReleaseRundownProtection, DISPATCH_LEVEL, ExReleaseRundownProtection(&idle))
DDI_IRQL_MAX(ExAcquireRundownProtectionEx, DISPATCH_LEVEL, ExAcquireRundownProtectionEx(&idle, 2))
DDI_IRQL_MAX(ExReleaseRundownProtectionEx, DISPATCH_LEVEL, ExReleaseRundownProtectionEx(&idle, 2))
DDI_IRQL_MAX(ExWaitForRundownProtectionRelease, APC_LEVEL, ExWaitForRundownProtectionRelease(&idle))
DDI_IRQL_MAX(ExRundownCompleted, APC_LEVEL, ExRundownCompleted(&idle))
DDI_IRQL_MAX(ExReInitializeRundownProtection, APC_LEVEL, ExReInitializeRundownProtection(&idle))
DDI_IRQL_MAX(ExInitializeRundownProtection, APC_LEVEL, ExInitializeRundownProtection(&idle))
DDI_IRQL_MAX(ExSizeOfRundownProtectionCacheAware, APC_LEVEL, ExSizeOfRundownProtectionCacheAware())
DDI_IRQL_MAX(ExAcquireRundownProtectionCacheAware, DISPATCH_LEVEL,
             ExAcquireRundownProtectionCacheAware(aware))
DDI_IRQL_MAX(ExReleaseRundownProtectionCacheAware, DISPATCH_LEVEL,
             ExReleaseRundownProtectionCacheAware(aware))
DDI_IRQL_MAX(ExAcquireRundownProtectionCacheAwareEx, DISPATCH_LEVEL,
             ExAcquireRundownProtectionCacheAwareEx(aware, 3))
DDI_IRQL_MAX(ExReleaseRundownProtectionCacheAwareEx, DISPATCH_LEVEL,
             ExReleaseRundownProtectionCacheAwareEx(aware, 3))
DDI_IRQL_MAX(ExWaitForRundownProtectionReleaseCacheAware, APC_LEVEL,
             ExWaitForRundownProtectionReleaseCacheAware(aware))
DDI_IRQL_MAX(ExRundownCompletedCacheAware, APC_LEVEL, ExRundownCompletedCacheAware(aware))
DDI_IRQL_MAX(ExReInitializeRundownProtectionCacheAware, APC_LEVEL,
             ExReInitializeRundownProtectionCacheAware(aware))
DDI_IRQL_MAX(ExInitializeRundownProtectionCacheAware, APC_LEVEL,
             ExInitializeRundownProtectionCacheAware(aware, ExSizeOfRundownProtectionCacheAware()))
DDI_IRQL_MAX(ExAllocateCacheAwareRundownProtection, APC_LEVEL,
             ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'tseT'))
DDI_IRQL_MAX(ExFreeCacheAwareRundownProtection, APC_LEVEL,
             KeGetCurrentIrql() <= APC_LEVEL
                 ? aware = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'tseT')
                 : NULL,
             ExFreeCacheAwareRundownProtection(aware))

struct runner {
    EX_RUNDOWN_REF ref;
    KEVENT over;
};

static VOID run_down(PVOID context)
{
    struct runner *runner = context;
    ExWaitForRundownProtectionRelease(&runner->ref);
    KeSetEvent(&runner->over, 0, FALSE);
}

TEST(run_down_refuses_new_and_waits_for_old_acquires)
{
    DDI_SHOWS(ExAcquireRundownProtection, RESULTS | ERRORS);
    DDI_SHOWS(ExAcquireRundownProtectionEx, RESULTS | ERRORS);
    DDI_SHOWS(ExReleaseRundownProtectionEx, RESULTS);
    DDI_SHOWS(ExWaitForRundownProtectionRelease, RESULTS | ERRORS);
    DDI_SHOWS(ExReInitializeRundownProtection, RESULTS);
    DDI_SHOWS(ExRundownCompleted, RESULTS);
    static struct runner runner;
    LARGE_INTEGER moment = ms(2);
    HANDLE thread;
    ExInitializeRundownProtection(&runner.ref);
    KeInitializeEvent(&runner.over, NotificationEvent, FALSE);
    CHECK(ExAcquireRundownProtection(&runner.ref));
    CHECK(ExAcquireRundownProtectionEx(&runner.ref, 4));
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, run_down, &runner), 0);
    ZwClose(thread);
    LONG granted = 0;
    while (ExAcquireRundownProtection(&runner.ref)) {
        granted++;
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
    CHECK(!ExAcquireRundownProtectionEx(&runner.ref, 1));
    ExReleaseRundownProtectionEx(&runner.ref, 4 + (ULONG)granted);
    CHECK_EQ(KeWaitForSingleObject(&runner.over, Executive, KernelMode, FALSE, &moment),
             STATUS_TIMEOUT);
    ExReleaseRundownProtection(&runner.ref);
    KeWaitForSingleObject(&runner.over, Executive, KernelMode, FALSE, NULL);
    ExWaitForRundownProtectionRelease(&runner.ref); // again: no effect, no error
    CHECK(!ExAcquireRundownProtection(&runner.ref));
    ExReInitializeRundownProtection(&runner.ref);
    CHECK(ExAcquireRundownProtection(&runner.ref));
    ExReleaseRundownProtection(&runner.ref);
    ExRundownCompleted(&runner.ref);
    CHECK(!ExAcquireRundownProtection(&runner.ref));
}

static void release(void *ref)
{
    ExReleaseRundownProtection(ref);
}

static void release_three(void *ref)
{
    ExReleaseRundownProtectionEx(ref, 3);
}

static void reinitialize(void *ref)
{
    ExReInitializeRundownProtection(ref);
}

static void release_aware(void *ref)
{
    ExReleaseRundownProtectionCacheAware(ref);
}

static void release_aware_three(void *ref)
{
    ExReleaseRundownProtectionCacheAwareEx(ref, 3);
}

TEST(release_without_acquire_is_found)
{
    DDI_SHOWS(ExReleaseRundownProtection, ERRORS);
    DDI_SHOWS(ExReleaseRundownProtectionEx, ERRORS);
    EX_RUNDOWN_REF ref;
    ExInitializeRundownProtection(&ref);
    CHECK(dies(release, &ref, "without an acquire"));
    CHECK(ExAcquireRundownProtection(&ref));
    CHECK(dies(release_three, &ref, "without an acquire"));
    CHECK(dies(reinitialize, &ref, "before the run-down is over"));
    ExReleaseRundownProtection(&ref);
    ExWaitForRundownProtectionRelease(&ref);
    CHECK(dies(release, &ref, "without an acquire"));
}

TEST(cache_aware_form_does_the_same)
{
    DDI_SHOWS(ExAllocateCacheAwareRundownProtection, RESULTS | ERRORS);
    DDI_SHOWS(ExFreeCacheAwareRundownProtection, RESULTS);
    DDI_SHOWS(ExSizeOfRundownProtectionCacheAware, RESULTS);
    DDI_SHOWS(ExInitializeRundownProtectionCacheAware, RESULTS);
    DDI_SHOWS(ExAcquireRundownProtectionCacheAware, RESULTS | ERRORS);
    DDI_SHOWS(ExReleaseRundownProtectionCacheAware, RESULTS | ERRORS);
    DDI_SHOWS(ExAcquireRundownProtectionCacheAwareEx, RESULTS | ERRORS);
    DDI_SHOWS(ExReleaseRundownProtectionCacheAwareEx, RESULTS | ERRORS);
    DDI_SHOWS(ExWaitForRundownProtectionReleaseCacheAware, RESULTS | ERRORS);
    DDI_SHOWS(ExReInitializeRundownProtectionCacheAware, RESULTS);
    DDI_SHOWS(ExRundownCompletedCacheAware, RESULTS);
    SIZE_T bytes = ExSizeOfRundownProtectionCacheAware();
    PEX_RUNDOWN_REF_CACHE_AWARE own = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'tseT');
    PEX_RUNDOWN_REF_CACHE_AWARE theirs = ExAllocateCacheAwareRundownProtection(PagedPool, 'tseT');
    ExInitializeRundownProtectionCacheAware(own, bytes);
    PEX_RUNDOWN_REF_CACHE_AWARE both[2] = {own, theirs};
    for (int i = 0; i < 2; i++) {
        CHECK(ExAcquireRundownProtectionCacheAware(both[i]));
        CHECK(ExAcquireRundownProtectionCacheAwareEx(both[i], 2));
        ExReleaseRundownProtectionCacheAware(both[i]);
        ExReleaseRundownProtectionCacheAwareEx(both[i], 2);
        CHECK(dies(release_aware, both[i], "without an acquire"));
        CHECK(dies(release_aware_three, both[i], "without an acquire"));
        ExWaitForRundownProtectionReleaseCacheAware(both[i]);
        ExWaitForRundownProtectionReleaseCacheAware(both[i]);
        CHECK(!ExAcquireRundownProtectionCacheAware(both[i]));
        CHECK(!ExAcquireRundownProtectionCacheAwareEx(both[i], 2));
        ExRundownCompletedCacheAware(both[i]);
        ExReInitializeRundownProtectionCacheAware(both[i]);
        CHECK(ExAcquireRundownProtectionCacheAware(both[i]));
    }
    ExFreePool(own);
    ExFreeCacheAwareRundownProtection(theirs);
}
