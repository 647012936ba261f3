// SPDX-License-Identifier: MIT
//
// Inside of the kernel library: the thread object, rule checks, the dispatcher lock, and the hooks
// between waits, workers and the runtime.
//
// Locks, outermost first: driver spin locks > ki_pool_lock > ki_dispatcher > ki_dpc_lock. Internal
// locks (struct ki_lock) are held for a few dozen instructions and never across a callback.

#ifndef DDK_KI_H
#define DDK_KI_H

#include <wdm.h>

#include "../port/port.h"

// What happens seldom: kept out of the routines that call it, which then need fewer registers.
#define KI_COLD __attribute__((noinline, cold))

struct ki_lock {
    volatile LONG Word;
};
void ki_acquire_slow(struct ki_lock *lock); // somebody else has it
FORCEINLINE void ki_acquire(struct ki_lock *lock)
{
    if (__builtin_expect(__atomic_exchange_n(&lock->Word, 1, __ATOMIC_ACQUIRE) != 0, 0))
        ki_acquire_slow(lock);
}
FORCEINLINE bool ki_try_acquire(struct ki_lock *lock)
{
    return __atomic_exchange_n(&lock->Word, 1, __ATOMIC_ACQUIRE) == 0;
}
FORCEINLINE void ki_release(struct ki_lock *lock)
{
    __atomic_store_n(&lock->Word, 0, __ATOMIC_RELEASE);
}

// Bit 0 of a lock word: a queued lock.
#define KI_QUEUED 1u

enum ki_object_type {
    KI_EVENT_NOTIFICATION = 0,
    KI_EVENT_SYNCHRONIZATION = 1,
    KI_MUTANT = 2,
    KI_SEMAPHORE = 5,
    KI_THREAD = 6,
    KI_TIMER_NOTIFICATION = 8,
    KI_TIMER_SYNCHRONIZATION = 9,
};

// The ranges of this task's memory that the request of an application brought: to the driver they
// are its user addresses.
#define KI_USER_RANGES 3u
struct ki_user_ranges {
    ULONG Count;
    struct {
        ULONG_PTR Address;
        SIZE_T Bytes;
        BOOLEAN Write;
    } Range[KI_USER_RANGES];
};
bool ki_user_range(ULONG_PTR address, SIZE_T bytes, bool write); // of the current thread (mm/)

struct _KTHREAD {
    DISPATCHER_HEADER Header;
    struct port_thread *Port;
    KIRQL Irql;
    BOOLEAN InDpc;
    BOOLEAN Server;        // holds the role of taking requests from the rings
    BOOLEAN System;        // made by PsCreateSystemThread
    volatile LONG Waiting; // not 0 from registering a wait until it is over
    struct _KTHREAD *NextWoken;
    ULONG CriticalDepth;
    ULONG GuardedDepth;
    ULONG SpinLocks;
    ULONG Id;
    LIST_ENTRY Mutants; // mutexes this thread owns
    NTSTATUS ExitStatus;
    KPROCESSOR_MODE PreviousMode; // of the request that is being dispatched
    ULONG Requestor;              // its process id, 0: none, or the system's own
    struct ki_user_ranges User;   // and what it brought
    ULONG RequestSlot;            // by which it is known to the I/O manager; link 0: not at all
    ULONG64 RequestLink;
    KPRIORITY Priority;
    NTSTATUS WaitStatus;
    WAIT_TYPE WaitType;
    ULONG WaitCount;
    PKWAIT_BLOCK WaitBlocks;
    KWAIT_BLOCK OwnBlocks[THREAD_WAIT_OBJECTS];
    PKSTART_ROUTINE Start;
    PVOID Context;
    LIST_ENTRY IdleEntry; // worker pool
    volatile LONG Woken;
    PVOID ContextOwner; // what the thread is in the middle of (runtime)
    LIST_ENTRY Irps;    // threaded IRPs of this thread (io)
};

// An event whose state lives outside of this task (Header.Reserved): what becomes of calls. A wait
// begins and ends; in between, or before, the event may become signalled here.
#define KI_REMOTE_EVENT 1
struct ki_remote_event_calls {
    LONG (*Change)(PRKEVENT event, bool set); // the state before
    LONG (*Read)(PRKEVENT event);
    void (*BeginWait)(PRKEVENT event);
    void (*EndWait)(PRKEVENT event);
};
extern const struct ki_remote_event_calls *ki_remote_events;
FORCEINLINE bool ki_is_remote(const DISPATCHER_HEADER *object)
{
    return object->Type <= KI_EVENT_SYNCHRONIZATION && object->Reserved == KI_REMOTE_EVENT;
}

