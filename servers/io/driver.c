// SPDX-License-Identifier: MIT
// Driver objects: started through the process manager, known by their task, kept after their end
// so that their state can be asked for. A driver that is loaded again under the same name takes
// the record of the dead one.
#include "manager.h"
#include <stdlib.h>
#include <string.h>

static struct io_driver *drivers;
static ash_word last_id;

struct io_driver *io_driver_find(ash_word id)
{
    struct io_driver *driver = drivers;
    while (driver != nullptr && driver->id != id)
        driver = driver->next;
    return driver;
}

struct io_driver *io_driver_of(ash_word task)
{
    struct io_driver *driver = drivers;
    while (driver != nullptr && (driver->task == nullptr || driver->task_id != task))
        driver = driver->next;
    return driver;
}

struct io_driver *io_driver_at(ash_word index)
{
    struct io_driver *driver = drivers;
    while (driver != nullptr && index-- > 0)
        driver = driver->next;
    return driver;
}

static struct io_driver *by_name(const char *name)
{
    struct io_driver *driver = drivers;
    while (driver != nullptr && strcmp(driver->name, name) != 0)
        driver = driver->next;
    return driver;
}

void io_driver_broke(struct io_driver *driver, const char *rule)
{
    if (driver->broken || driver->task == nullptr)
        return;
    port_log("driver %s is ended: %s\n", driver->name, rule);
    driver->broken = true;
    driver->owed_status = STATUS_UNSUCCESSFUL;
    port_kill(driver->task_id); /* its end is then reported as any other task's */
}

static struct io_driver *new_driver(const char *name, const char *image)
{
    struct io_driver *driver = calloc(1, sizeof(*driver));
    if (driver == nullptr)
        return nullptr;
    strcpy(driver->name, name);
    strcpy(driver->image, image);
    char path[ASH_STRING] = "\\Driver\\";
    strcat(path, name);
    driver->id = ++last_id;
    if (!ash_success(port_insert(ASH_OB_TYPE_DRIVER, driver->id, path, &driver->object)))
        driver->object = 0; /* it can live without a name */
    struct io_driver **end = &drivers;
    while (*end != nullptr)
        end = &(*end)->next;
    *end = driver;
    return driver;
}

static bool strings_end(const struct ash_io_load_driver_request *request)
{
    return memchr(request->name, '\0', sizeof(request->name)) != nullptr &&
           memchr(request->image, '\0', sizeof(request->image)) != nullptr &&
           request->name[0] != '\0' && strpbrk(request->name, "\\/") == nullptr;
}

static ash_status spawn(const struct ash_io_load_driver_request *request, ash_word *task)
{
    struct ash_io_load_driver_request own = *request;
    unsigned pages = io_verify_setting(request->name, "memory=");
    if (pages != 0)
        own.quota_pages = pages;
    return port_spawn(&own, io_verify_options(request->name), task);
}

static ash_status start(struct io_driver *driver, const struct ash_io_load_driver_request *request)
{
    ash_word task_id;
    ash_status status = spawn(request, &task_id);
    driver->state = IO_DRIVER_FAILED;
    driver->status = status;
    if (!ash_success(status))
        return status;
    driver->task = io_task_get(task_id);
    if (driver->task == nullptr) {
        port_kill(task_id);
        return STATUS_NO_MEMORY;
    }
    strcpy(driver->image, request->image);
    driver->task->driver = driver;
    driver->task_id = task_id;
    driver->state = IO_DRIVER_LOADING;
    driver->deadline = port_milliseconds(io_verify_setting(request->name, "deadline="));
    driver->probe = io_probe_time(driver);
    driver->status = STATUS_PENDING;
    driver->broken = driver->unloading = driver->draining = false;
    driver->closed = nullptr;
    driver->owed_status = STATUS_DEVICE_REMOVED;
    return STATUS_SUCCESS;
}

/* ASH_IO_LOAD_DRIVER */
void io_driver_load(const struct io_call *call)
{
    const struct ash_io_load_driver_request *request = call->request;
    if (!strings_end(request)) {
        io_fail(call, STATUS_INVALID_PARAMETER);
        return;
    }
    struct io_driver *driver = by_name(request->name);
    if (driver == nullptr)
        driver = new_driver(request->name, request->image);
    if (driver == nullptr) {
        io_fail(call, STATUS_NO_MEMORY);
        return;
    }
    ash_status status = driver->task != nullptr ? STATUS_SUCCESS : start(driver, request);
    struct ash_io_driver_reply reply = {driver->id, driver->task_id};
    port_answer(call->token, status, &reply, sizeof(reply), ASH_NULL_CPTR);
}

/* The plug-and-play manager answers for the root of the device tree, as a driver would. */
static struct io_driver *adopt_pnp(void)
{
    struct io_driver *driver = new_driver("PnpManager", "servers/pnp");
    if (driver == nullptr)
        return nullptr;
    driver->task = io_task_get(ASH_TASK_PNP);
    driver->task_id = ASH_TASK_PNP;
    driver->state = IO_DRIVER_READY;
    driver->owed_status = STATUS_DEVICE_REMOVED;
    if (driver->task != nullptr)
        driver->task->driver = driver;
    return driver;
}

