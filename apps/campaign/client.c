// SPDX-License-Identifier: MIT
/*
 * The client that verifies: reads and writes of one to four blocks, IN_FLIGHT of them at a time,
 * never two on the same block. Each write has a generation of its own, and what a block must hold
 * is known at any moment: the generation of its last write that succeeded. A write that failed may
 * or may not have been done, in any of its sectors: then both contents are right.
 */
#include "ash/start.h"
#include "ash/syscall.h"
#include "ash/task.h"
#include "campaign.h"
#include <stdio.h>
#include <string.h>

#define MOST_BLOCKS   4u
#define SECTOR_WORDS  64u
#define SLICE_US      500u /* of waiting: then the witness goes on */
#define WITNESS_TURN  4u   /* requests for each one of its */
#define REOPEN_TRIES  60u
#define REOPEN_US     10000u
#define VERIFY_BLOCKS 32u   /* in one read */
#define LONGEST_MS    1500u /* that one of those may take */

static struct place {
    struct ash_io io;
    uint64_t *data;
    unsigned block, blocks, generation;
    bool used, write;
} places[IN_FLIGHT];

static struct {
    uint32_t sure, maybe; /* generations; maybe is 0 or that of a write that failed */
    bool busy;
} blocks[BLOCKS];

static struct ash_file *file;
static const char *file_path;
static const struct plan *plan;
static unsigned next_generation = 1, next_place, out;
static uint64_t random_state;
static struct tally tally;
static ash_word last_answer;
static uint64_t *whole; /* VERIFY_BLOCKS */

static unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 16) % limit);
}

static ash_word deadline(ash_word milliseconds)
{
    return ash_time() + ash_ticks(milliseconds * 1000);
}

/* --- Opening ---------------------------------------------------------------------------------- */

#define GET_LENGTH_INFO 0x7405cu /* IOCTL_DISK_GET_LENGTH_INFO */

static uint64_t length_of(const char *path)
{
    struct ash_file *disk;
    uint64_t bytes = 0;
    size_t done;
    if (!ash_success(ash_open(path, ASH_FILE_READ_DATA, ASH_FILE_OPEN, ASH_FILE_UNATTACHED, &disk)))
        return 0;
    ash_status status = ash_ioctl(disk, GET_LENGTH_INFO, nullptr, 0, &bytes, sizeof(bytes), &done);
    (void)ash_close(disk);
    return ash_success(status) ? bytes : 0;
}

ash_status disk_of(unsigned kibibytes, char path[static 32])
{
    for (unsigned i = 0; i < 4; i++) {
        snprintf(path, 32, "\\Device\\Harddisk%u\\DR0", i);
        if (length_of(path) == (uint64_t)kibibytes << 10)
            return STATUS_SUCCESS;
    }
    return STATUS_NO_SUCH_DEVICE;
}

static ash_status open_disk(void)
{
    return ash_open(file_path, ASH_FILE_READ_DATA | ASH_FILE_WRITE_DATA, ASH_FILE_OPEN,
                    ASH_FILE_NO_BUFFERING | plan->options, &file);
}

ash_status client_open(const char *path, const struct plan *of)
{
    char *memory = ash_io_buffer_alloc((IN_FLIGHT * MOST_BLOCKS + VERIFY_BLOCKS) * (size_t)BLOCK);
    if (memory == nullptr)
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        places[i].data = (uint64_t *)(void *)(memory + i * MOST_BLOCKS * (size_t)BLOCK);
    whole = (uint64_t *)(void *)(memory + IN_FLIGHT * MOST_BLOCKS * (size_t)BLOCK);
    file_path = path;
    plan = of;
    return open_disk();
}

/* After the link has ended, which its requests were told by an error. A driver that has done that
 * is of no use any more. */
