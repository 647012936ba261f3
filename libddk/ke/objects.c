// SPDX-License-Identifier: MIT
//
// Events, semaphores, mutexes. SignalState: 1/0 for events; the count for a semaphore; 1 - depth of
// ownership for a mutex.

#include "../vf/vf.h"

VOID KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    ki_init_header(&event->Header, (UCHAR)type, sizeof(KEVENT) / sizeof(LONG), state != 0);
}

const struct ki_remote_event_calls *ki_remote_events;

static void check_event(PRKEVENT event)
{
    if (event->Header.Type > KI_EVENT_SYNCHRONIZATION || event->Header.WaitListHead.Flink == NULL)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "event routine called for something that is no initialised event",
                     (ULONG_PTR)event, event->Header.Type);
}

LONG KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    (void)increment, (void)wait;
    ki_require_irql(DISPATCH_LEVEL, "KeSetEvent above DISPATCH_LEVEL");
    check_event(event);
    if (ki_is_remote(&event->Header))
        return ki_remote_events->Change(event, true);
    ki_acquire(&ki_dispatcher);
    LONG old = event->Header.SignalState;
    event->Header.SignalState = 1;
    ki_signal(&event->Header);
    ki_release_dispatcher();
    return old;
}

LONG KePulseEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    (void)increment, (void)wait;
    ki_require_irql(DISPATCH_LEVEL, "KePulseEvent above DISPATCH_LEVEL");
    check_event(event);
    if (ki_is_remote(&event->Header)) {
        LONG before = ki_remote_events->Change(event, true);
        (void)ki_remote_events->Change(event, false);
        return before;
    }
    ki_acquire(&ki_dispatcher);
    LONG old = event->Header.SignalState;
    event->Header.SignalState = 1;
    ki_signal(&event->Header);
    event->Header.SignalState = 0;
    ki_release_dispatcher();
    return old;
}

static LONG reset(PRKEVENT event)
{
    check_event(event);
    if (ki_is_remote(&event->Header))
        return ki_remote_events->Change(event, false);
    ki_acquire(&ki_dispatcher);
    LONG old = event->Header.SignalState;
    event->Header.SignalState = 0;
    ki_release_dispatcher();
    return old;
}

LONG KeResetEvent(PRKEVENT event)
{
    ki_require_irql(DISPATCH_LEVEL, "KeResetEvent above DISPATCH_LEVEL");
    return reset(event);
}

VOID KeClearEvent(PRKEVENT event)
{
    ki_require_irql(DISPATCH_LEVEL, "KeClearEvent above DISPATCH_LEVEL");
    (void)reset(event);
}

LONG KeReadStateEvent(PRKEVENT event)
{
    ki_require_irql(DISPATCH_LEVEL, "KeReadStateEvent above DISPATCH_LEVEL");
    if (ki_is_remote(&event->Header))
        return ki_remote_events->Read(event);
    return __atomic_load_n(&event->Header.SignalState, __ATOMIC_ACQUIRE);
}

VOID KeInitializeSemaphore(PRKSEMAPHORE semaphore, LONG count, LONG limit)
{
    ki_require_irql(PASSIVE_LEVEL, "KeInitializeSemaphore above PASSIVE_LEVEL");
    if (count < 0 || limit <= 0 || count > limit)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "KeInitializeSemaphore: count and limit must be positive, count <= limit",
                     (ULONG_PTR)(ULONG)count, (ULONG_PTR)(ULONG)limit);
    ki_init_header(&semaphore->Header, KI_SEMAPHORE, sizeof(KSEMAPHORE) / sizeof(LONG), count);
    semaphore->Limit = limit;
}

LONG KeReleaseSemaphore(PRKSEMAPHORE semaphore, KPRIORITY increment, LONG adjustment, BOOLEAN wait)
{
    (void)increment;
    ki_require_irql(DISPATCH_LEVEL, "KeReleaseSemaphore above DISPATCH_LEVEL");
    if (wait)
        ki_require_irql(PASSIVE_LEVEL, "KeReleaseSemaphore with Wait above PASSIVE_LEVEL");
    if (semaphore->Header.Type != KI_SEMAPHORE || adjustment <= 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "KeReleaseSemaphore: no initialised semaphore, or adjustment not positive",
                     (ULONG_PTR)semaphore, (ULONG_PTR)(ULONG)adjustment);
    ki_acquire(&ki_dispatcher);
    LONG old = semaphore->Header.SignalState;
    if (adjustment > semaphore->Limit - old) {
        ki_release_dispatcher();
        ki_raise_rule(STATUS_SEMAPHORE_LIMIT_EXCEEDED,
                      "KeReleaseSemaphore above the limit: STATUS_SEMAPHORE_LIMIT_EXCEEDED");
    }
    semaphore->Header.SignalState = old + adjustment;
    ki_signal(&semaphore->Header);
    ki_release_dispatcher();
    return old;
}

LONG KeReadStateSemaphore(PRKSEMAPHORE semaphore)
{
    return __atomic_load_n(&semaphore->Header.SignalState, __ATOMIC_ACQUIRE);
}

VOID KeInitializeMutex(PRKMUTEX mutex, ULONG level)
{
    (void)level;
    vf_forget(mutex, sizeof(*mutex));
    ki_init_header(&mutex->Header, KI_MUTANT, sizeof(KMUTEX) / sizeof(LONG), 1);
    InitializeListHead(&mutex->MutantListEntry);
    mutex->OwnerThread = NULL;
    mutex->Abandoned = FALSE;
    mutex->ApcDisable = 1;
    mutex->AtDispatch = FALSE;
}

LONG KeReleaseMutex(PRKMUTEX mutex, BOOLEAN wait)
{
    PKTHREAD thread = ki_thread();
    (void)wait;
    ki_require_irql(DISPATCH_LEVEL, "KeReleaseMutex above DISPATCH_LEVEL");
    ki_acquire(&ki_dispatcher);
    LONG old = mutex->Header.SignalState;
    if (mutex->OwnerThread != thread || mutex->AtDispatch != (thread->Irql == DISPATCH_LEVEL)) {
        bool owner = mutex->OwnerThread == thread;
        ki_release_dispatcher();
        ki_raise_rule(owner ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED,
                      owner ? "KeReleaseMutex on the other side of DISPATCH_LEVEL than the acquire"
                            : "KeReleaseMutex by a thread that does not own the mutex");
    }
    vf_released(mutex);
    if (++mutex->Header.SignalState == 1) {
        mutex->OwnerThread = NULL;
        RemoveEntryList(&mutex->MutantListEntry);
        thread->CriticalDepth -= mutex->ApcDisable;
        ki_signal(&mutex->Header);
    }
    ki_release_dispatcher();
    return old;
}

LONG KeReadStateMutex(PRKMUTEX mutex)
{
    ki_require_irql(DISPATCH_LEVEL, "KeReadStateMutex above DISPATCH_LEVEL");
    return __atomic_load_n(&mutex->Header.SignalState, __ATOMIC_ACQUIRE);
}
