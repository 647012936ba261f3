// SPDX-License-Identifier: MIT
//
// Notifications of processes, threads and images. One table of routines under `lock`; Calls counts
// the calls in progress of each, so that removing can wait for them. The port tells of what
// happens through ki_process_event and its neighbours.

#include "../ob/ob.h"

#define ROUTINES           64u // of each kind
#define WAIT_A_MILLISECOND (-10000LL)

enum kind { PROCESS, PROCESS_EX, THREAD, IMAGE, KINDS };

typedef void (*routine)(void);
static struct entry {
    routine Routine;
    volatile LONG Calls;
} table[KINDS][ROUTINES];
static struct ki_lock lock;
static ULONG watched; // kinds that the port tells of

static ULONG find(enum kind kind, routine wanted)
{
    ULONG i = 0;
    while (i < ROUTINES && table[kind][i].Routine != wanted)
        i++;
    return i;
}

static bool watch(enum kind kind)
{
    ULONG wanted = kind == THREAD ? PORT_WATCH_THREADS : PORT_WATCH_PROCESSES;
    ki_acquire(&lock);
    ULONG all = watched | wanted;
    bool known = all == watched;
    watched = all;
    ki_release(&lock);
    return known || port_watch_processes(all);
}

static NTSTATUS add(enum kind kind, routine wanted)
{
    if (!watch(kind))
        return STATUS_NOT_SUPPORTED;
    ki_acquire(&lock);
    ULONG place = find(kind, NULL);
    bool taken = wanted != NULL && place < ROUTINES && find(kind, wanted) == ROUTINES;
    if (taken)
        table[kind][place].Routine = wanted;
    ki_release(&lock);
    return taken ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static bool take_out(enum kind kind, routine wanted)
{
    LARGE_INTEGER moment = {.QuadPart = WAIT_A_MILLISECOND};
    ki_acquire(&lock);
    ULONG i = wanted != NULL ? find(kind, wanted) : ROUTINES;
    if (i < ROUTINES)
        table[kind][i].Routine = NULL;
    ki_release(&lock);
    while (i < ROUTINES && __atomic_load_n(&table[kind][i].Calls, __ATOMIC_ACQUIRE) != 0)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    return i < ROUTINES;
}

static NTSTATUS change(enum kind kind, routine wanted, bool remove)
{
    if (!remove)
        return add(kind, wanted);
    return take_out(kind, wanted) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX wanted, BOOLEAN remove)
{
    ki_require_irql(PASSIVE_LEVEL, "PsSetCreateProcessNotifyRoutineEx above PASSIVE_LEVEL");
    return change(PROCESS_EX, (routine)wanted, remove);
}

NTSTATUS PsSetCreateProcessNotifyRoutineEx2(PSCREATEPROCESSNOTIFYTYPE type, PVOID wanted,
                                            BOOLEAN remove)
{
    ki_require_irql(PASSIVE_LEVEL, "PsSetCreateProcessNotifyRoutineEx2 above PASSIVE_LEVEL");
    if (type != PsCreateProcessNotifySubsystems)
        return STATUS_INVALID_PARAMETER;
    return change(PROCESS_EX, (routine)(ULONG_PTR)wanted, remove);
}

NTSTATUS PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE wanted, BOOLEAN remove)
{
    ki_require_irql(PASSIVE_LEVEL, "PsSetCreateProcessNotifyRoutine above PASSIVE_LEVEL");
    return change(PROCESS, (routine)wanted, remove);
}

// These have no answer for a routine that is registered already: the page knows only a full table.
static NTSTATUS add_or_full(enum kind kind, routine wanted)
{
    NTSTATUS status = add(kind, wanted);
    return status == STATUS_INVALID_PARAMETER ? STATUS_INSUFFICIENT_RESOURCES : status;
}

