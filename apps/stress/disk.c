// SPDX-License-Identifier: MIT
/*
 * Requests of one to four blocks on one disk, PLACES of them under way, never two on one block. A
 * place's memory is, by turns of chance: a buffer that devices reach for each request, one that is
 * registered, or memory of the program, which is copied. A driver that is started again does what
 * it owed again, so no request may fail, and a block holds what was written to it last.
 */
#include "ash/file.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "stress.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK       4096u
#define BLOCKS      64u
#define MOST_BLOCKS 4u
#define PLACES      6u
#define PATIENCE_MS 20000u /* a driver is ended and started again in some milliseconds */
#define WORDS       (BLOCK / sizeof(uint64_t))

struct place {
    struct ash_io io;
    uint64_t *buffer, *copied, *data; /* data: which of the two */
    unsigned block, blocks, generation;
    bool used, writes, registered;
};

struct disk {
    struct ash_file *file;
    unsigned number, generations;
    struct place place[PLACES];
    unsigned holds[BLOCKS]; /* generation that was written last */
    bool busy[BLOCKS];
};

static uint64_t word_of(const struct disk *disk, unsigned block, unsigned generation, unsigned i)
{
    uint64_t value =
        ((uint64_t)disk->number << 56 | (uint64_t)block << 44 | (uint64_t)generation << 12 | i) + 1;
    return (value ^ value >> 29) * 0x9e3779b97f4a7c15u;
}

/* --- Memory ----------------------------------------------------------------------------------- */

static bool new_buffer(struct place *place)
{
    place->buffer = ash_io_buffer_alloc(MOST_BLOCKS * BLOCK);
    if (place->buffer == nullptr)
        return wrong("no memory for a buffer");
    place->registered = random_below(3) == 0;
    ash_status status = place->registered ? ash_io_buffer_register(place->buffer) : STATUS_SUCCESS;
    return ash_success(status) || wrong("a buffer is not registered: 0x%08x", (unsigned)status);
}

static void drop_buffer(struct place *place)
{
    if (place->registered && random_below(2) == 0)
        (void)ash_io_buffer_unregister(place->buffer);
    ash_io_buffer_free(place->buffer);
    place->buffer = nullptr;
}

/* What the next request uses; the place is idle. */
static bool choose_memory(struct place *place, struct tally *tally)
{
    if (place->buffer != nullptr && random_below(8) == 0) {
        drop_buffer(place);
        tally->renewed++;
    }
    if (place->copied == nullptr && (place->copied = malloc(MOST_BLOCKS * BLOCK)) == nullptr)
        return wrong("no memory");
    if (random_below(5) == 0) {
        place->data = place->copied;
        tally->copied++;
        return true;
    }
    if (place->buffer == nullptr && !new_buffer(place))
        return false;
    place->data = place->buffer;
    *(place->registered ? &tally->registered : &tally->strict) += 1;
    return true;
}

/* --- Requests --------------------------------------------------------------------------------- */

static void choose_blocks(struct disk *disk, struct place *place)
{
    do
        place->block = random_below(BLOCKS);
    while (disk->busy[place->block]);
    unsigned most = 1 + random_below(MOST_BLOCKS);
    for (place->blocks = 1; place->blocks < most && place->block + place->blocks < BLOCKS &&
                            !disk->busy[place->block + place->blocks];)
        place->blocks++;
}

static void fill(const struct disk *disk, const struct place *place)
{
    for (unsigned i = 0; i < place->blocks * WORDS; i++)
        place->data[i] = word_of(disk, place->block + i / (unsigned)WORDS, place->generation,
                                 i % (unsigned)WORDS);
}

static bool holds(const struct disk *disk, const struct place *place)
{
    for (unsigned i = 0; i < place->blocks * WORDS; i++) {
        unsigned block = place->block + i / (unsigned)WORDS;
        if (place->data[i] != word_of(disk, block, disk->holds[block], i % (unsigned)WORDS))
            return wrong("disk %u, block %u holds other bytes than were written", disk->number,
                         block);
    }
    return true;
}

