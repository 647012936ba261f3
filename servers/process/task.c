// SPDX-License-Identifier: MIT
/*
 * Task records, and the end of tasks. Invariant: a record is in the table from the moment its id is
 * given until everything of it was taken back.
 */
#include "proc.h"

#include "ash/slot.h"

#include <stdlib.h>
#include <string.h>

#define REMEMBERED 64u

static struct task *tasks[TASKS_MAX];
static struct {
    ash_word id;
    struct ash_proc_exit_reply how;
} ended[REMEMBERED];
static unsigned ended_next;

struct task *task_find(ash_word id)
{
    for (unsigned i = 0; i < TASKS_MAX; i++)
        if (tasks[i] && tasks[i]->id == id)
            return tasks[i];
    return nullptr;
}

struct task *task_from(ash_word id)
{
    struct task *best = nullptr;
    for (unsigned i = 0; i < TASKS_MAX; i++)
        if (tasks[i] && tasks[i]->id >= id && (!best || tasks[i]->id < best->id))
            best = tasks[i];
    return best;
}

struct task *task_unseen(unsigned watcher)
{
    struct task *best = nullptr;
    for (unsigned i = 0; i < TASKS_MAX; i++)
        if (tasks[i] && (tasks[i]->unseen >> watcher & 1) && (!best || tasks[i]->id < best->id))
            best = tasks[i];
    return best;
}

struct task *task_new(ash_word id)
{
    for (unsigned i = 0; i < TASKS_MAX; i++) {
        if (tasks[i])
            continue;
        tasks[i] = calloc(1, sizeof(*tasks[i]));
        if (tasks[i]) {
            tasks[i]->id = id;
            tasks[i]->next_made = ASH_SLOT_MADE;
        }
        return tasks[i];
    }
    return nullptr;
}

struct task *task_of(const struct ash_caller *caller)
{
    return task_find(caller->task);
}

static ash_word thread_ticks(const struct task *task, unsigned number)
{
    struct ash_thread_info info;
    if (task->thread[number].state == THREAD_NONE ||
        ash_thread_info(kit_slot(task, number, KIT_THREAD), &info) != ASH_OK)
        return 0;
    return info.ticks;
}

ash_word task_ticks(struct task *task)
{
    ash_word ticks = task->ticks_ended;
    for (unsigned i = 0; i < ASH_PROC_THREADS; i++)
        ticks += thread_ticks(task, i);
    return ticks;
}

static void remember(const struct task *task)
{
    ended[ended_next % REMEMBERED].id = task->id;
    ended[ended_next % REMEMBERED].how =
        (struct ash_proc_exit_reply){.status = task->exit_status, .state = task->state};
    ended_next++;
}

bool task_remembered(ash_word id, struct ash_proc_exit_reply *reply)
{
    for (unsigned i = 0; i < REMEMBERED; i++)
        if (id != 0 && ended[i].id == id) {
            *reply = ended[i].how;
            return true;
        }
    return false;
}

struct waiters {
    ash_token token[WAITERS_MAX];
    struct ash_proc_exit_reply reply;
};

static void answer(const struct waiters *waiters)
{
    for (unsigned i = 0; i < WAITERS_MAX; i++)
        ash_server_answer(&server, waiters->token[i], STATUS_SUCCESS, &waiters->reply,
                          sizeof(waiters->reply), nullptr, 0);
}

void task_end(struct task *task, enum ash_proc_state state, ash_word status)
{
    if (task->state == ASH_PROC_EXITED || task->state == ASH_PROC_CRASHED)
        return;
    thread_suspend_all(task);
    notify_ended(task);
    notify_forget(task->id);
    task->state = state;
    task->exit_status = status;
    remember(task);
    watch_forget(task->id);
    watch_tell(task);
    task_settle(task);
}

void task_settle(struct task *task)
{
    bool over = task->state == ASH_PROC_EXITED || task->state == ASH_PROC_CRASHED;
    if (!over || task->unreleased != 0)
        return;
    struct waiters waiters = {.reply = {.status = task->exit_status, .state = task->state}};
    memcpy(waiters.token, task->waiter, sizeof(waiters.token));
    task_destroy(task);
    answer(&waiters); /* after it: who waited finds the memory free */
}

void task_destroy(struct task *task)
{
    for (unsigned i = 0; i < TASKS_MAX; i++)
        if (tasks[i] == task)
            tasks[i] = nullptr;
    ash_slot_delete(task->vspace);
    object_free_untypeds(task);
    if (task->memory_made)
        remote_task_destroy(task->id);
    free(task);
}
