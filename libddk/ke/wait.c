// SPDX-License-Identifier: MIT
//
// Waits. Everything about dispatcher objects changes under ki_dispatcher. A waiting thread has one
// wait block in the list of each object; whoever makes an object signalled satisfies the waits it
// can, takes all blocks of a satisfied thread out, stores its status and, when the lock is free
// again, unparks it. So a thread that finds Waiting == 0 has been satisfied, whatever its time-out
// says.

#include "../vf/vf.h"

struct ki_lock ki_dispatcher;
static PKTHREAD woken; // satisfied since the lock was taken

// States of KTHREAD.Waiting besides 0.
#define REGISTERED 1
#define SATISFIED  2

void ki_init_header(DISPATCHER_HEADER *object, UCHAR type, UCHAR size, LONG state)
{
    object->Type = type;
    object->Signalling = 0;
    object->Size = size;
    object->Reserved = 0;
    object->SignalState = state;
    InitializeListHead(&object->WaitListHead);
}

static bool is_signalled(const DISPATCHER_HEADER *object, PKTHREAD thread)
{
    if (object->Type == KI_MUTANT)
        return object->SignalState > 0 || ((const KMUTEX *)object)->OwnerThread == thread;
    return object->SignalState > 0;
}

// What a satisfied wait takes from the object. Returns true for an abandoned mutex.
static bool consume(DISPATCHER_HEADER *object, PKTHREAD thread)
{
    PKMUTEX mutex = (PKMUTEX)object;
    bool abandoned = false;
    switch (object->Type) {
    case KI_EVENT_SYNCHRONIZATION:
    case KI_TIMER_SYNCHRONIZATION:
        object->SignalState = 0;
        break;
    case KI_SEMAPHORE:
        object->SignalState--;
        break;
    case KI_MUTANT:
        if (object->SignalState-- == 1) {
            mutex->OwnerThread = thread;
            mutex->AtDispatch = thread->Irql == DISPATCH_LEVEL;
            InsertTailList(&thread->Mutants, &mutex->MutantListEntry);
            thread->CriticalDepth += mutex->ApcDisable;
        }
        abandoned = mutex->Abandoned;
        mutex->Abandoned = FALSE;
        break;
    default:
        break;
    }
    return abandoned;
}

static void remove_blocks(PKTHREAD thread)
{
    for (ULONG i = 0; i < thread->WaitCount; i++)
        RemoveEntryList(&thread->WaitBlocks[i].WaitListEntry);
}

// Satisfies the wait if it can be; status tells what the wait returns.
static bool try_satisfy(PKTHREAD thread, PKWAIT_BLOCK blocks, ULONG count, WAIT_TYPE type,
                        NTSTATUS *status)
{
    bool abandoned = false;
    for (ULONG i = 0; i < count; i++) {
        bool ready = is_signalled(blocks[i].Object, thread);
        if (type == WaitAny && ready) {
            abandoned = consume(blocks[i].Object, thread);
            *status = (abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0) + (NTSTATUS)i;
            return true;
        }
        if (type == WaitAll && !ready)
            return false;
    }
    if (type == WaitAny)
        return false;
    for (ULONG i = 0; i < count; i++)
        abandoned |= consume(blocks[i].Object, thread);
    *status = abandoned ? STATUS_ABANDONED : STATUS_SUCCESS;
    return true;
}

static bool wake_if_satisfied(PKTHREAD thread)
{
    NTSTATUS status;
    if (!try_satisfy(thread, thread->WaitBlocks, thread->WaitCount, thread->WaitType, &status))
        return false;
    remove_blocks(thread);
    thread->WaitStatus = status;
    __atomic_store_n(&thread->Waiting, SATISFIED, __ATOMIC_RELAXED);
    thread->NextWoken = woken;
    woken = thread;
    return true;
}

// A thread that learns that its wait is over may free the object at once: so nobody is told before
// the lock is released and the object is not touched any more.
void ki_release_dispatcher(void)
{
    PKTHREAD thread = woken, next;
    woken = NULL;
    ki_release(&ki_dispatcher);
    for (; thread != NULL; thread = next) {
        struct port_thread *port = thread->Port;
        next = thread->NextWoken;
        __atomic_store_n(&thread->Waiting, 0, __ATOMIC_RELEASE);
        port_unpark(port);
    }
}

// The list may lose several blocks when a thread waits twice for one object: start again after
// each success.
void ki_signal(DISPATCHER_HEADER *object)
{
    PLIST_ENTRY entry = object->WaitListHead.Flink;
    while (entry != &object->WaitListHead && object->SignalState > 0) {
        PKWAIT_BLOCK block = CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry);
        entry = entry->Flink;
        if (wake_if_satisfied(block->Thread))
            entry = object->WaitListHead.Flink;
    }
}

// A mutex is waited for in kernel mode, and taken by its owner at most MINLONG times.
static void check_mutex(const KMUTEX *mutex, PKTHREAD thread, KPROCESSOR_MODE mode)
{
    if (mode != KernelMode)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "wait for a mutex with WaitMode other than KernelMode", (ULONG_PTR)mutex,
                     (ULONG_PTR)mode);
    if (mutex->OwnerThread == thread && mutex->Header.SignalState == MINLONG)
        ki_raise_rule(STATUS_MUTANT_LIMIT_EXCEEDED,
                      "mutex acquired more than MINLONG times: STATUS_MUTANT_LIMIT_EXCEEDED");
}

