// SPDX-License-Identifier: MIT
//
// DMA adapters of bus-master devices. There are no bounce buffers and no shortage of map registers:
// every page of a buffer has its logical address, so an adapter is granted at once and a map
// register base is only a token. Lists merge pages that follow one another.

#include "hal.h"

#define MAP_REGISTERS 1024u // 4 MiB a transfer
#define PAGES_AT_ONCE 32u
#define SMALL_LIST    8u
#define TAG           'amDH'

struct adapter {
    DMA_ADAPTER Public;
    PDEVICE_OBJECT Pdo;
    ULONG64 Highest; // logical address the device can produce
    ULONG MapRegisters;
    KDEVICE_QUEUE Channel;       // busy while a device has it
    NPAGED_LOOKASIDE_LIST Lists; // of up to SMALL_LIST elements
};

// A transfer: [Offset, Offset + Length) of a chain of MDLs.
struct piece {
    PMDL Mdl;
    ULONG Offset; // in this MDL
    ULONG Length;
    BOOLEAN Write; // to the device
};
typedef NTSTATUS (*visit_run)(void *context, ULONG64 logical, ULONG length);

static struct adapter *adapter_of(PDMA_ADAPTER adapter)
{
    return CONTAINING_RECORD(adapter, struct adapter, Public);
}

static bool locate(PMDL mdl, PVOID va, ULONG length, struct piece *piece)
{
    ULONG_PTR first = (ULONG_PTR)MmGetMdlVirtualAddress(mdl), at = (ULONG_PTR)va;
    if (at < first || at - first > mdl->ByteCount)
        return false;
    *piece = (struct piece){mdl, (ULONG)(at - first), length, FALSE};
    return true;
}

