// SPDX-License-Identifier: MIT
// Opening: path -> device -> (mount) -> top of the stack -> link -> CREATE. One struct opening goes
// through the steps; between them it holds ids only. The file object exists from the moment the
// device is known, so the death of client or driver finds it.
#include "manager.h"
#include <stdlib.h>
#include <string.h>

struct opening {
    ash_word token, client;
    ash_word file;                      /* 0 until the device is known */
    struct ash_io_open_request request; /* path: what is left of it */
    ash_word device, on;                /* the one that was named; the one that is opened */
    bool late;
};

static bool is_drive(const char *path)
{
    char letter = (char)(path[0] & ~0x20);
    return letter >= 'A' && letter <= 'Z' && path[1] == ':';
}

bool io_path(const char *path, char full[ASH_STRING])
{
    static const char dos[] = "\\DosDevices\\";
    size_t length = strlen(path);
    size_t head = is_drive(path) ? sizeof(dos) - 1 : 0;
    if (length + head >= ASH_STRING || (head == 0 && path[0] != '\\' && path[0] != '/'))
        return false;
    memcpy(full, dos, head);
    for (size_t i = 0; i < length; i++)
        full[head + i] = path[i] == '/' ? '\\' : path[i];
    full[head + length] = '\0';
    return true;
}

/* Ends the opening with an error. */
static void fail(struct opening *opening, ash_status status)
{
    struct io_file *file = io_file_find(opening->file);
    if (file != nullptr)
        io_file_free(file);
    if (!opening->late)
        port_answer(opening->token, status, nullptr, 0, ASH_NULL_CPTR);
    free(opening);
}

static void succeed(struct opening *opening, struct io_file *file, ash_word information)
{
    struct io_link *link = io_link_find(file->link);
    const struct io_device *device = io_device_find(file->device);
    if (link == nullptr || device == nullptr) {
        fail(opening, STATUS_NO_SUCH_DEVICE);
        return;
    }
    file->open = true;
    io_file_opened(file);
    struct ash_io_open_reply reply = {.file = file->id,
                                      .information = information,
                                      .new_link = !link->told,
                                      .link = io_link_info(link, true),
                                      .device = device->info};
    port_answer(opening->token, STATUS_SUCCESS, &reply, sizeof(reply),
                link->told ? ASH_NULL_CPTR : link->to_answerer);
    link->told = true; /* an open that failed told nothing, though it may have made the link */
    free(opening);
}

static void created(void *context, const struct io_control_answer *answer)
{
    struct opening *opening = context;
    struct io_file *file = io_file_find(opening->file);
    bool abandoned = opening->late || (file != nullptr && file->orphan);
    if (answer->status == STATUS_IO_TIMEOUT && !opening->late) {
        opening->late = true; /* comes back when the driver answers after all */
        port_answer(opening->token, STATUS_IO_TIMEOUT, nullptr, 0, ASH_NULL_CPTR);
    } else if (file == nullptr || !ash_success(answer->status)) {
        fail(opening, ash_success(answer->status) ? STATUS_NO_SUCH_DEVICE : answer->status);
    } else if (abandoned) {
        file->open = true;
        io_file_shut(file, nullptr, nullptr);
        if (!opening->late)
            port_answer(opening->token, STATUS_CANCELLED, nullptr, 0, ASH_NULL_CPTR);
        free(opening);
    } else {
        succeed(opening, file, answer->information);
    }
}

static void create(struct opening *opening, struct io_file *file)
{
    const struct ash_io_open_request *r = &opening->request;
    const ash_word parameter[3] = {(r->access & 0xffffffff) | r->share << 32,
                                   (r->options & 0xffffff) | (r->disposition & 0xff) << 24,
                                   r->attributes};
    ash_status status = io_file_take(file, parameter, r->path);
    if (ash_success(status))
        io_file_create(file, created, created, opening);
    else
        fail(opening, status);
}

static void linked(void *context, ash_status status)
{
    struct opening *opening = context;
    struct io_file *file = io_file_find(opening->file);
    const struct io_device *device = file != nullptr ? io_device_find(file->device) : nullptr;
    if (!ash_success(status))
        fail(opening, status);
    else if (device == nullptr || device->failed || file->orphan)
        fail(opening, STATUS_NO_SUCH_DEVICE);
    else
        create(opening, file);
}

/* One FILE link serves all files that an application opened with the same driver; a driver has an
 * OPEN link for each device. */
static void link_up(struct opening *opening, struct io_file *file, struct io_device *device)
{
    struct io_task *task = io_task_find(file->task);
    struct io_task *driver = device->driver->task;
    bool by_driver = io_driver_of(task->id) != nullptr;
    ash_word kind = by_driver ? ASH_LINK_OPEN : ASH_LINK_FILE, on = by_driver ? device->id : 0;
    struct io_link *link = io_link_between(kind, task->id, driver->id, on);
    ash_status status = STATUS_SUCCESS;
    bool is_new = link == nullptr;
    if (is_new)
        status = io_link_new(kind, on, task, driver, &link);
    if (!ash_success(status)) {
        fail(opening, status);
        return;
    }
    file->link = link->id;
    if (is_new)
        io_link_announce(link, linked, opening);
    else if (link->state != IO_LINK_ADDING)
        linked(opening, STATUS_SUCCESS);
    else if (!io_wait(&link->waiters, linked, opening))
        fail(opening, STATUS_NO_MEMORY);
}

