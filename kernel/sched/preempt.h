// SPDX-License-Identifier: MIT
/* Preemption points: long operations ask whether an interrupt waits, and stop in a whole state. */
#ifndef KERNEL_SCHED_PREEMPT_H
#define KERNEL_SCHED_PREEMPT_H

#include "arch/csr.h"

static inline bool preemption_wanted(void)
{
    return (csr_read("sip") & csr_read("sie")) != 0;
}

#endif
