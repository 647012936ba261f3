// SPDX-License-Identifier: MIT
/*
 * Removal, leaves first: SURPRISE_REMOVAL if the device was started and has vanished or lost its
 * driver, then REMOVE, then everything that its driver's task was given is taken back. A node whose
 * PDO is gone ends; one whose PDO is still there stays, failed or removed.
 *
 * When the function driver is dead the IRPs go to the PDO itself: its bus driver turns off what the
 * device could still do (bus mastering), and only then may the dead task's memory be reused.
 */
#include "node.h"
#include "port.h"

#define IRP_MJ_PNP              0x1b
#define IRP_MN_REMOVE_DEVICE    0x02
#define IRP_MN_SURPRISE_REMOVAL 0x17

static void begin(struct pnp_node *node)
{
    pnp_step_run(node, PNP_STEP_REMOVE_CHILDREN);
}

void pnp_remove(struct pnp_node *node, bool gone)
{
    node->gone |= gone;
    if (node->removing)
        return;
    node->removing = true;
    if (node->irp == 0 && node->step < PNP_STEP_REMOVE_CHILDREN)
        begin(node); /* else when the IRP on its way is answered */
}

static struct pnp_node *child_to_remove(const struct pnp_node *node)
{
    struct pnp_node *child = node->child;
    while (child != nullptr && child->removing && child->gone)
        child = child->sibling;
    return child;
}

enum pnp_outcome pnp_remove_children_begin(struct pnp_node *node)
{
    struct pnp_node *child;
    node->removing = true;
    while ((child = child_to_remove(node)) != nullptr)
        pnp_remove(child, true);
    return node->child != nullptr ? PNP_WAIT : PNP_NEXT;
}

static enum pnp_outcome send(struct pnp_node *node, uint8_t minor)
{
    struct port_irp irp = {.major = IRP_MJ_PNP, .minor = minor};
    bool to_top = node->added && !node->function_died;
    if (!to_top && node->bus->own)
        return pnp_remove_done(node, &(struct port_answer){.status = STATUS_SUCCESS});
    return pnp_outcome_of_send(node, pnp_irp_send(node, &irp, to_top));
}

enum pnp_outcome pnp_surprise_begin(struct pnp_node *node)
{
    bool started =
        node->start_sent && (node->state == ASH_PNP_STARTED || node->function_died || node->gone);
    if (!started || node->bus->dead)
        return PNP_NEXT;
    return send(node, IRP_MN_SURPRISE_REMOVAL);
}

enum pnp_outcome pnp_remove_begin(struct pnp_node *node)
{
    bool anything = node->added || node->start_sent || node->gone;
    if (!anything || (node->bus->dead && (!node->added || node->function_died)))
        return pnp_remove_done(node, &(struct port_answer){.status = STATUS_SUCCESS});
    return send(node, IRP_MN_REMOVE_DEVICE);
}

static enum pnp_outcome finish(struct pnp_node *node)
{
    struct pnp_driver *held = node->held ? node->function : nullptr;
    pnp_interrupt_node_gone(node);
    pnp_interface_node_gone(node);
    pnp_memory_revoke(node);
    node->added = node->start_sent = node->removing = node->held = node->raw = false;
    bool freed = node->gone;
    if (freed)
        pnp_node_free(node);
    else if (node->state != ASH_PNP_FAILED)
        node->state = ASH_PNP_REMOVED;
    if (held != nullptr)
        pnp_driver_unhold(held);
    return freed ? PNP_FREED : PNP_DONE;
}

/* The driver on top is no more, or does not answer: the PDO is told directly, once. */
static bool top_is_dead(const struct pnp_node *node, ash_status status)
{
    if (!node->added || node->function_died || node->bus->dead)
        return false;
    return node->function->dead || status == STATUS_IO_TIMEOUT || status == STATUS_DEVICE_REMOVED ||
           status == STATUS_DEVICE_PROTOCOL_ERROR || status == STATUS_NO_SUCH_DEVICE;
}

enum pnp_outcome pnp_remove_done(struct pnp_node *node, const struct port_answer *answer)
{
    if (top_is_dead(node, answer->status)) {
        node->function_died = true;
        node->step--; /* the same step again */
        return PNP_NEXT;
    }
    if (node->start_sent) /* after SURPRISE_REMOVAL, or else after REMOVE */
        pnp_event_removed(node);
    return node->step == PNP_STEP_REMOVE ? finish(node) : PNP_NEXT;
}
