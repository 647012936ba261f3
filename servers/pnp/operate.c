// SPDX-License-Identifier: MIT
/*
 * Operations: removal that is asked for, disabling, ejection, stopping for a rebalance. One at a
 * time; the others wait in their order. Documentation: "Understanding When Remove IRPs Are Issued",
 * "Stopping a Device to Rebalance Resources", nf-wdm-iorequestdeviceeject.
 *
 *   COLLECT   removal (and ejection) relations: which devices are concerned; children first
 *   NOTIFY    drivers that registered for a device may say no
 *   QUERY     QUERY_REMOVE or QUERY_STOP to each stack         no: CANCEL, to each that was asked
 *   OPEN      no file may be open                              no: CANCEL
 *   REMOVE    each stack is removed                            STOP    each stack is stopped
 *   UNLOCK    SET_LOCK, EJECT   to the PDO                     QUIESCE each at its bus
 *                                                              START   each again, parents first
 *
 * Nodes are known by id: one that vanishes meanwhile is left out.
 */
#include "operation.h"
#include "port.h"
#include <stdlib.h>
#include <string.h>

static struct operation *current;

bool pnp_operating(void)
{
    return current != nullptr;
}

struct operation *operation_current(void)
{
    return current;
}

static bool is_removal(const struct operation *op)
{
    return op->kind != ASH_PNP_OPERATION_REBALANCE;
}

/* Its stack takes part in PnP now. */
static bool stands(const struct pnp_node *node)
{
    return node != nullptr && !node->removing && (node->added || node->raw);
}

static bool enter(struct operation *op, enum phase phase)
{
    op->phase = phase;
    op->at = 0;
    return true;
}

static bool cancel(struct operation *op)
{
    op->phase = PHASE_CANCEL;
    op->at = op->told;
    return true;
}

void operation_veto(struct operation *op, const struct pnp_node *node, ash_status status,
                    enum ash_pnp_veto veto, ash_word task)
{
    op->reply.status = (uint32_t)status;
    op->reply.veto = veto;
    op->reply.task = task;
    pnp_node_instance(node, op->reply.instance, sizeof(op->reply.instance));
    const struct pnp_driver *driver = task != 0 ? pnp_driver_of_task(task) : node->function;
    if (driver != nullptr)
        strncpy(op->reply.driver, driver->name, sizeof(op->reply.driver) - 1);
}

static bool listed(const struct operation *op, const struct pnp_node *node)
{
    for (unsigned i = 0; i < op->count; i++)
        if (op->nodes[i] == node->id)
            return true;
    return false;
}

/* The node behind everything below it. */
static bool add_tree(struct operation *op, const struct pnp_node *node)
{
    for (const struct pnp_node *child = node->child; child != nullptr; child = child->sibling)
        if (!add_tree(op, child))
            return false;
    if (listed(op, node))
        return true;
    if (op->count == OPERATION_NODES)
        return false;
    op->nodes[op->count++] = node->id;
    return true;
}

/* Related devices before the one that was named. */
static bool make_list(struct operation *op)
{
    for (unsigned i = op->root_count; i > 0; i--) {
        const struct pnp_node *root = pnp_node_find(op->roots[i - 1]);
        if (root == nullptr || add_tree(op, root))
            continue;
        operation_veto(op, root, STATUS_INSUFFICIENT_RESOURCES, ASH_PNP_VETO_ILLEGAL, 0);
        return enter(op, PHASE_FINISH);
    }
    return enter(op, is_removal(op) ? PHASE_NOTIFY : PHASE_QUERY);
}

static bool collect(struct operation *op)
{
    static const uint8_t types[] = {RELATIONS_REMOVAL, RELATIONS_EJECTION};
    if (op->at == op->root_count || !is_removal(op))
        return make_list(op);
    struct pnp_node *node = pnp_node_find(op->roots[op->at]);
    bool ejection = types[op->type] == RELATIONS_EJECTION;
    bool wanted = !ejection || (op->kind == ASH_PNP_OPERATION_EJECT && op->at == 0);
    if (!stands(node) || !wanted) {
        op->type = ejection ? 0 : 1;
        op->at += ejection;
        return true;
    }
    const struct port_irp irp = {.minor = IRP_MN_QUERY_DEVICE_RELATIONS,
                                 .parameter = {types[op->type]}};
    if (!operation_ask(node, &irp, true))
        return false;
    op->type = ejection ? 0 : 1;
    op->at += ejection;
    return true;
}

