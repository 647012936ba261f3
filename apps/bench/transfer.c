// SPDX-License-Identifier: MIT
/*
 * Reads in rounds: a round's reads each have a place of their own in one registered buffer, so that
 * the bytes can be summed after the clock has been stopped. Reads start in order; the oldest is
 * waited for, then as many start as have been done, so `depth` are in flight until the round ends.
 */
#include "ash/file.h"
#include "ash/syscall.h"
#include "bench.h"
#include <stdio.h>

#define BUFFER_BYTES ((size_t)8 << 20)
#define SEED         0x9e3779b97f4a7c15ull
#define DEPTH_MAX    32u

struct run {
    const struct transfer *what;
    struct ash_file *file;
    char *buffer;
    uint64_t random, sum;
    uint64_t index; /* of the next read */
};

/* The reads of a round: read i has io[i % depth]. */
struct flight {
    struct ash_io io[DEPTH_MAX];
    unsigned started, finished;
};

/* xorshift64 */
static uint64_t next_random(struct run *run)
{
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return run->random;
}

static uint64_t next_position(struct run *run)
{
    uint64_t blocks = run->what->range / run->what->bytes;
    uint64_t block = run->what->sequential ? run->index % blocks : next_random(run) % blocks;
    run->index++;
    return block * run->what->bytes;
}

static ash_status finish(struct run *run, struct ash_io *io)
{
    ash_status status = ash_io_wait(io);
    if (ash_success(status) && io->information != run->what->bytes)
        return STATUS_END_OF_FILE;
    return status;
}

/* One after the other: the call that starts, rings and waits at once. */
static ash_status round_of_one(struct run *run, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        size_t done;
        ash_status status = ash_read(run->file, run->buffer + i * run->what->bytes,
                                     run->what->bytes, next_position(run), &done);
        if (!ash_success(status))
            return status;
        if (done != run->what->bytes)
            return STATUS_END_OF_FILE;
    }
    return STATUS_SUCCESS;
}

/* Starts reads until `depth` are in flight or all `count` have been. */
static ash_status start_some(struct run *run, struct flight *flight, unsigned count)
{
    unsigned depth = run->what->depth;
    ash_status status = STATUS_SUCCESS;
    while (ash_success(status) && flight->started < count &&
           flight->started - flight->finished < depth) {
        status = ash_read_start(run->file, run->buffer + flight->started * run->what->bytes,
                                run->what->bytes, next_position(run),
                                &flight->io[flight->started % depth]);
        flight->started += ash_success(status);
    }
    return status;
}

/* Waits for the oldest read, and takes those after it that are done too. */
static ash_status finish_some(struct run *run, struct flight *flight)
{
    ash_status status = STATUS_SUCCESS;
    do {
        ash_status result = finish(run, &flight->io[flight->finished++ % run->what->depth]);
        status = ash_success(status) ? result : status;
    } while (flight->finished < flight->started &&
             flight->io[flight->finished % run->what->depth].done);
    return status;
}

/* `count` reads into the buffer, the clock running. The driver hears of the new ones of each turn
 * at once, as with io_uring. */
static ash_status round_of(struct run *run, unsigned count)
{
    struct flight flight = {};
    if (run->what->depth == 1)
        return round_of_one(run, count);
    ash_status status = STATUS_SUCCESS;
    ash_io_hold(true);
    while (flight.finished < flight.started || (flight.started < count && ash_success(status))) {
        if (ash_success(status))
            status = start_some(run, &flight, count);
        ash_status result =
            flight.finished < flight.started ? finish_some(run, &flight) : STATUS_SUCCESS;
        status = ash_success(status) ? result : status;
    }
    ash_io_hold(false);
    return status;
}

static void sum_up(struct run *run, unsigned count, uint64_t first)
{
    for (unsigned i = 0; i < count; i++) {
        const uint64_t *word = (const uint64_t *)(const void *)(run->buffer + i * run->what->bytes);
        uint64_t sum = 0;
        for (size_t w = 0; w < run->what->bytes / 8; w++)
            sum += word[w] * (2 * w + 1);
        run->sum += sum * (2 * (first + i) + 1);
    }
}

static ash_status all_rounds(struct run *run, struct cost *cost)
{
    unsigned most = (unsigned)(BUFFER_BYTES / run->what->bytes), left = run->what->count;
    while (left != 0) {
        unsigned count = left < most ? left : most;
        uint64_t first = run->index, began = instructions(), time = ash_time();
        ash_status status = round_of(run, count);
        cost->instructions += instructions() - began;
        cost->ticks += ash_time() - time;
        if (!ash_success(status))
            return status;
        sum_up(run, count, first);
        left -= count;
    }
    return STATUS_SUCCESS;
}

/* The first use of each page of the buffer with a driver asks the memory manager, once and not once
 * a request: everything is done twice, and the second time counts. */
static ash_status warm_up(const struct run *run)
{
    struct cost ignored = {};
    struct run first = *run;
    return all_rounds(&first, &ignored);
}

/* The path with / for \, which JSON would want doubled. */
static void print_check(const struct run *run)
{
    const struct transfer *what = run->what;
    char path[64];
    size_t i = 0;
    for (; what->path[i] != '\0' && i < sizeof(path) - 1; i++)
        path[i] = what->path[i] == '\\' ? '/' : what->path[i];
    path[i] = '\0';
    printf("{\"verify\":\"%s\",\"sum\":%lu,\"bytes\":%lu,\"count\":%u,\"range\":%lu,"
           "\"sequential\":%s}\n",
           path, (unsigned long)run->sum, (unsigned long)what->bytes, what->count,
           (unsigned long)what->range, what->sequential ? "true" : "false");
}

static ash_status take_buffer(const struct transfer *transfer, char **taken)
{
    static char *buffer; /* one for all runs */
    if (buffer == nullptr)
        buffer = ash_io_buffer_alloc(BUFFER_BYTES);
    if (buffer == nullptr)
        return STATUS_NO_MEMORY;
    *taken = buffer;
    return transfer->registered ? ash_io_buffer_register(buffer) : ash_io_buffer_unregister(buffer);
}

ash_status transfer_run(const struct transfer *transfer, struct cost *cost)
{
    struct run run = {.what = transfer, .random = SEED};
    *cost = (struct cost){};
    ash_status taken = take_buffer(transfer, &run.buffer);
    if (!ash_success(taken))
        return taken;
    ash_status status = ash_open(transfer->path, ASH_FILE_READ_DATA, ASH_FILE_OPEN,
                                 ASH_FILE_NO_BUFFERING | transfer->options, &run.file);
    if (ash_success(status)) {
        status = warm_up(&run);
        if (ash_success(status))
            status = all_rounds(&run, cost);
        ash_close(run.file);
    }
    if (ash_success(status))
        print_check(&run);
    return status;
}
