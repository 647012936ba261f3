// SPDX-License-Identifier: MIT
/*
 * Threads (object/thread.h): what a thread's state says about the queues it is in and the objects
 * it names, and that every object it names is alive and names it back. queues.c and schedules.c ran
 * before and have marked the threads they met.
 */
#include "check/checks.h"
#include "object/ipc_objects.h"
#include "object/vspace.h"

/* queues.c has compared `endpoint` or `notification` with the queue that the thread is in. */
static void check_wait(const struct thread *thread, const struct entry *entry)
{
    bool waits = thread->state == ASH_THREAD_BLOCKED_SEND ||
                 thread->state == ASH_THREAD_BLOCKED_RECEIVE ||
                 thread->state == ASH_THREAD_BLOCKED_NOTIFICATION;
    RULE(thread->state <= ASH_THREAD_BLOCKED_NOTIFICATION, "a thread has a state: %s",
         thread->name);
    RULE(!!(entry->mark & MARK_WAITS) == waits,
         "a thread that waits is in one queue, another in none: %s, state %u", thread->name,
         thread->state);
}

static void check_answer(const struct thread *thread)
{
    if (thread->state == ASH_THREAD_BLOCKED_REPLY) {
        MUST_LIVE(ASH_OBJ_REPLY, thread->reply, "the Reply that answers a caller");
        RULE(thread->reply->caller == thread,
             "BLOCKED_REPLY: `reply` is the Reply object that will answer it: %s", thread->name);
    }
    if (thread->state == ASH_THREAD_BLOCKED_RECEIVE && thread->receive_reply) {
        MUST_LIVE(ASH_OBJ_REPLY, thread->receive_reply, "the Reply that a receiver waits with");
        RULE(thread->receive_reply->receiver == thread,
             "a thread waiting in Recv owns `receive_reply`: %s", thread->name);
    }
}

static void check_bindings(const struct thread *thread)
{
    if (thread->bound) {
        MUST_LIVE(ASH_OBJ_NOTIFICATION, thread->bound, "a bound Notification");
        RULE(thread->bound->bound == thread, "a bound Notification names its thread: %s",
             thread->name);
    }
    if (thread->sched) {
        MUST_LIVE(ASH_OBJ_SCHED_CONTEXT, thread->sched, "the SchedContext of a thread");
        RULE(thread->sched->thread == thread, "a SchedContext names the thread on it: %s",
             thread->name);
    }
}

/* Runnable and with time: at exactly one place. */
static void check_place(const struct thread *thread, const struct entry *entry)
{
    bool current = entry->mark & MARK_CURRENT, ready = entry->mark & MARK_READY;
    RULE(thread->queued == ready, "`queued`: in a ready queue: %s", thread->name);
    RULE(!current || thread_running_on(thread), "a hart's current thread names the hart: %s",
         thread->name);
    const struct sched_context *sched = thread->sched;
    bool rests = sched && sched->release.queue;
    unsigned places = current + ready + rests;
    bool runs = thread->state == ASH_THREAD_RUNNING && sched && sched->hart;
    RULE(places == runs,
         "a runnable thread with a SchedContext is current, ready or at rest, another nowhere: %s, "
         "state %u, current %u, ready %u, resting %u",
         thread->name, thread->state, current, ready, rests);
}

static void check_slots(const struct thread *thread)
{
    static const uint8_t type[THREAD_SLOTS] = {[THREAD_SLOT_CSPACE] = ASH_OBJ_CNODE,
                                               [THREAD_SLOT_VSPACE] = ASH_OBJ_VSPACE,
                                               [THREAD_SLOT_BUFFER] = ASH_OBJ_FRAME,
                                               [THREAD_SLOT_FAULT] = ASH_OBJ_ENDPOINT};
    for (unsigned i = 0; i < THREAD_SLOTS; i++)
        RULE(slot_empty(&thread->slot[i]) || thread->slot[i].cap.type == type[i],
             "internal slot %u of a thread holds what belongs there: %s", i, thread->name);
    const struct capability *buffer = &thread->slot[THREAD_SLOT_BUFFER].cap;
    if (buffer->type != ASH_OBJ_FRAME)
        return;
    uint64_t end = thread->buffer_offset + sizeof(struct ash_ipc_buffer);
    RULE(end <= 1ull << buffer->bits && !buffer->device,
         "an IPC buffer lies in its frame of RAM: %s", thread->name);
}

static void check_priority(const struct thread *thread)
{
    uint8_t higher =
        thread->base_priority > thread->inherited ? thread->base_priority : thread->inherited;
    RULE(thread->priority == higher,
         "a thread's priority is its own or the inherited one: %s, %u of %u and %u", thread->name,
         thread->priority, thread->base_priority, thread->inherited);
}

void check_threads(void)
{
    size_t listed = 0, named = 0;
    const struct thread *previous = nullptr;
    for (const struct thread *thread = all_threads; thread; thread = thread->all_next) {
        struct entry *entry = live(ASH_OBJ_THREAD, thread);
        RULE(entry, "a listed thread is a live object: %p", (const void *)thread);
        RULE(!(entry->mark & MARK_LISTED), "the list of threads has no circle: %s", thread->name);
        RULE(thread->all_prev == previous, "the list of threads is doubly linked: %s",
             thread->name);
        entry->mark |= MARK_LISTED;
        check_wait(thread, entry);
        check_answer(thread);
        check_bindings(thread);
        check_place(thread, entry);
        check_slots(thread);
        check_priority(thread);
        previous = thread;
        listed++;
    }
    for (size_t i = 0; i < object_count; i++)
        named += type_of(all_objects[i]) == ASH_OBJ_THREAD;
    RULE(listed == named, "every thread is listed: %lu of %lu are", listed, named);
}
