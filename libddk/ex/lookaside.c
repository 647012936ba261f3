// SPDX-License-Identifier: MIT
//
// Lookaside lists: up to Depth freed blocks are kept, the rest goes back to the pool (or to the
// routines of the driver). A block holds its list link while it is free, so its size is at least
// that of an SLIST_ENTRY. MaximumDepth is not 0 exactly while the list is initialised.

#include "../vf/vf.h"

#define DEFAULT_DEPTH 256

static void init(PGENERAL_LOOKASIDE list, POOL_TYPE type, SIZE_T size, ULONG tag)
{
    vf_live_add(list, VF_LIVE_LOOKASIDE);
    memset(list, 0, sizeof(*list));
    InitializeSListHead(&list->ListHead);
    list->Depth = DEFAULT_DEPTH;
    list->MaximumDepth = DEFAULT_DEPTH;
    list->Type = type;
    list->Tag = tag;
    list->Size = (ULONG)(size < sizeof(SLIST_ENTRY) ? sizeof(SLIST_ENTRY) : size);
}

static void check(PGENERAL_LOOKASIDE list)
{
    ki_require_irql(DISPATCH_LEVEL, "lookaside list above DISPATCH_LEVEL");
    if (list->MaximumDepth != DEFAULT_DEPTH)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "lookaside list used that is not initialised", (ULONG_PTR)list, 0);
}

static PVOID allocate(PGENERAL_LOOKASIDE list)
{
    check(list);
    PVOID entry = InterlockedPopEntrySList(&list->ListHead);
    list->TotalAllocates++;
    if (entry != NULL)
        return entry;
    list->AllocateMisses++;
    if (list->AllocateEx != NULL)
        return list->AllocateEx(list->Type, list->Size, list->Tag, (PLOOKASIDE_LIST_EX)list);
    if (list->Allocate != NULL)
        return list->Allocate(list->Type, list->Size, list->Tag);
    return ExAllocatePoolWithTag(list->Type, list->Size, list->Tag);
}

static void release(PGENERAL_LOOKASIDE list, PVOID entry)
{
    if (list->FreeEx != NULL)
        list->FreeEx(entry, (PLOOKASIDE_LIST_EX)list);
    else if (list->Free != NULL)
        list->Free(entry);
    else
        ExFreePoolWithTag(entry, list->Tag);
}

static void give_back(PGENERAL_LOOKASIDE list, PVOID entry)
{
    check(list);
    list->TotalFrees++;
    if (ExQueryDepthSList(&list->ListHead) < list->Depth) {
        InterlockedPushEntrySList(&list->ListHead, entry);
        return;
    }
    list->FreeMisses++;
    release(list, entry);
}

static void drain(PGENERAL_LOOKASIDE list)
{
    PVOID entry;
    check(list);
    while ((entry = InterlockedPopEntrySList(&list->ListHead)) != NULL)
        release(list, entry);
    list->MaximumDepth = 0;
    vf_live_remove(list);
}

VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION alloc,
                                     PFREE_FUNCTION free, ULONG flags, SIZE_T size, ULONG tag,
                                     USHORT depth)
{
    (void)flags, (void)depth;
    ki_require_irql(DISPATCH_LEVEL, "ExInitializeNPagedLookasideList above DISPATCH_LEVEL");
    init(&list->L, NonPagedPoolNx, size, tag);
    list->L.Allocate = alloc;
    list->L.Free = free;
}

PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    return allocate(&list->L);
}

VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PVOID entry)
{
    give_back(&list->L, entry);
}

VOID ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    drain(&list->L);
}

VOID ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION alloc,
                                    PFREE_FUNCTION free, ULONG flags, SIZE_T size, ULONG tag,
                                    USHORT depth)
{
    ki_require_irql(APC_LEVEL, "ExInitializePagedLookasideList above APC_LEVEL");
    ExInitializeNPagedLookasideList(list, alloc, free, flags, size, tag, depth);
    list->L.Type = PagedPool;
}

PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST list)
{
    ki_require_irql(APC_LEVEL, "paged lookaside list above APC_LEVEL");
    return allocate(&list->L);
}

VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST list, PVOID entry)
{
    ki_require_irql(APC_LEVEL, "paged lookaside list above APC_LEVEL");
    give_back(&list->L, entry);
}

VOID ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST list)
{
    ki_require_irql(APC_LEVEL, "ExDeletePagedLookasideList above APC_LEVEL");
    drain(&list->L);
}

static bool is_pool_type(POOL_TYPE type)
{
    return type == NonPagedPool || type == PagedPool || type == NonPagedPoolCacheAligned ||
           type == PagedPoolCacheAligned || type == NonPagedPoolNx ||
           type == NonPagedPoolNxCacheAligned;
}

static void check_paged(PGENERAL_LOOKASIDE list)
{
    if ((list->Type & PagedPool) != 0)
        ki_require_irql(APC_LEVEL, "paged lookaside list above APC_LEVEL");
}

NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX list, PALLOCATE_FUNCTION_EX alloc,
                                     PFREE_FUNCTION_EX free, POOL_TYPE type, ULONG flags,
                                     SIZE_T size, ULONG tag, USHORT depth)
{
    (void)depth;
    ki_require_irql(DISPATCH_LEVEL, "ExInitializeLookasideListEx above DISPATCH_LEVEL");
    if (!is_pool_type(type))
        return STATUS_INVALID_PARAMETER_4;
    if (flags > EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE)
        return STATUS_INVALID_PARAMETER_5;
    if (flags == EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL)
        type |= POOL_RAISE_IF_ALLOCATION_FAILURE;
    else if (flags == EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE)
        type |= POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;
    init(&list->L, type, size, tag);
    list->L.AllocateEx = alloc;
    list->L.FreeEx = free;
    return STATUS_SUCCESS;
}

PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    check_paged(&list->L);
    return allocate(&list->L);
}

VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX list, PVOID entry)
{
    check_paged(&list->L);
    give_back(&list->L, entry);
}

VOID ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    check_paged(&list->L);
    drain(&list->L);
}
