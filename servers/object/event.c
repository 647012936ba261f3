// SPDX-License-Identifier: MIT
// Invariants: an event is in `events` while it has a handle, and each of its handles is in the list
// of the event and in its task's table; a task is in `tasks` while it has a handle or a
// notification. `watched` is set only for a task with a notification.
#include "event.h"
#include "namespace.h"
#include <stdlib.h>
#include <string.h>

#define GENERATIONS 0x20000u /* handle values stay below 2^29 */

struct task;

struct handle {
    struct handle *next; /* of the event */
    struct event *event;
    struct task *task;
    ash_word value, access;
    bool watched; /* the task is to be signalled when the event is set */
};

struct event {
    struct event *next;
    ash_word id, name; /* name: its object in the namespace, 0 if it has none */
    bool manual, set;
    struct handle *handles;
};

struct task {
    struct task *next;
    ash_word id;
    ash_cptr notification;
    unsigned count;
    struct handle *table[OB_HANDLES_MAX];
    uint32_t generation[OB_HANDLES_MAX];
};

static struct event *events;
static struct task *tasks;
static ash_word last_id;

static struct task *find_task(ash_word id)
{
    struct task *task = tasks;
    while (task != nullptr && task->id != id)
        task = task->next;
    return task;
}

static struct task *get_task(ash_word id)
{
    struct task *task = find_task(id);
    if (task != nullptr)
        return task;
    task = calloc(1, sizeof(*task));
    if (task == nullptr)
        return nullptr;
    task->id = id;
    task->next = tasks;
    tasks = task;
    return task;
}

static struct handle *find(ash_word task_id, ash_word value)
{
    struct task *task = find_task(task_id);
    ash_word index = (value >> 2 & 0x3ff) - 1;
    if (task == nullptr || index >= OB_HANDLES_MAX || task->table[index] == nullptr ||
        task->table[index]->value != value)
        return nullptr;
    return task->table[index];
}

