// SPDX-License-Identifier: MIT
/*
 * File system drivers: started at boot, without a device (docs/restart-contract.md, "File
 * systems"). One that dies is started again as function drivers are, with the same limits; the I/O
 * manager has it mount its volumes again.
 *
 * Invariant: `recovering` is 1 from its death until its next task is handed what it had, or there
 * will be none.
 */
#include "filesystem.h"
#include "node.h"
#include "port.h"
#include <string.h>

void pnp_file_system_load(const struct pnp_match *match)
{
    ash_status status;
    struct pnp_driver *driver = pnp_driver_get(match->service, match->image, &status);
    if (driver == nullptr)
        return; /* the log says so */
    driver->file_system = true;
    driver->restart_limit = match->restart_limit;
    driver->restart_reset = match->restart_reset;
    driver->io_timeout = match->io_timeout;
    strncpy(driver->fs_image, match->image, sizeof(driver->fs_image) - 1);
}

static void lose(struct pnp_driver *driver)
{
    driver->recovering = 0;
    driver->keeps = false;
    driver->given_up = true;
    port_give_up(driver->id);
}

void pnp_file_system_ready(struct pnp_driver *driver, bool works)
{
    static const struct inf_codes none;
    if (!driver->file_system || driver->given_up || driver->restart_limit == 0)
        return;
    if (driver->recovering != 0 && works) {
        driver->recovering = 0;
        pnp_revive_hand_over(driver);
    } else if (driver->recovering != 0) {
        port_log("%s is not started again", driver->name);
        lose(driver);
    } else if (works) {
        driver->keeps = true;
        driver->started_at = port_now();
        port_keep(driver->id, (ash_word)driver->io_timeout * 1000, &none);
    }
}

static bool waits(const struct pnp_driver *driver)
{
    return driver->file_system && driver->recovering != 0 && driver->dead && !driver->reported &&
           !driver->leaving;
}

void pnp_file_system_resume(void)
{
    for (struct pnp_driver *driver = pnp_driver_next(nullptr); driver != nullptr;
         driver = pnp_driver_next(driver)) {
        ash_status status;
        if (waits(driver) && driver->restart_at <= port_now() &&
            pnp_driver_get(driver->name, driver->fs_image, &status) == nullptr)
            lose(driver);
    }
}

ash_word pnp_file_system_deadline(ash_word now)
{
    ash_word next = 0;
    for (const struct pnp_driver *driver = pnp_driver_next(nullptr); driver != nullptr;
         driver = pnp_driver_next(driver))
        if (waits(driver) && driver->restart_at > now && (next == 0 || driver->restart_at < next))
            next = driver->restart_at;
    return next;
}
