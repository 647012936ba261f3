// SPDX-License-Identifier: MIT
/*
 * A driver that died and is started again (docs/restart-contract.md). The I/O manager keeps its
 * devices and what it owes; the devices that stand on it are not told.
 *
 *   died       its devices' bus turns them off (REMOVE, QUIESCE to the PDO), then its memory is
 * free RECOVER    waits for that, and for the back-off MATCH ..   as for a new device: loaded,
 * AddDevice, START, relations. The I/O manager gives the RELATIONS  devices that it creates the
 * identity of the old ones, so the children are the same REVIVE     START to the PDOs of the
 * children that were started: the new task knows of none at last    the I/O manager hands the links
 * over, when all its nodes have come so far
 *
 * A driver that dies again and again, each time soon after its start, is given up: then its devices
 * fail as those of any dead driver. Only a device whose function driver is its only one recovers.
 */
#include "node.h"
#include "port.h"

#define TRIES       3u  /* more, of AddDevice and START of the next task ... */
#define AGAIN_MS    20u /* ... so far apart */
#define BACK_OFF_MS 10u /* before the third start; doubled each time */

static bool eligible(const struct pnp_node *node, const struct pnp_driver *driver)
{
    return (node->recovering == driver || node->function == driver) &&
           node->match.restart_limit != 0 && !node->gone && !node->disabled &&
           (node->recovering == driver || !node->removing) &&
           (node->recovering != nullptr || (node->stack_count == 1 && node->was_started));
}

/* --- Death ------------------------------------------------------------------------------------ */

static unsigned limit_of(const struct pnp_driver *driver)
{
    unsigned limit = 0;
    for (const struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next)
        if (eligible(node, driver) && node->match.restart_limit > limit)
            limit = node->match.restart_limit;
    return limit;
}

/* The longest of its devices'. */
static unsigned reset_of(const struct pnp_driver *driver)
{
    unsigned reset = 0;
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

void pnp_recover_begin(struct pnp_driver *driver)
{
    if (!driver->keeps)
        return;
    unsigned limit = limit_of(driver);
    count_death(driver);
    if (driver->deaths > limit) {
        if (limit != 0)
            port_log("%s died %u times in a row: it is not started again", driver->name,
                     driver->deaths);
        driver->keeps = false;
        driver->given_up = true;
        port_keep(driver->id, false, 0);
        port_give_up(driver->id);
        driver->recovering = 0;
    }
    for (struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next) {
        if (node->function != driver && node->recovering != driver)
            continue;
        bool recovers = driver->keeps && eligible(node, driver);
        if (recovers && node->recovering == nullptr)
            driver->recovering++;
        node->recovering = recovers ? driver : nullptr;
        node->orderly |= recovers; /* no SURPRISE_REMOVAL to its bus: the device is there */
    }
}

bool pnp_recover_spares(const struct pnp_node *child)
{
    const struct pnp_node *parent = child->parent;
    return parent != nullptr && parent->recovering == child->bus;
}

/* --- The next task ---------------------------------------------------------------------------- */

/* For others: its bus, as there is nobody to attach to, or the end of its driver's last task. */
static bool waits_for_others(const struct pnp_node *node)
{
    return node->bus->dead || (node->parent != nullptr && node->parent->recovering != nullptr) ||
           node->recovering->reported || node->recovering->leaving;
}

enum pnp_outcome pnp_recover_begin_step(struct pnp_node *node)
{
    const struct pnp_driver *driver = node->recovering;
    if (driver == nullptr)
        return PNP_NEXT;
    return waits_for_others(node) || driver->restart_at > port_now() ? PNP_WAIT : PNP_NEXT;
}

/* A driver below may have died meanwhile, which is not always known yet. */
bool pnp_recover_again(struct pnp_node *node)
{
    struct pnp_driver *driver = node->recovering;
    if (driver == nullptr || driver->dead || node->tries == TRIES)
        return false;
    node->tries++;
    node->orderly = true;
    driver->restart_at = port_now() + port_ticks(AGAIN_MS);
    return true;
}

/* Of those that wait for time alone: an alarm for the others would be due at once, again and again,
 * and keep from running whom they wait for. */
ash_word pnp_recover_deadline(ash_word now)
{
    ash_word next = 0;
    for (const struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next) {
        const struct pnp_driver *driver = node->recovering;
        if (driver == nullptr || node->step != PNP_STEP_RECOVER || waits_for_others(node))
            continue;
        ash_word at = driver->restart_at > now ? driver->restart_at : now;
        next = next == 0 || at < next ? at : next;
    }
    return next;
}

void pnp_recover_started(struct pnp_node *node)
{
    struct pnp_driver *driver = node->function;
    if (node->raw || driver == nullptr || driver->own || driver->keeps || !eligible(node, driver))
        return;
    driver->keeps = true;
    driver->started_at = port_now();
    port_keep(driver->id, true, (ash_word)node->match.io_timeout * 1000);
}

/* --- Its children ----------------------------------------------------------------------------- */

static struct pnp_node *child_to_revive(const struct pnp_node *node)
{
    struct pnp_node *child = node->child;
    while (child != nullptr && (child->revived || child->gone || !child->start_sent))
        child = child->sibling;
    return child;
}

/* Hands over when the last node of the driver is done, well or not. */
static void node_is_done(struct pnp_node *node)
{
    struct pnp_driver *driver = node->recovering;
    node->recovering = nullptr;
    node->tries = 0;
    if (driver->recovering == 0)
        return;
    driver->recovering--;
    if (driver->recovering != 0)
        return;
    driver->started_at = port_now();
    if (driver->dead || !ash_success(port_resume(driver->id))) {
        driver->given_up = true;
        port_give_up(driver->id);
        return;
    }
    port_log("%s %swas started again: %lu us", driver->name, driver->asked ? "" : "died and ",
             (unsigned long)((driver->started_at - driver->died_at) * 1000 / port_ticks(1)));
}

enum pnp_outcome pnp_revive_begin(struct pnp_node *node)
{
    struct port_irp irp;
    struct pnp_node *child = child_to_revive(node);
    if (child != nullptr && pnp_start_irp(child, &irp)) {
        child->revived = true;
        return pnp_outcome_of_send(node, pnp_irp_send_driver(node, child->bus, &irp));
    }
    for (child = node->child; child != nullptr; child = child->sibling)
        child->revived = false;
    node_is_done(node);
    return PNP_DONE;
}

/* A PDO that does not start answers its device's requests with errors, which its stack sees. */
enum pnp_outcome pnp_revive_done(struct pnp_node *node, const struct port_answer *answer)
{
    if (!ash_success(answer->status))
        port_log("a device of %s did not start again (0x%08x)", node->function->name,
                 (unsigned)answer->status);
    node->step = PNP_STEP_REVIVE - 1;
    return PNP_NEXT;
}

void pnp_recover_failed(struct pnp_node *node)
{
    if (node->recovering == nullptr)
        return;
    node->recovering->given_up = true;
    node_is_done(node);
    for (struct pnp_node *child = node->child; child != nullptr;) {
        if (child->removing && child->gone) {
            child = child->sibling;
            continue;
        }
        pnp_remove(child, true);
        child = node->child; /* the list may have changed */
    }
}
