// SPDX-License-Identifier: MIT
//
// DMA adapters of bus-master devices; there is no system DMA controller, so what is for channels of
// one answers that it cannot be. Each adapter has map registers when its transfers may have to be
// copied (dma.h), and then the driver marked for it (docs/driver-guide.md, "DMA") or the length of
// its transfers says how many.

#include "dma.h"

#define REGISTERS_MOST    16384u // of one transfer: 64 MiB
#define POOL_MOST         1024u  // map registers with memory behind them
#define COPYING_REGISTERS 256u   // of the copying pool, unless the INF says another number
#define ISA_HIGHEST       0xffffffu

static struct ki_lock adapters_lock;
static LIST_ENTRY adapters = {&adapters, &adapters};
static ULONG adapter_count;

DECLSPEC_NORETURN void hal_dma_violation(enum hal_dma_rule code, const char *rule, ULONG_PTR p2)
{
    ki_violation(DRIVER_VERIFIER_DMA_VIOLATION, rule, code, p2);
}

DECLSPEC_NORETURN void hal_no_adapter(PDMA_ADAPTER dma)
{
    if (dma == NULL)
        hal_dma_violation(HAL_RULE_NO_ADAPTER, "a DMA routine was called without an adapter", 0);
    hal_dma_violation(HAL_RULE_ADAPTER_GONE,
                      "a DMA routine was called with an adapter that was put back", (ULONG_PTR)dma);
}

const void *hal_any_adapter(ULONG *count)
{
    *count = adapter_count;
    return adapter_count != 0 ? &CONTAINING_RECORD(adapters.Flink, struct hal_adapter, All)->Public
                              : NULL;
}

// --- Making one

// 0: the description has no sense.
static ULONG64 highest_address(const DEVICE_DESCRIPTION *description)
{
    ULONG width = description->DmaAddressWidth;
    if (description->Version == DEVICE_DESCRIPTION_VERSION3)
        return width == 0 || width > 64 ? 0 : width == 64 ? MAXULONGLONG : (1ULL << width) - 1;
    if (description->Dma64BitAddresses)
        return MAXULONGLONG;
    bool pci = description->ScatterGather && description->InterfaceType == PCIBus;
    return pci || description->Dma32BitAddresses ? MAXULONG : ISA_HIGHEST;
}

static bool make_pool(struct hal_adapter *adapter, ULONG wanted,
                      const struct hal_dma_settings *settings)
{
    ULONG count = wanted, least = 1;
    if (settings->MapRegisters != 0)
        count = least = settings->MapRegisters;
    else if (adapter->Copying && count < COPYING_REGISTERS)
        count = COPYING_REGISTERS;
    count = count < POOL_MOST ? count : POOL_MOST;
    least = least < count ? least : count;
    return hal_pool_make(&adapter->Pool, adapter->Pdo, count, least, adapter->Highest);
}

static bool set_up(struct hal_adapter *adapter, const DEVICE_DESCRIPTION *description)
{
    ULONG wanted = (ULONG)BYTES_TO_PAGES((SIZE_T)description->MaximumLength) + 1;
    struct hal_dma_settings settings = {FALSE, 0};
    if (adapter->Pdo != NULL)
        manager_dma_settings(adapter->Pdo, &settings);
    adapter->ScatterGather = description->ScatterGather;
    // Addresses can be chosen for a device that is confined: it reaches everything.
    bool chosen = adapter->Pdo != NULL && manager_dma_enforced(adapter->Pdo);
    adapter->Confined = chosen;
    if (adapter->Pdo != NULL)
        manager_dma_limit(adapter->Pdo, adapter->Highest);
    adapter->Copying = settings.Copying && !chosen;
    adapter->MapRegisters = wanted < REGISTERS_MOST ? wanted : REGISTERS_MOST;
    if (!adapter->Copying && adapter->ScatterGather && (chosen || adapter->Highest == MAXULONGLONG))
        return true; // nothing is ever copied
    // Without one, what the device reaches by itself can still be transferred.
    if (!make_pool(adapter, wanted, &settings))
        return !adapter->Copying;
    if (adapter->Pool.Count < adapter->MapRegisters)
        adapter->MapRegisters = adapter->Pool.Count;
    if (adapter->Copying)
        DbgPrint("DMA is copied through %u map registers\n", adapter->Pool.Count);
    return true;
}

static bool provided(const DEVICE_DESCRIPTION *description)
{
    return description->Master && description->Version <= DEVICE_DESCRIPTION_VERSION3 &&
           highest_address(description) != 0;
}

