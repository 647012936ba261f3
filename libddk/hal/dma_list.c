// SPDX-License-Identifier: MIT
//
// Scatter/gather lists. Behind the elements of a list lies the kit's record of it, to which
// Reserved points: what the list holds is known without looking at the elements, which the driver
// may change.

#include "dma.h"

#define SHORT_LIST  8u  // elements
#define SHORT_LISTS 64u // kept for the next one

enum list_memory { MEMORY_OF_DRIVER, MEMORY_SHORT, MEMORY_POOL };

static ULONG record_offset(ULONG elements)
{
    return (ULONG)(sizeof(SCATTER_GATHER_LIST) + elements * sizeof(SCATTER_GATHER_ELEMENT));
}

static ULONG list_bytes(ULONG elements)
{
    return record_offset(elements) + (ULONG)sizeof(struct hal_list);
}

FORCEINLINE struct hal_list *record_in(PSCATTER_GATHER_LIST list, ULONG elements)
{
    return (struct hal_list *)((PCHAR)list + record_offset(elements));
}

FORCEINLINE PVOID take_short(struct hal_adapter *adapter)
{
    ki_acquire(&adapter->ListLock);
    PSINGLE_LIST_ENTRY list = adapter->ListMemory;
    if (list != NULL) {
        adapter->ListMemory = list->Next;
        adapter->ListsKept--;
    }
    ki_release(&adapter->ListLock);
    return list;
}

// False: enough are kept.
FORCEINLINE bool give_short(struct hal_adapter *adapter, PVOID memory)
{
    PSINGLE_LIST_ENTRY list = memory;
    ki_acquire(&adapter->ListLock);
    bool kept = adapter->ListsKept < SHORT_LISTS;
    if (kept) {
        list->Next = adapter->ListMemory;
        adapter->ListMemory = list;
        adapter->ListsKept++;
    }
    ki_release(&adapter->ListLock);
    return kept;
}

static PVOID get_memory(struct hal_adapter *adapter, ULONG *elements, enum list_memory *memory)
{
    PVOID kept = NULL;
    *memory = *elements <= SHORT_LIST ? MEMORY_SHORT : MEMORY_POOL;
    if (*memory == MEMORY_SHORT) {
        *elements = SHORT_LIST;
        kept = take_short(adapter);
    }
    return kept != NULL ? kept
                        : ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED,
                                          list_bytes(*elements), HAL_DMA_TAG);
}

static void give_memory(struct hal_adapter *adapter, PVOID list, UCHAR memory)
{
    if (memory != MEMORY_OF_DRIVER && (memory != MEMORY_SHORT || !give_short(adapter, list)))
        ExFreePoolWithTag(list, HAL_DMA_TAG);
}