static ash_status with_access(ash_word task, ash_word value, ash_word access,
                              struct handle **handle)
{
    *handle = find(task, value);
    if (*handle == nullptr)
        return STATUS_INVALID_HANDLE;
    return ((*handle)->access & access) != 0 ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

static ash_status open_handle(struct task *task, struct event *event, ash_word access,
                              struct handle **result)
{
    unsigned index = 0;
    while (index < OB_HANDLES_MAX && task->table[index] != nullptr)
        index++;
    struct handle *handle = index < OB_HANDLES_MAX ? malloc(sizeof(*handle)) : nullptr;
    if (handle == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    task->generation[index] = (task->generation[index] + 1) % GENERATIONS;
    *handle = (struct handle){
        .next = event->handles,
        .event = event,
        .task = task,
        .value = (ash_word)task->generation[index] << 12 | (index + 1) << 2,
        .access = access,
    };
    event->handles = handle;
    task->table[index] = handle;
    task->count++;
    *result = handle;
    return STATUS_SUCCESS;
}

static void free_event(struct event *event)
{
    struct event **at = &events;
    while (*at != event)
        at = &(*at)->next;
    *at = event->next;
    if (event->name != 0)
        (void)ob_remove(ASH_TASK_OBJECT, event->name);
    free(event);
}

static void close_handle(struct handle *handle)
{
    struct event *event = handle->event;
    struct handle **at = &event->handles;
    while (*at != handle)
        at = &(*at)->next;
    *at = handle->next;
    handle->task->table[(handle->value >> 2 & 0x3ff) - 1] = nullptr;
    handle->task->count--;
    free(handle);
    if (event->handles == nullptr)
        free_event(event);
}

static struct event *new_event(bool manual, bool set)
{
    struct event *event = calloc(1, sizeof(*event));
    if (event == nullptr)
        return nullptr;
    *event = (struct event){.next = events, .id = ++last_id, .manual = manual, .set = set};
    events = event;
    return event;
}

/* The event of that name, or null with a status: NOT_FOUND if there is none. */
static struct event *named(const char *path, ash_status *status)
{
    struct ash_ob_lookup_reply found;
    *status = ob_lookup(path, &found);
    if (!ash_success(*status))
        return nullptr;
    *status = STATUS_OBJECT_TYPE_MISMATCH;
    if (found.type != ASH_OB_TYPE_EVENT || found.owner != ASH_TASK_OBJECT || found.rest[0] != '\0')
        return nullptr;
    struct event *event = events;
    while (event != nullptr && event->id != found.cookie)
        event = event->next;
    if (event != nullptr)
        *status = STATUS_OBJECT_NAME_EXISTS;
    return event;
}

static ash_status give_name(struct event *event, const char *path)
{
    struct ash_ob_insert_request insert = {
        .type = ASH_OB_TYPE_EVENT, .cookie = event->id, .permanent = 1};
    memcpy(insert.path, path, sizeof(insert.path));
    return ob_insert(ASH_TASK_OBJECT, &insert, &event->name);
}

static ash_status open_or_make(const struct ash_ob_event_create_request *request,
                               struct event **event)
{
    ash_status status = STATUS_OBJECT_NAME_NOT_FOUND;
    *event = request->path[0] != '\0' ? named(request->path, &status) : nullptr;
    if (*event != nullptr || status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    if (request->open_only != 0)
        return status;
    *event = new_event(request->manual != 0, request->set != 0);
    if (*event == nullptr)
        return STATUS_NO_MEMORY;
    status = request->path[0] != '\0' ? give_name(*event, request->path) : STATUS_SUCCESS;
    if (!ash_success(status))
        free_event(*event);
    return status;
}

ash_status ob_event_create(ash_word task_id, const struct ash_ob_event_create_request *request,
                           struct ash_ob_event_create_reply *reply)
{
    struct task *task = get_task(task_id);
    struct event *event;
    struct handle *handle;
    if (task == nullptr)
        return STATUS_NO_MEMORY;
    ash_status status = open_or_make(request, &event);
    if (!ash_success(status))
        return status;
    ash_status opened = open_handle(task, event, ASH_OB_EVENT_ALL, &handle);
    if (!ash_success(opened)) {
        if (event->handles == nullptr)
            free_event(event);
        return opened;
    }
    reply->handle = handle->value;
    return status; /* OBJECT_NAME_EXISTS is a success */
}

static void wake(struct event *event)
{
    for (struct handle *handle = event->handles; handle != nullptr; handle = handle->next) {
        if (handle->watched)
            ob_port_signal(handle->task->notification);
        handle->watched = false;
    }
}

ash_status ob_event_change(ash_word task, ash_word value, bool set,
                           struct ash_ob_event_state_reply *reply)
{
    struct handle *handle;
    ash_status status = with_access(task, value, ASH_OB_EVENT_MODIFY_STATE, &handle);
    if (!ash_success(status))
        return status;
    struct event *event = handle->event;
    *reply = (struct ash_ob_event_state_reply){event->set, event->manual, handle->access};
    event->set = set;
    if (set)
        wake(event);
    return STATUS_SUCCESS;
}

ash_status ob_event_read(ash_word task, ash_word value, struct ash_ob_event_state_reply *reply)
{
    struct handle *handle;
    ash_status status =
        with_access(task, value, ASH_OB_EVENT_QUERY_STATE | ASH_OB_EVENT_SYNCHRONIZE, &handle);
    if (!ash_success(status))
        return status;
    const struct event *event = handle->event;
    *reply = (struct ash_ob_event_state_reply){event->set, event->manual, handle->access};
    return STATUS_SUCCESS;
}

static void watch(ash_word task, const struct ash_ob_event_take_request *request)
{
    const struct task *known = find_task(task);
    for (ash_word i = 0; i < request->count; i++) {
        struct handle *handle = find(task, request->handle[i]);
        handle->watched = known->notification != ASH_NULL_CPTR;
    }
}

/* All are looked at before one is changed: a wait for all takes all or none. */
ash_status ob_event_take(ash_word task, const struct ash_ob_event_take_request *request,
                         struct ash_ob_event_take_reply *reply)
{
    struct handle *handle[ASH_OB_TAKE_MAX];
    ash_word set = 0, first = ASH_OB_TAKE_MAX;
    if (request->count == 0 || request->count > ASH_OB_TAKE_MAX)
        return STATUS_INVALID_PARAMETER;
    for (ash_word i = 0; i < request->count; i++) {
        ash_status status =
            with_access(task, request->handle[i], ASH_OB_EVENT_SYNCHRONIZE, &handle[i]);
        if (!ash_success(status))
            return status;
        if (!handle[i]->event->set)
            continue;
        set++;
        first = first == ASH_OB_TAKE_MAX ? i : first;
    }
    if (request->all != 0 ? set < request->count : set == 0) {
        watch(task, request);
        return STATUS_TIMEOUT;
    }
    reply->index = first;
    for (ash_word i = 0; i < request->count; i++)
        if ((request->all != 0 || i == first) && !handle[i]->event->manual)
            handle[i]->event->set = false;
    return STATUS_SUCCESS;
}

ash_status ob_handle_close(ash_word task, ash_word value)
{
    struct handle *handle = find(task, value);
    if (handle == nullptr)
        return STATUS_INVALID_HANDLE;
    close_handle(handle);
    return STATUS_SUCCESS;
}

ash_status ob_handle_duplicate(const struct ash_ob_duplicate_request *request,
                               struct ash_ob_duplicate_reply *reply)
{
    const struct handle *from = find(request->from, request->handle);
    struct task *to = from != nullptr ? get_task(request->to) : nullptr;
    struct handle *handle;
    if (from == nullptr)
        return STATUS_INVALID_HANDLE;
    if (to == nullptr)
        return STATUS_NO_MEMORY;
    ash_status status = open_handle(to, from->event, from->access, &handle);
    if (!ash_success(status))
        return status;
    *reply = (struct ash_ob_duplicate_reply){handle->value, handle->access, from->event->manual};
    return STATUS_SUCCESS;
}

ash_status ob_task_notification(ash_word id, ash_cptr slot)
{
    struct task *task = get_task(id);
    if (task == nullptr) {
        ob_port_drop(slot);
        return STATUS_NO_MEMORY;
    }
    if (task->notification != ASH_NULL_CPTR)
        ob_port_drop(task->notification);
    task->notification = slot;
    return STATUS_SUCCESS;
}

void ob_task_gone(ash_word id)
{
    struct task **at = &tasks;
    while (*at != nullptr && (*at)->id != id)
        at = &(*at)->next;
    struct task *task = *at;
    if (task == nullptr)
        return;
    for (unsigned i = 0; i < OB_HANDLES_MAX; i++)
        if (task->table[i] != nullptr)
            close_handle(task->table[i]);
    if (task->notification != ASH_NULL_CPTR)
        ob_port_drop(task->notification);
    *at = task->next;
    free(task);
}
