// SPDX-License-Identifier: MIT
/*
 * Removal, leaves first: SURPRISE_REMOVAL if the device has vanished or a driver of its stack has
 * died; when no file is open on it any more REMOVE; then everything that its drivers' tasks were
 * given is taken back. After a successful QUERY_REMOVE (operate.c) only REMOVE. A node whose PDO is
 * gone ends; one whose PDO is still there stays: failed, disabled or removed.
 *
 * When a driver of the stack is dead each part of the stack that still lives is told, down to the
 * PDO: its bus driver turns off what the device could still do (bus mastering), and only then may
 * the dead task's memory be reused. So nobody waits there for files to be closed.
 */
#include "drivers/quiesce.h"
#include "message.h"
#include "node.h"
#include "port.h"
#include <stdlib.h>

#define IRP_MJ_PNP              0x1b
#define IRP_MN_REMOVE_DEVICE    0x02
#define IRP_MN_SURPRISE_REMOVAL 0x17

void pnp_remove(struct pnp_node *node, bool gone)
{
    node->gone |= gone;
    if (node->removing)
        return;
    node->removing = true;
    if (node->recovering && node->step >= PNP_STEP_FILTER && node->step <= PNP_STEP_RELATIONS &&
        node->step != PNP_STEP_START)
        pnp_irp_abandon(node); /* a question may lie before the dead driver */
    if (node->irp == 0 && node->step < PNP_STEP_REMOVE_CHILDREN)
        pnp_step_run(node, PNP_STEP_REMOVE_CHILDREN); /* else when the IRP is answered */
}

/* Its driver's end takes the device through its removal, as every death does; without a driver
 * there is nothing to remove. */
void pnp_condemn(const struct pnp_node *node, const struct port_verdict *verdict)
{
    if (node->function == nullptr || node->function->dead || node->function->own)
        return;
    struct port_verdict of = *verdict;
    of.task = node->function->task;
    port_condemn(&of);
}

void pnp_cut_off(struct pnp_node *node, const char *why, const struct port_verdict *verdict)
{
    pnp_irp_quiesce(node);
    pnp_node_fail(node, STATUS_DEVICE_PROTOCOL_ERROR, why);
    pnp_condemn(node, verdict);
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
    if (pnp_recover_filters_only(node) && !node->gone) {
        node->step = PNP_STEP_QUIESCE - 1; /* nothing else goes */
        return PNP_NEXT;
    }
    if (node->recovering && !node->gone)
        return PNP_NEXT; /* they do not go with their bus driver's task */
    while ((child = child_to_remove(node)) != nullptr)
        pnp_remove(child, true);
    return node->child != nullptr ? PNP_WAIT : PNP_NEXT;
}

/* To the next part of the stack; when none is left as if it had been answered well. */
static enum pnp_outcome send(struct pnp_node *node, uint8_t minor)
{
    if (pnp_recover_waits(node))
        return PNP_WAIT;
    struct port_irp irp = {.major = IRP_MJ_PNP, .minor = minor};
    ash_word before = node->told, device = pnp_stack_next_part(node);
    if (device == 0 || (device == node->device && node->bus->own))
        return pnp_remove_done(node, &(struct port_answer){.status = STATUS_SUCCESS});
    enum pnp_outcome outcome = pnp_outcome_of_send(node, pnp_irp_send_device(node, &irp, device));
    if (outcome == PNP_WAIT && node->stalled) { /* the same part again */
        node->told = before;
        node->told_last = false;
    }
    return outcome;
}

enum pnp_outcome pnp_surprise_begin(struct pnp_node *node)
{
    bool unexpected = node->was_started || node->driver_died || node->gone;
    if (node->orderly || !unexpected || !(node->added || node->start_sent))
        return PNP_NEXT;
    node->surprised = true;
    return send(node, IRP_MN_SURPRISE_REMOVAL);
}

/* The bus driver of the device, or of one above it, is dead. */
static bool bus_is_dead(const struct pnp_node *node)
{
    while (node != nullptr && !node->bus->dead && !node->driver_died)
        node = node->parent;
    return node != nullptr;
}

enum pnp_outcome pnp_handles_begin(struct pnp_node *node)
{
    node->told = 0;
    node->told_last = false;
    bool mounted;
    if (!node->surprised || node->bypass || bus_is_dead(node) ||
        port_files(node->device, &mounted) == 0)
        return PNP_NEXT;
    if (node->state != ASH_PNP_FAILED)
        node->state = ASH_PNP_SURPRISE_REMOVED;
    return PNP_WAIT;
}

enum pnp_outcome pnp_remove_begin(struct pnp_node *node)
{
    bool anything = node->added || node->start_sent || node->gone;
    if (!anything) {
        node->told_last = true;
        return pnp_remove_done(node, &(struct port_answer){.status = STATUS_SUCCESS});
    }
    return send(node, IRP_MN_REMOVE_DEVICE);
}

void pnp_release_resources(struct pnp_node *node)
{
    pnp_interrupt_node_gone(node);
    pnp_messages_release(node);
    pnp_memory_revoke(node);
    free(node->translated); /* nobody has them any more */
    node->translated = nullptr;
}

/* A device that nobody has turned off, and that no IOMMU confines, may still write where its dead
 * driver told it to: that memory is used for nothing else any more. A device that has vanished
 * writes nothing. */
