// SPDX-License-Identifier: MIT
// The tasks this manager knows: those that registered, and those that opened something.
#include "manager.h"
#include <stdlib.h>

static struct io_task *tasks;

struct io_task *io_task_find(ash_word id)
{
    struct io_task *task = tasks;
    while (task != nullptr && task->id != id)
        task = task->next;
    return task;
}

struct io_task *io_task_get(ash_word id)
{
    struct io_task *task = io_task_find(id);
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

void io_task_free(struct io_task *task)
{
    struct io_task **at = &tasks;
    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
    port_drop(task->completions);
    free(task);
}

void io_client(const struct io_call *call)
{
    struct io_task *task = call->cap_count == 1 ? io_task_get(call->task) : nullptr;
    if (task == nullptr || task->completions != ASH_NULL_CPTR) {
        for (unsigned i = 0; i < call->cap_count; i++)
            port_drop(call->caps[i]);
        io_fail(call, call->cap_count != 1 ? STATUS_INVALID_PARAMETER
                      : task == nullptr    ? STATUS_NO_MEMORY
                                           : STATUS_OBJECT_NAME_COLLISION);
        return;
    }
    task->completions = call->caps[0];
    io_fail(call, STATUS_SUCCESS);
}

bool io_wait(struct io_waiter **list, void (*done)(void *, ash_status), void *context)
{
    struct io_waiter *waiter = malloc(sizeof(*waiter));
    if (waiter == nullptr)
        return false;
    *waiter = (struct io_waiter){nullptr, done, context};
    while (*list != nullptr)
        list = &(*list)->next;
    *list = waiter;
    return true;
}

void io_wake(struct io_waiter **list, ash_status status)
{
    struct io_waiter *waiter = *list;
    *list = nullptr; /* a callback may wait again */
    while (waiter != nullptr) {
        struct io_waiter *next = waiter->next;
        waiter->done(waiter->context, status);
        free(waiter);
        waiter = next;
    }
}