static ash_status start(struct disk *disk, struct place *place)
{
    size_t bytes = place->blocks * (size_t)BLOCK;
    uint64_t at = place->block * (uint64_t)BLOCK;
    bool copied = place->data == place->copied;
    if (place->writes)
        return copied ? ash_write_begin(disk->file, place->data, bytes, at, nullptr, &place->io)
                      : ash_write_start(disk->file, place->data, bytes, at, &place->io);
    memset(place->data, 0x5a, bytes);
    return copied ? ash_read_begin(disk->file, place->data, bytes, at, nullptr, &place->io)
                  : ash_read_start(disk->file, place->data, bytes, at, &place->io);
}

static bool begin(struct disk *disk, struct place *place)
{
    if (place->writes) {
        place->generation = ++disk->generations;
        fill(disk, place);
    }
    ash_status status = start(disk, place);
    if (!ash_success(status))
        return wrong("disk %u: a request does not start: 0x%08x", disk->number, (unsigned)status);
    for (unsigned i = 0; i < place->blocks; i++)
        disk->busy[place->block + i] = true;
    place->used = true;
    return true;
}

static bool finish(struct disk *disk, struct place *place)
{
    if (!ash_io_wait_until(&place->io, ash_time() + ash_ticks(PATIENCE_MS * 1000)))
        return wrong("disk %u: a request has no answer", disk->number);
    place->used = false;
    for (unsigned i = 0; i < place->blocks; i++) {
        disk->busy[place->block + i] = false;
        if (place->writes)
            disk->holds[place->block + i] = place->generation;
    }
    if (place->io.status != STATUS_SUCCESS || place->io.information != place->blocks * BLOCK)
        return wrong("disk %u: a request ended with 0x%08x, %u bytes", disk->number,
                     (unsigned)place->io.status, (unsigned)place->io.information);
    return place->writes || holds(disk, place);
}

bool disk_step(struct disk *disk, struct tally *tally)
{
    struct place *place = &disk->place[random_below(PLACES)];
    if (place->used && !finish(disk, place))
        return false;
    if (!choose_memory(place, tally))
        return false;
    choose_blocks(disk, place);
    place->writes = random_below(2) == 0;
    return begin(disk, place);
}

bool disk_drain(struct disk *disk)
{
    bool good = true;
    for (unsigned i = 0; i < PLACES; i++)
        good = (!disk->place[i].used || finish(disk, &disk->place[i])) && good;
    return good;
}

void disk_let_go(struct disk *disk)
{
    for (unsigned i = 0; i < PLACES; i++)
        if (disk->place[i].buffer != nullptr)
            drop_buffer(&disk->place[i]);
}

static bool each_block(struct disk *disk, bool writes)
{
    struct place *place = &disk->place[0];
    struct tally none = {};
    for (unsigned block = 0; block < BLOCKS; block++) {
        if (!choose_memory(place, &none))
            return false;
        place->block = block;
        place->blocks = 1;
        place->writes = writes;
        if (!begin(disk, place) || !finish(disk, place))
            return false;
    }
    return true;
}

bool disk_verify(struct disk *disk)
{
    return each_block(disk, false);
}

struct disk *disk_open(unsigned n)
{
    static struct disk disks[DISKS];
    struct disk *disk = &disks[n];
    char path[32];
    snprintf(path, sizeof(path), "\\Device\\Harddisk%u\\DR0", n);
    disk->number = n;
    ash_status status = ash_open(path, ASH_FILE_READ_DATA | ASH_FILE_WRITE_DATA, ASH_FILE_OPEN,
                                 ASH_FILE_NO_BUFFERING | ASH_FILE_UNATTACHED, &disk->file);
    return ash_success(status) && each_block(disk, true) ? disk : nullptr;
}
