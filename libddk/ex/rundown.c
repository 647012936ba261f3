// SPDX-License-Identifier: MIT
//
// Run-down protection. Count: 2 * acquirers while usable; with bit 0 set the run-down has begun and
// the rest of the word is the address of the waiter's block (or 0: completed).

#include "../ke/ki.h"
#include "ex.h"

#define ACTIVE 1u
#define STEP   2u

struct waiter {
    KEVENT Done;
    volatile LONG64 Count;
};

VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF ref)
{
    ki_require_irql(APC_LEVEL, "ExInitializeRundownProtection above APC_LEVEL");
    ref->Count = 0;
}

BOOLEAN ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF ref, ULONG count)
{
    ki_require_irql(DISPATCH_LEVEL, "ExAcquireRundownProtection above DISPATCH_LEVEL");
    ULONG_PTR value = __atomic_load_n(&ref->Count, __ATOMIC_RELAXED);
    do {
        if ((value & ACTIVE) != 0)
            return FALSE;
    } while (!__atomic_compare_exchange_n(&ref->Count, &value, value + (ULONG_PTR)STEP * count, 0,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return TRUE;
}

DECLSPEC_NORETURN static void not_acquired(PEX_RUNDOWN_REF ref)
{
    ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                 "ExReleaseRundownProtection without an acquire", (ULONG_PTR)ref, ref->Count);
}

static void release_to_waiter(PEX_RUNDOWN_REF ref, struct waiter *waiter, ULONG count)
{
    if (waiter == NULL)
        not_acquired(ref);
    LONG64 left = InterlockedExchangeAdd64(&waiter->Count, -(LONG64)count) - (LONG64)count;
    if (left < 0)
        not_acquired(ref);
    if (left == 0)
        KeSetEvent(&waiter->Done, IO_NO_INCREMENT, FALSE);
}

VOID ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF ref, ULONG count)
{
    ki_require_irql(DISPATCH_LEVEL, "ExReleaseRundownProtection above DISPATCH_LEVEL");
    ULONG_PTR value = __atomic_load_n(&ref->Count, __ATOMIC_RELAXED);
    do {
        if ((value & ACTIVE) != 0) {
            release_to_waiter(ref, (struct waiter *)(value & ~(ULONG_PTR)ACTIVE), count);
            return;
        }
        if (value < (ULONG_PTR)STEP * count)
            not_acquired(ref);
    } while (!__atomic_compare_exchange_n(&ref->Count, &value, value - (ULONG_PTR)STEP * count, 0,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF ref)
{
    return ExAcquireRundownProtectionEx(ref, 1);
}

VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF ref)
{
    ExReleaseRundownProtectionEx(ref, 1);
}

VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF ref)
{
    struct waiter waiter;
    ki_require_irql(APC_LEVEL, "ExWaitForRundownProtectionRelease above APC_LEVEL");
    ULONG_PTR value = __atomic_load_n(&ref->Count, __ATOMIC_RELAXED);
    KeInitializeEvent(&waiter.Done, NotificationEvent, FALSE);
    do {
        if ((value & ACTIVE) != 0)
            return;
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
    ki_require_irql(APC_LEVEL, "ExReInitializeRundownProtection above APC_LEVEL");
    if (ref->Count != ACTIVE)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "ExReInitializeRundownProtection before the run-down is over", (ULONG_PTR)ref,
                     ref->Count);
    ref->Count = 0;
}

VOID ExRundownCompleted(PEX_RUNDOWN_REF ref)
{
    ki_require_irql(APC_LEVEL, "ExRundownCompleted above APC_LEVEL");
    ref->Count = ACTIVE;
}

#define CACHE_LINE 64u

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    EX_RUNDOWN_REF Ref;
    ULONG Tag; // of the kit's allocation; 0: memory of the caller
    UCHAR Rest[CACHE_LINE - sizeof(EX_RUNDOWN_REF) - sizeof(ULONG)];
};

SIZE_T ExSizeOfRundownProtectionCacheAware(VOID)
{
    ki_require_irql(APC_LEVEL, "ExSizeOfRundownProtectionCacheAware above APC_LEVEL");
    return sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE);
}

VOID ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref, SIZE_T bytes)
{
    ki_require_irql(APC_LEVEL, "ExInitializeRundownProtectionCacheAware above APC_LEVEL");
    if (bytes < sizeof(*ref))
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "ExInitializeRundownProtectionCacheAware with too little memory",
                     (ULONG_PTR)ref, bytes);
    memset(ref, 0, bytes);
}

PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(POOL_TYPE type, ULONG tag)
{
    ki_require_irql(APC_LEVEL, "ExAllocateCacheAwareRundownProtection above APC_LEVEL");
    PEX_RUNDOWN_REF_CACHE_AWARE ref =
        ExAllocatePoolZero((POOL_TYPE)(type | NonPagedPoolCacheAligned),
                           sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE), tag);
    if (ref != NULL)
        ref->Tag = tag;
    return ref;
}

VOID ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    ki_require_irql(APC_LEVEL, "ExFreeCacheAwareRundownProtection above APC_LEVEL");
    ExFreePoolWithTag(ref, ref->Tag);
}

BOOLEAN ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE ref, ULONG count)
{
    return ExAcquireRundownProtectionEx(&ref->Ref, count);
}

VOID ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE ref, ULONG count)
{
    ExReleaseRundownProtectionEx(&ref->Ref, count);
}

BOOLEAN ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    return ExAcquireRundownProtectionEx(&ref->Ref, 1);
}

VOID ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    ExReleaseRundownProtectionEx(&ref->Ref, 1);
}

VOID ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    ExWaitForRundownProtectionRelease(&ref->Ref);
}

VOID ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    ExReInitializeRundownProtection(&ref->Ref);
}

VOID ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    ExRundownCompleted(&ref->Ref);
}
