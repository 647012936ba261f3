// SPDX-License-Identifier: MIT
/*
 * The process manager: tasks and threads, ELF loading, exit, faults, what `ps` shows.
 * It owns every task's kernel objects through one Untyped a task; destroying a task revokes that
 * Untyped and asks the memory manager to destroy its memory, so nothing of it survives.
 *
 * A fault (exception no handler of the task took, or bugcheck) ends the task: its threads are
 * suspended, a crash report is printed and kept (ASH_PROC_REPORT), watchers are told, and the
 * task is destroyed when every watcher has released it (ASH_PROC_RELEASE): the I/O manager first
 * completes what the task owed and the plug-and-play manager quiesces its device.
 */
#ifndef ABI_PROCESS_H
#define ABI_PROCESS_H

#include "task.h"

enum ash_proc_op {
    /* For every task, about itself. */
    ASH_PROC_THREAD_CREATE = 1, /* thread_create_request -> thread_create_reply */
    ASH_PROC_THREAD_EXIT = 2,   /* thread_request (the caller's number); no reply: it ends, and the
                                 task with the last thread */
    ASH_PROC_EXIT = 3,          /* exit_request; no reply: the task ends */
    ASH_PROC_NOTIFICATION = 4,  /* -> slot_reply: a new Notification, unbadged, all rights, in the
                                 caller */
    ASH_PROC_BUGCHECK = 5, /* bugcheck_request; no reply: ends like a fault, text in the report */
    ASH_PROC_FAULT_HANDLER = 6, /* handler_request: exceptions of this task's threads resume at
                                   handler with a0 = scause, a1 = stval, a2 = pc; 0 removes it.
                                   guarded: only those of a thread whose word at tp + guard is
                                   not 0 */
    ASH_PROC_RECORDS = 13, /* records_request: where this task keeps the records of abi/crash.h */
    ASH_PROC_THREAD_PRIORITY = 7, /* priority_request: of one of the caller's own threads, at most
                                     the task's largest */
    ASH_PROC_REPLY_OBJECT = 8,    /* -> slot_reply: a new Reply in the caller, for servers */
    ASH_PROC_BIND_NOTIFICATION =
        10,                    /* thread_request, c0: Notification (read): its signals reach that
                                  thread also while it waits in Recv. Replaces an earlier one */
    ASH_PROC_COMMAND_LINE = 9, /* offset_request -> command_line_reply: what the kernel was given */
    ASH_PROC_TIME = 11,        /* -> time_reply: the time of day */
    ASH_PROC_SET_TIME = 12,    /* time_reply as the request: by the driver of the clock */

    /* For those that may start tasks (flag SPAWN), and for `ps`, `kill`. */
    ASH_PROC_SPAWN = 16, /* spawn_request + up to 3 capabilities -> spawn_reply */
    ASH_PROC_KILL = 17,  /* task_request (flag SPAWN, or KILL) */
    ASH_PROC_WAIT = 18,  /* task_request -> exit_reply, when the task has ended */
    ASH_PROC_INFO =
        19, /* task_request (smallest id >= task) -> info_reply; STATUS_NO_MORE_ENTRIES */
    ASH_PROC_REPORT = 20,  /* report_request -> report_reply: text of the last crash reports */
    ASH_PROC_PACKAGE = 21, /* package_request -> package_reply + capabilities: boot package files */

    /* For the I/O and plug-and-play managers. */
    ASH_PROC_WATCH = 32,   /* c0: Notification to signal when an event waits; caller is a watcher */
    ASH_PROC_EVENT = 33,   /* -> event_reply; STATUS_NO_MORE_ENTRIES when none waits */
    ASH_PROC_RELEASE = 34, /* task_request: this watcher is done with that dead task */
    ASH_PROC_REPORT_ADD = 35, /* report_add_request: by a manager: a line for the report on a task
                                 that has ended; it is printed, too */
    ASH_PROC_CONDEMN = 36,    /* condemn_request: by a manager: ends a driver that does not do what
                                 it owes, like a bug check; the report shows where its threads are */

    /* For drivers that want to know of processes and threads. */
    ASH_PROC_NOTIFY_WANT = 37, /* notify_want_request: from now on (0: no more). Flag DRIVER */
    ASH_PROC_NOTIFY_NEXT = 38, /* notify_next_request -> notify_reply, when there is an event */

    /* For tests that root starts in place of the shell (flag ALTER): the fault-injection campaign
     * (docs/campaign.md), which changes running drivers; and `stress`. */
    ASH_PROC_ALTER = 48,      /* alter_request: bytes are written to the task */
    ASH_PROC_TRAP = 49,       /* trap_request: something happens where execution first comes by */
    ASH_PROC_TRAP_STATE = 50, /* trap_state_request -> trap_state_reply: where it has come by */
    ASH_PROC_DMA_WALK = 51,   /* -> dma_walk_reply of memory.h: what devices reach */
};

