// SPDX-License-Identifier: MIT
// Looking: what the shell's commands and the plug-and-play manager ask without changing anything.
#include "manager.h"
#include <string.h>

/* ASH_IO_DEVICES */
void io_query_devices(const struct io_call *call)
{
    const struct ash_io_index_request *request = call->request;
    const struct io_device *device = io_device_at(request->index);
    if (device == nullptr) {
        io_fail(call, STATUS_NO_MORE_ENTRIES);
        return;
    }
    struct ash_io_device_state_reply reply = {
        .info = device->info,
        .attached_above = device->above != nullptr ? device->above->id : 0,
        .attached_below = device->below != nullptr ? device->below->id : 0,
        .physical = device->physical,
        .failed = device->failed,
        .files = device->files,
    };
    port_answer(call->token, STATUS_SUCCESS, &reply, sizeof(reply), ASH_NULL_CPTR);
}

static ash_word count_devices(const struct io_driver *driver)
{
    ash_word count = 0;
    const struct io_device *device;
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++)
        count += device->driver == driver && !device->deleted;
    return count;
}

/* ASH_IO_DRIVERS */
void io_query_drivers(const struct io_call *call)
{
    const struct ash_io_index_request *request = call->request;
    const struct io_driver *driver = io_driver_at(request->index);
    if (driver == nullptr) {
        io_fail(call, STATUS_NO_MORE_ENTRIES);
        return;
    }
    struct ash_io_driver_state_reply reply = {.driver = driver->id,
                                              .task = driver->task_id,
                                              .state = driver->state,
                                              .devices = count_devices(driver),
                                              .status = (uint32_t)driver->status};
    strcpy(reply.name, driver->name);
    strcpy(reply.image, driver->image);
    port_answer(call->token, STATUS_SUCCESS, &reply, sizeof(reply), ASH_NULL_CPTR);
}

/* ASH_IO_STACK */
void io_query_stack(const struct io_call *call)
{
    const struct ash_io_device_request *request = call->request;
    struct io_device *device = io_device_find(request->device);
    if (device == nullptr) {
        io_fail(call, STATUS_NO_SUCH_DEVICE);
        return;
    }
    struct ash_io_stack_reply reply;
    io_stack_list(device, &reply);
    port_answer(call->token, STATUS_SUCCESS, &reply, sizeof(reply), ASH_NULL_CPTR);
}
