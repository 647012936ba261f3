// SPDX-License-Identifier: MIT
// The message face of events and handles. Anybody may have events; only the I/O manager moves a
// handle from one task to another, and only to a task that lives: its end closes what it has.
#include "handle_ops.h"
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/manager.h"
#include "ash/slot.h"
#include "event.h"
#include "process.h"
#include <string.h>
#include <strings.h>

#define REQUEST(type) const struct type *request = (const struct type *)caller->request
#define REPLY(type)   struct type *reply = (struct type *)caller->reply

void ob_port_signal(ash_cptr notification)
{
    ash_signal(notification);
}

void ob_port_drop(ash_cptr slot)
{
    ash_slot_delete(slot);
}

/* Where everybody may have names. */
static bool in_base_named(const char *path)
{
    static const char prefix[] = "\\BaseNamedObjects\\";
    size_t length = sizeof(prefix) - 1;
    return strncasecmp(path, prefix, length) == 0 && strchr(path + length, '\\') == nullptr &&
           strchr(path + length, '/') == nullptr;
}

ash_status ob_op_event_create(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_event_create_request);
    REPLY(ash_ob_event_create_reply);
    if (memchr(request->path, '\0', sizeof(request->path)) == nullptr)
        return STATUS_OBJECT_NAME_INVALID;
    if (request->path[0] != '\0' && !in_base_named(request->path))
        return STATUS_ACCESS_DENIED;
    return ob_event_create(caller->task, request, reply);
}

ash_status ob_op_event_set(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_handle_request);
    REPLY(ash_ob_event_state_reply);
    return ob_event_change(caller->task, request->handle, true, reply);
}

ash_status ob_op_event_reset(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_handle_request);
    REPLY(ash_ob_event_state_reply);
    return ob_event_change(caller->task, request->handle, false, reply);
}

ash_status ob_op_event_read(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_handle_request);
    REPLY(ash_ob_event_state_reply);
    return ob_event_read(caller->task, request->handle, reply);
}

ash_status ob_op_event_take(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_event_take_request);
    REPLY(ash_ob_event_take_reply);
    return ob_event_take(caller->task, request, reply);
}

ash_status ob_op_close(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_handle_request);
    return ob_handle_close(caller->task, request->handle);
}

ash_status ob_op_client(struct ash_server *server, struct ash_caller *caller)
{
    ash_cptr slot = ash_server_take_cap(server, caller, 0);
    return slot != ASH_NULL_CPTR ? ob_task_notification(caller->task, slot)
                                 : STATUS_INVALID_PARAMETER;
}

static bool lives(ash_word task)
{
    const struct ash_proc_task_request request = {task};
    struct ash_proc_info_reply info;
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_INFO, &request, sizeof(request),
                                    &info, sizeof(info));
    return status == STATUS_SUCCESS && info.task == task && info.state <= ASH_PROC_RUNNING;
}

ash_status ob_op_duplicate(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_duplicate_request);
    REPLY(ash_ob_duplicate_reply);
    if (caller->task != ASH_TASK_IO)
        return STATUS_ACCESS_DENIED;
    return lives(request->to) ? ob_handle_duplicate(request, reply) : STATUS_INVALID_PARAMETER;
}

static void release(ash_word task)
{
    const struct ash_proc_task_request request = {task};
    ash_status status =
        ash_request(ASH_SLOT_PROCESS, ASH_PROC_RELEASE, &request, sizeof(request), nullptr, 0);
    if (!ash_success(status))
        ash_log("releasing task %lu: 0x%08x", (unsigned long)task, (unsigned)status);
}

void ob_signals(struct ash_server *, ash_word)
{
    for (;;) {
        struct ash_proc_event_reply event;
        ash_status status =
            ash_request(ASH_SLOT_PROCESS, ASH_PROC_EVENT, nullptr, 0, &event, sizeof(event));
        if (!ash_success(status) || status == STATUS_NO_MORE_ENTRIES)
            return;
        ob_task_gone(event.task);
        release(event.task);
    }
}

ash_status ob_watch_tasks(void)
{
    ash_cptr notification;
    ash_status status = ash_notification_create(&notification);
    ash_cptr bell = ash_slot_alloc();
    if (!ash_success(status))
        return status;
    if (bell == ASH_NULL_CPTR ||
        ash_cnode_mint(ASH_SLOT_CNODE, bell, notification, ASH_RIGHT_WRITE, 1) != ASH_OK)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ash_notification_bind(notification);
    struct ash_caps caps = {.send = &bell, .send_count = 1};
    return ash_success(status)
               ? ash_request_caps(ASH_SLOT_PROCESS, ASH_PROC_WATCH, nullptr, 0, nullptr, 0, &caps)
               : status;
}
