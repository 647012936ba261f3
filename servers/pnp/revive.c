// SPDX-License-Identifier: MIT
/*
 * The end of a recovery (recover.c): the children of a device whose driver has a new task, and
 * handing over.
 *
 * The new task lists its PDOs anew. The I/O manager gives a PDO that it makes the identity of an
 * old one, so a child is told by its device and instance ID: if they are others than before,
 * another device is there now. Then the old one is gone, and nothing that it owed reaches the new
 * one. A PDO that was started gets START again: the new task knows of none.
 */
#include "filesystem.h"
#include "node.h"
#include "port.h"
#include <stdlib.h>
#include <string.h>

#define IRP_MJ_PNP      0x1b
#define IRP_MN_QUERY_ID 0x13
#define DEVICE_ID       0u
#define INSTANCE_ID     3u
#define IDS             2u

static bool is_done(const struct pnp_node *child)
{
    bool starts = child->start_sent && !child->removing;
    return child->gone || child->device_id == nullptr ||
           (child->identified == IDS && (child->revived || !starts));
}

static struct pnp_node *next_child(const struct pnp_node *node)
{
    struct pnp_node *child = node->child;
    while (child != nullptr && (!pnp_recover_awaits(node, child->bus) || is_done(child)))
        child = child->sibling;
    return child;
}

static bool next_irp(struct pnp_node *child, struct port_irp *irp)
{
    if (child->identified == IDS)
        return pnp_start_irp(child, irp);
    *irp = (struct port_irp){.major = IRP_MJ_PNP,
                             .minor = IRP_MN_QUERY_ID,
                             .device = child->device,
                             .parameter = {child->identified == 0 ? DEVICE_ID : INSTANCE_ID}};
    return true;
}

static bool same_id(const struct pnp_node *child, const struct port_answer *answer)
{
    const char *before = child->identified == 0 ? child->device_id : child->instance_id;
    char *now = ash_success(answer->status) && answer->out_bytes > 0
                    ? pnp_text(answer->out, answer->out_bytes, false)
                    : nullptr;
    bool same = before == nullptr || now == nullptr ? before == nullptr && now == nullptr
                                                    : strcmp(before, now) == 0;
    free(now);
    return same;
}

static void is_another(struct pnp_node *child)
{
    char path[96];
    pnp_node_instance(child, path, sizeof(path));
    port_log("%s is not there any more, something else is", path);
    port_recover_device(child->bus->id, child->device, ASH_IO_RECOVER_NEVER);
    pnp_remove(child, true);
}

/* A PDO that does not start answers its device's requests with errors, which its stack sees. */
enum pnp_outcome pnp_revive_done(struct pnp_node *node, const struct port_answer *answer)
{
    struct pnp_node *child = pnp_node_find(node->reviving);
    node->step = PNP_STEP_REVIVE - 1;
    if (child == nullptr || child->parent != node || child->gone)
        return PNP_NEXT;
    if (child->identified == IDS) {
        child->revived = true;
        if (!ash_success(answer->status))
            port_log("a device of %s did not start again (0x%08x)", child->bus->name,
                     (unsigned)answer->status);
    } else if (same_id(child, answer)) {
        child->identified++;
    } else {
        is_another(child);
    }
    return PNP_NEXT;
}

enum pnp_outcome pnp_revive_begin(struct pnp_node *node)
{
    struct port_irp irp;
    if (!node->recovering)
        return PNP_DONE;
    struct pnp_node *child = pnp_recover_filters_only(node) ? nullptr : next_child(node);
    if (child != nullptr) {
        node->reviving = child->id;
        if (!next_irp(child, &irp))
            return pnp_revive_done(node, &(struct port_answer){.status = STATUS_INVALID_PARAMETER});
        return pnp_outcome_of_send(node, pnp_irp_send_driver(node, child->bus, &irp));
    }
    node->again |= pnp_recover_filters_only(node); /* it may have been asked just then */
    pnp_recover_done(node);
    return PNP_DONE;
}

/* --- Handing over ----------------------------------------------------------------------------- */

void pnp_revive_hand_over(struct pnp_driver *driver)
{
    driver->started_at = port_now();
    if (driver->dead || !ash_success(port_resume(driver->id))) {
        driver->given_up = true;
        port_give_up(driver->id);
        return;
    }
    port_log("%s %swas started again: %lu us", driver->name, driver->asked ? "" : "died and ",
             (unsigned long)((driver->started_at - driver->died_at) * 1000 / port_ticks(1)));
}

/* When the last node of a driver is done, well or not, it gets what its last task had. */
void pnp_recover_done(struct pnp_node *node)
{
    unsigned awaits = node->awaits;
    node->recovering = false;
    node->awaits = node->lost = node->fresh = node->tries = 0;
    for (struct pnp_node *child = node->child; child != nullptr; child = child->sibling) {
        child->revived = false;
        child->identified = 0;
    }
    for (unsigned i = 0; i < node->stack_count; i++) {
        struct pnp_driver *driver = node->stack[i];
        for (unsigned n = 0; n < i; n++)
            awaits &= node->stack[n] == driver ? ~(1u << i) : ~0u;
        if ((awaits >> i & 1) == 0)
            continue;
        driver->recovering--;
        if (driver->recovering == 0 && driver->keeps)
            pnp_revive_hand_over(driver);
    }
}

void pnp_recover_failed(struct pnp_node *node)
{
    if (!node->recovering)
        return;
    bool children_go = !pnp_recover_filters_only(node);
    for (unsigned i = 0; i < node->stack_count; i++)
        node->stack[i]->given_up |= (node->awaits >> i & 1) != 0;
    pnp_recover_done(node);
    for (struct pnp_node *child = node->child; children_go && child != nullptr;) {
        if (child->removing && child->gone) {
            child = child->sibling;
            continue;
        }
        pnp_remove(child, true);
        child = node->child; /* the list may have changed */
    }
}
