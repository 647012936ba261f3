// SPDX-License-Identifier: MIT
// Reads through the whole stack (a file, the volume) and from the disk driver alone.
#include "ash/file.h"
#include "ash/start.h"
#include "bench.h"
#include <stdio.h>
#include <string.h>

#define RANGE ((uint64_t)64 << 20) /* of the file and of each device */

static const struct place {
    const char *suffix, *path;
    unsigned options;
} places[] = {
    {"", "C:\\random.bin", 0},
    {".volume", "\\Device\\HarddiskVolume1", 0},
    {".disk", "\\Device\\Harddisk0\\DR0", 0}, /* through the partition driver on it */
    {".device", "\\Device\\Harddisk0\\DR0", ASH_FILE_UNATTACHED},
};

/* By the clock there are as many reads as tools/linux-peer/init.c does: an emulator needs tens of
 * thousands until it has translated everything and the host's threads have settled. */
static const struct kind {
    const char *name;
    size_t bytes;
    unsigned depth, count, count_by_clock;
    bool sequential;
} kinds[] = {
    {"blk.read4k.qd1", 4096, 1, 512, 8192, false},
    {"blk.read4k.qd32", 4096, 32, 512, 65536, false},
    {"blk.read128k.qd1", 131072, 1, 64, 512, true},
};

static struct transfer transfer_of(const struct place *place, const struct kind *kind,
                                   unsigned count)
{
    return (struct transfer){.path = place->path,
                             .bytes = kind->bytes,
                             .depth = kind->depth,
                             .count = count,
                             .range = RANGE,
                             .registered = true,
                             .options = place->options,
                             .sequential = kind->sequential};
}

static int instructions_of(const struct place *place, const struct kind *kind)
{
    struct transfer transfer = transfer_of(place, kind, kind->count);
    struct cost cost;
    char name[48];
    ash_status status = transfer_run(&transfer, &cost);
    if (!ash_success(status))
        return complain(place->path, status);
    snprintf(name, sizeof(name), "%s%s", kind->name, place->suffix);
    print_figure(name, cost.instructions / transfer.count, "instructions");
    return 0;
}

int bench_blocks(const char *suffix)
{
    int result = 0;
    for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++)
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
            if (suffix == nullptr || strcmp(suffix, places[p].suffix) == 0)
                result |= instructions_of(&places[p], &kinds[k]);
    return result;
}

static int speed_of(const struct place *place, const struct kind *kind)
{
    struct transfer transfer = transfer_of(place, kind, kind->count_by_clock);
    struct cost cost;
    char name[48];
    ash_status status = transfer_run(&transfer, &cost);
    if (!ash_success(status))
        return complain(transfer.path, status);
    uint64_t microseconds = cost.ticks * 1000000 / ash_timebase();
    if (microseconds == 0)
        microseconds = 1;
    snprintf(name, sizeof(name), "%s.%s%s", kind->name, kind->sequential ? "mbps" : "iops",
             place->suffix);
    if (kind->sequential)
        print_figure(name, (uint64_t)transfer.count * transfer.bytes / microseconds, "MB/s");
    else
        print_figure(name, (uint64_t)transfer.count * 1000000 / microseconds, "1/s");
    return 0;
}

/* The file, and the device that Linux's figures are of. */
int bench_wall(void)
{
    int result = 0;
    for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++)
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
            if (p == 0 || places[p].options != 0)
                result |= speed_of(&places[p], &kinds[k]);
    return result;
}
