// SPDX-License-Identifier: MIT
/*
 * Threads. One view holds a thread's stack and, in the page above it, its IPC buffer. Objects and
 * stack of a thread that ended are used again by the next one that needs no larger stack.
 */
#include "proc.h"

#include "ash/slot.h"

#include <stdio.h>

#define STACK_MAX 0x1000000u

static ash_word park_slot(unsigned number)
{
    return number == 0 ? (ash_word)ASH_SLOT_NOTIFICATION : ASH_SLOT_THREADS + 2 * number;
}

/* Notification and Timer, in the task's CNode. The Timer's own capability to the Notification is a
 * copy with another badge, made in place and then bound. */
static ash_status make_parking(struct task *task, unsigned number)
{
    ash_word slot = park_slot(number);
    ash_cptr plain = ash_slot_alloc(), signal = ash_slot_alloc();
    ash_status status = STATUS_INSUFFICIENT_RESOURCES;
    if (plain != 0 && signal != 0)
        status = object_make(task, ASH_OBJ_NOTIFICATION, 0, ASH_SLOT_CNODE, plain);
    if (ash_success(status))
        status = object_make(task, ASH_OBJ_TIMER, 0, task->cnode, slot + 1);
    ash_cptr timer = ash_cptr_in(task->cnode, ASH_PROCESS_RADIX, slot + 1);
    if (ash_success(status) &&
        (ash_cnode_mint(task->cnode, slot, plain, ASH_RIGHT_ALL, ASH_PARK_SIGNAL) != ASH_OK ||
         ash_cnode_mint(ASH_SLOT_CNODE, signal, plain, ASH_RIGHT_ALL, ASH_PARK_TIMER) != ASH_OK ||
         ash_timer_bind(timer, signal) != ASH_OK))
        status = STATUS_INSUFFICIENT_RESOURCES;
    ash_slot_delete(signal);
    ash_slot_delete(plain);
    return status;
}

static ash_status make_stack(struct task *task, unsigned number, ash_word stack_bytes)
{
    struct thread *thread = &task->thread[number];
    ash_word bytes = (stack_bytes + ASH_PAGE_SIZE - 1) & ~(ASH_PAGE_SIZE - 1);
    ash_word at;
    ash_status status = remote_map(task->id, 0, bytes + ASH_PAGE_SIZE, ASH_MEM_READ | ASH_MEM_WRITE,
                                   ASH_MEM_GUARD, &at, nullptr);
    if (!ash_success(status))
        return status;
    thread->stack_base = at;
    thread->stack_top = thread->ipc_address = at + bytes;
    ash_cptr frame;
    status = remote_frame(task->id, thread->ipc_address, &frame);
    if (!ash_success(status))
        return status;
    ash_error error = ash_cnode_move(task->kit, 4 * number + KIT_FRAME, frame);
    ash_slot_free(frame);
    return error == ASH_OK ? STATUS_SUCCESS : STATUS_INTERNAL_ERROR;
}

static void name_thread(const struct task *task, unsigned number)
{
    char name[48];
    if (number == 0)
        snprintf(name, sizeof(name), "%s", task->name);
    else
        snprintf(name, sizeof(name), "%.11s/%u", task->name, number);
    (void)ash_thread_set_name(kit_slot(task, number, KIT_THREAD), name);
}

static ash_status configure(struct task *task, unsigned number)
{
    ash_cptr thread = kit_slot(task, number, KIT_THREAD);
    ash_word badge = FAULT_BADGE | task->id << 8 | number;
    if (ash_cnode_mint(task->kit, 4 * number + KIT_FAULT, ASH_PROCESS_BOOT_ENDPOINT,
                       ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY, badge) != ASH_OK ||
        ash_thread_configure(thread, task->cnode, task->vspace, kit_slot(task, number, KIT_FRAME),
                             task->thread[number].ipc_address) != ASH_OK ||
        ash_thread_set_fault_endpoint(thread, kit_slot(task, number, KIT_FAULT)) != ASH_OK)
        return STATUS_INTERNAL_ERROR;
    name_thread(task, number);
    return STATUS_SUCCESS;
}

ash_status thread_prepare(struct task *task, unsigned number, ash_word stack_bytes)
{
    ash_status status = object_make(task, ASH_OBJ_THREAD, 0, task->kit, 4 * number + KIT_THREAD);
    if (ash_success(status))
        status = object_make(task, ASH_OBJ_SCHED_CONTEXT, 0, task->kit, 4 * number + KIT_SCHED);
    if (ash_success(status))
        status = make_parking(task, number);
    if (ash_success(status))
        status = make_stack(task, number, stack_bytes);
    if (ash_success(status))
        status = configure(task, number);
    if (ash_success(status))
        task->thread[number].state = THREAD_ENDED;
    return status;
}

