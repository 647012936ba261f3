// SPDX-License-Identifier: MIT
//
// Lookaside lists: up to Depth freed blocks are kept, the rest goes back to the pool (or to the
// routines of the driver). A block holds its list link while it is free, so its size is at least
// that of an SLIST_ENTRY.

#include "../ke/ki.h"

#define DEFAULT_DEPTH 256

static void init(PGENERAL_LOOKASIDE list, POOL_TYPE type, SIZE_T size, ULONG tag)
{
    memset(list, 0, sizeof(*list));
    InitializeSListHead(&list->ListHead);
    list->Depth = DEFAULT_DEPTH;
    list->MaximumDepth = DEFAULT_DEPTH;
    list->Type = type;
    list->Tag = tag;
    list->Size = (ULONG)(size < sizeof(SLIST_ENTRY) ? sizeof(SLIST_ENTRY) : size);
}

static PVOID allocate(PGENERAL_LOOKASIDE list)
{
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
    while ((entry = InterlockedPopEntrySList(&list->ListHead)) != NULL)
        release(list, entry);
}

VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION alloc,
                                     PFREE_FUNCTION free, ULONG flags, SIZE_T size, ULONG tag,
                                     USHORT depth)
{
    (void)flags, (void)depth;
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
    drain(&list->L);
}

NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX list, PALLOCATE_FUNCTION_EX alloc,
                                     PFREE_FUNCTION_EX free, POOL_TYPE type, ULONG flags,
                                     SIZE_T size, ULONG tag, USHORT depth)
{
    (void)flags, (void)depth;
    init(&list->L, type, size, tag);
    list->L.AllocateEx = alloc;
    list->L.FreeEx = free;
    return STATUS_SUCCESS;
}

PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    return allocate(&list->L);
}

VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX list, PVOID entry)
{
    give_back(&list->L, entry);
}

VOID ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    drain(&list->L);
}
