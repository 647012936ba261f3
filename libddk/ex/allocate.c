// SPDX-License-Identifier: MIT
//
// The documented pool routines: rules of kind, tag and IRQL on top of the allocator in pool.c.

#include "../ke/ki.h"
#include "ex.h"

#define KIND_FLAGS (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)

static void check_irql(bool paged)
{
    KIRQL irql = KeGetCurrentIrql();
    if (irql > (paged ? APC_LEVEL : DISPATCH_LEVEL))
        ki_violation(BAD_POOL_CALLER,
                     paged ? "pool: paged pool above APC_LEVEL"
                           : "pool: allocation or free above DISPATCH_LEVEL",
                     irql, 0);
}

PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    POOL_FLAGS kind = flags & KIND_FLAGS;
    PVOID p = NULL;
    check_irql((kind & POOL_FLAG_PAGED) != 0);
    if (bytes != 0 && tag != 0 && __builtin_popcountll(kind) == 1)
        p = ex_pool_allocate(bytes, tag);
    if (p != NULL && (flags & POOL_FLAG_UNINITIALIZED) == 0)
        memset(p, 0, bytes);
    if (p == NULL && (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0)
        ki_raise_status(STATUS_INSUFFICIENT_RESOURCES, __builtin_return_address(0));
    return p;
}

PVOID ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    check_irql((type & PagedPool) != 0);
    if (tag == 0)
        ki_violation(BAD_POOL_CALLER, "pool: tag 0", bytes, 0);
    return ex_pool_allocate(bytes != 0 ? bytes : 1, tag);
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

VOID ExFreePoolWithTag(PVOID p, ULONG tag)
{
    check_irql(false);
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
