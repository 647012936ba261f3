// SPDX-License-Identifier: MIT
/*
 * What the task was started with, and how it ends.
 */
#ifndef ASH_START_H
#define ASH_START_H

#include "kernel/boot.h"
#include "task.h"

/* The start page (abi/task.h); null in a root task. */
const struct ash_start *ash_start(void);

/* Ticks of ash_time() a second; microseconds to ticks. */
ash_word ash_timebase(void);
ash_word ash_ticks(ash_word microseconds);

/* Ends the task with that status (as does returning from main, or exit()). */
[[noreturn]] void ash_exit(int status);

/* Where stdin, stdout and stderr go; by default stdout and stderr to the firmware console, by
 * lines, and stdin is at its end. `write` gets at most 512 bytes; `read` returns the next byte or
 * -1. */
void ash_stdio(void (*write)(const char *bytes, size_t count), int (*read)(void));

/* The entry of a *root* task (linked with no main): root itself, or the kernel's test program, to
 * which root hands everything on. boot->region[] tells the Untypeds as they were at boot. */
int ash_root_main(const struct ash_boot *boot);

/* Handing over to a second root task (lib/root_start.c): a1 of its first thread, and how far behind
 * the boot slots (VSPACE, THREAD, SCHED_CONTEXT, IPC_FRAME) its own capabilities are. */
#define ASH_ROOT_SECOND   ((ash_word)0x52454e4e5552)
#define ASH_ROOT_HANDOVER 112u

#endif
