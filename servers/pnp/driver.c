// SPDX-License-Identifier: MIT
/* Drivers as the plug-and-play manager knows them: by the name of their service. See node.h. */
#include "filesystem.h"
#include "node.h"
#include "port.h"
#include <stdlib.h>
#include <string.h>

#define LOAD_DEADLINE_MS 40000u

static struct pnp_driver *drivers;

struct pnp_driver *pnp_driver_named(const char *name)
{
    struct pnp_driver *driver = drivers;
    while (driver != nullptr && strcmp(driver->name, name) != 0)
        driver = driver->next;
    return driver;
}

struct pnp_driver *pnp_driver_find(ash_word id)
{
    struct pnp_driver *driver = drivers;
    while (driver != nullptr && driver->id != id)
        driver = driver->next;
    return driver;
}

struct pnp_driver *pnp_driver_next(const struct pnp_driver *driver)
{
    return driver != nullptr ? driver->next : drivers;
}

struct pnp_driver *pnp_driver_of_task(ash_word task)
{
    struct pnp_driver *driver = drivers;
    while (driver != nullptr && driver->task != task)
        driver = driver->next;
    return driver;
}

static struct pnp_driver *new_driver(const char *name)
{
    struct pnp_driver *driver = calloc(1, sizeof(*driver));
    if (driver == nullptr)
        return nullptr;
    strncpy(driver->name, name, sizeof(driver->name) - 1);
    driver->next = drivers;
    drivers = driver;
    return driver;
}

struct pnp_driver *pnp_driver_adopt(const char *name, ash_word id, ash_word task)
{
    struct pnp_driver *driver = new_driver(name);
    if (driver == nullptr)
        return nullptr;
    driver->id = id;
    driver->task = task;
    driver->own = true;
    driver->state = PNP_DRIVER_READY;
    return driver;
}

struct pnp_driver *pnp_driver_get(const char *service, const char *image, ash_status *status)
{
    struct pnp_driver *driver = pnp_driver_named(service);
    if (driver != nullptr && !driver->dead)
        return driver;
    if (driver == nullptr && (driver = new_driver(service)) == nullptr) {
        *status = STATUS_NO_MEMORY;
        return nullptr;
    }
    if (driver->reported) { /* its last task still waits for its devices to be removed */
        *status = STATUS_DEVICE_NOT_READY;
        return nullptr;
    }
    *status = port_load(service, pnp_update_image(driver, image), &driver->id, &driver->task);
    driver->dead = !ash_success(*status);
    driver->state = driver->dead ? PNP_DRIVER_FAILED : PNP_DRIVER_LOADING;
    driver->status = *status;
    driver->deadline = port_now() + port_ticks(LOAD_DEADLINE_MS);
    driver->linked = false;
    driver->left_task = 0;
    if (!ash_success(*status))
        port_log("%s: cannot be loaded (0x%08x)", pnp_update_image(driver, image),
                 (unsigned)*status);
    return ash_success(*status) ? driver : nullptr;
}

struct pnp_driver *pnp_driver_linked(unsigned link)
{
    struct pnp_driver *driver = drivers;
    while (driver != nullptr && (!driver->linked || driver->link != link))
        driver = driver->next;
    return driver;
}

ash_status pnp_driver_link(struct pnp_driver *driver, unsigned *link)
{
    if (driver->ending)
        return STATUS_INSUFFICIENT_RESOURCES; /* of slots: it is tried again */
    if (driver->dead)
        return STATUS_DEVICE_REMOVED;
    if (driver->state != PNP_DRIVER_READY)
        return STATUS_DEVICE_NOT_READY;
    if (!driver->linked) {
        ash_status status = port_link(driver->id, &driver->link);
        if (!ash_success(status))
            return status;
        driver->linked = true;
    }
    *link = driver->link;
    return STATUS_SUCCESS;
}

