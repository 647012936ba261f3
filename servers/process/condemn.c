// SPDX-License-Identifier: MIT
/*
 * The end of a driver that holds what it owes. It says nothing itself, so the report shows where
 * each of its threads is.
 */
#include "proc.h"

#define THREADS_SHOWN 6u

static void show_thread(struct report *report, struct task *task, unsigned thread)
{
    ash_word registers[ASH_THREAD_REGISTERS] = {};
    if (ash_thread_read_registers(kit_slot(task, thread, KIT_THREAD), registers) != ASH_OK)
        return;
    report_add(report, "    thread %u\n", thread);
    describe_calls(report, task, registers[4]);
    report_backtrace(report, task, registers[0], registers[1], registers[8]);
}

static void write_report(struct task *task, const struct ash_proc_condemn_request *request)
{
    struct report *report = report_begin(task->id);
    report_add(report, "\n*** %s %s (task %lu) was stopped\n",
               task->flags & ASH_PROC_DRIVER ? "driver" : "task", task->name,
               (unsigned long)task->id);
    report_add(report, "    bugcheck 0x%lx (0x%lx, 0x%lx, 0x%lx, 0x%lx): %s\n",
               (unsigned long)request->code, (unsigned long)request->parameter[0],
               (unsigned long)request->parameter[1], (unsigned long)request->parameter[2],
               (unsigned long)request->parameter[3], request->rule);
    report_add(report, "    name     %s\n", request->name);
    for (unsigned i = 0, shown = 0; i < ASH_PROC_THREADS && shown < THREADS_SHOWN; i++) {
        if (task->thread[i].state != THREAD_LIVE)
            continue;
        show_thread(report, task, i);
        shown++;
    }
    describe_log(report, task);
    report_print(report);
}

ash_status condemn_op(struct ash_server *, struct ash_caller *caller)
{
    struct ash_proc_condemn_request *request = (void *)caller->request;
    if (!is_manager(caller->task))
        return STATUS_ACCESS_DENIED;
    struct task *task = task_find(request->task);
    if (!task || task->state != ASH_PROC_RUNNING)
        return STATUS_INVALID_HANDLE;
    if (!(task->flags & ASH_PROC_DRIVER))
        return STATUS_ACCESS_DENIED;
    request->rule[sizeof(request->rule) - 1] = 0;
    request->name[sizeof(request->name) - 1] = 0;
    thread_suspend_all(task);
    write_report(task, request);
    task_end(task, ASH_PROC_CRASHED, request->code);
    return STATUS_SUCCESS;
}
