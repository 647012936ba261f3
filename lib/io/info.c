// SPDX-License-Identifier: MIT
// Information classes, directories, volumes, device control. Data of up to the link's inline size
// travels in the request; more goes through the bounce buffer.
#include "ash/fileinfo.h"
#include "internal.h"
#include <string.h>

enum {
    MJ_QUERY_INFORMATION = 0x05,
    MJ_SET_INFORMATION = 0x06,
    MJ_QUERY_VOLUME_INFORMATION = 0x0a,
    MJ_DIRECTORY_CONTROL = 0x0c,
    MJ_DEVICE_CONTROL = 0x0e,
    MN_QUERY_DIRECTORY = 1,
    SL_RESTART_SCAN = 0x01,
};

/* A request under way, filled step by step. */
struct call {
    struct ash_file *file;
    struct ash_request *request;
    struct ash_io io;
    int slot;
    void *out;    /* the caller's */
    void *bounce; /* null: the answer comes inline */
};

static ash_status begin(struct call *call, struct ash_file *file, uint8_t major, uint8_t minor)
{
    ash_status status = STATUS_SUCCESS;
    *call = (struct call){.file = file, .io = {.file = file}};
    call->slot = io_prepare(file, major, minor, &call->request, &status);
    return status;
}

static void give_up(struct call *call)
{
    ash_requester_release(&call->file->connection->ring, call->slot);
}

static size_t inline_room(const struct call *call)
{
    return call->file->connection->ring.inline_bytes;
}

static void put_inline(struct call *call, const void *data, size_t bytes)
{
    memcpy(ash_requester_inline(&call->file->connection->ring, call->slot), data, bytes);
    call->request->inline_size = (uint32_t)bytes;
}

/* Uses the bounce buffer for `bytes` of data in either direction. */
static ash_status use_bounce(struct call *call, size_t bytes)
{
    struct io_where where;
    if (bytes > IO_BOUNCE_BYTES)
        return STATUS_INVALID_PARAMETER;
    ash_status status = io_bounce(call->file->connection, &call->bounce);
    if (ash_success(status))
        status = io_locate(call->file->connection, call->bounce, bytes, &where);
    if (!ash_success(status))
        return status;
    call->request->grant = where.grant;
    call->request->grant_offset = where.offset;
    call->request->grant_length = (uint32_t)bytes;
    return STATUS_SUCCESS;
}

/* Says where an answer of up to `bytes` goes. */
static ash_status expect(struct call *call, void *out, size_t bytes)
{
    call->out = out;
    call->io.limit = bytes;
    if (bytes > inline_room(call))
        return use_bounce(call, bytes);
    call->io.output = out;
    return STATUS_SUCCESS;
}

static ash_status run(struct call *call, size_t *done)
{
    io_submit(call->file->connection, call->slot, &call->io);
    ash_status status = io_finish(call->file->connection, &call->io);
    if (call->bounce != nullptr && call->out != nullptr)
        memcpy(call->out, call->bounce, call->io.information);
    if (done != nullptr)
        *done = call->io.information;
    return status;
}

static ash_status query(struct ash_file *file, uint8_t major, uint32_t class, void *buffer,
                        size_t bytes, size_t *done)
{
    struct call call;
    ash_status status = begin(&call, file, major, 0);
    if (!ash_success(status))
        return status;
    call.request->parameter[0] = bytes;
    call.request->parameter[1] = class;
    status = expect(&call, buffer, bytes);
    if (ash_success(status))
        return run(&call, done);
    give_up(&call);
    return status;
}

ash_status ash_query_info(struct ash_file *file, uint32_t class, void *buffer, size_t bytes,
                          size_t *done)
{
    return query(file, MJ_QUERY_INFORMATION, class, buffer, bytes, done);
}

ash_status ash_query_volume(struct ash_file *file, uint32_t class, void *buffer, size_t bytes,
                            size_t *done)
{
    return query(file, MJ_QUERY_VOLUME_INFORMATION, class, buffer, bytes, done);
}

