// SPDX-License-Identifier: MIT
/*
 * The floating-point unit. Invariants, for each hart:
 *  - sstatus.FS is that of its current thread: off until the thread uses the unit for the first
 *    time, then clean or dirty. Nothing else of sstatus changes after boot, so it is never saved.
 *  - The registers hold the values of `fpu_owner` if that last ran on this hart. A thread that is
 *    left dirty is written to memory at once, so its values can be loaded anywhere; one that comes
 *    back to where they still are loads nothing.
 */
#ifndef KERNEL_ARCH_FPU_H
#define KERNEL_ARCH_FPU_H

#include "arch/csr.h"
#include "object/thread.h"

void fpu_save(struct thread *thread);
void fpu_load(struct thread *thread);
/* Writes the current thread's values to memory if they changed; it may then go elsewhere. */
void fpu_leave(struct thread *thread);
/* Makes the unit the thread's; before `thread->hart` is set to this hart. */
void fpu_enter(struct thread *thread);
/* First use: true if the unit was off and is on now. */
bool fpu_enable(struct thread *thread);
/* The thread's memory goes away. */
void fpu_forget(const struct thread *thread);

/* From the current thread to `next`, which ran on this hart last, if no value has to be moved;
 * else false, and fpu_leave() and fpu_enter() do it. */
static inline bool fpu_switch(const struct hart *hart, const struct thread *next)
{
    /* The sign bit, SD, sums up whether anything is dirty. */
    if ((int64_t)csr_read("sstatus") < 0)
        return false;
    if (!next->fpu_used)
        csr_clear("sstatus", SSTATUS_FS_MASK);
    else if (hart->fpu_owner == next)
        csr_set("sstatus", SSTATUS_FS_CLEAN);
    else
        return false;
    return true;
}

#endif