NTSTATUS PsSetCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE wanted)
{
    ki_require_irql(PASSIVE_LEVEL, "PsSetCreateThreadNotifyRoutine above PASSIVE_LEVEL");
    return add_or_full(THREAD, (routine)wanted);
}

NTSTATUS PsRemoveCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE wanted)
{
    ki_require_irql(PASSIVE_LEVEL, "PsRemoveCreateThreadNotifyRoutine above PASSIVE_LEVEL");
    return take_out(THREAD, (routine)wanted) ? STATUS_SUCCESS : STATUS_PROCEDURE_NOT_FOUND;
}

NTSTATUS PsSetLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE wanted)
{
    ki_require_irql(PASSIVE_LEVEL, "PsSetLoadImageNotifyRoutine above PASSIVE_LEVEL");
    return add_or_full(IMAGE, (routine)wanted);
}

NTSTATUS PsRemoveLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE wanted)
{
    ki_require_irql(PASSIVE_LEVEL, "PsRemoveLoadImageNotifyRoutine above PASSIVE_LEVEL");
    return take_out(IMAGE, (routine)wanted) ? STATUS_SUCCESS : STATUS_PROCEDURE_NOT_FOUND;
}

// --- Telling

struct event {
    ULONG Process, Parent, Thread;
    bool Created;
    PEPROCESS Object;
    PPS_CREATE_NOTIFY_INFO Info;
    PUNICODE_STRING ImageName;
    PIMAGE_INFO Image;
};

static void call(enum kind kind, routine one, const struct event *event)
{
    HANDLE process = ULongToHandle(event->Process);
    switch (kind) {
    case PROCESS_EX:
        ((PCREATE_PROCESS_NOTIFY_ROUTINE_EX)one)(event->Object, process, event->Info);
        break;
    case PROCESS:
        ((PCREATE_PROCESS_NOTIFY_ROUTINE)one)(ULongToHandle(event->Parent), process,
                                              event->Created);
        break;
    case THREAD:
        ((PCREATE_THREAD_NOTIFY_ROUTINE)one)(process, ULongToHandle(event->Thread), event->Created);
        break;
    default:
        ((PLOAD_IMAGE_NOTIFY_ROUTINE)one)(event->ImageName, process, event->Image);
        break;
    }
}

static void call_entry(enum kind kind, struct entry *entry, const struct event *event)
{
    struct ki_state state;
    ki_acquire(&lock);
    routine one = entry->Routine;
    if (one != NULL)
        InterlockedIncrement(&entry->Calls);
    ki_release(&lock);
    if (one == NULL)
        return;
    KeEnterCriticalRegion();
    ki_save_state(&state);
    call(kind, one, event);
    ki_check_state(&state, "process notification returned with IRQL or locks changed", (void *)one);
    KeLeaveCriticalRegion();
    InterlockedDecrement(&entry->Calls);
}

static void call_all(enum kind kind, const struct event *event)
{
    for (ULONG i = 0; i < ROUTINES; i++)
        call_entry(kind, &table[kind][i], event);
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
    struct event event = {.Process = id, .Parent = parent, .Created = created};
    event.Object = ki_process(id);
    event.Info = created ? &info : NULL;
    call_all(PROCESS_EX, &event);
    call_all(PROCESS, &event);
    if (!created)
        ki_process_ended(id);
    ObfDereferenceObject(event.Object);
    return info.CreationStatus;
}

void ki_thread_event(ULONG process, ULONG thread, bool created)
{
    const struct event event = {.Process = process, .Thread = thread, .Created = created};
    call_all(THREAD, &event);
}

void ki_image_event(ULONG process, PUNICODE_STRING name, ULONG_PTR base, SIZE_T bytes)
{
    IMAGE_INFO image = {.ImageAddressingMode = IMAGE_ADDRESSING_MODE_32BIT,
                        .ImageBase = (PVOID)base,
                        .ImageSize = bytes};
    const struct event event = {.Process = process, .ImageName = name, .Image = &image};
    call_all(IMAGE, &event);
}
