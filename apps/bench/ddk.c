// SPDX-License-Identifier: MIT
/*
 * What a request costs that goes through drivers. Before: `driver load ioctl; driver load kit`.
 *
 *      ddk.ioctl_buffered   program -> ioctl and back: METHOD_BUFFERED, 8 bytes in and out
 *      ddk.filter_cost      program -> kit -> ioctl, kit forwarding the IRP, less the former
 *      ddk.irp_two_tasks    kit -> ioctl and back, an IRP that kit builds and waits for
 *      ddk.irp_same_task    IoCallDriver between devices of one task, with a completion routine
 */
#include "ash/file.h"
#include "bench.h"
#include <string.h>

#define CTL_CODE(type, function, method, access)                                                   \
    ((uint32_t)((type) << 16 | (access) << 14 | (function) << 2 | (method)))
#define METHOD_BUFFERED   0
#define METHOD_IN_DIRECT  1
#define METHOD_OUT_DIRECT 2
#define METHOD_NEITHER    3
#define FILE_ANY_ACCESS   0
#define FILE_READ_ACCESS  1
#include "../../drivers/samples/ioctl/transfer.h"
#include "../../drivers/test/kit/kit.h"

#define ROUNDS 1000u

static struct ash_file *ioctl_device, *kit_device;

static ash_status reverse(struct ash_file *device)
{
    char out[8];
    size_t done = 0;
    ash_status status = ash_ioctl(device, IOCTL_TRANSFER_REVERSE, "abcdefg", 8, out, 8, &done);
    if (ash_success(status) && (done != 8 || memcmp(out + 1, "gfedcba", 7) != 0))
        status = STATUS_UNSUCCESSFUL;
    return status;
}

/* Of one round trip; the first ones warm up. */
static ash_status round_trips(struct ash_file *device, uint64_t *cost)
{
    ash_status status = STATUS_SUCCESS;
    uint64_t before = 0;
    for (unsigned i = 0; i < ROUNDS + 100 && ash_success(status); i++) {
        if (i == 100)
            before = instructions();
        status = reverse(device);
    }
    *cost = (instructions() - before) / ROUNDS;
    return status;
}

static ash_status ask(unsigned test, unsigned value)
{
    const struct kit_run run = {test, value};
    struct kit_result result = {.failed = ~0u};
    size_t done;
    ash_status status =
        ash_ioctl(kit_device, IOCTL_KIT_RUN, &run, sizeof(run), &result, sizeof(result), &done);
    return ash_success(status) && result.failed != 0 ? STATUS_UNSUCCESSFUL : status;
}

/* What the driver does `value` times, without the request that asks it to. */
static int inside(unsigned test, const char *name)
{
    ash_status status = ask(test, 100);
    uint64_t start = instructions();
    if (ash_success(status))
        status = ask(test, 0);
    uint64_t middle = instructions();
    if (ash_success(status))
        status = ask(test, ROUNDS);
    uint64_t end = instructions();
    if (!ash_success(status))
        return complain(name, status);
    print_figure(name, (end - middle - (middle - start)) / ROUNDS, "instructions");
    return 0;
}

int bench_ddk(void)
{
    uint64_t direct, forwarded;
    ash_status status = ash_open("\\DosDevices\\SampleTransfer", ASH_FILE_READ_DATA, ASH_FILE_OPEN,
                                 0, &ioctl_device);
    if (ash_success(status))
        status = ash_open("\\DosDevices\\Kit", ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &kit_device);
    if (ash_success(status))
        status = round_trips(ioctl_device, &direct);
    if (ash_success(status))
        status = ask(KIT_OPEN, 0);
    if (ash_success(status))
        status = round_trips(kit_device, &forwarded);
    if (!ash_success(status))
        return complain("drivers ioctl and kit", status);
    print_figure("ddk.ioctl_buffered", direct, "instructions");
    print_figure("ddk.filter_cost", forwarded - direct, "instructions");
    return inside(KIT_ROUNDS, "ddk.irp_two_tasks") | inside(KIT_SAME, "ddk.irp_same_task");
}
