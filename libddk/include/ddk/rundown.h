// SPDX-License-Identifier: MIT
//
// Run-down protection: acquiring fails once a run-down has begun; the wait returns when all who
// acquired have released. Acquire, release: IRQL <= DISPATCH_LEVEL; the rest <= APC_LEVEL.
// The cache-aware form keeps a count a processor on Windows; here it is one count in a cache line
// of its own, with the same results. Documentation: "Run-Down Protection", nf-wdm-ex*rundown*.

#ifndef DDK_RUNDOWN_H
#define DDK_RUNDOWN_H

typedef struct _EX_RUNDOWN_REF {
    union {
        ULONG_PTR Count;
        PVOID Ptr;
    };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;

VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF ref);
BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF ref);
VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF ref);

// The same for several acquires at once; the releases may be grouped in another way.
BOOLEAN ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF ref, ULONG count);
VOID ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF ref, ULONG count);

// Begins the run-down (again: no effect) and waits. ReInitialize makes a reference usable again
// whose run-down is over; anything else is a bug check. Completed: says so without a wait.
VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF ref);
VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF ref);
VOID ExRundownCompleted(PEX_RUNDOWN_REF ref);

typedef struct _EX_RUNDOWN_REF_CACHE_AWARE *PEX_RUNDOWN_REF_CACHE_AWARE;

// Memory: from the kit, or of ExSizeOf... bytes from the caller (nonpaged). NULL without memory.
PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(POOL_TYPE type, ULONG tag);
VOID ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE ref);
SIZE_T ExSizeOfRundownProtectionCacheAware(VOID);
VOID ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref, SIZE_T bytes);
BOOLEAN ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref);
VOID ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref);
BOOLEAN ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE ref, ULONG count);
VOID ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE ref, ULONG count);
VOID ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref);
VOID ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref);
VOID ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE ref);

#endif
