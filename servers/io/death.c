// SPDX-License-Identifier: MIT
/*
 * The end of a task, as the process manager tells it. Its threads have stopped for good, so nobody
 * but this manager writes its side of a link any more. Order, and why:
 *   1. its devices are marked failed, so that nothing new is sent there;
 *   2. what it owed is answered and its links ended: clients see a status, never silence;
 *   3. control requests that it had not answered end (opens, closes, mounts: their callers go on);
 *   4. links it was the requester of are removed: their answerers cancel and complete first;
 *   5. its files are cleaned up and closed;
 *   6. watchers are told and the process manager may destroy the task.
 * Of a driver that is kept 1 to 3 do not happen: see recover.c.
 */
#include "manager.h"

static void end_links(ash_word task, ash_status status)
{
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        if (link->answerer == task)
            io_link_end(link, status);
    }
}

/* Removing may free links, so each pass starts over. */
static bool remove_one_link(ash_word task)
{
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        if (link->requester == task && link->state != IO_LINK_REMOVING) {
            io_link_remove(link);
            return true;
        }
    }
    return false;
}

/* Links whose two ends are gone: their LINK_REMOVED will not be answered any more. */
static bool free_one_link(ash_word task)
{
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        if (link->answerer == task && link->state == IO_LINK_REMOVING) {
            io_link_free(link);
            return true;
        }
    }
    return false;
}

static bool shut_one_file(ash_word task)
{
    for (struct io_file *file = io_file_first(); file != nullptr; file = file->next) {
        if (file->task != task || file->closing || file->orphan)
            continue;
        if (file->open)
            io_file_shut(file, nullptr, nullptr);
        else
            file->orphan = true; /* its CREATE is on the way */
        return true;
    }
    return false;
}

void io_death_of_devices(struct io_driver *driver, ash_word task)
{
    io_device_fail_all(driver);
    end_links(task, driver->owed_status);
    io_control_fail(driver, driver->owed_status);
    io_mount_driver_died(driver);
    io_wake(&driver->resumed, driver->owed_status);
}

static void driver_died(struct io_driver *driver, const struct ash_proc_event_reply *event)
{
    struct io_link *control = driver->control;
    bool unloaded = driver->unloading && event->state == ASH_PROC_EXITED;
    bool stays = driver->keeps && !driver->unloading;
    if (!unloaded && !driver->draining) /* who went as asked needs no crash report */
        io_report_owed(event->task, event->state == ASH_PROC_CRASHED);
    driver->task = nullptr;
    driver->control = nullptr;
    driver->state = unloaded ? IO_DRIVER_UNLOADED : IO_DRIVER_FAILED;
    if (!unloaded && ash_success(driver->status))
        driver->status = driver->owed_status;
    if (stays)
        io_recover_park(driver, event->task);
    else
        io_death_of_devices(driver, event->task);
    if (control != nullptr)
        io_link_free(control);
    while (free_one_link(event->task))
        ;
    io_event_post(unloaded ? ASH_IO_EVENT_DRIVER_UNLOADED : ASH_IO_EVENT_DRIVER_DIED, driver,
                  driver->status);
}

void io_death(const struct ash_proc_event_reply *event)
{
    struct io_driver *driver = io_driver_of(event->task);
    if (driver != nullptr)
        driver_died(driver, event);
    while (remove_one_link(event->task))
        ;
    while (shut_one_file(event->task))
        ;
    io_event_forget(event->task);
    struct io_task *task = io_task_find(event->task);
    if (task != nullptr)
        io_task_free(task);
    port_release(event->task);
}