void hal_list_memory_drop(struct hal_adapter *adapter)
{
    PVOID list;
    while ((list = take_short(adapter)) != NULL)
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
    enum list_memory memory = MEMORY_OF_DRIVER;
    PSCATTER_GATHER_LIST list = wanted->Buffer;
    if (elements > adapter->MapRegisters)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (list != NULL && wanted->BufferBytes < list_bytes(elements))
        return STATUS_BUFFER_TOO_SMALL;
    if (list == NULL && (list = get_memory(adapter, &elements, &memory)) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *record = record_in(list, elements);
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

static void free_record(struct hal_list *record)
{
    struct hal_adapter *adapter = record->Transfer.Adapter;
    record->Transfer.Kind = 0;
    record->List->Reserved = 0;
    InterlockedDecrement(&adapter->Lists);
    give_memory(adapter, record->List, record->Memory);
}

static NTSTATUS ask(struct hal_adapter *adapter, const struct wanted *wanted,
                    PSCATTER_GATHER_LIST *result)
{
    struct hal_list *record;
    NTSTATUS status = make_record(adapter, wanted, &record);
    if (!NT_SUCCESS(status))
        return status;
    InterlockedIncrement(&adapter->Lists);
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
    free_record(record);
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
    free_record(record);
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

static struct hal_list *record_of(struct hal_adapter *adapter, PSCATTER_GATHER_LIST list)
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

// --- A list of one page that is not copied, while nobody waits for a turn: what most are. The way
// above in one piece, with what does not change left out.

// Where the page is for the device; 0: the long way tells what becomes of it.
FORCEINLINE ULONG64 open_page(struct hal_adapter *adapter, PMDL mdl, ULONG offset, BOOLEAN write)
{
    ULONG64 logical;
    if (__builtin_expect(
            !NT_SUCCESS(manager_dma_open(adapter->Pdo, mdl, offset, 1, !write, &logical)), 0))
        return 0;
    if (__builtin_expect(logical != 0 && logical + (PAGE_SIZE - 1) <= adapter->Highest, 1))
        return logical;
    manager_dma_close(adapter->Pdo, mdl, offset, 1, !write);
    return 0;
}

FORCEINLINE void init_page(struct hal_list *record, struct hal_adapter *adapter, PMDL mdl,
                           ULONG offset, ULONG length, BOOLEAN write)
{
    struct hal_transfer *transfer = &record->Transfer;
    struct hal_span *span = &record->Span;
    transfer->Kind = HAL_LIST;
    transfer->State = HAL_HELD;
    transfer->Adapter = adapter;
    transfer->Registers = 0;
    transfer->KeepsChannel = FALSE;
    span->Mdl = mdl;
    span->Offset = offset;
    span->Length = length;
    span->Write = write;
    span->Copied = FALSE;
    record->Memory = MEMORY_SHORT;
    record->Ended = FALSE;
    record->OnePage = TRUE;
    record->Copy = NULL;
}

// NULL: not for this way, and nothing has been done.
FORCEINLINE PSCATTER_GATHER_LIST get_page(struct hal_adapter *adapter, PMDL mdl, PVOID va,
                                          ULONG length, BOOLEAN write)
{
    ULONG_PTR offset = (ULONG_PTR)va - (ULONG_PTR)MmGetMdlVirtualAddress(mdl);
    if (adapter->Copying || length - 1 >= PAGE_SIZE - BYTE_OFFSET(va) || offset >= mdl->ByteCount ||
        length > mdl->ByteCount - offset || !hal_has_pages(mdl) || !hal_nobody_waits(adapter))
        return NULL;
    PSCATTER_GATHER_LIST list = take_short(adapter);
    if (list == NULL)
        return NULL;
    ULONG64 logical = open_page(adapter, mdl, (ULONG)offset, write);
    if (logical == 0) {
        give_memory(adapter, list, MEMORY_SHORT);
        return NULL;
    }
    struct hal_list *record = record_in(list, SHORT_LIST);
    init_page(record, adapter, mdl, (ULONG)offset, length, write);
    record->List = list;
    list->NumberOfElements = 1;
    list->Reserved = (ULONG_PTR)record;
    list->Elements[0].Address.QuadPart = (LONGLONG)(logical + BYTE_OFFSET(va));
    list->Elements[0].Length = length;
    InterlockedIncrement(&adapter->Lists);
    return list;
}

FORCEINLINE void put_page(struct hal_adapter *adapter, struct hal_list *record)
{
    const struct hal_span *span = &record->Span;
    manager_dma_close(adapter->Pdo, span->Mdl, span->Offset, 1, !span->Write);
    free_record(record);
}

VOID hal_put_list(PDMA_ADAPTER dma, PSCATTER_GATHER_LIST list, BOOLEAN write)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    (void)write; // what the list was made for counts
    ki_require_dispatch("PutScatterGatherList below DISPATCH_LEVEL",
                        "PutScatterGatherList above DISPATCH_LEVEL");
    struct hal_list *record = record_of(adapter, list);
    if (record->OnePage && !record->Ended) {
        put_page(adapter, record);
        return;
    }
    bool waited_for = record->Span.Copied;
    hal_list_end(record);
    free_record(record);
    if (waited_for)
        hal_next_turn(adapter);
}

NTSTATUS hal_build_mdl(PDMA_ADAPTER dma, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_irql(DISPATCH_LEVEL, "BuildMdlFromScatterGatherList above DISPATCH_LEVEL");
    if (original == NULL)
        return STATUS_INVALID_PARAMETER;
    struct hal_list *record = record_of(adapter, list);
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

KI_COLD static NTSTATUS get_any(struct hal_adapter *adapter, PDEVICE_OBJECT device, PMDL mdl,
                                PVOID va, ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context,
                                BOOLEAN write)
{
    struct wanted wanted = {.Device = device,
                            .Mdl = mdl,
                            .Length = length,
                            .Routine = routine,
                            .Context = context,
                            .Write = write};
    return get_list(adapter, va, &wanted);
}

NTSTATUS hal_get_list(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PMDL mdl, PVOID va, ULONG length,
                      PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_dispatch("GetScatterGatherList below DISPATCH_LEVEL",
                        "GetScatterGatherList above DISPATCH_LEVEL");
    PSCATTER_GATHER_LIST list = get_page(adapter, mdl, va, length, write);
    if (__builtin_expect(list == NULL, 0))
        return get_any(adapter, device, mdl, va, length, routine, context, write);
    routine(device, device->CurrentIrp, list, context);
    return STATUS_SUCCESS;
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
    *bytes = list_bytes(elements);
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
    info->V1 = (DMA_TRANSFER_INFO_V1){elements, elements, list_bytes(elements)};
    return STATUS_SUCCESS;
}
