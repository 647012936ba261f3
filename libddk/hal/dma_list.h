// SPDX-License-Identifier: MIT
//
// What the two ways to a scatter/gather list share: for any list (dma_list.c), and the short one
// (dma_page.c).

#ifndef DDK_HAL_DMA_LIST_H
#define DDK_HAL_DMA_LIST_H

#include "dma.h"

#define HAL_SHORT_LIST  8u  // elements
#define HAL_SHORT_LISTS 64u // kept for the next one

enum hal_list_memory { HAL_MEMORY_OF_DRIVER, HAL_MEMORY_SHORT, HAL_MEMORY_POOL };

FORCEINLINE ULONG hal_record_offset(ULONG elements)
{
    return (ULONG)(sizeof(SCATTER_GATHER_LIST) + elements * sizeof(SCATTER_GATHER_ELEMENT));
}

FORCEINLINE ULONG hal_list_bytes(ULONG elements)
{
    return hal_record_offset(elements) + (ULONG)sizeof(struct hal_list);
}

FORCEINLINE struct hal_list *hal_record_in(PSCATTER_GATHER_LIST list, ULONG elements)
{
    return (struct hal_list *)((PCHAR)list + hal_record_offset(elements));
}

// Both with the list lock held.
FORCEINLINE PVOID hal_pop_short(struct hal_adapter *adapter)
{
    PSINGLE_LIST_ENTRY list = adapter->ListMemory;
    if (list == NULL)
        return NULL;
    adapter->ListMemory = list->Next;
    adapter->ListsKept--;
    return list;
}

// False: enough are kept.
FORCEINLINE bool hal_push_short(struct hal_adapter *adapter, PVOID memory)
{
    PSINGLE_LIST_ENTRY list = memory;
    if (adapter->ListsKept >= HAL_SHORT_LISTS)
        return false;
    list->Next = adapter->ListMemory;
    adapter->ListMemory = list;
    adapter->ListsKept++;
    return true;
}

// The same with the lock; NULL: there is none.
PVOID hal_take_short(struct hal_adapter *adapter);
void hal_count_list(struct hal_adapter *adapter, LONG change); // lists that are not put back

// The record of a list that this adapter made; anything else is a bug check.
struct hal_list *hal_list_of(struct hal_adapter *adapter, PSCATTER_GATHER_LIST list);
// It is gone; its memory, unless it is the driver's, too.
void hal_free_list(struct hal_list *record);

NTSTATUS hal_get_any(struct hal_adapter *adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID va,
                     ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write);
void hal_put_any(struct hal_adapter *adapter, PSCATTER_GATHER_LIST list);

#endif
