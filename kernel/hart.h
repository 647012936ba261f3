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
#include "lock.h"
#include "sched/queue.h"
#include "sched/timeout.h"

#include <stdatomic.h>
#include <stddef.h>

struct thread;
struct sched_context;

struct hart {
    uint64_t stack_top;            /* offset HART_STACK */
    struct thread *trapped;        /* offset HART_TRAPPED: whose system call it runs (trap.S) */
    struct thread *current;        /* the thread whose registers trap_entry saves; null when idle */
    struct sched_context *charged; /* whose budget runs since charged_since */
    uint64_t charged_since;
    bool reschedule; /* current may no longer be the right thread to run */
    bool turn_over;  /* current gives way to others of its priority */
    bool present;
    uint32_t index;           /* 0 .. harts-1 */
    uint64_t id;              /* as the firmware numbers harts */
    uint64_t satp;            /* what the satp register holds */
    struct thread *fpu_owner; /* whose values the FPU registers hold, if it is clean */
    uint64_t deadline;        /* what the timer is set to */
    struct thread_queue ready;
    struct timeout_queue timeouts;
    int32_t irq_context;    /* context of the PLIC, or page of the IMSIC, for this hart's S-mode */
    _Atomic uint32_t stall; /* another hart waits until this one has left its thread */
    _Atomic uint32_t online;
    uint8_t switch_with_care; /* see below */
};
static_assert(offsetof(struct hart, stack_top) == HART_STACK);
static_assert(offsetof(struct hart, trapped) == HART_TRAPPED);

/* switch_with_care: the hart may hold translations or instructions that are no longer true and
 * forgets them all before a thread runs; the hart has no address-space numbers and forgets all
 * translations in every switch; the timer is set for the current thread's priority, and there are
 * earlier timeouts of lower ones. */
#define HART_STALE    1u
#define HART_NO_ASIDS 2u
#define HART_DEFERS   4u

extern struct hart harts[ASH_MAX_HARTS];
extern uint32_t hart_count;

/* Makes `other` leave the user thread it runs, and returns when it has: its registers are saved, it
 * uses the kernel's root table and will find its `current` gone when it gets the lock. */
void hart_stall(struct hart *other);
void hart_do_stall(void);

/* Asks another hart to look at its ready queues. */
void hart_notify(struct hart *other);

#endif
