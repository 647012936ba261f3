// SPDX-License-Identifier: MIT
/*
 * What every task that the process manager starts finds in its CSpace, and how managers are
 * called. A task's CNode has radix ASH_TASK_RADIX; slots below ASH_SLOT_OWN belong to the process
 * manager, those from it on to the task itself (it receives capabilities there).
 *
 * Calling a manager: Call on its endpoint with label = operation and a request struct in the
 * message words; the reply's label is an NTSTATUS (32 bits, zero-extended) and its words are the
 * reply struct. Managers know their caller by the endpoint's badge, which is the task's id.
 * Strings in requests are UTF-8, zero padded, at most ASH_STRING bytes with the final zero.
 * A manager that dies takes the system down in this release: callers need not expect it.
 */
#ifndef ABI_TASK_H
#define ABI_TASK_H

#include "kernel/types.h"

#define ASH_TASK_RADIX 10u
#define ASH_STRING     256u

enum ash_slot {
    ASH_SLOT_NULL = 0,
    ASH_SLOT_CNODE = 1,   /* the task's own CNode */
    ASH_SLOT_PROCESS = 2, /* endpoints of the managers, badged with the task id; empty where */
    ASH_SLOT_MEMORY = 3,  /* the task has no business with that manager                      */
    ASH_SLOT_OBJECT = 4,
    ASH_SLOT_IO = 5,
    ASH_SLOT_PNP = 6,
    ASH_SLOT_POWER = 7,
    ASH_SLOT_FIRMWARE = 8, /* console write only, unless the task is the power manager */
    ASH_SLOT_CONFIG = 9,   /* reserved for the managers that come later */
    ASH_SLOT_SECURITY = 10,
    ASH_SLOT_NOTIFICATION =
        16,              /* first thread's parking notification, badge ASH_PARK_SIGNAL, and */
    ASH_SLOT_TIMER = 17, /* its timer, which signals ASH_PARK_TIMER to it */
    ASH_SLOT_EXTRA = 24, /* capabilities that the starter of the task passed along, in order */
    ASH_SLOT_EXTRA_END = 64,
    ASH_SLOT_THREADS = 64, /* + 2 * number: notification and timer of the task's other threads */
    ASH_SLOT_MADE = 192,   /* what ASH_PROC_NOTIFICATION and ASH_PROC_REPLY_OBJECT made, up to */
    ASH_SLOT_MADE_END = 512,
    ASH_SLOT_OWN = 512, /* from here to 1023: the task's own */
};

#define ASH_PARK_SIGNAL ((ash_word)1 << 63)
#define ASH_PARK_TIMER  ((ash_word)1 << 62)

/* Task ids: 0 is never a task. The managers' ids are fixed, so that peers can know them. */
enum ash_task_id {
    ASH_TASK_ROOT = 1,
    ASH_TASK_MEMORY = 2,
    ASH_TASK_PROCESS = 3,
    ASH_TASK_OBJECT = 4,
    ASH_TASK_IO = 5,
    ASH_TASK_PNP = 6,
    ASH_TASK_POWER = 7,
    ASH_TASK_FIRST = 16, /* drivers and applications; ids grow and are not reused before 2^31 */
};

/*
 * The start page: mapped read-only at ASH_START_PAGE; a0 of the first thread holds its address.
 * The first thread starts at the ELF entry with a stack of its own and its IPC buffer in
 * start.ipc_buffer; tp points to the thread block that holds the IPC buffer's address first.
 */
#define ASH_START_PAGE      ((ash_word)0xff000)
#define ASH_START_ARGUMENTS 2048u

struct ash_start {
    ash_word task;       /* this task's id                               */
    ash_word timebase;   /* ticks a second of `rdtime`                   */
    ash_word harts;      /* running harts                                */
    ash_word ipc_buffer; /* address of the first thread's IPC buffer     */
    ash_word image_base; /* lowest and one past the highest address of   */
    ash_word image_end;  /* the ELF image                                */
    ash_word stack_base;
    ash_word stack_top;
    ash_word extra;          /* capabilities from ASH_SLOT_EXTRA on          */
    ash_word argument_count; /* zero-terminated strings, one after the other */
    char name[32];
    char arguments[ASH_START_ARGUMENTS];
};
static_assert(sizeof(struct ash_start) <= 4096);

#endif
