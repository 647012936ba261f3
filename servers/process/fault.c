// SPDX-License-Identifier: MIT
/*
 * Faults of tasks. A fault is a message whose badge this manager minted (FAULT | task << 8 |
 * thread), so no task can forge one. Either the task's handler gets the exception, or the task ends
 * with a crash report.
 */
#include "proc.h"

#include <string.h>

#define HANDLER_PROLOGUE 64u
#define CAUSE_BREAKPOINT 3u

static const char *cause_text(ash_word cause)
{
    static const char *const text[] = {
        [0] = "misaligned jump",
        [1] = "instruction access fault",
        [2] = "illegal instruction",
        [3] = "breakpoint",
        [4] = "misaligned load",
        [5] = "load access fault",
        [6] = "misaligned store",
        [7] = "store access fault",
        [12] = "execution of memory that is not executable or not mapped",
        [13] = "load from memory that is not mapped",
        [15] = "store to memory that is not writable or not mapped",
    };
    bool known = cause < sizeof(text) / sizeof(text[0]) && text[cause] != nullptr;
    return known ? text[cause] : "exception";
}

static void add_registers(struct report *report, const ash_word *registers)
{
    static const char name[32][4] = {"pc", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
                                     "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
                                     "a6", "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
                                     "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
    for (unsigned i = 0; i < 32; i++)
        report_add(report, "  %-3s %016lx%s", name[i], (unsigned long)registers[i],
                   i % 4 == 3 ? "\n" : "");
}

static void add_head(struct report *report, const struct task *task, unsigned thread)
{
    report_add(report, "\n*** %s %s (task %lu, thread %u) stopped\n",
               task->flags & ASH_PROC_DRIVER ? "driver" : "task", task->name,
               (unsigned long)task->id, thread);
}

static void crash(struct task *task, unsigned thread, const struct ash_caller *caller)
{
    ash_word pc = caller->request[0], cause = caller->request[1], value = caller->request[2];
    ash_word registers[ASH_THREAD_REGISTERS] = {};
    struct report *report = report_begin(task->id);
    add_head(report, task, thread);
    if (caller->op == ASH_FAULT_SYSCALL)
        report_add(report, "    system call %lu does not exist\n", (unsigned long)cause);
    else
        report_add(report, "    %s: cause %lu, value 0x%lx\n", cause_text(cause),
                   (unsigned long)cause, (unsigned long)value);
    if (ash_thread_read_registers(kit_slot(task, thread, KIT_THREAD), registers) == ASH_OK)
        add_registers(report, registers);
    describe_calls(report, task, registers[4]);
    report_backtrace(report, task, pc, registers[1], registers[8]);
    describe_log(report, task);
    report_print(report);
    task_end(task, ASH_PROC_CRASHED, caller->op == ASH_FAULT_SYSCALL ? ~(ash_word)0 : cause);
}

/* Whether the thread expects exceptions now: it says so in its own memory. */
static bool wants_exception(struct task *task, ash_word thread_pointer)
{
    ash_word word = 0;
    if (!task->guarded)
        return true;
    bool read = peek_word(task, thread_pointer + task->guard, &word);
    peek_close();
    return read && word != 0;
}

/* Lets the thread go on in the task's handler. A handler that cannot even save registers gets no
 * second chance. */
static bool to_handler(struct task *task, unsigned number, const struct ash_caller *caller)
{
    ash_word pc = caller->request[0], cause = caller->request[1], value = caller->request[2];
    ash_word registers[ASH_THREAD_REGISTERS];
    ash_cptr kernel_thread = kit_slot(task, number, KIT_THREAD);
    if (task->handler == 0 || caller->op != ASH_FAULT_EXCEPTION)
        return false;
    if (pc >= task->handler && pc < task->handler + HANDLER_PROLOGUE)
        return false;
    if (ash_thread_read_registers(kernel_thread, registers) != ASH_OK ||
        !wants_exception(task, registers[4]))
        return false;
    struct ash_thread_start start = {
        .pc = task->handler,
        .sp = registers[2],
        .a0 = cause,
        .a1 = value,
        .a2 = pc,
        .gp = registers[3],
        .tp = registers[4],
    };
    return ash_thread_write_registers(kernel_thread, &start) == ASH_OK;
}

/* It makes its instruction, or its handler's first one. */
static bool go_on(void)
{
    ash_token token = ash_server_defer(&server);
    if (token != 0)
        ash_server_answer(&server, token, STATUS_SUCCESS, nullptr, 0, nullptr, 0);
    return token != 0;
}

static enum alter_fault trapped(struct task *task, unsigned number, const struct ash_caller *caller)
{
    if (caller->op != ASH_FAULT_EXCEPTION || caller->request[1] != CAUSE_BREAKPOINT)
        return ALTER_NONE;
    return trap_reached_at(task, number, caller->request[0]);
}

bool fault_filter(struct ash_server *, struct ash_caller *caller)
{
    if (!(caller->task & FAULT_BADGE))
        return false;
    struct task *task = task_find((caller->task & ~FAULT_BADGE) >> 8);
    unsigned number = caller->task & 0xff;
    if (!task || number >= ASH_PROC_THREADS)
        return true; /* of a task that has ended meanwhile: it stays stopped */
    enum alter_fault trap = trapped(task, number, caller);
    if (trap == ALTER_ENDED)
        return true;
    if ((trap == ALTER_NONE && !to_handler(task, number, caller)) || !go_on())
        crash(task, number, caller);
    return true;
}

ash_status fault_op_bugcheck(struct ash_server *, struct ash_caller *caller)
{
    struct ash_proc_bugcheck_request *request = (void *)caller->request;
    struct task *task = task_of(caller);
    if (!task)
        return STATUS_ACCESS_DENIED;
    request->rule[sizeof(request->rule) - 1] = 0;
    request->rule_name[sizeof(request->rule_name) - 1] = 0;
    request->name[sizeof(request->name) - 1] = 0;
    struct report *report = report_begin(task->id);
    report_add(report, "\n*** %s %s (task %lu) stopped by itself\n",
               task->flags & ASH_PROC_DRIVER ? "driver" : "task", task->name,
               (unsigned long)task->id);
    report_add(report, "    bugcheck 0x%lx (0x%lx, 0x%lx, 0x%lx, 0x%lx): %s\n",
               (unsigned long)request->code, (unsigned long)request->parameter[0],
               (unsigned long)request->parameter[1], (unsigned long)request->parameter[2],
               (unsigned long)request->parameter[3], request->rule);
    if (request->name[0] != 0)
        report_add(report, "    name     %s\n", request->name);
    if (request->rule_name[0] != 0)
        report_add(report, "    rule     %s\n", request->rule_name);
    describe_calls(report, task, request->thread_pointer);
    ash_word ra, frame; /* of the caller of the kit's last function */
    if (peek_word(task, request->frame_pointer - 8, &ra) &&
        peek_word(task, request->frame_pointer - 16, &frame))
        report_backtrace(report, task, ra - 4, 0, frame);
    describe_log(report, task);
    report_print(report);
    no_answer();
    task_end(task, ASH_PROC_CRASHED, request->code);
    return STATUS_SUCCESS;
}

ash_status fault_op_records(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_records_request *request = (const void *)caller->request;
    struct task *task = task_of(caller);
    if (!task)
        return STATUS_ACCESS_DENIED;
    task->records = true;
    task->calls = request->calls;
    task->log = request->log;
    return STATUS_SUCCESS;
}

ash_status fault_op_handler(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_handler_request *request = (const void *)caller->request;
    struct task *task = task_of(caller);
    if (!task)
        return STATUS_ACCESS_DENIED;
    task->handler = request->handler;
    task->guarded = request->guarded;
    task->guard = request->guard;
    return STATUS_SUCCESS;
}