PDMA_ADAPTER IoGetDmaAdapter(PDEVICE_OBJECT pdo, PDEVICE_DESCRIPTION description,
                             PULONG map_registers)
{
    ki_require_irql(PASSIVE_LEVEL, "IoGetDmaAdapter above PASSIVE_LEVEL");
    struct hal_adapter *adapter =
        provided(description) ? ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*adapter), HAL_DMA_TAG)
                              : NULL;
    if (adapter == NULL)
        return NULL;
    adapter->Pdo = pdo;
    adapter->Highest = highest_address(description);
    if (!set_up(adapter, description)) {
        ExFreePoolWithTag(adapter, HAL_DMA_TAG);
        return NULL;
    }
    ULONG version = description->Version != 0 ? description->Version : 1;
    adapter->Magic = HAL_ADAPTER_MAGIC;
    adapter->Public.Version = 1; // whatever the table's version is, as documented
    adapter->Public.Size = sizeof(DMA_ADAPTER);
    adapter->Public.DmaOperations = &hal_dma_operations[version - 1];
    InitializeListHead(&adapter->Waiting);
    InitializeListHead(&adapter->Common);
    ki_acquire(&adapters_lock);
    InsertTailList(&adapters, &adapter->All);
    adapter_count++;
    ki_release(&adapters_lock);
    if (map_registers != NULL)
        *map_registers = adapter->MapRegisters;
    return &adapter->Public;
}

// --- Putting it back

static void nothing_left(const struct hal_adapter *adapter)
{
    ULONG_PTR dma = (ULONG_PTR)&adapter->Public;
    if (adapter->Channel != NULL || !IsListEmpty(&adapter->Waiting))
        hal_dma_violation(HAL_RULE_CHANNEL_LEFT,
                          "PutDmaAdapter of an adapter whose channel is allocated, or waited for",
                          dma);
    if (adapter->Lists != 0)
        hal_dma_violation(HAL_RULE_LIST_LEFT,
                          "PutDmaAdapter of an adapter with scatter/gather lists that were not put "
                          "back",
                          dma);
    if (adapter->Registers != 0)
        hal_dma_violation(HAL_RULE_REGISTERS_LEFT,
                          "PutDmaAdapter of an adapter with map registers that were not freed",
                          dma);
    if (adapter->CommonCount != 0)
        hal_dma_violation(HAL_RULE_COMMON_LEFT,
                          "PutDmaAdapter of an adapter with common buffers that were not freed",
                          dma);
}

static VOID put_adapter(PDMA_ADAPTER dma)
{
    ki_require_irql(DISPATCH_LEVEL, "PutDmaAdapter above DISPATCH_LEVEL");
    struct hal_adapter *adapter = hal_adapter_of(dma);
    nothing_left(adapter);
    ki_acquire(&adapters_lock);
    RemoveEntryList(&adapter->All);
    adapter_count--;
    ki_release(&adapters_lock);
    hal_list_memory_drop(adapter);
    hal_pool_destroy(&adapter->Pool);
    adapter->Magic = 0;
    ExFreePoolWithTag(adapter, HAL_DMA_TAG);
}

// --- What it can do

static ULONG get_alignment(PDMA_ADAPTER dma)
{
    (void)hal_adapter_of(dma);
    ki_require_irql(PASSIVE_LEVEL, "GetDmaAlignment above PASSIVE_LEVEL");
    return 1;
}

static ULONG read_counter(PDMA_ADAPTER dma)
{
    (void)hal_adapter_of(dma);
    ki_require_irql(DISPATCH_LEVEL, "ReadDmaCounter above DISPATCH_LEVEL");
    return 0; // of a system DMA channel
}

static NTSTATUS get_info(PDMA_ADAPTER dma, PDMA_ADAPTER_INFO info)
{
    const struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_irql(DISPATCH_LEVEL, "GetDmaAdapterInfo above DISPATCH_LEVEL");
    if (info->Version != DMA_ADAPTER_INFO_VERSION1)
        return STATUS_NOT_SUPPORTED;
    info->V1 = (DMA_ADAPTER_INFO_V1){
        .ScatterGatherLimit = adapter->ScatterGather ? adapter->MapRegisters : 1,
        .DmaAddressWidth = (ULONG)(64 - __builtin_clzll(adapter->Highest)),
        .MinimumTransferUnit = 1,
    };
    return STATUS_SUCCESS;
}

