// SPDX-License-Identifier: MIT
/*
 * See message.h. The messages of a device are neighbours in the table, in the order of its MSI-X
 * table or of MSI's data.
 */
#include "message.h"
#include "drivers/message.h"
#include "port.h"
#include <stdlib.h>

/* Of all devices of one driver: as many as the kit tells apart, less a few for single ones. */
#define TASK_MESSAGES 20u

static struct message {
    const struct pnp_node *node; /* null: not in use */
    struct port_message port;
    ash_word task; /* who is connected */
    ash_cptr notification;
} messages[PNP_MESSAGES];

static struct message *messages_of(const struct pnp_node *node, unsigned *count)
{
    struct message *first = nullptr;
    *count = 0;
    for (unsigned i = 0; i < PNP_MESSAGES; i++) {
        if (messages[i].node != node)
            continue;
        first = first != nullptr ? first : &messages[i];
        ++*count;
    }
    return first;
}

static struct message *free_run(unsigned count)
{
    unsigned run = 0;
    for (unsigned i = 0; i < PNP_MESSAGES; i++) {
        run = messages[i].node == nullptr ? run + 1 : 0;
        if (run == count)
            return &messages[i + 1 - count];
    }
    return nullptr;
}

static unsigned messages_of_task(const struct pnp_node *node)
{
    unsigned count = 0;
    for (unsigned i = 0; i < PNP_MESSAGES; i++)
        count += messages[i].node != nullptr && messages[i].node->function == node->function;
    return count;
}

static void disconnect(struct message *message)
{
    if (message->notification == 0)
        return;
    port_irq_unbind(message->port.irq);
    port_drop(message->notification);
    message->notification = 0;
    message->task = 0;
}

static void give_back(struct message *message)
{
    disconnect(message);
    port_irq_drop(message->port.irq);
    *message = (struct message){};
}

/* MSI replaces the low bits of one message's data: the messages must be as that makes them. */
static bool in_line(const struct message *first, unsigned count)
{
    bool good = first->port.data % count == 0;
    for (unsigned i = 1; i < count; i++)
        good &= first[i].port.data == first->port.data + i &&
                first[i].port.address == first->port.address;
    return good;
}

/* That many messages of the device, or none. */
static struct message *take(struct pnp_node *node, unsigned count, bool together)
{
    struct message *first = free_run(count);
    if (first == nullptr || count > MESSAGES_MOST ||
        messages_of_task(node) + count > (count > 1 ? TASK_MESSAGES : PNP_MESSAGES))
        return nullptr;
    const struct port_message_owner owner = {
        .task = node->function->task, .pdo = node->device, .enforced = node->dma_enforced};
    unsigned got = 0;
    ash_word number = together ? count : 1; /* of MSI: aligned */
    for (; got < count; got++) {
        struct message *message = &first[got];
        if (!ash_success(port_message_get(&owner, number + got, &message->port)))
            break;
        message->node = node;
    }
    if (got == count && (!together || in_line(first, count)) && first->port.data <= UINT16_MAX)
        return first;
    while (got > 0)
        give_back(&first[--got]);
    return nullptr;
}

