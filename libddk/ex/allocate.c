// SPDX-License-Identifier: MIT
//
// The documented pool routines: rules of kind, tag and IRQL on top of the allocator in pool.c.
// Quotas: a driver task has one quota, that of its memory; the quota forms differ from the others
// in that they raise where those return NULL.

#include "../vf/vf.h"
#include "ex.h"

#define KIND_FLAGS     (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)
#define REQUIRED_FLAGS 0x00000000ffffffffULL // an unknown one below is refused, above ignored
#define KNOWN_FLAGS                                                                                \
    (KIND_FLAGS | POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION |              \
     POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE)
#define CACHE_ALIGNED_BIT 4u // of POOL_TYPE

static void check_irql(bool paged)
{
    KIRQL irql = KeGetCurrentIrql();
    if (irql > (paged ? APC_LEVEL : DISPATCH_LEVEL))
        ki_violation(BAD_POOL_CALLER,
                     paged ? "pool: paged pool above APC_LEVEL"
                           : "pool: allocation or free above DISPATCH_LEVEL",
                     irql, 0);
}

static bool flags_are_valid(POOL_FLAGS flags)
{
    return __builtin_popcountll(flags & KIND_FLAGS) == 1 &&
           (flags & REQUIRED_FLAGS & ~KNOWN_FLAGS) == 0;
}

static ULONG kind_of(bool paged, bool aligned)
{
    return EX_POOL_DRIVER | (paged ? EX_POOL_PAGED : 0) | (aligned ? EX_POOL_CACHE_ALIGNED : 0);
}

PVOID ex_driver_allocate(SIZE_T bytes, ULONG tag)
{
    return vf_fail() ? NULL : ex_pool_allocate_kind(bytes, tag, EX_POOL_DRIVER);
}

static PVOID allocate(SIZE_T bytes, ULONG tag, ULONG kind)
{
    return vf_fail() ? NULL : ex_pool_allocate_kind(bytes, tag, kind);
}

#undef ExAllocatePool2 // ki.h: the kit's own memory
PVOID ex_kit_allocate(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    check_irql((flags & POOL_FLAG_PAGED) != 0);
    PVOID p = bytes != 0 ? ex_pool_allocate_kind(bytes, tag, 0) : NULL;
    if (p != NULL && (flags & POOL_FLAG_UNINITIALIZED) == 0)
        memset(p, 0, bytes);
    return p;
}

PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    bool paged = (flags & POOL_FLAG_PAGED) != 0;
    PVOID p = NULL;
    check_irql(paged);
    if (bytes != 0 && tag != 0 && flags_are_valid(flags))
        p = allocate(bytes, tag, kind_of(paged, (flags & POOL_FLAG_CACHE_ALIGNED) != 0));
    if (p != NULL && (flags & POOL_FLAG_UNINITIALIZED) == 0)
        memset(p, 0, bytes);
    if (p == NULL && (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0)
        ki_raise_rule(STATUS_INSUFFICIENT_RESOURCES,
                      "pool: allocation with POOL_FLAG_RAISE_ON_FAILURE failed");
    return p;
}

// A parameter is known by its type: priority and NUMA node are advice and are taken so; secure pool
// does not exist here. An optional one that is not known is passed over.
static bool parameter_is_valid(PCPOOL_EXTENDED_PARAMETER parameter)
{
    return parameter->Type == PoolExtendedParameterPriority ||
           parameter->Type == PoolExtendedParameterNumaNode || parameter->Optional;
}

PVOID ExAllocatePool3(POOL_FLAGS flags, SIZE_T bytes, ULONG tag,
                      PCPOOL_EXTENDED_PARAMETER parameters, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        if (!parameter_is_valid(&parameters[i]))
            return ExAllocatePool2(flags, 0, tag); // fails as the flags say
    return ExAllocatePool2(flags, bytes, tag);
}

PVOID ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    bool paged = (type & PagedPool) != 0;
    check_irql(paged);
    if (tag == 0)
        ki_violation(BAD_POOL_CALLER, "pool: tag 0", bytes, 0);
    PVOID p =
        allocate(bytes != 0 ? bytes : 1, tag, kind_of(paged, (type & CACHE_ALIGNED_BIT) != 0));
    if (p == NULL && (type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0)
        ki_raise_rule(STATUS_INSUFFICIENT_RESOURCES,
                      "pool: allocation with POOL_RAISE_IF_ALLOCATION_FAILURE failed");
    return p;
}

PVOID ExAllocatePoolUninitialized(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return ExAllocatePoolWithTag(type, bytes, tag);
}

PVOID ExAllocatePoolZero(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    PVOID p = ExAllocatePoolWithTag(type, bytes, tag);
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    PVOID p = ExAllocatePoolWithTag(type, bytes, tag);
    if (p == NULL && (type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0)
        ki_raise_rule(STATUS_QUOTA_EXCEEDED,
                      "pool: quota allocation without POOL_QUOTA_FAIL_INSTEAD_OF_RAISE failed");
    return p;
}

PVOID ExAllocatePoolQuotaUninitialized(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return ExAllocatePoolWithQuotaTag(type, bytes, tag);
}

PVOID ExAllocatePoolQuotaZero(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    PVOID p = ExAllocatePoolWithQuotaTag(type, bytes, tag);
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

VOID ExInitializeDriverRuntime(ULONG flags)
{
    (void)flags;
    ki_require_irql(PASSIVE_LEVEL, "ExInitializeDriverRuntime above PASSIVE_LEVEL");
}

VOID ExFreePoolWithTag(PVOID p, ULONG tag)
{
    check_irql(false);
    ex_pool_check_free(p, tag);
    ex_pool_free(p, tag);
}

VOID ExFreePool(PVOID p)
{
    ExFreePoolWithTag(p, 0);
}

VOID ExFreePool2(PVOID p, ULONG tag, PVOID extended, ULONG extended_count)
{
    (void)extended, (void)extended_count;
    ExFreePoolWithTag(p, tag);
}
