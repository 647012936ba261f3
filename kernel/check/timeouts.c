// SPDX-License-Identifier: MIT
/*
 * Timeouts (sched/timeout.h): a hart's queue holds deadlines of live SchedContexts and Timers,
 * earliest first; a timeout is in at most one queue.
 */
#include "check/checks.h"
#include "hart.h"
#include "object/ipc_objects.h"

static struct entry *owner_of(const struct timeout *timeout)
{
    const char *at = (const char *)timeout;
    if (timeout->kind == TIMEOUT_SCHED_CONTEXT)
        return live(ASH_OBJ_SCHED_CONTEXT, at - offsetof(struct sched_context, release));
    return live(ASH_OBJ_TIMER, at - offsetof(struct timer, timeout));
}

static void check_timeout(const struct timeout *timeout, const struct hart *hart)
{
    struct entry *owner = owner_of(timeout);
    RULE(owner, "a timeout belongs to a live object: %p", (const void *)timeout);
    RULE(!(owner->mark & MARK_TIMED), "a timeout is in at most one queue: %p",
         (const void *)timeout);
    RULE(timeout->queue == &hart->timeouts, "a timeout names its queue: %p", (const void *)timeout);
    owner->mark |= MARK_TIMED;
    if (timeout->kind != TIMEOUT_SCHED_CONTEXT)
        return;
    const struct sched_context *sched = (const void *)owner->slot->cap.object;
    RULE(sched->hart == hart && sched->thread, "a SchedContext rests on its hart, for a thread: %p",
         (const void *)sched);
}

static void check_queue(const struct hart *hart)
{
    const struct timeout *previous = nullptr;
    for (const struct timeout *timeout = hart->timeouts.first; timeout; timeout = timeout->next) {
        check_timeout(timeout, hart);
        RULE(timeout->prev == previous, "timeouts are doubly linked: %p", (const void *)timeout);
        RULE(!previous || previous->time <= timeout->time, "timeouts come earliest first: %p",
             (const void *)timeout);
        previous = timeout;
    }
    RULE(hart->timeouts.last == previous, "timeouts end at the last one: hart %u", hart->index);
}

void check_timeouts(void)
{
    for (uint32_t i = 0; i < hart_count; i++)
        check_queue(&harts[i]);
    for (size_t i = 0; i < object_count; i++) {
        const struct slot *slot = all_objects[i]->slot;
        const struct timeout *timeout = nullptr;
        if (slot->cap.type == ASH_OBJ_SCHED_CONTEXT)
            timeout = &((const struct sched_context *)slot->cap.object)->release;
        else if (slot->cap.type == ASH_OBJ_TIMER)
            timeout = &((const struct timer *)slot->cap.object)->timeout;
        if (timeout)
            RULE(!!(all_objects[i]->mark & MARK_TIMED) == (timeout->queue != nullptr),
                 "a timeout that names a queue is in it: %p", (const void *)timeout);
    }
}