// DMA is coherent: nothing is in a cache that the device does not see.
static NTSTATUS flush_dma_buffer(PDMA_ADAPTER dma, PMDL mdl, BOOLEAN read)
{
    (void)hal_adapter_of(dma), (void)mdl, (void)read;
    KeMemoryBarrier();
    return STATUS_SUCCESS;
}

// Each device that is confined has a domain of its own, which no other can join: the handle says
// that there is one, and which.
static HANDLE get_domain(PDMA_ADAPTER dma)
{
    const struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_irql(PASSIVE_LEVEL, "GetDmaDomain above PASSIVE_LEVEL");
    return adapter->Confined ? adapter->Pdo : NULL;
}

// --- System DMA, and domains that adapters share: neither is there

static NTSTATUS configure_channel(PDMA_ADAPTER dma, ULONG function, PVOID context)
{
    (void)hal_adapter_of(dma), (void)function, (void)context;
    ki_require_irql(DISPATCH_LEVEL, "ConfigureAdapterChannel above DISPATCH_LEVEL");
    return STATUS_NOT_IMPLEMENTED;
}

static NTSTATUS cancel_mapped(PDMA_ADAPTER dma, PVOID transfer)
{
    (void)hal_adapter_of(dma), (void)transfer;
    ki_require_irql(DISPATCH_LEVEL, "CancelMappedTransfer above DISPATCH_LEVEL");
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS allocate_domain_common(PDMA_ADAPTER dma, HANDLE domain, PPHYSICAL_ADDRESS maximum,
                                       ULONG length, ULONG flags, MEMORY_CACHING_TYPE *cache,
                                       ULONG node, PPHYSICAL_ADDRESS logical, PVOID *address)
{
    (void)domain, (void)maximum, (void)length, (void)flags, (void)cache, (void)node, (void)logical;
    (void)hal_adapter_of(dma), (void)address;
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS join_domain(PDMA_ADAPTER dma, HANDLE domain)
{
    (void)hal_adapter_of(dma), (void)domain;
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS leave_domain(PDMA_ADAPTER dma)
{
    (void)hal_adapter_of(dma);
    return STATUS_NOT_SUPPORTED;
}

#define VERSION1                                                                                   \
    .PutDmaAdapter = put_adapter, .AllocateCommonBuffer = hal_allocate_common,                     \
    .FreeCommonBuffer = hal_free_common, .AllocateAdapterChannel = hal_allocate_channel,           \
    .FlushAdapterBuffers = hal_flush, .FreeAdapterChannel = hal_free_channel,                      \
    .FreeMapRegisters = hal_free_registers, .MapTransfer = hal_map_transfer,                       \
    .GetDmaAlignment = get_alignment, .ReadDmaCounter = read_counter,                              \
    .GetScatterGatherList = hal_get_list, .PutScatterGatherList = hal_put_list
#define VERSION2                                                                                   \
    .CalculateScatterGatherList = hal_list_size, .BuildScatterGatherList = hal_build_list,         \
    .BuildMdlFromScatterGatherList = hal_build_mdl

// A table ends where its version does; what is behind is NULL.
DMA_OPERATIONS hal_dma_operations[3] = {
    {.Size = offsetof(DMA_OPERATIONS, CalculateScatterGatherList), VERSION1},
    {.Size = offsetof(DMA_OPERATIONS, GetDmaAdapterInfo), VERSION1, VERSION2},
    {
        .Size = sizeof(DMA_OPERATIONS),
        VERSION1,
        VERSION2,
        .GetDmaAdapterInfo = get_info,
        .GetDmaTransferInfo = hal_transfer_info,
        .InitializeDmaTransferContext = hal_initialize_context,
        .AllocateCommonBufferEx = hal_allocate_common_ex,
        .AllocateAdapterChannelEx = hal_allocate_channel_ex,
        .ConfigureAdapterChannel = configure_channel,
        .CancelAdapterChannel = hal_cancel_channel,
        .MapTransferEx = hal_map_transfer_ex,
        .GetScatterGatherListEx = hal_get_list_ex,
        .BuildScatterGatherListEx = hal_build_list_ex,
        .FlushAdapterBuffersEx = hal_flush_ex,
        .FreeAdapterObject = hal_free_object,
        .CancelMappedTransfer = cancel_mapped,
        .AllocateDomainCommonBuffer = allocate_domain_common,
        .FlushDmaBuffer = flush_dma_buffer,
        .JoinDmaDomain = join_domain,
        .LeaveDmaDomain = leave_domain,
        .GetDmaDomain = get_domain,
        .AllocateCommonBufferWithBounds = hal_allocate_common_bounds,
    },
};
