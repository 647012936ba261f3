// SPDX-License-Identifier: MIT
//
// Events, semaphores, mutexes. SignalState: 1/0 for events; the count for a semaphore; 1 - depth of
// ownership for a mutex.

#include "ki.h"

VOID KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    ki_init_header(&event->Header, (UCHAR)type, sizeof(KEVENT) / sizeof(LONG), state != 0);
}

LONG KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    (void)increment, (void)wait;
    ki_require_irql(DISPATCH_LEVEL, "KeSetEvent above DISPATCH_LEVEL");
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
    ki_acquire(&ki_dispatcher);
    LONG old = event->Header.SignalState;
    event->Header.SignalState = 1;
    ki_signal(&event->Header);
    event->Header.SignalState = 0;
    ki_release_dispatcher();
    return old;
}

LONG KeResetEvent(PRKEVENT event)
{
    ki_acquire(&ki_dispatcher);
    LONG old = event->Header.SignalState;
    event->Header.SignalState = 0;
    ki_release_dispatcher();
    return old;
}

VOID KeClearEvent(PRKEVENT event)
{
    (void)KeResetEvent(event);
}

LONG KeReadStateEvent(PRKEVENT event)
{
    return __atomic_load_n(&event->Header.SignalState, __ATOMIC_ACQUIRE);
}

VOID KeInitializeSemaphore(PRKSEMAPHORE semaphore, LONG count, LONG limit)
{
    ki_init_header(&semaphore->Header, KI_SEMAPHORE, sizeof(KSEMAPHORE) / sizeof(LONG), count);
    semaphore->Limit = limit;
}

LONG KeReleaseSemaphore(PRKSEMAPHORE semaphore, KPRIORITY increment, LONG adjustment, BOOLEAN wait)
{
    (void)increment, (void)wait;
    ki_require_irql(DISPATCH_LEVEL, "KeReleaseSemaphore above DISPATCH_LEVEL");
    ki_acquire(&ki_dispatcher);
    LONG old = semaphore->Header.SignalState;
    if (adjustment <= 0 || adjustment > semaphore->Limit - old) {
        ki_release_dispatcher();
        ki_raise_status(STATUS_SEMAPHORE_LIMIT_EXCEEDED, __builtin_return_address(0));
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
    ki_init_header(&mutex->Header, KI_MUTANT, sizeof(KMUTEX) / sizeof(LONG), 1);
    InitializeListHead(&mutex->MutantListEntry);
    mutex->OwnerThread = NULL;
    mutex->Abandoned = FALSE;
    mutex->ApcDisable = 1;
}

LONG KeReleaseMutex(PRKMUTEX mutex, BOOLEAN wait)
{
    PKTHREAD thread = ki_thread();
    (void)wait;
    ki_acquire(&ki_dispatcher);
    LONG old = mutex->Header.SignalState;
    if (mutex->OwnerThread != thread) {
        ki_release_dispatcher();
        ki_violation(THREAD_NOT_MUTEX_OWNER,
                     "KeReleaseMutex by a thread that does not own the mutex", (ULONG_PTR)mutex,
                     (ULONG_PTR)mutex->OwnerThread);
    }
    if (++mutex->Header.SignalState == 1) {
        mutex->OwnerThread = NULL;
        thread->CriticalDepth -= mutex->ApcDisable;
        ki_signal(&mutex->Header);
    }
    ki_release_dispatcher();
    return old;
}

LONG KeReadStateMutex(PRKMUTEX mutex)
{
    return __atomic_load_n(&mutex->Header.SignalState, __ATOMIC_ACQUIRE);
}
