// SPDX-License-Identifier: MIT
/*
 * Endpoints and Notifications (object/endpoint.c, object/notification.c): an Endpoint's queue holds
 * only senders or only receivers, IDLE means an empty queue; the bits of a Notification are pending
 * only while nobody waits. Every thread met is marked, so that threads.c sees who is in no queue.
 */
#include "check/checks.h"
#include "object/ipc_objects.h"

/* The first threads of each priority are linked with each other (sched/queue.h). Returns the one
 * that the thread belongs to. */
static const struct thread *check_level(const struct thread *level, const struct thread *thread)
{
    if (level && level->priority == thread->priority)
        return level;
    RULE(!level || level->priority > thread->priority, "a queue is sorted by priority: %s after %s",
         thread->name, level ? level->name : "");
    RULE(thread->level_prev == level && (!level || level->level_next == thread),
         "the first threads of each priority are linked: %s", thread->name);
    return thread;
}

/* Both ends and both directions. */
void check_thread_queue(const struct thread_queue *queue, const void *owner, enum mark mark,
                        void (*rule)(const struct thread *thread, const void *owner))
{
    const struct thread *previous = nullptr, *level = nullptr;
    for (const struct thread *thread = queue->head; thread; thread = thread->queue_next) {
        struct entry *entry = live(ASH_OBJ_THREAD, thread);
        RULE(entry, "a queue holds live threads: %p in that of %p", (const void *)thread, owner);
        RULE(!(entry->mark & (MARK_WAITS | MARK_READY)), "a thread is in one queue, once: %s",
             thread->name);
        RULE(thread->queue_prev == previous, "a queue is doubly linked: %s in that of %p",
             thread->name, owner);
        level = check_level(level, thread);
        entry->mark |= mark;
        rule(thread, owner);
        previous = thread;
    }
    RULE(!queue->head || queue->tail == previous, "a queue ends at its tail: of %p", owner);
    RULE(!level || !level->level_next, "the lowest priority in a queue has none below it: of %p",
         owner);
}

static void waits_for_endpoint(const struct thread *thread, const void *owner)
{
    const struct endpoint *endpoint = owner;
    bool sends = thread->state == ASH_THREAD_BLOCKED_SEND;
    bool receives = thread->state == ASH_THREAD_BLOCKED_RECEIVE;
    RULE(thread->endpoint == endpoint, "a queued thread names its Endpoint: %s", thread->name);
    RULE(endpoint->state == ENDPOINT_SENDING ? sends : receives,
         "the queue of an Endpoint holds only senders or only receivers: %s, state %u, Endpoint %u",
         thread->name, thread->state, endpoint->state);
}

static void check_endpoint(const struct endpoint *endpoint)
{
    RULE(endpoint->state <= ENDPOINT_RECEIVING &&
             (endpoint->state == ENDPOINT_IDLE) == !endpoint->queue.head,
         "IDLE means an empty queue: Endpoint %p, state %u", (const void *)endpoint,
         endpoint->state);
    check_thread_queue(&endpoint->queue, endpoint, MARK_WAITS, waits_for_endpoint);
}

static void waits_for_notification(const struct thread *thread, const void *owner)
{
    RULE(thread->notification == owner && thread->state == ASH_THREAD_BLOCKED_NOTIFICATION,
         "a queued thread names its Notification: %s, state %u", thread->name, thread->state);
}

static void check_notification(const struct notification *notification)
{
    check_thread_queue(&notification->queue, notification, MARK_WAITS, waits_for_notification);
    RULE(!notification->queue.head || notification->signals == 0,
         "bits are pending only while nobody waits: Notification %p has %lx",
         (const void *)notification, notification->signals);
    const struct thread *bound = notification->bound;
    if (!bound)
        return;
    MUST_LIVE(ASH_OBJ_THREAD, bound, "the thread that a Notification is bound to");
    RULE(bound->bound == notification, "a bound thread names its Notification: %s", bound->name);
    RULE(notification->signals == 0 || bound->state != ASH_THREAD_BLOCKED_RECEIVE || !bound->sched,
         "a bound thread that waits in Recv and has time gets the bits: %s", bound->name);
}

void check_queues(void)
{
    for (size_t i = 0; i < object_count; i++) {
        const void *object = (const void *)all_objects[i]->slot->cap.object;
        if (type_of(all_objects[i]) == ASH_OBJ_ENDPOINT)
            check_endpoint(object);
        else if (type_of(all_objects[i]) == ASH_OBJ_NOTIFICATION)
            check_notification(object);
    }
}