static void check_waitable(ULONG count, PVOID objects[], KPROCESSOR_MODE mode,
                           PLARGE_INTEGER timeout)
{
    PKTHREAD thread = ki_thread();
    bool polls = timeout != NULL && timeout->QuadPart == 0;
    if (thread->Irql > DISPATCH_LEVEL || (thread->Irql == DISPATCH_LEVEL && !polls))
        ki_violation(thread->InDpc ? ATTEMPTED_SWITCH_FROM_DPC : IRQL_NOT_LESS_OR_EQUAL,
                     thread->Irql > DISPATCH_LEVEL
                         ? "wait at IRQL above DISPATCH_LEVEL"
                         : "wait at IRQL DISPATCH_LEVEL: above APC_LEVEL only with time-out 0",
                     thread->Irql, (ULONG_PTR)objects[0]);
    for (ULONG i = 0; i < count; i++) {
        const DISPATCHER_HEADER *object = objects[i];
        if (object == NULL || object->Type > KI_TIMER_SYNCHRONIZATION ||
            object->WaitListHead.Flink == NULL)
            ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                         "wait for something that is no initialised dispatcher object",
                         (ULONG_PTR)object, i);
        if (object->Type == KI_MUTANT)
            check_mutex(objects[i], thread, mode);
    }
}

static uint64_t deadline_of(PLARGE_INTEGER timeout)
{
    uint64_t now = port_monotonic();
    if (timeout == NULL)
        return PORT_FOREVER;
    if (timeout->QuadPart <= 0)
        return now + (uint64_t)0 - (uint64_t)timeout->QuadPart;
    uint64_t system = port_system_time();
    return (uint64_t)timeout->QuadPart <= system ? now
                                                 : now + ((uint64_t)timeout->QuadPart - system);
}

static NTSTATUS block_until(PKTHREAD thread, uint64_t deadline)
{
    ki_before_block();
    while (__atomic_load_n(&thread->Waiting, __ATOMIC_ACQUIRE) != 0) {
        if (port_park(deadline) || port_monotonic() < deadline)
            continue;
        ki_acquire(&ki_dispatcher);
        if (thread->Waiting == REGISTERED) {
            remove_blocks(thread);
            thread->WaitStatus = STATUS_TIMEOUT;
            __atomic_store_n(&thread->Waiting, 0, __ATOMIC_RELAXED);
        }
        ki_release_dispatcher();
    }
    return thread->WaitStatus;
}

// Tells those objects that live elsewhere; true if there is one.
static bool wait_remotely(ULONG count, PVOID objects[], bool begin)
{
    bool any = false;
    for (ULONG i = 0; i < count; i++) {
        if (!ki_is_remote(objects[i]))
            continue;
        (begin ? ki_remote_events->BeginWait : ki_remote_events->EndWait)(objects[i]);
        any = true;
    }
    return any;
}

static NTSTATUS wait_for(PKTHREAD thread, PKWAIT_BLOCK blocks, ULONG count, PVOID objects[],
                         WAIT_TYPE type, PLARGE_INTEGER timeout)
{
    NTSTATUS status;
    ki_acquire(&ki_dispatcher);
    if (try_satisfy(thread, blocks, count, type, &status) ||
        (timeout != NULL && timeout->QuadPart == 0 && (status = STATUS_TIMEOUT, true))) {
        ki_release_dispatcher();
        return status;
    }
    thread->WaitType = type;
    thread->WaitCount = count;
    thread->WaitBlocks = blocks;
    __atomic_store_n(&thread->Waiting, REGISTERED, __ATOMIC_RELAXED);
    for (ULONG i = 0; i < count; i++)
        InsertTailList(&((DISPATCHER_HEADER *)objects[i])->WaitListHead, &blocks[i].WaitListEntry);
    ki_release_dispatcher();
    return block_until(thread, deadline_of(timeout));
}

NTSTATUS KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON reason,
                                  KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER timeout,
                                  PKWAIT_BLOCK wait_blocks)
{
    PKTHREAD thread = ki_thread();
    PKWAIT_BLOCK blocks = wait_blocks != NULL ? wait_blocks : thread->OwnBlocks;
    (void)reason, (void)alertable; // nobody alerts a thread of a driver
    if (count == 0 || count > (wait_blocks != NULL ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS))
        ki_violation(MAXIMUM_WAIT_OBJECTS_EXCEEDED,
                     "KeWaitForMultipleObjects: too many objects for the wait blocks", count, 0);
    check_waitable(count, objects, mode, timeout);
    for (ULONG i = 0; i < count; i++)
        blocks[i] = (KWAIT_BLOCK){.Thread = thread, .Object = objects[i], .WaitKey = (USHORT)i};
    bool remote = wait_remotely(count, objects, true);
    NTSTATUS status = wait_for(thread, blocks, count, objects, type, timeout);
    if (remote)
        (void)wait_remotely(count, objects, false);
    return status;
}

NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    PVOID objects[1] = {object};
    bool mutex = object != NULL && ((const DISPATCHER_HEADER *)object)->Type == KI_MUTANT;
    if (mutex)
        vf_acquired(object, timeout != NULL);
    NTSTATUS status =
        KeWaitForMultipleObjects(1, objects, WaitAny, reason, mode, alertable, timeout, NULL);
    if (mutex && status == STATUS_TIMEOUT)
        vf_released(object);
    return status;
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER interval)
{
    KEVENT never;
    ki_require_irql(APC_LEVEL, "KeDelayExecutionThread above APC_LEVEL");
    if (interval->QuadPart == 0) {
        port_relax(0); // others of the same priority come first
        return STATUS_SUCCESS;
    }
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeWaitForSingleObject(&never, DelayExecution, mode, alertable, interval);
    return STATUS_SUCCESS;
}
