// SPDX-License-Identifier: MIT
/*
 * A node's steps, in the documented order, and the engine that walks them. A step's `begin` sends
 * an IRP or looks whether what it waits for has come; `done` takes the answer.
 */
#include "filesystem.h"
#include "node.h"
#include "port.h"
#include <string.h>

#define IRP_MJ_PNP                    0x1b
#define IRP_MN_QUERY_PNP_DEVICE_STATE 0x14
#define IRP_MN_DEVICE_ENUMERATED      0x19

static enum pnp_outcome go(struct pnp_node *node, enum pnp_step step)
{
    node->step = step - 1;
    return PNP_NEXT;
}

static bool identifying(const struct pnp_node *node)
{
    return node->step >= PNP_STEP_DEVICE_ID && node->step < PNP_STEP_SIBLINGS;
}

static enum pnp_outcome siblings_begin(struct pnp_node *node)
{
    const struct pnp_node *sibling = node->parent != nullptr ? node->parent->child : nullptr;
    for (; sibling != nullptr; sibling = sibling->sibling)
        if (sibling != node && identifying(sibling))
            return PNP_WAIT;
    return PNP_NEXT;
}

static enum pnp_outcome no_driver(struct pnp_node *node)
{
    if (!(node->capabilities & PNP_RAW_DEVICE_OK)) {
        node->state = ASH_PNP_NO_DRIVER;
        return PNP_DONE;
    }
    node->raw = true;
    return go(node, PNP_STEP_START);
}

/* The PDO is known in full: its bus driver may add to its properties now. */
static enum pnp_outcome enumerated_begin(struct pnp_node *node)
{
    pnp_fault_look(node);
    struct port_irp irp = {.major = IRP_MJ_PNP, .minor = IRP_MN_DEVICE_ENUMERATED};
    return pnp_outcome_of_send(node, pnp_irp_send(node, &irp, false));
}

/* It is told, not asked. */
static enum pnp_outcome enumerated_done(struct pnp_node *, const struct port_answer *)
{
    return PNP_NEXT;
}

/* There may be another image to try. */
static enum pnp_outcome not_loaded(struct pnp_node *node, ash_status status, const char *why)
{
    if (pnp_update_failed(node))
        return go(node, PNP_STEP_RECOVER);
    pnp_node_fail(node, status, why);
    return PNP_DONE;
}

/* What a device that recovers was matched with stays: its driver is wanted again, soon. */
static bool match(struct pnp_node *node)
{
    if (node->recovering)
        return true;
    if (pnp_is_iommu(node) ||
        !pnp_database_match(node->hardware_ids, node->compatible_ids, &node->match))
        return false;
    pnp_database_filters(node->hardware_ids, node->compatible_ids, &node->match);
    return true;
}

static enum pnp_outcome match_begin(struct pnp_node *node)
{
    if (node->disabled) {
        node->state = ASH_PNP_DISABLED;
        return PNP_DONE;
    }
    if (!match(node))
        return no_driver(node);
    if (node->match.description[0] != '\0')
        memcpy(node->description, node->match.description, sizeof(node->description));
    if (node->match.service[0] == '\0')
        return no_driver(node); /* the null driver */
    ash_status status = pnp_stack_collect(node);
    if (!ash_success(status))
        return not_loaded(node, status, "its driver cannot be loaded");
    node->state = ASH_PNP_DRIVER_LOADING;
    return PNP_NEXT;
}

static enum pnp_outcome load_begin(struct pnp_node *node)
{
    ash_status status = pnp_stack_loaded(node);
    if (status == STATUS_PENDING || pnp_recover_busy(node) ||
        (node->recovering && pnp_stack_leaves(node)))
        return PNP_WAIT;
    if (ash_success(status))
        return PNP_NEXT;
    return not_loaded(node, status, "its driver did not start");
}

