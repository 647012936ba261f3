// SPDX-License-Identifier: MIT
/*
 * Drivers that are started again because somebody asks for it, perhaps with another image
 * (docs/restart-contract.md: `driver restart`, `driver update`). What happens then is what happens
 * when a driver dies (recover.c), but the I/O manager lets it finish first what it has begun.
 *
 * A new image is on trial until it has lived for TRIAL_MS. Whatever ends it until then -
 * DriverEntry, AddDevice or START that fails, or its death - brings the one before back; none of
 * that counts as a death.
 *
 * Invariant: while `previous` is empty the driver's image is not on trial. `leaving`: its task is
 * to end, and it has not been told yet that it has.
 */
#include "node.h"
#include "port.h"
#include <stdio.h>
#include <string.h>

#define TRIAL_MS  10000u
#define SETTLE_MS 500u /* an update that has lived that long is reported */
#define DRAIN_MAX 60000u

static bool on_trial(const struct pnp_driver *driver)
{
    return driver->previous[0] != '\0' &&
           (driver->started_at == 0 || port_now() - driver->started_at < port_ticks(TRIAL_MS));
}

static bool roll_back(struct pnp_driver *driver, const char *why)
{
    if (!on_trial(driver)) { /* it has passed */
        driver->previous[0] = '\0';
        return false;
    }
    port_log("%s: %s %s; %s comes back", driver->name, driver->image, why, driver->previous);
    strcpy(driver->image, driver->previous);
    driver->previous[0] = '\0';
    driver->rolled_back = true;
    driver->restart_at = 0;
    return true;
}

bool pnp_update_failed(struct pnp_node *node)
{
    struct pnp_driver *driver = nullptr;
    for (unsigned i = 0; i < node->stack_count && driver == nullptr; i++)
        if (pnp_recover_awaits(node, node->stack[i]) && roll_back(node->stack[i], "does not start"))
            driver = node->stack[i];
    if (driver == nullptr)
        return false;
    node->orderly = true;
    driver->leaving = !driver->dead;
    if (driver->leaving)
        port_drain(driver->id, 0);
    return true;
}

bool pnp_update_died(struct pnp_driver *driver)
{
    driver->asked = driver->leaving;
    driver->leaving = false;
    return driver->asked || roll_back(driver, "died soon");
}

const char *pnp_update_image(const struct pnp_driver *driver, const char *image)
{
    return driver->image[0] != '\0' ? driver->image : image;
}

static const char *image_now(const struct pnp_driver *driver)
{
    for (const struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next)
        if (node->function == driver)
            return pnp_update_image(driver, node->match.image);
    return driver->image;
}

ash_status pnp_update_allowed(const struct pnp_driver *driver)
{
    if (driver == nullptr || driver->dead)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (!driver->keeps || driver->own)
        return STATUS_INVALID_DEVICE_REQUEST;
    bool ready = driver->state == PNP_DRIVER_READY && driver->recovering == 0 && !driver->leaving;
    return ready ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY;
}

void pnp_update_begin(struct pnp_driver *driver, const char *image, ash_word drain_ms)
{
    driver->leaving = true;
    driver->rolled_back = driver->given_up = false;
    driver->previous[0] = '\0';
    if (image[0] != '\0') {
        char now[PNP_IMAGE_PATH];
        snprintf(now, sizeof(now), "%s", image_now(driver));
        snprintf(driver->image, sizeof(driver->image), "%s", image);
        strcpy(driver->previous, now);
    }
    port_drain(driver->id, drain_ms < DRAIN_MAX ? drain_ms : DRAIN_MAX);
}

static bool settles(const struct pnp_driver *driver)
{
    return driver->previous[0] != '\0' && driver->started_at != 0 &&
           port_now() - driver->started_at < port_ticks(SETTLE_MS);
}

ash_status pnp_update_outcome(const struct pnp_driver *driver)
{
    if (driver->given_up)
        return STATUS_DEVICE_NOT_READY;
    if (driver->leaving || driver->recovering != 0 || settles(driver))
        return STATUS_PENDING;
    if (driver->dead)
        return STATUS_DEVICE_NOT_READY;
    return driver->rolled_back ? STATUS_DRIVER_UNABLE_TO_LOAD : STATUS_SUCCESS;
}

ash_word pnp_update_deadline(void)
{
    ash_word next = 0;
    for (const struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next) {
        const struct pnp_driver *driver = node->function;
        if (driver == nullptr || !settles(driver))
            continue;
        ash_word at = driver->started_at + port_ticks(SETTLE_MS);
        next = next == 0 || at < next ? at : next;
    }
    return next;
}
