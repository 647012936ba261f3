// SPDX-License-Identifier: MIT
// Programs: a word that is no command names apps/WORD of the boot package. It runs as a task of its
// own, gets the words as its arguments, prints on the firmware console, and the shell waits for it.
#include "ash/manager.h"
#include "ash/syscall.h"
#include "process.h"
#include "shell.h"
#include <string.h>

#define PROGRAM_PAGES 8192u /* its quota: 32 MiB */

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

int program_run(int argc, char **argv)
{
    struct ash_proc_spawn_request request = {
        .flags = ASH_PROC_HAS_OBJECT | ASH_PROC_HAS_IO | ASH_PROC_HAS_PNP | ASH_PROC_HAS_CONSOLE,
        .priority = ASH_PRIORITY_BASE,
        .quota_pages = PROGRAM_PAGES,
        .hart = ~(ash_word)0,
    };
    struct ash_proc_spawn_reply reply;
    if (strlen(argv[0]) >= sizeof(request.name) || strchr(argv[0], '/') != nullptr)
        return -1;
    strcpy(request.name, argv[0]);
    snprintf(request.image, sizeof(request.image), "apps/%s", argv[0]);
    if (!add_arguments(&request, argc, argv))
        return shell_say("%s: the words together are too long\n", argv[0]);
    console_drain();
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_SPAWN, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return -1;
    return ash_success(status) ? wait_for(argv[0], reply.task) : shell_fail(argv[0], status);
}
