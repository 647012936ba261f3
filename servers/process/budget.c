// SPDX-License-Identifier: MIT
/*
 * Priorities and processor time (the rules are in abi/process.h). A thread above ASH_PRIORITY_BASE
 * has a budget; a task's shares are summed, so that it cannot hold a hart by having many threads.
 */
#include "ash/start.h"
#include "proc.h"

#define SLICE_US       10000u
#define SLICE_MIN_US   500u
#define PERIOD_US      10000u
#define DEFAULT_SHARE  450u /* thousandths */
#define TASK_SHARE_MAX 950u
#define SHARE_MIN      20u
#define PERIOD_MAX_US  1000000u

static ash_word harts;
static ash_word next_hart;

void budget_init(void)
{
    harts = ash_start()->harts;
}

/* What takes part in I/O shares hart 0: a request passes through application, managers and drivers
 * one after the other, and needs no other hart to be woken. The rest goes round the other harts. */
ash_word budget_hart(ash_word wanted, ash_word flags)
{
    if (wanted < harts)
        return wanted;
    if (harts == 1 || flags & (ASH_PROC_DRIVER | ASH_PROC_HAS_IO))
        return 0;
    return 1 + next_hart++ % (harts - 1);
}

void budget_return(struct task *task, unsigned number)
{
    task->reserved_share -= task->thread[number].share;
    task->thread[number].share = 0;
}

/* The budget of a thread above ASH_PRIORITY_BASE; 0: the task has none left. */
static ash_word reserve(struct task *task, unsigned number, ash_word period)
{
    struct thread *thread = &task->thread[number];
    ash_word left = TASK_SHARE_MAX - task->reserved_share;
    ash_word share = thread->budget != 0 ? thread->budget * 1000 / period : DEFAULT_SHARE;
    if (share > left)
        share = left;
    if (share < SHARE_MIN)
        return 0;
    thread->share = (unsigned)share;
    task->reserved_share += (unsigned)share;
    return period * share / 1000;
}

/* Threads without a budget take turns with those of other tasks. The more a task has the shorter is
 * the turn of each further one: sixty threads get little more of a hart than a few would. */
static ash_word slice(const struct task *task)
{
    ash_word us = SLICE_US / (task->threads + 1);
    return us > SLICE_MIN_US ? us : SLICE_MIN_US;
}

ash_status budget_set(struct task *task, unsigned number)
{
    struct thread *thread = &task->thread[number];
    ash_word period = thread->period != 0 ? thread->period : PERIOD_US;
    if (period > PERIOD_MAX_US || thread->budget > period)
        return STATUS_INVALID_PARAMETER;
    budget_return(task, number);
    ash_word budget = thread->budget != 0 ? thread->budget : period;
    bool limited = thread->priority > ASH_PRIORITY_BASE && !is_manager(task->id);
    if (thread->period == 0 && !limited)
        budget = period = slice(task);
    else if (limited && (budget = reserve(task, number, period)) == 0)
        return STATUS_QUOTA_EXCEEDED;
    ash_error error = ash_thread_set_priority(kit_slot(task, number, KIT_THREAD), thread->priority,
                                              thread->priority);
    if (error == ASH_OK)
        error =
            ash_sched_configure(ASH_PROCESS_BOOT_SCHED_CONTROL, kit_slot(task, number, KIT_SCHED),
                                task->hart, ash_ticks(budget), ash_ticks(period));
    return error == ASH_OK ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