// Calls visit for each page's part of one MDL.
static NTSTATUS walk_mdl(const struct adapter *adapter, const struct piece *piece, visit_run visit,
                         void *context)
{
    ULONG64 logical[PAGES_AT_ONCE];
    ULONG offset = piece->Offset, left = piece->Length;
    while (left != 0) {
        ULONG in_page = (piece->Mdl->ByteOffset + offset) & (PAGE_SIZE - 1);
        ULONG pages = (ULONG)BYTES_TO_PAGES((SIZE_T)in_page + left);
        pages = pages < PAGES_AT_ONCE ? pages : PAGES_AT_ONCE;
        NTSTATUS status =
            manager_dma_open(adapter->Pdo, piece->Mdl, offset, pages, !piece->Write, logical);
        for (ULONG i = 0; i < pages && NT_SUCCESS(status); i++) {
            ULONG part = PAGE_SIZE - in_page < left ? PAGE_SIZE - in_page : left;
            if (logical[i] + PAGE_SIZE - 1 > adapter->Highest)
                return STATUS_INSUFFICIENT_RESOURCES; // the device cannot reach this page
            status = visit(context, logical[i] + in_page, part);
            offset += part;
            left -= part;
            in_page = 0;
        }
        if (!NT_SUCCESS(status))
            return status;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS walk(const struct adapter *adapter, struct piece piece, visit_run visit,
                     void *context)
{
    ULONG left = piece.Length;
    for (PMDL mdl = piece.Mdl; left != 0; mdl = mdl->Next) {
        if (mdl == NULL)
            return STATUS_INVALID_PARAMETER; // longer than the chain
        ULONG offset = mdl == piece.Mdl ? piece.Offset : 0;
        ULONG here = mdl->ByteCount - offset < left ? mdl->ByteCount - offset : left;
        NTSTATUS status =
            walk_mdl(adapter, &(struct piece){mdl, offset, here, piece.Write}, visit, context);
        if (!NT_SUCCESS(status))
            return status;
        left -= here;
    }
    return STATUS_SUCCESS;
}

struct list_builder {
    PSCATTER_GATHER_LIST List;
    ULONG Room;
};

static NTSTATUS add_run(void *context, ULONG64 logical, ULONG length)
{
    struct list_builder *builder = context;
    PSCATTER_GATHER_LIST list = builder->List;
    PSCATTER_GATHER_ELEMENT last = &list->Elements[list->NumberOfElements - 1];
    if (list->NumberOfElements != 0 && (ULONG64)last->Address.QuadPart + last->Length == logical) {
        last->Length += length;
        return STATUS_SUCCESS;
    }
    if (list->NumberOfElements == builder->Room)
        return STATUS_BUFFER_TOO_SMALL;
    list->Elements[list->NumberOfElements++] =
        (SCATTER_GATHER_ELEMENT){{.QuadPart = (LONGLONG)logical}, length, 0};
    return STATUS_SUCCESS;
}

static ULONG elements_for(const struct piece *piece)
{
    ULONG count = 0;
    ULONG left = piece->Length, offset = piece->Offset;
    for (PMDL mdl = piece->Mdl; mdl != NULL && left != 0; mdl = mdl->Next) {
        ULONG here = mdl->ByteCount - offset < left ? mdl->ByteCount - offset : left;
        count +=
            (ULONG)BYTES_TO_PAGES((SIZE_T)((mdl->ByteOffset + offset) & (PAGE_SIZE - 1)) + here);
        left -= here;
        offset = 0;
    }
    return count;
}

static ULONG list_bytes(ULONG elements)
{
    return (ULONG)(sizeof(SCATTER_GATHER_LIST) + elements * sizeof(SCATTER_GATHER_ELEMENT));
}

// Reserved of a list says whose memory it is.
enum list_owner { LIST_OF_CALLER, LIST_FROM_POOL, LIST_FROM_LOOKASIDE };

static PSCATTER_GATHER_LIST new_list(struct adapter *adapter, ULONG elements,
                                     enum list_owner *owner)
{
    *owner = elements <= SMALL_LIST ? LIST_FROM_LOOKASIDE : LIST_FROM_POOL;
    if (*owner == LIST_FROM_LOOKASIDE)
        return ExAllocateFromNPagedLookasideList(&adapter->Lists);
    return ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, list_bytes(elements),
                           TAG);
}

static void free_list(struct adapter *adapter, PSCATTER_GATHER_LIST list, ULONG_PTR owner)
{
    if (owner == LIST_FROM_LOOKASIDE)
        ExFreeToNPagedLookasideList(&adapter->Lists, list);
    else if (owner == LIST_FROM_POOL)
        ExFreePoolWithTag(list, TAG);
}

static NTSTATUS fill_list(const struct adapter *adapter, struct piece piece,
                          PSCATTER_GATHER_LIST list, ULONG room, enum list_owner owner)
{
    struct list_builder builder = {list, room};
    list->NumberOfElements = 0;
    list->Reserved = owner;
    return walk(adapter, piece, add_run, &builder);
}

static NTSTATUS build_scatter_gather(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PMDL mdl, PVOID va,
                                     ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context,
                                     BOOLEAN write, PVOID buffer, ULONG buffer_length)
{
    struct adapter *adapter = adapter_of(dma);
    enum list_owner owner = LIST_OF_CALLER;
    PSCATTER_GATHER_LIST list = buffer;
    struct piece piece;
    ki_require_irql(DISPATCH_LEVEL, "GetScatterGatherList above DISPATCH_LEVEL");
    if (!locate(mdl, va, length, &piece))
        return STATUS_INVALID_PARAMETER;
    piece.Write = write;
    ULONG elements = elements_for(&piece);
    if (elements > adapter->MapRegisters)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (list != NULL && buffer_length < list_bytes(elements))
        return STATUS_BUFFER_TOO_SMALL;
    if (list == NULL && (list = new_list(adapter, elements, &owner)) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = fill_list(adapter, piece, list, elements, owner);
    if (!NT_SUCCESS(status)) {
        free_list(adapter, list, owner);
        return status;
    }
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    routine(device, device->CurrentIrp, list, context);
    KeLowerIrql(old);
    return STATUS_SUCCESS;
}

static NTSTATUS get_scatter_gather(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PMDL mdl, PVOID va,
                                   ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context,
                                   BOOLEAN write)
{
    return build_scatter_gather(dma, device, mdl, va, length, routine, context, write, NULL, 0);
}

static VOID put_scatter_gather(PDMA_ADAPTER dma, PSCATTER_GATHER_LIST list, BOOLEAN write)
{
    (void)write;
    free_list(adapter_of(dma), list, list->Reserved);
}

static NTSTATUS calculate_scatter_gather(PDMA_ADAPTER dma, PMDL mdl, PVOID va, ULONG length,
                                         PULONG bytes, PULONG registers)
{
    struct piece piece = {NULL, 0, length, FALSE};
    ULONG elements = (ULONG)BYTES_TO_PAGES((SIZE_T)length + PAGE_SIZE - 1);
    (void)dma;
    if (mdl != NULL && !locate(mdl, va, length, &piece))
        return STATUS_INVALID_PARAMETER;
    if (mdl != NULL)
        elements = elements_for(&piece);
    *bytes = list_bytes(elements);
    if (registers != NULL)
        *registers = elements;
    return STATUS_SUCCESS;
}

static NTSTATUS build_mdl(PDMA_ADAPTER dma, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target)
{
    (void)dma, (void)list;
    *target = original; // logical addresses are no physical ones: the original MDL stays the truth
    return original != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static PVOID allocate_common(PDMA_ADAPTER dma, ULONG length, PPHYSICAL_ADDRESS logical,
                             BOOLEAN cached)
{
    ULONG64 address = 0;
    (void)cached;
    ki_require_irql(PASSIVE_LEVEL, "AllocateCommonBuffer above PASSIVE_LEVEL");
    PVOID buffer =
        manager_dma_common(adapter_of(dma)->Pdo, length, adapter_of(dma)->Highest, &address);
    logical->QuadPart = (LONGLONG)address;
    return buffer;
}

static PVOID allocate_common_ex(PDMA_ADAPTER dma, PPHYSICAL_ADDRESS maximum, ULONG length,
                                PPHYSICAL_ADDRESS logical, BOOLEAN cached, ULONG node)
{
    ULONG64 address = 0, highest = adapter_of(dma)->Highest;
    (void)cached, (void)node;
    if (maximum != NULL && (ULONG64)maximum->QuadPart < highest)
        highest = (ULONG64)maximum->QuadPart;
    PVOID buffer = manager_dma_common(adapter_of(dma)->Pdo, length, highest, &address);
    logical->QuadPart = (LONGLONG)address;
    return buffer;
}

static VOID free_common(PDMA_ADAPTER dma, ULONG length, PHYSICAL_ADDRESS logical, PVOID buffer,
                        BOOLEAN cached)
{
    (void)dma, (void)logical, (void)cached;
    manager_dma_common_free(buffer, length);
}

static NTSTATUS allocate_channel(PDMA_ADAPTER dma, PDEVICE_OBJECT device, ULONG registers,
                                 PDRIVER_CONTROL routine, PVOID context)
{
    struct adapter *adapter = adapter_of(dma);
    ki_require_dispatch("AllocateAdapterChannel below DISPATCH_LEVEL",
                        "AllocateAdapterChannel above DISPATCH_LEVEL");
    if (registers > adapter->MapRegisters)
        return STATUS_INSUFFICIENT_RESOURCES;
    io_wait_turn(&adapter->Channel, device, routine, context, adapter);
    return STATUS_SUCCESS;
}

struct first_run {
    ULONG64 Logical;
    ULONG Length;
};

static NTSTATUS take_first(void *context, ULONG64 logical, ULONG length)
{
    struct first_run *run = context;
    if (run->Length != 0 && run->Logical + run->Length != logical)
        return STATUS_NO_MORE_ENTRIES;
    if (run->Length == 0)
        run->Logical = logical;
    run->Length += length;
    return STATUS_SUCCESS;
}

static PHYSICAL_ADDRESS map_transfer(PDMA_ADAPTER dma, PMDL mdl, PVOID base, PVOID va,
                                     PULONG length, BOOLEAN write)
{
    struct first_run run = {0, 0};
    struct piece piece;
    (void)base;
    if (locate(mdl, va, *length, &piece)) {
        piece.Write = write;
        (void)walk(adapter_of(dma), piece, take_first, &run);
    }
    *length = run.Length;
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)run.Logical};
}

// DMA is coherent and unbuffered: once the device is done the data is where it belongs.
static BOOLEAN flush_buffers(PDMA_ADAPTER dma, PMDL mdl, PVOID base, PVOID va, ULONG length,
                             BOOLEAN write)
{
    (void)dma, (void)mdl, (void)base, (void)va, (void)length, (void)write;
    KeMemoryBarrier();
    return TRUE;
}

static VOID free_channel(PDMA_ADAPTER dma)
{
    ki_require_dispatch("FreeAdapterChannel below DISPATCH_LEVEL",
                        "FreeAdapterChannel above DISPATCH_LEVEL");
    if (!adapter_of(dma)->Channel.Busy)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "FreeAdapterChannel of an adapter whose channel is not allocated",
                     (ULONG_PTR)dma, 0);
    io_next_turn(&adapter_of(dma)->Channel, adapter_of(dma));
}