ash_status thread_start(struct task *task, unsigned number, const struct thread_plan *plan)
{
    struct thread *thread = &task->thread[number];
    thread->priority = plan->priority;
    thread->budget = plan->budget_us;
    thread->period = plan->period_us;
    ash_status status = budget_set(task, number);
    if (!ash_success(status))
        return status;
    struct ash_thread_start start = {
        .pc = plan->entry,
        .sp = thread->stack_top,
        .a0 = plan->argument,
        .a1 = thread->ipc_address,
        .gp = thread->stack_base,
        .tp = number,
    };
    ash_cptr kernel_thread = kit_slot(task, number, KIT_THREAD);
    ash_error error = ash_thread_write_registers(kernel_thread, &start);
    if (error == ASH_OK)
        error = ash_sched_bind(kit_slot(task, number, KIT_SCHED), kernel_thread);
    if (error == ASH_OK)
        error = ash_thread_resume(kernel_thread);
    if (error != ASH_OK) {
        budget_return(task, number);
        return STATUS_INTERNAL_ERROR;
    }
    thread->state = THREAD_LIVE;
    task->threads++;
    return STATUS_SUCCESS;
}

/* One that ended with a large enough stack, else a number that was never used. */
static bool choose(const struct task *task, ash_word stack_bytes, unsigned *number)
{
    for (unsigned i = 0; i < ASH_PROC_THREADS; i++) {
        const struct thread *thread = &task->thread[i];
        if (thread->state == THREAD_ENDED &&
            thread->stack_top - thread->stack_base >= stack_bytes) {
            *number = i;
            return true;
        }
    }
    for (*number = 0; *number < ASH_PROC_THREADS; ++*number)
        if (task->thread[*number].state == THREAD_NONE && task->thread[*number].stack_top == 0)
            return true;
    return false;
}

ash_status thread_create(struct task *task, const struct thread_plan *plan, unsigned *number)
{
    if (plan->stack_bytes == 0 || plan->stack_bytes > STACK_MAX)
        return STATUS_INVALID_PARAMETER;
    if (plan->priority > task->priority)
        return STATUS_ACCESS_DENIED;
    if (!choose(task, plan->stack_bytes, number))
        return STATUS_QUOTA_EXCEEDED;
    ash_status status = STATUS_SUCCESS;
    if (task->thread[*number].state == THREAD_NONE)
        status = thread_prepare(task, *number, plan->stack_bytes);
    if (ash_success(status))
        status = thread_start(task, *number, plan);
    return status;
}

/* Stopping a thread also takes back what it was lent, so nothing of the task runs any more. */
void thread_suspend_all(struct task *task)
{
    for (unsigned i = 0; i < ASH_PROC_THREADS; i++)
        if (task->thread[i].state == THREAD_LIVE)
            (void)ash_thread_suspend(kit_slot(task, i, KIT_THREAD));
}

ash_status thread_op_create(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_thread_create_request *request = (const void *)caller->request;
    struct task *task = task_of(caller);
    if (!task)
        return STATUS_ACCESS_DENIED;
    if (request->priority > 255)
        return STATUS_INVALID_PARAMETER;
    struct thread_plan plan = {
        .entry = request->entry,
        .argument = request->argument,
        .stack_bytes = request->stack_bytes,
        .priority = (unsigned)request->priority,
        .budget_us = request->budget_us,
        .period_us = request->period_us,
    };
    unsigned number;
    ash_status status = thread_create(task, &plan, &number);
    if (ash_success(status))
        notify_thread(task, number, true);
    if (ash_success(status))
        *(struct ash_proc_thread_create_reply *)caller->reply =
            (struct ash_proc_thread_create_reply){
                .thread = number,
                .notification = park_slot(number),
                .timer = park_slot(number) + 1,
                .ipc_buffer = task->thread[number].ipc_address,
                .stack_top = task->thread[number].stack_top,
            };
    return status;
}

/* A thread may end another one of its task this way, as it may overwrite its memory. */
ash_status thread_op_exit(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_thread_request *request = (const void *)caller->request;
    struct task *task = task_of(caller);
    if (!task || request->thread >= ASH_PROC_THREADS ||
        task->thread[request->thread].state != THREAD_LIVE)
        return STATUS_INVALID_PARAMETER;
    unsigned number = (unsigned)request->thread;
    if (task->threads == 1) {
        no_answer();
        task_end(task, ASH_PROC_EXITED, 0);
        return STATUS_SUCCESS;
    }
    (void)ash_thread_suspend(kit_slot(task, number, KIT_THREAD));
    (void)ash_sched_unbind(kit_slot(task, number, KIT_SCHED));
    budget_return(task, number);
    task->thread[number].state = THREAD_ENDED;
    task->threads--;
    notify_thread(task, number, false);
    no_answer();
    return STATUS_SUCCESS;
}

ash_status thread_op_priority(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_priority_request *request = (const void *)caller->request;
    struct task *task = task_of(caller);
    if (!task)
        return STATUS_ACCESS_DENIED;
    if (request->thread >= ASH_PROC_THREADS || task->thread[request->thread].state != THREAD_LIVE)
        return STATUS_INVALID_PARAMETER;
    if (request->priority > task->priority)
        return STATUS_ACCESS_DENIED;
    struct thread *thread = &task->thread[request->thread];
    unsigned before = thread->priority;
    thread->priority = (unsigned)request->priority;
    ash_status status = budget_set(task, (unsigned)request->thread);
    if (!ash_success(status)) {
        thread->priority = before;
        (void)budget_set(task, (unsigned)request->thread);
    }
    return status;
}
