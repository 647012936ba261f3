// SPDX-License-Identifier: MIT
/*
 * Target device change across tasks: who has registered for a device is asked before it is removed,
 * by an event, and answers. One question at a time (operate.c asks for one device after the other).
 * A task that ends agrees; one that does not answer in time is taken to have refused.
 */
#include "node.h"
#include "port.h"

#define WATCHERS    64u
#define DEADLINE_MS 20000u

static struct watcher {
    ash_word task; /* 0: free */
    ash_word device;
    unsigned count;
    bool owes;
} watchers[WATCHERS];

static struct {
    ash_word sequence, deadline;
    ash_status status;
    ash_word task;
} question;

static struct watcher *find(ash_word task, ash_word device)
{
    for (unsigned i = 0; i < WATCHERS; i++)
        if (watchers[i].task == task && (task == 0 || watchers[i].device == device))
            return &watchers[i];
    return nullptr;
}

/* The PDO of the stack that the device is in. */
static ash_status physical_of(ash_word device, ash_word *physical)
{
    struct ash_io_stack_reply stack;
    ash_status status = port_stack(device, &stack);
    if (!ash_success(status))
        return status;
    if (stack.count == 0 || stack.count > ASH_IO_STACK_MAX)
        return STATUS_NO_SUCH_DEVICE;
    *physical = stack.entry[stack.count - 1].device;
    return STATUS_SUCCESS;
}

ash_status pnp_target_watch(ash_word task, ash_word device, bool add, ash_word *physical)
{
    *physical = device; /* when the device is gone the caller told its PDO */
    ash_status status = physical_of(device, physical);
    if (!ash_success(status) && add)
        return status;
    struct watcher *watcher = find(task, *physical);
    if (watcher == nullptr && add && (watcher = find(0, 0)) != nullptr)
        *watcher = (struct watcher){.task = task, .device = *physical};
    if (watcher == nullptr)
        return add ? STATUS_INSUFFICIENT_RESOURCES : STATUS_INVALID_PARAMETER;
    watcher->count += add ? 1 : -1u;
    if (watcher->count == 0)
        *watcher = (struct watcher){};
    return STATUS_SUCCESS;
}

void pnp_target_ask(struct pnp_node *node)
{
    bool any = false;
    question.status = STATUS_SUCCESS;
    question.task = 0;
    for (unsigned i = 0; i < WATCHERS; i++)
        any |= watchers[i].owes = watchers[i].task != 0 && watchers[i].device == node->device;
    if (!any)
        return;
    struct ash_pnp_event_reply event = {.kind = ASH_PNP_EVENT_QUERY_REMOVE, .device = node->device};
    question.sequence = pnp_event_post(&event);
    question.deadline = port_now() + port_ticks(DEADLINE_MS);
}

static void refuse(ash_word task, ash_status status)
{
    if (!ash_success(question.status))
        return;
    question.status = status;
    question.task = task;
}

ash_status pnp_target_asked(ash_word *task)
{
    for (unsigned i = 0; i < WATCHERS; i++)
        if (watchers[i].owes)
            return STATUS_PENDING;
    *task = question.task;
    return question.status;
}

ash_status pnp_target_answer(ash_word task, ash_word sequence, ash_status status)
{
    for (unsigned i = 0; i < WATCHERS; i++) {
        if (!watchers[i].owes || watchers[i].task != task || question.sequence != sequence)
            continue;
        watchers[i].owes = false;
        if (!ash_success(status))
            refuse(task, status);
        pnp_resume();
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

void pnp_target_cancelled(struct pnp_node *node)
{
    struct ash_pnp_event_reply event = {.kind = ASH_PNP_EVENT_REMOVE_CANCELLED,
                                        .device = node->device};
    for (unsigned i = 0; i < WATCHERS; i++) {
        if (watchers[i].task == 0 || watchers[i].device != node->device)
            continue;
        (void)pnp_event_post(&event);
        return;
    }
}

void pnp_target_task_gone(ash_word task)
{
    for (unsigned i = 0; i < WATCHERS; i++)
        if (watchers[i].task == task)
            watchers[i] = (struct watcher){};
}

ash_word pnp_target_deadline(ash_word now)
{
    bool owed = false;
    for (unsigned i = 0; i < WATCHERS; i++) {
        if (watchers[i].owes && question.deadline <= now) {
            port_log("task %lu does not answer whether a device may be removed",
                     (unsigned long)watchers[i].task);
            watchers[i].owes = false;
            refuse(watchers[i].task, STATUS_IO_TIMEOUT);
        }
        owed |= watchers[i].owes;
    }
    return owed ? question.deadline : 0;
}
