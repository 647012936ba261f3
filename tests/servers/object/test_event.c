// SPDX-License-Identifier: MIT
// Events and handles: two kinds, names, forged and stale handles, watching, the end of tasks.
#include "ash_test.h"
#include "event.h"
#include "namespace.h"

#define INVALID (uint32_t)STATUS_INVALID_HANDLE

static unsigned signals, drops;
static ash_cptr signalled;

void ob_port_signal(ash_cptr notification)
{
    signals++;
    signalled = notification;
}

void ob_port_drop(ash_cptr)
{
    drops++;
}

static void begin(void)
{
    for (ash_word task = 16; task < 32; task++)
        ob_task_gone(task);
    CHECK_EQ(ob_initialize(), STATUS_SUCCESS);
    signals = drops = 0;
}

static ash_word make(ash_word task, bool manual, bool set)
{
    const struct ash_ob_event_create_request request = {.manual = manual, .set = set};
    struct ash_ob_event_create_reply reply = {};
    if (!ash_success(ob_event_create(task, &request, &reply)) || reply.handle % 4 != 0 ||
        reply.handle >= 1u << 29)
        return 0; /* refused wherever it is used */
    return reply.handle;
}

static uint32_t change(ash_word task, ash_word handle, bool set)
{
    struct ash_ob_event_state_reply reply;
    return (uint32_t)ob_event_change(task, handle, set, &reply);
}

static bool is_set(ash_word task, ash_word handle)
{
    struct ash_ob_event_state_reply reply = {};
    return ash_success(ob_event_read(task, handle, &reply)) && reply.set != 0;
}

static uint32_t take(ash_word task, ash_word a, ash_word b, bool all)
{
    const struct ash_ob_event_take_request request = {
        .count = b != 0 ? 2 : 1, .all = all, .handle = {a, b}};
    struct ash_ob_event_take_reply reply = {.index = 99};
    uint32_t status = (uint32_t)ob_event_take(task, &request, &reply);
    return status == 0 ? (uint32_t)reply.index : status;
}

TEST(automatic_event_is_taken_once_and_manual_one_stays)
{
    begin();
    ash_word automatic = make(16, false, false), manual = make(16, true, true);
    CHECK_EQ(take(16, automatic, 0, false), STATUS_TIMEOUT);
    CHECK_EQ(change(16, automatic, true), 0);
    CHECK_EQ(take(16, automatic, 0, false), 0);
    CHECK(!is_set(16, automatic));
    CHECK_EQ(take(16, manual, 0, false), 0);
    CHECK(is_set(16, manual));
    CHECK_EQ(change(16, manual, false), 0);
    CHECK(!is_set(16, manual));
}

TEST(all_or_nothing)
{
    begin();
    ash_word a = make(16, false, true), b = make(16, false, false);
    CHECK_EQ(take(16, a, b, true), STATUS_TIMEOUT);
    CHECK(is_set(16, a));
    CHECK_EQ(change(16, b, true), 0);
    CHECK_EQ(take(16, a, b, true), 0);
    CHECK(!is_set(16, a) && !is_set(16, b));
    CHECK_EQ(change(16, b, true), 0);
    CHECK_EQ(take(16, a, b, false), 1);
}

TEST(previous_state_is_told)
{
    begin();
    ash_word a = make(16, true, false);
    struct ash_ob_event_state_reply reply = {};
    CHECK_EQ(ob_event_change(16, a, true, &reply), STATUS_SUCCESS);
    CHECK_EQ(reply.set, 0);
    CHECK_EQ(ob_event_change(16, a, true, &reply), STATUS_SUCCESS);
    CHECK_EQ(reply.set, 1);
    CHECK_EQ(reply.manual, 1);
    CHECK_EQ(reply.access, ASH_OB_EVENT_ALL);
}

TEST(other_tasks_handles_and_stale_ones_are_refused)
{
    begin();
    ash_word a = make(16, true, false);
    CHECK_EQ(change(17, a, true), INVALID);
    CHECK_EQ(take(17, a, 0, false), INVALID);
    for (ash_word forged = 0; forged < 0x3000; forged++)
        if (forged != a)
            CHECK_EQ(change(16, forged, true), INVALID);
    CHECK_EQ(change(16, a | (ash_word)1 << 40, true), INVALID);
    CHECK_EQ(ob_handle_close(16, a), STATUS_SUCCESS);
    CHECK_EQ((uint32_t)ob_handle_close(16, a), INVALID);
    ash_word again = make(16, true, false); /* the same place */
    CHECK(again != a);
    CHECK_EQ(change(16, a, true), INVALID);
    const struct ash_ob_event_take_request none = {.count = 0};
    const struct ash_ob_event_take_request many = {.count = ASH_OB_TAKE_MAX + 1};
    struct ash_ob_event_take_reply reply;
    CHECK_EQ((uint32_t)ob_event_take(16, &none, &reply), (uint32_t)STATUS_INVALID_PARAMETER);
    CHECK_EQ((uint32_t)ob_event_take(16, &many, &reply), (uint32_t)STATUS_INVALID_PARAMETER);
}