static bool notify(struct operation *op)
{
    if (op->at == op->count)
        return enter(op, PHASE_QUERY);
    struct pnp_node *node = pnp_node_find(op->nodes[op->at]);
    ash_word task;
    if (node == nullptr) {
        op->at++;
        return true;
    }
    if (!op->asked)
        pnp_target_ask(node);
    op->asked = true;
    ash_status status = pnp_target_asked(&task);
    if (status == STATUS_PENDING)
        return false;
    op->asked = false;
    op->at++;
    op->notified = op->at;
    if (ash_success(status))
        return true;
    operation_veto(op, node, status, ASH_PNP_VETO_TARGET, task);
    return cancel(op);
}

static bool query(struct operation *op)
{
    if (op->at == op->count)
        return enter(op, is_removal(op) ? PHASE_OPEN : PHASE_STOP);
    struct pnp_node *node = pnp_node_find(op->nodes[op->at]);
    if (!stands(node)) {
        op->at++;
        return true;
    }
    const struct port_irp irp = {.minor = is_removal(op) ? IRP_MN_QUERY_REMOVE_DEVICE
                                                         : IRP_MN_QUERY_STOP_DEVICE};
    op->told = op->at + 1; /* this one too, if it refuses: drivers above may have agreed */
    if (!operation_ask(node, &irp, true))
        return false;
    if (op->phase == PHASE_QUERY)
        op->at++;
    return true;
}

/* Open files are looked for when the drivers have agreed: they may have closed their own. A mounted
 * file system would have to be asked too; the one there is knows no PnP. */
static bool open_files(struct operation *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        const struct pnp_node *node = pnp_node_find(op->nodes[i]);
        bool mounted = false;
        if (!stands(node) || (port_files(node->device, &mounted) == 0 && !mounted))
            continue;
        operation_veto(op, node, STATUS_DEVICE_BUSY,
                       mounted ? ASH_PNP_VETO_MOUNTED : ASH_PNP_VETO_OUTSTANDING_OPEN, 0);
        return cancel(op);
    }
    return enter(op, PHASE_REMOVE);
}

static bool remove_all(struct operation *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        struct pnp_node *node = pnp_node_find(op->nodes[i]);
        if (node != nullptr)
            node->orderly = true;
    }
    for (unsigned i = op->root_count; i > 0; i--) {
        struct pnp_node *node = pnp_node_find(op->roots[i - 1]);
        if (node == nullptr)
            continue;
        node->disabled |= op->kind == ASH_PNP_OPERATION_DISABLE && i == 1;
        pnp_remove(node, node->root && op->kind == ASH_PNP_OPERATION_REMOVE);
    }
    return enter(op, PHASE_REMOVING);
}

static bool removing(struct operation *op)
{
    for (unsigned i = 0; i < op->root_count; i++) {
        const struct pnp_node *node = pnp_node_find(op->roots[i]);
        if (node != nullptr && (node->removing || node->step != PNP_STEP_IDLE))
            return false;
    }
    return enter(op, op->kind == ASH_PNP_OPERATION_EJECT ? PHASE_UNLOCK : PHASE_FINISH);
}

static bool unlock(struct operation *op)
{
    struct pnp_node *node = pnp_node_find(op->target);
    if (node == nullptr || !(node->capabilities & PNP_LOCK_SUPPORTED))
        return enter(op, PHASE_EJECT);
    const struct port_irp irp = {.minor = IRP_MN_SET_LOCK, .parameter = {false}};
    if (!operation_ask(node, &irp, false))
        return false;
    return enter(op, PHASE_EJECT);
}

static bool eject(struct operation *op)
{
    struct pnp_node *node = pnp_node_find(op->target);
    if (node == nullptr || op->reply.status != STATUS_SUCCESS ||
        !(node->capabilities & PNP_EJECT_SUPPORTED))
        return enter(op, PHASE_FINISH);
    if (!operation_ask(node, &(struct port_irp){.minor = IRP_MN_EJECT}, false))
        return false;
    return enter(op, PHASE_FINISH);
}

