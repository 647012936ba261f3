// SPDX-License-Identifier: MIT
//
// Scatter/gather lists. Behind the elements of a list lies the kit's record of it, to which
// Reserved points: what the list holds is known without looking at the elements, which the driver
// may change.

#include "dma_list.h"

PVOID hal_take_short(struct hal_adapter *adapter)
{
    ki_acquire(&adapter->ListLock);
    PVOID list = hal_pop_short(adapter);
    ki_release(&adapter->ListLock);
    return list;
}

static bool give_short(struct hal_adapter *adapter, PVOID list)
{
    ki_acquire(&adapter->ListLock);
    bool kept = hal_push_short(adapter, list);
    ki_release(&adapter->ListLock);
    return kept;
}

void hal_count_list(struct hal_adapter *adapter, LONG change)
{
    ki_acquire(&adapter->ListLock);
    adapter->Lists += change;
    ki_release(&adapter->ListLock);
}

static PVOID get_memory(struct hal_adapter *adapter, ULONG *elements, enum hal_list_memory *memory)
{
    PVOID kept = NULL;
    *memory = *elements <= HAL_SHORT_LIST ? HAL_MEMORY_SHORT : HAL_MEMORY_POOL;
    if (*memory == HAL_MEMORY_SHORT) {
        *elements = HAL_SHORT_LIST;
        kept = hal_take_short(adapter);
    }
    return kept != NULL ? kept
                        : ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED,
                                          hal_list_bytes(*elements), HAL_DMA_TAG);
}

static void give_memory(struct hal_adapter *adapter, PVOID list, UCHAR memory)
{
    if (memory != HAL_MEMORY_OF_DRIVER &&
        (memory != HAL_MEMORY_SHORT || !give_short(adapter, list)))
        ExFreePoolWithTag(list, HAL_DMA_TAG);
}

void hal_list_memory_drop(struct hal_adapter *adapter)
{
    PVOID list;
    while ((list = hal_take_short(adapter)) != NULL)
        ExFreePoolWithTag(list, HAL_DMA_TAG);
}

// What a list is asked for with.
struct wanted {
    PDEVICE_OBJECT Device;
    PMDL Mdl;
    ULONG Offset; // in it
    ULONG Length;
    PDRIVER_LIST_CONTROL Routine;
    PVOID Context;
    BOOLEAN Write;
    PVOID Buffer; // of the driver, or NULL
    ULONG BufferBytes;
    PVOID TransferContext; // version 3, or NULL
    BOOLEAN Synchronous;
};

