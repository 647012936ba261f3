// SPDX-License-Identifier: MIT
/* What conversation.c (steps and what must be true of them) and cast.c (who takes part) share. */
#ifndef TESTS_KERNEL_CAST_H
#define TESTS_KERNEL_CAST_H

#include "conversation.h"
#include "object/cnode.h"
#include "object/ipc_objects.h"

#define LABEL   5u
#define MANAGER THREADS /* index of its thread */

/* Bits that timers signal; nobody else uses them. */
#define TIMER_BITS (3ull << 20)

/* The last of each kind is the manager's. What was deleted is null. */
extern struct thread *threads[THREADS + 1];
extern struct ash_ipc_buffer *buffers[THREADS + 1];
extern struct sched_context *scheds[SCHEDS + 1];
extern struct notification *notifications[NOTIFICATIONS + 1];
extern struct timer *timers[TIMERS];
extern struct cnode *cnode;

/* Makes all objects on a fresh kernel and starts the threads. */
void cast_start(void);
/* Forgets and poisons what was deleted. */
void cast_bury_the_dead(void);

#endif
