// SPDX-License-Identifier: MIT
/*
 * Time limits of requests to drivers that are verified with one ("deadline=MILLISECONDS"). A driver
 * that owes an answer for longer, while no driver below owes it one, is ended; so a limit suits
 * drivers whose requests do not wait for the world outside. Looked at twice a limit.
 */
#include "manager.h"

static ash_word next_look; /* 0: none is needed */

static bool has_limit(const struct io_driver *driver)
{
    return driver->task != nullptr && driver->deadline != 0 && !driver->broken;
}

ash_word io_deadline_next(void)
{
    ash_word now = port_time(), shortest = 0;
    const struct io_driver *driver;
    for (unsigned i = 0; (driver = io_driver_at(i)) != nullptr; i++)
        if (has_limit(driver) && (shortest == 0 || driver->deadline < shortest))
            shortest = driver->deadline;
    if (shortest == 0)
        next_look = 0;
    else if (next_look <= now)
        next_look = now + shortest / 2 + 1;
    return next_look;
}

/* The oldest request that the task owes (answers) or is owed (asks). */
static bool oldest(ash_word task, bool answers, struct ash_request *found)
{
    bool any = false;
    for (const struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        struct ash_request owed;
        if ((answers ? link->answerer : link->requester) != task)
            continue;
        for (unsigned slot = 0; slot < link->ledger.slots; slot++) {
            if (!ash_ledger_owed(&link->ledger, slot, &owed) ||
                (any && owed.submitted >= found->submitted))
                continue;
            *found = owed;
            any = true;
        }
    }
    return any;
}

static void look_at(struct io_driver *driver, ash_word now)
{
    struct ash_request owed, below;
    if (!oldest(driver->task_id, true, &owed) || owed.submitted + driver->deadline > now ||
        oldest(driver->task_id, false, &below))
        return;
    driver->broken = true; /* once */
    port_condemn(driver->task_id, &owed, (now - owed.submitted) / port_milliseconds(1));
}

void io_deadline_expire(void)
{
    ash_word now = port_time();
    struct io_driver *driver;
    if (next_look == 0 || next_look > now)
        return;
    for (unsigned i = 0; (driver = io_driver_at(i)) != nullptr; i++)
        if (has_limit(driver))
            look_at(driver, now);
}
