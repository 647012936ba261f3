// SPDX-License-Identifier: MIT
//
// Timers: a list ordered by due time (in port_monotonic units), under ki_dispatcher. A timer is in
// the list exactly while Header.Signalling is 1. Only the dispatch thread lets timers expire.

#include "ki.h"

#define TICKS_PER_MILLISECOND 10000u
#define TICK_INCREMENT        156250u

static LIST_ENTRY timers = {&timers, &timers};
static uint64_t earliest = PORT_FOREVER; // due time of the first, or before: one may be cancelled

void ki_check_timers(const void *memory, SIZE_T bytes)
{
    if (IsListEmpty(&timers))
        return;
    ki_acquire(&ki_dispatcher);
    PLIST_ENTRY entry = timers.Flink;
    while (entry != &timers && !ki_inside(entry, memory, bytes))
        entry = entry->Flink;
    ki_release(&ki_dispatcher);
    if (entry != &timers)
        ki_die(TIMER_OR_DPC_INVALID, 0, (ULONG_PTR)CONTAINING_RECORD(entry, KTIMER, TimerListEntry),
               (ULONG_PTR)memory, (ULONG_PTR)memory + bytes,
               "memory freed or reused with a timer in it that is set");
}

const void *ki_any_timer(const void *except)
{
    const KTIMER *found = NULL;
    ki_acquire(&ki_dispatcher);
    for (PLIST_ENTRY entry = timers.Flink; entry != &timers && found == NULL; entry = entry->Flink)
        if (CONTAINING_RECORD(entry, KTIMER, TimerListEntry) != except)
            found = CONTAINING_RECORD(entry, KTIMER, TimerListEntry);
    ki_release(&ki_dispatcher);
    return found;
}

VOID KeInitializeTimerEx(PKTIMER timer, TIMER_TYPE type)
{
    ki_require_irql(DISPATCH_LEVEL, "KeInitializeTimer above DISPATCH_LEVEL");
    ki_check_timers(timer, sizeof(*timer));
    memset(timer, 0, sizeof(*timer));
    ki_init_header(&timer->Header,
                   type == NotificationTimer ? KI_TIMER_NOTIFICATION : KI_TIMER_SYNCHRONIZATION,
                   sizeof(*timer) / sizeof(LONG), 0);
}

VOID KeInitializeTimer(PKTIMER timer)
{
    KeInitializeTimerEx(timer, NotificationTimer);
}

// Returns true when the timer became the first one.
static bool insert(PKTIMER timer)
{
    PLIST_ENTRY entry = timers.Blink;
    while (entry != &timers && CONTAINING_RECORD(entry, KTIMER, TimerListEntry)->DueTime.QuadPart >
                                   timer->DueTime.QuadPart)
        entry = entry->Blink;
    InsertHeadList(entry, &timer->TimerListEntry);
    timer->Header.Signalling = 1;
    if (entry == &timers)
        __atomic_store_n(&earliest, (uint64_t)timer->DueTime.QuadPart, __ATOMIC_RELEASE);
    return entry == &timers;
}

static bool remove(PKTIMER timer)
{
    bool was_set = timer->Header.Signalling != 0;
    if (was_set)
        RemoveEntryList(&timer->TimerListEntry);
    timer->Header.Signalling = 0;
    return was_set;
}

static uint64_t absolute(LARGE_INTEGER due_time)
{
    uint64_t now = port_monotonic();
    if (due_time.QuadPart <= 0)
        return now - (uint64_t)due_time.QuadPart;
    uint64_t system = port_system_time(), due = (uint64_t)due_time.QuadPart;
    return due <= system ? now : now + (due - system);
}

static void check(PKTIMER timer)
{
    if ((timer->Header.Type != KI_TIMER_NOTIFICATION &&
         timer->Header.Type != KI_TIMER_SYNCHRONIZATION) ||
        timer->Header.WaitListHead.Flink == NULL)
        ki_violation(TIMER_OR_DPC_INVALID, "timer set or cancelled that was not initialised",
                     (ULONG_PTR)timer, 0);
}

bool ki_set_timer(PKTIMER timer, LARGE_INTEGER due_time, LONG period, bool fine, PKDPC dpc)
{
    check(timer);
    ki_acquire(&ki_dispatcher);
    bool was_set = remove(timer);
    timer->Header.SignalState = 0;
    timer->Dpc = dpc;
    timer->Period = period;
    timer->Header.Reserved = fine;
    timer->DueTime.QuadPart = absolute(due_time);
    bool first = insert(timer);
    ki_release_dispatcher();
    if (first)
        port_kick_dispatch();
    return was_set;
}

BOOLEAN KeSetTimerEx(PKTIMER timer, LARGE_INTEGER due_time, LONG period, PKDPC dpc)
{
    ki_require_irql(DISPATCH_LEVEL, "KeSetTimer above DISPATCH_LEVEL");
    if (period < 0)
        ki_violation(TIMER_OR_DPC_INVALID, "KeSetTimerEx with a negative period", (ULONG_PTR)timer,
                     (ULONG_PTR)(ULONG)period);
    if (dpc != NULL)
        ki_check_dpc(dpc);
    return (BOOLEAN)ki_set_timer(timer, due_time, period, false, dpc);
}

