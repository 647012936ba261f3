// SPDX-License-Identifier: MIT
/* The sample driver event: requests that pend until their time is over, in the order of their
 * times; one is cancelled; some are given up by closing the file. */
#include "ash/syscall.h"
#include "exercise.h"

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
    int result = in_order(file);
    return given_up(file) | result;
}
