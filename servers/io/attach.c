// SPDX-License-Identifier: MIT
// Requests that end with a link between the caller and the driver of a device: attaching, opening a
// link to a device to be mounted, the links of the plug-and-play and power managers.
#include "manager.h"
#include <stdlib.h>

/* A link of `kind` for the caller, new or shared; link null for a device of its own task. */
static ash_status join(ash_word kind, ash_word device, struct io_task *caller,
                       struct io_task *answerer, struct io_link **link)
{
    *link = nullptr;
    if (answerer == nullptr)
        return STATUS_NO_SUCH_DEVICE;
    if (answerer == caller)
        return STATUS_SUCCESS;
    if (caller->completions == ASH_NULL_CPTR)
        return STATUS_DEVICE_NOT_READY; /* REGISTER or CLIENT comes first */
    *link = io_link_between(kind, caller->id, answerer->id, device);
    if (*link != nullptr) {
        (*link)->users++;
        return STATUS_SUCCESS;
    }
    ash_status status = io_link_new(kind, device, caller, answerer, link);
    if (ash_success(status))
        io_link_announce(*link, nullptr, nullptr);
    return status;
}

static void answer(ash_word token, const struct io_device *lower, const struct io_link *link)
{
    struct ash_io_attach_reply reply = {0};
    if (lower != nullptr)
        reply.lower = lower->info;
    if (link != nullptr)
        reply.link = io_link_info(link, true);
    port_answer(token, STATUS_SUCCESS, &reply, sizeof(reply),
                link != nullptr ? link->to_answerer : ASH_NULL_CPTR);
}

/* Is the caller just adding a device to this stack, as pnp asked it to? */
static bool is_adding(ash_word caller, struct io_device *device)
{
    const struct io_link *link = io_link_between(ASH_LINK_PNP, ASH_TASK_PNP, caller, 0);
    return link != nullptr &&
           io_ledger_owes(link, ASH_MJ_ADD_DEVICE, 0, io_stack_bottom(device)->id);
}

static bool is_in_stack(ash_word caller, struct io_device *device)
{
    for (device = io_stack_top(device); device != nullptr; device = device->below) {
        if (device->info.driver == caller)
            return true;
    }
    return false;
}

/* Is the caller just asked to mount a volume in this stack, or has it mounted it? */
static bool is_mounting(const struct io_driver *driver, struct io_device *device)
{
    for (device = io_stack_bottom(device); device != nullptr; device = device->above) {
        const struct io_device *mounted =
            device->volume != nullptr ? io_device_find(device->volume->mounted) : nullptr;
        if (mounted != nullptr && mounted->driver == driver)
            return true;
        if (device->volume == nullptr || !device->volume->mounting)
            continue;
        const struct io_device *asked = io_device_find(device->volume->file_system);
        if (asked != nullptr && asked->driver == driver)
            return true;
    }
    return false;
}

/* ASH_IO_ATTACH */
void io_attach(const struct io_call *call)
{
    const struct ash_io_attach_request *request = call->request;
    struct io_device *source = io_device_find(request->source);
    struct io_device *target = io_device_find(request->target);
    if (source == nullptr || target == nullptr) {
        io_fail(call, STATUS_NO_SUCH_DEVICE);
        return;
    }
    if (source->info.driver != call->task ||
        (!is_adding(call->task, target) && !is_in_stack(call->task, target))) {
        io_fail(call, STATUS_ACCESS_DENIED);
        return;
    }
    ash_status status = io_stack_attach(source, target);
    if (!ash_success(status)) {
        io_fail(call, status);
        return;
    }
    struct io_device *lower = source->below; /* devices of dead drivers have left the stack */
    struct io_link *link;
    status = join(ASH_LINK_DEVICE, lower->id, source->driver->task, lower->driver->task, &link);
    if (!ash_success(status)) {
        io_stack_detach(lower);
        io_fail(call, status);
        return;
    }
    answer(call->token, lower, link);
}

/* ASH_IO_DETACH */
void io_detach(const struct io_call *call)
{
    const struct ash_io_device_request *request = call->request;
    struct io_device *lower = io_device_find(request->device);
    if (lower == nullptr || lower->above == nullptr || lower->above->info.driver != call->task) {
        io_fail(call, lower == nullptr          ? STATUS_NO_SUCH_DEVICE
                      : lower->above == nullptr ? STATUS_INVALID_PARAMETER
                                                : STATUS_ACCESS_DENIED);
        return;
    }
    lower->above->place = 0;
    io_stack_detach(lower);
    struct io_link *link =
        io_link_between(ASH_LINK_DEVICE, call->task, lower->info.driver, lower->id);
    if (link != nullptr && --link->users == 0)
        io_link_remove(link);
    io_fail(call, STATUS_SUCCESS);
}

struct opening_link {
    ash_word token, task, device;
};

static void open_link(const struct opening_link *opening);

static void open_again(void *context, ash_status)
{
    open_link(context);
    free(context);
}

/* Whose driver is being started again. A volume is mounted meanwhile, no sooner and no later. */
static bool waits(const struct opening_link *opening, struct io_device *device)
{
    struct opening_link *copy = device->orphan ? malloc(sizeof(*copy)) : nullptr;
    if (copy == nullptr)
        return false;
    *copy = *opening;
    if (io_wait(&device->driver->resumed, open_again, copy))
        return true;
    free(copy);
    return false;
}

static void open_link(const struct opening_link *opening)
{
    struct io_device *device = io_device_find(opening->device);
    const struct io_driver *driver = io_driver_of(opening->task);
    struct io_link *link = nullptr;
    ash_status status = STATUS_NO_SUCH_DEVICE;
    if (device != nullptr && driver != nullptr && waits(opening, device))
        return;
    if (device != nullptr && driver != nullptr && !device->failed && !device->orphan)
        status = join(ASH_LINK_DEVICE, device->id, driver->task, device->driver->task, &link);
    if (ash_success(status))
        answer(opening->token, device, link);
    else
        port_answer(opening->token, status, nullptr, 0, ASH_NULL_CPTR);
}

/* ASH_IO_LINK_OPEN */
void io_attach_open(const struct io_call *call)
{
    const struct ash_io_device_request *request = call->request;
    struct io_device *device = io_device_find(request->device);
    struct io_driver *driver = io_driver_of(call->task);
    if (device == nullptr || device->failed) {
        io_fail(call, STATUS_NO_SUCH_DEVICE);
        return;
    }
    if (!is_mounting(driver, device) && !is_adding(call->task, device) &&
        !is_in_stack(call->task, device)) {
        io_fail(call, STATUS_ACCESS_DENIED);
        return;
    }
    open_link(&(struct opening_link){call->token, call->task, device->id});
}

/* ASH_IO_MANAGER_LINK */
void io_attach_manager(const struct io_call *call)
{
    const struct ash_io_manager_link_request *request = call->request;
    struct io_driver *driver = io_driver_find(request->driver);
    struct io_task *caller = io_task_find(call->task);
    if (driver == nullptr || caller == nullptr || driver->control == nullptr) {
        io_fail(call, driver == nullptr   ? STATUS_INVALID_PARAMETER
                      : caller == nullptr ? STATUS_DEVICE_NOT_READY /* ASH_IO_CLIENT comes first */
                                          : STATUS_DEVICE_REMOVED);
        return;
    }
    ash_word kind = call->task == ASH_TASK_PNP ? ASH_LINK_PNP : ASH_LINK_POWER;
    struct io_link *link;
    ash_status status = join(kind, 0, caller, driver->task, &link);
    if (!ash_success(status))
        io_fail(call, status);
    else
        answer(call->token, nullptr, link);
}