static bool may_still_write(const struct pnp_node *node)
{
    return !node->quiesced && !node->dma_enforced && !(node->gone && !node->bus->dead);
}

static void release_drivers(struct pnp_node *node)
{
    unsigned held = node->held;
    node->held = 0;
    if (held != 0 && may_still_write(node)) {
        port_log("%s: its DMA is not enforced and its bus did not turn it off: the memory of its "
                 "driver is kept until the system restarts",
                 node->device_id);
        return;
    }
    for (unsigned i = 0; i < node->stack_count; i++)
        if (held >> i & 1)
            pnp_driver_unhold(node->stack[i]);
}

static void forget_stack(struct pnp_node *node)
{
    node->added = node->start_sent = node->removing = node->raw = false;
    node->surprised = node->orderly = node->stopped = node->was_started = false;
    node->told_last = node->bypass = node->driver_died = false;
    node->told = node->pnp_state = 0;
    node->added_count = 0;
    if (node->recovering)
        pnp_recover_removed(node);
    else
        node->stack_count = node->down = 0;
}

static enum pnp_outcome finish(struct pnp_node *node)
{
    if (node->gone) {
        pnp_recover_failed(node);
        node->step = PNP_STEP_REMOVE_CHILDREN - 1;
        if (node->child != nullptr) /* they had been spared */
            return PNP_NEXT;
    }
    ash_word own = node->root && node->gone ? node->device : 0;
    pnp_release_resources(node);
    pnp_interface_node_gone(node);
    release_drivers(node);
    forget_stack(node);
    if (node->gone) {
        pnp_node_free(node);
        if (own != 0)
            port_root_device_delete(own);
        return PNP_FREED;
    }
    if (node->recovering || node->retrying) {
        node->step = PNP_STEP_RECOVER - 1;
        return PNP_NEXT;
    }
    if (node->disabled)
        node->state = ASH_PNP_DISABLED;
    else if (node->state != ASH_PNP_FAILED)
        node->state = ASH_PNP_REMOVED;
    return PNP_DONE;
}

/* Their tasks are dead; the device and the rest of its stack go on. A filter's task had no part in
 * the device's DMA. */
static enum pnp_outcome replace_filters(struct pnp_node *node)
{
    unsigned held = node->held;
    node->held = 0;
    node->removing = node->driver_died = node->orderly = false;
    node->step = PNP_STEP_RECOVER - 1;
    for (unsigned i = 0; i < node->stack_count; i++)
        if (held >> i & 1)
            pnp_driver_unhold(node->stack[i]);
    return PNP_NEXT;
}

/* Nobody took the IRP down to the PDO. */
static bool is_lost(const struct pnp_node *node, ash_status status)
{
    if (!node->added || node->bypass || node->bus->dead || !node->told_last ||
        node->told == node->device)
        return false;
    if (node->step == PNP_STEP_REMOVE && !ash_success(status) && status != STATUS_NOT_SUPPORTED)
        return true; /* it may not be refused */
    return status == STATUS_IO_TIMEOUT || status == STATUS_DEVICE_REMOVED ||
           status == STATUS_DEVICE_PROTOCOL_ERROR || status == STATUS_NO_SUCH_DEVICE;
}

enum pnp_outcome pnp_remove_done(struct pnp_node *node, const struct port_answer *answer)
{
    if (is_lost(node, answer->status)) { /* the rest of the stack, or the PDO directly */
        node->bypass = pnp_stack_lives(node->told);
        node->told_last = false;
    }
    if (!node->told_last) {
        node->step--; /* the same step again */
        return PNP_NEXT;
    }
    if (node->start_sent && !node->recovering) /* after SURPRISE_REMOVAL, or else after REMOVE */
        pnp_event_removed(node);
    return PNP_NEXT;
}

/* REMOVE has turned it off, if every driver passed that on. Only the bus driver's own word is good
 * for what comes now: that memory which the device could reach is used for something else. */
enum pnp_outcome pnp_quiesce_begin(struct pnp_node *node)
{
    const struct port_irp irp = {
        .major = IRP_MJ_PNP, .minor = PNP_MN_QUIESCE_DEVICE, .device = node->device};
    if (pnp_recover_filters_only(node) && !node->gone)
        return replace_filters(node);
    node->quiesced = !node->allowed || !pnp_uses_dma(node);
    if (!node->quiesced && !node->gone && pnp_recover_waits(node))
        return PNP_WAIT;
    if (node->quiesced || node->gone || node->bus->own || node->bus->dead)
        return finish(node);
    return pnp_outcome_of_send(node, pnp_irp_send_driver(node, node->bus, &irp));
}

enum pnp_outcome pnp_quiesce_done(struct pnp_node *node, const struct port_answer *answer)
{
    node->quiesced = ash_success(answer->status);
    if (node->quiesced && node->held != 0)
        port_log("%s is off at its bus: the memory of its dead driver is free", node->device_id);
    return finish(node);
}

bool pnp_quiet(const struct pnp_node *node)
{
    if (node->step == PNP_STEP_IDLE || node->step == PNP_STEP_HANDLES)
        return true;
    if (node->step != PNP_STEP_REMOVE_CHILDREN || node->child == nullptr)
        return false;
    for (const struct pnp_node *child = node->child; child != nullptr; child = child->sibling)
        if (!pnp_quiet(child))
            return false;
    return true;
}
