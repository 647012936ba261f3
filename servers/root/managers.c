// SPDX-License-Identifier: MIT
/*
 * The managers above the process manager, started in the order in which they call one another, each
 * with its endpoint and the few rights its job needs; then the shell. Progress is shown, one line
 * each.
 */
#include "root.h"

#include "ash/manager.h"
#include "memory.h"

#include <cmdline.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 16

struct manager {
    const char *name;
    ash_word slot; /* where clients find it; 0: none */
    ash_word flags;
    ash_word priority;
    ash_word quota_pages;
    ash_word extra;  /* boot slot of one more capability */
    ash_word rights; /* with these rights */
};

static const struct manager managers[] = {
    {"object", ASH_SLOT_OBJECT, ASH_PROC_HAS_CONSOLE, 236, 4096, 0, 0},
    {"io", ASH_SLOT_IO, ASH_PROC_HAS_CONSOLE | ASH_PROC_HAS_OBJECT | ASH_PROC_MAY_SPAWN, 232, 16384,
     0, 0},
    {"pnp", ASH_SLOT_PNP,
     ASH_PROC_HAS_CONSOLE | ASH_PROC_HAS_OBJECT | ASH_PROC_HAS_IO | ASH_PROC_MAY_KILL, 228, 8192,
     ASH_BOOT_IRQ_CONTROL, ASH_RIGHT_ALL},
    {"power", ASH_SLOT_POWER,
     ASH_PROC_HAS_CONSOLE | ASH_PROC_HAS_OBJECT | ASH_PROC_HAS_IO | ASH_PROC_HAS_PNP, 224, 4096,
     ASH_BOOT_FIRMWARE, ASH_RIGHT_WRITE | ASH_RIGHT_GRANT},
};

static const struct ash_proc_spawn_request shell_request = {
    .flags = ASH_PROC_HAS_CONSOLE | ASH_PROC_HAS_OBJECT | ASH_PROC_HAS_IO | ASH_PROC_HAS_PNP |
             ASH_PROC_HAS_POWER | ASH_PROC_MAY_SPAWN | ASH_PROC_MAY_KILL,
    .priority = ASH_PRIORITY_BASE,
    .quota_pages = 16384,
    .hart = ~(ash_word)0,
    .name = "shell",
    .image = "apps/shell",
};

static void progress(const char *name, const char *text)
{
    if (root.quiet)
        return;
    char dots[NAME_WIDTH + 1];
    size_t length = strlen(name);
    size_t count = length < NAME_WIDTH ? NAME_WIDTH - length : 1;
    memset(dots, '.', count);
    dots[count] = 0;
    ash_print("  %s %s %s\n", name, dots, text);
}

/* Badged as task ASH_TASK_ROOT. */
static ash_cptr client_of(ash_word slot)
{
    ash_word badged = stock_slots(1);
    MUST(ash_cnode_mint(ASH_BOOT_CNODE, badged, root.manager[slot], CLIENT_RIGHTS, ASH_TASK_ROOT));
    return badged;
}

static void show_memory(void)
{
    struct ash_mem_statistics_reply reply;
    ash_cptr memory = client_of(ASH_SLOT_MEMORY);
    ash_status status = ash_request(memory, ASH_MEM_STATISTICS, nullptr, 0, &reply, sizeof(reply));
    if (!ash_success(status))
        ash_panic("the memory manager did not come up: status 0x%08x", (unsigned)status);
    char text[64];
    snprintf(text, sizeof(text), "%lu MiB free", (unsigned long)(reply.pages_free / 256));
    progress("memory", text);
}

/* The new task's id, or 0 if the boot package has no such program. */
static ash_word spawn(ash_cptr process, const struct ash_proc_spawn_request *request,
                      const ash_cptr *send, unsigned count)
{
    struct ash_caps caps = {.send = send, .send_count = count};
    struct ash_proc_spawn_reply reply;
    ash_status status = ash_request_caps(process, ASH_PROC_SPAWN, request, sizeof(*request), &reply,
                                         sizeof(reply), &caps);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
        progress(request->name, "not in the boot package");
        return 0;
    }
    if (!ash_success(status))
        ash_panic("cannot start %s: status 0x%08x", request->image, (unsigned)status);
    return reply.task;
}

/* pnp is told where the device tree lies. */
static void add_arguments(const struct manager *manager, struct ash_proc_spawn_request *request)
{
    if (manager->slot != ASH_SLOT_PNP)
        return;
    int first = snprintf(request->arguments, sizeof(request->arguments), "0x%lx",
                         (unsigned long)root.boot->tree_physical) +
                1;
    int second = snprintf(request->arguments + first, sizeof(request->arguments) - (size_t)first,
                          "0x%lx", (unsigned long)root.boot->tree_size) +
                 1;
    request->argument_bytes = (ash_word)first + (ash_word)second;
}

static void start_manager(ash_cptr process, const struct manager *manager)
{
    struct ash_proc_spawn_request request = {
        .flags = manager->flags,
        .priority = manager->priority,
        .quota_pages = manager->quota_pages,
        .hart = 0,
    };
    snprintf(request.name, sizeof(request.name), "%s", manager->name);
    snprintf(request.image, sizeof(request.image), "servers/%s", manager->name);
    add_arguments(manager, &request);
    ash_cptr send[2] = {root.manager[manager->slot]};
    unsigned count = 1;
    if (manager->extra != 0) {
        send[1] = stock_slots(1);
        MUST(ash_cnode_copy(ASH_BOOT_CNODE, send[1], manager->extra, manager->rights));
        count = 2;
    }
    ash_word task = spawn(process, &request, send, count);
    if (task == 0)
        return;
    char text[32];
    snprintf(text, sizeof(text), "task %lu", (unsigned long)task);
    progress(manager->name, text);
}

/* The shell, or apps/test-NAME where the command line says ashlar.test=NAME. */
static void start_first_application(ash_cptr process)
{
    struct ash_proc_spawn_request request = shell_request;
    char test[24];
    if (cmdline_get(root.boot->command_line,
                    strnlen(root.boot->command_line, ASH_BOOT_COMMAND_LINE), "ashlar.test", test,
                    sizeof(test), nullptr) == CMDLINE_OK) {
        snprintf(request.name, sizeof(request.name), "test-%s", test);
        snprintf(request.image, sizeof(request.image), "apps/test-%s", test);
        /* The only task that ever has this right. */
        if (strcmp(test, "campaign") == 0 || strcmp(test, "stress") == 0)
            request.flags |= ASH_PROC_MAY_ALTER;
    }
    (void)spawn(process, &request, nullptr, 0);
}

void managers_start(void)
{
    show_memory();
    ash_cptr process = client_of(ASH_SLOT_PROCESS);
    char text[32];
    snprintf(text, sizeof(text), "%lu hart%s", (unsigned long)root.boot->harts,
             root.boot->harts == 1 ? "" : "s");
    progress("process", text);
    for (unsigned i = 0; i < sizeof(managers) / sizeof(managers[0]); i++)
        start_manager(process, &managers[i]);
    start_first_application(process);
}
