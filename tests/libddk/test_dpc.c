// SPDX-License-Identifier: MIT
//
// DPCs and timers.

#include "ddi_test.h"

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
    DDI_SHOWS(KeInitializeDpc, RESULTS);
    DDI_SHOWS(KeInsertQueueDpc, RESULTS);
    DDI_SHOWS(KeFlushQueuedDpcs, RESULTS);
    DDI_SHOWS(KeRemoveQueueDpc, RESULTS);
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
    DDI_SHOWS(KeInitializeTimer, RESULTS);
    DDI_SHOWS(KeSetTimer, RESULTS);
    DDI_SHOWS(KeSetTimerEx, RESULTS);
    DDI_SHOWS(KeCancelTimer, RESULTS);
    DDI_SHOWS(KeDelayExecutionThread, RESULTS);
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
    DDI_SHOWS(KeSetTimer, RESULTS);
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

static KTIMER idle_timer;
static LARGE_INTEGER far = {.QuadPart = -36000000000LL};

[[gnu::constructor(200)]] static void prepare(void)
{
    KeInitializeTimer(&idle_timer);
}

DDI_IRQL_MAX(KeInitializeTimer, DISPATCH_LEVEL, KeInitializeTimer(&idle_timer))
DDI_IRQL_MAX(KeInitializeTimerEx, DISPATCH_LEVEL,
             KeInitializeTimerEx(&idle_timer, SynchronizationTimer))
DDI_IRQL_MAX(KeSetTimer, DISPATCH_LEVEL, KeSetTimer(&idle_timer, far, NULL))
DDI_IRQL_MAX(KeCancelTimer, DISPATCH_LEVEL, KeCancelTimer(&idle_timer))
DDI_IRQL_MAX(KeReadStateTimer, DISPATCH_LEVEL, KeReadStateTimer(&idle_timer))
DDI_IRQL_MAX(KeSetTimerEx, DISPATCH_LEVEL, KeSetTimerEx(&idle_timer, far, 5, NULL),
             KeCancelTimer(&idle_timer))
DDI_IRQL_MAX(KeSetCoalescableTimer, DISPATCH_LEVEL,
             KeSetCoalescableTimer(&idle_timer, far, 5, 5, NULL), KeCancelTimer(&idle_timer))
DDI_IRQL_MAX(KeFlushQueuedDpcs, PASSIVE_LEVEL, KeFlushQueuedDpcs())

static void set_garbage_timer(void *memory)
{
    KeSetTimer(memory, far, NULL);
}

static void cancel_garbage_timer(void *memory)
{
    KeCancelTimer(memory);
}

static void set_negative_period(void *timer)
{
    KeSetTimerEx(timer, far, -1, NULL);
}

static void set_with_garbage_dpc(void *timer)
{
    KDPC dpc = {.Type = 0};
    KeSetTimer(timer, far, &dpc);
}

static void coalesce_garbage(void *memory)
{
    KeSetCoalescableTimer(memory, far, 0, 0, NULL);
}

static void initialize_again(void *timer)
{
    KeInitializeTimer(timer);
}

static void free_memory(void *memory)
{
    ExFreePool(memory);
}

TEST(timers_are_checked)
{
    DDI_SHOWS(KeSetTimer, ERRORS);
    DDI_SHOWS(KeSetTimerEx, ERRORS);
    DDI_SHOWS(KeSetCoalescableTimer, ERRORS);
    DDI_SHOWS(KeCancelTimer, ERRORS);
    DDI_SHOWS(ExFreePool, ERRORS);
    KTIMER zero = {0}, timer;
    KeInitializeTimer(&timer);
    CHECK(dies(set_garbage_timer, &zero, "not initialised"));
    CHECK(dies(cancel_garbage_timer, &zero, "not initialised"));
    CHECK(dies(coalesce_garbage, &zero, "not initialised"));
    CHECK(dies(set_negative_period, &timer, "negative period"));
    CHECK(dies(set_with_garbage_dpc, &timer, "DPC used that was not initialised"));
    KTIMER *pooled = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*pooled), 'tseT');
    KeInitializeTimer(pooled);
    CHECK(!KeSetTimer(pooled, far, NULL));
    CHECK(dies(initialize_again, pooled, "timer in it that is set"));
    CHECK(dies(free_memory, pooled, "timer in it that is set"));
    CHECK(KeCancelTimer(pooled));
    ExFreePool(pooled);
}

