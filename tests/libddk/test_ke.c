// SPDX-License-Identifier: MIT
//
// Waits, timers, DPCs, locks, work items, threads, pool: the rules of semantics and what happens to
// who breaks them.

#include "ash_test.h"
#include "posix.h"
#include <wdm.h>

static LARGE_INTEGER ms(LONG n)
{
    return (LARGE_INTEGER){.QuadPart = -10000LL * n};
}

static bool dies(void (*body)(void *), void *argument, const char *rule)
{
    const char *text;
    bool died = posix_expect_bugcheck(body, argument, &text);
    posix_reset_thread();
    return died && strstr(text, rule) != NULL;
}

TEST(synchronization_event_releases_one)
{
    KEVENT event;
    LARGE_INTEGER zero = {0};
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    CHECK_EQ(KeSetEvent(&event, 0, FALSE), 0);
    CHECK_EQ(KeSetEvent(&event, 0, FALSE), 1);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
}

TEST(notification_event_stays_set)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeReadStateEvent(&event), 1);
    KeClearEvent(&event);
    CHECK_EQ(KeReadStateEvent(&event), 0);
}

TEST(wait_times_out)
{
    KEVENT event;
    LARGE_INTEGER timeout = ms(20);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    ULONGLONG before = KeQueryInterruptTime();
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout), STATUS_TIMEOUT);
    CHECK(KeQueryInterruptTime() - before >= 190000);
}

TEST(semaphore_counts)
{
    KSEMAPHORE semaphore;
    LARGE_INTEGER zero = {0};
    KeInitializeSemaphore(&semaphore, 0, 2);
    CHECK_EQ(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 0);
    CHECK_EQ(KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, &zero), 0);
    CHECK_EQ(KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, &zero), 0);
    CHECK_EQ(KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, &zero),
             STATUS_TIMEOUT);
}

TEST(mutex_is_recursive)
{
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    CHECK(KeAreApcsDisabled());
    CHECK_EQ(KeReadStateMutex(&mutex), -1);
    KeReleaseMutex(&mutex, FALSE);
    KeReleaseMutex(&mutex, FALSE);
    CHECK_EQ(KeReadStateMutex(&mutex), 1);
    CHECK(!KeAreApcsDisabled());
}

struct pair {
    KEVENT a, b, done;
    LONG result;
};

static VOID wait_both(PVOID context)
{
    struct pair *pair = context;
    PVOID objects[2] = {&pair->a, &pair->b};
    pair->result =
        KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    KeSetEvent(&pair->done, 0, FALSE);
}

TEST(wait_all_takes_nothing_until_all_are_set)
{
    struct pair pair = {.result = -1};
    LARGE_INTEGER timeout = ms(20);
    HANDLE thread;
    KeInitializeEvent(&pair.a, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pair.b, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pair.done, NotificationEvent, FALSE);
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, wait_both, &pair), STATUS_SUCCESS);
    KeSetEvent(&pair.a, 0, FALSE);
    CHECK_EQ(KeWaitForSingleObject(&pair.done, Executive, KernelMode, FALSE, &timeout),
             STATUS_TIMEOUT);
    CHECK_EQ(KeReadStateEvent(&pair.a), 1); // not taken yet
    KeSetEvent(&pair.b, 0, FALSE);
    KeWaitForSingleObject(&pair.done, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(pair.result, STATUS_SUCCESS);
    CHECK_EQ(KeReadStateEvent(&pair.a), 0);
    CHECK_EQ(ZwClose(thread), STATUS_SUCCESS);
    CHECK_EQ(ZwClose(thread), STATUS_INVALID_HANDLE);
}

TEST(wait_any_tells_the_index)
{
    KEVENT a, b;
    PVOID objects[2] = {&a, &b};
    KeInitializeEvent(&a, NotificationEvent, FALSE);
    KeInitializeEvent(&b, NotificationEvent, TRUE);
    CHECK_EQ(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_WAIT_1);
}

static VOID end_at_once(PVOID context)
{
    (void)context;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

TEST(thread_is_signalled_at_its_end)
{
    HANDLE handle;
    PVOID thread;
    CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, end_at_once, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                       &thread, NULL),
             STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(thread);
}

struct dpc_state {
    KDPC dpc;
    KEVENT ran;
    volatile LONG runs;
    KIRQL irql;
};

static VOID count_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct dpc_state *state = context;
    (void)dpc, (void)argument1, (void)argument2;
    state->irql = KeGetCurrentIrql();
    InterlockedIncrement(&state->runs);
    KeSetEvent(&state->ran, 0, FALSE);
}

