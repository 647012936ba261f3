// SPDX-License-Identifier: MIT
/*
 * Preemption points. A long operation asks after each step whether somebody waits for it to end: an
 * interrupt, a thread of higher priority that the operation itself has woken, or another hart that
 * waits for the kernel lock, perhaps with an interrupt. If so it stops in a whole state, and its
 * system call is run again. Each run makes one step at least, so that it ends however often that
 * happens; a step is a few hundred instructions.
 */
#ifndef KERNEL_SCHED_PREEMPT_H
#define KERNEL_SCHED_PREEMPT_H

#include "arch/csr.h"
#include "hart.h"

static inline bool preemption_wanted(void)
{
    return (csr_read("sip") & csr_read("sie")) != 0 || this_hart->reschedule ||
           kernel_lock_wanted();
}

#endif
