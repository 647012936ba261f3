// SPDX-License-Identifier: MIT
#include "sched/timeout.h"

void timeout_insert(struct timeout_queue *queue, struct timeout *timeout, uint64_t time)
{
    struct timeout *before = queue->last;
    while (before && before->time > time)
        before = before->prev;
    timeout->time = time;
    timeout->queue = queue;
    timeout->prev = before;
    timeout->next = before ? before->next : queue->first;
    *(timeout->next ? &timeout->next->prev : &queue->last) = timeout;
    *(before ? &before->next : &queue->first) = timeout;
}

void timeout_remove(struct timeout *timeout)
{
    struct timeout_queue *queue = timeout->queue;
    if (!queue)
        return;
    *(timeout->next ? &timeout->next->prev : &queue->last) = timeout->prev;
    *(timeout->prev ? &timeout->prev->next : &queue->first) = timeout->next;
    timeout->queue = nullptr;
}

struct timeout *timeout_pop_due(struct timeout_queue *queue, uint64_t now)
{
    struct timeout *first = queue->first;
    if (!first || first->time > now)
        return nullptr;
    timeout_remove(first);
    return first;
}
