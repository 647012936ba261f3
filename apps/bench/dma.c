// SPDX-License-Identifier: MIT
/*
 * `bench dma MODE`: reads from the drivers of disks directly, without what is attached above them:
 *
 *      strict      a page of the buffer is in the device's reach while a request names it
 *      registered  all of the buffer is, from its first use on
 *      off         registered, on a machine whose devices are not behind an IOMMU
 *
 * The mode is part of the figures' names; the machine is the caller's business. A kind of disk that
 * is not there is left out, with a message.
 */
#include "ash/file.h"
#include "bench.h"
#include <stdio.h>
#include <string.h>

#define DISKS_MOST 8u
#define RANGE      ((uint64_t)64 << 20)

/* As the documentation of IOCTL_STORAGE_QUERY_PROPERTY has them. */
#define QUERY_PROPERTY   0x2d1400u
#define BUS_TYPE_OFFSET  28u
#define BUS_TYPE_VIRTUAL 14u
#define BUS_TYPE_NVME    17u
#define DEVICE_PROPERTY  0u
#define DESCRIPTOR_BYTES 64u

static const struct {
    unsigned bus;
    const char *name;
} buses[] = {{BUS_TYPE_VIRTUAL, "blk"}, {BUS_TYPE_NVME, "nvme"}};

static const struct kind {
    const char *name;
    size_t bytes;
    unsigned depth, count;
    bool sequential, all_buses;
} kinds[] = {
    {"read4k.qd1", 4096, 1, 512, false, true},
    {"read4k.qd32", 4096, 32, 512, false, true},
    {"read128k.qd1", 131072, 1, 64, true, false},
};

static void name_disk(char *path, size_t room, unsigned number)
{
    snprintf(path, room, "\\Device\\Harddisk%u\\DR0", number);
}

/* BusType of a disk's descriptor; 0: there is no such disk, or it does not tell. */
static unsigned bus_of(const char *path)
{
    const uint32_t query[3] = {DEVICE_PROPERTY, 0, 0};
    char descriptor[DESCRIPTOR_BYTES] = {};
    uint32_t bus = 0;
    size_t done = 0;
    struct ash_file *file;
    if (!ash_success(ash_open(path, ASH_FILE_READ_DATA, ASH_FILE_OPEN, ASH_FILE_UNATTACHED, &file)))
        return 0;
    if (ash_success(ash_ioctl(file, QUERY_PROPERTY, query, sizeof(query), descriptor,
                              sizeof(descriptor), &done)) &&
        done >= BUS_TYPE_OFFSET + sizeof(bus))
        memcpy(&bus, descriptor + BUS_TYPE_OFFSET, sizeof(bus));
    ash_close(file);
    return bus;
}

static bool find_disk(unsigned bus, char *path, size_t room)
{
    for (unsigned number = 0; number < DISKS_MOST; number++) {
        name_disk(path, room, number);
        if (bus_of(path) == bus)
            return true;
    }
    return false;
}

static int read_from(const char *path, const char *bus, const struct kind *kind, const char *mode)
{
    struct transfer transfer = {.path = path,
                                .bytes = kind->bytes,
                                .depth = kind->depth,
                                .count = kind->count,
                                .range = RANGE,
                                .sequential = kind->sequential,
                                .registered = strcmp(mode, "strict") != 0,
                                .options = ASH_FILE_UNATTACHED};
    struct cost cost;
    char name[64];
    ash_status status = transfer_run(&transfer, &cost);
    if (!ash_success(status))
        return complain(path, status);
    snprintf(name, sizeof(name), "%s.%s.%s", bus, kind->name, mode);
    print_figure(name, cost.instructions / transfer.count, "instructions");
    return 0;
}

int bench_dma(const char *mode)
{
    char path[40];
    int result = 0;
    for (size_t b = 0; b < sizeof(buses) / sizeof(buses[0]); b++) {
        if (!find_disk(buses[b].bus, path, sizeof(path))) {
            printf("left out: %s.*.%s: no such disk\n", buses[b].name, mode);
            continue;
        }
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
            if (b == 0 || kinds[k].all_buses)
                result |= read_from(path, buses[b].name, &kinds[k], mode);
    }
    return result;
}
