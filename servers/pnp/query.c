// SPDX-License-Identifier: MIT
/* What clients (devtree, the power manager) ask about the tree. */
#include "node.h"
#include <string.h>

static ash_word count_resources(const struct pnp_resources *list)
{
    ash_word count = 0;
    for (unsigned i = 0; list != nullptr && i < list->count; i++)
        count += list->item[i].type != PNP_DEVICE_PRIVATE;
    return count;
}

static const struct pnp_resources *shown(const struct pnp_node *node)
{
    return node->translated != nullptr ? node->translated : node->assigned;
}

void pnp_query_node(const struct pnp_node *node, struct ash_pnp_node_reply *reply)
{
    *reply = (struct ash_pnp_node_reply){
        .node = node->id,
        .parent = node->parent != nullptr ? node->parent->id : 0,
        .depth = pnp_node_depth(node),
        .device = node->device,
        .driver_task = node->function != nullptr ? node->function->task : 0,
        .state = (ash_word)node->state,
        .status = (uint32_t)node->status,
        .resources = count_resources(shown(node)),
        .dma = pnp_dma_state(node),
    };
    pnp_node_instance(node, reply->instance, sizeof(reply->instance));
    memcpy(reply->description, node->description, sizeof(reply->description) - 1);
    if (node->function != nullptr)
        strncpy(reply->service, node->function->name, sizeof(reply->service) - 1);
}

static const struct pnp_node *deepest(const struct pnp_node *node)
{
    while (node->child != nullptr)
        node = node->child;
    return node;
}

/* Children before parents. */
struct pnp_node *pnp_query_order(ash_word index)
{
    if (pnp_root == nullptr)
        return nullptr;
    const struct pnp_node *node = deepest(pnp_root);
    while (node != nullptr && index-- > 0)
        node = node->sibling != nullptr ? deepest(node->sibling) : node->parent;
    return (struct pnp_node *)node;
}

ash_status pnp_query_resource(ash_word id, ash_word index, struct ash_pnp_resource_reply *reply)
{
    const struct pnp_node *node = pnp_node_find(id);
    if (node == nullptr)
        return STATUS_INVALID_PARAMETER;
    const struct pnp_resources *list = shown(node);
    for (unsigned i = 0; list != nullptr && i < list->count; i++) {
        const struct pnp_resource *item = &list->item[i];
        if (item->type == PNP_DEVICE_PRIVATE || index-- > 0)
            continue;
        *reply =
            (struct ash_pnp_resource_reply){item->type, item->start, item->length, item->flags};
        return STATUS_SUCCESS;
    }
    return STATUS_NO_MORE_ENTRIES;
}

bool pnp_settled(void)
{
    for (const struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next)
        if (!pnp_quiet(node) || (node->again && node->state == ASH_PNP_STARTED))
            return false;
    return !pnp_driver_loading() && !pnp_operating();
}
