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

ash_status ash_open(const char *path, uint32_t access, uint32_t disposition, uint32_t options,
                    struct ash_file **file)
{
    struct ash_io_open_request request = {.access = access | ASH_FILE_SYNCHRONIZE,
                                          .share = 7, /* read, write, delete */
                                          .disposition = disposition,
                                          .options = options | ASH_FILE_SYNCHRONOUS};
    size_t length = strlen(path);
    ash_status status = io_client_init();
    if (!ash_success(status))
        return status;
    if (length >= sizeof(request.path))
        return STATUS_OBJECT_NAME_INVALID;
    memcpy(request.path, path, length);
    struct ash_io_open_reply reply;
    struct ash_caps caps = {.receive = 1};
    status = ash_request_caps(ASH_SLOT_IO, ASH_IO_OPEN, &request, sizeof(request), &reply,
                              sizeof(reply), &caps);
    if (ash_success(status))
        status = opened(&reply, caps.received == 1 ? caps.slot[0] : ASH_NULL_CPTR, file);
    if (!ash_success(status) && caps.received == 1)
        ash_slot_delete(caps.slot[0]);
    return status;
}

ash_status ash_close(struct ash_file *file)
{
    struct io_connection *connection = file->connection;
    for (unsigned slot = 0; slot < ASH_LINK_DATA_SLOTS; slot++) {
        struct ash_io *io = connection->out[slot];
        if (io != nullptr && io->file == file)
            io_finish(connection, io);
    }
    const struct ash_io_file_request request = {file->id};
    free(file);
    return ash_request(ASH_SLOT_IO, ASH_IO_CLOSE, &request, sizeof(request), nullptr, 0);
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
    io->file = file;
    io->limit = bytes;
    io->output = nullptr;
    io_submit(file->connection, slot, io);
    return STATUS_SUCCESS;
}

static ash_status start(struct ash_file *file, uint8_t major, const void *data, size_t bytes,
                        uint64_t offset, struct ash_io *io)
{
    struct io_where where;
    ash_status status = io_locate(file->connection, data, bytes, &where);
    return ash_success(status) ? start_at(file, major, &where, bytes, offset, io) : status;
}

ash_status ash_read_start(struct ash_file *file, void *buffer, size_t bytes, uint64_t offset,
                          struct ash_io *io)
{
    ash_status status = start(file, MJ_READ, buffer, bytes, offset, io);
    if (ash_success(status))
        io_ring(file->connection);
    return status;
}

ash_status ash_write_start(struct ash_file *file, const void *buffer, size_t bytes, uint64_t offset,
                           struct ash_io *io)
{
    ash_status status = start(file, MJ_WRITE, buffer, bytes, offset, io);
    if (ash_success(status))
        io_ring(file->connection);
    return status;
}

/* One request on registered memory. */
static ash_status transfer(struct ash_file *file, uint8_t major, const struct io_where *where,
                           size_t bytes, uint64_t offset, size_t *done)
{
    struct ash_io io;
    *done = 0;
    ash_status status = start_at(file, major, where, bytes, offset, &io);
    if (!ash_success(status))
        return status;
    status = io_finish(file->connection, &io);
    *done = io.information;
    return status;
}

/* In pieces through the bounce buffer, until one is short. */
static ash_status copy_through(struct ash_file *file, uint8_t major, char *data, size_t bytes,
                               uint64_t offset, size_t *done)
{
    void *bounce;
    struct io_where where;
    ash_status status = io_bounce(file->connection, &bounce);
    if (ash_success(status))
        status = io_locate(file->connection, bounce, IO_BOUNCE_BYTES, &where);
    *done = 0;
    while (ash_success(status)) {
        size_t left = bytes - *done, now;
        size_t piece = left < IO_BOUNCE_BYTES ? left : IO_BOUNCE_BYTES;
        if (major == MJ_WRITE)
            memcpy(bounce, data + *done, piece);
        status = transfer(file, major, &where, piece, offset + *done, &now);
        if (major == MJ_READ)
            memcpy(data + *done, bounce, now);
        *done += now;
        if (now < piece || *done == bytes)
            break;
    }
    return status == STATUS_END_OF_FILE && *done != 0 ? STATUS_SUCCESS : status;
}

ash_status ash_read(struct ash_file *file, void *buffer, size_t bytes, uint64_t offset,
                    size_t *done)
{
    struct io_where where;
    if (ash_success(io_locate(file->connection, buffer, bytes, &where))) /* nothing is copied */
        return transfer(file, MJ_READ, &where, bytes, offset, done);
    return copy_through(file, MJ_READ, buffer, bytes, offset, done);
}

ash_status ash_write(struct ash_file *file, const void *buffer, size_t bytes, uint64_t offset,
                     size_t *done)
{
    struct io_where where;
    if (ash_success(io_locate(file->connection, buffer, bytes, &where))) /* nothing is copied */
        return transfer(file, MJ_WRITE, &where, bytes, offset, done);
    return copy_through(file, MJ_WRITE, (char *)(uintptr_t)buffer, bytes, offset, done);
}

ash_status ash_flush(struct ash_file *file)
{
    struct ash_io io = {.file = file, .limit = 0};
    struct ash_request *request;
    ash_status status;
    int slot = io_prepare(file, MJ_FLUSH_BUFFERS, 0, &request, &status);
    if (slot < 0)
        return status;
    io_submit(file->connection, slot, &io);
    return io_finish(file->connection, &io);
}
