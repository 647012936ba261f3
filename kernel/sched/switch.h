// SPDX-License-Identifier: MIT
/*
 * What changes on a hart when it goes from one thread to the next: `current`, the floating-point
 * unit, the address space. Registers are saved and loaded by arch/trap.S.
 */
#ifndef KERNEL_SCHED_SWITCH_H
#define KERNEL_SCHED_SWITCH_H

#include "arch/fpu.h"
#include "object/vspace.h"

/* Nothing but satp has to change: neither uses the floating-point unit, `next` has run here. */
static inline bool switch_is_simple(const struct hart *hart, const struct thread *next)
{
    return !(csr_read("sstatus") & SSTATUS_FS_MASK) && !next->fpu_used &&
           vspace_activates_simply(hart, next);
}

static inline void switch_simply(struct hart *hart, struct thread *next)
{
    hart->current = next;
    vspace_activate_simply(hart, next);
}

/* In all cases. previous: null if the hart was idle or its thread is gone. */
void switch_threads(struct hart *hart, struct thread *previous, struct thread *next);

#endif
