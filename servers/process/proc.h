// SPDX-License-Identifier: MIT
/*
 * The process manager's records and the interfaces between its files.
 *
 *   main.c    requests to functions             spawn.c   a new task        load.c   its ELF image
 *   task.c    records, end, destruction         thread.c  its threads       budget.c their time
 *   object.c  kernel objects of a task          remote.c  calls of the memory manager
 *   fault.c   faults, bugchecks                 report.c  crash reports     peek.c   reading a task
 *   describe.c what a driver was doing        alter.c, trap.c  faults put into a driver
 *   notify.c  drivers that want to know
 *   watch.c   watchers, waiters                 query.c   ps, reports       package.c the boot
 * package
 *
 * A task's kernel objects are all made of its own Untypeds. Capabilities to them lie in the task's
 * CNode (what it may use) and in its kit, a CNode of the same Untyped that only this manager sees:
 *
 *   kit slot 4n      thread n          4n + 1  its SchedContext
 *            4n + 2  IPC buffer Frame  4n + 3  its fault endpoint (badge FAULT | task << 8 | n)
 *
 * Life: STARTING -> RUNNING -> EXITED or CRASHED (threads stopped, memory still there) ->
 * destroyed, when each watcher has released it.
 */
#ifndef PROCESS_PROC_H
#define PROCESS_PROC_H

#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/server.h"
#include "boot_protocol.h"
#include "crash.h"
#include "memory.h"
#include "process.h"

#define TASKS_MAX    256u
#define UNTYPEDS_MAX 8u
#define WATCHERS_MAX 4u
#define WAITERS_MAX  8u
#define KIT_RADIX    8u
#define FAULT_BADGE  ((ash_word)1 << 63)

enum thread_state {
    THREAD_NONE,
    THREAD_LIVE,
    THREAD_ENDED /* its objects wait to be used again */
};

struct thread {
    enum thread_state state;
    unsigned priority;
    unsigned share;          /* thousandths of a hart reserved for it, 0 if it has none */
    ash_word budget, period; /* as asked for, microseconds; 0: default */
    ash_word stack_base, stack_top, ipc_address;
};

struct thread_plan {
    ash_word entry, argument, stack_bytes, budget_us, period_us;
    unsigned priority;
};

struct task {
    ash_word id, parent, flags, quota_pages, hart, started;
    unsigned state; /* enum ash_proc_state */
    unsigned priority;
    unsigned reserved_share; /* sum of its threads' */
    ash_word exit_status;
    char name[32];
    struct {
        ash_word id;   /* the memory manager's */
        ash_cptr slot; /* ours */
    } untyped[UNTYPEDS_MAX];
    unsigned untypeds;
    ash_cptr vspace, cnode, kit;
    bool memory_made;
    ash_word handler;        /* of exceptions; 0: none */
    ash_word guarded, guard; /* the handler is for threads whose word at tp + guard is not 0 */
    bool records;            /* it keeps those of abi/crash.h: */
    ash_word calls, log;     /* offset from tp; address or 0 */
    ash_word next_made;      /* slot in its CNode */
    ash_word image_base, image_end;
    ash_word ticks_ended; /* of threads that are gone */
    unsigned threads;     /* live ones */
    struct thread thread[ASH_PROC_THREADS];
    ash_token waiter[WAITERS_MAX];
    ash_word waiter_task[WAITERS_MAX];
    unsigned unseen, unreleased; /* a bit for each watcher */
    char image[64];              /* path in the boot package */
    struct thread_plan plan;     /* of its first thread, until that runs */
    unsigned asked;              /* drivers that have not agreed to it yet */
    ash_word ask_until;          /* `rdtime` */
    ash_status verdict;          /* a failure: it is not to run */
    ash_token spawner;           /* who waits for that */
    ash_word spawner_task;
};

extern struct ash_server server;
extern const struct ash_process_boot *const boot;

