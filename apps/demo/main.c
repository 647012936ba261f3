// SPDX-License-Identifier: MIT
/* See demo.h. */
#include "ash/start.h"
#include "demo.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS    15u
#define HEALTHY_US 500000u

struct choice {
    unsigned long seconds;
    const char *driver, *image; /* null: no upgrade */
    bool plain;
};

static int fail(const char *what, ash_status status)
{
    printf("demo: %s: status 0x%08x\n", what, (unsigned)status);
    return 1;
}

static int usage(void)
{
    printf("allow kill demo [SECONDS [DRIVER [plain|picture [IMAGE]]]]: reads " DEMO_FILE
           " while its driver is killed every second\n");
    return 1;
}

/* Reads passes to their end until `ticks` have gone by and `done` says so. */
static void read_on(struct demo_stream *stream, ash_word ticks, bool (*done)(void))
{
    ash_word end = ash_time() + ticks;
    bool passed = false;
    while (!passed || ash_time() < end || (done != nullptr && !done())) {
        passed = demo_stream_step(stream);
        demo_screen_show(stream, demo_kills());
    }
}

static ash_status run(struct demo_stream *stream, const struct choice *choice)
{
    read_on(stream, 0, nullptr);
    ash_status status = demo_kills_begin(choice->driver);
    if (!ash_success(status))
        return status;
    read_on(stream, ash_ticks(1000000) * choice->seconds, nullptr);
    demo_kills_end();
    if (choice->image == nullptr)
        return STATUS_SUCCESS;
    read_on(stream, ash_ticks(HEALTHY_US), nullptr); /* the last death is over */
    status = demo_upgrade_begin(choice->driver, choice->image);
    if (ash_success(status))
        read_on(stream, 0, demo_upgrade_done);
    return status;
}

/* What there is to tell beside the figures; true if all is well. */
static bool verdict(const struct demo_stream *stream, const struct choice *choice)
{
    bool well = demo_kills() != 0 && stream->lost == 0 && stream->wrong == 0;
    if (demo_kills_refused())
        printf("demo: it may not end tasks: `allow kill demo`\n");
    if (choice->image == nullptr)
        return well;
    ash_word ticks;
    ash_status status = demo_upgrade_result(&ticks);
    printf("demo: upgraded to %s: status 0x%08x, %lu ms\n", choice->image, (unsigned)status,
           (unsigned long)(ticks * 1000 / ash_ticks(1000000)));
    return well && ash_success(status);
}

int main(int argc, char **argv)
{
    struct demo_stream stream = {};
    const struct choice choice = {
        .seconds = argc > 1 ? strtoul(argv[1], nullptr, 10) : SECONDS,
        .driver = argc > 2 ? argv[2] : "virtio-blk",
        .plain = argc > 3 && strcmp(argv[3], "plain") == 0,
        .image = argc > 4 ? argv[4] : nullptr,
    };
    if (choice.seconds == 0 || choice.seconds > 86400)
        return usage();
    ash_status status = demo_stream_open(&stream);
    if (!ash_success(status))
        return fail(DEMO_FILE, status);
    demo_screen_begin(choice.driver, choice.plain);
    status = run(&stream, &choice);
    demo_screen_end(&stream, demo_kills());
    if (!ash_success(status))
        return fail("it cannot go on", status);
    return verdict(&stream, &choice) ? 0 : 1;
}
