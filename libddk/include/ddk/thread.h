// SPDX-License-Identifier: MIT
//
// Threads, processes, processors, work items without a device.
// Documentation: nf-wdm-pscreatesystemthread and neighbours.

#ifndef DDK_THREAD_H
#define DDK_THREAD_H

typedef VOID KSTART_ROUTINE(PVOID context);
typedef KSTART_ROUTINE *PKSTART_ROUTINE;
typedef struct _CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

#define LOW_PRIORITY          0
#define LOW_REALTIME_PRIORITY 16
#define HIGH_PRIORITY         31

// A thread of this task at PASSIVE_LEVEL. *handle is closed with ZwClose; to wait for the end take
// a reference with ObReferenceObjectByHandle. PASSIVE_LEVEL.
NTSTATUS PsCreateSystemThread(PHANDLE handle, ULONG access, POBJECT_ATTRIBUTES attributes,
                              HANDLE process, PCLIENT_ID client, PKSTART_ROUTINE start,
                              PVOID context);
// It runs in a critical region, and must leave IRQL, locks and regions as it found them.
// Ends the calling thread, which PsCreateSystemThread made; else STATUS_INVALID_PARAMETER.
// PASSIVE_LEVEL.
NTSTATUS PsTerminateSystemThread(NTSTATUS status);
PKTHREAD KeGetCurrentThread(VOID);
#define PsGetCurrentThread() ((PETHREAD)KeGetCurrentThread())
HANDLE PsGetCurrentThreadId(VOID);
// Priorities 1 to 31; the old one is returned. Kept, but without effect on the scheduler, which
// runs all threads of a driver task alike. PASSIVE_LEVEL.
KPRIORITY KeSetPriorityThread(PKTHREAD thread, KPRIORITY priority);
KPRIORITY KeQueryPriorityThread(PKTHREAD thread);
// UserMode while a request that came straight from an application is dispatched on this thread.
KPROCESSOR_MODE ExGetPreviousMode(VOID);
ULONG KeGetCurrentProcessorNumber(VOID);
ULONG KeQueryActiveProcessorCount(PKAFFINITY active);
ULONG KeQueryActiveProcessorCountEx(USHORT group);
ULONG KeQueryMaximumProcessorCountEx(USHORT group);
ULONG KeGetRecommendedSharedDataAlignment(VOID);
USHORT KeQueryHighestNodeNumber(VOID);
USHORT KeGetCurrentNodeNumber(VOID);
#define ALL_PROCESSOR_GROUPS 0xffff

#include <ddk/callback.h>
#include <ddk/ex_timer.h>
#include <ddk/process.h>

// Work items of drivers without a device (older form). The item is the caller's, dequeued before
// its routine runs.
typedef VOID WORKER_THREAD_ROUTINE(PVOID parameter);
typedef WORKER_THREAD_ROUTINE *PWORKER_THREAD_ROUTINE;
typedef struct _WORK_QUEUE_ITEM {
    LIST_ENTRY List;
    PWORKER_THREAD_ROUTINE WorkerRoutine;
    volatile PVOID Parameter;
} WORK_QUEUE_ITEM, *PWORK_QUEUE_ITEM;
#define ExInitializeWorkItem(item, routine, context)                                               \
    ((item)->WorkerRoutine = (routine), (item)->Parameter = (context), (item)->List.Flink = NULL)
VOID ExQueueWorkItem(PWORK_QUEUE_ITEM item, WORK_QUEUE_TYPE queue);

// A new GUID. RPC_NT_UUID_LOCAL_ONLY (a success): there is no source of randomness or network
// address here that would make it unique beyond this computer. PASSIVE_LEVEL.
NTSTATUS ExUuidCreate(GUID *uuid);

#endif