/* --- task.c --- */
struct task *task_find(ash_word id);
/* The live task of smallest id that is at least `id`, or null. */
struct task *task_from(ash_word id);
/* The one with the lowest number of which that watcher is still to be told; or null. */
struct task *task_unseen(unsigned watcher);
[[nodiscard]] struct task *task_new(ash_word id);
/* The caller's own task, or null (root, memory: not started by this manager). */
struct task *task_of(const struct ash_caller *caller);
ash_word task_ticks(struct task *task);
/* Stops the task and tells those who watch or wait; then task_settle. */
void task_end(struct task *task, enum ash_proc_state state, ash_word status);
/* Destroys it if it has ended and nobody holds it. */
void task_settle(struct task *task);
/* Everything of it goes; also of one that is only half made. */
void task_destroy(struct task *task);
/* How a task ended that is gone already; false if that is not remembered. */
bool task_remembered(ash_word id, struct ash_proc_exit_reply *reply);

/* --- object.c --- */
ash_cptr kit_slot(const struct task *task, unsigned thread, unsigned which);
enum { KIT_THREAD, KIT_SCHED, KIT_FRAME, KIT_FAULT };
/* Makes one object of the task's memory in slot `index` of `cnode`; takes more memory if needed. */
[[nodiscard]] ash_status object_make(struct task *task, enum ash_object_type type, ash_word size,
                                     ash_cptr cnode, ash_word index);
[[nodiscard]] ash_status object_first_untyped(struct task *task);
void object_free_untypeds(struct task *task);
[[nodiscard]] ash_status own_reply(ash_cptr *slot);
[[nodiscard]] ash_status object_notification(struct ash_server *, struct ash_caller *caller);
[[nodiscard]] ash_status object_reply(struct ash_server *, struct ash_caller *caller);
[[nodiscard]] ash_status object_bind(struct ash_server *, struct ash_caller *caller);

/* --- remote.c: the memory manager --- */
[[nodiscard]] ash_status remote_task_create(ash_word task, ash_word quota, ash_cptr *vspace);
void remote_task_destroy(ash_word task);
/* mirror: null, or where the new pages are seen here until remote_unmirror. address 0: any. */
[[nodiscard]] /* What devices reach, against what was granted. */
ash_status
remote_dma_walk(struct ash_mem_dma_walk_reply *reply);
ash_status remote_map(ash_word task, ash_word address, ash_word bytes, ash_word prot,
                      ash_word flags, ash_word *at, void **mirror);
void remote_unmirror(void *mirror);
/* A copy of the Frame behind a page of the task, in a slot of ash_slot_alloc. */
[[nodiscard]] ash_status remote_frame(ash_word task, ash_word address, ash_cptr *frame);
[[nodiscard]] ash_status remote_untyped(ash_word bytes, ash_word *id, ash_cptr *slot);
void remote_untyped_free(ash_word id);
ash_word remote_pages(ash_word task, ash_word *quota);

/* --- thread.c, budget.c --- */
[[nodiscard]] ash_status thread_create(struct task *task, const struct thread_plan *plan,
                                       unsigned *number);
/* Makes the first thread's objects and stack, without starting it; then thread_start. */
[[nodiscard]] ash_status thread_prepare(struct task *task, unsigned number, ash_word stack_bytes);
[[nodiscard]] ash_status thread_start(struct task *task, unsigned number,
                                      const struct thread_plan *plan);
void thread_suspend_all(struct task *task);
ash_status thread_op_create(struct ash_server *, struct ash_caller *caller);
ash_status thread_op_exit(struct ash_server *, struct ash_caller *caller);
ash_status thread_op_priority(struct ash_server *, struct ash_caller *caller);
void budget_init(void);
/* Sets priority and time of a thread by its priority, budget and period. */
[[nodiscard]] ash_status budget_set(struct task *task, unsigned number);
void budget_return(struct task *task, unsigned number);
ash_word budget_hart(ash_word wanted, ash_word flags);

/* --- spawn.c, load.c, package.c --- */
ash_status spawn_op(struct ash_server *, struct ash_caller *caller);
/* Its first thread starts. */
[[nodiscard]] ash_status task_begin(struct task *task);
struct elf_image;
[[nodiscard]] ash_status load_image(struct task *task, const void *file, size_t size,
                                    struct elf_image *image);
void package_init(void);
bool package_find(const char *path, const void **data, size_t *size);
ash_status package_op(struct ash_server *, struct ash_caller *caller);

/* --- fault.c, report.c, peek.c --- */
bool fault_filter(struct ash_server *, struct ash_caller *caller);
ash_status fault_op_bugcheck(struct ash_server *, struct ash_caller *caller);
ash_status fault_op_handler(struct ash_server *, struct ash_caller *caller);
ash_status fault_op_records(struct ash_server *, struct ash_caller *caller);
ash_status condemn_op(struct ash_server *, struct ash_caller *caller); /* condemn.c */