static NTSTATUS make_record(struct hal_adapter *adapter, const struct wanted *wanted,
                            struct hal_list **record)
{
    ULONG elements = hal_range_pages(wanted->Mdl, wanted->Offset, wanted->Length);
    enum hal_list_memory memory = HAL_MEMORY_OF_DRIVER;
    PSCATTER_GATHER_LIST list = wanted->Buffer;
    if (elements > adapter->MapRegisters)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (list != NULL && wanted->BufferBytes < hal_list_bytes(elements))
        return STATUS_BUFFER_TOO_SMALL;
    if (list == NULL && (list = get_memory(adapter, &elements, &memory)) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *record = hal_record_in(list, elements);
    **record = (struct hal_list){
        .Transfer = {.Kind = HAL_LIST,
                     .Adapter = adapter,
                     .Device = wanted->Device,
                     .Irp = wanted->Device->CurrentIrp,
                     .Context = wanted->Context,
                     .KeepsChannel = wanted->Synchronous && wanted->Routine == NULL},
        .Span = {.Mdl = wanted->Mdl,
                 .Offset = wanted->Offset,
                 .Length = wanted->Length,
                 .Write = wanted->Write},
        .Routine = wanted->Routine,
        .List = list,
        .Capacity = elements,
        .Memory = (UCHAR)memory,
    };
    list->NumberOfElements = 0;
    list->Reserved = (ULONG_PTR)*record;
    return STATUS_SUCCESS;
}

// Opens it to the device, or finds out that it is to be copied and how many map registers it needs.
static NTSTATUS prepare(struct hal_adapter *adapter, struct hal_list *record)
{
    struct hal_span *span = &record->Span;
    struct hal_pieces pieces = {record->List, adapter->ScatterGather ? record->Capacity : 1, 0};
    NTSTATUS status =
        adapter->Copying ? STATUS_DATATYPE_MISALIGNMENT : hal_span_open(adapter, span, &pieces);
    if (status != STATUS_DATATYPE_MISALIGNMENT)
        return status;
    span->Copied = TRUE;
    record->Transfer.Registers = hal_range_registers(span->Mdl, span->Offset, span->Length);
    return record->Transfer.Registers <= adapter->Pool.Count ? hal_span_prepare_copy(span)
                                                             : STATUS_INSUFFICIENT_RESOURCES;
}

void hal_free_list(struct hal_list *record)
{
    struct hal_adapter *adapter = record->Transfer.Adapter;
    record->Transfer.Kind = 0;
    record->List->Reserved = 0;
    hal_count_list(adapter, -1);
    give_memory(adapter, record->List, record->Memory);
}

static NTSTATUS ask(struct hal_adapter *adapter, const struct wanted *wanted,
                    PSCATTER_GATHER_LIST *result)
{
    struct hal_list *record;
    NTSTATUS status = make_record(adapter, wanted, &record);
    if (!NT_SUCCESS(status))
        return status;
    hal_count_list(adapter, 1);
    if (result != NULL)
        *result = record->List; // the routine may put the list back
    status = prepare(adapter, record);
    bool open = NT_SUCCESS(status) && !record->Span.Copied;
    if (NT_SUCCESS(status) && wanted->TransferContext != NULL)
        status = hal_ticket_take(wanted->TransferContext, &record->Transfer);
    if (NT_SUCCESS(status))
        status = hal_wait_turn(&record->Transfer, !wanted->Synchronous);
    if (NT_SUCCESS(status))
        return status;
    if (open)
        hal_span_end(adapter, &record->Span);
    hal_free_list(record);
    return status;
}

void hal_list_begins(struct hal_list *record)
{
    struct hal_transfer *transfer = &record->Transfer;
    struct hal_adapter *adapter = transfer->Adapter;
    struct hal_span *span = &record->Span;
    if (span->Copied) {
        span->Register = transfer->First;
        hal_span_begin_copy(adapter, span);
        record->List->NumberOfElements = 1;
        record->List->Elements[0] = (SCATTER_GATHER_ELEMENT){
            {.QuadPart = (LONGLONG)hal_span_logical(adapter, span)}, span->Length, 0};
    }
    transfer->State = HAL_HELD;
    if (record->Routine == NULL)
        return;
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    record->Routine(transfer->Device, transfer->Irp, record->List, transfer->Context);
    KeLowerIrql(old);
}

void hal_list_cancelled(struct hal_list *record)
{
    if (!record->Span.Copied)
        hal_span_end(record->Transfer.Adapter, &record->Span);
    hal_free_list(record);
}

void hal_list_end(struct hal_list *record)
{
    struct hal_adapter *adapter = record->Transfer.Adapter;
    struct hal_span *span = &record->Span;
    if (record->Ended)
        return;
    record->Ended = TRUE;
    KeMemoryBarrier();
    if (span->Copied && !span->Write)
        hal_span_copy_out(adapter, span, 0, span->Length);
    hal_span_end(adapter, span);
    if (record->Copy != NULL)
        IoFreeMdl(record->Copy);
    record->Copy = NULL;
    if (record->Transfer.Registers != 0)
        hal_give_registers(&record->Transfer);
}

struct hal_list *hal_list_of(struct hal_adapter *adapter, PSCATTER_GATHER_LIST list)
{
    struct hal_list *record = list != NULL ? (struct hal_list *)list->Reserved : NULL;
    if (record == NULL || record->Transfer.Kind != HAL_LIST ||
        record->Transfer.Adapter != adapter || record->List != list)
        hal_dma_violation(HAL_RULE_LIST_FREED,
                          "a scatter/gather list that this adapter did not make, or that was put "
                          "back already",
                          (ULONG_PTR)list);
    return record;
}

void hal_put_any(struct hal_adapter *adapter, PSCATTER_GATHER_LIST list)
{
    struct hal_list *record = hal_list_of(adapter, list);
    bool waited_for = record->Span.Copied;
    hal_list_end(record);
    hal_free_list(record);
    if (waited_for)
        hal_next_turn(adapter);
}

NTSTATUS hal_build_mdl(PDMA_ADAPTER dma, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_irql(DISPATCH_LEVEL, "BuildMdlFromScatterGatherList above DISPATCH_LEVEL");
    if (original == NULL)
        return STATUS_INVALID_PARAMETER;
    struct hal_list *record = hal_list_of(adapter, list);
    if (record->Copy != NULL)
        return STATUS_NONE_MAPPED;
    *target = original;
    if (!record->Span.Copied)
        return STATUS_SUCCESS; // the device uses the memory itself
    PCHAR copy =
        adapter->Pool.Memory + (hal_span_logical(adapter, &record->Span) - adapter->Pool.Logical);
    record->Copy = IoAllocateMdl(copy, record->Span.Length, FALSE, FALSE, NULL);
    if (record->Copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(record->Copy);
    *target = record->Copy;
    return STATUS_SUCCESS;
}

// --- As the tables have them

static NTSTATUS get_list(struct hal_adapter *adapter, PVOID va, struct wanted *wanted)
{
    ULONGLONG offset = hal_offset_of(wanted->Mdl, va, wanted->Length);
    if (!hal_chain_find(&wanted->Mdl, &offset, wanted->Length))
        return STATUS_BUFFER_TOO_SMALL;
    wanted->Offset = (ULONG)offset;
    return ask(adapter, wanted, NULL);
}

NTSTATUS hal_get_any(struct hal_adapter *adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID va,
                     ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write)
{
    struct wanted wanted = {.Device = device,
                            .Mdl = mdl,
                            .Length = length,
                            .Routine = routine,
                            .Context = context,
                            .Write = write};
    return get_list(adapter, va, &wanted);
}

NTSTATUS hal_build_list(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PMDL mdl, PVOID va, ULONG length,
                        PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write, PVOID buffer,
                        ULONG buffer_bytes)
{
    struct wanted wanted = {.Device = device,
                            .Mdl = mdl,
                            .Length = length,
                            .Routine = routine,
                            .Context = context,
                            .Write = write,
                            .Buffer = buffer,
                            .BufferBytes = buffer_bytes};
    ki_require_dispatch("BuildScatterGatherList below DISPATCH_LEVEL",
                        "BuildScatterGatherList above DISPATCH_LEVEL");
    if (buffer == NULL)
        return STATUS_BUFFER_TOO_SMALL;
    return get_list(hal_adapter_of(dma), va, &wanted);
}

// Without a routine the list must be returned, and at once.
static NTSTATUS get_list_ex(struct hal_adapter *adapter, PMDL mdl, ULONGLONG offset, ULONG flags,
                            struct wanted *wanted, PSCATTER_GATHER_LIST *result)
{
    wanted->Synchronous = (flags & DMA_SYNCHRONOUS_CALLBACK) != 0;
    if ((flags & ~(ULONG)DMA_SYNCHRONOUS_CALLBACK) != 0 || wanted->Device == NULL ||
        wanted->TransferContext == NULL || mdl == NULL || wanted->Length == 0 ||
        (wanted->Routine == NULL && (!wanted->Synchronous || result == NULL)) ||
        !hal_chain_find(&mdl, &offset, wanted->Length))
        return STATUS_INVALID_PARAMETER;
    wanted->Mdl = mdl;
    wanted->Offset = (ULONG)offset;
    return ask(adapter, wanted, result);
}

NTSTATUS hal_get_list_ex(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl,
                         ULONGLONG offset, ULONG length, ULONG flags, PDRIVER_LIST_CONTROL routine,
                         PVOID context, BOOLEAN write, PDMA_COMPLETION_ROUTINE completion,
                         PVOID completion_context, PSCATTER_GATHER_LIST *result)
{
    struct wanted wanted = {.Device = device,
                            .TransferContext = transfer,
                            .Length = length,
                            .Routine = routine,
                            .Context = context,
                            .Write = write};
    (void)completion, (void)completion_context;
    ki_require_irql(DISPATCH_LEVEL, "GetScatterGatherListEx above DISPATCH_LEVEL");
    return get_list_ex(hal_adapter_of(dma), mdl, offset, flags, &wanted, result);
}

NTSTATUS hal_build_list_ex(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl,
                           ULONGLONG offset, ULONG length, ULONG flags,
                           PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write, PVOID buffer,
                           ULONG buffer_bytes, PDMA_COMPLETION_ROUTINE completion,
                           PVOID completion_context, PVOID result)
{
    struct wanted wanted = {.Device = device,
                            .TransferContext = transfer,
                            .Length = length,
                            .Routine = routine,
                            .Context = context,
                            .Write = write,
                            .Buffer = buffer,
                            .BufferBytes = buffer_bytes};
    (void)completion, (void)completion_context;
    ki_require_dispatch("BuildScatterGatherListEx below DISPATCH_LEVEL",
                        "BuildScatterGatherListEx above DISPATCH_LEVEL");
    if (buffer == NULL)
        return STATUS_INVALID_PARAMETER;
    return get_list_ex(hal_adapter_of(dma), mdl, offset, flags, &wanted, result);
}

// --- How large a list is

NTSTATUS hal_list_size(PDMA_ADAPTER dma, PMDL mdl, PVOID va, ULONG length, PULONG bytes,
                       PULONG registers)
{
    const struct hal_adapter *adapter = hal_adapter_of(dma);
    ULONG elements = (ULONG)BYTES_TO_PAGES((SIZE_T)length + PAGE_SIZE - 1); // at the worst offset
    ULONGLONG offset = (ULONG_PTR)va - (mdl != NULL ? (ULONG_PTR)MmGetMdlVirtualAddress(mdl) : 0);
    if (mdl != NULL && !hal_chain_find(&mdl, &offset, length))
        return STATUS_BUFFER_TOO_SMALL;
    if (mdl != NULL)
        elements = hal_range_pages(mdl, (ULONG)offset, length);
    if (elements > adapter->MapRegisters)
        return STATUS_INSUFFICIENT_RESOURCES;
    *bytes = hal_list_bytes(elements);
    if (registers != NULL)
        *registers = elements;
    return STATUS_SUCCESS;
}

NTSTATUS hal_transfer_info(PDMA_ADAPTER dma, PMDL mdl, ULONGLONG offset, ULONG length,
                           BOOLEAN write_only, PDMA_TRANSFER_INFO info)
{
    (void)write_only;
    (void)hal_adapter_of(dma);
    ki_require_irql(DISPATCH_LEVEL, "GetDmaTransferInfo above DISPATCH_LEVEL");
    if (info->Version != DMA_TRANSFER_INFO_VERSION1)
        return STATUS_NOT_SUPPORTED;
    if (mdl == NULL || length == 0 || !hal_chain_find(&mdl, &offset, length))
        return STATUS_INVALID_PARAMETER;
    ULONG elements = hal_range_pages(mdl, (ULONG)offset, length);
    info->V1 = (DMA_TRANSFER_INFO_V1){elements, elements, hal_list_bytes(elements)};
    return STATUS_SUCCESS;
}
