// SPDX-License-Identifier: MIT
/* Tasks: the driver under test, and what is done to it. */
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "ash/task.h"
#include "campaign.h"
#include "process.h"
#include <stdio.h>
#include <string.h>

ash_word task_named(const char *name, ash_word after)
{
    struct ash_proc_info_reply info;
    ash_word id = after + 1;
    while (ash_task_next(&id, &info) == STATUS_SUCCESS)
        if (info.state == ASH_PROC_RUNNING && strcmp(info.name, name) == 0)
            return info.task;
    return 0;
}

bool task_runs(ash_word task)
{
    struct ash_proc_info_reply info;
    ash_word id = task;
    return ash_task_next(&id, &info) == STATUS_SUCCESS && info.task == task &&
           info.state == ASH_PROC_RUNNING;
}

static ash_status alter(ash_word task, const struct trial *trial)
{
    struct ash_proc_alter_request request = {.task = task,
                                             .address = trial->address,
                                             .stack =
                                                 trial->kind == KIND_STACK ? trial->thread + 1 : 0,
                                             .below = trial->kind == KIND_HEAP ? trial->target : 0,
                                             .flip = 1,
                                             .bytes = trial->bytes};
    memcpy(request.data, trial->data, sizeof(request.data));
    return ash_request(ASH_SLOT_PROCESS, ASH_PROC_ALTER, &request, sizeof(request), nullptr, 0);
}

static ash_word action_of(enum kind kind)
{
    switch (kind) {
    case KIND_END:
        return ASH_PROC_TRAP_END;
    case KIND_REGISTER:
        return ASH_PROC_TRAP_REGISTER;
    case KIND_MEMORY:
    case KIND_PLACE:
        return ASH_PROC_TRAP_MEMORY;
    case KIND_RETURN:
        return ASH_PROC_TRAP_RETURN;
    case KIND_TWICE:
        return ASH_PROC_TRAP_TWICE;
    case KIND_EXCHANGE:
        return ASH_PROC_TRAP_EXCHANGE;
    default:
        return ASH_PROC_TRAP_ALTER;
    }
}

bool inject_traps(const struct trial *trial)
{
    return trial->kind == KIND_ALTER || action_of(trial->kind) != ASH_PROC_TRAP_ALTER;
}

static ash_status trap(ash_word task, const struct trial *trial)
{
    bool text = trial->kind == KIND_ALTER;
    struct ash_proc_trap_request request = {.task = task,
                                            .action = action_of(trial->kind),
                                            .target = text ? trial->address : trial->target,
                                            .reg = trial->thread,
                                            .flip = trial->kind == KIND_MEMORY,
                                            .bytes = trial->bytes,
                                            .count = 1,
                                            .address = {(uint32_t)trial->address}};
    memcpy(request.data, trial->data, sizeof(request.data));
    return ash_request(ASH_SLOT_PROCESS, ASH_PROC_TRAP, &request, sizeof(request), nullptr, 0);
}

ash_status inject(ash_word task, const struct trial *trial)
{
    if (inject_traps(trial))
        return trap(task, trial);
    switch (trial->kind) {
    case KIND_FLIP:
    case KIND_STACK:
    case KIND_HEAP:
        return alter(task, trial);
    case KIND_KILL:
        (void)ash_task_kill(task);
        return STATUS_SUCCESS;
    default:
        return STATUS_SUCCESS;
    }
}

static bool state_of(ash_word first, struct ash_proc_trap_state_reply *state)
{
    const struct ash_proc_trap_state_request request = {first};
    return ash_request(ASH_SLOT_PROCESS, ASH_PROC_TRAP_STATE, &request, sizeof(request), state,
                       sizeof(*state)) == STATUS_SUCCESS;
}

bool inject_reached(ash_word task)
{
    struct ash_proc_trap_state_reply state;
    return state_of(0, &state) && state.task == task && state.reached != 0;
}

ash_status cover_begin(ash_word task)
{
    struct ash_proc_trap_request request = {.task = task, .action = ASH_PROC_TRAP_NOTE};
    ash_status status = STATUS_SUCCESS;
    while (ash_success(status) &&
           (request.count = plan_cover(request.address, ASH_PROC_TRAPS_AT_ONCE)) != 0)
        status =
            ash_request(ASH_SLOT_PROCESS, ASH_PROC_TRAP, &request, sizeof(request), nullptr, 0);
    return status;
}

void cover_print(void)
{
    struct ash_proc_trap_state_reply state = {};
    const unsigned at_once = sizeof(state.bits) * 8;
    for (ash_word first = 0; first == 0 || first < state.count; first += at_once) {
        if (!state_of(first, &state))
            return;
        printf("{\"cover\":\"");
        for (size_t i = 0; i < sizeof(state.bits) / sizeof(state.bits[0]); i++)
            printf("%016lx", (unsigned long)state.bits[i]);
        printf("\",\"first\":%lu,\"count\":%lu}\n", (unsigned long)first,
               (unsigned long)state.count);
    }
}

/* The line after the head, which tells the cause: without its leading blanks. */
static void copy_cause(const char *report, char *text, size_t size)
{
    const char *line = strchr(report, '\n');
    size_t used = 0;
    line = line != nullptr ? line + 1 : report;
    while (*line == ' ')
        line++;
    for (; used + 1 < size && line[used] != '\n' && line[used] != '\0'; used++)
        text[used] = line[used] == '"' || line[used] == '\\' ? '\'' : line[used];
    text[used] = '\0';
}

void report_of(ash_word task, char *text, size_t size)
{
    char head[32];
    struct ash_proc_report_request request = {};
    struct ash_proc_report_reply reply;
    text[0] = '\0';
    snprintf(head, sizeof(head), "(task %lu", (unsigned long)task);
    for (; request.index < 4; request.index++) {
        if (ash_request(ASH_SLOT_PROCESS, ASH_PROC_REPORT, &request, sizeof(request), &reply,
                        sizeof(reply)) != STATUS_SUCCESS)
            return;
        reply.text[sizeof(reply.text) - 1] = '\0';
        if (strstr(reply.text, head) == nullptr)
            continue;
        copy_cause(reply.text + (reply.text[0] == '\n'), text, size);
        return;
    }
}

ash_word microseconds_since(ash_word ticks)
{
    return (ash_time() - ticks) * 1000000 / ash_timebase();
}