void pnp_driver_event(const struct ash_io_event_reply *event)
{
    if (event->kind == ASH_IO_EVENT_FILES_CLOSED) {
        pnp_resume();
        return;
    }
    struct pnp_driver *driver = pnp_driver_find(event->driver);
    ash_status status = (ash_status)(uint32_t)event->status;
    if (driver != nullptr && event->kind != ASH_IO_EVENT_DRIVER_READY) {
        driver->left_task = event->task;
        driver->left_quietly = event->kind == ASH_IO_EVENT_DRIVER_UNLOADED;
    }
    if (driver == nullptr || (driver->task != event->task && event->task != 0))
        return;
    if (event->kind == ASH_IO_EVENT_DRIVER_READY) {
        driver->state = ash_success(status) ? PNP_DRIVER_READY : PNP_DRIVER_FAILED;
        driver->status = status;
        if (!ash_success(status))
            port_log("%s: its DriverEntry failed (0x%08x)", driver->name, (unsigned)status);
        pnp_file_system_ready(driver, ash_success(status));
    } else if (driver->state == PNP_DRIVER_LOADING) { /* a later death: see pnp_task_ended */
        driver->state = PNP_DRIVER_FAILED;
        driver->status = ash_success(status) ? STATUS_DRIVER_UNABLE_TO_LOAD : status;
    }
    pnp_resume();
}

ash_word pnp_driver_deadlines(ash_word now)
{
    ash_word next = 0;
    for (struct pnp_driver *driver = drivers; driver != nullptr; driver = driver->next) {
        if (driver->state != PNP_DRIVER_LOADING)
            continue;
        if (driver->deadline <= now) {
            driver->state = PNP_DRIVER_FAILED;
            driver->status = STATUS_IO_TIMEOUT;
            port_log("%s: its DriverEntry does not end", driver->name);
            pnp_file_system_ready(driver, false);
        } else if (next == 0 || driver->deadline < next) {
            next = driver->deadline;
        }
    }
    return next;
}

bool pnp_driver_loading(void)
{
    for (const struct pnp_driver *driver = drivers; driver != nullptr; driver = driver->next)
        if (driver->state == PNP_DRIVER_LOADING)
            return true;
    return false;
}

void pnp_driver_clear(void)
{
    while (drivers != nullptr) {
        struct pnp_driver *driver = drivers;
        drivers = driver->next;
        free(driver);
    }
}

void pnp_driver_unhold(struct pnp_driver *driver)
{
    if (driver->holds > 0)
        driver->holds--;
    if (driver->holds != 0 || !driver->reported)
        return;
    driver->reported = false;
    port_release(driver->task);
    driver->task = 0; /* the number may be another task's one day */
}

static unsigned place_of(const struct pnp_node *node, const struct pnp_driver *driver)
{
    unsigned place = 0;
    while (place < node->stack_count && node->stack[place] != driver)
        place++;
    return place;
}

static bool knows_of_death(const struct pnp_node *node, const struct pnp_driver *driver)
{
    return (node->down >> place_of(node, driver) & 1) != 0;
}

static void stack_died(struct pnp_node *node, struct pnp_driver *driver, ash_status status)
{
    bool stands = node->added || node->start_sent || node->step != PNP_STEP_IDLE;
    if (!node->recovering && node->state != ASH_PNP_FAILED)
        pnp_node_fail(node, status,
                      driver == node->function ? "its driver died" : "its filter driver died");
    if (!stands) {
        node->stack_count = node->down = 0;
        return;
    }
    if (driver == node->function && node->allowed && pnp_uses_dma(node))
        pnp_irp_quiesce(node);
    node->driver_died = true;
    node->down |= 1u << place_of(node, driver);
    node->held |= 1u << place_of(node, driver);
    driver->holds++;
    pnp_remove(node, false);
}

/* Nodes come and go on the way: begin anew until none is left to be told. */
static bool tell_one(struct pnp_driver *driver, ash_status status)
{
    for (struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next) {
        if (node->bus == driver && !node->gone && !pnp_recover_spares(node)) {
            pnp_remove(node, true);
            return true;
        }
        if (pnp_stack_uses(node, driver) && !knows_of_death(node, driver)) {
            stack_died(node, driver, status);
            return true;
        }
    }
    return false;
}

void pnp_task_ended(ash_word task, ash_status status)
{
    struct pnp_driver *driver = pnp_driver_of_task(task);
    if (driver == nullptr) {
        port_release(task);
        return;
    }
    pnp_target_task_gone(task);
    driver->dead = driver->reported = true;
    driver->ending = false;
    driver->state = PNP_DRIVER_FAILED;
    driver->status = status;
    pnp_interrupt_task_gone(task);
    pnp_recover_begin(driver);
    driver->holds++; /* until all nodes have been told */
    while (tell_one(driver, driver->status))
        ;
    if (driver->linked) {
        port_unlink(driver->link);
        pnp_irp_link_ended(driver->link);
    }
    driver->linked = false;
    pnp_driver_unhold(driver);
    pnp_resume(); /* a node that was done at once waits for the task to be released */
}
