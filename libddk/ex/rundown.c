// SPDX-License-Identifier: MIT
//
// Run-down protection. Count: 2 * acquirers while usable; with bit 0 set the run-down has begun and
// the rest of the word is the address of the waiter's block (or 0: completed).

#include "../ke/ki.h"

#define ACTIVE 1u
#define STEP   2u

struct waiter {
    KEVENT Done;
    volatile LONG64 Count;
};

VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF ref)
{
    ref->Count = 0;
}

BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF ref)
{
    ULONG_PTR value = __atomic_load_n(&ref->Count, __ATOMIC_RELAXED);
    do {
        if ((value & ACTIVE) != 0)
            return FALSE;
    } while (!__atomic_compare_exchange_n(&ref->Count, &value, value + STEP, 0, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    return TRUE;
}

VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF ref)
{
    ULONG_PTR value = __atomic_load_n(&ref->Count, __ATOMIC_RELAXED);
    do {
        if ((value & ACTIVE) != 0) {
            struct waiter *waiter = (struct waiter *)(value & ~(ULONG_PTR)ACTIVE);
            if (InterlockedDecrement64(&waiter->Count) == 0)
                KeSetEvent(&waiter->Done, IO_NO_INCREMENT, FALSE);
            return;
        }
        if (value < STEP)
            ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                         "ExReleaseRundownProtection without an acquire", (ULONG_PTR)ref, 0);
    } while (!__atomic_compare_exchange_n(&ref->Count, &value, value - STEP, 0, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
}

VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF ref)
{
    struct waiter waiter;
    ULONG_PTR value = __atomic_load_n(&ref->Count, __ATOMIC_RELAXED);
    if (value == ACTIVE)
        return;
    KeInitializeEvent(&waiter.Done, NotificationEvent, FALSE);
    do {
        waiter.Count = (LONG64)(value / STEP);
    } while (!__atomic_compare_exchange_n(&ref->Count, &value,
                                          value == 0 ? ACTIVE : (ULONG_PTR)&waiter | ACTIVE, 0,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if (value != 0)
        KeWaitForSingleObject(&waiter.Done, Executive, KernelMode, FALSE, NULL);
    __atomic_store_n(&ref->Count, ACTIVE, __ATOMIC_RELEASE);
}

VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF ref)
{
    ref->Count = 0;
}

VOID ExRundownCompleted(PEX_RUNDOWN_REF ref)
{
    ref->Count = ACTIVE;
}