static enum pnp_outcome add_begin(struct pnp_node *node)
{
    struct ash_device_info info;
    ash_status status = port_device_info(node->device, &info);
    struct port_irp irp = {
        .major = ASH_MJ_ADD_DEVICE, .device = node->device, .in = &info, .in_bytes = sizeof(info)};
    irp.parameter[0] = pnp_recover_standing(node);
    pnp_recover_keep(node);
    if (ash_success(status))
        status = pnp_irp_send_driver(node, node->stack[node->added_count], &irp);
    return pnp_outcome_of_send(node, status);
}

/* One driver after the other, from the lowest filter up. */
static enum pnp_outcome add_done(struct pnp_node *node, const struct port_answer *answer)
{
    if (!ash_success(answer->status) &&
        (pnp_update_failed(node) || pnp_recover_again(node, answer->status)))
        return go(node, PNP_STEP_REMOVE_CHILDREN);
    if (!ash_success(answer->status)) {
        bool function = node->stack[node->added_count] == node->function;
        pnp_node_fail(node, answer->status,
                      function ? "its driver's AddDevice failed"
                               : "its filter driver's AddDevice failed");
        return node->added ? go(node, PNP_STEP_REMOVE_CHILDREN) : PNP_DONE;
    }
    node->added = true;
    if (!pnp_recover_filters_only(node))
        node->state = ASH_PNP_DEVICE_ADDED;
    if (pnp_recover_added(node))
        return go(node, PNP_STEP_ADD);
    return pnp_recover_filters_only(node) ? go(node, PNP_STEP_START) : PNP_NEXT;
}

static enum pnp_outcome filter_done(struct pnp_node *node, const struct port_answer *answer)
{
    const char *rule = pnp_filter_answer(node, answer);
    if (rule == nullptr && (ash_success(answer->status) || answer->status == STATUS_NOT_SUPPORTED))
        return PNP_NEXT;
    if (rule != nullptr)
        pnp_node_fail(node, STATUS_INVALID_PARAMETER, rule);
    else
        pnp_node_fail(node, answer->status, "its driver refused its resource requirements");
    return go(node, PNP_STEP_REMOVE_CHILDREN);
}

static bool is_volume(const struct pnp_node *node)
{
    return node->hardware_ids != nullptr && strcmp(node->hardware_ids, "STORAGE\\Volume") == 0;
}

/* A failed START is followed by REMOVE; a failed START after a STOP by SURPRISE_REMOVAL and REMOVE
 * ("Understanding When Remove IRPs Are Issued", "Stopping a Device to Rebalance Resources"). */
static enum pnp_outcome start_done(struct pnp_node *node, const struct port_answer *answer)
{
    bool again = node->stopped;
    node->stopped = false;
    if (!ash_success(answer->status) &&
        (pnp_update_failed(node) || pnp_recover_again(node, answer->status)))
        return go(node, PNP_STEP_REMOVE_CHILDREN);
    if (!ash_success(answer->status)) {
        pnp_node_fail(node, answer->status, again ? "it did not start again" : "it did not start");
        return go(node, PNP_STEP_REMOVE_CHILDREN);
    }
    if (node->recovering && pnp_recover_started(node))
        return go(node, PNP_STEP_START);
    if (pnp_recover_filters_only(node))
        return go(node, PNP_STEP_REVIVE);
    node->state = ASH_PNP_STARTED;
    node->status = STATUS_SUCCESS;
    node->removal_told = false;
    node->was_started = true;
    pnp_fault_started(node);
    pnp_interface_node_started(node);
    pnp_recover_keep(node);
    if (again)
        return PNP_DONE;
    if (!node->raw)
        return PNP_NEXT;
    if (is_volume(node))
        port_volume_arrived(node->device);
    return PNP_DONE;
}

static enum pnp_outcome capabilities_begin(struct pnp_node *node)
{
    return pnp_capabilities_send(node, true);
}

/* Where the device is on its bus the bus driver alone says: the IOMMU knows the device by that. */
static enum pnp_outcome capabilities_done(struct pnp_node *node, const struct port_answer *answer)
{
    uint32_t address = node->address;
    pnp_capabilities_store(node, answer);
    node->address = address;
    return PNP_NEXT;
}

