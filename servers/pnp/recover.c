// SPDX-License-Identifier: MIT
/*
 * Drivers that died and are started again (docs/restart-contract.md). The I/O manager keeps their
 * devices and what they owe; the devices that stand on them are not told.
 *
 *   died      function driver: the device's bus turns it off (REMOVE, QUIESCE to the PDO; filters
 *             below it are removed, too), then its memory is free. Filter: nothing else is touched
 *   RECOVER   waits for that, for the back-off, and for the device below
 *   LOAD ..   as for a new device: AddDevice of what is missing, from the lowest up; START to the
 *             function driver, relations. A filter that is replaced where it stands gets a START
 *             that ends at its neighbour, which is started
 *   REVIVE    revive.c: the children's PDOs, and handing over
 *
 * A driver that dies again and again, each time soon after its start, is given up: then its devices
 * fail as those of any dead driver.
 *
 * Invariants, for a node that is `recovering`
 * - `awaits`: those of its stack whose next task has still to be handed what the last one had.
 * - `lost`: those that have to be added and started again; `fresh`: of them those that were added.
 * - One node of a driver at a time is between LOAD and REVIVE: so what its next task creates then
 *   belongs to that node.
 */
#include "node.h"
#include "port.h"
#include <string.h>

#define TRIES       8u  /* more, of a step that failed for what is below ... */
#define AGAIN_MS    20u /* ... so far apart */
#define BACK_OFF_MS 10u /* before the third start; doubled each time */

static unsigned positions(const struct pnp_node *node, const struct pnp_driver *driver)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < node->stack_count; i++)
        bits |= node->stack[i] == driver ? 1u << i : 0;
    return bits;
}

/* The function driver and everything below it. */
static unsigned lower_part(const struct pnp_node *node)
{
    unsigned function = positions(node, node->function);
    return function | (function - 1);
}

bool pnp_recover_awaits(const struct pnp_node *node, const struct pnp_driver *driver)
{
    return node->recovering && (node->awaits & positions(node, driver)) != 0;
}

bool pnp_recover_filters_only(const struct pnp_node *node)
{
    return node->recovering && !pnp_recover_awaits(node, node->function);
}

bool pnp_recover_standing(const struct pnp_node *node)
{
    return pnp_recover_filters_only(node) ||
           (node->recovering && (1u << node->added_count & ~lower_part(node)) != 0);
}

/* A stack of several drivers that has never been started is not begun again: it fails. */
static bool eligible(const struct pnp_node *node, const struct pnp_driver *driver)
{
    if (!pnp_stack_uses(node, driver) || node->match.restart_limit == 0 || node->gone ||
        node->disabled)
        return false;
    if (node->recovering)
        return true;
    bool starts = node->stack_count == 1 && (node->added || node->step == PNP_STEP_ADD);
    return !node->removing && (node->was_started || starts);
}

/* --- Death ------------------------------------------------------------------------------------ */

static unsigned limit_of(const struct pnp_driver *driver)
{
    unsigned limit = driver->restart_limit; /* of a file system */
    for (const struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next)
        if (eligible(node, driver) && node->match.restart_limit > limit)
            limit = node->match.restart_limit;
    return limit;
}

/* The longest of its devices': who has lived that long begins anew. */
static unsigned reset_of(const struct pnp_driver *driver)
{
    unsigned reset = driver->restart_reset;
    for (const struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next)
        if (eligible(node, driver) && node->match.restart_reset > reset)
            reset = node->match.restart_reset;
    return reset;
}

static void count_death(struct pnp_driver *driver)
{
    ash_word now = port_now();
    bool counts = !pnp_update_died(driver);
    if (driver->started_at != 0 && now - driver->started_at >= port_ticks(reset_of(driver)))
        driver->deaths = 0;
    driver->deaths += counts;
    driver->died_at = driver->recovering == 0 ? now : driver->died_at;
    driver->started_at = 0;
    driver->restart_at =
        driver->deaths < 3 ? 0 : now + port_ticks(BACK_OFF_MS << (driver->deaths - 3));
}

static void give_up(struct pnp_driver *driver, unsigned limit)
{
    if (limit != 0)
        port_log("%s died %u times in a row: it is not started again", driver->name,
                 driver->deaths);
    driver->keeps = false;
    driver->given_up = true;
    port_keep_not(driver->id);
    port_give_up(driver->id);
}

/* The function driver's new task cannot be removed through a filter that has died: it ends, too. */
static void end_above(struct pnp_node *node)
{
    struct pnp_driver *function = node->function;
    if (function->dead || function->leaving || (node->lost & positions(node, function)) == 0)
        return;
    if (!pnp_recover_awaits(node, function))
        function->recovering++;
    node->awaits |= positions(node, function);
    node->lost |= lower_part(node);
    function->leaving = true;
    port_drain(function->id, 0);
}

