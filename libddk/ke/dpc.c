// SPDX-License-Identifier: MIT
//
// The task's DPC queue: FIFO, high importance in front. DpcData is NULL unless the DPC is queued;
// it is cleared before the routine runs, so the routine may queue it again or free it. DPCs run on
// the dispatch thread alone, one after the other, at DISPATCH_LEVEL.

#include "ki.h"

#define DPC_TYPE          0x13
#define THREADED_DPC_TYPE 0x1a

static struct ki_lock ki_dpc_lock;
static PSINGLE_LIST_ENTRY dpc_first;
static PSINGLE_LIST_ENTRY *dpc_last = &dpc_first;

VOID KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    memset(dpc, 0, sizeof(*dpc));
    dpc->Type = DPC_TYPE;
    dpc->Importance = MediumImportance;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
}

VOID KeInitializeThreadedDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    KeInitializeDpc(dpc, routine, context);
    dpc->Type = THREADED_DPC_TYPE;
}

VOID KeSetImportanceDpc(PRKDPC dpc, KDPC_IMPORTANCE importance)
{
    dpc->Importance = (UCHAR)importance;
}

VOID KeSetTargetProcessorDpc(PRKDPC dpc, CCHAR number)
{
    (void)dpc, (void)number; // one dispatch thread, wherever the scheduler puts it
}

static void link_dpc(PRKDPC dpc)
{
    dpc->DpcData = &dpc_first;
    if (dpc->Importance == HighImportance) {
        dpc->DpcListEntry.Next = dpc_first;
        if (dpc_first == NULL)
            dpc_last = &dpc->DpcListEntry.Next;
        dpc_first = &dpc->DpcListEntry;
    } else {
        dpc->DpcListEntry.Next = NULL;
        *dpc_last = &dpc->DpcListEntry;
        dpc_last = &dpc->DpcListEntry.Next;
    }
}

BOOLEAN KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    if (dpc->Type != DPC_TYPE && dpc->Type != THREADED_DPC_TYPE)
        ki_violation(TIMER_OR_DPC_INVALID, "KeInsertQueueDpc of a DPC that was not initialised",
                     (ULONG_PTR)dpc, 0);
    ki_acquire(&ki_dpc_lock);
    bool inserted = dpc->DpcData == NULL;
    if (inserted) {
        dpc->SystemArgument1 = argument1;
        dpc->SystemArgument2 = argument2;
        link_dpc(dpc);
    }
    ki_release(&ki_dpc_lock);
    if (inserted && !ki_thread()->InDpc)
        port_kick_dispatch();
    return (BOOLEAN)inserted;
}

BOOLEAN KeRemoveQueueDpc(PRKDPC dpc)
{
    ki_acquire(&ki_dpc_lock);
    bool removed = dpc->DpcData != NULL;
    if (removed) {
        PSINGLE_LIST_ENTRY *link = &dpc_first;
        while (*link != &dpc->DpcListEntry)
            link = &(*link)->Next;
        *link = dpc->DpcListEntry.Next;
        if (*link == NULL)
            dpc_last = link;
        dpc->DpcData = NULL;
    }
    ki_release(&ki_dpc_lock);
    return (BOOLEAN)removed;
}

static PKDPC take_dpc(KDPC *copy)
{
    PKDPC dpc = NULL;
    ki_acquire(&ki_dpc_lock);
    if (dpc_first != NULL) {
        dpc = CONTAINING_RECORD(dpc_first, KDPC, DpcListEntry);
        dpc_first = dpc->DpcListEntry.Next;
        if (dpc_first == NULL)
            dpc_last = &dpc_first;
        dpc->DpcData = NULL;
        *copy = *dpc;
    }
    ki_release(&ki_dpc_lock);
    return dpc;
}

bool ki_run_dpcs(void)
{
    PKTHREAD thread = ki_thread();
    KDPC copy;
    PKDPC dpc;
    bool ran = false;
    thread->InDpc = TRUE;
    thread->Irql = DISPATCH_LEVEL;
    while ((dpc = take_dpc(&copy)) != NULL) {
        struct ki_state state;
        ran = true;
        ki_save_state(&state);
        copy.DeferredRoutine(dpc, copy.DeferredContext, copy.SystemArgument1, copy.SystemArgument2);
        ki_check_state(&state, "DPC routine returned with IRQL or spin locks changed",
                       (void *)copy.DeferredRoutine);
    }
    thread->Irql = PASSIVE_LEVEL;
    thread->InDpc = FALSE;
    return ran;
}

uint64_t ki_dispatch_run(void)
{
    uint64_t next;
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

VOID KeFlushQueuedDpcs(VOID)
{
    KEVENT done;
    KDPC dpc;
    ki_require_irql(PASSIVE_LEVEL, "KeFlushQueuedDpcs above PASSIVE_LEVEL");
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, flush_routine, &done);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
}