static bool stop(struct operation *op)
{
    if (op->at == op->count)
        return enter(op, PHASE_QUIESCE);
    struct pnp_node *node = pnp_node_find(op->nodes[op->at]);
    if (stands(node) && node->state == ASH_PNP_STOP_PENDING &&
        !operation_ask(node, &(struct port_irp){.minor = IRP_MN_STOP_DEVICE}, true))
        return false;
    op->at++;
    return true;
}

/* Its driver may not have passed STOP on: only the bus driver's own word says that the device is
 * off. What it had is taken back then. */
static bool quiesce(struct operation *op)
{
    if (op->at == op->count)
        return enter(op, PHASE_START);
    struct pnp_node *node = pnp_node_find(op->nodes[op->at]);
    if (stands(node) && node->stopped) {
        if (!pnp_uses_dma(node) || node->bus->own || node->bus->dead)
            pnp_release_resources(node);
        else if (!operation_ask(node, &(struct port_irp){.minor = PNP_MN_QUIESCE_DEVICE}, false))
            return false;
    }
    op->at++;
    return true;
}

static bool start(struct operation *op)
{
    if (op->at == op->count)
        return enter(op, PHASE_STARTED);
    struct pnp_node *node = pnp_node_find(op->nodes[op->count - 1 - op->at]);
    if (stands(node) && node->stopped) {
        if (node->step != PNP_STEP_IDLE)
            return false;
        pnp_step_run(node, PNP_STEP_START);
    }
    op->at++;
    return true;
}

static bool started(struct operation *op)
{
    for (unsigned i = 0; i < op->count; i++) {
        const struct pnp_node *node = pnp_node_find(op->nodes[i]);
        if (node != nullptr && !pnp_quiet(node))
            return false;
        if (node != nullptr && node->state == ASH_PNP_FAILED && op->reply.status == STATUS_SUCCESS)
            operation_veto(op, node, node->status, ASH_PNP_VETO_DRIVER, 0);
    }
    return enter(op, PHASE_FINISH);
}

static bool cancel_next(struct operation *op)
{
    if (op->at == 0) {
        for (unsigned i = 0; i < op->notified; i++)
            if (pnp_node_find(op->nodes[i]) != nullptr)
                pnp_target_cancelled(pnp_node_find(op->nodes[i]));
        return enter(op, PHASE_FINISH);
    }
    struct pnp_node *node = pnp_node_find(op->nodes[op->at - 1]);
    const struct port_irp irp = {.minor = is_removal(op) ? IRP_MN_CANCEL_REMOVE_DEVICE
                                                         : IRP_MN_CANCEL_STOP_DEVICE};
    if (stands(node) && !operation_ask(node, &irp, true))
        return false;
    op->at--;
    return true;
}

static bool finish(struct operation *op)
{
    current = op->next;
    if (op->cookie != 0)
        port_operated(op->cookie, &op->reply);
    free(op);
    return true;
}

static bool (*const phases[])(struct operation *op) = {
    [PHASE_COLLECT] = collect,    [PHASE_NOTIFY] = notify,     [PHASE_QUERY] = query,
    [PHASE_OPEN] = open_files,    [PHASE_REMOVE] = remove_all, [PHASE_REMOVING] = removing,
    [PHASE_UNLOCK] = unlock,      [PHASE_EJECT] = eject,       [PHASE_STOP] = stop,
    [PHASE_QUIESCE] = quiesce,    [PHASE_START] = start,       [PHASE_STARTED] = started,
    [PHASE_CANCEL] = cancel_next, [PHASE_FINISH] = finish,
};

bool pnp_operation_resume(void)
{
    bool any = false;
    while (current != nullptr && !current->sent && phases[current->phase](current))
        any = true;
    return any;
}

ash_status pnp_operate(enum ash_pnp_operation kind, struct pnp_node *node, ash_word cookie)
{
    ash_status status = operation_allowed(kind, node);
    struct operation *op = ash_success(status) ? calloc(1, sizeof(*op)) : nullptr;
    if (op == nullptr)
        return ash_success(status) ? STATUS_NO_MEMORY : status;
    op->kind = kind;
    op->target = op->roots[0] = node->id;
    op->root_count = 1;
    op->cookie = cookie;
    struct operation **end = &current;
    while (*end != nullptr)
        end = &(*end)->next;
    *end = op;
    pnp_resume();
    return STATUS_PENDING;
}

void pnp_operation_clear(void)
{
    while (current != nullptr) {
        struct operation *op = current;
        current = op->next;
        free(op);
    }
}
