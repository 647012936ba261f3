// SPDX-License-Identifier: MIT
/*
 * Those who want to know of the end of tasks: watchers (the I/O and plug-and-play managers), who
 * also hold a dead task's memory until they release it, and callers that wait for one task.
 */
#include "proc.h"

#include "ash/slot.h"

#include <string.h>

static struct {
    ash_word task; /* 0: free */
    ash_cptr notification;
} watchers[WATCHERS_MAX];

static bool find_watcher(ash_word task, unsigned *index)
{
    for (*index = 0; *index < WATCHERS_MAX; ++*index)
        if (watchers[*index].task == task)
            return true;
    return false;
}

void watch_tell(struct task *task)
{
    for (unsigned i = 0; i < WATCHERS_MAX; i++) {
        if (watchers[i].task == 0 || watchers[i].task == task->id)
            continue;
        task->unseen |= 1u << i;
        task->unreleased |= 1u << i;
        ash_signal(watchers[i].notification);
    }
}

static void forget_waiter(struct task *task, ash_word waiter)
{
    for (unsigned i = 0; i < WAITERS_MAX; i++)
        if (task->waiter[i] != 0 && task->waiter_task[i] == waiter) {
            ash_server_drop(&server, task->waiter[i]);
            task->waiter[i] = 0;
        }
}

/* What only this watcher still held goes with it. */
static void forget_watcher(ash_word id, unsigned index)
{
    ash_slot_delete(watchers[index].notification);
    watchers[index].task = 0;
    ash_word next;
    for (struct task *task = task_from(0); task; task = task_from(next)) {
        next = task->id + 1;
        task->unseen &= ~(1u << index);
        task->unreleased &= ~(1u << index);
        if (task->id != id)
            task_settle(task);
    }
}

void watch_forget(ash_word id)
{
    unsigned index;
    for (struct task *task = task_from(0); task; task = task_from(task->id + 1))
        forget_waiter(task, id);
    if (find_watcher(id, &index))
        forget_watcher(id, index);
}

ash_status watch_op_watch(struct ash_server *, struct ash_caller *caller)
{
    unsigned index;
    if (!is_manager(caller->task))
        return STATUS_ACCESS_DENIED;
    if (find_watcher(caller->task, &index))
        return STATUS_DEVICE_BUSY;
    if (!find_watcher(0, &index))
        return STATUS_INSUFFICIENT_RESOURCES;
    ash_cptr slot = ash_server_take_cap(&server, caller, 0);
    if (slot == 0)
        return STATUS_INVALID_PARAMETER;
    watchers[index].task = caller->task;
    watchers[index].notification = slot;
    return STATUS_SUCCESS;
}

ash_status watch_op_event(struct ash_server *, struct ash_caller *caller)
{
    struct ash_proc_event_reply *reply = (void *)caller->reply;
    unsigned index;
    if (!find_watcher(caller->task, &index))
        return STATUS_ACCESS_DENIED;
    struct task *task = task_unseen(index);
    if (!task)
        return STATUS_NO_MORE_ENTRIES;
    task->unseen &= ~(1u << index);
    reply->task = task->id;
    reply->state = task->state;
    reply->status = task->exit_status;
    memcpy(reply->name, task->name, sizeof(reply->name));
    return STATUS_SUCCESS;
}

ash_status watch_op_release(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_task_request *request = (const void *)caller->request;
    struct task *task = task_find(request->task);
    unsigned index;
    if (!find_watcher(caller->task, &index))
        return STATUS_ACCESS_DENIED;
    if (!task || !(task->unreleased & 1u << index))
        return STATUS_INVALID_HANDLE;
    task->unreleased &= ~(1u << index);
    task->unseen &= ~(1u << index);
    task_settle(task);
    return STATUS_SUCCESS;
}

ash_status watch_op_wait(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_task_request *request = (const void *)caller->request;
    if (!may(caller, ASH_PROC_MAY_SPAWN))
        return STATUS_ACCESS_DENIED;
    struct task *task = task_find(request->task);
    if (!task)
        return task_remembered(request->task, (void *)caller->reply) ? STATUS_SUCCESS
                                                                     : STATUS_INVALID_HANDLE;
    for (unsigned i = 0; i < WAITERS_MAX; i++) {
        if (task->waiter[i] != 0)
            continue;
        task->waiter[i] = ash_server_defer(&server);
        task->waiter_task[i] = caller->task;
        return task->waiter[i] != 0 ? STATUS_PENDING : STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}