// The calling thread's object: made on first use for threads the kit did not start.
PKTHREAD ki_thread_adopt(void);
FORCEINLINE PKTHREAD ki_thread(void)
{
    PKTHREAD thread = port_thread_value();
    return __builtin_expect(thread != NULL, 1) ? thread : ki_thread_adopt();
}
PKTHREAD ki_thread_allocate(void);

// Ends the task: code and rule, a sentence that says which rule was broken by whom.
DECLSPEC_NORETURN void ki_violation(ULONG code, const char *rule, ULONG_PTR p1, ULONG_PTR p2);
DECLSPEC_NORETURN void ki_die(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4,
                              const char *text);
// The log of routines (vf/log.c), on while the driver is verified so.
extern bool ki_log_routines;
void vf_log_event(const char *what, const void *irp, ULONG_PTR value);

// Checks IRQL <= limit for routine.
FORCEINLINE void ki_require_irql(KIRQL limit, const char *rule)
{
    KIRQL irql = KeGetCurrentIrql();
    if (__builtin_expect(ki_log_routines, 0))
        vf_log_event(rule, NULL, irql);
    if (irql > limit)
        ki_violation(IRQL_NOT_LESS_OR_EQUAL, rule, irql, limit);
}

// Raises in the calling thread, whatever its IRQL: to its innermost __try, else a bug check.
DECLSPEC_NORETURN void ki_raise(const EXCEPTION_RECORD *record);
DECLSPEC_NORETURN void ki_raise_status(NTSTATUS status, const void *address);
extern _Thread_local PDDK_SEH_FRAME ki_seh_frames; // innermost first
// The same; rule is what the report says if there is no __try at all.
DECLSPEC_NORETURN void ki_raise_rule(NTSTATUS status, const char *rule);
void ki_seh_reset(void);

void ki_run_bugcheck_callbacks(void);
const void *ki_any_bugcheck_callback(void); // registered, or NULL
void ki_bugcheck_reset(void);               // the task lives on, in a test

// Checks IRQL == level; two sentences, since one names the limit that was broken.
FORCEINLINE void ki_require_exact_irql(KIRQL level, const char *below, const char *above)
{
    KIRQL irql = KeGetCurrentIrql();
    if (irql != level)
        ki_violation(irql < level ? IRQL_NOT_GREATER_OR_EQUAL : IRQL_NOT_LESS_OR_EQUAL,
                     irql < level ? below : above, irql, level);
}
FORCEINLINE void ki_require_dispatch(const char *below, const char *above)
{
    ki_require_exact_irql(DISPATCH_LEVEL, below, above);
}

// Calls into the driver (context.c). Numbers are those of enum ash_crash_routine in abi/crash.h.
enum ki_routine {
    KI_IN_KIT = 0, // not on the list
    KI_IN_DRIVER_ENTRY = 1,
    KI_IN_ADD_DEVICE = 2,
    KI_IN_UNLOAD = 3,
    KI_IN_DISPATCH = 4,
    KI_IN_COMPLETION = 5,
    KI_IN_CANCEL = 6,
    KI_IN_START_IO = 7,
    KI_IN_ISR = 8,
    KI_IN_DPC = 9,
    KI_IN_WORK_ITEM = 10,
    KI_IN_THREAD = 11,
    KI_IN_NOTIFICATION = 12,
};
// One of them, and the state of its thread, which it must leave as it found it. The members up to
// Irql are read by the process manager (struct ash_crash_call).
struct ki_state {
    const struct ki_state *Outer;
    const void *Routine;
    PVOID Device;
    PIRP Irp;
    UCHAR Kind, Major, Minor; // 0xff: none
    KIRQL Irql;
    ULONG SpinLocks;
    ULONG CriticalDepth;
    ULONG GuardedDepth;
};
extern _Thread_local const struct ki_state *ki_calls;

// Of a call that is the kit's own matter.
FORCEINLINE void ki_save_state(struct ki_state *state)
{
    PKTHREAD thread = ki_thread();
    state->Outer = ki_calls;
    state->Kind = KI_IN_KIT;
    state->Irql = thread->Irql;
    state->SpinLocks = thread->SpinLocks;
    state->CriticalDepth = thread->CriticalDepth;
    state->GuardedDepth = thread->GuardedDepth;
}

// ... which becomes one of the driver.
FORCEINLINE void ki_name_state(struct ki_state *state, enum ki_routine kind, const void *routine,
                               PVOID device, PIRP irp)
{
    state->Routine = routine;
    state->Device = device;
    state->Irp = irp;
    state->Kind = (UCHAR)kind;
    state->Major = state->Minor = 0xff;
    ki_calls = state;
}

