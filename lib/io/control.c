// SPDX-License-Identifier: MIT
// Device control, with the four transfer methods (abi/irp.h says how each travels). Small buffers
// are inline; large ones lie in space that the driver is granted for this request, or in a buffer
// of the caller.
#include "internal.h"
#include <string.h>

enum {
    MJ_DEVICE_CONTROL = 0x0e,
    METHOD_BUFFERED = 0,
    METHOD_IN_DIRECT = 1,
    METHOD_OUT_DIRECT = 2,
    METHOD_NEITHER = 3,
    LARGEST = 0x40000000, /* of a buffer */
};

struct control {
    struct ash_file *file;
    struct ash_request *request;
    struct ash_io *io;
    int slot;
    unsigned method;
    const char *in;
    char *out;
    size_t in_bytes, out_bytes;
};

static size_t round_up(size_t bytes)
{
    return (bytes + 7) & ~(size_t)7;
}

static size_t inline_room(const struct control *c)
{
    return c->file->connection->ring.inline_bytes;
}

static char *inline_in(const struct control *c)
{
    return ash_requester_inline(&c->file->connection->ring, c->slot);
}

/* No part of an empty buffer is at its address. */
static void copy(char *to, const char *from, size_t bytes)
{
    if (bytes != 0)
        memcpy(to, from, bytes);
}

/* Both ways in the same place: inline, or in one piece of granted space. */
static ash_status buffered(struct control *c)
{
    size_t larger = c->in_bytes > c->out_bytes ? c->in_bytes : c->out_bytes;
    struct io_where where;
    c->io->limit = c->io->output_bytes;
    if (larger <= inline_room(c)) {
        copy(inline_in(c), c->in, c->in_bytes);
        c->request->inline_size = (uint32_t)c->in_bytes;
        return STATUS_SUCCESS;
    }
    ash_status status = io_space_take(c->file->connection, larger, true, c->io, &where);
    if (!ash_success(status))
        return status;
    copy(c->io->space, c->in, c->in_bytes);
    c->request->grant = where.grant;
    c->request->grant_offset = where.offset;
    c->request->grant_length = (uint32_t)larger;
    return STATUS_SUCCESS;
}

static bool overlap(const struct control *c)
{
    return c->in_bytes != 0 && c->out_bytes != 0 && c->in < c->out + c->out_bytes &&
           c->out < c->in + c->in_bytes;
}

/* The input, then what is in the output buffer. */
static void both_inline(struct control *c)
{
    size_t at = round_up(c->in_bytes);
    copy(inline_in(c), c->in, c->in_bytes);
    copy(inline_in(c) + at, c->out, c->out_bytes);
    c->request->inline_size = (uint32_t)(c->out_bytes != 0 ? at + c->out_bytes : c->in_bytes);
}

static void output_at(struct control *c, const struct io_where *where, size_t offset)
{
    c->request->grant = where->grant;
    c->request->grant_offset = where->offset + offset;
    c->request->grant_length = (uint32_t)c->out_bytes;
}

static void input_at(struct control *c, const struct io_where *where, size_t offset)
{
    c->request->input_grant = where->grant;
    c->request->input_offset = where->offset + offset;
}

/* The output lies in a buffer: the driver gets it as it is. */
static bool output_in_place(struct control *c)
{
    struct io_where where;
    if (c->out_bytes == 0 || !ash_success(io_locate(c->file->connection, c->out, c->out_bytes,
                                                    c->method != METHOD_IN_DIRECT, &where)))
        return false;
    output_at(c, &where, 0);
    c->io->output = nullptr;
    return true;
}

/* Buffers in space of the request, at the same distance from each other as they are here if they
 * overlap. */
static ash_status both_in_space(struct control *c)
{
    size_t in_at = 0, out_at = round_up(c->in_bytes), end = out_at + c->out_bytes;
    struct io_where where;
    if (overlap(c)) {
        const char *first = c->in < c->out ? c->in : c->out;
        in_at = (size_t)(c->in - first);
        out_at = (size_t)(c->out - first);
        end = in_at + c->in_bytes > out_at + c->out_bytes ? in_at + c->in_bytes
                                                          : out_at + c->out_bytes;
    }
    ash_status status = io_space_take(c->file->connection, end, true, c->io, &where);
    if (!ash_success(status))
        return status;
    copy(c->io->space + in_at, c->in, c->in_bytes);
    copy(c->io->space + out_at, c->out, c->out_bytes);
    c->io->output_at = out_at;
    input_at(c, &where, in_at);
    if (c->out_bytes != 0)
        output_at(c, &where, out_at);
    return STATUS_SUCCESS;
}