static unsigned lesser(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned pnp_messages_limit(const struct pnp_node *node)
{
    unsigned limit = node->match.message_limit;
    if (!node->match.message_supported)
        return 0;
    return limit != 0 ? lesser(limit, MESSAGES_MOST) : MESSAGES_MOST;
}

/* A wish as the documentation has it fulfilled: all of it, else exactly one message. */
static struct message *fulfil(struct pnp_node *node, const struct pnp_wish *wish, unsigned *count)
{
    unsigned most = pnp_messages_limit(node), wanted = lesser(wish->messages, most);
    while (wish->together && (wanted & (wanted - 1)) != 0)
        wanted &= wanted - 1;
    *count = wanted;
    struct message *first = wanted > 0 ? take(node, wanted, wish->together) : nullptr;
    if (first != nullptr || wanted < 2)
        return first;
    *count = 1;
    return take(node, 1, false);
}

/* --- Resource lists ---------------------------------------------------------------------------*/

static uint64_t vector_of(const struct message *message)
{
    return PNP_MESSAGE_VECTOR + (uint64_t)(message - messages);
}

static void add(struct pnp_resources *list, struct pnp_resource item)
{
    if (list->count < PNP_RESOURCES_MAX)
        list->item[list->count++] = item;
}

static void add_interrupts(struct pnp_resources *list, const struct message *first, unsigned count,
                           bool together, bool raw)
{
    for (unsigned i = 0; i < (together ? 1 : count); i++)
        add(list, (struct pnp_resource){.type = PNP_INTERRUPT,
                                        .share = PNP_EXCLUSIVE,
                                        .flags = PNP_INTERRUPT_LATCHED | PNP_INTERRUPT_MESSAGE,
                                        .level = raw ? 0 : ASH_PNP_DEVICE_IRQL,
                                        .messages = (uint16_t)(raw ? (together ? count : 1) : 0),
                                        .affinity = 1,
                                        .start = raw ? first[i].port.data : vector_of(&first[i]),
                                        .length = together ? count : 1});
}

static void add_private(struct pnp_resources *list, const struct message *first, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        add(list,
            (struct pnp_resource){.type = PNP_DEVICE_PRIVATE,
                                  .share = PNP_EXCLUSIVE,
                                  .data = {MESSAGE_PRIVATE << 16 | (uint16_t)first[i].port.data,
                                           (uint32_t)first[i].port.address,
                                           (uint32_t)(first[i].port.address >> 32)}});
}

/* The list with the messages instead of its interrupts. */
static bool rewrite(struct pnp_resources **place, const struct message *first, unsigned count,
                    bool together, bool raw)
{
    static struct pnp_resources list;
    const struct pnp_resources *old = *place;
    list = (struct pnp_resources){.interface = old->interface, .bus = old->bus};
    for (unsigned i = 0; i < old->count; i++)
        if (old->item[i].type != PNP_INTERRUPT)
            add(&list, old->item[i]);
    if (list.count + 2 * count > PNP_RESOURCES_MAX)
        return false;
    add_interrupts(&list, first, count, together, raw);
    add_private(&list, first, count);
    return pnp_resources_replace(place, &list);
}

static void bus_may_map(const struct pnp_node *node, bool allow)
{
    for (unsigned i = 0; node->translated != nullptr && i < node->translated->count; i++) {
        const struct pnp_resource *item = &node->translated->item[i];
        if (pnp_resource_mappable(item) && !node->bus->dead)
            (void)port_device_memory(node->bus->task, item->start, item->length, allow);
    }
}

/* --- Of a device ------------------------------------------------------------------------------*/

static bool give(struct pnp_node *node, const struct pnp_wish *wish)
{
    unsigned count;
    struct message *first = fulfil(node, wish, &count);
    if (first == nullptr)
        return false;
    bool together = wish->together && count > 1;
    if (pnp_resources_replace(&node->boot, node->assigned) &&
        rewrite(&node->translated, first, count, together, false) &&
        rewrite(&node->assigned, first, count, together, true)) {
        bus_may_map(node, true); /* the MSI-X table is in the device's memory */
        return true;
    }
    pnp_messages_release(node);
    return false;
}

void pnp_messages_assign(struct pnp_node *node)
{
    if (node->assigned == nullptr || node->translated == nullptr || node->function == nullptr ||
        node->bus->own || pnp_messages_limit(node) == 0)
        return;
    for (unsigned i = 0; i < node->wishes.count; i++)
        if (node->wishes.item[i].messages == 0 || give(node, &node->wishes.item[i]))
            return;
}

void pnp_messages_release(struct pnp_node *node)
{
    unsigned count;
    struct message *first = messages_of(node, &count);
    if (count > 0)
        bus_may_map(node, false);
    for (unsigned i = 0; i < count; i++)
        give_back(&first[i]);
    if (node->boot == nullptr)
        return;
    free(node->assigned);
    node->assigned = node->boot;
    node->boot = nullptr;
}

/* --- Connections ------------------------------------------------------------------------------*/

static struct message *find(const struct pnp_node *node, ash_word vector)
{
    if (vector < PNP_MESSAGE_VECTOR || vector >= PNP_MESSAGE_VECTOR + PNP_MESSAGES)
        return nullptr;
    struct message *message = &messages[vector - PNP_MESSAGE_VECTOR];
    return message->node == node ? message : nullptr;
}

bool pnp_message_has(const struct pnp_node *node, ash_word vector)
{
    return find(node, vector) != nullptr;
}

ash_status pnp_message_connect(const struct pnp_node *node, ash_word task, ash_word vector,
                               ash_cptr notification, ash_cptr *capability)
{
    struct message *message = find(node, vector);
    ash_status status = STATUS_INVALID_PARAMETER;
    if (message != nullptr)
        status = message->notification != 0 ? STATUS_CONFLICTING_ADDRESSES
                                            : port_irq_bind(message->port.irq, notification);
    if (!ash_success(status)) {
        port_drop(notification);
        return status;
    }
    message->task = task;
    message->notification = notification;
    *capability = message->port.irq;
    return status;
}

ash_status pnp_message_disconnect(const struct pnp_node *node, ash_word task, ash_word vector)
{
    struct message *message = find(node, vector);
    if (message == nullptr || message->notification == 0)
        return STATUS_INVALID_PARAMETER;
    if (message->task != task)
        return STATUS_ACCESS_DENIED;
    disconnect(message);
    return STATUS_SUCCESS;
}

void pnp_messages_node_gone(const struct pnp_node *node)
{
    unsigned count;
    struct message *first = messages_of(node, &count);
    for (unsigned i = 0; i < count; i++)
        disconnect(&first[i]);
}

void pnp_messages_task_gone(ash_word task)
{
    for (unsigned i = 0; i < PNP_MESSAGES; i++)
        if (messages[i].node != nullptr && messages[i].task == task)
            disconnect(&messages[i]);
}

ash_status pnp_message_query(const struct pnp_node *node, ash_word index,
                             struct ash_pnp_message_reply *reply)
{
    unsigned count;
    const struct message *first = messages_of(node, &count);
    if (index >= count)
        return count == 0 ? STATUS_NOT_FOUND : STATUS_NO_MORE_ENTRIES;
    *reply = (struct ash_pnp_message_reply){.count = count,
                                            .vector = vector_of(&first[index]),
                                            .address = first[index].port.address,
                                            .data = first[index].port.data,
                                            .affinity = 1};
    return STATUS_SUCCESS;
}
