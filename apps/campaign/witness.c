// SPDX-License-Identifier: MIT
/*
 * The client that must notice nothing: one request at a time, on a disk of another driver. It
 * writes a block, reads it back, and goes on to the next.
 */
#include "ash/start.h"
#include "ash/syscall.h"
#include "campaign.h"
#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 1000u

static struct ash_file *file;
static struct ash_io io;
static uint64_t *data;
static unsigned block, generation = 1, count;
static bool reading, under_way;
static char verdict[64], told[64];

static void blame(const char *what, ash_status status)
{
    if (verdict[0] == '\0')
        snprintf(verdict, sizeof(verdict), "%s (0x%08x, request %u)", what, (unsigned)status,
                 count);
}

static void start(void)
{
    ash_status status;
    if (!reading)
        content_fill(data, block, generation);
    if (reading)
        status = ash_read_start(file, data, BLOCK, block * (uint64_t)BLOCK, &io);
    else
        status = ash_write_start(file, data, BLOCK, block * (uint64_t)BLOCK, &io);
    under_way = ash_success(status);
    if (!under_way)
        blame("the witness's request does not start", status);
}

static void finish(void)
{
    under_way = false;
    count++;
    if (io.status != STATUS_SUCCESS || io.information != BLOCK)
        blame("the witness's request failed", io.status);
    else if (reading && !content_holds(data, block, generation, 0, BLOCK / 8))
        blame("the witness read wrong bytes", io.status);
    if (reading) {
        block = (block + 1) % BLOCKS;
        generation += block == 0;
    }
    reading = !reading;
}

ash_status witness_open(const char *path)
{
    data = ash_io_buffer_alloc(BLOCK);
    if (data == nullptr)
        return STATUS_NO_MEMORY;
    ash_status status = ash_open(path, ASH_FILE_READ_DATA | ASH_FILE_WRITE_DATA, ASH_FILE_OPEN,
                                 ASH_FILE_NO_BUFFERING | ASH_FILE_UNATTACHED, &file);
    if (ash_success(status))
        start();
    return status;
}

void witness_step(void)
{
    if (under_way && !ash_io_done(&io))
        return;
    if (under_way)
        finish();
    start();
}

void witness_pause(ash_word microseconds)
{
    ash_word until = ash_time() + ash_ticks(microseconds);
    while (ash_time() < until)
        if (under_way && ash_io_wait_until(&io, until))
            witness_step();
}

const char *witness_verdict(void)
{
    if (under_way && !ash_io_wait_until(&io, ash_time() + ash_ticks(PATIENCE_MS * 1000)))
        blame("the witness's request has no answer", 0);
    witness_step();
    memcpy(told, verdict, sizeof(told));
    verdict[0] = '\0';
    return told[0] != '\0' ? told : nullptr;
}

unsigned witness_count(void)
{
    return count;
}
