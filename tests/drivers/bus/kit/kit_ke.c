// SPDX-License-Identifier: MIT
//
// IRQL, locks, events, DPCs, memory and text. See strict_kit.h.
#include "kit_state.h"
#include "strict_kit.h"

#include <stdio.h>
#include <stdlib.h>

#define RANGES_MOST 8
#define DPCS_MOST   64
#define TIMERS      8

struct kit_state kit;
static PKDPC dpc_queue[DPCS_MOST];
static PKTIMER timers_set[TIMERS];
static unsigned timer_count;
static ULONG harts = 1, current_hart;

static struct {
    ULONGLONG physical;
    PUCHAR memory;
    SIZE_T bytes;
} ranges[RANGES_MOST];

VOID KitRule(BOOLEAN holds, const char *name)
{
    if (holds)
        return;
    fprintf(stderr, "driver kit: broken rule: %s\n", name);
    abort();
}

ULONG KitForgetMemory(VOID)
{
    ULONG left = (ULONG)(kit.pool_blocks + kit.mappings + kit.lists + kit.buffers + kit.adapters);
    left += timer_count;
    timer_count = 0;
    KitHarts(1);
    memset(ranges, 0, sizeof ranges);
    kit = (struct kit_state){};
    return left;
}

ULONG KitLeaks(VOID)
{
    return KitForgetDevices() + KitForgetInterrupt() + KitForgetMemory();
}

// --- IRQL, locks, events ------------------------------------------------------------------------

KIRQL KeGetCurrentIrql(VOID)
{
    return kit.irql;
}

KIRQL KfRaiseIrql(KIRQL to)
{
    KIRQL old = kit.irql;
    KitRule(to >= kit.irql, "raising the IRQL must not lower it");
    kit.irql = to;
    return old;
}

VOID KeLowerIrql(KIRQL to)
{
    KitRule(to <= kit.irql, "lowering the IRQL must not raise it");
    KitRule(kit.locks_held == 0 || to >= DISPATCH_LEVEL, "lowering the IRQL with a spin lock held");
    kit.irql = to;
}

VOID KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    *lock = 0;
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    KitRule(kit.irql >= DISPATCH_LEVEL, "KeAcquireSpinLockAtDpcLevel below DISPATCH_LEVEL");
    KitRule(*lock == 0, "a spin lock taken twice");
    *lock = 1;
    kit.locks_held++;
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock)
{
    KitRule(*lock == 1, "a spin lock released that is not held");
    *lock = 0;
    kit.locks_held--;
}

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(lock);
    return old;
}

VOID KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL old)
{
    KeReleaseSpinLockFromDpcLevel(lock);
    KeLowerIrql(old);
}

VOID KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    memset(event, 0, sizeof *event);
    UNREFERENCED_PARAMETER(type);
    event->Header.SignalState = state;
}

LONG KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    LONG old = event->Header.SignalState;
    UNREFERENCED_PARAMETER(increment);
    UNREFERENCED_PARAMETER(wait);
    event->Header.SignalState = 1;
    return old;
}

VOID KeClearEvent(PRKEVENT event)
{
    event->Header.SignalState = 0;
}

static VOID (*passing)(ULONG milliseconds);

// Nothing else runs: what is not signalled after the DPCs will not be.
NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    PRKEVENT event = object;
    UNREFERENCED_PARAMETER(reason);
    UNREFERENCED_PARAMETER(mode);
    UNREFERENCED_PARAMETER(alertable);
    KitRule(kit.irql < DISPATCH_LEVEL, "waiting at DISPATCH_LEVEL");
    KitRunDpcs();
    if (event->Header.SignalState)
        return STATUS_SUCCESS;
    KitRule(timeout != NULL, "waiting for ever for an event that nobody sets");
    return STATUS_TIMEOUT;
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER interval)
{
    UNREFERENCED_PARAMETER(mode);
    UNREFERENCED_PARAMETER(alertable);
    KitRule(kit.irql < DISPATCH_LEVEL, "waiting at DISPATCH_LEVEL");
    KitRule(passing != NULL, "waiting for another thread where there is none");
    passing((ULONG)(-interval->QuadPart / 10000));
    return STATUS_SUCCESS;
}

