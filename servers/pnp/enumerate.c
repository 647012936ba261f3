// SPDX-License-Identifier: MIT
/*
 * Bus relations. A device id that is new becomes a child; a child that is no longer listed is gone:
 * SURPRISE_REMOVAL, REMOVE, and its node ends. Only devices of the bus driver's own task count.
 */
#include "node.h"
#include "port.h"
#include <string.h>

#define IRP_MJ_PNP                    0x1b
#define IRP_MN_QUERY_DEVICE_RELATIONS 0x07
#define BUS_RELATIONS                 0u
#define CHILDREN_MAX                  (ASH_LINK_CONTROL_INLINE / sizeof(uint64_t))

enum pnp_outcome pnp_relations_begin(struct pnp_node *node)
{
    struct port_irp irp = {
        .major = IRP_MJ_PNP, .minor = IRP_MN_QUERY_DEVICE_RELATIONS, .parameter = {BUS_RELATIONS}};
    node->again = false;
    return pnp_outcome_of_send(node, pnp_irp_send(node, &irp, true));
}

static bool listed(const uint64_t *devices, size_t count, ash_word device)
{
    for (size_t i = 0; i < count; i++)
        if (devices[i] == device)
            return true;
    return false;
}

static void remove_missing(struct pnp_node *node, const uint64_t *devices, size_t count)
{
    struct pnp_node *child = node->child;
    while (child != nullptr) {
        if (child->gone || listed(devices, count, child->device)) {
            child = child->sibling;
            continue;
        }
        pnp_remove(child, true);
        child = node->child; /* the list may have changed */
    }
}

/* Nothing is below it. */
static bool is_physical(ash_word device)
{
    struct ash_io_stack_reply stack;
    return ash_success(port_stack(device, &stack)) && stack.count != 0 &&
           stack.count <= ASH_IO_STACK_MAX && stack.entry[stack.count - 1].device == device;
}

static void add_child(struct pnp_node *node, ash_word device)
{
    struct ash_device_info info;
    if (pnp_node_of_device(device) != nullptr)
        return;
    if (!ash_success(port_device_info(device, &info)) || !pnp_stack_has_task(node, info.driver)) {
        port_log("%s lists a device that is not its own", node->function->name);
        return;
    }
    if (!is_physical(device)) {
        port_log("%s lists a device that is no PDO", node->function->name);
        return;
    }
    if (pnp_node_new(node, device, pnp_driver_of_task(info.driver)) == nullptr)
        port_log("no memory for a device of %s", node->function->name);
}

static void begin_new_children(struct pnp_node *node)
{
    bool found = true;
    while (found) {
        found = false;
        for (struct pnp_node *child = node->child; child != nullptr; child = child->sibling) {
            if (child->step != PNP_STEP_IDLE || child->state != ASH_PNP_UNINITIALIZED ||
                child->device_id != nullptr || child->gone)
                continue;
            pnp_step_run(child, PNP_STEP_DEVICE_ID);
            found = child->step != PNP_STEP_IDLE; /* else it failed at once, and says so */
            break;
        }
    }
}

static enum pnp_outcome after_relations(struct pnp_node *node)
{
    node->tries = 0;
    if (!node->recovering)
        return PNP_DONE;
    node->step = PNP_STEP_REVIVE - 1;
    return PNP_NEXT;
}

enum pnp_outcome pnp_relations_done(struct pnp_node *node, const struct port_answer *answer)
{
    static uint64_t devices[CHILDREN_MAX];
    if (!ash_success(answer->status))
        return after_relations(node); /* no bus */
    size_t count = answer->out_bytes / sizeof(uint64_t);
    if (count > CHILDREN_MAX)
        count = CHILDREN_MAX;
    if (count > 0)
        memcpy(devices, answer->out, count * sizeof(uint64_t));
    remove_missing(node, devices, count);
    for (size_t i = 0; i < count; i++)
        add_child(node, devices[i]);
    begin_new_children(node);
    return after_relations(node);
}

void pnp_enumerate(struct pnp_node *node)
{
    node->again = true;
    pnp_resume();
}
