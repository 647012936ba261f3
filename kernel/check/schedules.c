// SPDX-License-Identifier: MIT
/*
 * Ready queues and harts (hart.h, sched/sched.h): a ready queue holds runnable threads whose
 * SchedContext is on its hart; what a hart runs is runnable, has a SchedContext of that hart, and
 * is in no ready queue; sstatus of this hart is what its thread goes on with.
 */
#include "check/checks.h"
#include "hart.h"
#include "object/ipc_objects.h"
#include "sched/switch.h"

static void is_ready(const struct thread *thread, const void *owner)
{
    const struct hart *hart = owner;
    RULE(thread->queued && thread->state == ASH_THREAD_RUNNING && thread->sched &&
             thread->sched->hart == hart,
         "a ready thread is runnable and on that hart: %s", thread->name);
}

static void check_current(const struct hart *hart)
{
    const struct thread *thread = hart->current;
    if (!thread)
        return;
    struct entry *entry = live(ASH_OBJ_THREAD, thread);
    RULE(entry, "a hart runs a live thread: hart %u, %p", hart->index, (const void *)thread);
    RULE(!(entry->mark & MARK_CURRENT), "a thread runs on one hart: %s", thread->name);
    RULE(thread->state == ASH_THREAD_RUNNING && thread->sched && thread->sched->hart == hart,
         "what a hart runs is runnable and has time there: hart %u, %s, state %u", hart->index,
         thread->name, thread->state);
    RULE(hart->charged == thread->sched,
         "what a hart runs is charged to its SchedContext: hart %u, %s", hart->index, thread->name);
    entry->mark |= MARK_CURRENT;
}

/* The root table that is loaded belongs to a VSpace that lives, or is the kernel's own. */
static void check_space(const struct hart *hart)
{
    uint64_t root = (hart->satp & ((1ull << 44) - 1)) << 12;
    bool known = root == kernel_to_physical(kernel_root);
    for (uint32_t i = 0; i < ASIDS && !known; i++)
        known = asids[i].vspace && kernel_to_physical(asids[i].vspace->root) == root;
    RULE(known, "a hart has a live VSpace loaded: hart %u, satp %lx", hart->index, hart->satp);
}

static void check_hart(const struct hart *hart)
{
    check_thread_queue(&hart->ready, hart, MARK_READY, is_ready);
    check_current(hart);
    if (hart->charged)
        MUST_LIVE(ASH_OBJ_SCHED_CONTEXT, hart->charged, "whose budget runs on a hart");
    if (hart->fpu_owner)
        MUST_LIVE(ASH_OBJ_THREAD, hart->fpu_owner, "whose values the FPU holds");
    check_space(hart);
}

/* What sret will do: to user mode, and the floating-point unit is on for who has used it. */
static void check_status(const struct thread *thread)
{
    uint64_t status = csr_read("sstatus");
    RULE(!(status & SSTATUS_SPP), "a thread goes on in user mode: %s, sstatus %lx", thread->name,
         status);
    RULE(!!(status & SSTATUS_FS_MASK) == thread->fpu_used,
         "the floating-point unit is on for a thread that has used it: %s, sstatus %lx",
         thread->name, status);
    RULE(!thread->fpu_used || this_hart->fpu_owner == thread,
         "the floating-point registers hold the values of the thread that runs: %s", thread->name);
}

void check_schedules(void)
{
    for (uint32_t i = 0; i < hart_count; i++)
        check_hart(&harts[i]);
    const struct hart *hart = this_hart;
    const struct thread *thread = hart->current;
    RULE(hart->satp == csr_read("satp"), "`satp` is what the register holds: hart %u", hart->index);
    if (!thread)
        return;
    /* Others may have become ready on other harts since those chose; not here. */
    RULE(hart->reschedule || !sched_somebody_above(hart, thread->priority),
         "the ready thread of the highest priority runs: hart %u, %s", hart->index, thread->name);
    check_status(thread);
    const struct capability *space = &thread->slot[THREAD_SLOT_VSPACE].cap;
    RULE(space->type != ASH_OBJ_VSPACE ||
             hart->satp == ((const struct vspace *)space->object)->satp,
         "a thread runs in its own VSpace: hart %u, %s", hart->index, thread->name);
}
