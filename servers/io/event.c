// SPDX-License-Identifier: MIT
// Events for those that watch drivers (the plug-and-play manager). Each watcher has a queue of its
// own; one that lets it overflow loses the oldest events, which is said in the log.
#include "manager.h"
#include <string.h>

#define WATCHERS 2u
#define EVENTS   64u

static struct watcher {
    ash_word task; /* 0: free */
    ash_cptr notification;
    uint32_t head, tail;
    struct ash_io_event_reply events[EVENTS];
} watchers[WATCHERS];

static struct watcher *find(ash_word task)
{
    for (unsigned i = 0; i < WATCHERS; i++) {
        if (watchers[i].task == task)
            return &watchers[i];
    }
    return nullptr;
}

static void post(const struct ash_io_event_reply *event)
{
    for (unsigned i = 0; i < WATCHERS; i++) {
        struct watcher *watcher = &watchers[i];
        if (watcher->task == 0)
            continue;
        if (watcher->tail - watcher->head == EVENTS) {
            port_log("task %lu does not take its events: the oldest is lost\n",
                     (unsigned long)watcher->task);
            watcher->head++;
        }
        watcher->events[watcher->tail++ % EVENTS] = *event;
        port_signal(watcher->notification);
    }
}

void io_event_post(ash_word kind, const struct io_driver *driver, ash_status status)
{
    struct ash_io_event_reply event = {
        .kind = kind, .driver = driver->id, .task = driver->task_id, .status = (uint32_t)status};
    strcpy(event.name, driver->name);
    post(&event);
}

void io_event_files_closed(ash_word device)
{
    post(&(struct ash_io_event_reply){.kind = ASH_IO_EVENT_FILES_CLOSED, .driver = device});
}

/* ASH_IO_WATCH */
void io_event_watch(const struct io_call *call)
{
    struct watcher *watcher = find(call->task);
    if (watcher == nullptr)
        watcher = find(0);
    if (watcher == nullptr || call->cap_count != 1) {
        for (unsigned i = 0; i < call->cap_count; i++)
            port_drop(call->caps[i]);
        io_fail(call,
                watcher == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_INVALID_PARAMETER);
        return;
    }
    port_drop(watcher->notification);
    watcher->task = call->task;
    watcher->notification = call->caps[0];
    io_fail(call, STATUS_SUCCESS);
}

/* ASH_IO_EVENT */
void io_event_take(const struct io_call *call)
{
    struct watcher *watcher = find(call->task);
    if (watcher == nullptr || watcher->head == watcher->tail) {
        io_fail(call, watcher == nullptr ? STATUS_ACCESS_DENIED : STATUS_NO_MORE_ENTRIES);
        return;
    }
    const struct ash_io_event_reply *event = &watcher->events[watcher->head++ % EVENTS];
    port_answer(call->token, STATUS_SUCCESS, event, sizeof(*event), ASH_NULL_CPTR);
}

void io_event_forget(ash_word task)
{
    struct watcher *watcher = find(task);
    if (watcher == nullptr)
        return;
    port_drop(watcher->notification);
    *watcher = (struct watcher){0};
}