static bool reopen(void)
{
    (void)ash_task_kill(task_named(plan->target, 0));
    (void)ash_close(file);
    file = nullptr;
    tally.reopened++;
    for (unsigned i = 0; i < REOPEN_TRIES; i++) {
        if (ash_success(open_disk()))
            return true;
        witness_pause(REOPEN_US);
    }
    return false;
}

/* --- What came back --------------------------------------------------------------------------- */

static void note_wrong(const uint64_t *data, unsigned block)
{
    unsigned of, generation;
    tally.wrong++;
    bool ours = content_of(data[0], &of, &generation);
    tally.stale += ours && of == block;
    tally.foreign += ours && of != block;
}

static bool sectors_right(const uint64_t *data, unsigned block)
{
    for (unsigned word = 0; word < BLOCK / 8; word += SECTOR_WORDS)
        if (!content_holds(data + word, block, blocks[block].sure, word, SECTOR_WORDS) &&
            (blocks[block].maybe == 0 ||
             !content_holds(data + word, block, blocks[block].maybe, word, SECTOR_WORDS)))
            return false;
    return true;
}

static bool block_right(const uint64_t *data, unsigned block)
{
    if (content_holds(data, block, blocks[block].sure, 0, BLOCK / 8) || sectors_right(data, block))
        return true;
    note_wrong(data, block);
    return false;
}

static void note_error(ash_status status)
{
    if (tally.errors++ == 0)
        tally.status = status;
}

static void settle_write(const struct place *place, bool good)
{
    for (unsigned i = 0; i < place->blocks; i++) {
        blocks[place->block + i].maybe = good ? 0 : place->generation;
        if (good)
            blocks[place->block + i].sure = place->generation;
    }
}

static void take(struct place *place)
{
    bool good = place->io.status == STATUS_SUCCESS &&
                place->io.information == place->blocks * (size_t)BLOCK;
    ash_word now = ash_time();
    if (now - last_answer > tally.gap)
        tally.gap = now - last_answer;
    last_answer = now;
    tally.answered++;
    if (!good)
        note_error(place->io.status);
    if (place->write)
        settle_write(place, good);
    for (unsigned i = 0; i < place->blocks; i++) {
        if (good && !place->write)
            (void)block_right(place->data + i * (BLOCK / 8), place->block + i);
        blocks[place->block + i].busy = false;
    }
    place->used = false;
    out--;
}

static void take_done(void)
{
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        if (places[i].used && ash_io_done(&places[i].io))
            take(&places[i]);
}

/* --- Requests --------------------------------------------------------------------------------- */

/* How many blocks from `first` on no request names, up to `most`. */
static unsigned idle_from(unsigned first, unsigned most)
{
    unsigned count = 0;
    while (count < most && first + count < BLOCKS && !blocks[first + count].busy)
        count++;
    return count;
}

static void choose(struct place *place)
{
    do {
        place->block = random_below(BLOCKS);
        place->blocks = idle_from(place->block, 1 + random_below(MOST_BLOCKS));
    } while (place->blocks == 0);
    /* what a failed write left is settled by writing it again */
    place->write = random_below(2) == 0 || blocks[place->block].maybe != 0;
}

static ash_status start(struct place *place)
{
    size_t bytes = place->blocks * (size_t)BLOCK;
    uint64_t at = place->block * (uint64_t)BLOCK;
    if (!place->write) {
        memset(place->data, 0x5a, bytes);
        return ash_read_start(file, place->data, bytes, at, &place->io);
    }
    place->generation = next_generation++;
    for (unsigned i = 0; i < place->blocks; i++)
        content_fill(place->data + i * (BLOCK / 8), place->block + i, place->generation);
    return ash_write_start(file, place->data, bytes, at, &place->io);
}

static ash_status start_in(struct place *place)
{
    ash_status status = start(place);
    if (!ash_success(status))
        return status;
    for (unsigned i = 0; i < place->blocks; i++)
        blocks[place->block + i].busy = true;
    place->used = true;
    out++;
    return status;
}