/* The input alone, when the output lies in a buffer. */
static ash_status input_alone(struct control *c)
{
    struct io_where where;
    ash_status status;
    if (c->in_bytes <= inline_room(c)) {
        copy(inline_in(c), c->in, c->in_bytes);
        c->request->inline_size = (uint32_t)c->in_bytes;
        return STATUS_SUCCESS;
    }
    if (ash_success(io_locate(c->file->connection, c->in, c->in_bytes, false, &where))) {
        input_at(c, &where, 0);
        return STATUS_SUCCESS;
    }
    status = io_space_take(c->file->connection, c->in_bytes, false, c->io, &where);
    if (!ash_success(status))
        return status;
    memcpy(c->io->space, c->in, c->in_bytes);
    input_at(c, &where, 0);
    return STATUS_SUCCESS;
}

/* The driver has the output buffer itself, so all of it comes back; what it only reads does not. */
static ash_status separate(struct control *c)
{
    bool aliased = c->method == METHOD_NEITHER && overlap(c);
    c->io->limit = c->method == METHOD_OUT_DIRECT ? c->out_bytes : UINT32_MAX;
    c->io->whole = true;
    if (c->method == METHOD_IN_DIRECT)
        c->io->output = nullptr;
    if (!aliased && output_in_place(c))
        return input_alone(c);
    if (!aliased && round_up(c->in_bytes) + c->out_bytes <= inline_room(c)) {
        both_inline(c);
        return STATUS_SUCCESS;
    }
    return both_in_space(c);
}

static ash_status submit(struct control *c, uint32_t code)
{
    ash_status status;
    c->slot = io_prepare(c->file, MJ_DEVICE_CONTROL, 0, &c->request, &status);
    if (c->slot < 0)
        return status;
    c->request->parameter[0] = c->out_bytes;
    c->request->parameter[1] = c->in_bytes;
    c->request->parameter[2] = code;
    c->io->output = c->out_bytes != 0 ? c->out : nullptr;
    c->io->output_bytes = c->out_bytes;
    status = c->method == METHOD_BUFFERED ? buffered(c) : separate(c);
    if (ash_success(status))
        io_submit(c->file, c->slot, c->io);
    else
        ash_requester_release(&c->file->connection->ring, c->slot);
    return status;
}

static ash_status start(struct ash_file *file, uint32_t code, const void *in, size_t in_bytes,
                        void *out, size_t out_bytes, struct ash_io *io)
{
    struct control c = {.file = file,
                        .io = io,
                        .method = code & 3,
                        .in = in,
                        .out = out,
                        .in_bytes = in_bytes,
                        .out_bytes = out_bytes};
    if (in_bytes > LARGEST || out_bytes > LARGEST || (in == nullptr && in_bytes != 0) ||
        (out == nullptr && out_bytes != 0))
        return STATUS_INVALID_PARAMETER;
    return submit(&c, code);
}

ash_status ash_ioctl_begin(struct ash_file *file, uint32_t code, const void *in, size_t in_bytes,
                           void *out, size_t out_bytes, void (*complete)(struct ash_io *io),
                           struct ash_io *io)
{
    *io = (struct ash_io){.user = io->user, .complete = complete};
    ash_mutex_lock(&io_lock);
    ash_status status = start(file, code, in, in_bytes, out, out_bytes, io);
    if (ash_success(status))
        io_ring(file->connection);
    ash_mutex_unlock(&io_lock);
    return status;
}

ash_status ash_ioctl(struct ash_file *file, uint32_t code, const void *in, size_t in_bytes,
                     void *out, size_t out_bytes, size_t *done)
{
    struct ash_io io = {};
    ash_mutex_lock(&io_lock);
    ash_status status = start(file, code, in, in_bytes, out, out_bytes, &io);
    if (ash_success(status))
        status = io_finish(&io);
    ash_mutex_unlock(&io_lock);
    if (done != nullptr)
        *done = io.information;
    return status;
}
