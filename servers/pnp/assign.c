// SPDX-License-Identifier: MIT
/*
 * Resources into START_DEVICE. The bus drivers of this system assign resources themselves, so the
 * boot configuration (QUERY_RESOURCES) is what a device gets; here it is checked against the
 * parent's and the other devices' resources, translated, and given to the driver's task.
 */
#include "message.h"
#include "node.h"
#include "port.h"
#include <string.h>

#define IRP_MJ_PNP                          0x1b
#define IRP_MN_START_DEVICE                 0x00
#define IRP_MN_FILTER_RESOURCE_REQUIREMENTS 0x0d

/* The drivers see what the INF allows, and may take more away. */
enum pnp_outcome pnp_filter_begin(struct pnp_node *node)
{
    static uint8_t list[ASH_LINK_CONTROL_INLINE];
    size_t bytes = node->requirement_bytes;
    node->wishes.count = 0;
    if (bytes == 0 || bytes > sizeof(list))
        return PNP_NEXT;
    memcpy(list, node->requirements, bytes);
    bytes = pnp_requirements_limit(list, bytes, pnp_messages_limit(node));
    if (bytes == 0 || pnp_requirements_wishes(list, bytes, &node->wishes) != nullptr)
        return PNP_NEXT;
    struct port_irp irp = {.major = IRP_MJ_PNP,
                           .minor = IRP_MN_FILTER_RESOURCE_REQUIREMENTS,
                           .in = list,
                           .in_bytes = bytes};
    return pnp_outcome_of_send(node, pnp_irp_send(node, &irp, true));
}

const char *pnp_filter_answer(struct pnp_node *node, const struct port_answer *answer)
{
    static uint8_t list[ASH_LINK_CONTROL_INLINE];
    if (!ash_success(answer->status) || answer->out_bytes == 0)
        return nullptr;
    size_t bytes = answer->out_bytes < sizeof(list) ? answer->out_bytes : sizeof(list);
    memcpy(list, answer->out, bytes); /* the driver may still write there */
    return pnp_requirements_wishes(list, bytes, &node->wishes);
}

static bool in_use(const struct pnp_node *node)
{
    return node->start_sent && node->translated != nullptr;
}

static bool is_ancestor(const struct pnp_node *of, const struct pnp_node *other)
{
    for (of = of->parent; of != nullptr; of = of->parent)
        if (of == other)
            return true;
    return false;
}

/* What a parent hands on to its children is no conflict with them. */
static const char *check_conflicts(const struct pnp_node *node)
{
    for (const struct pnp_node *other = pnp_nodes; other != nullptr; other = other->all_next) {
        if (other == node || !in_use(other) || is_ancestor(node, other) || is_ancestor(other, node))
            continue;
        const char *rule = pnp_resources_conflict(node->translated, other->translated);
        if (rule != nullptr)
            return rule;
    }
    return nullptr;
}

static const char *assign(struct pnp_node *node)
{
    static const struct pnp_resources none;
    static struct pnp_resources translated;
    const struct pnp_node *parent = node->parent;
    pnp_messages_release(node);
    if (node->assigned == nullptr)
        return nullptr;
    struct pnp_parent of = {
        .all = parent == nullptr ? !node->root : parent == pnp_root,
        .raw = parent != nullptr && parent->assigned != nullptr ? parent->assigned : &none,
        .translated =
            parent != nullptr && parent->translated != nullptr ? parent->translated : &none};
    unsigned at;
    const char *rule = pnp_resources_translate(
        node->assigned, &of, (struct pnp_interrupt_choice){ASH_PNP_DEVICE_IRQL, 1}, &translated,
        &at);
    if (rule == nullptr && !pnp_resources_replace(&node->translated, &translated))
        rule = "no memory for its resources";
    return rule != nullptr ? rule : check_conflicts(node);
}

bool pnp_uses_dma(const struct pnp_node *node)
{
    return node->bus_type == PNP_INTERFACE_PCI;
}

/* Its ID at the IOMMU: that of a PCI function (PCI Express, "Requester ID"). */
ash_word pnp_dma_device(const struct pnp_node *node)
{
    return (ash_word)node->bus_number << 8 | (node->address >> 16 & 31) << 3 | (node->address & 7);
}

ash_status pnp_memory_allow(struct pnp_node *node)
{
    ash_status status = STATUS_SUCCESS;
    if (node->function == nullptr)
        return status;
    node->allowed = true;
    for (unsigned i = 0; node->translated != nullptr && i < node->translated->count; i++) {
        const struct pnp_resource *item = &node->translated->item[i];
        if (pnp_resource_mappable(item) && ash_success(status))
            status = port_device_memory(node->function->task, item->start, item->length, true);
    }
    if (ash_success(status) && pnp_uses_dma(node))
        status = port_dma_allow(node->function->task, node->device, pnp_dma_device(node),
                                &node->dma_enforced);
    return status;
}

/* A dead task's are gone with it. */
void pnp_memory_revoke(struct pnp_node *node)
{
    if (!node->allowed)
        return;
    node->allowed = false;
    if (node->function->dead)
        return;
    for (unsigned i = 0; node->translated != nullptr && i < node->translated->count; i++) {
        const struct pnp_resource *item = &node->translated->item[i];
        if (pnp_resource_mappable(item))
            (void)port_device_memory(node->function->task, item->start, item->length, false);
    }
    if (pnp_uses_dma(node))
        port_dma_end(node->function->task, node->device);
}

static enum pnp_outcome refuse(struct pnp_node *node, ash_status status, const char *why)
{
    pnp_node_fail(node, status, why);
    node->step = PNP_STEP_REMOVE_CHILDREN - 1;
    return PNP_NEXT;
}

bool pnp_start_irp(const struct pnp_node *node, struct port_irp *irp)
{
    static uint8_t lists[ASH_LINK_CONTROL_INLINE];
    size_t raw = 0, translated = 0;
    if (node->assigned != nullptr && node->assigned->count > 0) {
        raw = pnp_resources_build(node->assigned, lists, sizeof(lists));
        translated = pnp_resources_build(node->translated, lists + raw, sizeof(lists) - raw);
        if (raw == 0 || translated == 0)
            return false;
    }
    *irp = (struct port_irp){.major = IRP_MJ_PNP,
                             .minor = IRP_MN_START_DEVICE,
                             .device = node->device,
                             .parameter = {raw, translated},
                             .in = lists,
                             .in_bytes = raw + translated};
    return true;
}

enum pnp_outcome pnp_start_begin(struct pnp_node *node)
{
    struct port_irp irp;
    if (!node->start_sent) {
        const char *rule = assign(node);
        if (rule != nullptr)
            return refuse(node, STATUS_CONFLICTING_ADDRESSES, rule);
        ash_status status = pnp_memory_allow(node);
        if (!ash_success(status))
            return refuse(node, status, "its memory or DMA could not be given to its driver");
        pnp_messages_assign(node);
    }
    if (!pnp_start_irp(node, &irp))
        return refuse(node, STATUS_INSUFFICIENT_RESOURCES, "its resource lists are too long");
    node->start_sent = true;
    if (node->recovering)
        return pnp_outcome_of_send(node,
                                   pnp_irp_send_device(node, &irp, pnp_recover_to_start(node)));
    return pnp_outcome_of_send(node, pnp_irp_send(node, &irp, !node->raw));
}
