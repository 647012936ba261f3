// SPDX-License-Identifier: MIT
//
// EX_TIMER on top of KTIMER and a DPC. The KTIMER is the first member, so the object can be waited
// for. Timers expire and DPCs run on the dispatch thread alone, one after the other, and a timer is
// freed there too, by a DPC of its own: so no callback of it can be running then. If the timer is
// still set (deleted without cancel) or its DPC is queued, its last expiration frees it.

#include "../ke/ki.h"

#define TIMER_TAG   'mTxE'
#define TIMER_MAGIC 0x45785469u

struct _EX_TIMER {
    KTIMER Timer;
    KDPC Dpc;
    PEXT_CALLBACK Callback;
    PVOID Context;
    PEXT_DELETE_CALLBACK DeleteCallback;
    PVOID DeleteContext;
    ULONG Attributes;
    ULONG Magic;
    KDPC DeleteDpc;
    PKEVENT Waiter;
    bool Deleted;  // by the driver
    bool Deferred; // DeleteDpc has run, and left the rest to the last expiration
};

static void check(PEX_TIMER timer, const char *rule)
{
    ki_require_irql(DISPATCH_LEVEL, rule);
    if (timer == NULL || timer->Magic != TIMER_MAGIC || timer->Deleted)
        ki_violation(TIMER_OR_DPC_INVALID, "EX_TIMER used that is not allocated or is deleted",
                     (ULONG_PTR)timer, 0);
}

static void destroy(PEX_TIMER timer)
{
    PEXT_DELETE_CALLBACK callback = timer->DeleteCallback;
    PVOID context = timer->DeleteContext;
    PKEVENT waiter = timer->Waiter;
    timer->Magic = 0;
    ExFreePoolWithTag(timer, TIMER_TAG);
    if (callback != NULL)
        callback(context);
    if (waiter != NULL)
        KeSetEvent(waiter, IO_NO_INCREMENT, FALSE);
}

static VOID expired(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PEX_TIMER timer = context;
    (void)dpc, (void)argument1, (void)argument2;
    if (timer->Callback != NULL)
        timer->Callback(timer, timer->Context);
    if (!timer->Deferred)
        return;
    (void)ki_cancel_timer(&timer->Timer); // one with a period would never end
    destroy(timer);
}

static VOID deleted(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PEX_TIMER timer = context;
    (void)dpc, (void)argument1, (void)argument2;
    if (timer->Timer.Header.Signalling != 0 || timer->Dpc.DpcData != NULL)
        timer->Deferred = true;
    else
        destroy(timer);
}

VOID ExInitializeSetTimerParameters(PEXT_SET_PARAMETERS parameters)
{
    *parameters = (EXT_SET_PARAMETERS){0};
}

VOID ExInitializeDeleteTimerParameters(PEXT_DELETE_PARAMETERS parameters)
{
    *parameters = (EXT_DELETE_PARAMETERS){0};
}

PEX_TIMER ExAllocateTimer(PEXT_CALLBACK callback, PVOID context, ULONG attributes)
{
    const ULONG exclusive = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE;
    ki_require_irql(DISPATCH_LEVEL, "ExAllocateTimer above DISPATCH_LEVEL");
    if ((attributes & exclusive) == exclusive ||
        (attributes & ~(exclusive | EX_TIMER_NOTIFICATION)) != 0)
        ki_violation(TIMER_OR_DPC_INVALID,
                     "ExAllocateTimer: unknown attribute, or high resolution together with no-wake",
                     attributes, 0);
    PEX_TIMER timer = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*timer), TIMER_TAG);
    if (timer == NULL)
        return NULL;
    KeInitializeTimerEx(&timer->Timer, (attributes & EX_TIMER_NOTIFICATION) != 0
                                           ? NotificationTimer
                                           : SynchronizationTimer);
    KeInitializeDpc(&timer->Dpc, expired, timer);
    KeInitializeDpc(&timer->DeleteDpc, deleted, timer);
    timer->Callback = callback;
    timer->Context = context;
    timer->Attributes = attributes;
    timer->Magic = TIMER_MAGIC;
    return timer;
}

BOOLEAN ExSetTimer(PEX_TIMER timer, LONGLONG due_time, LONGLONG period,
                   PEXT_SET_PARAMETERS parameters)
{
    check(timer, "ExSetTimer above DISPATCH_LEVEL");
    if ((timer->Attributes & EX_TIMER_HIGH_RESOLUTION) != 0 && due_time >= 0)
        ki_violation(TIMER_OR_DPC_INVALID,
                     "ExSetTimer: the due time of a high-resolution timer must be relative",
                     (ULONG_PTR)timer, (ULONG_PTR)due_time);
    if (period < 0 || period > MAXLONG ||
        (parameters != NULL && parameters->NoWakeTolerance < EX_TIMER_UNLIMITED_TOLERANCE))
        ki_violation(TIMER_OR_DPC_INVALID,
                     "ExSetTimer: period not in 0 to MAXLONG, or negative NoWakeTolerance",
                     (ULONG_PTR)timer, (ULONG_PTR)period);
    return (BOOLEAN)ki_set_timer(&timer->Timer, (LARGE_INTEGER){.QuadPart = due_time}, (LONG)period,
                                 true, &timer->Dpc);
}

BOOLEAN ExCancelTimer(PEX_TIMER timer, PEXT_CANCEL_PARAMETERS parameters)
{
    check(timer, "ExCancelTimer above DISPATCH_LEVEL");
    if (parameters != NULL)
        ki_violation(TIMER_OR_DPC_INVALID, "ExCancelTimer: parameters must be NULL",
                     (ULONG_PTR)timer, (ULONG_PTR)parameters);
    return (BOOLEAN)ki_cancel_timer(&timer->Timer);
}

static void check_delete(PEX_TIMER timer, BOOLEAN cancel, BOOLEAN wait)
{
    check(timer, "ExDeleteTimer above DISPATCH_LEVEL");
    if (wait && !cancel)
        ki_violation(TIMER_OR_DPC_INVALID, "ExDeleteTimer: Wait without Cancel", (ULONG_PTR)timer,
                     0);
    if (wait)
        ki_require_irql(APC_LEVEL, "ExDeleteTimer with Wait above APC_LEVEL");
}

BOOLEAN ExDeleteTimer(PEX_TIMER timer, BOOLEAN cancel, BOOLEAN wait,
                      PEXT_DELETE_PARAMETERS parameters)
{
    KEVENT over;
    check_delete(timer, cancel, wait);
    bool cancelled = cancel && ki_cancel_timer(&timer->Timer);
    KeInitializeEvent(&over, NotificationEvent, FALSE);
    timer->DeleteCallback = parameters != NULL ? parameters->DeleteCallback : NULL;
    timer->DeleteContext = parameters != NULL ? parameters->DeleteContext : NULL;
    timer->Waiter = wait ? &over : NULL;
    timer->Deleted = true;
    (void)KeInsertQueueDpc(&timer->DeleteDpc, NULL, NULL); // the timer may be gone from here on
    if (wait)
        KeWaitForSingleObject(&over, Executive, KernelMode, FALSE, NULL);
    return (BOOLEAN)cancelled;
}
