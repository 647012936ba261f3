// SPDX-License-Identifier: MIT
// Information classes, directories, volumes. Data of up to the link's inline size
// travels in the request; more goes through the bounce buffer.
#include "ash/fileinfo.h"
#include "internal.h"
#include <string.h>

enum {
    MJ_QUERY_INFORMATION = 0x05,
    MJ_SET_INFORMATION = 0x06,
    MJ_QUERY_VOLUME_INFORMATION = 0x0a,
    MJ_DIRECTORY_CONTROL = 0x0c,
    MN_QUERY_DIRECTORY = 1,
    SL_RESTART_SCAN = 0x01,
};

/* A request under way, filled step by step, under the lock. */
struct call {
    struct ash_file *file;
    struct ash_request *request;
    struct ash_io io;
    int slot;
};

static ash_status begin(struct call *call, struct ash_file *file, uint8_t major, uint8_t minor)
{
    ash_status status = STATUS_SUCCESS;
    call->file = file;
    call->io = (struct ash_io){};
    ash_mutex_lock(&io_lock);
    call->slot = io_prepare(file, major, minor, &call->request, &status);
    if (call->slot < 0)
        ash_mutex_unlock(&io_lock);
    return status;
}

static ash_status give_up(struct call *call, ash_status status)
{
    ash_requester_release(&call->file->connection->ring, call->slot);
    ash_mutex_unlock(&io_lock);
    return status;
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
    ash_status status = io_space_take(call->file->connection, bytes, true, &call->io, &where);
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
    call->io.output = out;
    call->io.limit = call->io.output_bytes = bytes;
    return bytes > inline_room(call) ? use_bounce(call, bytes) : STATUS_SUCCESS;
}

static ash_status run(struct call *call, size_t *done)
{
    io_submit(call->file, call->slot, &call->io);
    ash_status status = io_finish(&call->io);
    ash_mutex_unlock(&io_lock);
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
    return ash_success(status) ? run(&call, done) : give_up(&call, status);
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
        memcpy(call.io.space, buffer, bytes);
    return ash_success(status) ? run(&call, nullptr) : give_up(&call, status);
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
    if (!ash_success(status))
        return give_up(&call, status);
    if (length != 0)
        put_inline(&call, pattern, length);
    return run(&call, done);
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
