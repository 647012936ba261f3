// SPDX-License-Identifier: MIT
/*
 * Drivers that want to know of processes and threads. A subscriber has a queue of events and asks
 * for the next one; a task that waits for drivers to agree has a bit for each of them in `asked`.
 * Whoever dies, hangs or falls behind holds nobody up: an end clears the bits, so does the alarm.
 */
#include "proc.h"

#include "ash/invoke.h"
#include "ash/slot.h"
#include "ash/start.h"

#include <string.h>

#define SUBSCRIBERS   4u
#define EVENTS        ASH_PROC_NOTIFY_EVENTS
#define THREAD_EVENTS (EVENTS - EVENTS / 4) /* so many at most, the rest is for processes */

static struct subscriber {
    ash_word task; /* 0: free */
    ash_word kinds;
    ash_token waiting; /* for the next event */
    ash_word lost;
    unsigned first, count;
    struct ash_proc_notify_reply event[EVENTS];
} subscribers[SUBSCRIBERS];

static struct subscriber *find(ash_word task)
{
    for (unsigned i = 0; i < SUBSCRIBERS; i++)
        if (subscribers[i].task == task)
            return &subscribers[i];
    return nullptr;
}

static unsigned bit_of(const struct subscriber *one)
{
    return 1u << (one - subscribers);
}

/* Answers a waiting subscriber, if there is something. */
static void deliver(struct subscriber *one)
{
    if (one->waiting == 0 || one->count == 0)
        return;
    struct ash_proc_notify_reply *event = &one->event[one->first];
    event->lost = one->lost;
    one->lost = 0;
    ash_token token = one->waiting;
    one->waiting = 0;
    one->first = (one->first + 1) % EVENTS;
    one->count--;
    ash_server_answer(&server, token, STATUS_SUCCESS, event, sizeof(*event), nullptr, 0);
}

static bool post(struct subscriber *one, const struct ash_proc_notify_reply *event)
{
    bool of_thread = event->event >= ASH_PROC_NOTIFY_THREAD_CREATED;
    if (one->count >= (of_thread ? THREAD_EVENTS : EVENTS)) {
        one->lost++;
        return false;
    }
    one->event[(one->first + one->count++) % EVENTS] = *event;
    deliver(one);
    return true;
}

static struct ash_proc_notify_reply event_of(const struct task *task, ash_word kind)
{
    struct ash_proc_notify_reply event = {
        .event = kind,
        .task = task->id,
        .parent = task->parent,
        .image_base = task->image_base,
        .image_bytes = task->image_end - task->image_base,
    };
    memcpy(event.image, task->image, sizeof(event.image));
    return event;
}

static void post_all(struct task *task, const struct ash_proc_notify_reply *event, ash_word kind)
{
    for (unsigned i = 0; i < SUBSCRIBERS; i++)
        if (subscribers[i].task != 0 && subscribers[i].task != task->id &&
            (subscribers[i].kinds & kind) != 0)
            (void)post(&subscribers[i], event);
}

void notify_thread(struct task *task, unsigned number, bool created)
{
    struct ash_proc_notify_reply event =
        event_of(task, created ? ASH_PROC_NOTIFY_THREAD_CREATED : ASH_PROC_NOTIFY_THREAD_EXITED);
    event.thread = number;
    post_all(task, &event, ASH_PROC_NOTIFY_THREADS);
}

static void answer_spawner(struct task *task, ash_status status)
{
    const struct ash_proc_spawn_reply reply = {.task = task->id};
    ash_token token = task->spawner;
    task->spawner = 0;
    if (token != 0)
        ash_server_answer(&server, token, status, &reply, ash_success(status) ? sizeof(reply) : 0,
                          nullptr, 0);
}

void notify_ended(struct task *task)
{
    for (unsigned i = 0; i < ASH_PROC_THREADS; i++)
        if (task->thread[i].state == THREAD_LIVE)
            notify_thread(task, i, false);
    const struct ash_proc_notify_reply event = event_of(task, ASH_PROC_NOTIFY_EXITED);
    post_all(task, &event, ASH_PROC_NOTIFY_PROCESSES);
    task->asked = 0;
    answer_spawner(task, STATUS_PROCESS_IS_TERMINATING);
}

