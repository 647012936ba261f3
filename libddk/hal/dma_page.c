// SPDX-License-Identifier: MIT
//
// A list of one page that is not copied, while nobody waits for a turn: what most are. The way of
// dma_list.c in one piece, with what does not change left out. Where the page's address lasts,
// nothing is called but the driver's routine; what does not fit, rules that are broken included,
// goes the longer way from the start, so that little has to be kept in registers.

#include "dma_list.h"

FORCEINLINE struct hal_adapter *adapter_at_dispatch(PDMA_ADAPTER dma)
{
    const struct _KTHREAD *thread = port_thread_value();
    struct hal_adapter *adapter = CONTAINING_RECORD(dma, struct hal_adapter, Public);
    return dma != NULL && adapter->Magic == HAL_ADAPTER_MAGIC && thread != NULL &&
                   thread->Irql == DISPATCH_LEVEL
               ? adapter
               : NULL;
}

FORCEINLINE bool is_page(const struct hal_adapter *adapter, const MDL *mdl, PVOID va, ULONG length,
                         ULONG_PTR offset)
{
    return !adapter->Copying && length - 1 < PAGE_SIZE - BYTE_OFFSET(va) &&
           offset < mdl->ByteCount && length <= mdl->ByteCount - offset && hal_has_pages(mdl) &&
           hal_nobody_waits(adapter);
}

// Where the page is for the device; 0: it would have to be opened first, or cannot be reached.
FORCEINLINE ULONG64 reach_page(const struct hal_adapter *adapter, PMDL mdl, PVOID va, BOOLEAN write)
{
    ULONG64 logical;
    [[clang::always_inline]] logical = manager_dma_lasting(adapter->Pdo, mdl, va, !write);
    return logical + (PAGE_SIZE - 1) <= adapter->Highest ? logical : 0;
}

FORCEINLINE PSCATTER_GATHER_LIST take_page(struct hal_adapter *adapter)
{
    if (!ki_try_acquire(&adapter->ListLock))
        return NULL;
    PSCATTER_GATHER_LIST list = hal_pop_short(adapter);
    adapter->Lists += list != NULL;
    ki_release(&adapter->ListLock);
    return list;
}

FORCEINLINE void init_page(struct hal_list *record, struct hal_adapter *adapter, PMDL mdl,
                           ULONG offset, ULONG length, BOOLEAN write)
{
    record->Transfer.Kind = HAL_LIST;
    record->Transfer.State = HAL_HELD;
    record->Transfer.Adapter = adapter;
    record->Transfer.Registers = 0;
    record->Transfer.KeepsChannel = FALSE;
    record->Span.Mdl = mdl;
    record->Span.Offset = offset;
    record->Span.Length = length;
    record->Span.Write = write;
    record->Span.Copied = FALSE;
    record->Memory = HAL_MEMORY_SHORT;
    record->Ended = FALSE;
    record->OnePage = TRUE;
    record->Copy = NULL;
}

FORCEINLINE struct hal_list *make_page(PSCATTER_GATHER_LIST list, ULONG64 logical, ULONG length)
{
    struct hal_list *record = hal_record_in(list, HAL_SHORT_LIST);
    record->List = list;
    list->NumberOfElements = 1;
    list->Reserved = (ULONG_PTR)record;
    list->Elements[0].Address.QuadPart = (LONGLONG)logical;
    list->Elements[0].Length = length;
    return record;
}

// NULL: not for this way, and nothing has been done.
FORCEINLINE PSCATTER_GATHER_LIST get_page(struct hal_adapter *adapter, PMDL mdl, PVOID va,
                                          ULONG length, BOOLEAN write)
{
    ULONG_PTR offset = (ULONG_PTR)va - (ULONG_PTR)MmGetMdlVirtualAddress(mdl);
    if (!is_page(adapter, mdl, va, length, offset))
        return NULL;
    ULONG64 logical = reach_page(adapter, mdl, va, write);
    PSCATTER_GATHER_LIST list = logical != 0 ? take_page(adapter) : NULL;
    if (list == NULL)
        return NULL;
    struct hal_list *record = make_page(list, logical + BYTE_OFFSET(va), length);
    init_page(record, adapter, mdl, (ULONG)offset, length, write);
    record->Opened = FALSE;
    return list;
}

