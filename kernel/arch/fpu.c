// SPDX-License-Identifier: MIT
#include "arch/fpu.h"

static void set_fs(uint64_t fs)
{
    csr_clear("sstatus", SSTATUS_FS_MASK);
    csr_set("sstatus", fs);
}

void fpu_leave(struct thread *thread)
{
    if ((csr_read("sstatus") & SSTATUS_FS_MASK) != SSTATUS_FS_DIRTY)
        return;
    fpu_save(thread);
    set_fs(SSTATUS_FS_CLEAN);
    this_hart->fpu_owner = thread;
}

void fpu_enter(struct thread *thread)
{
    if (!thread->fpu_used) {
        set_fs(SSTATUS_FS_OFF);
        return;
    }
    if (this_hart->fpu_owner != thread || thread->hart != this_hart) {
        set_fs(SSTATUS_FS_DIRTY);
        fpu_load(thread);
        this_hart->fpu_owner = thread;
    }
    set_fs(SSTATUS_FS_CLEAN);
}

bool fpu_enable(struct thread *thread)
{
    if (thread->fpu_used)
        return false;
    thread->fpu_used = true;
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
