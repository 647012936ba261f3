// SPDX-License-Identifier: MIT
// What the tests of the I/O manager's state machines share. Each test makes drivers of its own
// names, since the manager keeps driver records for ever.
#ifndef IO_KIT_H
#define IO_KIT_H

#include "ash_test.h"
#include "fake_port.h"
#include "namespace.h"

#define CLIENT(n)           ((ash_word)(1000 + (n)))
#define REPLY(type, answer) (*(struct type *)(answer)->reply)

[[maybe_unused]] static void begin(void)
{
    static bool done;
    if (!done) {
        CHECK_EQ(ob_initialize(), STATUS_SUCCESS);
        CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_CLIENT, nullptr, 0, 1)->status, STATUS_SUCCESS);
        CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_WATCH, nullptr, 0, 1)->status, STATUS_SUCCESS);
    }
    done = true;
}

[[maybe_unused]] static struct fake_answer *open_path(ash_word task, const char *path)
{
    struct ash_io_open_request request = {.access = 1, .disposition = 1};
    snprintf(request.path, sizeof(request.path), "%s", path);
    return fake_call(task, ASH_IO_OPEN, &request, sizeof(request), 0);
}

[[maybe_unused]] static ash_word client(unsigned n)
{
    if (io_task_find(CLIENT(n)) == nullptr)
        fake_call(CLIENT(n), ASH_IO_CLIENT, nullptr, 0, 1);
    return CLIENT(n);
}

[[maybe_unused]] static struct fake_answer *device_call(ash_word task, ash_word op, ash_word device)
{
    const struct ash_io_device_request request = {device};
    return fake_call(task, op, &request, sizeof(request), 0);
}

/* Opens `path` on a driver and answers LINK_ADDED (if it comes) and CREATE. */
[[maybe_unused]] static struct fake_answer *open_served(ash_word task, const char *path,
                                                        struct fake_driver *driver)
{
    struct fake_answer *answer = open_path(task, path);
    uint16_t slot;
    const struct ash_request *request;
    while ((request = fake_take(driver, &slot)) != nullptr)
        fake_answer_slot(driver, slot, STATUS_SUCCESS, request->major == 0 ? 1 : 0);
    return answer;
}

[[maybe_unused]] static struct ash_io_event_reply last_event(void)
{
    struct ash_io_event_reply event = {0};
    for (;;) {
        struct fake_answer *answer = fake_call(ASH_TASK_PNP, ASH_IO_EVENT, nullptr, 0, 0);
        if (!ash_success(answer->status) || answer->status == STATUS_NO_MORE_ENTRIES)
            return event;
        event = REPLY(ash_io_event_reply, answer);
    }
}

#endif