TEST(dpc_runs_at_dispatch_level)
{
    struct dpc_state state = {.runs = 0};
    KeInitializeEvent(&state.ran, NotificationEvent, FALSE);
    KeInitializeDpc(&state.dpc, count_dpc, &state);
    CHECK(KeInsertQueueDpc(&state.dpc, NULL, NULL));
    KeWaitForSingleObject(&state.ran, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(state.irql, DISPATCH_LEVEL);
    KeFlushQueuedDpcs();
    CHECK_EQ(state.runs, 1);
    CHECK(!KeRemoveQueueDpc(&state.dpc));
}

TEST(timer_fires_once_and_periodically)
{
    struct dpc_state state = {.runs = 0};
    KTIMER timer;
    LARGE_INTEGER wait = ms(60);
    KeInitializeEvent(&state.ran, NotificationEvent, FALSE);
    KeInitializeDpc(&state.dpc, count_dpc, &state);
    KeInitializeTimer(&timer);
    CHECK(!KeSetTimer(&timer, ms(5), &state.dpc));
    CHECK_EQ(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeFlushQueuedDpcs();
    CHECK_EQ(state.runs, 1);
    CHECK(!KeSetTimerEx(&timer, ms(5), 5, &state.dpc));
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(KeCancelTimer(&timer));
    KeFlushQueuedDpcs();
    CHECK(state.runs >= 4);
    CHECK(!KeCancelTimer(&timer));
}

TEST(setting_a_timer_again_cancels_the_first)
{
    struct dpc_state state = {.runs = 0};
    KTIMER timer;
    LARGE_INTEGER wait = ms(40);
    KeInitializeEvent(&state.ran, NotificationEvent, FALSE);
    KeInitializeDpc(&state.dpc, count_dpc, &state);
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, ms(10), &state.dpc);
    CHECK(KeSetTimer(&timer, ms(20), &state.dpc));
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    KeFlushQueuedDpcs();
    CHECK_EQ(state.runs, 1);
}

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

struct work {
    WORK_QUEUE_ITEM item;
    KEVENT ran, go;
    KIRQL irql;
};

static VOID run_work(PVOID parameter)
{
    struct work *work = parameter;
    work->irql = KeGetCurrentIrql();
    KeSetEvent(&work->ran, 0, FALSE);
    KeWaitForSingleObject(&work->go, Executive, KernelMode, FALSE, NULL);
}

TEST(a_waiting_work_item_does_not_stop_the_next)
{
    static struct work first, second; // the items outlive the test
    struct work *both[2] = {&first, &second};
    for (int i = 0; i < 2; i++) {
        KeInitializeEvent(&both[i]->ran, NotificationEvent, FALSE);
        KeInitializeEvent(&both[i]->go, NotificationEvent, FALSE);
        ExInitializeWorkItem(&both[i]->item, run_work, both[i]);
        ExQueueWorkItem(&both[i]->item, DelayedWorkQueue);
        CHECK_EQ(KeWaitForSingleObject(&both[i]->ran, Executive, KernelMode, FALSE, NULL), 0);
        CHECK_EQ(both[i]->irql, PASSIVE_LEVEL);
    }
    KeSetEvent(&first.go, 0, FALSE);
    KeSetEvent(&second.go, 0, FALSE);
}

TEST(rundown_waits_for_the_last_release)
{
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

TEST(pool_is_zeroed_aligned_and_refuses_bad_requests)
{
    for (SIZE_T n = 1; n < 20000; n = n * 3 + 1) {
        UCHAR *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, n, 'tseT');
        CHECK(p != NULL && ((ULONG_PTR)p & 15) == 0);
        CHECK(n < PAGE_SIZE || BYTE_OFFSET(p) == 0);
        for (SIZE_T i = 0; i < n; i++)
            CHECK_EQ(p[i], 0);
        memset(p, 0xff, n);
        ExFreePoolWithTag(p, 'tseT');
    }
    CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 0) == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED, 0, 'tseT') == NULL);
    CHECK(ExAllocatePool2(0, 16, 'tseT') == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, 'tseT') == NULL);
}

static void free_wrong_tag(void *p)
{
    ExFreePoolWithTag(p, 'eniM');
}

static void free_it(void *p)
{
    ExFreePool(p);
}

__attribute__((no_sanitize("address"))) static void overrun(UCHAR *p, SIZE_T n)
{
    p[n] = 1;
}

TEST(pool_finds_broken_rules)
{
    UCHAR *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, 'tseT');
    CHECK(dies(free_wrong_tag, p, "another tag"));
    overrun(p, 40);
    CHECK(dies(free_it, p, "past the end"));
    UCHAR *q = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT');
    ExFreePool(q);
    CHECK(dies(free_it, q, "freed twice"));
    CHECK(dies(free_it, q + 1, "no allocation"));
}

TEST(pool_survives_random_use)
{
    static UCHAR *blocks[256];
    static SIZE_T sizes[256];
    ULONG seed = 7;
    for (int i = 0; i < 20000; i++) {
        ULONG slot = RtlRandomEx(&seed) % 256;
        if (blocks[slot] != NULL) {
            CHECK_EQ(blocks[slot][0], (UCHAR)slot);
            CHECK_EQ(blocks[slot][sizes[slot] - 1], (UCHAR)slot);
            ExFreePool(blocks[slot]);
        }
        sizes[slot] = RtlRandomEx(&seed) % 6000 + 1;
        blocks[slot] = ExAllocatePoolWithTag(NonPagedPool, sizes[slot], 'tseT');
        memset(blocks[slot], (int)slot, sizes[slot]);
    }
    for (int i = 0; i < 256; i++)
        ExFreePool(blocks[i]);
}

TEST(resource_shares_readers_and_excludes_writers)
{
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
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    CHECK(dies(release_mutex, &mutex, "does not own"));
}