/* The control link, and where its requests are announced. */
static ash_status connect(struct io_driver *driver, ash_cptr completions)
{
    if (driver->requests == ASH_NULL_CPTR)
        driver->requests = port_notification();
    if (driver->requests == ASH_NULL_CPTR)
        return STATUS_INSUFFICIENT_RESOURCES;
    port_drop(driver->task->completions); /* of an earlier CLIENT */
    driver->task->completions = completions;
    driver->task->requests = driver->requests;
    ash_status status = io_link_new(ASH_LINK_CONTROL, 0, nullptr, driver->task, &driver->control);
    if (!ash_success(status))
        return status;
    driver->control->state = IO_LINK_OPEN;
    io_probe_connect(driver);
    struct ash_link_info own = io_link_info(driver->control, true);
    own.requests = driver->control->memory.io_request; /* this manager's one view of each area */
    own.answers = driver->control->memory.io_answer;
    ash_requester_init(&driver->ring, &own);
    return STATUS_SUCCESS;
}

/* ASH_IO_REGISTER */
void io_driver_register(const struct io_call *call)
{
    struct io_driver *driver = io_driver_of(call->task);
    if (driver == nullptr && call->task == ASH_TASK_PNP)
        driver = adopt_pnp();
    bool brings_own = call->task == ASH_TASK_PNP;
    if (call->cap_count != 1u + brings_own || driver == nullptr || driver->control != nullptr) {
        for (unsigned i = 0; i < call->cap_count; i++)
            port_drop(call->caps[i]);
        io_fail(call, STATUS_INVALID_PARAMETER);
        return;
    }
    if (brings_own)
        driver->requests = call->caps[1];
    ash_status status = connect(driver, call->caps[0]);
    if (!ash_success(status)) {
        io_fail(call, status);
        return;
    }
    struct ash_io_link_reply reply = {io_link_info(driver->control, false)};
    port_answer_registered(call->token, &reply, driver->control->to_requester,
                           brings_own ? ASH_NULL_CPTR : driver->requests);
}

/* ASH_IO_INITIALIZED */
void io_driver_initialized(const struct io_call *call)
{
    const struct ash_io_status_request *request = call->request;
    struct io_driver *driver = io_driver_of(call->task);
    if (driver->control == nullptr || driver->state != IO_DRIVER_LOADING) {
        io_fail(call, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }
    driver->status = (ash_status)(uint32_t)request->status;
    driver->has_add_device = request->has_add_device != 0;
    driver->has_unload = request->has_unload != 0;
    driver->state = ash_success(driver->status) ? IO_DRIVER_READY : IO_DRIVER_FAILED;
    io_event_post(ASH_IO_EVENT_DRIVER_READY, driver, driver->status);
    io_fail(call, STATUS_SUCCESS);
}

static void unloaded(void *context, const struct io_control_answer *answer)
{
    struct io_driver *driver = io_driver_find((ash_word)context);
    if (answer->status == STATUS_IO_TIMEOUT && driver->task != nullptr)
        io_driver_broke(driver, "its DriverUnload does not end");
}

/* Files that are being closed still have their CLEANUP and CLOSE before them: who waits for the end
 * of a task and unloads the driver it used does not find it busy. */
static void unload_when_closed(struct io_driver *driver, ash_status status)
{
    if (status == STATUS_IO_TIMEOUT)
        io_driver_broke(driver, "it is to be unloaded and does not end a CLEANUP or CLOSE");
    if (driver->task == nullptr || driver->broken || io_device_has_files(driver))
        return;
    driver->closed = nullptr;
    io_control_send(driver, &(struct io_control_request){.major = ASH_MJ_UNLOAD,
                                                         .done = unloaded,
                                                         .context = (void *)driver->id});
}

static ash_status may_unload(const struct io_driver *driver)
{
    if (driver == nullptr)
        return STATUS_INVALID_PARAMETER;
    if (driver->task == nullptr || driver->unloading || driver->state != IO_DRIVER_READY)
        return STATUS_DEVICE_NOT_READY;
    if (!driver->has_unload)
        return STATUS_INVALID_DEVICE_REQUEST;
    return io_device_covered(driver) || io_file_uses(driver) ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
}

/* ASH_IO_UNLOAD_DRIVER: the event tells when it is gone. Until then its devices are not opened. */
void io_driver_unload(const struct io_call *call)
{
    const struct ash_io_driver_request *request = call->request;
    struct io_driver *driver = io_driver_find(request->driver);
    ash_status status = may_unload(driver);
    if (!ash_success(status)) {
        io_fail(call, status);
        return;
    }
    driver->unloading = true;
    driver->closed = unload_when_closed;
    unload_when_closed(driver, STATUS_SUCCESS);
    io_fail(call, STATUS_SUCCESS);
}

/* ASH_IO_EXHAUSTED. One that fails what it is asked for want of memory gets no better; one that
 * asked for too much at once may. */
void io_driver_exhausted(const struct io_call *call)
{
    struct io_driver *driver = io_driver_of(call->task);
    ash_word limit = 0, used = port_pages(driver->task_id, &limit);
    io_fail(call, STATUS_SUCCESS);
    if (!driver->keeps || driver->kept || driver->broken || limit - used > limit / 16)
        return;
    driver->broken = true;
    port_condemn_exhausted(driver->task_id, limit);
}
