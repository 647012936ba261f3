// SPDX-License-Identifier: MIT
/* The sample driver event: requests that pend until their time is over, in the order of their
 * times; one is cancelled; some are given up by closing the file. And an event of this program that
 * the driver sets. */
#include "ash/manager.h"
#include "ash/syscall.h"
#include "ash/thread.h"
#include "exercise.h"
#include "object.h"

#define METHOD_BUFFERED 0
#define FILE_ANY_ACCESS 0
#define CTL_CODE        CONTROL_CODE
typedef uint64_t HANDLE;
#include "event/notify.h"

#define REQUESTS 4u

static struct ash_io io[REQUESTS];
static struct notify_request in[REQUESTS];
static uint32_t out[REQUESTS];

static ash_status start(struct ash_file *file, unsigned i, unsigned milliseconds)
{
    in[i] = (struct notify_request){.milliseconds = milliseconds};
    return ash_ioctl_begin(file, IOCTL_NOTIFY_BY_IRP, &in[i], sizeof(in[i]), &out[i],
                           sizeof(out[i]), nullptr, &io[i]);
}

static int in_order(struct ash_file *file)
{
    ash_word begin = ash_time();
    for (unsigned i = 0; i < REQUESTS; i++)
        if (!ash_success(start(file, i, 100 * (REQUESTS - i))))
            return wrong("request %u does not start", i);
    ash_io_cancel(&io[1]);
    for (unsigned i = REQUESTS; i-- > 0;) {
        ash_status status = ash_io_wait(&io[i]);
        printf("request %u after %lu ms: 0x%08x\n", i, milliseconds_since(begin), (unsigned)status);
        if (status != (i == 1 ? STATUS_CANCELLED : STATUS_SUCCESS))
            return wrong("that is not the status");
        if (i != 1 && milliseconds_since(begin) < 100 * (REQUESTS - i))
            return wrong("that is too early");
    }
    return out[3] < out[2] && out[2] < out[0] ? 0 : wrong("they were not given in order");
}

static bool is_set(ash_word handle)
{
    const struct ash_ob_handle_request request = {handle};
    struct ash_ob_event_state_reply state = {};
    return ash_success(ash_request(ASH_SLOT_OBJECT, ASH_OB_EVENT_READ, &request, sizeof(request),
                                   &state, sizeof(state))) &&
           state.set != 0;
}

static int by_event(struct ash_file *file)
{
    static const struct ash_ob_event_create_request create = {.manual = 1};
    struct ash_ob_event_create_reply event = {};
    ash_word begin = ash_time();
    size_t done = 0;
    ash_status status = ash_request(ASH_SLOT_OBJECT, ASH_OB_EVENT_CREATE, &create, sizeof(create),
                                    &event, sizeof(event));
    if (!ash_success(status))
        return wrong("there is no event: 0x%08x", (unsigned)status);
    struct notify_request request = {.event = event.handle, .milliseconds = 150};
    status = ash_ioctl(file, IOCTL_NOTIFY_BY_EVENT, &request, sizeof(request), nullptr, 0, &done);
    if (!ash_success(status) || is_set(event.handle))
        return wrong("by event: 0x%08x, or it is set at once", (unsigned)status);
    while (!is_set(event.handle) && milliseconds_since(begin) < 5000)
        ash_sleep_until(time_in(10));
    printf("the event is set after %lu ms\n", milliseconds_since(begin));
    if (milliseconds_since(begin) < 150 || !is_set(event.handle))
        return wrong("that is not when it should be");
    request.event += 4 * 1000; /* of nothing */
    status = ash_ioctl(file, IOCTL_NOTIFY_BY_EVENT, &request, sizeof(request), nullptr, 0, &done);
    printf("a handle of nothing: 0x%08x\n", (unsigned)status);
    return ash_success(status) ? wrong("it is taken") : 0;
}

static int given_up(struct ash_file *file)
{
    unsigned count = 0;
    for (unsigned i = 0; i < REQUESTS; i++)
        if (!ash_success(start(file, i, 60000)))
            return wrong("request %u does not start", i);
    (void)ash_close(file);
    for (unsigned i = 0; i < REQUESTS; i++)
        count += io[i].done && io[i].status == STATUS_CANCELLED;
    printf("closed with requests pending: %u given up\n", count);
    return count == REQUESTS ? 0 : wrong("not all were given up");
}

int exercise_event(int, char **)
{
    struct ash_file *file;
    ash_status status = device_open("sampleevent", "\\??\\SampleEvent", &file);
    if (!ash_success(status))
        return wrong("the device does not open: 0x%08x", (unsigned)status);
    int result = in_order(file) | by_event(file);
    return given_up(file) | result;
}
