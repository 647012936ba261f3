// SPDX-License-Identifier: MIT
/* See ash/task.h. */
#include "ash/task.h"
#include "ash/manager.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>

ash_status ash_task_next(ash_word *id, struct ash_proc_info_reply *info)
{
    const struct ash_proc_task_request request = {*id};
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_INFO, &request, sizeof(request),
                                    info, sizeof(*info));
    *id = info->task + 1;
    return status;
}

ash_status ash_task_find(const char *name, ash_word *task)
{
    struct ash_proc_info_reply info;
    char *end;
    ash_word id = 1, number = strtoul(name, &end, 10);
    for (;;) {
        ash_status status = ash_task_next(&id, &info);
        if (!ash_success(status) || status == STATUS_NO_MORE_ENTRIES)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        if (info.state <= ASH_PROC_RUNNING &&
            (*end == '\0' ? info.task == number : strcmp(info.name, name) == 0)) {
            *task = info.task;
            return STATUS_SUCCESS;
        }
    }
}

ash_status ash_task_kill(ash_word task)
{
    const struct ash_proc_task_request request = {task};
    return ash_request(ASH_SLOT_PROCESS, ASH_PROC_KILL, &request, sizeof(request), nullptr, 0);
}
