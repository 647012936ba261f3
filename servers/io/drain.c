// SPDX-License-Identifier: MIT
/*
 * The end of a driver's task that was asked for (docs/restart-contract.md, `driver restart`): its
 * kit takes no more requests from files and drivers above, what it has taken may be finished for a
 * while, then the task is killed. It is asked again and again what it still owes.
 *
 * Invariant: while `draining` is set the task is not replaced; io_driver_load clears it.
 */
#include "manager.h"

#define LOOK_MS 2u

static void end(struct io_driver *driver)
{
    driver->drain_look = driver->drain_until = 0;
    if (driver->task != nullptr)
        port_kill(driver->task_id);
}

static void asked(void *context, const struct io_control_answer *answer)
{
    struct io_driver *driver = io_driver_find((ash_word)context);
    if (!driver->draining || driver->drain_until == 0)
        return;
    ash_word now = port_time();
    if (ash_success(answer->status) && answer->information != 0 && now < driver->drain_until)
        driver->drain_look = now + port_milliseconds(LOOK_MS);
    else
        end(driver);
    io_control_alarm();
}

static void ask(struct io_driver *driver)
{
    driver->drain_look = 0;
    io_control_send(driver, &(struct io_control_request){.major = ASH_MJ_DRAIN,
                                                         .done = asked,
                                                         .context = (void *)driver->id});
}

/* ASH_IO_DRAIN_DRIVER */
void io_drain(const struct io_call *call)
{
    const struct ash_io_drain_request *request = call->request;
    struct io_driver *driver = io_driver_find(request->driver);
    if (driver == nullptr || driver->task == nullptr || driver->task_id < ASH_TASK_FIRST) {
        io_fail(call, driver == nullptr ? STATUS_INVALID_PARAMETER : STATUS_INVALID_DEVICE_STATE);
        return;
    }
    bool at_once = request->limit_ms == 0 || driver->state != IO_DRIVER_READY || driver->broken;
    driver->draining = true;
    driver->drain_until = port_time() + port_milliseconds((unsigned)request->limit_ms);
    if (at_once)
        end(driver);
    else
        ask(driver);
    io_control_alarm();
    io_fail(call, STATUS_SUCCESS);
}

ash_word io_drain_next(void)
{
    ash_word first = 0;
    const struct io_driver *driver;
    for (unsigned i = 0; (driver = io_driver_at(i)) != nullptr; i++) {
        ash_word at = driver->drain_look != 0 ? driver->drain_look : driver->drain_until;
        if (driver->draining && at != 0 && (first == 0 || at < first))
            first = at;
    }
    return first;
}

void io_drain_expire(void)
{
    ash_word now = port_time();
    struct io_driver *driver;
    for (unsigned i = 0; (driver = io_driver_at(i)) != nullptr; i++) {
        if (!driver->draining || driver->drain_until == 0)
            continue;
        if (driver->drain_until <= now)
            end(driver);
        else if (driver->drain_look != 0 && driver->drain_look <= now)
            ask(driver);
    }
}