/* The next place in turn, which is the one that was started longest ago. */
static struct place *turn(void)
{
    return &places[next_place++ % IN_FLIGHT];
}

static bool start_one(struct place *place)
{
    choose(place);
    ash_status status = start_in(place);
    if (ash_success(status))
        return true;
    note_error(status);
    return out == 0 && reopen();
}

void client_begin(uint64_t seed)
{
    tally = (struct tally){};
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
    last_answer = ash_time();
}

/* Any answer is a sign of life. The witness works on meanwhile. */
static bool wait_for(struct place *place)
{
    unsigned before = tally.answered;
    ash_word until = deadline(plan->patience);
    while (!ash_io_wait_until(&place->io, ash_time() + ash_ticks(SLICE_US))) {
        witness_step();
        take_done();
        if (!place->used || ash_time() >= until)
            return !place->used;
        if (tally.answered != before)
            until = deadline(plan->patience);
        before = tally.answered;
    }
    return true;
}

enum client_state client_run(unsigned until)
{
    while (tally.answered < until) {
        struct place *place = turn();
        if (next_place % WITNESS_TURN == 0)
            witness_step();
        if (place->used && !wait_for(place))
            return CLIENT_HANGS;
        take_done();
        if (!place->used && !start_one(place) && out == 0)
            return CLIENT_FAILED;
    }
    return CLIENT_FINE;
}

void client_fill(void)
{
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        if (places[i].used)
            continue;
        choose(&places[i]);
        ash_status status = start_in(&places[i]);
        if (!ash_success(status))
            return;
    }
}

enum client_state client_drain(unsigned ms)
{
    ash_word until = deadline(ms);
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        struct place *place = &places[i];
        while (place->used && !ash_io_wait_until(&place->io, ash_time() + ash_ticks(SLICE_US)) &&
               ash_time() < until)
            witness_step();
        take_done();
        tally.lost += place->used;
    }
    return tally.lost == 0 ? CLIENT_FINE : CLIENT_HANGS;
}

/* --- The whole disk --------------------------------------------------------------------------- */

static bool one(struct ash_io *io, ash_status status)
{
    if (ash_success(status) && !ash_io_wait_until(io, deadline(LONGEST_MS))) {
        tally.lost++;
        return false;
    }
    if (ash_success(status))
        status = io->status;
    if (!ash_success(status))
        note_error(status);
    return ash_success(status);
}

static bool rewrite(unsigned block)
{
    static struct ash_io io;
    uint32_t generation = next_generation++;
    content_fill(places[0].data, block, generation);
    if (!one(&io, ash_write_start(file, places[0].data, BLOCK, block * (uint64_t)BLOCK, &io)))
        return false;
    blocks[block].sure = generation;
    blocks[block].maybe = 0;
    return true;
}

static bool verify_part(unsigned first)
{
    static struct ash_io io;
    bool good = true;
    if (!one(&io, ash_read_start(file, whole, VERIFY_BLOCKS * (size_t)BLOCK,
                                 first * (uint64_t)BLOCK, &io)))
        return false;
    for (unsigned i = 0; i < VERIFY_BLOCKS && good; i++)
        if (!block_right(whole + i * (BLOCK / 8), first + i) || blocks[first + i].maybe != 0)
            good = rewrite(first + i);
    return good;
}

/* A file whose link has ended is opened anew, once for each part. */
enum client_state client_verify(void)
{
    for (unsigned first = 0; first < BLOCKS; first += VERIFY_BLOCKS) {
        if (!verify_part(first) && (tally.lost != 0 || !reopen() || !verify_part(first)))
            return CLIENT_FAILED;
        witness_step();
    }
    return CLIENT_FINE;
}

enum client_state client_prepare(void)
{
    for (unsigned block = 0; block < BLOCKS; block++)
        if (!rewrite(block))
            return CLIENT_FAILED;
    return client_verify();
}

struct tally client_tally(void)
{
    return tally;
}
