// SPDX-License-Identifier: MIT
#include "arch/fpu.h"
#include "object/thread.h"

void fpu_leave(struct thread *thread)
{
    if ((thread->sstatus & SSTATUS_FS_MASK) != SSTATUS_FS_DIRTY)
        return;
    csr_set("sstatus", SSTATUS_FS_DIRTY);
    fpu_save(thread);
    thread->sstatus = (thread->sstatus & ~SSTATUS_FS_MASK) | SSTATUS_FS_CLEAN;
    this_hart->fpu_owner = thread;
}

void fpu_enter(struct thread *thread)
{
    if (!thread->fpu_used || (this_hart->fpu_owner == thread && thread->hart == this_hart))
        return;
    csr_set("sstatus", SSTATUS_FS_DIRTY);
    fpu_load(thread);
    this_hart->fpu_owner = thread;
}

bool fpu_enable(struct thread *thread)
{
    if ((thread->sstatus & SSTATUS_FS_MASK) != SSTATUS_FS_OFF)
        return false;
    thread->fpu_used = true;
    thread->sstatus |= SSTATUS_FS_CLEAN;
    this_hart->fpu_owner = nullptr;
    fpu_enter(thread);
    return true;
}

void fpu_forget(const struct thread *thread)
{
    for (uint32_t i = 0; i < hart_count; i++)
        if (harts[i].fpu_owner == thread)
            harts[i].fpu_owner = nullptr;
}
