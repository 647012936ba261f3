// SPDX-License-Identifier: MIT
/* Requests of drivers and clients (abi/pnp.h). */
#include "ash/slot.h"
#include "kernel/object.h"
#include "main.h"
#include "message.h"
#include "node.h"
#include "port.h"
#include <stdio.h>
#include <string.h>

#define SETTLED_WAITERS 16u
#define LOAD_WAITERS    16u
#define EVENT_WAITERS   64u /* one a driver task */

static ash_token waiters[SETTLED_WAITERS];
static unsigned waiter_count;

static struct {
    ash_token token; /* 0: free */
    ash_word driver, task;
} loads[LOAD_WAITERS];

static struct {
    ash_token token; /* 0: free */
    ash_word after, task;
} event_waiters[EVENT_WAITERS];

static void answer_events(struct ash_server *server)
{
    struct ash_pnp_event_reply reply;
    for (unsigned i = 0; i < EVENT_WAITERS; i++) {
        if (event_waiters[i].token == 0 || !pnp_event_after(event_waiters[i].after, &reply))
            continue;
        ash_server_answer(server, event_waiters[i].token, STATUS_SUCCESS, &reply, sizeof(reply),
                          nullptr, 0);
        event_waiters[i].token = 0;
    }
}

void request_task_gone(struct ash_server *server, ash_word task)
{
    for (unsigned i = 0; i < EVENT_WAITERS; i++) {
        if (event_waiters[i].token == 0 || event_waiters[i].task != task)
            continue;
        ash_server_drop(server, event_waiters[i].token);
        event_waiters[i].token = 0;
    }
}

static ash_status do_invalidate(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_relations_request *request = (const void *)caller->request;
    struct pnp_node *node = pnp_node_in_stack(caller->task, request->device);
    if (node == nullptr)
        return STATUS_ACCESS_DENIED;
    if (request->type == 0) /* BusRelations; the other kinds have no tree here */
        pnp_enumerate(node);
    return STATUS_SUCCESS;
}

static ash_status do_device_state(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_relations_request *request = (const void *)caller->request;
    struct pnp_node *node = pnp_node_in_stack(caller->task, request->device);
    if (node == nullptr)
        return STATUS_ACCESS_DENIED;
    node->state_again = true;
    pnp_resume();
    return STATUS_SUCCESS;
}

static ash_status do_connect(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_interrupt_request *request = (const void *)caller->request;
    struct pnp_node *node = pnp_node_in_stack(caller->task, request->device);
    if (node == nullptr)
        return STATUS_ACCESS_DENIED;
    ash_cptr notification = ash_server_take_cap(server, caller, 0), capability;
    if (notification == 0)
        return STATUS_INVALID_PARAMETER;
    ash_status status =
        pnp_interrupt_connect(node, caller->task, request->vector, notification, &capability);
    if (ash_success(status)) {
        struct ash_pnp_interrupt_reply *reply = (void *)caller->reply;
        reply->shared = pnp_interrupt_shared(node, request->vector);
        caller->reply_caps = 1;
        caller->reply_cap[0] = capability;
    }
    return status;
}

static ash_status do_disconnect(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_interrupt_request *request = (const void *)caller->request;
    struct pnp_node *node = pnp_node_in_stack(caller->task, request->device);
    return node != nullptr ? pnp_interrupt_disconnect(node, caller->task, request->vector)
                           : STATUS_ACCESS_DENIED;
}

static ash_status do_storm(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_interrupt_request *request = (const void *)caller->request;
    struct pnp_node *node = pnp_node_in_stack(caller->task, request->device);
    return node != nullptr ? pnp_interrupt_storm(node, caller->task, request->vector)
                           : STATUS_ACCESS_DENIED;
}

static ash_status do_message(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_message_request *request = (const void *)caller->request;
    const struct pnp_node *node = pnp_node_in_stack(caller->task, request->device);
    return node != nullptr ? pnp_message_query(node, request->index, (void *)caller->reply)
                           : STATUS_ACCESS_DENIED;
}

/* Comes by an acknowledgement capability, in the kernel's words: see interrupt.c. */
static ash_status do_ack(struct ash_server *, struct ash_caller *caller)
{
    if (!(caller->task & PNP_ACK_BADGE))
        return STATUS_ACCESS_DENIED;
    const struct ash_pnp_ack_request *request = (const void *)caller->request;
    return pnp_interrupt_ack((unsigned)(caller->task & UINT32_MAX), request->claimed != 0);
}

static ash_status do_property(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_property_request *request = (const void *)caller->request;
    const struct pnp_node *node = pnp_node_joined(caller->task, request->device);
    return node != nullptr ? pnp_property(node, request->property, (void *)caller->reply)
                           : STATUS_ACCESS_DENIED;
}

static ash_status do_dma_settings(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_dma_settings_request *request = (const void *)caller->request;
    struct ash_pnp_dma_settings_reply *reply = (void *)caller->reply;
    const struct pnp_node *node = pnp_node_in_stack(caller->task, request->device);
    if (node == nullptr)
        return STATUS_ACCESS_DENIED;
    reply->copying = node->match.dma_copying != 0;
    reply->map_registers = node->match.dma_map_registers;
    return STATUS_SUCCESS;
}

