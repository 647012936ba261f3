// SPDX-License-Identifier: MIT
/*
 * Entry of a task: builds the first thread's block (TLS), then runs constructors and main.
 * Invariant: nothing reads tp, or anything thread-local, before start_thread has set it.
 */
#include "ash/start.h"
#include "ash/log.h"
#include "ash/manager.h"
#include "process.h"
#include "runtime.h"

#include <stdlib.h>
#include <string.h>

static const struct ash_start *start_page;

int main(int argc, char **argv);

const struct ash_start *ash_start(void)
{
    return start_page;
}

/* argv[0] is the task's name; the strings stay in the start page. */
static char **make_argv(const struct ash_start *start, int *argc)
{
    static char *argv[ASH_ARGUMENTS_MAX + 2];
    static char arguments[ASH_START_ARGUMENTS];
    memcpy(arguments, start->arguments, sizeof(arguments) - 1);
    argv[0] = (char *)(uintptr_t)start->name;
    size_t offset = 0;
    int count = 1;
    for (ash_word i = 0; i < start->argument_count && i < ASH_ARGUMENTS_MAX; i++) {
        if (offset >= sizeof(arguments) - 1)
            break;
        argv[count++] = arguments + offset;
        offset += strlen(arguments + offset) + 1;
    }
    *argc = count;
    return argv;
}

[[gnu::used]] void ash_start_c(const struct ash_start *start)
{
    ash_thread_block_make(__tls_first, (struct ash_ipc_buffer *)start->ipc_buffer);
    start_page = start;
    struct ash_thread_block *self = ash_self();
    self->notification = ASH_SLOT_NOTIFICATION;
    self->timer = ASH_SLOT_TIMER;
    self->stack_base = start->stack_base;
    self->stack_top = start->stack_top;
    ash_set_timebase(start->timebase);
    ash_log_name(start->name);
    ash_run_constructors();
    int argc;
    char **argv = make_argv(start, &argc);
    exit(main(argc, argv));
}

[[gnu::naked, gnu::section(".text.start")]] void _start(void)
{
    __asm__(".option push\n"
            ".option norelax\n"
            "mv tp, zero\n"
            "mv s0, zero\n" /* ends backtraces */
            "mv ra, zero\n"
            "tail ash_start_c\n"
            ".option pop\n");
}

void ash_exit(int status)
{
    struct ash_proc_exit_request request = {.status = (ash_word)(int64_t)status};
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_EXIT, &request, sizeof(request), nullptr, 0);
    for (;;)
        __asm__ volatile("unimp"); /* nobody took the call: ends as a fault */
}
