// SPDX-License-Identifier: MIT
//
// The task's DPC queues: FIFO, high importance in front. DpcData is the queue a DPC is in, NULL
// unless it is queued; it is cleared before the routine runs, so the routine may queue it again or
// free it. Ordinary DPCs run on the dispatch thread alone, one after the other, at DISPATCH_LEVEL.
// Threaded DPCs have a thread of their own at PASSIVE_LEVEL; it is started when the first one is
// initialised. Without it they run as ordinary ones, which their routines must allow for.

#include "ki.h"

#define DPC_TYPE          0x13
#define THREADED_DPC_TYPE 0x1a

struct queue {
    PSINGLE_LIST_ENTRY First;
    PSINGLE_LIST_ENTRY *Last;
};

static struct ki_lock ki_dpc_lock;
static struct queue ordinary = {NULL, &ordinary.First};
static struct queue threaded = {NULL, &threaded.First};
static struct port_thread *volatile threaded_thread;
static volatile LONG threaded_started;

VOID KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    ki_check_dpcs(dpc, sizeof(*dpc));
    memset(dpc, 0, sizeof(*dpc));
    dpc->Type = DPC_TYPE;
    dpc->Importance = MediumImportance;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
}

void ki_check_dpc(PRKDPC dpc)
{
    if (dpc->Type != DPC_TYPE && dpc->Type != THREADED_DPC_TYPE)
        ki_violation(TIMER_OR_DPC_INVALID, "DPC used that was not initialised", (ULONG_PTR)dpc, 0);
}

VOID KeSetImportanceDpc(PRKDPC dpc, KDPC_IMPORTANCE importance)
{
    ki_check_dpc(dpc);
    dpc->Importance = (UCHAR)importance;
}

VOID KeSetTargetProcessorDpc(PRKDPC dpc, CCHAR number)
{
    (void)number; // one dispatch thread, wherever the scheduler puts it
    ki_check_dpc(dpc);
}

static void link_dpc(struct queue *queue, PRKDPC dpc)
{
    dpc->DpcData = queue;
    if (dpc->Importance == HighImportance) {
        dpc->DpcListEntry.Next = queue->First;
        if (queue->First == NULL)
            queue->Last = &dpc->DpcListEntry.Next;
        queue->First = &dpc->DpcListEntry;
    } else {
        dpc->DpcListEntry.Next = NULL;
        *queue->Last = &dpc->DpcListEntry;
        queue->Last = &dpc->DpcListEntry.Next;
    }
}

static BOOLEAN kick(void)
{
    port_kick_dispatch();
    return TRUE;
}

__attribute__((noinline)) static BOOLEAN insert_any(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    ki_check_dpc(dpc);
    bool in_thread = dpc->Type == THREADED_DPC_TYPE && threaded_thread != NULL;
    ki_acquire(&ki_dpc_lock);
    bool inserted = dpc->DpcData == NULL;
    if (inserted) {
        dpc->SystemArgument1 = argument1;
        dpc->SystemArgument2 = argument2;
        link_dpc(in_thread ? &threaded : &ordinary, dpc);
    }
    ki_release(&ki_dpc_lock);
    if (inserted && in_thread)
        port_unpark(threaded_thread);
    else if (inserted && !ki_thread()->InDpc)
        port_kick_dispatch();
    return (BOOLEAN)inserted;
}

// Most are ordinary: at the end of their queue, without a call, so that no registers are kept.
BOOLEAN KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    const struct _KTHREAD *thread = port_thread_value();
    if (__builtin_expect(dpc->Type != DPC_TYPE || dpc->Importance == HighImportance ||
                             thread == NULL || !ki_try_acquire(&ki_dpc_lock),
                         0))
        return insert_any(dpc, argument1, argument2);
    bool inserted = dpc->DpcData == NULL;
    if (inserted) {
        dpc->SystemArgument1 = argument1;
        dpc->SystemArgument2 = argument2;
        dpc->DpcData = &ordinary;
        dpc->DpcListEntry.Next = NULL;
        *ordinary.Last = &dpc->DpcListEntry;
        ordinary.Last = &dpc->DpcListEntry.Next;
    }
    ki_release(&ki_dpc_lock);
    return inserted && !thread->InDpc ? kick() : (BOOLEAN)inserted;
}

BOOLEAN KeRemoveQueueDpc(PRKDPC dpc)
{
    ki_check_dpc(dpc);
    ki_acquire(&ki_dpc_lock);
    struct queue *queue = dpc->DpcData;
    if (queue != NULL) {
        PSINGLE_LIST_ENTRY *link = &queue->First;
        while (*link != &dpc->DpcListEntry)
            link = &(*link)->Next;
        *link = dpc->DpcListEntry.Next;
        if (*link == NULL)
            queue->Last = link;
        dpc->DpcData = NULL;
    }
    ki_release(&ki_dpc_lock);
    return (BOOLEAN)(queue != NULL);
}

