// SPDX-License-Identifier: MIT
// Takes all it can get. What one task takes is limited by its quota; nobody else goes short.
#include "ash/manager.h"
#include "ash/memory.h"
#include "ash/thread.h"
#include "hostile.h"
#include "io.h"
#include "process.h"
#include "task.h"
#include <stdio.h>

static int take_memory(void)
{
    ash_word pieces = 0;
    void *address;
    ash_status status;
    while (ash_success(status = ash_map(65536, &address)) && pieces < 1u << 20) {
        *(volatile char *)address = 1;
        pieces++;
    }
    printf("hostile: %lu KiB, then status 0x%08x\n", (unsigned long)pieces * 64, (unsigned)status);
    return ash_success(status);
}

static void spin(void *)
{
    for (;;)
        ;
}

static int take_threads(void)
{
    const struct ash_thread_options options = {.priority = ASH_PRIORITY_BASE};
    unsigned number, count = 0;
    ash_status status;
    while (ash_success(status = ash_thread_create(spin, nullptr, &options, &number)) &&
           count < 1000)
        count++;
    printf("hostile: %u threads that spin, then status 0x%08x\n", count, (unsigned)status);
    return ash_success(status);
}

static int take_objects(void)
{
    ash_cptr slot;
    unsigned count = 0;
    ash_status status;
    while (ash_success(status = ash_notification_create(&slot)) && count < 10000)
        count++;
    printf("hostile: %u notifications, then status 0x%08x\n", count, (unsigned)status);
    return ash_success(status);
}

/* Above its own largest priority. */
static int priority(void)
{
    const struct ash_thread_options options = {.priority = ASH_PRIORITY_MANAGER};
    const struct ash_proc_priority_request request = {.thread = 0, .priority = ASH_PRIORITY_DRIVER};
    unsigned number;
    bool created = ash_success(ash_thread_create(spin, nullptr, &options, &number));
    bool raised = ash_success(ash_request(ASH_SLOT_PROCESS, ASH_PROC_THREAD_PRIORITY, &request,
                                          sizeof(request), nullptr, 0));
    printf("hostile: a higher priority was %s\n", created || raised ? "given" : "refused");
    return created || raised;
}

/* What only managers, or tasks with a flag, may do. */
static int kill(void)
{
    unsigned killed = 0;
    for (ash_word task = 0; task < 40; task++) {
        const struct ash_proc_task_request request = {task};
        killed += ash_success(
            ash_request(ASH_SLOT_PROCESS, ASH_PROC_KILL, &request, sizeof(request), nullptr, 0));
    }
    printf("hostile: %u tasks killed\n", killed);
    return killed != 0;
}

const struct kind resource_kinds[] = {
    {"memory-all", "takes memory until it gets no more", take_memory},
    {"threads-all", "starts threads that spin until it gets no more", take_threads},
    {"objects-all", "makes kernel objects until it gets no more", take_objects},
    {"priority", "wants a priority above its largest", priority},
    {"kill", "tries to end every task", kill},
    {},
};
