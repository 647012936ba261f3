// SPDX-License-Identifier: MIT
#include "sched/timeout.h"

static uint64_t earliest_of(const struct timeout *timeout)
{
    return timeout ? timeout->earliest : ~0ull;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The tree calls this for every node whose subtree has changed, from the bottom up. */
static void note_earliest(struct timeout *timeout)
{
    uint64_t below =
        lesser(earliest_of(RB_LEFT(timeout, node)), earliest_of(RB_RIGHT(timeout, node)));
    timeout->earliest = lesser(timeout->time, below);
}

/* No two are equal. */
static int compare(const struct timeout *a, const struct timeout *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a < b ? -1 : 1;
}

#undef RB_AUGMENT
#define RB_AUGMENT(timeout) note_earliest(timeout)
RB_GENERATE_INSERT_COLOR(timeout_queue, timeout, node, static)
RB_GENERATE_REMOVE_COLOR(timeout_queue, timeout, node, static)
RB_GENERATE_INSERT(timeout_queue, timeout, node, compare, static)
RB_GENERATE_REMOVE(timeout_queue, timeout, node, static)

void timeout_insert(struct timeout_queue *queue, struct timeout *timeout, uint64_t time,
                    uint8_t priority)
{
    timeout->time = time;
    timeout->priority = priority;
    timeout->queue = queue;
    RB_INSERT(timeout_queue, queue, timeout);
}

void timeout_take_out(struct timeout *timeout)
{
    RB_REMOVE(timeout_queue, timeout->queue, timeout);
    timeout->queue = nullptr;
}

uint64_t timeout_earliest_from(const struct timeout_queue *queue, uint8_t priority)
{
    uint64_t earliest = ~0ull;
    const struct timeout *at = RB_ROOT(queue);
    while (at) {
        if (at->priority < priority) {
            at = RB_LEFT(at, node);
            continue;
        }
        earliest = lesser(earliest, lesser(at->time, earliest_of(RB_LEFT(at, node))));
        at = RB_RIGHT(at, node);
    }
    return earliest;
}

struct timeout *timeout_pop_due(struct timeout_queue *queue, uint64_t now, uint8_t priority)
{
    struct timeout *at = RB_ROOT(queue);
    if (earliest_of(at) > now)
        return nullptr;
    while (earliest_of(RB_LEFT(at, node)) <= now || at->time > now)
        at = earliest_of(RB_LEFT(at, node)) <= now ? RB_LEFT(at, node) : RB_RIGHT(at, node);
    if (at->priority < priority)
        return nullptr;
    timeout_take_out(at);
    return at;
}
