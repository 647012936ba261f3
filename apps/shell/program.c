// SPDX-License-Identifier: MIT
// Programs: a word that is no command names apps/WORD of the boot package. It runs as a task of its
// own, gets the words as its arguments, prints on the firmware console, and the shell waits for it,
// at once or (start) when it is told to (wait). It has no rights but to
// use devices and files; `allow kill` gives it the shell's own right to end tasks.
#include "ash/manager.h"
#include "ash/syscall.h"
#include "process.h"
#include "shell.h"
#include <string.h>

#define PROGRAM_PAGES 8192u /* its quota: 32 MiB */
#define STARTED_MOST  8u

/* Programs that `wait` waits for. */
static struct started {
    ash_word task;
    char name[32];
} started[STARTED_MOST];
static unsigned started_count;

/* The task finds its name before them. */
static bool add_arguments(struct ash_proc_spawn_request *request, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t bytes = strlen(argv[i]) + 1;
        if (request->argument_bytes + bytes > sizeof(request->arguments))
            return false;
        memcpy(request->arguments + request->argument_bytes, argv[i], bytes);
        request->argument_bytes += bytes;
    }
    return true;
}

static int wait_for(const char *name, ash_word task)
{
    const struct ash_proc_task_request request = {task};
    struct ash_proc_exit_reply reply;
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_WAIT, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (!ash_success(status))
        return shell_fail(name, status);
    if (reply.state == ASH_PROC_CRASHED)
        return shell_say("%s has crashed; `crash` shows the report\n", name);
    return reply.status != 0;
}

/* STATUS_OBJECT_NAME_NOT_FOUND: there is no such program. */
static ash_status spawn(int argc, char **argv, ash_word rights, ash_word *task)
{
    struct ash_proc_spawn_request request = {
        .flags = rights | ASH_PROC_HAS_OBJECT | ASH_PROC_HAS_IO | ASH_PROC_HAS_PNP |
                 ASH_PROC_HAS_CONSOLE,
        .priority = ASH_PRIORITY_BASE,
        .quota_pages = PROGRAM_PAGES,
        .hart = ~(ash_word)0,
    };
    struct ash_proc_spawn_reply reply = {};
    if (strlen(argv[0]) >= sizeof(request.name) || strchr(argv[0], '/') != nullptr)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    strcpy(request.name, argv[0]);
    snprintf(request.image, sizeof(request.image), "apps/%s", argv[0]);
    if (!add_arguments(&request, argc, argv))
        return STATUS_BUFFER_OVERFLOW;
    console_drain();
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_SPAWN, &request, sizeof(request),
                                    &reply, sizeof(reply));
    *task = reply.task;
    return status;
}

static int run_with(int argc, char **argv, ash_word rights)
{
    ash_word task;
    console_lend();
    ash_status status = spawn(argc, argv, rights, &task);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return -1;
    if (status == STATUS_BUFFER_OVERFLOW)
        return shell_say("%s: the words together are too long\n", argv[0]);
    return ash_success(status) ? wait_for(argv[0], task) : shell_fail(argv[0], status);
}

int program_run(int argc, char **argv)
{
    return run_with(argc, argv, 0);
}

int program_allow(int argc, char **argv)
{
    if (strcmp(argv[1], "kill") != 0)
        return shell_say("allow: there is no right %s; there is `kill`\n", argv[1]);
    int result = run_with(argc - 2, argv + 2, ASH_PROC_MAY_KILL);
    return result >= 0 ? result : shell_say("%s: no such program\n", argv[2]);
}

int program_start(int argc, char **argv)
{
    if (started_count == STARTED_MOST)
        return shell_say("start: `wait` for those that run, first\n");
    struct started *one = &started[started_count];
    ash_status status = spawn(argc - 1, argv + 1, 0, &one->task);
    if (!ash_success(status))
        return shell_fail(argv[1], status);
    strcpy(one->name, argv[1]);
    started_count++;
    return 0;
}

int program_wait(int, char **)
{
    int result = 0;
    while (started_count > 0) {
        const struct started *one = &started[--started_count];
        result |= wait_for(one->name, one->task);
    }
    return result;
}
