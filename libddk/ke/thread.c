// SPDX-License-Identifier: MIT
//
// Thread objects. A KTHREAD is an object with references: one belongs to the running thread itself
// and goes when it ends. Threads that the kit did not start get theirs on first use.

#include "../ob/ob.h"
#include "ki.h"

static volatile LONG next_id = 1;

PKTHREAD ki_thread_allocate(void)
{
    PKTHREAD thread = ob_allocate(sizeof(*thread), ob_thread_type, NULL, 'erhT');
    if (thread == NULL)
        return NULL;
    ki_init_header(&thread->Header, KI_THREAD, sizeof(*thread) / sizeof(LONG), 0);
    thread->Id = (ULONG)InterlockedIncrement(&next_id) * 4;
    thread->Priority = LOW_REALTIME_PRIORITY / 2;
    InitializeListHead(&thread->Irps);
    InitializeListHead(&thread->Mutants);
    return thread;
}

KI_COLD PKTHREAD ki_thread_adopt(void)
{
    PKTHREAD thread = ki_thread_allocate();
    if (thread == NULL)
        ki_die(0, 0, 0, 0, 0, "no memory for a thread object");
    thread->Port = port_thread_current();
    port_set_thread_value(thread);
    return thread;
}

static volatile LONG system_threads;

PKTHREAD KeGetCurrentThread(VOID)
{
    return ki_thread();
}

ULONG ki_system_threads(void)
{
    return (ULONG)system_threads;
}

// What a thread must have given back when it ends.
static void check_end(PKTHREAD thread)
{
    const struct ki_state start = {.CriticalDepth = 1, .Kind = KI_IN_THREAD};
    if (!IsListEmpty(&thread->Mutants))
        ki_violation(THREAD_TERMINATE_HELD_MUTEX, "thread ends that owns a mutex",
                     (ULONG_PTR)thread,
                     (ULONG_PTR)CONTAINING_RECORD(thread->Mutants.Flink, KMUTEX, MutantListEntry));
    ki_check_state(&start, "system thread ends with IRQL or locks changed", (void *)thread->Start);
}

DECLSPEC_NORETURN static void end_thread(PKTHREAD thread)
{
    io_cancel_thread_irps(thread);
    check_end(thread);
    InterlockedDecrement(&system_threads);
    ki_acquire(&ki_dispatcher);
    thread->Header.SignalState = 1;
    ki_signal(&thread->Header);
    ki_release_dispatcher();
    ObfDereferenceObject(thread);
    port_set_thread_value(NULL);
    port_thread_exit();
}

static void system_thread_entry(void *argument)
{
    PKTHREAD thread = argument;
    struct ki_state state;
    port_set_thread_value(thread);
    thread->Port = port_thread_current();
    thread->CriticalDepth = 1; // as documented: normal kernel APCs are off for its life
    ki_enter(&state, KI_IN_THREAD, (void *)thread->Start, NULL, NULL);
    thread->Start(thread->Context);
    end_thread(thread);
}

NTSTATUS PsCreateSystemThread(PHANDLE handle, ULONG access, POBJECT_ATTRIBUTES attributes,
                              HANDLE process, PCLIENT_ID client, PKSTART_ROUTINE start,
                              PVOID context)
{
    PKTHREAD thread;
    (void)process;
    ki_require_irql(PASSIVE_LEVEL, "PsCreateSystemThread above PASSIVE_LEVEL");
    if ((thread = ki_thread_allocate()) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    thread->Start = start;
    thread->Context = context;
    thread->System = TRUE;
    ULONG flags = attributes != NULL ? attributes->Attributes : 0;
    NTSTATUS status = ob_open_handle(thread, flags, access, KernelMode, handle);
    if (!NT_SUCCESS(status)) {
        ObfDereferenceObject(thread);
        return status;
    }
    if (client != NULL)
        *client = (CLIENT_ID){PsGetCurrentProcessId(), ULongToHandle(thread->Id)};
    InterlockedIncrement(&system_threads);
    if (port_thread_create(system_thread_entry, thread) == NULL) {
        InterlockedDecrement(&system_threads);
        ZwClose(*handle);
        ObfDereferenceObject(thread);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

NTSTATUS PsTerminateSystemThread(NTSTATUS status)
{
    PKTHREAD thread = ki_thread();
    ki_require_irql(PASSIVE_LEVEL, "PsTerminateSystemThread above PASSIVE_LEVEL");
    if (!thread->System)
        return STATUS_INVALID_PARAMETER;
    thread->ExitStatus = status;
    end_thread(thread);
}

HANDLE PsGetCurrentThreadId(VOID)
{
    return ULongToHandle(ki_thread()->Id);
}

// Threads of a driver task all run below the dispatch thread, with the task's priority: the number
// is kept for KeQueryPriorityThread.
KPRIORITY KeSetPriorityThread(PKTHREAD thread, KPRIORITY priority)
{
    ki_require_irql(PASSIVE_LEVEL, "KeSetPriorityThread above PASSIVE_LEVEL");
    if (priority <= LOW_PRIORITY || priority > HIGH_PRIORITY)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "KeSetPriorityThread: priority is not above LOW_PRIORITY and <= HIGH_PRIORITY",
                     (ULONG_PTR)thread, (ULONG_PTR)(ULONG)priority);
    KPRIORITY old = thread->Priority;
    thread->Priority = priority;
    return old;
}

KPRIORITY KeQueryPriorityThread(PKTHREAD thread)
{
    ki_require_irql(PASSIVE_LEVEL, "KeQueryPriorityThread above PASSIVE_LEVEL");
    return thread->Priority;
}

KPROCESSOR_MODE ExGetPreviousMode(VOID)
{
    ki_require_irql(DISPATCH_LEVEL, "ExGetPreviousMode above DISPATCH_LEVEL");
    return ki_thread()->PreviousMode;
}

// A thread may run on any hart: the number is advice, as on Windows below DISPATCH_LEVEL.
ULONG KeGetCurrentProcessorNumber(VOID)
{
    return 0;
}

ULONG KeQueryActiveProcessorCount(PKAFFINITY active)
{
    ULONG count = port_processors();
    if (active != NULL)
        *active = count >= 64 ? ~(KAFFINITY)0 : ((KAFFINITY)1 << count) - 1;
    return count;
}

ULONG KeQueryActiveProcessorCountEx(USHORT group)
{
    return group == 0 || group == ALL_PROCESSOR_GROUPS ? port_processors() : 0;
}

ULONG KeQueryMaximumProcessorCountEx(USHORT group)
{
    return KeQueryActiveProcessorCountEx(group);
}

ULONG KeGetRecommendedSharedDataAlignment(VOID)
{
    return 64;
}

USHORT KeQueryHighestNodeNumber(VOID)
{
    return 0;
}

USHORT KeGetCurrentNodeNumber(VOID)
{
    return 0;
}