/* With the function driver the filters below it go, and come again. */
static void begin(struct pnp_node *node, struct pnp_driver *driver)
{
    unsigned own = positions(node, driver);
    unsigned gone = driver == node->function ? lower_part(node) : own;
    if ((node->awaits & own) == 0)
        driver->recovering++;
    node->recovering = true;
    node->awaits |= own;
    node->lost |= gone;
    node->fresh &= ~gone;
    node->orderly = true; /* no SURPRISE_REMOVAL to its bus: the device is there */
    if ((own & lower_part(node)) != 0 && driver != node->function)
        end_above(node);
}

void pnp_recover_begin(struct pnp_driver *driver)
{
    if (!driver->keeps)
        return;
    unsigned limit = limit_of(driver);
    count_death(driver);
    if (driver->deaths > limit)
        give_up(driver, limit);
    if (driver->file_system)
        driver->recovering = driver->keeps;
    for (struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next) {
        if (!pnp_stack_uses(node, driver))
            continue;
        if (driver->keeps && eligible(node, driver))
            begin(node, driver);
        else
            pnp_recover_done(node);
    }
}

bool pnp_recover_spares(const struct pnp_node *child)
{
    return child->parent != nullptr && pnp_recover_awaits(child->parent, child->bus);
}

bool pnp_recover_waits(const struct pnp_node *node)
{
    for (unsigned i = 0; node->recovering && i < node->stack_count; i++)
        if ((node->awaits >> i & 1) != 0 && node->stack[i]->leaving)
            return true;
    return pnp_recover_spares(node);
}

/* --- The next task ---------------------------------------------------------------------------- */

static bool in_progress(const struct pnp_node *node)
{
    return node->recovering && node->step > PNP_STEP_RECOVER && node->step <= PNP_STEP_REVIVE;
}

static bool others_first(const struct pnp_node *node)
{
    for (const struct pnp_node *other = pnp_nodes; other != nullptr; other = other->all_next)
        for (unsigned i = 0; other != node && in_progress(other) && i < node->stack_count; i++)
            if ((node->awaits >> i & 1) != 0 && pnp_recover_awaits(other, node->stack[i]))
                return true;
    return false;
}

static bool may_load(const struct pnp_node *node)
{
    for (unsigned i = 0; i < node->stack_count; i++) {
        const struct pnp_driver *driver = node->stack[i];
        if ((node->awaits >> i & 1) != 0 &&
            (driver->reported || driver->leaving || driver->restart_at > port_now()))
            return false;
    }
    return !others_first(node);
}

static const char *image_of(const struct pnp_node *node, const struct pnp_driver *driver)
{
    for (unsigned i = 0; driver != node->function && i < node->match.filter_count; i++)
        if (strcmp(node->match.filters[i].service, driver->name) == 0)
            return node->match.filters[i].image;
    return node->match.image;
}

/* The driver makes the devices of this node now, and those of its others later. */
static void sort_devices(const struct pnp_node *node, const struct pnp_driver *driver)
{
    for (const struct pnp_node *other = pnp_nodes; other != nullptr; other = other->all_next) {
        if (!pnp_recover_awaits(other, driver))
            continue;
        enum ash_io_recover when = other == node ? ASH_IO_RECOVER_NOW : ASH_IO_RECOVER_LATER;
        port_recover_device(driver->id, other->device, when);
        for (const struct pnp_node *child = other->child; child != nullptr; child = child->sibling)
            if (child->bus == driver)
                port_recover_device(driver->id, child->device, when);
    }
}

static ash_status load(struct pnp_node *node)
{
    ash_status status = STATUS_SUCCESS;
    for (unsigned i = 0; i < node->stack_count && ash_success(status); i++) {
        const struct pnp_driver *driver = node->stack[i];
        if ((node->awaits >> i & 1) == 0)
            continue;
        sort_devices(node, driver);
        (void)pnp_driver_get(driver->name, image_of(node, driver), &status);
        node->down &= ~positions(node, driver);
    }
    return status;
}

static unsigned next_lost(const struct pnp_node *node, unsigned from)
{
    while (from < node->stack_count && ((node->lost & ~node->fresh) >> from & 1) == 0)
        from++;
    return from;
}

enum pnp_outcome pnp_recover_begin_step(struct pnp_node *node)
{
    if (!node->recovering && !node->retrying)
        return PNP_NEXT;
    if (node->bus->dead || node->bus->ending ||
        (node->parent != nullptr && node->parent->recovering))
        return PNP_WAIT; /* there is nobody to attach to */
    if (!node->recovering) {
        node->retrying = false;
        return PNP_NEXT;
    }
    if (!may_load(node))
        return PNP_WAIT;
    ash_status status = load(node);
    if (!ash_success(status) && pnp_update_failed(node)) {
        node->step = PNP_STEP_RECOVER - 1;
        return PNP_NEXT;
    }
    if (!ash_success(status)) {
        pnp_node_fail(node, status, "its driver cannot be loaded");
        node->step = PNP_STEP_REMOVE_CHILDREN - 1;
        return PNP_NEXT;
    }
    node->added_count = next_lost(node, 0);
    node->step = PNP_STEP_LOAD - 1;
    return PNP_NEXT;
}

void pnp_recover_removed(struct pnp_node *node)
{
    node->fresh &= ~lower_part(node);
}

