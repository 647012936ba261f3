// SPDX-License-Identifier: MIT
/* `exercise disk DEVICE`: fills the first megabytes of a disk with a pattern, reads them back, with
 * 32 requests in flight all the time, of many sizes; each byte is compared. What is written depends
 * on its place only, so that others can check it, too: 64-bit word w of sector s is s times a
 * constant plus w. Destroys what the disk holds. */
#include "exercise.h"
#include <stdlib.h>

#define SECTOR       512u
#define RANGE        ((uint64_t)8 << 20)
#define IN_FLIGHT    32u
#define LARGEST      (384u << 10) /* more than one command of either driver moves */
#define MULTIPLIER   0x9e3779b97f4a7c15u
#define SECTOR_WORDS (SECTOR / sizeof(uint64_t))

static struct ash_io requests[IN_FLIGHT];
static struct {
    uint64_t offset;
    size_t bytes;
} parts[IN_FLIGHT];
static char *buffers; /* LARGEST and a page for each */

/* The data of a request does not begin at a page: 512 bytes before its end. */
static void *buffer_of(unsigned i)
{
    return buffers + (size_t)i * (LARGEST + 4096) + (i % 8) * SECTOR;
}

static void fill(uint64_t *to, uint64_t offset, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
        to[i] = (offset / SECTOR + i / SECTOR_WORDS) * MULTIPLIER + i % SECTOR_WORDS;
}

static bool holds(const uint64_t *from, uint64_t offset, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
        if (from[i] != (offset / SECTOR + i / SECTOR_WORDS) * MULTIPLIER + i % SECTOR_WORDS)
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

static ash_status begin(struct ash_file *file, unsigned i, bool write)
{
    uint64_t *data = buffer_of(i);
    if (write) {
        fill(data, parts[i].offset, parts[i].bytes);
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
    if (!write && !holds(buffer_of(i), parts[i].offset, parts[i].bytes))
        return wrong("%zu bytes at %llu come back wrong", parts[i].bytes,
                     (unsigned long long)parts[i].offset);
    return 0;
}

/* The request that was started first is waited for, then its place is used again. */
static int pass(struct ash_file *file, bool write)
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
        parts[i].offset = at;
        parts[i].bytes = size_of(started, RANGE - at);
        at += parts[i].bytes;
        ash_status status = begin(file, i, write);
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

int exercise_disk(int argc, char **argv)
{
    struct ash_file *file;
    if (argc < 2)
        return wrong("which device?");
    ash_status status = device_open(nullptr, argv[1], &file);
    if (!ash_success(status))
        return wrong("%s does not open: 0x%08x", argv[1], (unsigned)status);
    buffers = ash_io_buffer_alloc((size_t)IN_FLIGHT * (LARGEST + 4096));
    if (buffers == nullptr)
        return wrong("no memory");
    int result = pass(file, true);
    if (result == 0 && !ash_success(status = ash_flush(file)))
        result = wrong("flush: 0x%08x", (unsigned)status);
    if (result == 0)
        result = pass(file, false) | refusals(file);
    (void)ash_close(file);
    return result;
}
