// SPDX-License-Identifier: MIT
//
// EX_TIMER.

#include "ddi_test.h"

struct state {
    KEVENT ran, deleted;
    PEX_TIMER timer;
    KIRQL irql;
    bool delete_inside;
    volatile LONG runs, deletes;
};

static VOID count(PEX_TIMER timer, PVOID context)
{
    struct state *state = context;
    state->irql = KeGetCurrentIrql();
    state->timer = timer;
    InterlockedIncrement(&state->runs);
    if (state->delete_inside)
        (void)ExDeleteTimer(timer, TRUE, FALSE, NULL);
    KeSetEvent(&state->ran, 0, FALSE);
}

static VOID count_delete(PVOID context)
{
    struct state *state = context;
    InterlockedIncrement(&state->deletes);
    KeSetEvent(&state->deleted, 0, FALSE);
}

static void reset(struct state *state)
{
    *state = (struct state){.runs = 0};
    KeInitializeEvent(&state->ran, SynchronizationEvent, FALSE);
    KeInitializeEvent(&state->deleted, NotificationEvent, FALSE);
}

static PEX_TIMER idle;

[[gnu::constructor(200)]] static void prepare(void)
{
    idle = ExAllocateTimer(NULL, NULL, 0);
}

DDI_IRQL_MAX(ExAllocateTimer, DISPATCH_LEVEL, ExAllocateTimer(NULL, NULL, EX_TIMER_NOTIFICATION))
DDI_IRQL_MAX(ExSetTimer, DISPATCH_LEVEL, ExSetTimer(idle, -36000000000LL, 0, NULL))
DDI_IRQL_MAX(ExCancelTimer, DISPATCH_LEVEL, ExCancelTimer(idle, NULL))

static PEX_TIMER to_delete;
DDI_IRQL_MAX(ExDeleteTimer, DISPATCH_LEVEL,
             KeGetCurrentIrql() <= DISPATCH_LEVEL ? to_delete = ExAllocateTimer(NULL, NULL, 0)
                                                  : NULL,
             ExDeleteTimer(to_delete, TRUE, FALSE, NULL))

