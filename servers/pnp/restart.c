// SPDX-License-Identifier: MIT
/*
 * ASH_PNP_RESTART: the caller is answered when it is known what became of it (update.c).
 * Invariant: an entry of `restarts` with a token stands for a caller that waits.
 */
#include "main.h"
#include "node.h"
#include "port.h"
#include <string.h>

#define WAITERS 8u

static struct {
    ash_token token; /* 0: free */
    ash_word driver;
} restarts[WAITERS];

static bool strings_end(const struct ash_pnp_restart_request *request)
{
    return memchr(request->name, '\0', sizeof(request->name)) != nullptr &&
           memchr(request->image, '\0', sizeof(request->image)) != nullptr;
}

/* The reply comes later, so the place to keep the caller is taken first. */
ash_status restart_request(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_restart_request *request = (const void *)caller->request;
    unsigned place = 0;
    if (caller->task == 0 || pnp_driver_of_task(caller->task) != nullptr)
        return STATUS_ACCESS_DENIED;
    if (!strings_end(request))
        return STATUS_INVALID_PARAMETER;
    struct pnp_driver *driver = pnp_driver_named(request->name);
    ash_status status = pnp_update_allowed(driver);
    if (!ash_success(status))
        return status;
    if (request->image[0] != '\0' && !package_holds(request->image))
        return STATUS_OBJECT_PATH_NOT_FOUND;
    while (place < WAITERS && restarts[place].token != 0)
        place++;
    ash_token token = place < WAITERS ? ash_server_defer(server) : 0;
    if (token == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    restarts[place].token = token;
    restarts[place].driver = driver->id;
    pnp_update_begin(driver, request->image, request->drain_ms);
    return STATUS_PENDING;
}

void restart_answer(struct ash_server *server)
{
    for (unsigned i = 0; i < WAITERS; i++) {
        if (restarts[i].token == 0)
            continue;
        const struct pnp_driver *driver = pnp_driver_find(restarts[i].driver);
        ash_status status =
            driver != nullptr ? pnp_update_outcome(driver) : STATUS_DEVICE_NOT_READY;
        if (status == STATUS_PENDING)
            continue;
        const struct ash_pnp_restart_reply reply = {driver != nullptr ? driver->task : 0};
        ash_server_answer(server, restarts[i].token, status, &reply,
                          ash_success(status) ? sizeof(reply) : 0, nullptr, 0);
        restarts[i].token = 0;
    }
}