/* All have answered. */
static void decide(struct task *task)
{
    ash_status status = task->verdict;
    if (ash_success(status))
        status = task_begin(task);
    if (ash_success(status)) {
        answer_spawner(task, STATUS_SUCCESS);
        return;
    }
    const struct ash_proc_notify_reply event = event_of(task, ASH_PROC_NOTIFY_EXITED);
    post_all(task, &event, ASH_PROC_NOTIFY_PROCESSES);
    ash_token token = task->spawner;
    task_destroy(task);
    if (token != 0)
        ash_server_answer(&server, token, status, nullptr, 0, nullptr, 0);
}

static void agreed(struct task *task, unsigned bit)
{
    if ((task->asked & bit) == 0)
        return;
    task->asked &= ~bit;
    if (task->asked == 0)
        decide(task);
}

/* The alarm goes when the first task has waited long enough. */
static void set_alarm(void)
{
    ash_word first = ~(ash_word)0;
    for (struct task *task = task_from(0); task; task = task_from(task->id + 1))
        if (task->asked != 0 && task->ask_until < first)
            first = task->ask_until;
    if (first != ~(ash_word)0 && ash_timer_set(ASH_SLOT_TIMER, first) != ASH_OK)
        ash_panic("the process manager has no timer");
}

void notify_alarm(struct ash_server *, ash_word)
{
    ash_word now = ash_time(), next;
    for (struct task *task = task_from(0); task; task = task_from(next)) {
        next = task->id + 1;
        if (task->asked == 0 || task->ask_until > now)
            continue;
        task->asked = 0;
        decide(task);
    }
    set_alarm();
}

bool notify_created(struct task *task, struct ash_caller *caller)
{
    struct ash_proc_notify_reply event = event_of(task, ASH_PROC_NOTIFY_CREATED);
    event.answer = !is_manager(caller->task);
    task->verdict = STATUS_SUCCESS;
    for (unsigned i = 0; i < SUBSCRIBERS; i++) {
        struct subscriber *one = &subscribers[i];
        if (one->task == 0 || (one->kinds & ASH_PROC_NOTIFY_PROCESSES) == 0)
            continue;
        if (post(one, &event) && event.answer != 0)
            task->asked |= bit_of(one);
    }
    if (task->asked == 0)
        return false;
    task->spawner = ash_server_defer(&server);
    if (task->spawner == 0) {
        task->asked = 0; /* nobody can be waited for */
        return false;
    }
    task->spawner_task = caller->task;
    task->ask_until = ash_time() + ash_ticks(ASH_PROC_NOTIFY_MS * 1000u);
    set_alarm();
    return true;
}

static void forget_spawner(struct task *task, ash_word id)
{
    if (task->spawner == 0 || task->spawner_task != id)
        return;
    ash_server_drop(&server, task->spawner);
    task->spawner = 0;
}

void notify_forget(ash_word id)
{
    struct subscriber *one = find(id);
    unsigned bit = one ? bit_of(one) : 0;
    ash_word next;
    if (one) {
        if (one->waiting != 0)
            ash_server_drop(&server, one->waiting);
        memset(one, 0, sizeof(*one));
    }
    for (struct task *task = task_from(0); task; task = task_from(next)) {
        next = task->id + 1;
        forget_spawner(task, id);
        agreed(task, bit);
    }
}

void notify_init(void)
{
    if (ash_thread_bind_notification((ash_word)ASH_PROCESS_BOOT_THREAD + ASH_TASK_PROCESS,
                                     ASH_SLOT_NOTIFICATION) != ASH_OK)
        ash_panic("the process manager cannot be signalled");
}

ash_status notify_op_want(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_notify_want_request *request = (const void *)caller->request;
    if (!may(caller, ASH_PROC_DRIVER))
        return STATUS_ACCESS_DENIED;
    struct subscriber *one = find(caller->task);
    if (!one && !(one = find(0)))
        return STATUS_INSUFFICIENT_RESOURCES;
    one->task = caller->task;
    one->kinds = request->kinds;
    return STATUS_SUCCESS;
}

ash_status notify_op_next(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_notify_next_request *request = (const void *)caller->request;
    struct subscriber *one = find(caller->task);
    if (!one || one->waiting != 0)
        return STATUS_ACCESS_DENIED;
    struct task *task = request->answered != 0 ? task_find(request->answered) : nullptr;
    one->waiting = ash_server_defer(&server);
    if (one->waiting == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (task && (task->asked & bit_of(one)) != 0) {
        if (!ash_success((ash_status)request->status))
            task->verdict = (ash_status)request->status;
        agreed(task, bit_of(one));
    }
    deliver(one);
    return STATUS_PENDING;
}
