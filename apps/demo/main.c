// SPDX-License-Identifier: MIT
/* See demo.h. */
#include "ash/start.h"
#include "demo.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 15u

static int fail(const char *what, ash_status status)
{
    printf("demo: %s: status 0x%08x\n", what, (unsigned)status);
    return 1;
}

static int usage(void)
{
    printf("allow kill demo [SECONDS [DRIVER [plain]]]: reads " DEMO_FILE
           " while its driver is killed every second\n");
    return 1;
}

/* Kills begin after the first pass; the last one is read to its end. */
static ash_status run(struct demo_stream *stream, const char *driver, ash_word ticks)
{
    ash_word end = ash_time() + ticks;
    bool over = false;
    while (!over) {
        bool passed = demo_stream_step(stream);
        demo_screen_show(stream, demo_kills());
        if (passed && stream->passes == 1) {
            ash_status status = demo_kills_begin(driver);
            if (!ash_success(status))
                return status;
            end = ash_time() + ticks;
        }
        over = passed && stream->passes > 1 && ash_time() >= end;
    }
    demo_kills_end();
    return STATUS_SUCCESS;
}

int main(int argc, char **argv)
{
    struct demo_stream stream = {};
    unsigned long seconds = argc > 1 ? strtoul(argv[1], nullptr, 10) : SECONDS;
    const char *driver = argc > 2 ? argv[2] : "virtio-blk";
    if (seconds == 0 || seconds > 86400)
        return usage();
    ash_status status = demo_stream_open(&stream);
    if (!ash_success(status))
        return fail(DEMO_FILE, status);
    demo_screen_begin(driver, argc > 3 && strcmp(argv[3], "plain") == 0);
    status = run(&stream, driver, ash_ticks(1000000) * seconds);
    demo_screen_end(&stream, demo_kills());
    if (!ash_success(status))
        return fail("a thread", status);
    if (demo_kills_refused())
        printf("demo: it may not end tasks: `allow kill demo`\n");
    return demo_kills() == 0 || stream.lost != 0 || stream.wrong != 0;
}