VOID KitTime(VOID (*routine)(ULONG milliseconds))
{
    passing = routine;
}

VOID ExInitializeFastMutex(PFAST_MUTEX mutex)
{
    mutex->Count = 1;
}

VOID ExAcquireFastMutex(PFAST_MUTEX mutex)
{
    KitRule(kit.irql <= APC_LEVEL && mutex->Count == 1,
            "a fast mutex taken twice or above APC_LEVEL");
    mutex->Count = 0;
    mutex->OldIrql = KfRaiseIrql(APC_LEVEL);
}

VOID ExReleaseFastMutex(PFAST_MUTEX mutex)
{
    KitRule(mutex->Count == 0, "a fast mutex released that is not held");
    mutex->Count = 1;
    KeLowerIrql((KIRQL)mutex->OldIrql);
}

// --- DPCs ---------------------------------------------------------------------------------------

VOID KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    *dpc = (KDPC){.DeferredRoutine = routine, .DeferredContext = context};
}

BOOLEAN KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    for (unsigned i = 0; i < kit.dpc_count; i++)
        if (dpc_queue[i] == dpc)
            return FALSE;
    dpc->SystemArgument1 = argument1;
    dpc->SystemArgument2 = argument2;
    dpc_queue[kit.dpc_count++] = dpc;
    return TRUE;
}

VOID KitRunDpcs(VOID)
{
    while (kit.dpc_count > 0) {
        PKDPC dpc = dpc_queue[--kit.dpc_count];
        KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
        dpc->DeferredRoutine(dpc, dpc->DeferredContext, dpc->SystemArgument1, dpc->SystemArgument2);
        KitRule(kit.irql == DISPATCH_LEVEL && kit.locks_held == 0,
                "a DPC leaves a lock or another IRQL");
        KeLowerIrql(old);
    }
}

VOID KeFlushQueuedDpcs(VOID)
{
    KitRunDpcs();
}

// --- Timers: set ones fire when the test says so ---

VOID KeInitializeTimer(PKTIMER timer)
{
    memset(timer, 0, sizeof *timer);
}

BOOLEAN KeSetTimer(PKTIMER timer, LARGE_INTEGER due_time, PKDPC dpc)
{
    BOOLEAN was_set = KeCancelTimer(timer);
    KitRule(due_time.QuadPart < 0 && dpc != NULL, "this kit has relative timers with a DPC");
    KitRule(timer_count < TIMERS, "more timers than the kit has");
    timer->Dpc = dpc;
    timers_set[timer_count++] = timer;
    return was_set;
}

BOOLEAN KeCancelTimer(PKTIMER timer)
{
    for (unsigned i = 0; i < timer_count; i++)
        if (timers_set[i] == timer) {
            timers_set[i] = timers_set[--timer_count];
            return TRUE;
        }
    return FALSE;
}

BOOLEAN KitFireTimer(VOID)
{
    unsigned count = timer_count;
    timer_count = 0;
    for (unsigned i = 0; i < count; i++)
        KeInsertQueueDpc(timers_set[i]->Dpc, NULL, NULL);
    KitRunDpcs();
    return count > 0;
}

VOID KeQuerySystemTime(PLARGE_INTEGER time)
{
    time->QuadPart = 0;
}

// --- Harts --------------------------------------------------------------------------------------

VOID KitHarts(ULONG count)
{
    harts = count;
    current_hart = 0;
}

VOID KitGoTo(ULONG hart)
{
    KitRule(hart < harts, "going to a hart that there is not");
    current_hart = hart;
}

ULONG KeQueryActiveProcessorCountEx(USHORT group)
{
    UNREFERENCED_PARAMETER(group);
    return harts;
}

ULONG KeGetCurrentProcessorNumber(VOID)
{
    return current_hart;
}

// A work item runs at once: there is one thread.
#define WORK_MOST 8u

// Work items run as soon as the IRQL allows it.
static struct work {
    PIO_WORKITEM item;
    PIO_WORKITEM_ROUTINE routine;
    PVOID context;
} work[WORK_MOST];
static unsigned work_count;

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT *item = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *item, 1);
    *item = device;
    return (PIO_WORKITEM)item;
}

VOID IoFreeWorkItem(PIO_WORKITEM item)
{
    ExFreePool(item);
}

