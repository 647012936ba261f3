// SPDX-License-Identifier: MIT
//
// Device interfaces as messages to the plug-and-play manager, and the thread that waits there for
// its events. Numbers of events only grow; who comes late misses the oldest.

#include "../io/interface.h"
#include "rt.h"

static NTSTATUS take_name(const struct ash_pnp_interface_reply *reply, char *name)
{
    memcpy(name, reply->name, IO_INTERFACE_NAME);
    return name[IO_INTERFACE_NAME - 1] == 0 ? STATUS_SUCCESS : STATUS_INTERNAL_ERROR;
}
C_ASSERT(sizeof(((struct ash_pnp_interface_reply *)0)->name) == IO_INTERFACE_NAME);

NTSTATUS manager_register_interface(PDEVICE_OBJECT pdo, const GUID *class, const char *reference,
                                    char name[IO_INTERFACE_NAME])
{
    struct ash_pnp_interface_request request = {.device = io_device(pdo)->Id};
    struct ash_pnp_interface_reply reply = {0};
    memcpy(request.guid, class, sizeof(request.guid));
    strncpy(request.reference, reference, sizeof(request.reference) - 1);
    NTSTATUS status = ash_request(ASH_SLOT_PNP, ASH_PNP_REGISTER_INTERFACE, &request,
                                  sizeof(request), &reply, sizeof(reply));
    NTSTATUS taken = NT_SUCCESS(status) ? take_name(&reply, name) : status;
    return NT_SUCCESS(taken) ? status : taken;
}

NTSTATUS manager_set_interface(const char *name, BOOLEAN enable)
{
    struct ash_pnp_set_interface_request request = {.enable = enable};
    strncpy(request.name, name, sizeof(request.name) - 1);
    return ash_request(ASH_SLOT_PNP, ASH_PNP_SET_INTERFACE, &request, sizeof(request), NULL, 0);
}

NTSTATUS manager_next_interface(const GUID *class, PDEVICE_OBJECT pdo, BOOLEAN inactive,
                                ULONG64 *cursor, char name[IO_INTERFACE_NAME])
{
    struct ash_pnp_next_interface_request request = {
        .after = *cursor, .device = pdo != NULL ? io_device(pdo)->Id : 0, .inactive = inactive};
    struct ash_pnp_interface_reply reply = {0};
    memcpy(request.guid, class, sizeof(request.guid));
    NTSTATUS status = ash_request(ASH_SLOT_PNP, ASH_PNP_NEXT_INTERFACE, &request, sizeof(request),
                                  &reply, sizeof(reply));
    *cursor = reply.id;
    return NT_SUCCESS(status) ? take_name(&reply, name) : status;
}

static ULONG64 last_event;

static NTSTATUS next_event(ULONG64 after, struct ash_pnp_event_reply *reply)
{
    const struct ash_pnp_event_request request = {after};
    return ash_request(ASH_SLOT_PNP, ASH_PNP_NEXT_EVENT, &request, sizeof(request), reply,
                       sizeof(*reply));
}

static void answer_query(const struct ash_pnp_event_reply *event)
{
    const struct ash_pnp_answer_event_request answer = {
        event->sequence, (ULONG)io_target_query_remove(event->device)};
    (void)ash_request(ASH_SLOT_PNP, ASH_PNP_ANSWER_EVENT, &answer, sizeof(answer), NULL, 0);
}

// An event of this task's own was delivered when it was reported.
static void take_custom(const struct ash_pnp_event_reply *event, const GUID *guid)
{
    if (event->task != ash_start()->task && event->custom.bytes <= sizeof(event->custom.data))
        io_target_custom(event->device, guid, (LONG)event->custom.name_offset, event->custom.data,
                         event->custom.bytes);
}

static void take_event(struct ash_pnp_event_reply *event)
{
    GUID guid;
    memcpy(&guid, event->guid, sizeof(guid));
    switch (event->kind) {
    case ASH_PNP_EVENT_ARRIVAL:
    case ASH_PNP_EVENT_REMOVAL:
        event->name[sizeof(event->name) - 1] = 0;
        io_interface_changed(&guid, event->name, event->kind == ASH_PNP_EVENT_ARRIVAL);
        break;
    case ASH_PNP_EVENT_REMOVED:
        io_target_removed(event->device);
        break;
    case ASH_PNP_EVENT_QUERY_REMOVE:
        answer_query(event);
        break;
    case ASH_PNP_EVENT_REMOVE_CANCELLED:
        io_target_cancelled(event->device);
        break;
    case ASH_PNP_EVENT_CUSTOM:
        take_custom(event, &guid);
        break;
    default:
        break;
    }
}

static void watch(void *unused)
{
    struct ash_pnp_event_reply event;
    (void)unused;
    while (NT_SUCCESS(next_event(last_event, &event))) {
        last_event = event.sequence;
        take_event(&event);
    }
}

// The number of the last event is asked for before the thread is made: nothing that comes after a
// registration is missed.
NTSTATUS manager_watch(void)
{
    static volatile LONG started;
    struct ash_pnp_event_reply now;
    if (InterlockedCompareExchange(&started, 1, 0) != 0)
        return STATUS_SUCCESS;
    NTSTATUS status = next_event(~(ULONG64)0, &now);
    last_event = now.sequence;
    if (NT_SUCCESS(status) && port_thread_create(watch, NULL) == NULL)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status))
        started = 0;
    return status;
}
