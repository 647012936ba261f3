// SPDX-License-Identifier: MIT
//
// Map registers of an adapter: pages that its device reaches, taken in runs. A page is zero while
// nobody has it, so that nothing of one transfer is seen by the next.

#include "dma.h"

static SIZE_T bitmap_bytes(ULONG count)
{
    return ((SIZE_T)count + 31) / 32 * sizeof(ULONG);
}

bool hal_pool_make(struct hal_pool *pool, PDEVICE_OBJECT pdo, ULONG count, ULONG least,
                   ULONG64 highest)
{
    PULONG bits = ExAllocatePool2(POOL_FLAG_NON_PAGED, bitmap_bytes(count), HAL_DMA_TAG);
    if (bits == NULL)
        return false;
    for (; count >= least && count != 0; count /= 2) {
        pool->Memory = manager_dma_common(pdo, count << PAGE_SHIFT, highest, &pool->Logical);
        if (pool->Memory == NULL)
            continue;
        pool->Count = count;
        RtlInitializeBitMap(&pool->Taken, bits, count);
        return true;
    }
    ExFreePoolWithTag(bits, HAL_DMA_TAG);
    return false;
}

void hal_pool_destroy(struct hal_pool *pool)
{
    if (pool->Count == 0)
        return;
    manager_dma_common_free(pool->Memory, pool->Count << PAGE_SHIFT);
    ExFreePoolWithTag(pool->Taken.Buffer, HAL_DMA_TAG);
    pool->Count = 0;
}

bool hal_pool_take(struct hal_pool *pool, ULONG count, ULONG *first)
{
    if (count > pool->Count - pool->Held)
        return false;
    *first = RtlFindClearBitsAndSet(&pool->Taken, count, 0);
    if (*first == MAXULONG)
        return false;
    pool->Held += count;
    return true;
}

void hal_pool_give(struct hal_pool *pool, ULONG first, ULONG count)
{
    RtlClearBits(&pool->Taken, first, count);
    pool->Held -= count;
}
