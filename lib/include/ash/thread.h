// SPDX-License-Identifier: MIT
/*
 * Threads of the own task, and how they wait for one another. A lock of this file is taken and
 * released without a system call while nobody competes; who must wait parks on its thread's
 * notification, so waiting costs no processor time and cannot livelock under any priorities.
 *
 * Times are absolute, in ticks as ash_time() reads; ASH_FOREVER never comes.
 */
#ifndef ASH_THREAD_H
#define ASH_THREAD_H

#include "ash/syscall.h"
#include "status.h"
#include <stdatomic.h>

#define ASH_FOREVER (~(ash_word)0)

struct ash_thread_options {
    size_t stack_bytes;            /* 0: 64 KiB. A guard page lies below */
    unsigned priority;             /* at most the task's */
    unsigned budget_us, period_us; /* 0: the task's default */
};

/* Starts entry(argument) on a new thread, whose number is stored. It ends when entry returns. */
[[nodiscard]] ash_status ash_thread_create(void (*entry)(void *argument), void *argument,
                                           const struct ash_thread_options *options,
                                           unsigned *number);
[[noreturn]] void ash_thread_exit(void);
[[nodiscard]] ash_status ash_thread_priority(unsigned number, unsigned priority);

/* Waits until somebody unparks this thread, or until `deadline`: false. An unpark before the call
 * counts. It may also return true for no reason: look at what you wait for. */
bool ash_park(ash_word deadline);
/* notification: ash_self()->notification of the thread to wake. */
static inline void ash_unpark(ash_cptr notification)
{
    ash_signal(notification);
}

void ash_sleep_until(ash_word deadline);

/* Excludes threads of the task from one another. Not recursive. Zero-initialised: free. */
struct ash_mutex {
    _Atomic uintptr_t state; /* 0 free; 1 held; else held, and newest waiter | 1 */
};

void ash_mutex_lock_slow(struct ash_mutex *mutex);
void ash_mutex_unlock_slow(struct ash_mutex *mutex);

static inline bool ash_mutex_try(struct ash_mutex *mutex)
{
    uintptr_t expected = 0;
    return atomic_compare_exchange_strong_explicit(&mutex->state, &expected, 1,
                                                   memory_order_acquire, memory_order_relaxed);
}

/* May block. */
static inline void ash_mutex_lock(struct ash_mutex *mutex)
{
    if (!ash_mutex_try(mutex))
        ash_mutex_lock_slow(mutex);
}

static inline void ash_mutex_unlock(struct ash_mutex *mutex)
{
    uintptr_t expected = 1;
    if (!atomic_compare_exchange_strong_explicit(&mutex->state, &expected, 0, memory_order_release,
                                                 memory_order_relaxed))
        ash_mutex_unlock_slow(mutex);
}

/* A flag to wait for. Zero-initialised: not set, automatic (one waiter takes it and it is reset);
 * manual: stays set, and wakes all, until ash_event_reset. */
struct ash_event_waiter;
struct ash_event {
    struct ash_mutex lock;
    bool set, manual;
    struct ash_event_waiter *first;
};

void ash_event_set(struct ash_event *event);
void ash_event_reset(struct ash_event *event);
/* True when it was set; false at the deadline. May block. */
bool ash_event_wait(struct ash_event *event, ash_word deadline);

#endif
