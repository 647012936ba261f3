// SPDX-License-Identifier: MIT
/*
 * Scheduling: fixed priorities, round robin within one, on the hart of the thread's SchedContext.
 * Budgets are sporadic servers: what is used at time t comes back at t + period, so that in any
 * window of one period no more than the budget is used. budget == period means round robin with
 * that time slice. There is no tick: the timer is set to the next deadline or the end of a budget.
 */
#ifndef KERNEL_SCHED_SCHED_H
#define KERNEL_SCHED_SCHED_H

#include <stdint.h>

struct hart;
struct thread;
struct sched_context;

extern uint64_t timebase; /* ticks a second */
void sched_set_timebase(uint64_t ticks);
extern bool have_sstc;

uint64_t sched_ticks_per_us(uint64_t us);

/* A RUNNING thread that is not current: into a ready queue, or the release queue if it has no
 * budget, or nowhere if it has no SchedContext. Idempotent. */
void sched_enqueue(struct thread *thread);
void sched_dequeue(struct thread *thread);
/* The thread's state is no longer RUNNING. */
void sched_block(struct thread *thread);
/* The current thread gives way to others of its priority. */
void sched_yield(struct thread *thread);
/* The thread, if it runs now, may no longer be the right one. */
void sched_priority_changed(struct thread *thread);
void sched_configure(struct sched_context *sched, struct hart *hart, uint64_t budget,
                     uint64_t period);

/* Books the time since the last booking to the thread and SchedContext that run on the hart. */
void sched_charge(struct hart *hart);
/* Chooses who runs on this hart and makes it current (null: idle). */
void schedule(void);
/* For the short ways. The current thread of this hart is about to block, and `next`, which is
 * blocked, to be woken: may it run at once? Nobody else of its priority or above is ready, and it
 * has time. */
bool sched_may_take(const struct hart *hart, const struct thread *next, uint64_t now);
/* Wakes a thread that waited for a signal. If it outranks the current one, which keeps its turn, it
 * is current at once. */
void sched_wake(struct thread *thread);
/* Makes it current instead of the thread that has just blocked. */
void sched_take(struct hart *hart, struct thread *next, uint64_t now);
/* The timer interrupt: due timeouts, exhausted budgets. */
void sched_timer(void);
void sched_update_deadline(void);

#endif
