// SPDX-License-Identifier: MIT
//
// Common buffers: memory that the driver and its device share until it is freed. Each is remembered
// with the adapter: it is freed as it was allocated, and before the adapter is put back.

#include "dma.h"

struct common {
    LIST_ENTRY Entry;
    PVOID Address;
    ULONG64 Logical;
    ULONG Length;
};

static PVOID allocate(struct hal_adapter *adapter, ULONG length, ULONG64 highest, ULONG64 lowest,
                      PPHYSICAL_ADDRESS logical)
{
    struct common *common = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*common), HAL_DMA_TAG);
    if (common == NULL)
        return NULL;
    if (adapter->Highest < highest)
        highest = adapter->Highest;
    common->Length = length;
    common->Address = manager_dma_common(adapter->Pdo, length, highest, &common->Logical);
    if (common->Address != NULL && common->Logical < lowest) {
        manager_dma_common_free(common->Address, length);
        common->Address = NULL;
    }
    if (common->Address == NULL) {
        ExFreePoolWithTag(common, HAL_DMA_TAG);
        return NULL;
    }
    ki_acquire(&adapter->Lock);
    InsertTailList(&adapter->Common, &common->Entry);
    adapter->CommonCount++;
    ki_release(&adapter->Lock);
    logical->QuadPart = (LONGLONG)common->Logical;
    return common->Address;
}

PVOID hal_allocate_common(PDMA_ADAPTER dma, ULONG length, PPHYSICAL_ADDRESS logical, BOOLEAN cached)
{
    (void)cached;
    ki_require_irql(PASSIVE_LEVEL, "AllocateCommonBuffer above PASSIVE_LEVEL");
    return allocate(hal_adapter_of(dma), length, MAXULONGLONG, 0, logical);
}

static ULONG64 limit(const PHYSICAL_ADDRESS *maximum)
{
    return maximum != NULL ? (ULONG64)maximum->QuadPart : MAXULONGLONG;
}

PVOID hal_allocate_common_ex(PDMA_ADAPTER dma, PPHYSICAL_ADDRESS maximum, ULONG length,
                             PPHYSICAL_ADDRESS logical, BOOLEAN cached, ULONG node)
{
    (void)cached, (void)node; // memory is cached and coherent, and the machine is one node
    ki_require_irql(PASSIVE_LEVEL, "AllocateCommonBufferEx above PASSIVE_LEVEL");
    return allocate(hal_adapter_of(dma), length, limit(maximum), 0, logical);
}

PVOID hal_allocate_common_bounds(PDMA_ADAPTER dma, PPHYSICAL_ADDRESS minimum,
                                 PPHYSICAL_ADDRESS maximum, ULONG length, ULONG flags,
                                 MEMORY_CACHING_TYPE *cache, ULONG node, PPHYSICAL_ADDRESS logical)
{
    (void)flags, (void)node;
    ki_require_irql(PASSIVE_LEVEL, "AllocateCommonBufferWithBounds above PASSIVE_LEVEL");
    if (cache != NULL && *cache != MmCached)
        return NULL;
    return allocate(hal_adapter_of(dma), length, limit(maximum),
                    minimum != NULL ? (ULONG64)minimum->QuadPart : 0, logical);
}

static struct common *find(struct hal_adapter *adapter, const void *address)
{
    for (PLIST_ENTRY at = adapter->Common.Flink; at != &adapter->Common; at = at->Flink) {
        struct common *common = CONTAINING_RECORD(at, struct common, Entry);
        if (common->Address == address)
            return common;
    }
    return NULL;
}

VOID hal_free_common(PDMA_ADAPTER dma, ULONG length, PHYSICAL_ADDRESS logical, PVOID buffer,
                     BOOLEAN cached)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    (void)cached;
    ki_require_irql(PASSIVE_LEVEL, "FreeCommonBuffer above PASSIVE_LEVEL");
    ki_acquire(&adapter->Lock);
    struct common *common = find(adapter, buffer);
    bool same =
        common != NULL && common->Length == length && common->Logical == (ULONG64)logical.QuadPart;
    if (same) {
        RemoveEntryList(&common->Entry);
        adapter->CommonCount--;
    }
    ki_release(&adapter->Lock);
    if (!same)
        hal_dma_violation(HAL_RULE_COMMON_FREED,
                          "FreeCommonBuffer of a buffer that the adapter does not have, or with "
                          "another length or logical address",
                          (ULONG_PTR)buffer);
    manager_dma_common_free(buffer, length);
    ExFreePoolWithTag(common, HAL_DMA_TAG);
}
