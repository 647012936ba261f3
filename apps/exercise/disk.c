// SPDX-License-Identifier: MIT
/* `exercise disk DEVICE...`: fills the first megabytes of disks with a pattern, reads them back,
 * with 32 requests in flight all the time, of many sizes; each byte is compared. What is written
 * depends on its place only, so that others can check it, too: 64-bit word w of sector s of the
 * n-th disk is s times a constant plus 64 n plus w. Several disks are busy at the same time.
 * Destroys what the disks hold. */
#include "exercise.h"
#include <stdlib.h>

#define SECTOR       512u
#define RANGE        ((uint64_t)8 << 20)
#define IN_FLIGHT    32u
#define DISKS        4u
#define LARGEST      (384u << 10) /* more than one command of either driver moves */
#define MULTIPLIER   0x9e3779b97f4a7c15u
#define SECTOR_WORDS (SECTOR / sizeof(uint64_t))

static struct ash_io requests[IN_FLIGHT];
static struct {
    unsigned disk;
    uint64_t offset;
    size_t bytes;
} parts[IN_FLIGHT];
static struct ash_file *disks[DISKS];
static unsigned disk_count;
static char *buffers; /* LARGEST and a page for each */

/* The data of a request does not begin at a page: 512 bytes before its end. */
static void *buffer_of(unsigned i)
{
    return buffers + (size_t)i * (LARGEST + 4096) + (i % 8) * SECTOR;
}

static uint64_t word(unsigned disk, uint64_t number)
{
    return number / SECTOR_WORDS * MULTIPLIER + disk * SECTOR_WORDS + number % SECTOR_WORDS;
}

static void fill(uint64_t *to, unsigned disk, uint64_t offset, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
        to[i] = word(disk, offset / sizeof(uint64_t) + i);
}

static bool holds(const uint64_t *from, unsigned disk, uint64_t offset, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
        if (from[i] != word(disk, offset / sizeof(uint64_t) + i))
            return false;
    return true;
}

/* Sizes from one sector to the largest, none a habit. */
static size_t size_of(unsigned number, uint64_t left)
{
    size_t sectors = 1 + (size_t)number * number * 37 % (LARGEST / SECTOR);
    if (number % 3 != 0)
        sectors = sectors % 16 + 1;
    return left < sectors * SECTOR ? (size_t)left : sectors * SECTOR;
}

static ash_status begin(unsigned i, bool write)
{
    struct ash_file *file = disks[parts[i].disk];
    uint64_t *data = buffer_of(i);
    if (write) {
        fill(data, parts[i].disk, parts[i].offset, parts[i].bytes);
        return ash_write_start(file, data, parts[i].bytes, parts[i].offset, &requests[i]);
    }
    memset(data, 0x5a, parts[i].bytes);
    return ash_read_start(file, data, parts[i].bytes, parts[i].offset, &requests[i]);
}

static int end(unsigned i, bool write)
{
    ash_status status = ash_io_wait(&requests[i]);
    if (status != STATUS_SUCCESS || requests[i].information != parts[i].bytes)
        return wrong("%zu bytes at %llu: 0x%08x, %zu bytes", parts[i].bytes,
                     (unsigned long long)parts[i].offset, (unsigned)status,
                     requests[i].information);
    if (!write && !holds(buffer_of(i), parts[i].disk, parts[i].offset, parts[i].bytes))
        return wrong("%zu bytes at %llu come back wrong", parts[i].bytes,
                     (unsigned long long)parts[i].offset);
    return 0;
}

/* The request that was started first is waited for, then its place is used again. */
static int pass(bool write)
{
    uint64_t at = 0;
    unsigned started = 0, ended = 0;
    while (at < RANGE || ended < started) {
        unsigned i = started % IN_FLIGHT;
        if (started - ended == IN_FLIGHT || at == RANGE) {
            if (end(ended++ % IN_FLIGHT, write) != 0)
                return 1;
            continue;
        }
        parts[i].disk = started % disk_count;
        parts[i].offset = at;
        parts[i].bytes = size_of(started / disk_count, RANGE - at);
        if ((started + 1) % disk_count == 0) /* each has had this piece */
            at += parts[i].bytes;
        ash_status status = begin(i, write);
        if (!ash_success(status))
            return wrong("request %u does not start: 0x%08x", started, (unsigned)status);
        started++;
    }
    printf("%s: %u requests, %u in flight, %u MiB\n", write ? "written" : "read, and compared",
           started, IN_FLIGHT, (unsigned)(RANGE >> 20));
    return 0;
}

static int refusals(struct ash_file *file)
{
    size_t done = 0;
    uint64_t beyond = (uint64_t)1 << 50;
    ash_status status = ash_read(file, buffers, 100, 0, &done);
    if (status != STATUS_INVALID_PARAMETER)
        return wrong("a part of a sector: 0x%08x", (unsigned)status);
    status = ash_read(file, buffers, SECTOR, beyond, &done);
    return ash_success(status) ? wrong("beyond the end: 0x%08x", (unsigned)status) : 0;
}

static int flush(struct ash_file *file)
{
    ash_status status = ash_flush(file);
    return ash_success(status) ? 0 : wrong("flush: 0x%08x", (unsigned)status);
}

static int each(int (*action)(struct ash_file *file))
{
    int result = 0;
    for (unsigned i = 0; i < disk_count; i++)
        result |= action(disks[i]);
    return result;
}

int exercise_disk(int argc, char **argv)
{
    if (argc < 2 || argc > (int)DISKS + 1)
        return wrong("which device? (up to %u)", DISKS);
    for (int i = 1; i < argc; i++) {
        ash_status status = device_open(nullptr, argv[i], &disks[disk_count]);
        if (!ash_success(status))
            return wrong("%s does not open: 0x%08x", argv[i], (unsigned)status);
        disk_count++;
    }
    buffers = ash_io_buffer_alloc((size_t)IN_FLIGHT * (LARGEST + 4096));
    if (buffers == nullptr)
        return wrong("no memory");
    int result = pass(true) || each(flush) || pass(false) || each(refusals);
    for (unsigned i = 0; i < disk_count; i++)
        (void)ash_close(disks[i]);
    return result;
}
