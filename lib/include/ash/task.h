// SPDX-License-Identifier: MIT
/*
 * Other tasks, as the process manager knows them. For tasks that have business with it
 * (ASH_SLOT_PROCESS). Each function blocks until that manager answers, and takes no lock.
 */
#ifndef ASH_TASK_H
#define ASH_TASK_H

#include "process.h"
#include "status.h"

/* The task with the smallest number >= *id, which is moved behind it: begin with 1.
 * STATUS_NO_MORE_ENTRIES: there is none. */
[[nodiscard]] ash_status ash_task_next(ash_word *id, struct ash_proc_info_reply *info);

/* The number of the living task that has that name, or that number in decimal.
 * STATUS_OBJECT_NAME_NOT_FOUND: there is none; *task is left as it was. */
[[nodiscard]] ash_status ash_task_find(const char *name, ash_word *task);

/* Ends a task from outside: exit status STATUS_PROCESS_IS_TERMINATING, no crash report. */
ash_status ash_task_kill(ash_word task);

#endif
