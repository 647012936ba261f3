// SPDX-License-Identifier: MIT
/*
 * Deadlines of one hart, earliest first. A timeout is in at most one queue; its owner removes it
 * before its memory goes. Insertion walks from the latest deadline back, because most deadlines
 * are later than those already there.
 */
#ifndef KERNEL_SCHED_TIMEOUT_H
#define KERNEL_SCHED_TIMEOUT_H

#include <stdint.h>

enum timeout_kind { TIMEOUT_SCHED_CONTEXT, TIMEOUT_TIMER };

struct timeout_queue;

struct timeout {
    uint64_t time; /* ticks */
    struct timeout *next, *prev;
    struct timeout_queue *queue; /* null: not waiting */
    enum timeout_kind kind;
};

struct timeout_queue {
    struct timeout *first, *last;
};

void timeout_insert(struct timeout_queue *queue, struct timeout *timeout, uint64_t time);
void timeout_remove(struct timeout *timeout);
/* Removes and returns a timeout that is due at `now`, or null. */
struct timeout *timeout_pop_due(struct timeout_queue *queue, uint64_t now);

#endif
