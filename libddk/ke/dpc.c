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

BOOLEAN KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
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

static PKDPC take_dpc(struct queue *queue, KDPC *copy)
{
    PKDPC dpc = NULL;
    ki_acquire(&ki_dpc_lock);
    if (queue->First != NULL) {
        dpc = CONTAINING_RECORD(queue->First, KDPC, DpcListEntry);
        queue->First = dpc->DpcListEntry.Next;
        if (queue->First == NULL)
            queue->Last = &queue->First;
        dpc->DpcData = NULL;
        *copy = *dpc;
    }
    ki_release(&ki_dpc_lock);
    return dpc;
}

static void run(PKDPC dpc, const KDPC *copy)
{
    struct ki_state state;
    ki_enter(&state, KI_IN_DPC, (void *)copy->DeferredRoutine, NULL, NULL);
    copy->DeferredRoutine(dpc, copy->DeferredContext, copy->SystemArgument1, copy->SystemArgument2);
    ki_check_state(&state, "DPC routine returned with IRQL or spin locks changed",
                   (void *)copy->DeferredRoutine);
}

bool ki_run_dpcs(void)
{
    PKTHREAD thread = ki_thread();
    KDPC copy;
    PKDPC dpc;
    bool ran = false;
    if (__atomic_load_n(&ordinary.First, __ATOMIC_RELAXED) == NULL)
        return false; // who queues one now will wake this thread
    thread->InDpc = TRUE;
    thread->Irql = DISPATCH_LEVEL;
    while ((dpc = take_dpc(&ordinary, &copy)) != NULL) {
        ran = true;
        run(dpc, &copy);
    }
    thread->Irql = PASSIVE_LEVEL;
    thread->InDpc = FALSE;
    return ran;
}

static void threaded_entry(void *unused)
{
    KDPC copy;
    PKDPC dpc;
    (void)unused;
    for (;;) {
        while ((dpc = take_dpc(&threaded, &copy)) != NULL)
            run(dpc, &copy);
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

uint64_t ki_dispatch_run(void)
{
    uint64_t next;
    (void)ki_run_dpcs(); // of interrupts, most often
    do {
        next = ki_timers_expire();
    } while (ki_run_dpcs());
    return next;
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
