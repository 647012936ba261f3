// SPDX-License-Identifier: MIT
/*
 * ASH_PNP_UNLOAD: drivers that were loaded by name go by name. The I/O manager says whether anybody
 * uses their devices and lets them run DriverUnload; the caller is answered when the task has ended
 * and the I/O manager has told how.
 * Invariant: an entry of `unloads` with a token stands for a caller that waits.
 */
#include "main.h"
#include "node.h"
#include "port.h"
#include <string.h>

#define UNLOAD_WAITERS 8u

static struct {
    ash_token token; /* 0: free */
    ash_word driver, task;
} unloads[UNLOAD_WAITERS];

static bool serves_nodes(const struct pnp_driver *driver)
{
    for (const struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next) {
        if (node->function == driver || node->bus == driver || pnp_stack_uses(node, driver))
            return true;
    }
    return false;
}

static ash_status may_unload(const struct pnp_driver *driver)
{
    if (driver == nullptr || driver->dead)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (driver->own || serves_nodes(driver))
        return STATUS_INVALID_DEVICE_REQUEST;
    return driver->state == PNP_DRIVER_READY ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY;
}

/* The reply comes later, so the place to keep the caller is taken first. */
ash_status unload_request(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_load_request *request = (const void *)caller->request;
    unsigned place = 0;
    if (caller->task == 0 || pnp_driver_of_task(caller->task) != nullptr)
        return STATUS_ACCESS_DENIED;
    if (memchr(request->name, '\0', sizeof(request->name)) == nullptr)
        return STATUS_INVALID_PARAMETER;
    const struct pnp_driver *driver = pnp_driver_named(request->name);
    ash_status status = may_unload(driver);
    if (!ash_success(status))
        return status;
    while (place < UNLOAD_WAITERS && unloads[place].token != 0)
        place++;
    if (place == UNLOAD_WAITERS)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = port_unload(driver->id);
    if (!ash_success(status))
        return status;
    unloads[place].driver = driver->id;
    unloads[place].task = driver->task;
    unloads[place].token = ash_server_defer(server);
    return unloads[place].token != 0 ? STATUS_PENDING : STATUS_INSUFFICIENT_RESOURCES;
}

void unload_answer(struct ash_server *server)
{
    for (unsigned i = 0; i < UNLOAD_WAITERS; i++) {
        if (unloads[i].token == 0)
            continue;
        const struct pnp_driver *driver = pnp_driver_find(unloads[i].driver);
        bool told = driver != nullptr && driver->left_task == unloads[i].task;
        if (driver != nullptr && (!told || (driver->task == unloads[i].task && !driver->dead)))
            continue;
        ash_server_answer(server, unloads[i].token,
                          told && driver->left_quietly ? STATUS_SUCCESS
                                                       : STATUS_DRIVER_PROCESS_TERMINATED,
                          nullptr, 0, nullptr, 0);
        unloads[i].token = 0;
    }
}
