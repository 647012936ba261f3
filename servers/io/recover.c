// SPDX-License-Identifier: MIT
/*
 * A driver whose task has died and will have another one (docs/restart-contract.md). Its devices,
 * their names, files and the links of those who use them stay; the plug-and-play manager starts the
 * next task, and says when it is ready (RESUME) or that none will come (GIVE_UP).
 *
 *   dies      links to it are parked: what may be done twice stays owed, the rest is answered
 *   starts    a device that it creates takes the place of the one that the dead task had
 *   resumes   what it has not made fails; each open file gets CREATE; then the links are announced,
 *             and what is owed on them is taken first, in its old order; then new opens
 *
 * Invariants. While `kept` is set nothing is sent to the driver for its devices. A device is an
 * orphan until it was made again; until then it keeps its place in its stack, and nobody attaches
 * to it. It is attached again only at the place that it had. A parked link has no answerer.
 */
#include "manager.h"
#include <string.h>

enum {
    MJ_WRITE = 0x04,
    MJ_QUERY_INFORMATION = 0x05,
    MJ_QUERY_VOLUME_INFORMATION = 0x0a,
    MJ_DEVICE_CONTROL = 0x0e,
    CODE_PARAMETER = 2,
    CODE_TYPE_SHIFT = 16,
    CODE_WRITE_ACCESS = 2u << 14,
    TYPE_DISK = 0x07,
    TYPE_MASS_STORAGE = 0x2d,
};

/* ASH_IO_KEEP_DRIVER */
void io_recover_keep(const struct io_call *call)
{
    const struct ash_io_keep_request *request = call->request;
    struct io_driver *driver = io_driver_find(request->driver);
    if (request->codes > ASH_IO_CODES) {
        io_fail(call, STATUS_INVALID_PARAMETER);
        return;
    }
    if (driver != nullptr) {
        driver->keeps = request->keep != 0;
        driver->codes = (unsigned)request->codes;
        memcpy(driver->code, request->code, sizeof(driver->code));
        driver->limit = driver->keeps ? port_milliseconds((unsigned)request->limit_ms) : 0;
        driver->probe = io_probe_time(driver);
        io_deadline_watch();
        io_control_alarm();
    }
    io_fail(call, driver != nullptr ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
}

/* --- Death ------------------------------------------------------------------------------------ */

/* Disk and storage controls that do not ask for write access only look. The driver's INF may name
 * others. */
static bool control_repeats(const struct io_driver *driver, const struct ash_request *request)
{
    ash_word code = request->parameter[CODE_PARAMETER], type = code >> CODE_TYPE_SHIFT & 0xffff;
    for (unsigned i = 0; i < driver->codes; i++)
        if (driver->code[i] == code)
            return true;
    return (type == TYPE_DISK || type == TYPE_MASS_STORAGE) && (code & CODE_WRITE_ACCESS) == 0;
}

enum { FILE_WRITE_DATA = 2, FILE_APPEND_DATA = 4, OFFSET_PARAMETER = 1 };

/* Behind what is there, wherever that is: the second time it would be there twice. */
static bool appends(const struct ash_request *request)
{
    const struct io_file *file = io_file_find(request->file);
    return request->parameter[OFFSET_PARAMETER] == ~(ash_word)0 ||
           (file != nullptr &&
            (file->access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == FILE_APPEND_DATA);
}

bool io_recover_repeats(const struct io_driver *driver, const struct ash_request *request)
{
    switch (request->major) {
    case MJ_WRITE:
        return !appends(request);
    case IO_MJ_READ:
    case IO_MJ_FLUSH_BUFFERS:
    case MJ_QUERY_INFORMATION:
    case MJ_QUERY_VOLUME_INFORMATION:
        return true;
    case MJ_DEVICE_CONTROL:
        return control_repeats(driver, request);
    default:
        return false;
    }
}

/* A driver that was to take no more has not seen what it has not taken. */
static bool stays_owed(const struct io_link *link, unsigned slot, const struct ash_request *request,
                       const struct io_driver *driver)
{
    return io_recover_repeats(driver, request) ||
           (driver->draining && !ash_ledger_taken(&link->ledger, slot));
}

static void park_link(struct io_link *link, const struct io_driver *driver)
{
    struct ash_request request;
    if (!ash_success(port_link_keep(link->id))) {
        io_link_end(link, STATUS_DEVICE_REMOVED);
        return;
    }
    link->parked = true;
    ash_ledger_repair(&link->ledger);
    for (unsigned slot = 0; slot < link->ledger.slots; slot++)
        if (ash_ledger_owed(&link->ledger, slot, &request) &&
            !stays_owed(link, slot, &request, driver))
            ash_ledger_answer(&link->ledger, slot, STATUS_DRIVER_PROCESS_TERMINATED);
    port_signal(link->to_requester);
}

static void park_links(ash_word task, const struct io_driver *driver)
{
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        if (link->answerer != task || link->ended != 0 || link->parked ||
            link->kind == ASH_LINK_CONTROL)
            continue;
        if (io_link_carries_data(link) && link->state != IO_LINK_REMOVING)
            park_link(link, driver);
        else
            io_link_end(link, STATUS_DEVICE_REMOVED);
    }
}

static void orphan_devices(const struct io_driver *driver)
{
    struct io_device *device;
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++) {
        if (device->driver != driver || device->failed || device->deleted)
            continue;
        device->orphan = true;
        device->adopted = false;
    }
}

