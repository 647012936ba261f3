// SPDX-License-Identifier: MIT
/* The process manager: its operations, and the loop. */
#include "proc.h"

#include "ash/slot.h"

#define SLOTS (((1u << ASH_PROCESS_RADIX) - ASH_SLOT_OWN))

const struct ash_process_boot *const boot = (const struct ash_process_boot *)ASH_BOOT_PAGE;

void no_answer(void)
{
    ash_token token = ash_server_defer(&server);
    if (token == 0)
        ash_panic("no Reply object is left");
    ash_server_drop(&server, token);
}

bool may(const struct ash_caller *caller, ash_word flag)
{
    if (caller->task == ASH_TASK_ROOT)
        return true;
    const struct task *task = task_of(caller);
    return task && task->flags & flag;
}

static ash_status op_exit(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_exit_request *request = (const void *)caller->request;
    struct task *task = task_of(caller);
    if (!task)
        return STATUS_ACCESS_DENIED;
    no_answer();
    task_end(task, ASH_PROC_EXITED, request->status);
    return STATUS_SUCCESS;
}

static ash_status op_kill(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_task_request *request = (const void *)caller->request;
    if (!may(caller, ASH_PROC_MAY_SPAWN) && !may(caller, ASH_PROC_MAY_KILL))
        return STATUS_ACCESS_DENIED;
    struct task *task = task_find(request->task);
    if (!task)
        return STATUS_INVALID_HANDLE;
    if (is_manager(task->id))
        return STATUS_ACCESS_DENIED;
    if (task->id == caller->task)
        no_answer();
    task_end(task, ASH_PROC_EXITED, (uint32_t)STATUS_PROCESS_IS_TERMINATING);
    return STATUS_SUCCESS;
}

#define ROW(op, handler, request, reply) {op, handler, sizeof(struct request), sizeof(struct reply)}
#define ROW_IN(op, handler, request)     {op, handler, sizeof(struct request), 0}
#define ROW_OUT(op, handler, reply)      {op, handler, 0, sizeof(struct reply)}

static const struct ash_operation operations[] = {
    ROW(ASH_PROC_THREAD_CREATE, thread_op_create, ash_proc_thread_create_request,
        ash_proc_thread_create_reply),
    ROW_IN(ASH_PROC_THREAD_EXIT, thread_op_exit, ash_proc_thread_request),
    ROW_IN(ASH_PROC_EXIT, op_exit, ash_proc_exit_request),
    ROW_OUT(ASH_PROC_NOTIFICATION, object_notification, ash_proc_slot_reply),
    ROW_IN(ASH_PROC_BUGCHECK, fault_op_bugcheck, ash_proc_bugcheck_request),
    ROW_IN(ASH_PROC_FAULT_HANDLER, fault_op_handler, ash_proc_handler_request),
    ROW_IN(ASH_PROC_RECORDS, fault_op_records, ash_proc_records_request),
    ROW_IN(ASH_PROC_THREAD_PRIORITY, thread_op_priority, ash_proc_priority_request),
    ROW_OUT(ASH_PROC_REPLY_OBJECT, object_reply, ash_proc_slot_reply),
    ROW(ASH_PROC_COMMAND_LINE, query_op_command_line, ash_proc_offset_request,
        ash_proc_command_line_reply),
    ROW_OUT(ASH_PROC_TIME, clock_op_get, ash_proc_time_reply),
    ROW_IN(ASH_PROC_SET_TIME, clock_op_set, ash_proc_time_reply),
    ROW_IN(ASH_PROC_BIND_NOTIFICATION, object_bind, ash_proc_thread_request),
    ROW(ASH_PROC_SPAWN, spawn_op, ash_proc_spawn_request, ash_proc_spawn_reply),
    ROW_IN(ASH_PROC_KILL, op_kill, ash_proc_task_request),
    ROW(ASH_PROC_WAIT, watch_op_wait, ash_proc_task_request, ash_proc_exit_reply),
    ROW(ASH_PROC_INFO, query_op_info, ash_proc_task_request, ash_proc_info_reply),
    ROW(ASH_PROC_REPORT, query_op_report, ash_proc_report_request, ash_proc_report_reply),
    ROW(ASH_PROC_PACKAGE, package_op, ash_proc_package_request, ash_proc_package_reply),
    ROW_IN(ASH_PROC_NOTIFY_WANT, notify_op_want, ash_proc_notify_want_request),
    ROW(ASH_PROC_NOTIFY_NEXT, notify_op_next, ash_proc_notify_next_request, ash_proc_notify_reply),
    {ASH_PROC_WATCH, watch_op_watch, 0, 0},
    ROW_OUT(ASH_PROC_EVENT, watch_op_event, ash_proc_event_reply),
    ROW_IN(ASH_PROC_RELEASE, watch_op_release, ash_proc_task_request),
    ROW_IN(ASH_PROC_REPORT_ADD, query_op_report_add, ash_proc_report_add_request),
    ROW_IN(ASH_PROC_CONDEMN, condemn_op, ash_proc_condemn_request),
    ROW_IN(ASH_PROC_ALTER, alter_op, ash_proc_alter_request),
    ROW_IN(ASH_PROC_TRAP, trap_op, ash_proc_trap_request),
    ROW(ASH_PROC_TRAP_STATE, trap_op_state, ash_proc_trap_state_request, ash_proc_trap_state_reply),
    ROW_OUT(ASH_PROC_DMA_WALK, alter_op_walk, ash_mem_dma_walk_reply),
};

struct ash_server server = {
    .endpoint = ASH_PROCESS_BOOT_ENDPOINT,
    .operations = operations,
    .operation_count = sizeof(operations) / sizeof(operations[0]),
    .filter = fault_filter,
    .on_signals = notify_alarm,
    .make_reply = own_reply,
};

int main(void)
{
    static uint64_t slots[SLOTS / 64];
    ash_slot_range(ASH_SLOT_OWN, SLOTS, slots);
    if (boot->magic != ASH_PROCESS_BOOT_MAGIC)
        ash_panic("the boot page is not one: magic 0x%lx", (unsigned long)boot->magic);
    package_init();
    budget_init();
    notify_init();
    ash_server_init(&server);
    ash_server_run(&server);
}