enum ash_proc_flags {
    ASH_PROC_HAS_OBJECT = 1u << 0, /* gets an endpoint of that manager */
    ASH_PROC_HAS_IO = 1u << 1,
    ASH_PROC_HAS_PNP = 1u << 2,
    ASH_PROC_HAS_POWER = 1u << 3,
    ASH_PROC_HAS_CONSOLE = 1u << 4, /* may write to the firmware console (debug output) */
    ASH_PROC_MAY_SPAWN = 1u << 5,
    ASH_PROC_MAY_KILL = 1u << 6,
    ASH_PROC_DRIVER = 1u << 7,    /* shown as a driver */
    ASH_PROC_MAY_ALTER = 1u << 8, /* changes drivers' memory. Nobody has it but what root starts in
                                     place of the shell for ashlar.test=campaign, or =stress */
};

enum ash_proc_state {
    ASH_PROC_STARTING = 0,
    ASH_PROC_RUNNING = 1,
    ASH_PROC_EXITED = 2, /* by itself or killed; not yet released by the watchers */
    ASH_PROC_CRASHED = 3,
};

/* Priorities. Managers stand above all drivers, drivers above applications. Up to ASH_PRIORITY_BASE
 * a thread gets time slices in turn with its equals and may use an idle hart whole; above it a
 * thread has a budget, and all such threads of a task together have at most 95 % of a hart, so that
 * no task can shut out what runs below it. */
#define ASH_PRIORITY_BASE    100u /* applications, worker threads of drivers */
#define ASH_PRIORITY_DRIVER  180u /* the largest for drivers: interrupt, dispatch threads */
#define ASH_PRIORITY_MANAGER 220u

/* Threads: a thread is numbered from 0 (the first) within its task. It starts at `entry` with
 * a0 = argument, a1 = address of its IPC buffer, tp = its number, gp = lowest address of its stack,
 * on a new stack; tp and gp are for the run-time library to set. Its parking Notification is in
 * slot ASH_SLOT_NOTIFICATION (number 0) or ASH_SLOT_THREADS + 2 * number, a Timer bound to it in
 * the next slot; any thread of the task may signal it. The reply tells the same. priority at most
 * the task's largest; budget/period in microseconds; 0: the default for the priority (a slice of
 * 10000 of 10000 up to ASH_PRIORITY_BASE, else 4500 of 10000, or what the task has left). */
#define ASH_PROC_THREADS 64u
struct ash_proc_thread_create_request {
    ash_word entry, argument, stack_bytes, priority, budget_us, period_us;
};
struct ash_proc_thread_create_reply {
    ash_word thread, notification, timer, ipc_buffer, stack_top;
};
struct ash_proc_exit_request {
    ash_word status;
};
struct ash_proc_slot_reply {
    ash_word slot;
};
struct ash_proc_offset_request {
    ash_word offset;
};
struct ash_proc_command_line_reply {
    ash_word total, bytes;
    char text[496];
};
/* name: of the code; rule_name: of the rule, where Windows has a name for it; rule: a sentence. */
struct ash_proc_bugcheck_request {
    ash_word code, parameter[4], frame_pointer, thread_pointer;
    char name[48], rule_name[32], rule[200];
};
/* calls: offset from tp of a word; log: address of a struct ash_crash_log, or 0. */
struct ash_proc_records_request {
    ash_word calls, log;
};
struct ash_proc_handler_request {
    ash_word handler, guarded, guard;
};
/* Time of day in 100 ns since 1601 UTC at the moment when `rdtime` was 0; 0: not known yet. */
struct ash_proc_time_reply {
    ash_word epoch;
};
struct ash_proc_thread_request {
    ash_word thread;
};
struct ash_proc_priority_request {
    ash_word thread, priority;
};

/* image: path in the boot package. arguments: zero-terminated strings one after the other.
 * priority: of the first thread and the largest its threads may have. hart: ~0 = any. */
struct ash_proc_spawn_request {
    ash_word flags, priority, quota_pages, hart, budget_us, period_us, argument_bytes;
    char name[32];
    char image[64];
    char arguments[344 - 96];
};
static_assert(sizeof(struct ash_proc_spawn_request) <= 64 * 8);
struct ash_proc_spawn_reply {
    ash_word task;
};
struct ash_proc_task_request {
    ash_word task;
};
struct ash_proc_exit_reply {
    ash_word status, state;
};
struct ash_proc_info_reply {
    ash_word task, parent, state, flags, priority, threads, restarts;
    ash_word ticks; /* processor time of all its threads, in ticks */
    ash_word pages, quota_pages;
    ash_word started; /* `rdtime` when it was started */
    ash_word exit_status;
    char name[32];
};
struct ash_proc_report_request {
    ash_word index, offset;
}; /* index 0 = newest */
struct ash_proc_report_reply {
    ash_word total, bytes;
    char text[384];
};
struct ash_proc_report_add_request {
    ash_word task;
    char line[200];
};
struct ash_proc_condemn_request {
    ash_word task, code, parameter[4];
    char name[48]; /* of the code */
    char rule[200];
};
struct ash_proc_event_reply {
    ash_word task, state, status;
    char name[32];
};