static enum pnp_outcome state_begin(struct pnp_node *node)
{
    struct port_irp irp = {.major = IRP_MJ_PNP, .minor = IRP_MN_QUERY_PNP_DEVICE_STATE};
    node->state_again = false;
    return pnp_outcome_of_send(node, pnp_irp_send(node, &irp, true));
}

#define PNP_DETECTED_FATAL_ERROR 0xcau

/* A driver that is started again gets another try, as often as it may die. */
static bool tries_again(const struct pnp_node *node)
{
    if ((node->pnp_state & PNP_DEVICE_REMOVED) != 0 || node->function == nullptr ||
        !node->function->keeps || node->function->dead)
        return false;
    pnp_condemn(node, &(struct port_verdict){.code = PNP_DETECTED_FATAL_ERROR,
                                             .parameter = {node->device},
                                             .name = "PNP_DETECTED_FATAL_ERROR",
                                             .rule = "it reports its device as failed"});
    return true;
}

/* What its drivers say of the device: failed, removed or disabled in hardware, it goes. */
static enum pnp_outcome state_done(struct pnp_node *node, const struct port_answer *answer)
{
    node->pnp_state = ash_success(answer->status) ? (uint32_t)answer->information : 0;
    if ((node->pnp_state & PNP_DEVICE_FAILED) != 0 && tries_again(node))
        return PNP_NEXT;
    if (node->pnp_state & (PNP_DEVICE_FAILED | PNP_DEVICE_REMOVED)) {
        pnp_node_fail(node, STATUS_DEVICE_NOT_READY, "its driver reports it as failed or removed");
        return go(node, PNP_STEP_REMOVE_CHILDREN);
    }
    if (node->pnp_state & PNP_DEVICE_DISABLED) {
        node->disabled = true;
        return go(node, PNP_STEP_REMOVE_CHILDREN);
    }
    if (node->pnp_state & PNP_DEVICE_REQUIREMENTS_CHANGED)
        (void)pnp_operate(ASH_PNP_OPERATION_REBALANCE, node, 0);
    return PNP_NEXT;
}

static const struct {
    enum pnp_outcome (*begin)(struct pnp_node *node);
    enum pnp_outcome (*done)(struct pnp_node *node, const struct port_answer *answer);
} steps[PNP_STEPS] = {
    [PNP_STEP_DEVICE_ID] = {pnp_identity_begin, pnp_identity_done},
    [PNP_STEP_HARDWARE_IDS] = {pnp_identity_begin, pnp_identity_done},
    [PNP_STEP_COMPATIBLE_IDS] = {pnp_identity_begin, pnp_identity_done},
    [PNP_STEP_INSTANCE_ID] = {pnp_identity_begin, pnp_identity_done},
    [PNP_STEP_CONTAINER_ID] = {pnp_identity_begin, pnp_identity_done},
    [PNP_STEP_CAPABILITIES] = {pnp_identity_begin, pnp_identity_done},
    [PNP_STEP_DESCRIPTION] = {pnp_identity_begin, pnp_identity_done},
    [PNP_STEP_LOCATION] = {pnp_identity_begin, pnp_identity_done},
    [PNP_STEP_BUS_INFORMATION] = {pnp_identity_begin, pnp_identity_done},
    [PNP_STEP_RESOURCES] = {pnp_identity_begin, pnp_resources_done},
    [PNP_STEP_REQUIREMENTS] = {pnp_identity_begin, pnp_requirements_done},
    [PNP_STEP_ENUMERATED] = {enumerated_begin, enumerated_done},
    [PNP_STEP_SIBLINGS] = {siblings_begin, nullptr},
    [PNP_STEP_RECOVER] = {pnp_recover_begin_step, nullptr},
    [PNP_STEP_MATCH] = {match_begin, nullptr},
    [PNP_STEP_LOAD] = {load_begin, nullptr},
    [PNP_STEP_ADD] = {add_begin, add_done},
    [PNP_STEP_FILTER] = {pnp_filter_begin, filter_done},
    [PNP_STEP_START] = {pnp_start_begin, start_done},
    [PNP_STEP_CAPABILITIES_AGAIN] = {capabilities_begin, capabilities_done},
    [PNP_STEP_DEVICE_STATE] = {state_begin, state_done},
    [PNP_STEP_RELATIONS] = {pnp_relations_begin, pnp_relations_done},
    [PNP_STEP_REVIVE] = {pnp_revive_begin, pnp_revive_done},
    [PNP_STEP_OPERATION] = {pnp_operation_begin, pnp_operation_answered},
    [PNP_STEP_REMOVE_CHILDREN] = {pnp_remove_children_begin, nullptr},
    [PNP_STEP_SURPRISE] = {pnp_surprise_begin, pnp_remove_done},
    [PNP_STEP_HANDLES] = {pnp_handles_begin, nullptr},
    [PNP_STEP_REMOVE] = {pnp_remove_begin, pnp_remove_done},
    [PNP_STEP_QUIESCE] = {pnp_quiesce_begin, pnp_quiesce_done},
};

