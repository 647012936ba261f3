// SPDX-License-Identifier: MIT
/*
 * Timeouts (sched/timeout.h): a hart's tree holds deadlines of live SchedContexts and Timers,
 * ordered by priority, then by time; each knows the earliest below it. A timeout is in at most one
 * tree.
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
    RULE(sched->thread && timeout->priority == sched->thread->priority,
         "a SchedContext rests with the priority of its thread: %p", (const void *)sched);
    RULE(sched->hart == hart && sched->thread, "a SchedContext rests on its hart, for a thread: %p",
         (const void *)sched);
}

static uint64_t earliest_of(const struct timeout *timeout)
{
    return timeout ? timeout->earliest : ~0ull;
}

static void check_node(const struct timeout *timeout)
{
    const struct timeout *left = RB_LEFT(timeout, node), *right = RB_RIGHT(timeout, node);
    uint64_t below =
        earliest_of(left) < earliest_of(right) ? earliest_of(left) : earliest_of(right);
    RULE(timeout->earliest == (timeout->time < below ? timeout->time : below),
         "a timeout knows the earliest below it: %p", (const void *)timeout);
    RULE((!left || RB_PARENT(left, node) == timeout) &&
             (!right || RB_PARENT(right, node) == timeout),
         "timeouts are a tree: children of %p", (const void *)timeout);
}

static const struct timeout *leftmost(const struct timeout *timeout)
{
    while (timeout && RB_LEFT(timeout, node))
        timeout = RB_LEFT(timeout, node);
    return timeout;
}

static const struct timeout *next_of(const struct timeout *timeout)
{
    if (RB_RIGHT(timeout, node))
        return leftmost(RB_RIGHT(timeout, node));
    const struct timeout *parent = RB_PARENT(timeout, node);
    for (; parent && timeout == RB_RIGHT(parent, node); parent = RB_PARENT(parent, node))
        timeout = parent;
    return parent;
}

static void check_queue(const struct hart *hart)
{
    const struct timeout *previous = nullptr;
    for (const struct timeout *timeout = leftmost(RB_ROOT(&hart->timeouts)); timeout;
         timeout = next_of(timeout)) {
        check_timeout(timeout, hart);
        check_node(timeout);
        RULE(!previous || previous->priority > timeout->priority ||
                 (previous->priority == timeout->priority && previous->time <= timeout->time),
             "timeouts are ordered by priority, then by time: %p", (const void *)timeout);
        previous = timeout;
    }
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
