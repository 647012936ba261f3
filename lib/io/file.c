// SPDX-License-Identifier: MIT
// Opening, closing, reading and writing.
#include "ash/manager.h"
#include "ash/slot.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

enum { MJ_READ = 0x03, MJ_WRITE = 0x04, MJ_FLUSH_BUFFERS = 0x09 };

static ash_status opened(const struct ash_io_open_reply *reply, ash_cptr doorbell,
                         struct ash_file **file)
{
    struct ash_file *new_file = malloc(sizeof(*new_file));
    struct io_connection *connection;
    ash_status status =
        new_file == nullptr ? STATUS_NO_MEMORY : io_connect(reply, doorbell, &connection);
    if (!ash_success(status)) {
        const struct ash_io_file_request close = {reply->file};
        (void)ash_request(ASH_SLOT_IO, ASH_IO_CLOSE, &close, sizeof(close), nullptr, 0);
        free(new_file);
        return status;
    }
    *new_file = (struct ash_file){.connection = connection,
                                  .id = reply->file,
                                  .device = reply->device.device,
                                  .result = (uint32_t)reply->information,
                                  .device_type = reply->device.device_type};
    *file = new_file;
    return STATUS_SUCCESS;
}

/* One open at a time: what a new link's doorbell came with has to be known before the next open of
 * the same driver is answered. */
static struct ash_mutex opening;

static ash_status open_locked(const struct ash_io_open_request *request, struct ash_file **file)
{
    struct ash_io_open_reply reply;
    struct ash_caps caps = {.receive = 1};
    ash_status status = ash_request_caps(ASH_SLOT_IO, ASH_IO_OPEN, request, sizeof(*request),
                                         &reply, sizeof(reply), &caps);
    if (ash_success(status)) {
        ash_mutex_lock(&io_lock);
        status = opened(&reply, caps.received == 1 ? caps.slot[0] : ASH_NULL_CPTR, file);
        ash_mutex_unlock(&io_lock);
    }
    if (!ash_success(status) && caps.received == 1)
        ash_slot_delete(caps.slot[0]);
    return status;
}

ash_status ash_open(const char *path, uint32_t access, uint32_t disposition, uint32_t options,
                    struct ash_file **file)
{
    static_assert((unsigned)ASH_FILE_UNATTACHED == ASH_IO_OPEN_UNATTACHED);
    struct ash_io_open_request request = {.access = access | ASH_FILE_SYNCHRONIZE,
                                          .share = 7, /* read, write, delete */
                                          .disposition = disposition,
                                          .options = options & (0xffffff | ASH_IO_OPEN_UNATTACHED)};
    if ((options & ASH_FILE_ASYNCHRONOUS) == 0)
        request.options |= ASH_FILE_SYNCHRONOUS;
    size_t length = strlen(path);
    if (length >= sizeof(request.path))
        return STATUS_OBJECT_NAME_INVALID;
    memcpy(request.path, path, length);
    ash_mutex_lock(&io_lock);
    ash_status status = io_client_init();
    ash_mutex_unlock(&io_lock);
    if (!ash_success(status))
        return status;
    ash_mutex_lock(&opening);
    status = open_locked(&request, file);
    ash_mutex_unlock(&opening);
    return status;
}

/* The file's requests that are out. */
static bool of_file(const struct ash_io *io, const void *file)
{
    return io->file == file;
}

static unsigned take_answered(struct ash_file *file)
{
    ash_mutex_lock(&io_lock);
    while (file->out != 0 && io_take(file->connection))
        ;
    unsigned out = file->out;
    ash_mutex_unlock(&io_lock);
    return out;
}

ash_status ash_close(struct ash_file *file)
{
    const struct ash_io_file_request request = {file->id};
    if (take_answered(file) != 0) {
        ash_mutex_lock(&io_lock);
        io_ring(file->connection); /* nothing stays behind unseen */
        ash_mutex_unlock(&io_lock);
    }
    ash_status status =
        ash_request(ASH_SLOT_IO, ASH_IO_CLOSE, &request, sizeof(request), nullptr, 0);
    if (take_answered(file) != 0)
        (void)ash_io_cancel_if(of_file, file);
    ash_mutex_lock(&io_lock);
    file->closed = true;
    if (file->out == 0)
        free(file); /* else it goes with its last request */
    ash_mutex_unlock(&io_lock);
    return status;
}

uint32_t ash_open_result(const struct ash_file *file)
{
    return file->result;
}

uint32_t ash_device_type(const struct ash_file *file)
{
    return file->device_type;
}

/* Fills and submits; the doorbell is the caller's business. */
static ash_status start_at(struct ash_file *file, uint8_t major, const struct io_where *where,
                           size_t bytes, uint64_t offset, struct ash_io *io)
{
    struct ash_request *request;
    ash_status status;
    int slot = io_prepare(file, major, 0, &request, &status);
    if (slot < 0)
        return status;
    request->parameter[0] = bytes;
    request->parameter[1] = offset;
    request->grant = where->grant;
    request->grant_offset = where->offset;
    request->grant_length = (uint32_t)bytes;
    io->limit = bytes;
    io_submit(file, slot, io);
    return STATUS_SUCCESS;
}

/* Everything but what the caller keeps in it. */
static void clear(struct ash_io *io, void (*complete)(struct ash_io *io))
{
    void *user = io->user;
    __builtin_memset_inline(io, 0, sizeof(*io)); /* a call costs more than the stores */
    io->user = user;
    io->complete = complete;
}

