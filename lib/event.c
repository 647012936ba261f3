// SPDX-License-Identifier: MIT
/*
 * ash_event: a flag under a mutex and the list of those who wait. A waiter's node is on its stack;
 * it leaves the list under the lock, so nobody signals it after its wait returned.
 */
#include "ash/thread.h"

struct ash_event_waiter {
    struct ash_event_waiter *next;
    ash_cptr notification;
    bool woken; /* under the event's lock */
};

void ash_event_set(struct ash_event *event)
{
    ash_mutex_lock(&event->lock);
    struct ash_event_waiter *waiter = event->first;
    if (!waiter || event->manual)
        event->set = true;
    while (waiter) {
        event->first = waiter->next;
        waiter->woken = true;
        ash_unpark(waiter->notification);
        waiter = event->manual ? event->first : nullptr;
    }
    ash_mutex_unlock(&event->lock);
}

void ash_event_reset(struct ash_event *event)
{
    ash_mutex_lock(&event->lock);
    event->set = false;
    ash_mutex_unlock(&event->lock);
}

static bool take_if_set(struct ash_event *event)
{
    if (!event->set)
        return false;
    if (!event->manual)
        event->set = false;
    return true;
}

static void append(struct ash_event *event, struct ash_event_waiter *waiter)
{
    struct ash_event_waiter **link = &event->first;
    while (*link)
        link = &(*link)->next;
    *link = waiter;
}

static void leave(struct ash_event *event, const struct ash_event_waiter *waiter)
{
    for (struct ash_event_waiter **link = &event->first; *link; link = &(*link)->next)
        if (*link == waiter) {
            *link = waiter->next;
            return;
        }
}

bool ash_event_wait(struct ash_event *event, ash_word deadline)
{
    struct ash_event_waiter self = {.notification = ash_self()->notification};
    ash_mutex_lock(&event->lock);
    bool done = take_if_set(event);
    if (!done)
        append(event, &self);
    while (!done) {
        ash_mutex_unlock(&event->lock);
        bool signalled = ash_park(deadline);
        ash_mutex_lock(&event->lock);
        done = self.woken;
        if (!done && !signalled && ash_time() >= deadline) {
            leave(event, &self);
            break;
        }
    }
    ash_mutex_unlock(&event->lock);
    return done;
}