TEST(timer_states)
{
    DDI_SHOWS(KeInitializeTimerEx, RESULTS);
    DDI_SHOWS(KeReadStateTimer, RESULTS);
    DDI_SHOWS(KeSetCoalescableTimer, RESULTS);
    KTIMER once, many;
    LARGE_INTEGER zero = {0}, soon, now;
    KeInitializeTimerEx(&once, SynchronizationTimer);
    KeInitializeTimer(&many);
    CHECK(!KeReadStateTimer(&once));
    KeQuerySystemTime(&now);
    soon.QuadPart = now.QuadPart + 5 * 10000; // absolute
    KeSetTimer(&once, soon, NULL);
    CHECK(!KeSetCoalescableTimer(&many, ms(1), 0, 10, NULL));
    CHECK_EQ(KeWaitForSingleObject(&once, Executive, KernelMode, FALSE, NULL), 0);
    CHECK(!KeReadStateTimer(&once)); // taken by the wait
    CHECK_EQ(KeWaitForSingleObject(&many, Executive, KernelMode, FALSE, NULL), 0);
    CHECK_EQ(KeWaitForSingleObject(&many, Executive, KernelMode, FALSE, &zero), 0);
    CHECK(KeReadStateTimer(&many));
    KeSetTimer(&many, far, NULL); // a set timer is not signalled
    CHECK(!KeReadStateTimer(&many));
    CHECK(KeCancelTimer(&many));
}

static KSPIN_LOCK order_lock;
static LONG order[4];
static LONG order_count;

static VOID note(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc, (void)argument1, (void)argument2;
    KIRQL irql = KeAcquireSpinLockForDpc(&order_lock);
    order[order_count++ & 3] = PtrToLong(context);
    KeReleaseSpinLockForDpc(&order_lock, irql);
}

// Queues the others from a DPC, so that none runs before all are queued.
static VOID queue_three(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PKDPC dpcs = context;
    (void)dpc, (void)argument1, (void)argument2;
    for (int i = 0; i < 3; i++)
        KeInsertQueueDpc(&dpcs[i], NULL, NULL);
    (void)KeInsertQueueDpc(&dpcs[0], NULL, NULL); // is queued: no effect
}

TEST(importance_decides_the_place_in_the_queue)
{
    DDI_SHOWS(KeSetImportanceDpc, RESULTS);
    DDI_SHOWS(KeSetTargetProcessorDpc, RESULTS);
    DDI_SHOWS(KeInsertQueueDpc, RESULTS);
    static KDPC dpcs[3], first;
    order_count = 0;
    KeInitializeSpinLock(&order_lock);
    for (int i = 0; i < 3; i++)
        KeInitializeDpc(&dpcs[i], note, LongToPtr(i));
    KeSetImportanceDpc(&dpcs[0], LowImportance);
    KeSetImportanceDpc(&dpcs[2], HighImportance);
    KeSetTargetProcessorDpc(&dpcs[1], 0);
    KeInitializeDpc(&first, queue_three, dpcs);
    CHECK(KeInsertQueueDpc(&first, NULL, NULL));
    KeFlushQueuedDpcs();
    KeFlushQueuedDpcs();
    CHECK_EQ(order_count, 3);
    CHECK_EQ(order[0], 2);
    CHECK_EQ(order[1], 0);
    CHECK_EQ(order[2], 1);
}