static VOID free_registers(PDMA_ADAPTER dma, PVOID base, ULONG count)
{
    (void)dma, (void)base, (void)count;
}

static ULONG get_alignment(PDMA_ADAPTER dma)
{
    (void)dma;
    return 1;
}

static ULONG read_counter(PDMA_ADAPTER dma)
{
    (void)dma;
    return 0; // of system DMA controllers only: there is none
}

static VOID put_adapter(PDMA_ADAPTER dma)
{
    ki_require_irql(DISPATCH_LEVEL, "PutDmaAdapter above DISPATCH_LEVEL");
    if (adapter_of(dma)->Channel.Busy)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "PutDmaAdapter of an adapter whose channel is allocated", (ULONG_PTR)dma, 0);
    ExDeleteNPagedLookasideList(&adapter_of(dma)->Lists);
    ExFreePoolWithTag(adapter_of(dma), TAG);
}

static NTSTATUS get_info(PDMA_ADAPTER dma, PDMA_ADAPTER_INFO info)
{
    const struct adapter *adapter = adapter_of(dma);
    if (info->Version != DMA_ADAPTER_INFO_VERSION1)
        return STATUS_NOT_SUPPORTED;
    info->V1 = (DMA_ADAPTER_INFO_V1){
        .ScatterGatherLimit = adapter->MapRegisters,
        .DmaAddressWidth = (ULONG)(64 - __builtin_clzll(adapter->Highest)),
        .MinimumTransferUnit = 1,
    };
    return STATUS_SUCCESS;
}