/* Those that were parked before and have not been resumed yet. */
static void park_again(ash_word before, ash_word task)
{
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next)
        if (link->parked && link->answerer == before)
            link->answerer = task;
}

void io_recover_park(struct io_driver *driver, ash_word task)
{
    park_again(driver->parked_task, task);
    io_state_park(driver, driver->kept);
    driver->kept = true;
    io_remount_stop(driver);
    driver->parked_task = task;
    driver->recreating = 0;
    orphan_devices(driver);
    park_links(task, driver);
    io_control_hold(driver, STATUS_DEVICE_REMOVED);
}

/* --- The next task ---------------------------------------------------------------------------- */

static bool stands_for(const struct io_device *device,
                       const struct ash_io_create_device_request *request)
{
    bool automatic = (request->characteristics & IO_FILE_AUTOGENERATED_DEVICE_NAME) != 0;
    bool was = (device->info.characteristics & IO_FILE_AUTOGENERATED_DEVICE_NAME) != 0;
    return device->info.device_type == request->device_type && automatic == was &&
           device->physical == (request->physical != 0) &&
           (automatic || strncmp(device->name, request->name, sizeof(device->name)) == 0);
}

/* Stacks are made from the bottom up: it is the next one of its stack. A driver may have several.
 */
static bool is_next(const struct io_device *device)
{
    const struct io_device *top = io_device_find(device->stood_on);
    while (top != nullptr && top->above != nullptr && !top->above->orphan)
        top = top->above;
    return device->place == 0 || (top != nullptr && device->place == top->place + 1);
}

struct io_device *io_recover_adopt(const struct io_driver *driver,
                                   const struct ash_io_create_device_request *request)
{
    struct io_device *device = nullptr;
    for (unsigned i = 0; driver->kept && (device = io_device_at(i)) != nullptr; i++) {
        if (device->driver != driver || !device->orphan || device->withheld ||
            !stands_for(device, request) || !is_next(device))
            continue;
        device->orphan = false;
        device->adopted = true;
        if (device->below != nullptr)
            io_stack_detach(device->below);
        device->info.driver = driver->task_id;
        device->info.flags = (uint32_t)request->flags;
        device->info.characteristics = (uint32_t)request->characteristics;
        device->info.stack_size = 1;
        io_wake(&device->driver->resumed, STATUS_SUCCESS);
        return device;
    }
    return nullptr;
}

/* The next task could not start it, and will be asked again: who stands on it does not notice. */
bool io_recover_unmade(struct io_device *device)
{
    if (!device->driver->kept || !device->adopted)
        return false;
    device->orphan = true;
    device->adopted = false;
    if (device->below != nullptr)
        io_stack_detach(device->below);
    return true;
}

/* --- Resumption ------------------------------------------------------------------------------- */

static void fail_orphans(const struct io_driver *driver)
{
    struct io_device *device;
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++) {
        if (device->driver != driver)
            continue;
        device->adopted = false;
        if (!device->orphan)
            continue;
        device->orphan = false;
        device->failed = true;
        for (struct io_link *link = io_link_first(); link != nullptr; link = link->next)
            if (link->parked && link->device == device->id)
                io_link_end(link, STATUS_DEVICE_REMOVED);
    }
}