VOID IoQueueWorkItem(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE queue,
                     PVOID context)
{
    UNREFERENCED_PARAMETER(queue);
    KitRule(work_count < WORK_MOST, "more work items than the kit has");
    work[work_count++] = (struct work){item, routine, context};
    KitRunWork();
}

VOID KitRunWork(VOID)
{
    while (kit.irql == PASSIVE_LEVEL && work_count > 0) {
        struct work first = work[0];
        memmove(work, work + 1, --work_count * sizeof *work);
        first.routine(*(PDEVICE_OBJECT *)first.item, first.context);
    }
}

// --- Memory -------------------------------------------------------------------------------------

PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    UNREFERENCED_PARAMETER(flags);
    KitRule(tag != 0 && bytes != 0, "an allocation without tag or size");
    kit.pool_blocks++;
    return calloc(1, bytes);
}

VOID ExFreePoolWithTag(PVOID block, ULONG tag)
{
    UNREFERENCED_PARAMETER(tag);
    KitRule(block != NULL, "freeing NULL");
    kit.pool_blocks--;
    free(block);
}

VOID ExFreePool(PVOID block)
{
    ExFreePoolWithTag(block, 0);
}

VOID KitDeviceMemory(ULONGLONG physical, PVOID memory, SIZE_T bytes)
{
    unsigned i = 0;
    while (i < RANGES_MOST && ranges[i].memory)
        i++;
    KitRule(i < RANGES_MOST, "more device memory than the test kit has room for");
    ranges[i].physical = physical;
    ranges[i].memory = memory;
    ranges[i].bytes = bytes;
}

PVOID MmMapIoSpace(PHYSICAL_ADDRESS address, SIZE_T bytes, MEMORY_CACHING_TYPE cache)
{
    ULONGLONG start = (ULONGLONG)address.QuadPart;
    UNREFERENCED_PARAMETER(cache);
    for (unsigned i = 0; i < RANGES_MOST; i++)
        if (ranges[i].memory && start >= ranges[i].physical && bytes <= ranges[i].bytes &&
            start - ranges[i].physical <= ranges[i].bytes - bytes) {
            kit.mappings++;
            return ranges[i].memory + (start - ranges[i].physical);
        }
    return NULL;
}

PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS address, SIZE_T bytes, ULONG protect)
{
    UNREFERENCED_PARAMETER(protect);
    return MmMapIoSpace(address, bytes, MmNonCached);
}

VOID MmUnmapIoSpace(PVOID address, SIZE_T bytes)
{
    UNREFERENCED_PARAMETER(address);
    UNREFERENCED_PARAMETER(bytes);
    kit.mappings--;
}

// --- Text and broken structures -----------------------------------------------------------------

NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING to, PCWSTR from)
{
    for (; *from; from++) {
        if (to->Length + sizeof(WCHAR) > to->MaximumLength)
            return STATUS_BUFFER_TOO_SMALL;
        to->Buffer[to->Length / sizeof(WCHAR)] = *from;
        to->Length += sizeof(WCHAR);
    }
    return STATUS_SUCCESS;
}

ULONG DbgPrint(PCSTR format, ...)
{
    UNREFERENCED_PARAMETER(format);
    return STATUS_SUCCESS;
}

int _vsnprintf(char *buffer, size_t bytes, const char *format, va_list arguments)
{
    return vsnprintf(buffer, bytes, format, arguments);
}

VOID DdkListCorrupt(const LIST_ENTRY *entry)
{
    UNREFERENCED_PARAMETER(entry);
    KitRule(FALSE, "a list entry whose neighbours do not point to it");
    abort();
}

VOID DdkNoStackLocation(const IRP *irp)
{
    UNREFERENCED_PARAMETER(irp);
    KitRule(FALSE, "no stack location left");
    abort();
}

VOID DdkSkippedStackLocation(PIRP irp, const char *rule)
{
    UNREFERENCED_PARAMETER(irp);
    KitRule(FALSE, rule);
    abort();
}

VOID DdkIrqlTooHigh(KIRQL irql, const char *rule)
{
    UNREFERENCED_PARAMETER(irql);
    KitRule(FALSE, rule);
    abort();
}