static NTSTATUS get_transfer_info(PDMA_ADAPTER dma, PMDL mdl, ULONGLONG offset, ULONG length,
                                  BOOLEAN write_only, PDMA_TRANSFER_INFO info)
{
    struct piece piece = {mdl, (ULONG)offset, length, FALSE};
    (void)dma, (void)write_only;
    if (info->Version != DMA_TRANSFER_INFO_VERSION1)
        return STATUS_NOT_SUPPORTED;
    if (offset > mdl->ByteCount)
        return STATUS_INVALID_PARAMETER;
    ULONG elements = elements_for(&piece);
    info->V1 = (DMA_TRANSFER_INFO_V1){elements, elements, list_bytes(elements)};
    return STATUS_SUCCESS;
}

static NTSTATUS initialize_context(PDMA_ADAPTER dma, PVOID context)
{
    (void)dma;
    memset(context, 0, DMA_TRANSFER_CONTEXT_SIZE_V1);
    return STATUS_SUCCESS;
}

static NTSTATUS get_scatter_gather_ex(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PVOID transfer,
                                      PMDL mdl, ULONGLONG offset, ULONG length, ULONG flags,
                                      PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write,
                                      PDMA_COMPLETION_ROUTINE completion, PVOID completion_context,
                                      PSCATTER_GATHER_LIST *result)
{
    struct adapter *adapter = adapter_of(dma);
    enum list_owner owner;
    struct piece piece = {mdl, (ULONG)offset, length, write};
    (void)transfer, (void)completion, (void)completion_context;
    if (offset > mdl->ByteCount)
        return STATUS_INVALID_PARAMETER;
    if ((flags & DMA_SYNCHRONOUS_CALLBACK) == 0 || result == NULL)
        return get_scatter_gather(dma, device, mdl, (PCHAR)MmGetMdlVirtualAddress(mdl) + offset,
                                  length, routine, context, write);
    ULONG elements = elements_for(&piece);
    *result = new_list(adapter, elements, &owner);
    if (*result == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = fill_list(adapter, piece, *result, elements, owner);
    if (!NT_SUCCESS(status))
        free_list(adapter, *result, owner);
    else if (routine != NULL)
        routine(device, device->CurrentIrp, *result, context);
    return status;
}

static NTSTATUS flush_buffers_ex(PDMA_ADAPTER dma, PMDL mdl, PVOID base, ULONGLONG offset,
                                 ULONG length, BOOLEAN write)
{
    (void)offset;
    (void)flush_buffers(dma, mdl, base, NULL, length, write);
    return STATUS_SUCCESS;
}

static VOID free_adapter_object(PDMA_ADAPTER dma, IO_ALLOCATION_ACTION action)
{
    (void)dma, (void)action;
}

static NTSTATUS flush_dma_buffer(PDMA_ADAPTER dma, PMDL mdl, BOOLEAN read)
{
    (void)read;
    (void)flush_buffers(dma, mdl, NULL, NULL, 0, TRUE);
    return STATUS_SUCCESS;
}

// Routines of version 3 that this release does not provide are NULL, as for an older table.
static DMA_OPERATIONS operations = {
    .Size = sizeof(DMA_OPERATIONS),
    .PutDmaAdapter = put_adapter,
    .AllocateCommonBuffer = allocate_common,
    .FreeCommonBuffer = free_common,
    .AllocateAdapterChannel = allocate_channel,
    .FlushAdapterBuffers = flush_buffers,
    .FreeAdapterChannel = free_channel,
    .FreeMapRegisters = free_registers,
    .MapTransfer = map_transfer,
    .GetDmaAlignment = get_alignment,
    .ReadDmaCounter = read_counter,
    .GetScatterGatherList = get_scatter_gather,
    .PutScatterGatherList = put_scatter_gather,
    .CalculateScatterGatherList = calculate_scatter_gather,
    .BuildScatterGatherList = build_scatter_gather,
    .BuildMdlFromScatterGatherList = build_mdl,
    .GetDmaAdapterInfo = get_info,
    .GetDmaTransferInfo = get_transfer_info,
    .InitializeDmaTransferContext = initialize_context,
    .AllocateCommonBufferEx = allocate_common_ex,
    .GetScatterGatherListEx = get_scatter_gather_ex,
    .FlushAdapterBuffersEx = flush_buffers_ex,
    .FreeAdapterObject = free_adapter_object,
    .FlushDmaBuffer = flush_dma_buffer,
};

static ULONG64 highest_address(const DEVICE_DESCRIPTION *description)
{
    if (description->Version >= DEVICE_DESCRIPTION_VERSION3 && description->DmaAddressWidth != 0)
        return description->DmaAddressWidth >= 64 ? MAXULONGLONG
                                                  : (1ULL << description->DmaAddressWidth) - 1;
    if (description->Dma64BitAddresses)
        return MAXULONGLONG;
    return description->Dma32BitAddresses ? MAXULONG : 0xffffff;
}

PDMA_ADAPTER IoGetDmaAdapter(PDEVICE_OBJECT pdo, PDEVICE_DESCRIPTION description,
                             PULONG map_registers)
{
    ki_require_irql(PASSIVE_LEVEL, "IoGetDmaAdapter above PASSIVE_LEVEL");
    if (!description->Master || description->Version > DEVICE_DESCRIPTION_VERSION3)
        return NULL; // there is no system DMA controller
    struct adapter *adapter = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*adapter), TAG);
    if (adapter == NULL)
        return NULL;
    ULONG wanted = (ULONG)BYTES_TO_PAGES((SIZE_T)description->MaximumLength) + 1;
    ExInitializeNPagedLookasideList(&adapter->Lists, NULL, NULL, 0, list_bytes(SMALL_LIST), TAG, 0);
    adapter->Public.Version = description->Version >= DEVICE_DESCRIPTION_VERSION3 ? 3 : 1;
    adapter->Public.Size = sizeof(*adapter);
    adapter->Public.DmaOperations = &operations;
    adapter->Pdo = pdo;
    KeInitializeDeviceQueue(&adapter->Channel);
    adapter->Highest = highest_address(description);
    manager_dma_limit(pdo, adapter->Highest);
    adapter->MapRegisters = wanted > MAP_REGISTERS ? wanted : MAP_REGISTERS;
    if (map_registers != NULL)
        *map_registers = wanted < MAP_REGISTERS ? wanted : MAP_REGISTERS;
    return &adapter->Public;
}