/* `named` or the file system on it: the top of that stack gets the CREATE, unless the device itself
 * was asked for. */
static void open_on(struct opening *opening, struct io_device *named);

/* The next task of the driver has come, or will not. */
static void open_again(void *context, ash_status)
{
    struct opening *opening = context;
    struct io_device *device = io_device_find(opening->on);
    if (device == nullptr)
        fail(opening, STATUS_NO_SUCH_DEVICE);
    else
        open_on(opening, device);
}

static bool waits_for_driver(struct opening *opening, const struct io_device *named,
                             struct io_driver *driver)
{
    opening->on = named->id;
    return driver->kept && io_wait(&driver->resumed, open_again, opening);
}

static void open_on(struct opening *opening, struct io_device *named)
{
    bool itself = (opening->request.options & ASH_IO_OPEN_UNATTACHED) != 0;
    struct io_device *device = itself ? named : io_stack_top(named);
    const struct io_task *task = device->driver->task;
    if (waits_for_driver(opening, named, device->driver))
        return;
    if (device->failed || device->deleted || device->driver->unloading || task == nullptr) {
        fail(opening, STATUS_NO_SUCH_DEVICE);
        return;
    }
    if (named->exclusive && device->files != 0) {
        fail(opening, STATUS_ACCESS_DENIED);
        return;
    }
    if (task->requests == ASH_NULL_CPTR) {
        fail(opening, STATUS_DEVICE_NOT_READY);
        return;
    }
    const struct io_task *client = io_task_find(opening->client);
    if (client == nullptr) {
        fail(opening, STATUS_CANCELLED);
        return;
    }
    struct io_file *file = io_file_new(client->id, device);
    if (file == nullptr) {
        fail(opening, STATUS_NO_MEMORY);
        return;
    }
    file->access = opening->request.access;
    opening->file = file->id;
    link_up(opening, file, device);
}

static void mounted(void *context, ash_status status)
{
    struct opening *opening = context;
    const struct io_device *named = io_device_find(opening->device);
    if (named == nullptr || named->volume == nullptr)
        status = STATUS_NO_SUCH_DEVICE;
    struct io_device *device =
        ash_success(status) ? io_device_find(named->volume->mounted) : nullptr;
    if (device == nullptr)
        fail(opening, ash_success(status) ? STATUS_NO_SUCH_DEVICE : status);
    else
        open_on(opening, device);
}

static ash_status resolve(const char *path, struct ash_ob_lookup_reply *target)
{
    char full[ASH_STRING];
    if (memchr(path, '\0', ASH_STRING) == nullptr || !io_path(path, full))
        return STATUS_OBJECT_NAME_INVALID;
    ash_status status = port_lookup(full, target);
    if (ash_success(status) && (target->type != ASH_OB_TYPE_DEVICE || target->owner != ASH_TASK_IO))
        return STATUS_OBJECT_TYPE_MISMATCH;
    return status;
}

/* STATUS_INVALID_PARAMETER: a device without its stack has no files inside. */
static ash_status check_options(const struct ash_io_open_request *request,
                                const struct ash_ob_lookup_reply *target)
{
    bool itself = (request->options & ASH_IO_OPEN_UNATTACHED) != 0;
    return itself && target->rest[0] != '\0' ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* ASH_IO_OPEN */
void io_open(const struct io_call *call)
{
    const struct ash_io_open_request *request = call->request;
    struct ash_ob_lookup_reply target;
    const struct io_task *client = io_task_find(call->task);
    if (client == nullptr || client->completions == ASH_NULL_CPTR) {
        io_fail(call, STATUS_DEVICE_NOT_READY); /* ASH_IO_CLIENT comes first */
        return;
    }
    ash_status status = resolve(request->path, &target);
    if (ash_success(status))
        status = check_options(request, &target);
    struct io_device *device = ash_success(status) ? io_device_find(target.cookie) : nullptr;
    struct opening *opening = device != nullptr ? malloc(sizeof(*opening)) : nullptr;
    if (opening == nullptr) {
        io_fail(call, !ash_success(status) ? status
                      : device == nullptr  ? STATUS_NO_SUCH_DEVICE
                                           : STATUS_NO_MEMORY);
        return;
    }
    *opening = (struct opening){
        .token = call->token, .client = call->task, .request = *request, .device = device->id};
    memcpy(opening->request.path, target.rest, sizeof(target.rest));
    for (char *c = opening->request.path; *c != '\0'; c++)
        *c = *c == '/' ? '\\' : *c;
    if (target.rest[0] != '\0' && device->volume != nullptr && !device->failed)
        io_mount(device->volume, mounted, opening);
    else
        open_on(opening, device);
}