BOOLEAN KeSetTimer(PKTIMER timer, LARGE_INTEGER due_time, PKDPC dpc)
{
    return KeSetTimerEx(timer, due_time, 0, dpc);
}

BOOLEAN KeSetCoalescableTimer(PKTIMER timer, LARGE_INTEGER due_time, ULONG period, ULONG tolerance,
                              PKDPC dpc)
{
    (void)tolerance; // each timer is served by itself
    return KeSetTimerEx(timer, due_time, (LONG)period, dpc);
}

bool ki_cancel_timer(PKTIMER timer)
{
    check(timer);
    ki_acquire(&ki_dispatcher);
    bool was_set = remove(timer);
    ki_release_dispatcher();
    return was_set;
}

BOOLEAN KeCancelTimer(PKTIMER timer)
{
    ki_require_irql(DISPATCH_LEVEL, "KeCancelTimer above DISPATCH_LEVEL");
    return (BOOLEAN)ki_cancel_timer(timer);
}

BOOLEAN KeReadStateTimer(PKTIMER timer)
{
    ki_require_irql(DISPATCH_LEVEL, "KeReadStateTimer above DISPATCH_LEVEL");
    check(timer);
    return (BOOLEAN)(__atomic_load_n(&timer->Header.SignalState, __ATOMIC_ACQUIRE) != 0);
}

static void expire(PKTIMER timer, uint64_t now)
{
    PKDPC dpc = timer->Dpc;
    remove(timer);
    if (timer->Period > 0) {
        uint64_t unit = timer->Header.Reserved != 0 ? 1 : TICKS_PER_MILLISECOND;
        uint64_t period = (uint64_t)timer->Period * unit;
        timer->DueTime.QuadPart += period;
        if (timer->DueTime.QuadPart <= now) // never fall behind by more than one period
            timer->DueTime.QuadPart = now + period;
        insert(timer);
    }
    timer->Header.SignalState = 1;
    ki_signal(&timer->Header);
    if (dpc != NULL)
        KeInsertQueueDpc(dpc, ULongToPtr((ULONG)now), ULongToPtr((ULONG)(now >> 32)));
}

KI_COLD static uint64_t expire_all(void)
{
    uint64_t next = PORT_FOREVER, now = port_monotonic();
    BOOLEAN was_in_dpc = ki_thread()->InDpc;
    ki_thread()->InDpc = TRUE; // DPCs queued here run right after: no kick
    ki_acquire(&ki_dispatcher);
    while (!IsListEmpty(&timers)) {
        PKTIMER timer = CONTAINING_RECORD(timers.Flink, KTIMER, TimerListEntry);
        if (timer->DueTime.QuadPart > now) {
            next = timer->DueTime.QuadPart;
            break;
        }
        expire(timer, now);
    }
    __atomic_store_n(&earliest, next, __ATOMIC_RELEASE);
    ki_release_dispatcher();
    ki_thread()->InDpc = was_in_dpc;
    return next;
}

uint64_t ki_timers_expire(void)
{
    uint64_t next = __atomic_load_n(&earliest, __ATOMIC_RELAXED); // as DPCs (dpc.c)
    return next == PORT_FOREVER || next > port_monotonic() ? next : expire_all();
}

VOID KeQuerySystemTime(PLARGE_INTEGER time)
{
    time->QuadPart = (LONGLONG)port_system_time();
}

VOID KeQuerySystemTimePrecise(PLARGE_INTEGER time)
{
    KeQuerySystemTime(time);
}

ULONGLONG KeQueryInterruptTime(VOID)
{
    return port_monotonic();
}

ULONGLONG KeQueryInterruptTimePrecise(PULONG64 qpc)
{
    *qpc = port_counter();
    return port_monotonic();
}

ULONGLONG KeQueryUnbiasedInterruptTime(VOID)
{
    return port_monotonic();
}

ULONGLONG KeQueryUnbiasedInterruptTimePrecise(PULONG64 qpc)
{
    return KeQueryInterruptTimePrecise(qpc);
}

VOID KeQueryTickCount(PLARGE_INTEGER count)
{
    count->QuadPart = (LONGLONG)(port_monotonic() / TICK_INCREMENT);
}

ULONG KeQueryTimeIncrement(VOID)
{
    return TICK_INCREMENT;
}

LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER frequency)
{
    if (frequency != NULL)
        frequency->QuadPart = (LONGLONG)port_counter_frequency();
    return (LARGE_INTEGER){.QuadPart = (LONGLONG)port_counter()};
}

VOID KeStallExecutionProcessor(ULONG microseconds)
{
    uint64_t end = port_monotonic() + (uint64_t)microseconds * 10;
    while (port_monotonic() < end)
        continue;
}

VOID DdkSetSystemTime(const LARGE_INTEGER *time)
{
    port_set_system_time((uint64_t)time->QuadPart);
}

// The system keeps UTC as its local time.
VOID ExSystemTimeToLocalTime(PLARGE_INTEGER system, PLARGE_INTEGER local)
{
    *local = *system;
}

VOID ExLocalTimeToSystemTime(PLARGE_INTEGER local, PLARGE_INTEGER system)
{
    *system = *local;
}