static ash_status do_register_interface(struct ash_server *, struct ash_caller *caller)
{
    return pnp_interface_add(caller->task, (const void *)caller->request, (void *)caller->reply);
}

static ash_status do_set_interface(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_set_interface_request *request = (const void *)caller->request;
    if (memchr(request->name, '\0', sizeof(request->name)) == nullptr)
        return STATUS_OBJECT_NAME_INVALID;
    ash_status status = pnp_interface_set(caller->task, request->name, request->enable != 0);
    answer_events(server);
    return status;
}

static ash_status do_next_interface(struct ash_server *, struct ash_caller *caller)
{
    return pnp_interface_list((const void *)caller->request, (void *)caller->reply);
}

static ash_status do_next_event(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_event_request *request = (const void *)caller->request;
    struct ash_pnp_event_reply *reply = (void *)caller->reply;
    if (request->after == ~(ash_word)0) {
        reply->sequence = pnp_event_last();
        return STATUS_SUCCESS;
    }
    if (pnp_event_after(request->after, reply))
        return STATUS_SUCCESS;
    for (unsigned i = 0; i < EVENT_WAITERS; i++) {
        if (event_waiters[i].token != 0)
            continue;
        event_waiters[i].token = ash_server_defer(server);
        event_waiters[i].after = request->after;
        event_waiters[i].task = caller->task;
        return event_waiters[i].token != 0 ? STATUS_PENDING : STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

static ash_status do_node(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_node_request *request = (const void *)caller->request;
    const struct pnp_node *node =
        caller->op == ASH_PNP_ORDER ? pnp_query_order(request->index) : pnp_node_at(request->index);
    if (node == nullptr)
        return STATUS_NO_MORE_ENTRIES;
    pnp_query_node(node, (void *)caller->reply);
    return STATUS_SUCCESS;
}

static ash_status do_resource(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_resource_request *request = (const void *)caller->request;
    return pnp_query_resource(request->node, request->index, (void *)caller->reply);
}

static ash_status do_dma(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_node_request *request = (const void *)caller->request;
    return pnp_query_dma(request->index, (void *)caller->reply);
}

static ash_status do_settled(struct ash_server *server, struct ash_caller *)
{
    if (pnp_settled())
        return STATUS_SUCCESS;
    ash_token token = waiter_count < SETTLED_WAITERS ? ash_server_defer(server) : 0;
    if (token == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    waiters[waiter_count++] = token;
    return STATUS_PENDING;
}

static bool is_driver(ash_word task)
{
    return task == 0 || pnp_driver_of_task(task) != nullptr;
}

/* Keeps the caller until DriverEntry has returned: see answer_loads. */
static ash_status wait_for_load(struct ash_server *server, const struct pnp_driver *driver)
{
    for (unsigned i = 0; i < LOAD_WAITERS; i++) {
        if (loads[i].token != 0)
            continue;
        loads[i].token = ash_server_defer(server);
        loads[i].driver = driver->id;
        loads[i].task = driver->task;
        return loads[i].token != 0 ? STATUS_PENDING : STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

static ash_status do_load(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_load_request *request = (const void *)caller->request;
    struct pnp_match match = {};
    if (is_driver(caller->task))
        return STATUS_ACCESS_DENIED;
    size_t length = strnlen(request->name, sizeof(request->name));
    if (length == 0 || length == sizeof(request->name) || strpbrk(request->name, "/\\") != nullptr)
        return STATUS_INVALID_PARAMETER;
    memcpy(match.service, request->name, length + 1);
    int written =
        snprintf(match.image, sizeof(match.image), "drivers/%s/%s", request->name, request->name);
    if (written >= (int)sizeof(match.image))
        return STATUS_INVALID_PARAMETER;
    if (!package_holds(match.image)) /* before anything is made for it */
        return STATUS_OBJECT_NAME_NOT_FOUND;
    ash_status status = STATUS_SUCCESS;
    const struct pnp_driver *driver = pnp_driver_get(match.service, match.image, &status);
    if (driver == nullptr)
        return status;
    pnp_irp_alarm(); /* loading has a deadline */
    if (driver->state == PNP_DRIVER_LOADING)
        return wait_for_load(server, driver);
    *(struct ash_pnp_load_reply *)(void *)caller->reply =
        (struct ash_pnp_load_reply){driver->id, driver->task};
    return driver->state == PNP_DRIVER_READY ? STATUS_SUCCESS : driver->status;
}

static void answer_loads(struct ash_server *server)
{
    for (unsigned i = 0; i < LOAD_WAITERS; i++) {
        if (loads[i].token == 0)
            continue;
        const struct pnp_driver *driver = pnp_driver_find(loads[i].driver);
        bool same = driver != nullptr && driver->task == loads[i].task && !driver->dead;
        if (same && driver->state == PNP_DRIVER_LOADING)
            continue;
        const struct ash_pnp_load_reply reply = {loads[i].driver, loads[i].task};
        ash_status status = driver != nullptr && driver->state == PNP_DRIVER_READY
                                ? STATUS_SUCCESS
                                : STATUS_DRIVER_UNABLE_TO_LOAD;
        if (driver != nullptr && driver->state == PNP_DRIVER_FAILED)
            status = driver->status;
        ash_server_answer(server, loads[i].token, status, &reply,
                          ash_success(status) ? sizeof(reply) : 0, nullptr, 0);
        loads[i].token = 0;
    }
}

void request_settled(struct ash_server *server)
{
    answer_loads(server);
    unload_answer(server);
    restart_answer(server);
    answer_events(server);
    request_operate_settled(server);
    if (waiter_count == 0 || !pnp_settled())
        return;
    while (waiter_count > 0)
        ash_server_answer(server, waiters[--waiter_count], STATUS_SUCCESS, nullptr, 0, nullptr, 0);
}

const struct ash_operation request_operations[] = {
    {ASH_PNP_INVALIDATE_RELATIONS, do_invalidate, sizeof(struct ash_pnp_relations_request), 0},
    {ASH_PNP_CONNECT_INTERRUPT, do_connect, sizeof(struct ash_pnp_interrupt_request),
     sizeof(struct ash_pnp_interrupt_reply)},
    {ASH_PNP_STORM, do_storm, sizeof(struct ash_pnp_interrupt_request), 0},
    {ASH_PNP_DISCONNECT_INTERRUPT, do_disconnect, sizeof(struct ash_pnp_interrupt_request), 0},
    {ASH_PNP_MESSAGE, do_message, sizeof(struct ash_pnp_message_request),
     sizeof(struct ash_pnp_message_reply)},
    {ASH_PNP_PROPERTY, do_property, sizeof(struct ash_pnp_property_request),
     sizeof(struct ash_pnp_property_reply)},
    {ASH_PNP_DMA_SETTINGS, do_dma_settings, sizeof(struct ash_pnp_dma_settings_request),
     sizeof(struct ash_pnp_dma_settings_reply)},
    {ASH_PNP_DEVICE_STATE, do_device_state, sizeof(struct ash_pnp_relations_request), 0},
    {ASH_PNP_REGISTER_INTERFACE, do_register_interface, sizeof(struct ash_pnp_interface_request),
     sizeof(struct ash_pnp_interface_reply)},
    {ASH_PNP_SET_INTERFACE, do_set_interface, sizeof(struct ash_pnp_set_interface_request), 0},
    {ASH_PNP_NEXT_INTERFACE, do_next_interface, sizeof(struct ash_pnp_next_interface_request),
     sizeof(struct ash_pnp_interface_reply)},
    {ASH_PNP_NEXT_EVENT, do_next_event, sizeof(struct ash_pnp_event_request),
     sizeof(struct ash_pnp_event_reply)},
    {ASH_PNP_WATCH_TARGET, request_watch_target, sizeof(struct ash_pnp_watch_target_request),
     sizeof(struct ash_pnp_watch_target_reply)},
    {ASH_PNP_ANSWER_EVENT, request_answer_event, sizeof(struct ash_pnp_answer_event_request), 0},
    {ASH_PNP_REPORT_CHANGE, request_report_change, sizeof(struct ash_pnp_report_change_request), 0},
    {ASH_PNP_GET_PROPERTY_DATA, request_get_property_data,
     sizeof(struct ash_pnp_property_data_request), sizeof(struct ash_pnp_property_data_reply)},
    {ASH_PNP_SET_PROPERTY_DATA, request_set_property_data,
     sizeof(struct ash_pnp_property_data_request), 0},
    {ASH_PNP_REQUEST_EJECT, request_eject, sizeof(struct ash_pnp_relations_request), 0},
    {ASH_PNP_OPERATE, request_operate, sizeof(struct ash_pnp_operate_request),
     sizeof(struct ash_pnp_operate_reply)},
    {ASH_PNP_NODE, do_node, sizeof(struct ash_pnp_node_request), sizeof(struct ash_pnp_node_reply)},
    {ASH_PNP_DMA, do_dma, sizeof(struct ash_pnp_node_request), sizeof(struct ash_pnp_dma_reply)},
    {ASH_PNP_SETTLED, do_settled, 0, 0},
    {ASH_PNP_RESOURCE, do_resource, sizeof(struct ash_pnp_resource_request),
     sizeof(struct ash_pnp_resource_reply)},
    {ASH_PNP_LOAD, do_load, sizeof(struct ash_pnp_load_request), sizeof(struct ash_pnp_load_reply)},
    {ASH_PNP_UNLOAD, unload_request, sizeof(struct ash_pnp_load_request), 0},
    {ASH_PNP_RESTART, restart_request, sizeof(struct ash_pnp_restart_request),
     sizeof(struct ash_pnp_restart_reply)},
    {ASH_PNP_ORDER, do_node, sizeof(struct ash_pnp_node_request),
     sizeof(struct ash_pnp_node_reply)},
    {ASH_IRQ_ACK, do_ack, sizeof(struct ash_pnp_ack_request), 0},
};
const unsigned request_operation_count = sizeof(request_operations) / sizeof(request_operations[0]);