static void insert_garbage(void *memory)
{
    KeInsertQueueDpc(memory, NULL, NULL);
}

static void remove_garbage(void *memory)
{
    KeRemoveQueueDpc(memory);
}

TEST(dpcs_are_checked)
{
    DDI_SHOWS(KeInsertQueueDpc, ERRORS);
    DDI_SHOWS(KeRemoveQueueDpc, ERRORS);
    KDPC zero = {.Type = 0};
    CHECK(dies(insert_garbage, &zero, "not initialised"));
    CHECK(dies(remove_garbage, &zero, "not initialised"));
}

TEST(threaded_dpc_runs_at_passive_level_in_its_own_thread)
{
    DDI_SHOWS(KeInitializeThreadedDpc, RESULTS);
    DDI_SHOWS(KeFlushQueuedDpcs, RESULTS);
    static struct dpc_state state;
    state = (struct dpc_state){.irql = HIGH_LEVEL};
    KeInitializeEvent(&state.ran, NotificationEvent, FALSE);
    KeInitializeThreadedDpc(&state.dpc, count_dpc, &state);
    CHECK(KeInsertQueueDpc(&state.dpc, NULL, NULL));
    KeWaitForSingleObject(&state.ran, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(state.irql, PASSIVE_LEVEL);
    KeInsertQueueDpc(&state.dpc, NULL, NULL);
    KeFlushQueuedDpcs(); // waits for threaded ones as well
    CHECK_EQ(state.runs, 2);
}

TEST(clocks_go_forward_and_agree)
{
    DDI_SHOWS(KeQueryPerformanceCounter, RESULTS);
    DDI_SHOWS(KeQuerySystemTime, RESULTS);
    DDI_SHOWS(KeQuerySystemTimePrecise, RESULTS);
    DDI_SHOWS(KeQueryInterruptTime, RESULTS);
    DDI_SHOWS(KeQueryInterruptTimePrecise, RESULTS);
    DDI_SHOWS(KeQueryUnbiasedInterruptTime, RESULTS);
    DDI_SHOWS(KeQueryUnbiasedInterruptTimePrecise, RESULTS);
    DDI_SHOWS(KeQueryTickCount, RESULTS);
    DDI_SHOWS(KeQueryTimeIncrement, RESULTS);
    DDI_SHOWS(KeStallExecutionProcessor, RESULTS);
    LARGE_INTEGER frequency = {0}, time, precise, ticks;
    ULONG64 counter = 0;
    LARGE_INTEGER start = KeQueryPerformanceCounter(&frequency);
    ULONGLONG interrupt = KeQueryInterruptTime();
    KeQuerySystemTime(&time);
    CHECK(frequency.QuadPart > 0);
    KeStallExecutionProcessor(40);
    LARGE_INTEGER end = KeQueryPerformanceCounter(NULL);
    CHECK((end.QuadPart - start.QuadPart) * 1000000 / frequency.QuadPart >= 40);
    CHECK(KeQueryInterruptTimePrecise(&counter) >= interrupt + 400);
    CHECK(counter >= (ULONG64)end.QuadPart);
    CHECK(KeQueryUnbiasedInterruptTime() >= interrupt);
    CHECK(KeQueryUnbiasedInterruptTimePrecise(&counter) >= interrupt);
    KeQuerySystemTimePrecise(&precise);
    CHECK(precise.QuadPart >= time.QuadPart + 400);
    TIME_FIELDS fields;
    RtlTimeToTimeFields(&precise, &fields);
    CHECK(fields.Year >= 2024 && fields.Year < 2200);
    KeQueryTickCount(&ticks);
    ULONGLONG by_ticks = (ULONGLONG)ticks.QuadPart * KeQueryTimeIncrement();
    CHECK(by_ticks <= KeQueryInterruptTime() && by_ticks + 2 * KeQueryTimeIncrement() > interrupt);
}
