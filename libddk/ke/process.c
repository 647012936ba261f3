// SPDX-License-Identifier: MIT
//
// Process objects by id: the system process, which is this driver's task, and applications whose
// requests it serves or that it looks up. `known` holds a reference to each; one that nobody else
// refers to gives its place to a newcomer. A process that has ended is signalled and leaves.

#include "../ob/ob.h"

#define SYSTEM_PROCESS_ID 4u
#define MOST_KNOWN        64u

struct _KPROCESS {
    DISPATCHER_HEADER Header;
    LIST_ENTRY Entry; // most recently used first
    ULONG Id;
};

static LIST_ENTRY known = {&known, &known};
static ULONG known_count;
static struct ki_lock lock;

static PEPROCESS make_process(ULONG id)
{
    PEPROCESS process = ob_allocate(sizeof(*process), ob_process_type, NULL, 'corP');
    if (process == NULL)
        ki_die(0, 0, 0, 0, 0, "no memory for a process object");
    ki_init_header(&process->Header, KI_EVENT_NOTIFICATION, sizeof(*process) / sizeof(LONG), 0);
    process->Id = id;
    return process;
}

// Lock held.
static PEPROCESS find(ULONG id)
{
    for (PLIST_ENTRY at = known.Flink; at != &known; at = at->Flink) {
        PEPROCESS process = CONTAINING_RECORD(at, struct _KPROCESS, Entry);
        if (process->Id != id)
            continue;
        RemoveEntryList(at);
        InsertHeadList(&known, at);
        return process;
    }
    return NULL;
}

// Lock held. The least recently used one that only the list refers to, taken out.
static PEPROCESS make_room(void)
{
    if (known_count < MOST_KNOWN)
        return NULL;
    for (PLIST_ENTRY at = known.Blink; at != &known; at = at->Blink) {
        PEPROCESS process = CONTAINING_RECORD(at, struct _KPROCESS, Entry);
        if (ob_header(process)->References != 1 || process->Id == SYSTEM_PROCESS_ID)
            continue;
        RemoveEntryList(at);
        known_count--;
        return process;
    }
    return NULL;
}

// Referenced. The loser of a race gives its own away.
static PEPROCESS process_of(ULONG id)
{
    PEPROCESS made = NULL, old = NULL;
    ki_acquire(&lock);
    PEPROCESS process = find(id);
    if (process != NULL)
        ObfReferenceObject(process);
    ki_release(&lock);
    if (process != NULL)
        return process;
    made = make_process(id);
    ki_acquire(&lock);
    process = find(id);
    if (process == NULL) {
        old = make_room();
        process = made;
        made = NULL;
        InsertHeadList(&known, &process->Entry);
        known_count++;
    }
    ObfReferenceObject(process);
    ki_release(&lock);
    if (made != NULL)
        ObfDereferenceObject(made);
    if (old != NULL)
        ObfDereferenceObject(old);
    return process;
}

PEPROCESS ki_process(ULONG id)
{
    return process_of(id);
}

void ki_process_ended(ULONG id)
{
    ki_acquire(&lock);
    PEPROCESS process = find(id);
    if (process != NULL) {
        RemoveEntryList(&process->Entry);
        known_count--;
    }
    ki_release(&lock);
    if (process == NULL)
        return;
    ki_acquire(&ki_dispatcher);
    process->Header.SignalState = 1;
    ki_signal(&process->Header);
    ki_release_dispatcher();
    ObfDereferenceObject(process);
}

// The list keeps it: nothing is looked up that is in use, and the current process is.
static PEPROCESS borrowed(ULONG id)
{
    PEPROCESS process = process_of(id);
    ObfDereferenceObject(process);
    return process;
}

PEPROCESS PsGetCurrentProcess(VOID)
{
    ULONG id = ki_thread()->Requestor;
    return borrowed(id != 0 ? id : SYSTEM_PROCESS_ID);
}

PEPROCESS IoGetCurrentProcess(VOID)
{
    return PsGetCurrentProcess();
}

PEPROCESS IoGetRequestorProcess(PIRP irp)
{
    ULONG id = IoGetRequestorProcessId(irp);
    return borrowed(id != 0 && irp->RequestorMode == UserMode ? id : SYSTEM_PROCESS_ID);
}

NTSTATUS PsLookupProcessByProcessId(HANDLE id, PEPROCESS *process)
{
    ki_require_irql(APC_LEVEL, "PsLookupProcessByProcessId above APC_LEVEL");
    *process = NULL;
    if ((ULONG_PTR)id > MAXULONG || id == NULL)
        return STATUS_INVALID_CID;
    if (HandleToULong(id) != SYSTEM_PROCESS_ID && !port_find_process(HandleToULong(id)))
        return STATUS_INVALID_CID;
    *process = process_of(HandleToULong(id));
    return STATUS_SUCCESS;
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