static bool wants_removal(const struct pnp_node *node)
{
    return node->removing && node->step < PNP_STEP_REMOVE_CHILDREN;
}

static void advance(struct pnp_node *node, enum pnp_outcome outcome)
{
    while (outcome == PNP_NEXT || (outcome == PNP_DONE && wants_removal(node))) {
        node->step = wants_removal(node) ? PNP_STEP_REMOVE_CHILDREN : node->step + 1;
        node->stalled = false;
        outcome = steps[node->step].begin(node);
    }
    if (outcome == PNP_DONE)
        node->step = PNP_STEP_IDLE;
}

void pnp_step_run(struct pnp_node *node, enum pnp_step step)
{
    advance(node, go(node, step));
}

void pnp_step_done(struct pnp_node *node, const struct port_answer *answer)
{
    if (steps[node->step].done == nullptr)
        return;
    if (wants_removal(node)) { /* whatever the answer: what stands is removed */
        if (node->step == PNP_STEP_ADD && (ash_success(answer->status) || !node->recovering))
            (void)add_done(node, answer);
        if (node->step == PNP_STEP_OPERATION)
            (void)pnp_operation_answered(node, answer);
        advance(node, PNP_NEXT);
    } else if (!pnp_recover_repeats(node, answer))
        advance(node, steps[node->step].done(node, answer));
}

enum pnp_outcome pnp_outcome_of_send(struct pnp_node *node, ash_status status)
{
    if (ash_success(status))
        return PNP_WAIT;
    if (status == STATUS_INSUFFICIENT_RESOURCES ||
        (status == STATUS_DEVICE_REMOVED && pnp_recover_waits(node))) {
        node->stalled = true;
        return PNP_WAIT;
    }
    return steps[node->step].done(node, &(struct port_answer){.status = status});
}

/* Takes up what one node waits for, if it has come. */
static bool resume_one(struct pnp_node *node)
{
    if (node->irp != 0 || node->step == PNP_STEP_IDLE) {
        if (node->step == PNP_STEP_IDLE && node->again && node->state == ASH_PNP_STARTED) {
            pnp_step_run(node, PNP_STEP_RELATIONS);
            return true;
        }
        if (node->step == PNP_STEP_IDLE && node->state_again && node->state == ASH_PNP_STARTED) {
            pnp_step_run(node, PNP_STEP_DEVICE_STATE);
            return true;
        }
        return false;
    }
    if (pnp_recover_pauses(node))
        return false;
    enum pnp_step before = node->step;
    bool stalled = node->stalled;
    ash_word id = node->id;
    pnp_step_run(node, before);
    for (struct pnp_node *left = pnp_nodes; left != nullptr; left = left->all_next)
        if (left->id == id)
            return left->step != before || (stalled && !left->stalled);
    return true; /* it is no more */
}

void pnp_resume(void)
{
    static bool running, again;
    again = true;
    if (running)
        return;
    running = true;
    while (again) {
        pnp_file_system_resume();
        again = pnp_operation_resume();
        for (struct pnp_node *node = pnp_nodes; node != nullptr && !again; node = node->all_next)
            again = resume_one(node);
    }
    running = false;
}
