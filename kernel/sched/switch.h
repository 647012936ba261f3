// SPDX-License-Identifier: MIT
/*
 * What changes on a hart when it goes from one thread to the next: `current`, the floating-point
 * unit, the address space. Registers are saved and loaded by arch/trap.S.
 */
#ifndef KERNEL_SCHED_SWITCH_H
#define KERNEL_SCHED_SWITCH_H

#include "arch/fpu.h"
#include "object/vspace.h"

/* Is a thread of higher priority ready on this hart? */
static inline bool sched_somebody_above(const struct hart *hart, uint8_t priority)
{
    return hart->ready.head && hart->ready.head->priority > priority;
}

/* If nothing has to be saved, loaded or forgotten; else false, and switch_threads() does it all. */
[[gnu::always_inline]] static inline bool switch_simply(struct hart *hart, struct thread *next)
{
    hart->current = next;
    if (!vspace_activates_simply(hart, next) || !fpu_switch(hart, next))
        return false;
    vspace_activate_simply(hart, next);
    return true;
}

/* In all cases. previous: null if the hart was idle or its thread is gone. */
void switch_threads(struct hart *hart, struct thread *previous, struct thread *next);

#endif
