// SPDX-License-Identifier: MIT
/*
 * Device interfaces: who may register and enable them, their symbolic links, and the events that
 * tell of them. Invariant: an interface has its link exactly while it is `published`, that is
 * enabled, its device started and not yet removed.
 */
#include "interface_table.h"
#include "node.h"
#include "port.h"
#include <string.h>

static struct ash_pnp_event_reply events[ASH_PNP_EVENTS_KEPT];
static ash_word last_event;

ash_word pnp_event_last(void)
{
    return last_event;
}

bool pnp_event_after(ash_word after, struct ash_pnp_event_reply *reply)
{
    if (after >= last_event)
        return false;
    if (last_event - after > ASH_PNP_EVENTS_KEPT)
        after = last_event - ASH_PNP_EVENTS_KEPT;
    *reply = events[(after + 1) % ASH_PNP_EVENTS_KEPT];
    return true;
}

ash_word pnp_event_post(struct ash_pnp_event_reply *event)
{
    event->sequence = ++last_event;
    events[last_event % ASH_PNP_EVENTS_KEPT] = *event;
    return last_event;
}

static void tell(const struct pnp_interface *interface, enum ash_pnp_event_kind kind)
{
    struct ash_pnp_event_reply event = {.kind = kind, .device = interface->device};
    memcpy(event.guid, interface->guid, sizeof(event.guid));
    memcpy(event.name, interface->name, sizeof(event.name));
    (void)pnp_event_post(&event);
}

void pnp_event_removed(struct pnp_node *node)
{
    struct ash_pnp_event_reply event = {.kind = ASH_PNP_EVENT_REMOVED, .device = node->device};
    if (node->removal_told)
        return;
    node->removal_told = true;
    (void)pnp_event_post(&event);
}

static ash_status publish(struct pnp_interface *interface)
{
    char link[PNP_INTERFACE_NAME];
    struct ash_device_info info;
    ash_status status = port_device_info(interface->device, &info);
    if (!ash_success(status))
        return status;
    info.name[sizeof(info.name) - 1] = '\0';
    pnp_interface_link(interface, link);
    if (info.name[0] == '\0')
        return STATUS_INVALID_DEVICE_REQUEST; /* a PDO must have a name */
    if (!pnp_interface_link_shared(interface))
        status = port_link_create(link, info.name);
    if (!ash_success(status))
        return status;
    interface->published = true;
    tell(interface, ASH_PNP_EVENT_ARRIVAL);
    return STATUS_SUCCESS;
}

static void retract(struct pnp_interface *interface)
{
    char link[PNP_INTERFACE_NAME];
    if (!interface->published)
        return;
    interface->published = false;
    pnp_interface_link(interface, link);
    if (!pnp_interface_link_shared(interface))
        port_link_delete(link);
    tell(interface, ASH_PNP_EVENT_REMOVAL);
}

ash_status pnp_interface_add(ash_word task, const struct ash_pnp_interface_request *request,
                             struct ash_pnp_interface_reply *reply)
{
    char path[PNP_INTERFACE_NAME];
    bool existed;
    if (memchr(request->reference, '\0', sizeof(request->reference)) == nullptr)
        return STATUS_OBJECT_NAME_INVALID;
    const struct pnp_node *node = pnp_node_joined(task, request->device);
    if (node == nullptr || node->device != request->device ||
        !pnp_interface_reference_good(request->reference))
        return STATUS_INVALID_DEVICE_REQUEST;
    pnp_node_instance(node, path, sizeof(path));
    const struct pnp_interface *interface =
        pnp_interface_register(request->guid, path, request->reference, request->device, &existed);
    if (interface == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    reply->id = interface->id;
    memcpy(reply->name, interface->name, sizeof(reply->name));
    return existed ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
}

ash_status pnp_interface_set(ash_word task, const char *name, bool enable)
{
    struct pnp_interface *interface = pnp_interface_find(name);
    if (interface == nullptr || interface->device == 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    const struct pnp_node *node = pnp_node_joined(task, interface->device);
    if (node == nullptr)
        return STATUS_ACCESS_DENIED;
    if (interface->enabled == enable)
        return enable ? STATUS_OBJECT_NAME_EXISTS : STATUS_OBJECT_NAME_NOT_FOUND;
    ash_status status = STATUS_SUCCESS;
    if (!enable)
        retract(interface);
    else if (node->state == ASH_PNP_STARTED)
        status = publish(interface);
    if (ash_success(status))
        interface->enabled = enable;
    return status;
}

ash_status pnp_interface_list(const struct ash_pnp_next_interface_request *request,
                              struct ash_pnp_interface_reply *reply)
{
    struct pnp_interface *at = pnp_interface_after(request->after);
    if (request->device != 0 && pnp_node_of_device(request->device) == nullptr)
        return STATUS_INVALID_DEVICE_REQUEST;
    while (at != nullptr && (memcmp(at->guid, request->guid, sizeof(at->guid)) != 0 ||
                             (request->device != 0 && at->device != request->device) ||
                             (!at->published && request->inactive == 0)))
        at = at->next;
    if (at == nullptr)
        return STATUS_NO_MORE_ENTRIES;
    reply->id = at->id;
    memcpy(reply->name, at->name, sizeof(reply->name));
    return STATUS_SUCCESS;
}

void pnp_interface_node_started(const struct pnp_node *node)
{
    for (struct pnp_interface *at = pnp_interface_after(0); at != nullptr; at = at->next) {
        if (at->device != node->device || !at->enabled || at->published)
            continue;
        ash_status status = publish(at);
        if (!ash_success(status))
            port_log("%s cannot be enabled (0x%08x)", at->name, (unsigned)status);
        at->enabled = ash_success(status);
    }
}

void pnp_interface_node_gone(const struct pnp_node *node)
{
    for (struct pnp_interface *at = pnp_interface_after(0); at != nullptr; at = at->next) {
        if (at->device != node->device)
            continue;
        retract(at);
        at->enabled = false;
        if (node->gone)
            at->device = 0;
    }
}
