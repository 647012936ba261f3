// SPDX-License-Identifier: MIT
/* The IRPs of the present operation and what their answers mean; and what needs no operation:
 * enabling, asking a bus again, devices of no bus. See operate.c. */
#include "operation.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IRP_MJ_PNP 0x1b

bool operation_ask(struct pnp_node *node, const struct port_irp *irp, bool to_top)
{
    struct operation *op = operation_current();
    if (node->step != PNP_STEP_IDLE)
        return false;
    op->irp = *irp;
    op->irp.major = IRP_MJ_PNP;
    op->to_top = to_top && node->added;
    op->sent = true;
    if (irp->minor == IRP_MN_QUERY_REMOVE_DEVICE)
        node->state = ASH_PNP_REMOVE_PENDING;
    if (irp->minor == IRP_MN_QUERY_STOP_DEVICE)
        node->state = ASH_PNP_STOP_PENDING;
    pnp_step_run(node, PNP_STEP_OPERATION);
    return true;
}

enum pnp_outcome pnp_operation_begin(struct pnp_node *node)
{
    struct operation *op = operation_current();
    return pnp_outcome_of_send(node, pnp_irp_send(node, &op->irp, op->to_top));
}

static const char *name_of(uint8_t minor)
{
    switch (minor) {
    case IRP_MN_QUERY_REMOVE_DEVICE:
        return "IRP_MN_QUERY_REMOVE_DEVICE";
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return "IRP_MN_CANCEL_REMOVE_DEVICE";
    case IRP_MN_STOP_DEVICE:
        return "IRP_MN_STOP_DEVICE";
    case IRP_MN_QUERY_STOP_DEVICE:
        return "IRP_MN_QUERY_STOP_DEVICE";
    case IRP_MN_CANCEL_STOP_DEVICE:
        return "IRP_MN_CANCEL_STOP_DEVICE";
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return "IRP_MN_QUERY_DEVICE_RELATIONS";
    case IRP_MN_EJECT:
        return "IRP_MN_EJECT";
    case PNP_MN_QUIESCE_DEVICE:
        return "to be quiesced";
    default:
        return "IRP_MN_SET_LOCK";
    }
}

static bool add_root(struct operation *op, const struct pnp_node *node)
{
    for (unsigned i = 0; i < op->root_count; i++)
        if (op->roots[i] == node->id)
            return true;
    if (op->root_count == OPERATION_ROOTS)
        return false;
    op->roots[op->root_count++] = node->id;
    return true;
}

static bool is_above(const struct pnp_node *node, const struct pnp_node *of)
{
    while (of != nullptr && of != node)
        of = of->parent;
    return of != nullptr;
}

/* Devices that go with this one. Its own children go anyway; what it hangs from does not. */
static void take_relations(struct operation *op, const struct pnp_node *node,
                           const struct port_answer *answer)
{
    size_t count = answer->out_bytes / sizeof(uint64_t);
    for (size_t i = 0; ash_success(answer->status) && i < count; i++) {
        uint64_t device;
        memcpy(&device, (const char *)answer->out + i * sizeof(device), sizeof(device));
        const struct pnp_node *related = pnp_node_of_device(device);
        if (related == nullptr || is_above(related, node))
            port_log("%s names a device as related that cannot be", node->device_id);
        else if (!add_root(op, related))
            port_log("%s names too many devices as related", node->device_id);
    }
}

static void refused(struct operation *op, const struct pnp_node *node, ash_status status)
{
    char path[96];
    pnp_node_instance(node, path, sizeof(path));
    port_log("%s: %s was answered with 0x%08x", path, name_of(op->irp.minor), (unsigned)status);
    if (op->reply.status == STATUS_SUCCESS)
        operation_veto(op, node, status, ASH_PNP_VETO_DRIVER, 0);
}

static void query_answered(struct operation *op, struct pnp_node *node, ash_status status)
{
    if (ash_success(status))
        return;
    refused(op, node, status);
    op->phase = PHASE_CANCEL;
    op->at = op->told;
}

static void stop_answered(struct operation *op, struct pnp_node *node, ash_status status)
{
    if (!ash_success(status))
        refused(op, node, status); /* it may not be refused: what it had is taken back anyway */
    node->stopped = true;
    node->start_sent = false;
    node->state = ASH_PNP_STOPPED;
}

/* A bus that does not know how, or does not answer, leaves it to the IOMMU. */
static void quiesced(struct operation *op, struct pnp_node *node, ash_status status)
{
    if (!ash_success(status) && status != STATUS_NOT_SUPPORTED)
        refused(op, node, status);
    pnp_release_resources(node);
}

static void ejected(struct operation *op, struct pnp_node *node, ash_status status)
{
    if (!ash_success(status)) {
        refused(op, node, status);
        node->status = status;
    } else if (node->parent != nullptr) {
        node->parent->again = true; /* its bus lists it no longer */
    }
}

