// SPDX-License-Identifier: MIT
/*
 * In-guest test of the driver kit where tasks meet: the test driver `kit` (loaded before, after the
 * sample driver `ioctl`) tests sections, handles and the other driver from inside; it is asked what
 * it has heard of processes. `test-kit veto NAME`: from now on it refuses programs whose image ends
 * in NAME.
 */
#include "ash/file.h"
#include "ash/start.h"
#include "tap.h"

#include <string.h>

#define CTL_CODE(type, function, method, access)                                                   \
    ((uint32_t)((type) << 16 | (access) << 14 | (function) << 2 | (method)))
#define METHOD_BUFFERED 0
#define METHOD_NEITHER  3
#define FILE_ANY_ACCESS 0
#include "../../drivers/test/kit/kit.h"

int tap_number, tap_failures;

static struct ash_file *device;

static void run(unsigned test, const char *name)
{
    const struct kit_run run = {.test = test};
    struct kit_result result = {.failed = ~0u};
    size_t done;
    ash_status status =
        ash_ioctl(device, IOCTL_KIT_RUN, &run, sizeof(run), &result, sizeof(result), &done);
    check_value(ash_success(status) ? result.failed : (uint32_t)status, 0, name);
}

static void events(void)
{
    struct kit_events heard = {0};
    static const char image[] = "\\SystemRoot\\apps\\test-kit";
    size_t done;
    ash_status status =
        ash_ioctl(device, IOCTL_KIT_EVENTS, nullptr, 0, &heard, sizeof(heard), &done);
    check(ash_success(status) && heard.created >= 1 && heard.images >= 1 && heard.threads >= 1,
          "the driver has heard of processes, images and threads");
    check_value(heard.last_created, ash_start()->task, "the last one is this");
    bool same = heard.name_bytes == 2 * (sizeof(image) - 1);
    for (size_t i = 0; i < sizeof(image) - 1; i++)
        same = same && heard.name[i] == (unsigned char)image[i];
    check(same, "with the name of its image");
}

static void neither(size_t input, size_t output, const char *name)
{
    static char in[9000], out[9000];
    size_t done = 0;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (char)(i * 11);
    memset(out, 0, sizeof(out));
    ash_status status = ash_ioctl(device, IOCTL_KIT_NEITHER, in, input, out, output, &done);
    check_value((uint32_t)status, 0, name);
    if (!ash_success(status))
        printf("# line %lu of the driver\n", (unsigned long)done);
    size_t both = input < output ? input : output;
    check(memcmp(in, out, both) == 0 && out[both] == 0, "the output is the input");
}

int main(int argc, char **argv)
{
    size_t done;
    ash_status status = ash_open("\\DosDevices\\Kit", ASH_FILE_READ_DATA | ASH_FILE_WRITE_DATA,
                                 ASH_FILE_OPEN, 0, &device);
    check_value((uint32_t)status, 0, "the test driver's device opens");
    if (!ash_success(status))
        return tap_end();
    if (argc == 3 && strcmp(argv[1], "veto") == 0) {
        status = ash_ioctl(device, IOCTL_KIT_VETO, argv[2], strlen(argv[2]), nullptr, 0, &done);
        check_value((uint32_t)status, 0, "it will refuse");
        return tap_end();
    }
    events();
    run(KIT_SECTIONS, "sections and views");
    run(KIT_ROUTINES, "routines by name");
    run(KIT_HANDLES, "handles in the context of the caller");
    neither(100, 200, "METHOD_NEITHER, inline");
    neither(9000 - 1, 5000, "METHOD_NEITHER, granted");
    run(KIT_OTHER, "the device of another driver");
    return tap_end();
}
