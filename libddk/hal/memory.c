// SPDX-License-Identifier: MIT
//
// Device memory: ranges need not begin on a page, mappings do.

#include "hal.h"

PVOID MmMapIoSpace(PHYSICAL_ADDRESS address, SIZE_T bytes, MEMORY_CACHING_TYPE cache)
{
    ULONG64 physical = (ULONG64)address.QuadPart, page = physical & ~(ULONG64)(PAGE_SIZE - 1);
    (void)cache;
    if (bytes == 0 || bytes > MAXLONGLONG / 2 || physical + bytes < physical)
        return NULL;
    PCHAR base = manager_map_device(page, ROUND_TO_PAGES(physical - page + bytes));
    return base != NULL ? base + (physical - page) : NULL;
}

PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS address, SIZE_T bytes, ULONG protect)
{
    (void)protect;
    return MmMapIoSpace(address, bytes, MmNonCached);
}

VOID MmUnmapIoSpace(PVOID address, SIZE_T bytes)
{
    manager_unmap_device(PAGE_ALIGN(address), ROUND_TO_PAGES(BYTE_OFFSET(address) + bytes));
}
