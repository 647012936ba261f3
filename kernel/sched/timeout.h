// SPDX-License-Identifier: MIT
/*
 * Deadlines of one hart. A timeout is in at most one queue; its owner removes it before its memory
 * goes.
 *
 * Timeouts have priorities, and one is served only when no thread of higher priority would run:
 * however many deadlines others of lower priority let pass at once, they do not hold up a thread
 * above them. So two questions are asked: when is the earliest deadline from some priority up, and
 * which of those that are due has the highest priority. One balanced tree answers both in a number
 * of steps that grows with the logarithm of its size: ordered by priority (highest first), then by
 * time, and each node knows the earliest time below it.
 *
 *                   priority 7, time 30 (earliest 10)
 *                  /                                 \
 *      priority 9, time 50 (50)          priority 2, time 20 (10)
 *                                                             \
 *                                                     priority 1, time 10 (10)
 */
#ifndef KERNEL_SCHED_TIMEOUT_H
#define KERNEL_SCHED_TIMEOUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/tree.h>

enum timeout_kind { TIMEOUT_SCHED_CONTEXT, TIMEOUT_TIMER };

struct timeout {
    uint64_t time;     /* ticks */
    uint64_t earliest; /* of its subtree */
    RB_ENTRY(timeout) node;
    struct timeout_queue *queue; /* null: not waiting */
    uint8_t kind;                /* enum timeout_kind */
    uint8_t priority;
};

RB_HEAD(timeout_queue, timeout);

void timeout_insert(struct timeout_queue *queue, struct timeout *timeout, uint64_t time,
                    uint8_t priority);
void timeout_take_out(struct timeout *timeout); /* it is in a queue */
static inline void timeout_remove(struct timeout *timeout)
{
    if (timeout->queue)
        timeout_take_out(timeout);
}
/* The earliest time of all, or of those with that priority or more; ~0 if there is none. */
static inline uint64_t timeout_earliest(const struct timeout_queue *queue)
{
    return RB_EMPTY(queue) ? ~0ull : RB_ROOT(queue)->earliest;
}
uint64_t timeout_earliest_from(const struct timeout_queue *queue, uint8_t priority);
/* Removes and returns, of those that are due at `now` (less than ~0), the one with the highest
 * priority, or null if that is less than `priority`. */
struct timeout *timeout_pop_due(struct timeout_queue *queue, uint64_t now, uint8_t priority);

#endif
