// SPDX-License-Identifier: MIT
// Tasks and memory: ps, kill, crash, mem, date.
#include "ash/file.h"
#include "ash/manager.h"
#include "ash/syscall.h"
#include "ash/task.h"
#include "drivers/rtc.h"
#include "memory.h"
#include "process.h"
#include "shell.h"
#include <stdlib.h>
#include <string.h>

static const char *state_name(ash_word state)
{
    static const char *const names[] = {"starting", "running", "exited", "crashed"};
    return state < 4 ? names[state] : "?";
}

static int ps(int, char **)
{
    struct ash_proc_info_reply info;
    ash_word id = 1;
    printf("%6s  %-16s %-8s %4s %7s  %12s  %10s  %8s\n", "TASK", "NAME", "STATE", "PRIO", "THREADS",
           "CPU", "MEMORY", "RESTARTS");
    for (;;) {
        char time[24], size[16];
        ash_status status = ash_task_next(&id, &info);
        if (status == STATUS_NO_MORE_ENTRIES)
            return 0;
        if (!ash_success(status))
            return shell_fail("ps", status);
        printf("%6lu  %-16s %-8s %4lu %7lu  %12s  %10s  %8lu%s\n", (unsigned long)info.task,
               info.name, state_name(info.state), (unsigned long)info.priority,
               (unsigned long)info.threads, print_ticks(info.ticks, time),
               print_size(info.pages * ASH_PAGE_SIZE, size), (unsigned long)info.restarts,
               info.flags & ASH_PROC_DRIVER ? "  driver" : "");
    }
}

static int kill(int, char **argv)
{
    ash_word task;
    ash_status status = ash_task_find(argv[1], &task);
    if (!ash_success(status))
        return shell_say("%s: no such task; `ps` lists them\n", argv[1]);
    status = ash_task_kill(task);
    return ash_success(status) ? 0 : shell_fail(argv[1], status);
}

/* One report, in pieces. */
static ash_status print_report(ash_word index)
{
    struct ash_proc_report_request request = {.index = index};
    struct ash_proc_report_reply reply;
    do {
        ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_REPORT, &request,
                                        sizeof(request), &reply, sizeof(reply));
        if (!ash_success(status) || status == STATUS_NO_MORE_ENTRIES)
            return status == STATUS_NO_MORE_ENTRIES ? STATUS_NO_SUCH_FILE : status;
        fwrite(reply.text, 1, reply.bytes < sizeof(reply.text) ? reply.bytes : sizeof(reply.text),
               stdout);
        request.offset += reply.bytes;
    } while (reply.bytes != 0 && request.offset < reply.total);
    return STATUS_SUCCESS;
}

static int crash(int argc, char **argv)
{
    ash_word index = argc == 2 ? strtoul(argv[1], nullptr, 10) : 0;
    ash_status status = print_report(index);
    if (ash_success(status))
        return 0;
    if (index == 0) {
        printf("no task has crashed\n");
        return 0;
    }
    return shell_say("there is no report %lu; 0 is the newest\n", (unsigned long)index);
}

static void print_pages(const char *name, ash_word pages)
{
    char size[16];
    printf("%-16s %10s\n", name, print_size(pages * ASH_PAGE_SIZE, size));
}

static int mem(int, char **)
{
    struct ash_mem_statistics_reply memory;
    ash_status status =
        ash_request(ASH_SLOT_MEMORY, ASH_MEM_STATISTICS, nullptr, 0, &memory, sizeof(memory));
    if (!ash_success(status))
        return shell_fail("mem", status);
    print_pages("total", memory.pages_total);
    print_pages("used", memory.pages_total - memory.pages_free);
    print_pages("free", memory.pages_free);
    print_pages("page tables", memory.pages_tables);
    print_pages("kernel objects", memory.pages_kernel_objects);
    printf("%-16s %10lu\n%-16s %10lu\n%-16s %10lu\n", "tasks", (unsigned long)memory.tasks,
           "sections", (unsigned long)memory.sections, "grants", (unsigned long)memory.grants);
    return 0;
}

static int date(int, char **)
{
    struct ash_file *file;
    char text[24];
    int64_t now = 0;
    size_t done = 0;
    ash_status status =
        ash_open(RTC_DEVICE_NAME, ASH_FILE_READ_ATTRIBUTES, ASH_FILE_OPEN, 0, &file);
    if (!ash_success(status))
        return shell_fail(RTC_DEVICE_NAME, status);
    status = ash_ioctl(file, IOCTL_RTC_GET_TIME, nullptr, 0, &now, sizeof(now), &done);
    ash_close(file);
    if (ash_success(status) && done != sizeof(now))
        status = STATUS_DEVICE_PROTOCOL_ERROR;
    if (!ash_success(status))
        return shell_fail(RTC_DEVICE_NAME, status);
    printf("%s:%02u UTC\n", print_time(now, text), (unsigned)(now / 10000000 % 60));
    return 0;
}

static int uptime(int, char **)
{
    char text[24];
    printf("%s\n", print_ticks(ash_time(), text));
    return 0;
}

const struct command shell_task_commands[] = {
    {"ps", 0, 0, "", "tasks: state, processor time, memory, restarts", ps},
    {"allow", 2, 17, "kill PROGRAM [WORDS]", "runs a program that may end tasks", program_allow},
    {"start", 1, 16, "PROGRAM [WORDS]", "runs a program and goes on", program_start},
    {"wait", 0, 0, "", "until every program that was started has ended", program_wait},
    {"kill", 1, 1, "TASK", "ends a task, by number or name", kill},
    {"crash", 0, 1, "[N]", "the newest crash report, or the N-th before it", crash},
    {"mem", 0, 0, "", "what memory is used for", mem},
    {"date", 0, 0, "", "the time of day", date},
    {"uptime", 0, 0, "", "how long the machine has been running", uptime},
    {},
};
