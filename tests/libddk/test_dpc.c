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
