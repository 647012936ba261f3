// SPDX-License-Identifier: MIT
//
// DPCs and timers. A DPC runs at DISPATCH_LEVEL on the task's dispatch thread; a DPC that is queued
// cannot be queued again until it starts to run. Timers count in 100 ns, periods in milliseconds.
// The memory of both belongs to the driver and stays valid until dequeued, cancelled and flushed.
// Documentation: "Introduction to DPC Objects", "Timer Objects and DPCs".

#ifndef DDK_DPC_H
#define DDK_DPC_H

struct _KDPC;
typedef VOID KDEFERRED_ROUTINE(struct _KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2);
typedef KDEFERRED_ROUTINE *PKDEFERRED_ROUTINE;

typedef enum _KDPC_IMPORTANCE {
    LowImportance,
    MediumImportance,
    HighImportance,
    MediumHighImportance
} KDPC_IMPORTANCE;

typedef struct _KDPC {
    union {
        ULONG TargetInfoAsUlong;
        struct {
            UCHAR Type;
            UCHAR Importance;
            volatile USHORT Number;
        };
    };
    SINGLE_LIST_ENTRY DpcListEntry;
    KAFFINITY ProcessorHistory;
    PKDEFERRED_ROUTINE DeferredRoutine;
    PVOID DeferredContext;
    PVOID SystemArgument1;
    PVOID SystemArgument2;
    PVOID DpcData;
} KDPC, *PKDPC, *PRKDPC;
C_ASSERT(sizeof(KDPC) == 64);

VOID KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context);
VOID KeInitializeThreadedDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context);

// FALSE when it was queued already (the arguments are then not changed). Any IRQL.
BOOLEAN KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2);

// TRUE when it was queued and now is not. Any IRQL.
BOOLEAN KeRemoveQueueDpc(PRKDPC dpc);

// Returns when every DPC queued before the call has run. PASSIVE_LEVEL, not in a DPC.
VOID KeFlushQueuedDpcs(VOID);
VOID KeSetImportanceDpc(PRKDPC dpc, KDPC_IMPORTANCE importance);
VOID KeSetTargetProcessorDpc(PRKDPC dpc, CCHAR number);

typedef struct _KTIMER {
    DISPATCHER_HEADER Header;
    ULARGE_INTEGER DueTime;
    LIST_ENTRY TimerListEntry;
    PKDPC Dpc;
    ULONG Processor;
    LONG Period;
} KTIMER, *PKTIMER, *PRKTIMER;
C_ASSERT(sizeof(KTIMER) == 64);

VOID KeInitializeTimer(PKTIMER timer);
VOID KeInitializeTimerEx(PKTIMER timer, TIMER_TYPE type);

// Sets, cancelling an earlier setting; TRUE when the timer was set. Negative due time: relative;
// positive: absolute system time. A set timer is not signalled. IRQL <= DISPATCH_LEVEL.
BOOLEAN KeSetTimer(PKTIMER timer, LARGE_INTEGER due_time, PKDPC dpc);
BOOLEAN KeSetTimerEx(PKTIMER timer, LARGE_INTEGER due_time, LONG period, PKDPC dpc);
BOOLEAN KeSetCoalescableTimer(PKTIMER timer, LARGE_INTEGER due_time, ULONG period, ULONG tolerance,
                              PKDPC dpc);

// TRUE when the timer was set. FALSE: its DPC may be queued or running (KeFlushQueuedDpcs).
BOOLEAN KeCancelTimer(PKTIMER timer);
BOOLEAN KeReadStateTimer(PKTIMER timer);

// Times in 100 ns: system time since 1601 (UTC), interrupt time since boot. Any IRQL.
VOID KeQuerySystemTime(PLARGE_INTEGER time);
VOID KeQuerySystemTimePrecise(PLARGE_INTEGER time);

// Of this kit: the driver of a clock says what time it is now. Other drivers see it within a
// minute. PASSIVE_LEVEL.
VOID DdkSetSystemTime(const LARGE_INTEGER *time);
ULONGLONG KeQueryInterruptTime(VOID);
ULONGLONG KeQueryInterruptTimePrecise(PULONG64 qpc);
ULONGLONG KeQueryUnbiasedInterruptTime(VOID);
ULONGLONG KeQueryUnbiasedInterruptTimePrecise(PULONG64 qpc);
VOID KeQueryTickCount(PLARGE_INTEGER count);

// 100 ns units a tick of KeQueryTickCount.
ULONG KeQueryTimeIncrement(VOID);

// Counter and, unless NULL, its frequency in Hz.
LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER frequency);

// Busy-waits; keep below 50 microseconds. Any IRQL.
VOID KeStallExecutionProcessor(ULONG microseconds);
VOID ExSystemTimeToLocalTime(PLARGE_INTEGER system, PLARGE_INTEGER local);
VOID ExLocalTimeToSystemTime(PLARGE_INTEGER local, PLARGE_INTEGER system);

#endif