TEST(ex_timer_calls_back_and_is_signalled)
{
    DDI_SHOWS(ExAllocateTimer, RESULTS);
    DDI_SHOWS(ExSetTimer, RESULTS);
    DDI_SHOWS(ExInitializeSetTimerParameters, RESULTS);
    DDI_SHOWS(ExInitializeDeleteTimerParameters, RESULTS);
    DDI_SHOWS(ExDeleteTimer, RESULTS);
    static struct state state;
    EXT_SET_PARAMETERS set = {.NoWakeTolerance = 7};
    EXT_DELETE_PARAMETERS delete_parameters = {.Reserved = 9};
    reset(&state);
    PEX_TIMER timer = ExAllocateTimer(count, &state, EX_TIMER_HIGH_RESOLUTION);
    ExInitializeSetTimerParameters(&set);
    CHECK_EQ(set.NoWakeTolerance, 0);
    CHECK(!ExSetTimer(timer, -10000, 0, &set));
    CHECK_EQ(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeWaitForSingleObject(&state.ran, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(state.irql, DISPATCH_LEVEL);
    CHECK_EQ(state.timer, timer);
    ExInitializeDeleteTimerParameters(&delete_parameters);
    CHECK_EQ(delete_parameters.Reserved, 0);
    CHECK(delete_parameters.DeleteCallback == NULL && delete_parameters.DeleteContext == NULL);
    delete_parameters.DeleteCallback = count_delete;
    delete_parameters.DeleteContext = &state;
    CHECK(!ExDeleteTimer(timer, TRUE, TRUE, &delete_parameters)); // had expired
    CHECK_EQ(state.deletes, 1);
    CHECK_EQ(state.runs, 1);
}

TEST(ex_timer_period_counts_100_ns)
{
    DDI_SHOWS(ExSetTimer, RESULTS);
    DDI_SHOWS(ExCancelTimer, RESULTS);
    static struct state state;
    reset(&state);
    PEX_TIMER timer = ExAllocateTimer(count, &state, EX_TIMER_NOTIFICATION);
    CHECK(!ExCancelTimer(timer, NULL));
    CHECK(!ExSetTimer(timer, -20000, 5000, NULL)); // 2 ms, then each 0.5 ms
    for (int i = 0; i < 10; i++)
        KeWaitForSingleObject(&state.ran, Executive, KernelMode, FALSE, NULL);
    CHECK(ExSetTimer(timer, -36000000000LL, 0, NULL)); // was pending
    CHECK(ExCancelTimer(timer, NULL));
    CHECK(!ExCancelTimer(timer, NULL));
    CHECK(state.runs >= 10);
    CHECK(!ExDeleteTimer(timer, FALSE, FALSE, NULL));
}

TEST(ex_timer_may_delete_itself_or_outlive_its_owner)
{
    DDI_SHOWS(ExDeleteTimer, RESULTS);
    static struct state state;
    EXT_DELETE_PARAMETERS parameters;
    reset(&state);
    state.delete_inside = true;
    CHECK(!ExSetTimer(ExAllocateTimer(count, &state, 0), -10000, 10000, NULL));
    KeWaitForSingleObject(&state.ran, Executive, KernelMode, FALSE, NULL);
    state.delete_inside = false;
    KeFlushQueuedDpcs();
    CHECK_EQ(state.runs, 1);
    // Set and deleted without cancel: expires once more, then goes.
    ExInitializeDeleteTimerParameters(&parameters);
    parameters.DeleteCallback = count_delete;
    parameters.DeleteContext = &state;
    PEX_TIMER timer = ExAllocateTimer(count, &state, 0);
    ExSetTimer(timer, -50000, 10000, NULL);
    CHECK(!ExDeleteTimer(timer, FALSE, FALSE, &parameters));
    KeWaitForSingleObject(&state.deleted, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(state.runs, 2);
    timer = ExAllocateTimer(count, &state, 0);
    ExSetTimer(timer, -36000000000LL, 0, NULL);
    CHECK(ExDeleteTimer(timer, TRUE, FALSE, NULL)); // was set
    CHECK_EQ(state.runs, 2);
}

static void both_flags(void *unused)
{
    (void)unused;
    (void)ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE);
}

static void absolute_high_resolution(void *timer)
{
    (void)ExSetTimer(timer, 100, 0, NULL);
}

static void long_period(void *timer)
{
    (void)ExSetTimer(timer, -100, (LONGLONG)MAXLONG + 1, NULL);
}

static void wait_without_cancel(void *timer)
{
    (void)ExDeleteTimer(timer, FALSE, TRUE, NULL);
}

static void wait_at_dispatch(void *timer)
{
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
}

static void cancel_with_parameters(void *timer)
{
    EXT_CANCEL_PARAMETERS parameters = {0};
    (void)ExCancelTimer(timer, &parameters);
}

TEST(ex_timer_rules)
{
    DDI_SHOWS(ExAllocateTimer, ERRORS);
    DDI_SHOWS(ExSetTimer, ERRORS);
    DDI_SHOWS(ExCancelTimer, ERRORS);
    DDI_SHOWS(ExDeleteTimer, ERRORS | IRQL);
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION);
    CHECK(dies(both_flags, NULL, "high resolution together with no-wake"));
    CHECK(dies(absolute_high_resolution, timer, "must be relative"));
    CHECK(dies(long_period, timer, "MAXLONG"));
    CHECK(dies(cancel_with_parameters, timer, "must be NULL"));
    CHECK(dies(wait_without_cancel, timer, "Wait without Cancel"));
    CHECK(dies(wait_at_dispatch, timer, "above APC_LEVEL"));
    CHECK(!ExDeleteTimer(timer, TRUE, TRUE, NULL));
}