/* Notification of drivers. A task that an application starts does not run before each driver that
 * wants PROCESSES has answered its CREATED event (answer 1 in the reply) with its next NOTIFY_NEXT:
 * a failure is what the starter gets, and the task never runs. Who has not answered within
 * ASH_PROC_NOTIFY_MS has agreed. Tasks that managers start (drivers) are told of without waiting.
 * Events come in order; who is ASH_PROC_NOTIFY_EVENTS behind misses some, `lost` so many. */
enum ash_proc_notify_kind {
    ASH_PROC_NOTIFY_PROCESSES = 1,
    ASH_PROC_NOTIFY_THREADS = 2,
};
enum ash_proc_notify_event {
    ASH_PROC_NOTIFY_CREATED = 1,
    ASH_PROC_NOTIFY_EXITED = 2,
    ASH_PROC_NOTIFY_THREAD_CREATED = 3,
    ASH_PROC_NOTIFY_THREAD_EXITED = 4,
};
#define ASH_PROC_NOTIFY_MS     2000u
#define ASH_PROC_NOTIFY_EVENTS 64u
struct ash_proc_notify_want_request {
    ash_word kinds;
};
struct ash_proc_notify_next_request {
    ash_word answered, status; /* task of the CREATED event that is answered, or 0 */
};
struct ash_proc_notify_reply {
    ash_word event, task, parent, thread, answer, lost;
    ash_word image_base, image_bytes; /* CREATED */
    char image[64];                   /* path in the boot package */
};

/* Text and data of a running driver, changed while it runs (servers/process/alter.c). Addresses and
 * sizes are even. Bytes that are instructions are what every hart executes when the call returns.
 * ALTER: stack 0: `address`; else that of thread stack - 1's stack pointer, plus `address`.
 * below: so many bytes below where the pointer points that is there. flip: data is exclusive-ored.
 */
#define ASH_PROC_ALTER_BYTES 8u
struct ash_proc_alter_request {
    ash_word task, address, stack, below, flip, bytes;
    unsigned char data[ASH_PROC_ALTER_BYTES];
};
/* Traps replace one instruction each until a thread comes to it, for the first time; then it is as
 * it was, and is executed, except that first, by `action`: nothing is done; `data` takes the place
 * of what is at `target`; the task ends as if killed; the bits of `data` in register `target` of
 * that thread change; `data` takes the place of what is `target` bytes behind where register `reg`
 * points, in the same page. The others are for the first instruction of a function: it returns at
 * once, with `data` in a0; it is called twice with the same arguments (`target`: an instruction
 * that nobody comes to, where it returns to between); its first call returns at once, and the next
 * one gets a0 of that. flip: data is exclusive-ored. A task keeps its traps until it ends; those of
 * another one end then. */
enum ash_proc_trap_action {
    ASH_PROC_TRAP_NOTE = 0,
    ASH_PROC_TRAP_ALTER = 1,
    ASH_PROC_TRAP_END = 2,
    ASH_PROC_TRAP_REGISTER = 3,
    ASH_PROC_TRAP_MEMORY = 4,
    ASH_PROC_TRAP_RETURN = 5,
    ASH_PROC_TRAP_TWICE = 6,
    ASH_PROC_TRAP_EXCHANGE = 7,
};
#define ASH_PROC_TRAPS_MAX     16384u
#define ASH_PROC_TRAPS_AT_ONCE 48u
struct ash_proc_trap_request {
    ash_word task, action, target, bytes, reg, flip;
    unsigned char data[ASH_PROC_ALTER_BYTES];
    ash_word count;
    uint32_t address[ASH_PROC_TRAPS_AT_ONCE];
};
static_assert(sizeof(struct ash_proc_trap_request) <= 64 * 8);
/* reached: how many of `count` traps. when: `rdtime` of the last. bits: of traps from `first` on,
 * in the order in which they were set. */
struct ash_proc_trap_state_request {
    ash_word first;
};
struct ash_proc_trap_state_reply {
    ash_word task, count, reached, when;
    uint64_t bits[32];
};

/* Files of the boot package: index counts files; name filters by prefix when not empty. The reply
 * carries up to 400 bytes of the file from `offset`. */
struct ash_proc_package_request {
    ash_word index, offset;
    char prefix[64];
};
struct ash_proc_package_reply {
    ash_word size, bytes;
    char name[64];
    char data[368];
};

#endif
