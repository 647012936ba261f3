// SPDX-License-Identifier: MIT
/* Nodes and their tree; see node.h. */
#include "node.h"
#include "port.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pnp_node *pnp_root, *pnp_nodes;
static ash_word last_id;

struct pnp_node *pnp_node_new(struct pnp_node *parent, ash_word device, struct pnp_driver *bus)
{
    struct pnp_node *node = calloc(1, sizeof(*node));
    if (node == nullptr)
        return nullptr;
    node->id = ++last_id;
    node->device = device;
    node->bus = bus;
    node->parent = parent;
    struct pnp_node **place = parent != nullptr ? &parent->child : &pnp_root;
    while (*place != nullptr)
        place = &(*place)->sibling;
    *place = node;
    node->all_next = pnp_nodes;
    pnp_nodes = node;
    return node;
}

static void unlink_node(struct pnp_node *node)
{
    struct pnp_node **place = node->parent != nullptr ? &node->parent->child : &pnp_root;
    while (*place != node)
        place = &(*place)->sibling;
    *place = node->sibling;
    for (place = &pnp_nodes; *place != node;)
        place = &(*place)->all_next;
    *place = node->all_next;
}

void pnp_node_free(struct pnp_node *node)
{
    unlink_node(node);
    free(node->device_id);
    free(node->instance_id);
    free(node->hardware_ids);
    free(node->compatible_ids);
    free(node->location);
    free(node->container);
    free(node->assigned);
    free(node->translated);
    free(node->boot);
    free(node->requirements);
    pnp_property_data_free(node);
    free(node);
}

struct pnp_node *pnp_node_of_device(ash_word pdo)
{
    struct pnp_node *node = pnp_nodes;
    while (node != nullptr && node->device != pdo)
        node = node->all_next;
    return node;
}

struct pnp_node *pnp_node_find(ash_word id)
{
    struct pnp_node *node = pnp_nodes;
    while (node != nullptr && node->id != id)
        node = node->all_next;
    return node;
}

struct pnp_node *pnp_node_next(struct pnp_node *node)
{
    if (node->child != nullptr)
        return node->child;
    while (node != nullptr && node->sibling == nullptr)
        node = node->parent;
    return node != nullptr ? node->sibling : nullptr;
}

struct pnp_node *pnp_node_at(ash_word index)
{
    struct pnp_node *node = pnp_root;
    while (node != nullptr && index-- > 0)
        node = pnp_node_next(node);
    return node;
}

unsigned pnp_node_depth(const struct pnp_node *node)
{
    unsigned depth = 0;
    for (; node->parent != nullptr; node = node->parent)
        depth++;
    return depth;
}

void pnp_node_instance(const struct pnp_node *node, char *path, size_t size)
{
    const char *device = node->device_id != nullptr ? node->device_id : "?";
    const char *instance = node->instance_id != nullptr ? node->instance_id : "";
    snprintf(path, size, "%s%s%s", device, *instance != '\0' ? "\\" : "", instance);
}

/* The stack is asked of the I/O manager: it alone knows who attached what. */
struct pnp_node *pnp_node_in_stack(ash_word task, ash_word device)
{
    struct ash_io_stack_reply stack;
    if (!ash_success(port_stack(device, &stack)) || stack.count == 0)
        return nullptr;
    if (stack.count > ASH_IO_STACK_MAX)
        return nullptr;
    bool takes_part = false;
    for (ash_word i = 0; i < stack.count; i++) {
        struct ash_device_info info;
        takes_part |=
            ash_success(port_device_info(stack.entry[i].device, &info)) && info.driver == task;
    }
    return takes_part ? pnp_node_of_device(stack.entry[stack.count - 1].device) : nullptr;
}

struct pnp_node *pnp_node_joined(ash_word task, ash_word device)
{
    struct pnp_node *node = pnp_node_of_device(device);
    if (node != nullptr && node->step == PNP_STEP_ADD && pnp_stack_has_task(node, task))
        return node;
    return pnp_node_in_stack(task, device);
}

void pnp_node_fail(struct pnp_node *node, ash_status status, const char *why)
{
    char path[96];
    pnp_node_instance(node, path, sizeof(path));
    node->state = ASH_PNP_FAILED;
    node->status = status;
    port_log("%s failed: %s (0x%08x)", path, why, (unsigned)status);
    pnp_recover_failed(node);
}