static ash_word duplicate(ash_word from, ash_word handle, ash_word to)
{
    const struct ash_ob_duplicate_request request = {from, handle, to};
    struct ash_ob_duplicate_reply reply = {};
    ash_status status = ob_handle_duplicate(&request, &reply);
    return ash_success(status) ? reply.handle : 0;
}

TEST(event_outlives_either_side)
{
    begin();
    ash_word a = make(16, true, false), b = duplicate(16, a, 20);
    CHECK(b != 0);
    CHECK_EQ(change(20, b, true), 0);
    CHECK(is_set(16, a));
    ob_task_gone(20); /* the driver */
    CHECK(is_set(16, a));
    CHECK_EQ(change(20, b, true), INVALID);
    b = duplicate(16, a, 21);
    ob_task_gone(16); /* the application */
    CHECK(is_set(21, b));
    CHECK_EQ(duplicate(16, a, 21), 0);
    CHECK_EQ(ob_handle_close(21, b), STATUS_SUCCESS);
}

TEST(who_waits_is_signalled_once)
{
    begin();
    ash_word a = make(16, true, false), b = duplicate(16, a, 20), c = make(16, false, false);
    CHECK_EQ(take(16, a, 0, false), STATUS_TIMEOUT);
    CHECK_EQ(change(16, a, true), 0);
    CHECK_EQ(signals, 0); /* it has no notification yet */
    CHECK_EQ(change(16, a, false), 0);
    CHECK_EQ(ob_task_notification(16, 7), STATUS_SUCCESS);
    CHECK_EQ(take(16, a, c, false), STATUS_TIMEOUT);
    CHECK_EQ(change(20, b, true), 0);
    CHECK_EQ(signals, 1);
    CHECK_EQ(signalled, 7);
    CHECK_EQ(change(20, b, true), 0);
    CHECK_EQ(signals, 1);
    CHECK_EQ(change(16, c, true), 0); /* the other one of that wait */
    CHECK_EQ(signals, 2);
    CHECK_EQ(ob_task_notification(16, 8), STATUS_SUCCESS);
    CHECK_EQ(drops, 1);
    ob_task_gone(16);
    CHECK_EQ(drops, 2);
    CHECK_EQ(change(20, b, true), 0); /* nobody is left to be told */
    CHECK_EQ(signals, 2);
}

TEST(names)
{
    begin();
    struct ash_ob_event_create_request request = {.manual = 1, .path = "\\BaseNamedObjects\\Ready"};
    struct ash_ob_event_create_reply first, second;
    request.open_only = 1;
    CHECK_EQ((uint32_t)ob_event_create(17, &request, &second),
             (uint32_t)STATUS_OBJECT_NAME_NOT_FOUND);
    request.open_only = 0;
    CHECK_EQ(ob_event_create(16, &request, &first), STATUS_SUCCESS);
    request.manual = 0; /* does not count: it exists */
    CHECK_EQ(ob_event_create(17, &request, &second), STATUS_OBJECT_NAME_EXISTS);
    CHECK_EQ(change(17, second.handle, true), 0);
    CHECK(is_set(16, first.handle));
    strcpy(request.path, "\\BaseNamedObjects");
    CHECK_EQ((uint32_t)ob_event_create(17, &request, &second),
             (uint32_t)STATUS_OBJECT_TYPE_MISMATCH);
    strcpy(request.path, "\\Nowhere\\X");
    CHECK_EQ((uint32_t)ob_event_create(17, &request, &second),
             (uint32_t)STATUS_OBJECT_PATH_NOT_FOUND);
    ob_task_gone(16);
    ob_task_gone(17); /* the name goes with the last handle */
    strcpy(request.path, "\\BaseNamedObjects\\Ready");
    CHECK_EQ(ob_event_create(18, &request, &second), STATUS_SUCCESS);
}

TEST(a_task_that_takes_too_many_is_refused)
{
    begin();
    const struct ash_ob_event_create_request request = {};
    struct ash_ob_event_create_reply reply;
    for (unsigned i = 0; i < OB_HANDLES_MAX; i++)
        (void)make(16, false, false);
    CHECK_EQ((uint32_t)ob_event_create(16, &request, &reply),
             (uint32_t)STATUS_INSUFFICIENT_RESOURCES);
    (void)make(17, false, false);
    ob_task_gone(16);
    (void)make(16, false, false);
}