bool pnp_recover_added(struct pnp_node *node)
{
    if (!node->recovering)
        return ++node->added_count < node->stack_count;
    node->fresh |= 1u << node->added_count;
    node->added_count = next_lost(node, node->added_count);
    return node->added_count < node->stack_count;
}

/* A new device of a driver that is being started again: what it makes shall not be mistaken. */
bool pnp_recover_busy(const struct pnp_node *node)
{
    for (unsigned i = 0; !node->recovering && i < node->stack_count; i++)
        if (node->stack[i]->recovering != 0)
            return true;
    return false;
}

void pnp_recover_keep(const struct pnp_node *node)
{
    for (unsigned i = 0; !node->raw && i < node->stack_count; i++) {
        struct pnp_driver *driver = node->stack[i];
        if (driver->own || driver->keeps || driver->dead || !eligible(node, driver))
            continue;
        driver->keeps = true;
        driver->started_at = port_now();
        port_keep(driver->id, (ash_word)node->match.io_timeout * 1000, &node->match.replayed);
    }
}

/* --- Whom it concerns ------------------------------------------------------------------------- */

/* Of the entries of the stack, top first: the one that driver has at that place. */
static ash_word device_at(const struct pnp_node *node, unsigned place)
{
    struct ash_io_stack_reply stack;
    ash_word found = 0;
    bool upper = (1u << place & ~lower_part(node)) != 0;
    if (!ash_success(port_stack(node->device, &stack)) || stack.count > ASH_IO_STACK_MAX)
        return 0;
    for (unsigned i = 0; i < stack.count && (found == 0 || !upper); i++) {
        struct ash_device_info info;
        if (ash_success(port_device_info(stack.entry[i].device, &info)) &&
            info.driver == node->stack[place]->task)
            found = stack.entry[i].device;
    }
    return found;
}

static unsigned place_of_function(const struct pnp_node *node)
{
    unsigned place = 0;
    while (place < node->stack_count && node->stack[place] != node->function)
        place++;
    return place;
}

ash_word pnp_recover_top(const struct pnp_node *node)
{
    return device_at(node, place_of_function(node));
}

/* Who gets START next: the function driver, for all below it; or a filter. */
static unsigned to_start(const struct pnp_node *node)
{
    unsigned place = place_of_function(node);
    if ((node->lost >> place & 1) != 0)
        return place;
    for (place = 0; place < node->stack_count && (node->lost >> place & 1) == 0;)
        place++;
    return place;
}

ash_word pnp_recover_to_start(const struct pnp_node *node)
{
    return device_at(node, to_start(node));
}

bool pnp_recover_started(struct pnp_node *node)
{
    unsigned place = to_start(node);
    bool function = place == place_of_function(node);
    node->lost &= ~(function ? lower_part(node) : 1u << place);
    node->fresh &= node->lost;
    return node->lost != 0;
}

/* --- Trying again ----------------------------------------------------------------------------- */

static bool below_died(const struct pnp_node *node, ash_status status)
{
    bool absent = status == STATUS_DEVICE_REMOVED || status == STATUS_NO_SUCH_DEVICE ||
                  status == STATUS_DEVICE_NOT_READY;
    return status == STATUS_DRIVER_PROCESS_TERMINATED || pnp_recover_waits(node) ||
           (absent && node->bus->keeps);
}

static bool try_again(struct pnp_node *node)
{
    if (node->tries == TRIES)
        return false;
    node->tries++;
    node->retry_at = port_now() + port_ticks(AGAIN_MS);
    return true;
}

/* A driver below may have died meanwhile, which is not always known yet. */
bool pnp_recover_again(struct pnp_node *node, ash_status status)
{
    bool alive = node->function != nullptr && !node->function->dead;
    if (!alive || (!node->recovering && !below_died(node, status)) || !try_again(node))
        return false;
    node->orderly = true;
    node->retrying = !node->recovering;
    return true;
}

bool pnp_recover_repeats(struct pnp_node *node, const struct port_answer *answer)
{
    bool asks = node->step == PNP_STEP_FILTER || node->step == PNP_STEP_CAPABILITIES_AGAIN ||
                node->step == PNP_STEP_DEVICE_STATE || node->step == PNP_STEP_RELATIONS;
    return asks && answer->status == STATUS_DRIVER_PROCESS_TERMINATED && try_again(node);
}

bool pnp_recover_pauses(struct pnp_node *node)
{
    if (node->retry_at > port_now())
        return true;
    node->retry_at = 0;
    return false;
}

static ash_word earlier(ash_word a, ash_word b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Of those that wait for time alone: an alarm for the others would be due at once, again and again,
 * and keep from running whom they wait for. */
ash_word pnp_recover_deadline(ash_word now)
{
    ash_word next = 0;
    for (const struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next) {
        if (node->step != PNP_STEP_IDLE && node->irp == 0)
            next = earlier(next, node->retry_at);
        for (unsigned i = 0; i < node->stack_count; i++)
            if ((node->awaits >> i & 1) != 0 && node->step == PNP_STEP_RECOVER)
                next = earlier(next,
                               node->stack[i]->restart_at > now ? node->stack[i]->restart_at : 0);
    }
    return next;
}