// The same where the page is opened for the list and closed with it.
static PSCATTER_GATHER_LIST open_page(struct hal_adapter *adapter, PMDL mdl, PVOID va, ULONG length,
                                      BOOLEAN write)
{
    ULONG_PTR offset = (ULONG_PTR)va - (ULONG_PTR)MmGetMdlVirtualAddress(mdl);
    ULONG64 logical;
    PSCATTER_GATHER_LIST list =
        is_page(adapter, mdl, va, length, offset) ? hal_take_short(adapter) : NULL;
    if (list == NULL)
        return NULL;
    struct hal_list *record = make_page(list, 0, length);
    init_page(record, adapter, mdl, (ULONG)offset, length, write);
    record->Opened = TRUE;
    hal_count_list(adapter, 1);
    bool opened =
        NT_SUCCESS(manager_dma_open(adapter->Pdo, mdl, (ULONG)offset, 1, !write, &logical));
    list->Elements[0].Address.QuadPart = (LONGLONG)(logical + BYTE_OFFSET(va));
    if (opened && logical + (PAGE_SIZE - 1) <= adapter->Highest)
        return list;
    if (opened)
        manager_dma_close(adapter->Pdo, mdl, (ULONG)offset, 1, !write);
    hal_free_list(record);
    return NULL;
}

__attribute__((noinline)) static NTSTATUS get_slowly(PDMA_ADAPTER dma, PDEVICE_OBJECT device,
                                                     PMDL mdl, PVOID va, ULONG length,
                                                     PDRIVER_LIST_CONTROL routine, PVOID context,
                                                     BOOLEAN write)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_dispatch("GetScatterGatherList below DISPATCH_LEVEL",
                        "GetScatterGatherList above DISPATCH_LEVEL");
    PSCATTER_GATHER_LIST list = open_page(adapter, mdl, va, length, write);
    if (list == NULL)
        return hal_get_any(adapter, device, mdl, va, length, routine, context, write);
    routine(device, device->CurrentIrp, list, context);
    return STATUS_SUCCESS;
}

NTSTATUS hal_get_list(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PMDL mdl, PVOID va, ULONG length,
                      PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write)
{
    struct hal_adapter *adapter = adapter_at_dispatch(dma);
    PSCATTER_GATHER_LIST list = adapter != NULL ? get_page(adapter, mdl, va, length, write) : NULL;
    if (__builtin_expect(list == NULL, 0))
        return get_slowly(dma, device, mdl, va, length, routine, context, write);
    routine(device, device->CurrentIrp, list, context);
    return STATUS_SUCCESS;
}

// False: not for this way, and nothing has been done.
FORCEINLINE bool put_page(struct hal_adapter *adapter, PSCATTER_GATHER_LIST list)
{
    struct hal_list *record = list != NULL ? (struct hal_list *)list->Reserved : NULL;
    if (record == NULL || record->Transfer.Kind != HAL_LIST ||
        record->Transfer.Adapter != adapter || record->List != list || !record->OnePage ||
        record->Opened || record->Ended || !ki_try_acquire(&adapter->ListLock))
        return false;
    bool kept = hal_push_short(adapter, list); // which uses the list's first eight bytes only
    if (kept) {
        record->Transfer.Kind = 0;
        list->Reserved = 0;
        adapter->Lists--;
    }
    ki_release(&adapter->ListLock);
    return kept;
}

__attribute__((noinline)) static void put_slowly(PDMA_ADAPTER dma, PSCATTER_GATHER_LIST list)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_dispatch("PutScatterGatherList below DISPATCH_LEVEL",
                        "PutScatterGatherList above DISPATCH_LEVEL");
    struct hal_list *record = hal_list_of(adapter, list);
    const struct hal_span *span = &record->Span;
    if (!record->OnePage || record->Ended) {
        hal_put_any(adapter, list);
        return;
    }
    if (record->Opened)
        manager_dma_close(adapter->Pdo, span->Mdl, span->Offset, 1, !span->Write);
    hal_free_list(record);
}

VOID hal_put_list(PDMA_ADAPTER dma, PSCATTER_GATHER_LIST list, BOOLEAN write)
{
    struct hal_adapter *adapter = adapter_at_dispatch(dma);
    (void)write; // what the list was made for counts
    if (__builtin_expect(adapter == NULL || !put_page(adapter, list), 0))
        put_slowly(dma, list);
}
