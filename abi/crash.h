// SPDX-License-Identifier: MIT
/*
 * What a task tells its crash report. These records lie in the task's own memory, where its driver
 * may have damaged them: the process manager reads them after the task has stopped, a word at a
 * time, and believes none: a chain ends after ASH_CRASH_CALLS_MAX, what cannot be read is left out.
 *
 * A thread's calls into the driver that have not returned, innermost first:
 *
 *   word at tp + calls --> ash_crash_call --outer--> ash_crash_call --outer--> 0
 */
#ifndef ABI_CRASH_H
#define ABI_CRASH_H

#include "task.h"

#define ASH_CRASH_CALLS_MAX 8u

enum ash_crash_routine {
    ASH_CRASH_KIT = 0,
    ASH_CRASH_DRIVER_ENTRY = 1,
    ASH_CRASH_ADD_DEVICE = 2,
    ASH_CRASH_UNLOAD = 3,
    ASH_CRASH_DISPATCH = 4,
    ASH_CRASH_COMPLETION = 5,
    ASH_CRASH_CANCEL = 6,
    ASH_CRASH_START_IO = 7,
    ASH_CRASH_ISR = 8,
    ASH_CRASH_DPC = 9,
    ASH_CRASH_WORK_ITEM = 10,
    ASH_CRASH_THREAD = 11,
    ASH_CRASH_NOTIFICATION = 12,
};

struct ash_crash_call {
    ash_word outer;
    ash_word routine;
    ash_word device;
    ash_word irp; /* 0: none. Its documented members are read: ASH_CRASH_IRP_* */
    unsigned char kind, major, minor, irql; /* major 0xff: not known; irql when it was called */
    unsigned char unused[4];
};
static_assert(sizeof(struct ash_crash_call) == 5 * 8);

/* Words of an IRP. STATE: RequestorMode, PendingReturned, StackCount, CurrentLocation, Cancel,
 * a byte each from the lowest. */
#define ASH_CRASH_IRP_TYPE        0x00u /* 16 bits */
#define ASH_CRASH_IRP_STATUS      0x30u
#define ASH_CRASH_IRP_INFORMATION 0x38u
#define ASH_CRASH_IRP_STATE       0x40u
#define ASH_CRASH_IRP_CANCEL      0x68u

/* The log of IRPs and kit routines, kept by a task that is verified with IRP logging: a ring whose
 * event number n is in slot n % ASH_CRASH_EVENTS. `what` is the address of a name, `irp` and
 * `value` as that event has them. */
#define ASH_CRASH_EVENTS 32u
struct ash_crash_event {
    ash_word what, irp, value;
};
struct ash_crash_log {
    ash_word count; /* of events so far */
    struct ash_crash_event event[ASH_CRASH_EVENTS];
};

#endif
