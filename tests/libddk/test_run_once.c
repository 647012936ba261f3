// SPDX-License-Identifier: MIT
// One-time initialisation: once, by one or by the first of several, with others waiting.
#include "ddi_test.h"

static ULONG data[4]; // its addresses have two zero bits
static volatile LONG calls;
static ULONG answer;

static ULONG initialise(PRTL_RUN_ONCE once, PVOID parameter, PVOID *context)
{
    (void)once;
    InterlockedIncrement(&calls);
    LARGE_INTEGER delay = ms(20);
    if (parameter != NULL)
        (void)KeDelayExecutionThread(KernelMode, FALSE, &delay);
    *context = &data[1];
    return answer;
}

DDI_TEST(RtlRunOnceExecuteOnce, RESULTS | ERRORS, executed_once)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    PVOID context = NULL;
    calls = 0;
    answer = 0;
    CHECK_EQ(RtlRunOnceExecuteOnce(&once, initialise, NULL, &context), STATUS_UNSUCCESSFUL);
    answer = 1; // a failed attempt counts as none
    CHECK_EQ(RtlRunOnceExecuteOnce(&once, initialise, NULL, &context), STATUS_SUCCESS);
    CHECK(calls == 2 && context == &data[1]);
    context = NULL;
    CHECK_EQ(RtlRunOnceExecuteOnce(&once, initialise, NULL, &context), STATUS_SUCCESS);
    CHECK(calls == 2 && context == &data[1]);
    CHECK_EQ(RtlRunOnceExecuteOnce(&once, initialise, NULL, NULL), STATUS_SUCCESS);
}

static RTL_RUN_ONCE shared;
static volatile LONG right;

static VOID execute(PVOID unused)
{
    PVOID context = NULL;
    (void)unused;
    NTSTATUS status = RtlRunOnceExecuteOnce(&shared, initialise, &shared, &context);
    if (NT_SUCCESS(status) && context == &data[1])
        InterlockedIncrement(&right);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

TEST(others_wait_for_the_first)
{
    HANDLE handles[4];
    PVOID threads[4];
    DDI_SHOWS(RtlRunOnceInitialize, RESULTS);
    RtlRunOnceInitialize(&shared);
    calls = right = 0;
    answer = 1;
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(PsCreateSystemThread(&handles[i], 0, NULL, NULL, NULL, execute, NULL),
                 STATUS_SUCCESS);
        CHECK_EQ(
            ObReferenceObjectByHandle(handles[i], SYNCHRONIZE, NULL, KernelMode, &threads[i], NULL),
            STATUS_SUCCESS);
        ZwClose(handles[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        (void)KeWaitForSingleObject(threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(threads[i]);
    }
    CHECK(calls == 1 && right == 4);
}

DDI_TEST(RtlRunOnceBeginInitialize, RESULTS | ERRORS, begun_and_completed)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    PVOID context = NULL;
    DDI_SHOWS(RtlRunOnceComplete, RESULTS | ERRORS);
    CHECK_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context),
             STATUS_UNSUCCESSFUL);
    CHECK_EQ(RtlRunOnceComplete(&once, 0, NULL), STATUS_UNSUCCESSFUL); // nothing was begun
    CHECK_EQ(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_PENDING);
    CHECK_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, &data[2]), STATUS_UNSUCCESSFUL);
    CHECK_EQ(RtlRunOnceComplete(&once, 0, (char *)data + 1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_INIT_FAILED, &data[2]),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_INIT_FAILED, NULL), STATUS_SUCCESS);
    CHECK_EQ(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_PENDING); // another attempt
    CHECK_EQ(RtlRunOnceComplete(&once, 0, &data[2]), STATUS_SUCCESS);
    CHECK_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context), STATUS_SUCCESS);
    CHECK(context == &data[2]);
}

TEST(the_first_of_several_counts)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    PVOID context = NULL;
    ULONG both = RTL_RUN_ONCE_ASYNC | RTL_RUN_ONCE_CHECK_ONLY;
    CHECK_EQ(RtlRunOnceBeginInitialize(&once, both, &context), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
    CHECK_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
    CHECK_EQ(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, &data[3]), STATUS_SUCCESS);
    CHECK_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, &data[2]), STATUS_UNSUCCESSFUL);
    CHECK_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_SUCCESS);
    CHECK(context == &data[3]);
}

static RTL_RUN_ONCE at_level;
DDI_IRQL_MAX(RtlRunOnceInitialize, APC_LEVEL, RtlRunOnceInitialize(&at_level))
DDI_IRQL_MAX(RtlRunOnceExecuteOnce, APC_LEVEL,
             RtlRunOnceExecuteOnce(&at_level, initialise, NULL, NULL))
DDI_IRQL_MAX(RtlRunOnceBeginInitialize, APC_LEVEL,
             RtlRunOnceBeginInitialize(&at_level, RTL_RUN_ONCE_CHECK_ONLY, NULL))
DDI_IRQL_MAX(RtlRunOnceComplete, APC_LEVEL, RtlRunOnceComplete(&at_level, 0, NULL))
