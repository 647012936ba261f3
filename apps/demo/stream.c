// SPDX-License-Identifier: MIT
/*
 * The file, as a stream. Requests are answered in any order but taken in theirs, so the digest is
 * that of the bytes in their order. Invariant: the AHEAD requests that are out cover the bytes from
 * `next` - AHEAD pieces on, and requests[turn] is the oldest.
 */
#include "ash/file.h"
#include "ash/fileinfo.h"
#include "ash/start.h"
#include "demo.h"
#include "sha256.h"
#include <stdio.h>
#include <string.h>

#define AHEAD 8u
#define PIECE ((size_t)64 << 10)

static struct ash_file *file;
static char *buffers;
static struct ash_io requests[AHEAD];
static ash_status started[AHEAD];
static unsigned turn;
static uint64_t next; /* to be asked for */
static struct sha256 sha;
static ash_word last;

static size_t piece_at(const struct demo_stream *stream, uint64_t at)
{
    return stream->size - at < PIECE ? (size_t)(stream->size - at) : PIECE;
}

static void ask(const struct demo_stream *stream, unsigned i)
{
    size_t bytes = piece_at(stream, next);
    char *buffer = buffers + i * PIECE;
    memset(buffer, 0x5a, bytes);
    started[i] = ash_read_start(file, buffer, bytes, next, &requests[i]);
    next = next + bytes == stream->size ? 0 : next + bytes;
}

ash_status demo_stream_open(struct demo_stream *stream)
{
    ash_status status = ash_open(DEMO_FILE, ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &file);
    if (!ash_success(status))
        return status;
    status = ash_file_size(file, &stream->size);
    if (!ash_success(status))
        return status;
    buffers = ash_io_buffer_alloc(AHEAD * PIECE);
    if (buffers == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    stream->began = last = ash_time();
    sha256_init(&sha);
    for (unsigned i = 0; i < AHEAD; i++)
        ask(stream, i);
    return STATUS_SUCCESS;
}

/* The digest of a pass, compared with that of the first. */
static void end_pass(struct demo_stream *stream)
{
    unsigned char digest[32];
    char text[65];
    sha256_end(&sha, digest);
    sha256_init(&sha);
    for (unsigned i = 0; i < sizeof(digest); i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", digest[i]);
    if (stream->passes == 0)
        strcpy(stream->digest, text);
    else if (strcmp(stream->digest, text) != 0)
        stream->wrong++;
    stream->passes++;
    stream->bytes = 0;
}

bool demo_stream_step(struct demo_stream *stream)
{
    size_t bytes = piece_at(stream, stream->bytes), got = 0;
    ash_status status = started[turn];
    if (ash_success(status)) {
        status = ash_io_wait(&requests[turn]);
        got = ash_success(status) ? requests[turn].information : 0;
    }
    ash_word now = ash_time();
    if (now - last > stream->longest)
        stream->longest = now - last;
    last = now;
    stream->lost += bytes - got;
    sha256_add(&sha, buffers + turn * PIECE, bytes);
    ask(stream, turn);
    turn = (turn + 1) % AHEAD;
    stream->bytes += bytes;
    stream->total += bytes;
    if (stream->bytes != stream->size)
        return false;
    end_pass(stream);
    return true;
}