ash_status ash_set_info(struct ash_file *file, uint32_t class, const void *buffer, size_t bytes)
{
    struct call call;
    ash_status status = begin(&call, file, MJ_SET_INFORMATION, 0);
    if (!ash_success(status))
        return status;
    call.request->parameter[0] = bytes;
    call.request->parameter[1] = class;
    call.io.limit = bytes;
    if (bytes <= inline_room(&call))
        put_inline(&call, buffer, bytes);
    else if (ash_success(status = use_bounce(&call, bytes)))
        memcpy(call.bounce, buffer, bytes);
    if (ash_success(status))
        return run(&call, nullptr);
    give_up(&call);
    return status;
}

ash_status ash_query_directory(struct ash_file *file, uint32_t class, const char *pattern,
                               bool restart, void *buffer, size_t bytes, size_t *done)
{
    struct call call;
    ash_status status = begin(&call, file, MJ_DIRECTORY_CONTROL, MN_QUERY_DIRECTORY);
    if (!ash_success(status))
        return status;
    call.request->parameter[0] = bytes;
    call.request->parameter[1] = class;
    call.request->flags = restart ? SL_RESTART_SCAN : 0;
    size_t length = pattern != nullptr ? strlen(pattern) : 0;
    status =
        length > inline_room(&call) ? STATUS_OBJECT_NAME_INVALID : expect(&call, buffer, bytes);
    if (!ash_success(status)) {
        give_up(&call);
        return status;
    }
    if (length != 0)
        put_inline(&call, pattern, length);
    return run(&call, done);
}

/* METHOD_BUFFERED and METHOD_NEITHER: both ways inline, or both through one buffer. */
static ash_status buffered(struct call *call, const void *in, size_t in_bytes, void *out,
                           size_t out_bytes)
{
    size_t larger = in_bytes > out_bytes ? in_bytes : out_bytes;
    call->out = out;
    call->io.limit = out_bytes;
    if (larger > inline_room(call)) {
        ash_status status = use_bounce(call, larger);
        if (ash_success(status) && in_bytes != 0)
            memcpy(call->bounce, in, in_bytes);
        return status;
    }
    call->io.output = out;
    if (in_bytes != 0)
        put_inline(call, in, in_bytes);
    return STATUS_SUCCESS;
}

/* METHOD_IN_DIRECT and METHOD_OUT_DIRECT: the input inline, `out` is the buffer, either way. */
static ash_status direct(struct call *call, const void *in, size_t in_bytes, void *out,
                         size_t out_bytes)
{
    if (in_bytes > inline_room(call))
        return STATUS_INVALID_PARAMETER;
    if (in_bytes != 0)
        put_inline(call, in, in_bytes);
    call->out = out;
    call->io.limit = out_bytes;
    ash_status status = out_bytes != 0 ? use_bounce(call, out_bytes) : STATUS_SUCCESS;
    if (ash_success(status) && out_bytes != 0)
        memcpy(call->bounce, out, out_bytes);
    return status;
}

ash_status ash_ioctl(struct ash_file *file, uint32_t code, const void *in, size_t in_bytes,
                     void *out, size_t out_bytes, size_t *done)
{
    struct call call;
    ash_status status = begin(&call, file, MJ_DEVICE_CONTROL, 0);
    if (!ash_success(status))
        return status;
    call.request->parameter[0] = out_bytes;
    call.request->parameter[1] = in_bytes;
    call.request->parameter[2] = code;
    unsigned method = code & 3;
    status = method == 1 || method == 2 ? direct(&call, in, in_bytes, out, out_bytes)
                                        : buffered(&call, in, in_bytes, out, out_bytes);
    if (ash_success(status))
        return run(&call, done);
    give_up(&call);
    return status;
}

ash_status ash_file_delete(struct ash_file *file)
{
    const uint8_t delete_file = 1;
    return ash_set_info(file, ASH_FILE_DISPOSITION_INFORMATION, &delete_file, sizeof(delete_file));
}

ash_status ash_file_resize(struct ash_file *file, uint64_t bytes)
{
    return ash_set_info(file, ASH_FILE_END_OF_FILE_INFORMATION, &bytes, sizeof(bytes));
}

ash_status ash_file_size(struct ash_file *file, uint64_t *bytes)
{
    struct ash_standard_information information = {0};
    size_t done;
    ash_status status = ash_query_info(file, ASH_FILE_STANDARD_INFORMATION, &information,
                                       sizeof(information), &done);
    if (ash_success(status))
        *bytes = (uint64_t)information.size;
    return status;
}
