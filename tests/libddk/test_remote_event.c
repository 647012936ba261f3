// SPDX-License-Identifier: MIT
//
// Events whose state lives outside of the task: what becomes of the routines and waits.

#include "ash_test.h"
#include "posix.h"

#include "../../libddk/ke/ki.h"

static KEVENT event;
static LONG state, begun, ended;
static bool arrives; // during the next wait

static LONG change(PRKEVENT which, bool set)
{
    LONG before = state;
    if (which == &event)
        state = set;
    return before;
}

static LONG read_state(PRKEVENT which)
{
    return which == &event ? state : 77;
}

// As the runtime does: takes the signal, if there is one, and makes the KEVENT signalled.
static void begin_wait(PRKEVENT which)
{
    begun++;
    if (state == 0 && !arrives)
        return;
    state = 0;
    ki_acquire(&ki_dispatcher);
    which->Header.SignalState = 1;
    ki_signal(&which->Header);
    ki_release_dispatcher();
}

static void end_wait(PRKEVENT which)
{
    ended += which == &event;
}

static const struct ki_remote_event_calls calls = {change, read_state, begin_wait, end_wait};

static void begin(void)
{
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    event.Header.Reserved = KI_REMOTE_EVENT;
    ki_remote_events = &calls;
    state = begun = ended = 0;
    arrives = false;
}

TEST(state_is_changed_and_read_there)
{
    begin();
    CHECK_EQ(KeSetEvent(&event, 0, FALSE), 0);
    CHECK_EQ(state, 1);
    CHECK_EQ(event.Header.SignalState, 0);
    CHECK_EQ(KeSetEvent(&event, 0, FALSE), 1);
    CHECK_EQ(KeReadStateEvent(&event), 1);
    CHECK_EQ(KeResetEvent(&event), 1);
    CHECK_EQ(KeReadStateEvent(&event), 0);
    (void)KeSetEvent(&event, 0, FALSE);
    KeClearEvent(&event);
    CHECK_EQ(state, 0);
    CHECK_EQ(KePulseEvent(&event, 0, FALSE), 0);
    CHECK_EQ(state, 0);
}

TEST(a_wait_takes_the_signal_from_there)
{
    begin();
    LARGE_INTEGER now = {.QuadPart = 0}, moment = {.QuadPart = -10000};
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &now), STATUS_TIMEOUT);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &moment), STATUS_TIMEOUT);
    state = 1;
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &moment), STATUS_SUCCESS);
    CHECK_EQ(state, 0);
    CHECK_EQ(event.Header.SignalState, 0);
    arrives = true;
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(begun, 4);
    CHECK_EQ(ended, 4);
}

TEST(other_events_of_the_same_wait_are_ordinary)
{
    begin();
    KEVENT own;
    LARGE_INTEGER moment = {.QuadPart = -10000};
    PVOID both[2] = {&event, &own};
    KeInitializeEvent(&own, NotificationEvent, TRUE);
    CHECK_EQ(
        KeWaitForMultipleObjects(2, both, WaitAny, Executive, KernelMode, FALSE, &moment, NULL),
        STATUS_WAIT_1);
    CHECK_EQ(
        KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, &moment, NULL),
        STATUS_TIMEOUT);
    state = 1;
    CHECK_EQ(
        KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, &moment, NULL),
        STATUS_SUCCESS);
    CHECK_EQ(begun, 3);
    CHECK_EQ(ended, 3);
    CHECK_EQ(KeResetEvent(&own), 1);
}