static ash_status start(struct ash_file *file, uint8_t major, const void *data, size_t bytes,
                        uint64_t offset, struct ash_io *io)
{
    struct io_where where;
    clear(io, nullptr);
    ash_mutex_lock(&io_lock);
    ash_status status = io_locate(file->connection, data, bytes, major == MJ_READ, &where);
    if (ash_success(status))
        status = start_at(file, major, &where, bytes, offset, io);
    if (ash_success(status))
        io_ring(file->connection);
    ash_mutex_unlock(&io_lock);
    return status;
}

ash_status ash_read_start(struct ash_file *file, void *buffer, size_t bytes, uint64_t offset,
                          struct ash_io *io)
{
    return start(file, MJ_READ, buffer, bytes, offset, io);
}

ash_status ash_write_start(struct ash_file *file, const void *buffer, size_t bytes, uint64_t offset,
                           struct ash_io *io)
{
    return start(file, MJ_WRITE, buffer, bytes, offset, io);
}

/* One request on memory that is no buffer: through space of its own. */
static ash_status transfer_through(struct ash_file *file, uint8_t major, char *data, size_t bytes,
                                   uint64_t offset, struct ash_io *io)
{
    struct io_where where = {};
    if (bytes > UINT32_MAX / 2)
        return STATUS_INVALID_PARAMETER;
    ash_status status = io_space_take(file->connection, bytes, major == MJ_READ, io, &where);
    if (!ash_success(status))
        return status;
    if (major == MJ_WRITE)
        memcpy(io->space, data, bytes);
    io->output = major == MJ_READ ? data : nullptr;
    io->output_bytes = bytes;
    status = start_at(file, major, &where, bytes, offset, io);
    if (!ash_success(status))
        io_space_give(file->connection, io);
    return status;
}

/* One request on any memory: a buffer as it is. */
static ash_status transfer_at(struct ash_file *file, uint8_t major, char *data, size_t bytes,
                              uint64_t offset, struct ash_io *io)
{
    struct io_where where = {};
    if (bytes == 0 ||
        ash_success(io_locate(file->connection, data, bytes, major == MJ_READ, &where)))
        return start_at(file, major, &where, bytes, offset, io);
    return transfer_through(file, major, data, bytes, offset, io);
}

static ash_status begin(struct ash_file *file, uint8_t major, void *data, size_t bytes,
                        uint64_t offset, void (*complete)(struct ash_io *io), struct ash_io *io)
{
    clear(io, complete);
    ash_mutex_lock(&io_lock);
    ash_status status = transfer_at(file, major, data, bytes, offset, io);
    if (ash_success(status))
        io_ring(file->connection);
    ash_mutex_unlock(&io_lock);
    return status;
}

ash_status ash_read_begin(struct ash_file *file, void *buffer, size_t bytes, uint64_t offset,
                          void (*complete)(struct ash_io *io), struct ash_io *io)
{
    return begin(file, MJ_READ, buffer, bytes, offset, complete, io);
}

ash_status ash_write_begin(struct ash_file *file, const void *buffer, size_t bytes, uint64_t offset,
                           void (*complete)(struct ash_io *io), struct ash_io *io)
{
    return begin(file, MJ_WRITE, (char *)(uintptr_t)buffer, bytes, offset, complete, io);
}

/* Waits for what has been started. */
static ash_status finish(ash_status status, struct ash_io *io, size_t *done)
{
    *done = 0;
    if (!ash_success(status))
        return status;
    status = io_finish(io);
    *done = io->information;
    return status;
}

/* In pieces of the bounce buffer's size, until one is short. */
static ash_status in_pieces(struct ash_file *file, uint8_t major, char *data, size_t bytes,
                            uint64_t offset, size_t *done)
{
    ash_status status = STATUS_SUCCESS;
    *done = 0;
    while (ash_success(status)) {
        size_t left = bytes - *done, now;
        size_t piece = left < IO_BOUNCE_BYTES ? left : IO_BOUNCE_BYTES;
        struct ash_io io = {};
        status = transfer_through(file, major, data + *done, piece, offset + *done, &io);
        status = finish(status, &io, &now);
        *done += now;
        if (now < piece || *done == bytes)
            break;
    }
    return status == STATUS_END_OF_FILE && *done != 0 ? STATUS_SUCCESS : status;
}

static ash_status read_or_write(struct ash_file *file, uint8_t major, char *data, size_t bytes,
                                uint64_t offset, size_t *done)
{
    struct io_where where = {};
    struct ash_io io;
    ash_status status;
    __builtin_memset_inline(&io, 0, sizeof(io));
    ash_mutex_lock(&io_lock);
    if (bytes == 0 ||
        ash_success(io_locate(file->connection, data, bytes, major == MJ_READ, &where)))
        status = finish(start_at(file, major, &where, bytes, offset, &io), &io, done);
    else
        status = in_pieces(file, major, data, bytes, offset, done);
    ash_mutex_unlock(&io_lock);
    return status;
}

ash_status ash_read(struct ash_file *file, void *buffer, size_t bytes, uint64_t offset,
                    size_t *done)
{
    return read_or_write(file, MJ_READ, buffer, bytes, offset, done);
}

ash_status ash_write(struct ash_file *file, const void *buffer, size_t bytes, uint64_t offset,
                     size_t *done)
{
    return read_or_write(file, MJ_WRITE, (char *)(uintptr_t)buffer, bytes, offset, done);
}

ash_status ash_flush(struct ash_file *file)
{
    struct ash_io io = {};
    struct ash_request *request;
    ash_status status;
    ash_mutex_lock(&io_lock);
    int slot = io_prepare(file, MJ_FLUSH_BUFFERS, 0, &request, &status);
    if (slot >= 0) {
        io_submit(file, slot, &io);
        status = io_finish(&io);
    }
    ash_mutex_unlock(&io_lock);
    return status;
}
