// SPDX-License-Identifier: MIT
//
// The process object, process ids, and notifications of processes.
// Notifications: a table of routines under notify_lock; Calls counts the calls in progress of each,
// so that removing can wait for them. The port tells of processes through ki_process_event.

#include "../ob/ob.h"
#include "ki.h"

#define SYSTEM_PROCESS_ID  4u
#define ROUTINES           64u
#define WAIT_A_MILLISECOND (-10000LL)

struct _KPROCESS {
    DISPATCHER_HEADER Header;
    ULONG Id;
};

static struct {
    PCREATE_PROCESS_NOTIFY_ROUTINE_EX Routine;
    volatile LONG Calls;
} routines[ROUTINES];
static struct ki_lock notify_lock;
static volatile LONG watching;

static PEPROCESS make_process(ULONG id)
{
    PEPROCESS process = ob_allocate(sizeof(*process), ob_process_type, NULL, 'corP');
    if (process == NULL)
        ki_die(0, 0, 0, 0, 0, "no memory for a process object");
    ki_init_header(&process->Header, KI_EVENT_NOTIFICATION, sizeof(*process) / sizeof(LONG), 0);
    process->Id = id;
    return process;
}

// Made on first use; the loser of a race gives its own away.
PEPROCESS PsGetCurrentProcess(VOID)
{
    static PVOID volatile process;
    PVOID now = __atomic_load_n(&process, __ATOMIC_ACQUIRE);
    if (now != NULL)
        return now;
    PEPROCESS own = make_process(SYSTEM_PROCESS_ID);
    now = InterlockedCompareExchangePointer(&process, own, NULL);
    if (now == NULL)
        return own;
    ObfDereferenceObject(own);
    return now;
}

PEPROCESS IoGetCurrentProcess(VOID)
{
    return PsGetCurrentProcess();
}

HANDLE PsGetProcessId(PEPROCESS process)
{
    return ULongToHandle(process->Id);
}

HANDLE PsGetThreadProcessId(PETHREAD thread)
{
    return ULongToHandle(thread->Requestor != 0 ? thread->Requestor : SYSTEM_PROCESS_ID);
}

HANDLE PsGetCurrentProcessId(VOID)
{
    return PsGetThreadProcessId(ki_thread());
}

static ULONG find(PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine)
{
    ULONG i = 0;
    while (i < ROUTINES && routines[i].Routine != routine)
        i++;
    return i;
}

static NTSTATUS add(PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine)
{
    if (InterlockedExchange(&watching, 1) == 0 && !port_watch_processes()) {
        watching = 0;
        return STATUS_NOT_SUPPORTED;
    }
    ki_acquire(&notify_lock);
    ULONG free = find(NULL);
    bool taken = routine != NULL && free < ROUTINES && find(routine) == ROUTINES;
    if (taken)
        routines[free].Routine = routine;
    ki_release(&notify_lock);
    return taken ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static NTSTATUS take_out(PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine)
{
    LARGE_INTEGER moment = {.QuadPart = WAIT_A_MILLISECOND};
    ki_acquire(&notify_lock);
    ULONG i = routine != NULL ? find(routine) : ROUTINES;
    if (i < ROUTINES)
        routines[i].Routine = NULL;
    ki_release(&notify_lock);
    if (i == ROUTINES)
        return STATUS_INVALID_PARAMETER;
    while (__atomic_load_n(&routines[i].Calls, __ATOMIC_ACQUIRE) != 0)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    return STATUS_SUCCESS;
}

NTSTATUS PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine,
                                           BOOLEAN remove)
{
    ki_require_irql(PASSIVE_LEVEL, "PsSetCreateProcessNotifyRoutineEx above PASSIVE_LEVEL");
    return remove ? take_out(routine) : add(routine);
}

static void call(ULONG i, PEPROCESS process, PPS_CREATE_NOTIFY_INFO info)
{
    struct ki_state state;
    ki_acquire(&notify_lock);
    PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine = routines[i].Routine;
    if (routine != NULL)
        InterlockedIncrement(&routines[i].Calls);
    ki_release(&notify_lock);
    if (routine == NULL)
        return;
    KeEnterCriticalRegion();
    ki_enter(&state, KI_IN_NOTIFICATION, (void *)routine, NULL, NULL);
    routine(process, ULongToHandle(process->Id), info);
    ki_check_state(&state, "process notification returned with IRQL or locks changed",
                   (void *)routine);
    KeLeaveCriticalRegion();
    InterlockedDecrement(&routines[i].Calls);
}

NTSTATUS ki_process_event(ULONG id, ULONG parent, PCUNICODE_STRING image, bool created)
{
    PS_CREATE_NOTIFY_INFO info = {
        .Size = sizeof(info),
        .ParentProcessId = ULongToHandle(parent),
        .CreatingThreadId = {ULongToHandle(parent), NULL},
        .ImageFileName = image,
        .CreationStatus = STATUS_SUCCESS,
    };
    PEPROCESS process = make_process(id);
    for (ULONG i = 0; i < ROUTINES; i++)
        call(i, process, created ? &info : NULL);
    ObfDereferenceObject(process);
    return info.CreationStatus;
}