/* Its answerer is the driver's task from now on. */
static void resume_link(struct io_link *link, const struct io_driver *driver)
{
    ash_status status = port_link_resume(link->id, driver->task_id, &link->memory);
    link->parked = false;
    link->answerer = driver->task_id;
    link->resumed = true;
    if (ash_success(status))
        io_link_announce(link, nullptr, nullptr);
    else
        io_link_end(link, status);
}

static bool was_of(const struct io_link *link, const struct io_driver *driver)
{
    return link->parked && link->answerer == driver->parked_task && link->ended == 0;
}

static void resume_links(struct io_driver *driver)
{
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next)
        if (was_of(link, driver))
            resume_link(link, driver);
    io_control_release(driver);
    io_wake(&driver->resumed, STATUS_SUCCESS);
}

/* A file that the driver does not take again stays; requests of it get the driver's error. */
static void recreated(void *context, const struct io_control_answer *)
{
    struct io_driver *driver = io_driver_find((ash_word)context);
    if (driver->recreating == 0)
        return;
    driver->recreating--;
    if (driver->recreating == 0)
        resume_links(driver);
}

enum { FILE_DIRECTORY_FILE = 1, FILE_NON_DIRECTORY_FILE = 0x40 };

/* A listing that has begun cannot be gone on with, so directories are not opened again. */
static bool comes_again(struct io_file *file, const struct io_device *device)
{
    bool file_system = device->info.device_type == IO_FILE_DEVICE_DISK_FILE_SYSTEM;
    if (!file->open || file->closing || file->moved || device->failed)
        return false;
    if (!file_system || file->path == nullptr)
        return true;
    bool directory = (file->parameter[1] & FILE_DIRECTORY_FILE) != 0;
    file->parameter[1] |= FILE_NON_DIRECTORY_FILE;
    return !directory;
}

void io_recover_hand_over(struct io_driver *driver)
{
    driver->kept = false;
    driver->recreating = 1; /* this function */
    io_deadline_resumed(driver);
    fail_orphans(driver);
    for (struct io_file *file = io_file_first(); file != nullptr; file = file->next) {
        const struct io_device *device = io_device_find(file->device);
        if (device == nullptr || device->driver != driver || !comes_again(file, device))
            continue;
        driver->recreating++;
        io_file_create(file, recreated, nullptr, (void *)driver->id);
    }
    recreated((void *)driver->id, nullptr);
}

/* ASH_IO_RECOVER_DEVICE */
void io_recover_device(const struct io_call *call)
{
    const struct ash_io_recover_device_request *request = call->request;
    const struct io_driver *driver = io_driver_find(request->driver);
    struct io_device *device;
    bool never = request->when == ASH_IO_RECOVER_NEVER;
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++) {
        bool named = device->id == request->device;
        if (device->driver != driver || (!named && device->stood_on != request->device))
            continue;
        device->withheld = request->when != ASH_IO_RECOVER_NOW;
        device->orphan |= never && named && driver->kept;
    }
    io_fail(call, driver != nullptr ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
}

/* ASH_IO_RESUME_DRIVER */
void io_recover_resume(const struct io_call *call)
{
    const struct ash_io_driver_request *request = call->request;
    struct io_driver *driver = io_driver_find(request->driver);
    if (driver == nullptr || !driver->kept || driver->task == nullptr ||
        driver->state != IO_DRIVER_READY) {
        io_fail(call, driver == nullptr ? STATUS_INVALID_PARAMETER : STATUS_INVALID_DEVICE_STATE);
        return;
    }
    io_remount(driver);
    io_fail(call, STATUS_SUCCESS);
}

/* ASH_IO_GIVE_UP_DRIVER */
void io_recover_give_up(const struct io_call *call)
{
    const struct ash_io_driver_request *request = call->request;
    struct io_driver *driver = io_driver_find(request->driver);
    if (driver == nullptr || !driver->kept) {
        io_fail(call, driver == nullptr ? STATUS_INVALID_PARAMETER : STATUS_INVALID_DEVICE_STATE);
        return;
    }
    io_remount_stop(driver);
    driver->kept = false;
    fail_orphans(driver);
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        if (was_of(link, driver))
            io_link_end(link, driver->owed_status);
        link->parked = link->parked && link->answerer != driver->parked_task;
    }
    if (driver->task == nullptr)
        io_death_of_devices(driver, driver->parked_task);
    io_control_release(driver);
    io_wake(&driver->resumed, driver->owed_status);
    io_fail(call, STATUS_SUCCESS);
}