static PSINGLE_LIST_ENTRY find(const struct queue *queue, const void *memory, SIZE_T bytes)
{
    PSINGLE_LIST_ENTRY entry = queue->First;
    while (entry != NULL && !ki_inside(entry, memory, bytes))
        entry = entry->Next;
    return entry;
}

void ki_check_dpcs(const void *memory, SIZE_T bytes)
{
    if (ordinary.First == NULL && threaded.First == NULL)
        return;
    ki_acquire(&ki_dpc_lock);
    PSINGLE_LIST_ENTRY entry = find(&ordinary, memory, bytes);
    if (entry == NULL)
        entry = find(&threaded, memory, bytes);
    ki_release(&ki_dpc_lock);
    if (entry != NULL)
        ki_die(TIMER_OR_DPC_INVALID, 1, (ULONG_PTR)CONTAINING_RECORD(entry, KDPC, DpcListEntry),
               (ULONG_PTR)memory, (ULONG_PTR)memory + bytes,
               "memory freed or reused with a DPC in it that is queued");
}

const void *ki_any_dpc(void)
{
    return ordinary.First != NULL ? ordinary.First : threaded.First;
}

// What running it needs: the DPC may be queued again, or be gone, meanwhile.
struct taken {
    PKDPC Dpc;
    PKDEFERRED_ROUTINE Routine;
    PVOID Context, Argument1, Argument2;
};

FORCEINLINE bool take_dpc(struct queue *queue, struct taken *taken)
{
    if (__atomic_load_n(&queue->First, __ATOMIC_RELAXED) == NULL)
        return false; // who queues one now will wake this thread
    ki_acquire(&ki_dpc_lock);
    PKDPC dpc = queue->First != NULL ? CONTAINING_RECORD(queue->First, KDPC, DpcListEntry) : NULL;
    if (dpc != NULL) {
        queue->First = dpc->DpcListEntry.Next;
        if (queue->First == NULL)
            queue->Last = &queue->First;
        dpc->DpcData = NULL;
        *taken = (struct taken){dpc, dpc->DeferredRoutine, dpc->DeferredContext,
                                dpc->SystemArgument1, dpc->SystemArgument2};
    }
    ki_release(&ki_dpc_lock);
    return dpc != NULL;
}

FORCEINLINE void run(const struct taken *taken)
{
    struct ki_state state;
    ki_enter(&state, KI_IN_DPC, (void *)taken->Routine, NULL, NULL);
    taken->Routine(taken->Dpc, taken->Context, taken->Argument1, taken->Argument2);
    ki_check_state(&state, "DPC routine returned with IRQL or spin locks changed",
                   (void *)taken->Routine);
}

static void run_dpcs(void)
{
    PKTHREAD thread = ki_thread();
    struct taken taken;
    thread->InDpc = TRUE;
    thread->Irql = DISPATCH_LEVEL;
    while (take_dpc(&ordinary, &taken))
        run(&taken);
    thread->Irql = PASSIVE_LEVEL;
    thread->InDpc = FALSE;
}

static void threaded_entry(void *unused)
{
    struct taken taken;
    (void)unused;
    for (;;) {
        while (take_dpc(&threaded, &taken))
            run(&taken);
        port_park(PORT_FOREVER);
    }
}

VOID KeInitializeThreadedDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    KeInitializeDpc(dpc, routine, context);
    dpc->Type = THREADED_DPC_TYPE;
    if (KeGetCurrentIrql() > APC_LEVEL || InterlockedExchange(&threaded_started, 1) != 0)
        return;
    threaded_thread = port_thread_create(threaded_entry, NULL);
}

// Who queues one later will wake this thread: it has said that it is about to sleep, with a full
// fence, before it came here.
FORCEINLINE bool any_ordinary(void)
{
    return __atomic_load_n(&ordinary.First, __ATOMIC_RELAXED) != NULL;
}

uint64_t ki_dispatch_run(void)
{
    for (;;) {
        if (any_ordinary())
            run_dpcs(); // of interrupts, most often
        uint64_t next = ki_timers_expire();
        if (!any_ordinary())
            return next;
    }
}

static VOID flush_routine(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc, (void)argument1, (void)argument2;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

// A DPC of low importance is behind all others of its queue.
static void flush(void (*initialize)(PRKDPC, PKDEFERRED_ROUTINE, PVOID))
{
    KEVENT done;
    KDPC dpc;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    initialize(&dpc, flush_routine, &done);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
}

VOID KeFlushQueuedDpcs(VOID)
{
    ki_require_irql(PASSIVE_LEVEL, "KeFlushQueuedDpcs above PASSIVE_LEVEL");
    flush(KeInitializeDpc);
    if (threaded_thread != NULL)
        flush(KeInitializeThreadedDpc);
}
