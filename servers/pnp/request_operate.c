// SPDX-License-Identifier: MIT
/*
 * Requests of people (ASH_PNP_OPERATE) and of drivers about devices as a whole. Who asks for an
 * operation is answered when it is over; who starts something, when the tree has settled.
 */
#include "main.h"
#include "node.h"
#include "port.h"
#include <string.h>

#define WAITERS 16u

static struct {
    ash_token token; /* 0: free */
    ash_word node;   /* answered when the tree has settled; 0: when its operation is over */
} waiters[WAITERS];

static struct ash_server *answering;

/* The answer comes later, from the waiter with that number. */
static ash_status wait_for(struct ash_server *server, ash_word node, ash_word *cookie)
{
    for (unsigned i = 0; i < WAITERS; i++) {
        if (waiters[i].token != 0)
            continue;
        waiters[i].token = ash_server_defer(server);
        waiters[i].node = node;
        *cookie = i + 1;
        return waiters[i].token != 0 ? STATUS_PENDING : STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

static void answer(unsigned i, const struct ash_pnp_operate_reply *reply)
{
    ash_server_answer(answering, waiters[i].token, STATUS_SUCCESS, reply, sizeof(*reply), nullptr,
                      0);
    waiters[i].token = 0;
}

void port_operated(ash_word cookie, const struct ash_pnp_operate_reply *reply)
{
    answer((unsigned)cookie - 1, reply);
}

/* What became of a device that was to start. */
static void describe(const struct pnp_node *node, struct ash_pnp_operate_reply *reply)
{
    *reply = (struct ash_pnp_operate_reply){};
    if (node == nullptr) {
        reply->status = (uint32_t)STATUS_NO_SUCH_DEVICE;
        return;
    }
    pnp_node_instance(node, reply->instance, sizeof(reply->instance));
    if (node->function != nullptr)
        strncpy(reply->driver, node->function->name, sizeof(reply->driver) - 1);
    if (node->state == ASH_PNP_FAILED)
        reply->status = (uint32_t)node->status;
    else if (node->state == ASH_PNP_NO_DRIVER)
        reply->status = (uint32_t)STATUS_NO_SUCH_DEVICE;
}

void request_operate_settled(struct ash_server *server)
{
    struct ash_pnp_operate_reply reply;
    answering = server;
    if (!pnp_settled())
        return;
    for (unsigned i = 0; i < WAITERS; i++) {
        if (waiters[i].token == 0 || waiters[i].node == 0)
            continue;
        describe(pnp_node_find(waiters[i].node), &reply);
        answer(i, &reply);
    }
}

static bool same_letter(char a, char b)
{
    return (a >= 'a' && a <= 'z' ? a - 32 : a) == (b >= 'a' && b <= 'z' ? b - 32 : b);
}

static bool within(const char *path, const char *name)
{
    for (; *path != '\0'; path++) {
        size_t i = 0;
        while (name[i] != '\0' && same_letter(path[i], name[i]))
            i++;
        if (name[i] == '\0')
            return true;
    }
    return false;
}

/* The one device whose instance path has that name in it, or is it. */
static ash_status find_named(const char *name, struct pnp_node **found)
{
    char path[96];
    *found = nullptr;
    for (struct pnp_node *node = pnp_root; node != nullptr; node = pnp_node_next(node)) {
        pnp_node_instance(node, path, sizeof(path));
        if (!within(path, name))
            continue;
        if (strlen(path) == strlen(name)) {
            *found = node;
            return STATUS_SUCCESS;
        }
        if (*found != nullptr)
            return STATUS_OBJECT_NAME_COLLISION;
        *found = node;
    }
    return *found != nullptr ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

static ash_status find(const struct ash_pnp_operate_request *request, struct pnp_node **node)
{
    if (request->node != 0) {
        *node = pnp_node_find(request->node);
        return *node != nullptr ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
    }
    if (request->name[0] == '\0' || memchr(request->name, '\0', sizeof(request->name)) == nullptr)
        return STATUS_OBJECT_NAME_INVALID;
    return find_named(request->name, node);
}

/* Begins and keeps the caller: the operation may be over before pnp_operate returns. */
static ash_status operate(struct ash_server *server, enum ash_pnp_operation kind,
                          struct pnp_node *node, struct ash_pnp_operate_reply *reply)
{
    ash_word cookie;
    ash_status status = operation_allowed(kind, node);
    if (!ash_success(status)) {
        describe(node, reply);
        reply->status = (uint32_t)status;
        reply->veto =
            status == STATUS_ACCESS_DENIED ? ASH_PNP_VETO_NON_DISABLEABLE : ASH_PNP_VETO_ILLEGAL;
        return STATUS_SUCCESS;
    }
    status = wait_for(server, 0, &cookie);
    if (status != STATUS_PENDING)
        return status;
    status = pnp_operate(kind, node, cookie);
    if (status == STATUS_PENDING)
        return status;
    reply->status = (uint32_t)status;
    answer((unsigned)cookie - 1, reply);
    return STATUS_PENDING;
}

static ash_status begin(struct ash_server *server, struct pnp_node *node)
{
    ash_word cookie;
    return wait_for(server, node->id, &cookie);
}

static ash_status change(struct ash_server *server, const struct ash_pnp_operate_request *request,
                         struct ash_pnp_operate_reply *reply)
{
    struct pnp_node *node = nullptr;
    bool adds = request->operation == ASH_PNP_OPERATION_ADD;
    ash_status status = adds ? pnp_add_root(request->name, &node) : find(request, &node);
    if (!ash_success(status))
        return status;
    switch (request->operation) {
    case ASH_PNP_OPERATION_ADD:
        return begin(server, node);
    case ASH_PNP_OPERATION_RESCAN:
        pnp_rescan(node);
        return begin(server, node);
    case ASH_PNP_OPERATION_ENABLE:
        status = pnp_enable(node);
        return ash_success(status) ? begin(server, node) : status;
    default:
        return operate(server, (enum ash_pnp_operation)request->operation, node, reply);
    }
}

ash_status request_operate(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_operate_request *request = (const void *)caller->request;
    answering = server;
    if (caller->task == 0 || pnp_driver_of_task(caller->task) != nullptr)
        return STATUS_ACCESS_DENIED;
    if (request->operation == ASH_PNP_OPERATION_ADD &&
        memchr(request->name, '\0', sizeof(request->name)) == nullptr)
        return STATUS_OBJECT_NAME_INVALID;
    ash_status status = change(server, request, (void *)caller->reply);
    pnp_irp_alarm();
    request_settled(server);
    return status;
}

ash_status request_eject(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_relations_request *request = (const void *)caller->request;
    struct pnp_node *node = pnp_node_in_stack(caller->task, request->device);
    answering = server;
    if (node == nullptr)
        return STATUS_ACCESS_DENIED;
    ash_status status = pnp_operate(ASH_PNP_OPERATION_EJECT, node, 0);
    pnp_irp_alarm();
    return status == STATUS_PENDING ? STATUS_SUCCESS : status;
}

ash_status request_watch_target(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_watch_target_request *request = (const void *)caller->request;
    struct ash_pnp_watch_target_reply *reply = (void *)caller->reply;
    return pnp_target_watch(caller->task, request->device, request->add != 0, &reply->physical);
}

ash_status request_answer_event(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_answer_event_request *request = (const void *)caller->request;
    answering = server;
    ash_status status =
        pnp_target_answer(caller->task, request->sequence, (ash_status)(uint32_t)request->status);
    pnp_irp_alarm();
    request_settled(server);
    return status;
}

ash_status request_report_change(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_pnp_report_change_request *request = (const void *)caller->request;
    const struct pnp_node *node = pnp_node_in_stack(caller->task, request->device);
    if (node == nullptr || request->bytes > ASH_PNP_CUSTOM_DATA)
        return node == nullptr ? STATUS_ACCESS_DENIED : STATUS_INVALID_PARAMETER;
    struct ash_pnp_event_reply event = {
        .kind = ASH_PNP_EVENT_CUSTOM, .device = node->device, .task = caller->task};
    memcpy(event.guid, request->guid, sizeof(event.guid));
    event.custom.name_offset = request->name_offset;
    event.custom.bytes = request->bytes;
    memcpy(event.custom.data, request->data, request->bytes);
    (void)pnp_event_post(&event);
    request_settled(server);
    return STATUS_SUCCESS;
}

ash_status request_get_property_data(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_property_data_request *request = (const void *)caller->request;
    const struct pnp_node *node = pnp_node_joined(caller->task, request->device);
    return node != nullptr ? pnp_property_data_get(node, request, (void *)caller->reply)
                           : STATUS_ACCESS_DENIED;
}

ash_status request_set_property_data(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_pnp_property_data_request *request = (const void *)caller->request;
    struct pnp_node *node = pnp_node_joined(caller->task, request->device);
    return node != nullptr ? pnp_property_data_set(node, request) : STATUS_ACCESS_DENIED;
}
