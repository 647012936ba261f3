// SPDX-License-Identifier: MIT
//
// One-time initialisation. The two lowest bits of Ptr say how far it is:
//   0  nobody has begun              1  somebody initialises; the rest is a list of who waits
//   2  done; the rest is the data    3  one or more initialise at once (RTL_RUN_ONCE_ASYNC)
// Invariant: only state 1 has waiters, and who leaves it wakes all of them.

#include <wdm.h>

#include "../ke/ki.h"

enum { IDLE = 0, ALONE = 1, DONE = 2, SEVERAL = 3, STATES = 3 };

struct waiter {
    struct waiter *next;
    KEVENT event;
};

static ULONG_PTR load(const RTL_RUN_ONCE *once)
{
    return (ULONG_PTR)__atomic_load_n(&once->Ptr, __ATOMIC_ACQUIRE);
}

static bool change(PRTL_RUN_ONCE once, ULONG_PTR from, ULONG_PTR to)
{
    PVOID expected = (PVOID)from;
    return __atomic_compare_exchange_n(&once->Ptr, &expected, (PVOID)to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

// Until the state is no longer the one that `state` was.
static void wait_for_change(PRTL_RUN_ONCE once, ULONG_PTR state)
{
    struct waiter waiter = {.next = (struct waiter *)(state & ~(ULONG_PTR)STATES)};
    KeInitializeEvent(&waiter.event, NotificationEvent, FALSE);
    if (change(once, state, (ULONG_PTR)&waiter | ALONE))
        (void)KeWaitForSingleObject(&waiter.event, Executive, KernelMode, FALSE, NULL);
}

static void wake(ULONG_PTR state)
{
    struct waiter *waiter = (struct waiter *)(state & ~(ULONG_PTR)STATES);
    while (waiter != NULL) {
        struct waiter *next = waiter->next; // it is gone once its event is set
        KeSetEvent(&waiter->event, IO_NO_INCREMENT, FALSE);
        waiter = next;
    }
}

VOID RtlRunOnceInitialize(PRTL_RUN_ONCE run_once)
{
    ki_require_irql(APC_LEVEL, "RtlRunOnceInitialize above APC_LEVEL");
    run_once->Ptr = NULL;
}

static NTSTATUS begin(PRTL_RUN_ONCE once, ULONG_PTR wanted, PVOID *context)
{
    for (;;) {
        ULONG_PTR state = load(once);
        ULONG_PTR stage = state & STATES;
        if (stage == DONE) {
            if (context != NULL)
                *context = (PVOID)(state & ~(ULONG_PTR)STATES);
            return STATUS_SUCCESS;
        }
        if (stage == IDLE && change(once, state, wanted))
            return STATUS_PENDING;
        if (stage != IDLE && stage != wanted)
            return STATUS_INVALID_PARAMETER;
        if (stage == SEVERAL)
            return STATUS_PENDING;
        if (stage == ALONE)
            wait_for_change(once, state);
    }
}

NTSTATUS RtlRunOnceBeginInitialize(PRTL_RUN_ONCE run_once, ULONG flags, PVOID *context)
{
    ki_require_irql(APC_LEVEL, "RtlRunOnceBeginInitialize above APC_LEVEL");
    bool check = (flags & RTL_RUN_ONCE_CHECK_ONLY) != 0,
         several = (flags & RTL_RUN_ONCE_ASYNC) != 0;
    if ((check && several) || (flags & ~(ULONG)(RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC)) != 0)
        return STATUS_INVALID_PARAMETER;
    if (check && (load(run_once) & STATES) != DONE)
        return STATUS_UNSUCCESSFUL;
    return begin(run_once, several ? SEVERAL : ALONE, context);
}

NTSTATUS RtlRunOnceComplete(PRTL_RUN_ONCE run_once, ULONG flags, PVOID context)
{
    ki_require_irql(APC_LEVEL, "RtlRunOnceComplete above APC_LEVEL");
    bool several = (flags & RTL_RUN_ONCE_ASYNC) != 0;
    bool failed = (flags & RTL_RUN_ONCE_INIT_FAILED) != 0;
    if (((ULONG_PTR)context & STATES) != 0 || (failed && (several || context != NULL)))
        return STATUS_INVALID_PARAMETER;
    for (;;) {
        ULONG_PTR state = load(run_once);
        if ((state & STATES) != (several ? SEVERAL : ALONE))
            return STATUS_UNSUCCESSFUL;
        if (!change(run_once, state, failed ? IDLE : (ULONG_PTR)context | DONE))
            continue;
        if (!several)
            wake(state);
        return STATUS_SUCCESS;
    }
}

NTSTATUS RtlRunOnceExecuteOnce(PRTL_RUN_ONCE run_once, PRTL_RUN_ONCE_INIT_FN routine,
                               PVOID parameter, PVOID *context)
{
    PVOID data = NULL;
    ki_require_irql(APC_LEVEL, "RtlRunOnceExecuteOnce above APC_LEVEL");
    KeEnterCriticalRegion();
    NTSTATUS status = begin(run_once, ALONE, context);
    if (status == STATUS_PENDING) {
        ULONG made = routine(run_once, parameter, &data);
        status =
            RtlRunOnceComplete(run_once, made ? 0 : RTL_RUN_ONCE_INIT_FAILED, made ? data : NULL);
        if (NT_SUCCESS(status) && made && context != NULL)
            *context = data;
        if (NT_SUCCESS(status) && !made)
            status = STATUS_UNSUCCESSFUL;
    }
    KeLeaveCriticalRegion();
    return status;
}
