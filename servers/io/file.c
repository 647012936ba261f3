// SPDX-License-Identifier: MIT
// File objects: from the open's beginning to the end of CLOSE. Invariants: a file counts in its
// device's `files` for its whole life; CLEANUP is sent once, CLOSE once and after it, and both only
// for a file whose CREATE succeeded.
#include "manager.h"
#include <stdlib.h>
#include <string.h>

static struct io_file *files;
static ash_word last_id;

struct io_file *io_file_first(void)
{
    return files;
}

struct io_file *io_file_find(ash_word id)
{
    struct io_file *file = files;
    while (file != nullptr && file->id != id)
        file = file->next;
    return file;
}

struct io_file *io_file_new(ash_word task, struct io_device *device)
{
    struct io_file *file = calloc(1, sizeof(*file));
    if (file == nullptr)
        return nullptr;
    *file = (struct io_file){.next = files, .id = ++last_id, .task = task, .device = device->id};
    device->files++;
    files = file;
    return file;
}

void io_file_free(struct io_file *file)
{
    struct io_file **at = &files;
    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    struct io_device *device = io_device_find(file->device);
    if (device != nullptr)
        io_device_unuse(device);
    free(file->path);
    free(file);
}

ash_status io_file_take(struct io_file *file, const ash_word parameter[3], const char *path)
{
    memcpy(file->parameter, parameter, sizeof(file->parameter));
    file->path = path[0] != '\0' ? strdup(path) : nullptr;
    return path[0] != '\0' && file->path == nullptr ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

#define DISPOSITION_SHIFT 24u
#define OPTIONS_MASK      0xffffffu
#define FILE_OPEN         1u

void io_file_opened(struct io_file *file)
{
    file->parameter[1] = (file->parameter[1] & OPTIONS_MASK) | FILE_OPEN << DISPOSITION_SHIFT;
}

void io_file_create(const struct io_file *file, io_control_done done, io_control_done late,
                    void *context)
{
    const struct io_device *device = io_device_find(file->device);
    const ash_word *p = file->parameter;
    io_control_send(device->driver, &(struct io_control_request){
                                        .major = IO_MJ_CREATE,
                                        .device = device->id,
                                        .file = file->id,
                                        .parameter = {p[0], p[1], p[2], file->link},
                                        .requestor = file->task,
                                        .user = io_driver_of(file->task) == nullptr,
                                        .data = file->path,
                                        .bytes = file->path != nullptr ? strlen(file->path) : 0,
                                        .done = done,
                                        .late = late,
                                        .context = context,
                                    });
}

struct shutting {
    ash_word file;
    bool told; /* the caller was told of a time-out */
    void (*done)(void *, ash_status);
    void *context;
};

bool io_file_uses(const struct io_driver *driver)
{
    for (const struct io_file *file = files; file != nullptr; file = file->next) {
        const struct io_device *device = io_device_find(file->device);
        const struct io_link *link = io_link_find(file->link);
        if (device != nullptr && device->driver == driver &&
            (!file->closing || (link != nullptr && io_ledger_owes_file(link, file->id))))
            return true;
    }
    return false;
}

static void tell(struct shutting *shutting, ash_status status)
{
    if (!shutting->told && shutting->done != nullptr)
        shutting->done(shutting->context, status);
    shutting->told = true;
}

static void too_late(struct shutting *shutting)
{
    const struct io_device *device = io_device_find(io_file_find(shutting->file)->device);
    tell(shutting, STATUS_IO_TIMEOUT);
    if (device->driver->closed != nullptr)
        device->driver->closed(device->driver, STATUS_IO_TIMEOUT);
}

static void send(struct shutting *shutting, uint8_t major, io_control_done done)
{
    const struct io_file *file = io_file_find(shutting->file);
    const struct io_device *device = io_device_find(file->device);
    io_control_send(device->driver, &(struct io_control_request){.major = major,
                                                                 .device = device->id,
                                                                 .file = file->id,
                                                                 .parameter = {0, 0, 0, file->link},
                                                                 .requestor = file->task,
                                                                 .user = true,
                                                                 .done = done,
                                                                 .late = done,
                                                                 .context = shutting});
}

/* CLOSE cannot fail: whatever the driver says, the file is gone. */
static void closed(void *context, const struct io_control_answer *answer)
{
    struct shutting *shutting = context;
    if (answer->status == STATUS_IO_TIMEOUT) {
        too_late(shutting);
        return;
    }
    io_file_free(io_file_find(shutting->file));
    tell(shutting, STATUS_SUCCESS);
    free(shutting);
}

static void cleaned_up(void *context, const struct io_control_answer *answer)
{
    struct shutting *shutting = context;
    if (answer->status == STATUS_IO_TIMEOUT) {
        too_late(shutting);
        return;
    }
    /* The handle is closed; CLOSE comes when nothing refers to the file any more. A driver that
     * still has requests of it may keep them as long as it likes. */
    const struct io_file *file = io_file_find(shutting->file);
    const struct io_link *link = io_link_find(file->link);
    if (link != nullptr && io_ledger_owes_file(link, file->id))
        tell(shutting, STATUS_SUCCESS);
    send(shutting, IO_MJ_CLOSE, closed);
}

void io_file_shut(struct io_file *file, void (*done)(void *, ash_status), void *context)
{
    const struct io_device *device = io_device_find(file->device);
    struct shutting *shutting = malloc(sizeof(*shutting));
    file->closing = true;
    if (shutting == nullptr || device == nullptr || device->failed) {
        free(shutting); /* nobody is left who knows the file */
        io_file_free(file);
        if (done != nullptr)
            done(context, STATUS_SUCCESS);
        return;
    }
    *shutting = (struct shutting){file->id, false, done, context};
    send(shutting, IO_MJ_CLEANUP, cleaned_up);
}

static void close_done(void *context, ash_status status)
{
    port_answer((ash_word)context, status, nullptr, 0, ASH_NULL_CPTR);
}

/* ASH_IO_CLOSE */
void io_file_close(const struct io_call *call)
{
    const struct ash_io_file_request *request = call->request;
    struct io_file *file = io_file_find(request->file);
    if (file == nullptr || file->task != call->task || !file->open || file->closing) {
        io_fail(call, STATUS_INVALID_HANDLE);
        return;
    }
    io_file_shut(file, close_done, (void *)call->token);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

/* The path is that one, or lies below it. */
static bool lies_in(const char *path, const char *directory)
{
    while (*directory != '\0' && upper(*path) == upper(*directory))
        path++, directory++;
    return *directory == '\0' && (*path == '\0' || *path == '\\');
}

/* ASH_IO_INVALIDATE_FILE */
void io_file_moved(const struct io_call *call)
{
    const struct ash_io_file_request *request = call->request;
    struct io_file *file = io_file_find(request->file);
    const struct io_device *device = file != nullptr ? io_device_find(file->device) : nullptr;
    if (device == nullptr || device->info.driver != call->task) {
        io_fail(call, device == nullptr ? STATUS_INVALID_HANDLE : STATUS_ACCESS_DENIED);
        return;
    }
    for (struct io_file *other = files; other != nullptr; other = other->next)
        other->moved |= other->device == file->device && other->path != nullptr &&
                        file->path != nullptr && lies_in(other->path, file->path);
    file->moved = true;
    io_fail(call, STATUS_SUCCESS);
}
