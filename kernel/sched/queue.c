// SPDX-License-Identifier: MIT
#include "sched/queue.h"
#include "object/thread.h"

/* Puts a thread before `next` (null: at the end). */
static void link_before(struct thread_queue *queue, struct thread *thread, struct thread *next)
{
    struct thread *prev = next ? next->queue_prev : queue->head ? queue->tail : nullptr;
    thread->queue_next = next;
    thread->queue_prev = prev;
    *(next ? &next->queue_prev : &queue->tail) = thread;
    *(prev ? &prev->queue_next : &queue->head) = thread;
}

/* Makes it the first of its priority, between those of two others (or null). */
static void link_level(struct thread *thread, struct thread *above, struct thread *below)
{
    thread->level_prev = above;
    thread->level_next = below;
    if (above)
        above->level_next = thread;
    if (below)
        below->level_prev = thread;
}

/* The first thread of `priority` or less, or null; *above is the first of the next priority above
 * it, or null. */
static struct thread *find_level(const struct thread_queue *queue, uint8_t priority,
                                 struct thread **above)
{
    struct thread *level = queue->head;
    *above = nullptr;
    while (level && level->priority > priority) {
        *above = level;
        level = level->level_next;
    }
    return level;
}

void queue_insert(struct thread_queue *queue, struct thread *thread)
{
    struct thread *above, *level = find_level(queue, thread->priority, &above);
    if (level && level->priority == thread->priority) {
        link_before(queue, thread, level->level_next);
    } else {
        link_level(thread, above, level);
        link_before(queue, thread, level);
    }
}

void queue_insert_first(struct thread_queue *queue, struct thread *thread)
{
    struct thread *above, *level = find_level(queue, thread->priority, &above);
    bool joins = level && level->priority == thread->priority;
    link_level(thread, above, joins ? level->level_next : level);
    link_before(queue, thread, level);
}

void queue_remove(struct thread_queue *queue, struct thread *thread)
{
    struct thread *next = thread->queue_next, *prev = thread->queue_prev;
    bool first = !prev || prev->priority != thread->priority;
    if (first && next && next->priority == thread->priority) {
        link_level(next, thread->level_prev, thread->level_next);
    } else if (first) {
        if (thread->level_prev)
            thread->level_prev->level_next = thread->level_next;
        if (thread->level_next)
            thread->level_next->level_prev = thread->level_prev;
    }
    *(next ? &next->queue_prev : &queue->tail) = prev;
    *(prev ? &prev->queue_next : &queue->head) = next;
}