#define REPORTS      8u
#define REPORT_BYTES 6144u
struct report {
    ash_word task;
    char text[REPORT_BYTES];
    size_t used;
};
/* Starts the newest report. */
struct report *report_begin(ash_word task);
/* The one on that task, or null. */
struct report *report_of(ash_word task);
[[gnu::format(printf, 2, 3)]] void report_add(struct report *report, const char *format, ...);
void report_backtrace(struct report *report, struct task *task, ash_word pc, ash_word ra,
                      ash_word frame_pointer);
void report_print(const struct report *report);
/* 0 is the newest; null if there is none. */
const struct report *report_at(ash_word index);

/* Adds what the task's records say (describe.c): of a thread, of all. */
void describe_calls(struct report *report, struct task *task, ash_word thread_pointer);
void describe_log(struct report *report, struct task *task);

/* Reads a word of the task's memory; false if nothing is mapped there. */
bool peek_word(struct task *task, ash_word address, ash_word *word);
/* Writes them, the last first, so that an instruction is whole when its first half changes; every
 * hart executes the new ones afterwards. Even addresses. */
bool poke(struct task *task, ash_word address, const uint16_t *halves, unsigned count);
void peek_close(void);

/* --- alter.c --- */
ash_status alter_op(struct ash_server *, struct ash_caller *caller);
ash_status alter_op_walk(struct ash_server *, struct ash_caller *caller);
/* A driver that lives, and that the caller may alter; or null. */
struct task *alter_subject(const struct ash_caller *caller, ash_word id, ash_status *status);
bool alter_peek(struct task *task, ash_word address, uint16_t *half);
/* Exclusive-ors what is there into them. */
bool alter_flip(struct task *task, ash_word address, uint16_t *halves, unsigned count);

/* --- trap.c --- */
ash_status trap_op(struct ash_server *, struct ash_caller *caller);
ash_status trap_op_state(struct ash_server *, struct ash_caller *caller);
enum alter_fault { ALTER_NONE, ALTER_GO_ON, ALTER_ENDED };
/* A breakpoint: of a trap? Then what it is for has been done. */
enum alter_fault trap_reached_at(struct task *task, unsigned thread, ash_word pc);

/* --- watch.c --- */
void watch_tell(struct task *task);
void watch_forget(ash_word task); /* that task is gone: as watcher and as waiter */
ash_status watch_op_watch(struct ash_server *, struct ash_caller *caller);
ash_status watch_op_event(struct ash_server *, struct ash_caller *caller);
ash_status watch_op_release(struct ash_server *, struct ash_caller *caller);
ash_status watch_op_wait(struct ash_server *, struct ash_caller *caller);

/* --- notify.c --- */
/* A task is ready to run: tells the drivers. True if they are to be waited for: task_begin is
 * called, or the task destroyed, when they have answered, and `caller` gets its answer then. */
bool notify_created(struct task *task, struct ash_caller *caller);
void notify_thread(struct task *task, unsigned number, bool created);
void notify_ended(struct task *task);
void notify_forget(ash_word task); /* that task is gone: as subscriber and as starter */
void notify_init(void);
void notify_alarm(struct ash_server *, ash_word bits);
ash_status notify_op_want(struct ash_server *, struct ash_caller *caller);
ash_status notify_op_next(struct ash_server *, struct ash_caller *caller);

/* --- query.c --- */
ash_status query_op_info(struct ash_server *, struct ash_caller *caller);
ash_status query_op_report(struct ash_server *, struct ash_caller *caller);
ash_status query_op_report_add(struct ash_server *, struct ash_caller *caller);
ash_status clock_op_get(struct ash_server *, struct ash_caller *caller);
[[nodiscard]] ash_status clock_op_set(struct ash_server *, struct ash_caller *caller);
[[nodiscard]] ash_status query_op_command_line(struct ash_server *, struct ash_caller *caller);

/* For requests that get no answer: the caller is about to be stopped for good. */
void no_answer(void);
/* May this caller start, or end, tasks? */
bool may(const struct ash_caller *caller, ash_word flag);

static inline bool is_manager(ash_word task)
{
    return task < ASH_TASK_FIRST;
}

#endif
