// SPDX-License-Identifier: MIT
/*
 * One struct hart a hart; tp points to it in the kernel. The kernel runs under one lock with
 * interrupts off, so everything but the stall words is protected by that lock.
 */
#ifndef KERNEL_HART_H
#define KERNEL_HART_H

#include "arch/csr.h"
#include "arch/memory.h"
#include "arch/offsets.h"
#include "kernel/boot.h"
#include "sched/timeout.h"

#include <stdatomic.h>
#include <stddef.h>

struct thread;
struct sched_context;

#define PRIORITIES 256u

struct ready_queue {
    struct thread *head, *tail;
};

struct hart {
    uint64_t stack_top;            /* offset HART_STACK */
    struct thread *current;        /* the thread whose registers trap_entry saves; null when idle */
    struct sched_context *charged; /* whose budget runs since charged_since */
    uint64_t charged_since;
    bool reschedule; /* current may no longer be the right thread to run */
    bool present;
    uint32_t index;           /* 0 .. harts-1 */
    uint64_t id;              /* as the firmware numbers harts */
    uint64_t satp;            /* what the satp register holds */
    struct thread *fpu_owner; /* whose values the FPU registers hold, if it is clean */
    uint64_t deadline;        /* what the timer is set to */
    uint64_t ready_bits[PRIORITIES / 64];
    struct ready_queue ready[PRIORITIES];
    struct timeout_queue timeouts;
    int32_t irq_context;    /* of the PLIC, for this hart's S-mode */
    _Atomic uint32_t stall; /* another hart waits until this one has left its thread */
    _Atomic uint32_t online;
    bool stale; /* it may hold translations or instructions that are no longer true: vspace_activate
                   forgets them all before a thread runs */
};
static_assert(offsetof(struct hart, stack_top) == HART_STACK);

extern struct hart harts[ASH_MAX_HARTS];
extern uint32_t hart_count;

/* Makes `other` leave the user thread it runs, and returns when it has: its registers are saved, it
 * uses the kernel's root table and will find its `current` gone when it gets the lock. */
void hart_stall(struct hart *other);
void hart_do_stall(void);

/* On every kernel entry, before the lock, and while waiting for it: does what hart_stall asks for.
 */
static inline void hart_answer_stall(void)
{
    if (atomic_load_explicit(&this_hart->stall, memory_order_acquire)) [[clang::unlikely]]
        hart_do_stall();
}

/* The one kernel lock, a ticket lock. While a hart waits for it, it answers stalls. */
extern _Atomic uint32_t lock_next, lock_serving;

static inline void kernel_lock(void)
{
    uint32_t ticket = atomic_fetch_add_explicit(&lock_next, 1, memory_order_relaxed);
    while (atomic_load_explicit(&lock_serving, memory_order_acquire) != ticket)
        hart_answer_stall();
}

static inline void kernel_unlock(void)
{
    uint32_t serving = atomic_load_explicit(&lock_serving, memory_order_relaxed);
    atomic_store_explicit(&lock_serving, serving + 1, memory_order_release);
}

/* Asks another hart to look at its ready queues. */
void hart_notify(struct hart *other);

/* The highest priority that has a ready thread on this hart, or -1. */
static inline int hart_highest_ready(const struct hart *hart)
{
    for (unsigned word = PRIORITIES / 64; word-- > 0;)
        if (hart->ready_bits[word])
            return (int)(word * 64 + 63 - (unsigned)__builtin_clzll(hart->ready_bits[word]));
    return -1;
}

#endif