static void take(struct operation *op, struct pnp_node *node, const struct port_answer *answer)
{
    switch (op->irp.minor) {
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        take_relations(op, node, answer);
        return;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
        query_answered(op, node, answer->status);
        return;
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
        if (!ash_success(answer->status))
            refused(op, node, answer->status);
        node->state = ASH_PNP_STARTED;
        return;
    case IRP_MN_STOP_DEVICE:
        stop_answered(op, node, answer->status);
        return;
    case PNP_MN_QUIESCE_DEVICE:
        quiesced(op, node, answer->status);
        return;
    case IRP_MN_EJECT:
        ejected(op, node, answer->status);
        return;
    default: /* SET_LOCK */
        if (!ash_success(answer->status))
            refused(op, node, answer->status);
    }
}

enum pnp_outcome pnp_operation_answered(struct pnp_node *node, const struct port_answer *answer)
{
    struct operation *op = operation_current();
    op->sent = false;
    take(op, node, answer);
    if (answer->status != STATUS_IO_TIMEOUT || !node->added)
        return PNP_DONE;
    char why[80];
    snprintf(why, sizeof(why), "its stack does not answer %s", name_of(op->irp.minor));
    pnp_node_fail(node, STATUS_IO_TIMEOUT, why);
    node->removing = true; /* begins when this step is left */
    return PNP_DONE;
}

/* PNP_DEVICE_NOT_DISABLEABLE of a device holds for everything above it. */
static bool needed(const struct pnp_node *node)
{
    if (node->pnp_state & PNP_DEVICE_NOT_DISABLEABLE)
        return true;
    for (const struct pnp_node *child = node->child; child != nullptr; child = child->sibling)
        if (needed(child))
            return true;
    return false;
}

ash_status operation_allowed(enum ash_pnp_operation kind, const struct pnp_node *node)
{
    bool running = node->state == ASH_PNP_STARTED;
    switch (kind) {
    case ASH_PNP_OPERATION_DISABLE:
        return needed(node) ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
    case ASH_PNP_OPERATION_REMOVE:
        return node->root && needed(node) ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
    case ASH_PNP_OPERATION_EJECT:
        return node->capabilities & (PNP_EJECT_SUPPORTED | PNP_REMOVABLE) ? STATUS_SUCCESS
                                                                          : STATUS_NOT_SUPPORTED;
    case ASH_PNP_OPERATION_REBALANCE:
        return running ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static bool can_begin(const struct pnp_node *node)
{
    return node->step == PNP_STEP_IDLE && !node->gone &&
           (node->state == ASH_PNP_REMOVED || node->state == ASH_PNP_DISABLED ||
            node->state == ASH_PNP_FAILED || node->state == ASH_PNP_NO_DRIVER);
}

ash_status pnp_enable(struct pnp_node *node)
{
    if (node->state == ASH_PNP_STARTED)
        return STATUS_SUCCESS;
    if (!can_begin(node) || node->device_id == nullptr)
        return STATUS_INVALID_DEVICE_STATE;
    node->disabled = false;
    node->status = STATUS_SUCCESS;
    pnp_step_run(node, PNP_STEP_MATCH);
    pnp_resume();
    return STATUS_SUCCESS;
}

void pnp_rescan(struct pnp_node *node)
{
    for (struct pnp_node *child = node->child; child != nullptr; child = child->sibling)
        if (can_begin(child) && !child->disabled && child->state != ASH_PNP_FAILED)
            pnp_step_run(child, PNP_STEP_MATCH);
    pnp_enumerate(node);
}

static char *copy_list(const char *string)
{
    char *list = calloc(strlen(string) + 2, 1);
    return list != nullptr ? strcpy(list, string) : nullptr;
}

static bool name_root(struct pnp_node *node, const char *hardware_id)
{
    static unsigned number;
    char instance[16];
    snprintf(instance, sizeof(instance), "%04u", number++);
    node->root = true;
    node->bus_type = UINT32_MAX;
    node->device_id = copy_list(hardware_id);
    node->hardware_ids = copy_list(hardware_id);
    node->instance_id = copy_list(instance);
    return node->device_id != nullptr && node->hardware_ids != nullptr &&
           node->instance_id != nullptr;
}

ash_status pnp_add_root(const char *hardware_id, struct pnp_node **node)
{
    if (strncmp(hardware_id, "ROOT\\", 5) != 0 || hardware_id[5] == '\0')
        return STATUS_INVALID_PARAMETER;
    ash_word device = port_root_device();
    *node = device != 0 ? pnp_node_new(nullptr, device, pnp_root->bus) : nullptr;
    if (*node == nullptr || !name_root(*node, hardware_id)) {
        if (*node != nullptr)
            pnp_node_free(*node);
        if (device != 0)
            port_root_device_delete(device);
        return STATUS_NO_MEMORY;
    }
    ash_word id = (*node)->id;
    pnp_step_run(*node, PNP_STEP_MATCH);
    pnp_resume();
    *node = pnp_node_find(id);
    return *node != nullptr ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}
