// SPDX-License-Identifier: MIT
/* What can be asked about tasks. Root, memory and this manager are shown like the others. */
#include "ash/start.h"
#include "proc.h"

#include <string.h>

static void fill_early(ash_word id, struct ash_proc_info_reply *reply)
{
    static const char *const name[] = {[1] = "root", [2] = "memory", [3] = "process"};
    struct ash_thread_info info = {};
    (void)ash_thread_info(ASH_PROCESS_BOOT_THREAD + id, &info);
    *reply = (struct ash_proc_info_reply){
        .task = id,
        .parent = id == ASH_TASK_ROOT ? 0 : ASH_TASK_ROOT,
        .state = ASH_PROC_RUNNING,
        .priority = info.priority,
        .threads = 1,
        .ticks = info.ticks,
    };
    const ash_word mapped[] = {0, boot->root_pages, boot->memory_pages, boot->process_pages};
    reply->pages = mapped[id] + remote_pages(id, &reply->quota_pages);
    strcpy(reply->name, name[id]);
}

static void fill(struct task *task, struct ash_proc_info_reply *reply)
{
    *reply = (struct ash_proc_info_reply){
        .task = task->id,
        .parent = task->parent,
        .state = task->state,
        .flags = task->flags,
        .priority = task->priority,
        .threads = task->threads,
        .ticks = task_ticks(task),
        .started = task->started,
        .exit_status = task->exit_status,
    };
    reply->pages = remote_pages(task->id, &reply->quota_pages);
    memcpy(reply->name, task->name, sizeof(reply->name));
}

ash_status query_op_info(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_task_request *request = (const void *)caller->request;
    ash_word id = request->task == 0 ? 1 : request->task;
    if (id <= ASH_TASK_PROCESS) {
        fill_early(id, (void *)caller->reply);
        return STATUS_SUCCESS;
    }
    struct task *task = task_from(id);
    if (!task)
        return STATUS_NO_MORE_ENTRIES;
    fill(task, (void *)caller->reply);
    return STATUS_SUCCESS;
}

/* A task that ended without a fault has no report until somebody has something to tell. */
static struct report *report_for(ash_word id)
{
    struct report *report = report_of(id);
    const struct task *task = task_find(id);
    if (report || !task)
        return report;
    report = report_begin(id);
    report_add(report, "\n*** %s %s (task %lu) was ended\n",
               task->flags & ASH_PROC_DRIVER ? "driver" : "task", task->name, (unsigned long)id);
    report_print(report);
    return report;
}

ash_status query_op_report_add(struct ash_server *, struct ash_caller *caller)
{
    struct ash_proc_report_add_request *request = (void *)caller->request;
    if (!is_manager(caller->task))
        return STATUS_ACCESS_DENIED;
    struct report *report = report_for(request->task);
    if (!report)
        return STATUS_INVALID_HANDLE;
    request->line[sizeof(request->line) - 1] = 0;
    report_add(report, "    %s\n", request->line);
    ash_print("    %s\n", request->line);
    return STATUS_SUCCESS;
}

ash_status query_op_report(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_report_request *request = (const void *)caller->request;
    struct ash_proc_report_reply *reply = (void *)caller->reply;
    const struct report *report = report_at(request->index);
    if (!report)
        return STATUS_NO_MORE_ENTRIES;
    size_t offset = request->offset < report->used ? request->offset : report->used;
    size_t left = report->used - offset;
    reply->total = report->used;
    reply->bytes = left < sizeof(reply->text) ? left : sizeof(reply->text);
    memcpy(reply->text, report->text + offset, reply->bytes);
    return STATUS_SUCCESS;
}

ash_status query_op_command_line(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_offset_request *request = (const void *)caller->request;
    struct ash_proc_command_line_reply *reply = (void *)caller->reply;
    size_t total = strnlen(boot->command_line, sizeof(boot->command_line));
    size_t offset = request->offset < total ? request->offset : total;
    reply->total = total;
    reply->bytes = total - offset < sizeof(reply->text) ? total - offset : sizeof(reply->text);
    memcpy(reply->text, boot->command_line + offset, reply->bytes);
    return STATUS_SUCCESS;
}
