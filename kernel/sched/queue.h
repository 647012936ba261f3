// SPDX-License-Identifier: MIT
/*
 * Queues of threads: ready queues, and those of Endpoints and Notifications. A thread is in one at
 * most, so its links are in struct thread.
 *
 * Invariants: sorted by priority, highest first, and first come first served within one priority.
 * The first thread of each priority is linked to the first ones of the next higher and lower
 * priority, so that an insertion takes a step for each priority that is present (256 at most),
 * however many threads wait.
 *
 *     head                                       tail
 *      9  <->  9  <->  5  <->  5  <->  5  <->  2       queue_next, queue_prev
 *      9  <--------->  5  <----------------->  2       level_next, level_prev
 */
#ifndef KERNEL_SCHED_QUEUE_H
#define KERNEL_SCHED_QUEUE_H

struct thread;

struct thread_queue {
    struct thread *head, *tail; /* tail means something only with a head */
};

/* Behind all others of its priority. */
void queue_insert(struct thread_queue *queue, struct thread *thread);
/* Before all others of its priority. */
void queue_insert_first(struct thread_queue *queue, struct thread *thread);
void queue_remove(struct thread_queue *queue, struct thread *thread);

#endif