FORCEINLINE void ki_enter(struct ki_state *state, enum ki_routine kind, const void *routine,
                          PVOID device, PIRP irp)
{
    ki_save_state(state);
    ki_name_state(state, kind, routine, device, irp);
}

DECLSPEC_NORETURN void ki_state_changed(const struct ki_state *state, const char *rule,
                                        const void *routine);
FORCEINLINE void ki_check_state(const struct ki_state *state, const char *rule, const void *routine)
{
    const struct _KTHREAD *thread = ki_thread();
    if (thread->SpinLocks != state->SpinLocks || thread->Irql != state->Irql ||
        thread->CriticalDepth != state->CriticalDepth ||
        thread->GuardedDepth != state->GuardedDepth)
        ki_state_changed(state, rule, routine);
    ki_calls = state->Outer;
}

// First parameters of DRIVER_VERIFIER_DETECTED_VIOLATION for rules of the DDI compliance checks.
#define VF_RULE_IRQL_RETURN     0x2001du
#define VF_RULE_CRITICAL_REGION 0x40003u
#define VF_RULE_SPIN_LOCK       0x40009u
#define VF_RULE_GUARDED_REGIONS 0x4000eu

// The dispatcher database.
extern struct ki_lock ki_dispatcher;
void ki_release_dispatcher(void);
void ki_signal(DISPATCHER_HEADER *object); // dispatcher lock held
void ki_init_header(DISPATCHER_HEADER *object, UCHAR type, UCHAR size, LONG state);

// Timers and DPCs: runs what is due, returns the time of the next timer. On the dispatch thread.
uint64_t ki_dispatch_run(void);
uint64_t ki_timers_expire(void);
void ki_check_dpc(PRKDPC dpc); // initialised
// KeSetTimer without its checks of IRQL and DPC; the period counts milliseconds, fine: 100 ns.
bool ki_set_timer(PKTIMER timer, LARGE_INTEGER due_time, LONG period, bool fine, PKDPC dpc);
bool ki_cancel_timer(PKTIMER timer);

// Memory that is about to be freed: a timer that is set, a DPC or a work item that is queued in it
// is a bug check.
void ki_check_timers(const void *memory, SIZE_T bytes);
void ki_check_dpcs(const void *memory, SIZE_T bytes);
void ki_check_work(const void *memory, SIZE_T bytes);
FORCEINLINE void ki_check_freed(const void *memory, SIZE_T bytes)
{
    ki_check_timers(memory, bytes);
    ki_check_dpcs(memory, bytes);
    ki_check_work(memory, bytes);
}
FORCEINLINE bool ki_inside(const void *object, const void *memory, SIZE_T bytes)
{
    return (ULONG_PTR)object - (ULONG_PTR)memory < bytes;
}

// What is still to run, for the end of the driver; NULL or 0: nothing. A timer that is `except`
// does not count.
const void *ki_any_timer(const void *except);
const void *ki_any_dpc(void);
const void *ki_any_work(void);
ULONG ki_system_threads(void);

// Worker pool. The runtime's server is one of the workers: it takes requests until it blocks, then
// another worker takes the role over.
struct ki_server {
    void (*serve)(void); // serves and waits, until work items are due or the role is another's
    void (*wake)(void);  // there may be a work item
    void (*flush)(void); // called before a thread blocks or does other work
};
void ki_set_server(const struct ki_server *server);
DECLSPEC_NORETURN void ki_worker_loop(void);
void ki_before_block(void);

// A thread is about to end: its threaded IRPs are cancelled and waited for. PASSIVE_LEVEL.
void io_cancel_thread_irps(PKTHREAD thread);

// A process came or went: calls the routines that drivers registered. PASSIVE_LEVEL. Returns what
// they left in CreationStatus.
NTSTATUS ki_process_event(ULONG id, ULONG parent, PCUNICODE_STRING image, bool created);
void ki_thread_event(ULONG process, ULONG thread, bool created);
void ki_image_event(ULONG process, PUNICODE_STRING name, ULONG_PTR base, SIZE_T bytes);
PEPROCESS ki_process(ULONG id); // referenced
void ki_process_ended(ULONG id);

// What the kit allocates is its own: it is no leak of the driver, and is not made to fail.
PVOID ex_kit_allocate(POOL_FLAGS flags, SIZE_T bytes, ULONG tag);
#define ExAllocatePool2 ex_kit_allocate

// Objects with a reference count that lie behind a header (ob/).
typedef void (*ob_delete)(PVOID object);
PVOID ob_allocate(SIZE_T bytes, POBJECT_TYPE type, ob_delete delete_routine, ULONG tag);

#endif
