// SPDX-License-Identifier: MIT
//
// Pages that an MDL is the only name of. They are new, zeroed, and in this task's memory; which
// physical ones they are is the memory manager's business, so the limits of addresses mean nothing
// here. Who needs memory in reach of a device uses the DMA adapter.

#include "../io/io.h"

#define KNOWN_FLAGS                                                                                \
    (MM_DONT_ZERO_ALLOCATION | MM_ALLOCATE_FROM_LOCAL_NODE_ONLY | MM_ALLOCATE_FULLY_REQUIRED |     \
     MM_ALLOCATE_NO_WAIT | MM_ALLOCATE_PREFER_CONTIGUOUS | MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS | \
     MM_ALLOCATE_FAST_LARGE_PAGES | MM_ALLOCATE_AND_HOT_REMOVE)

PMDL MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                             SIZE_T bytes, MEMORY_CACHING_TYPE cache, ULONG flags)
{
    (void)low, (void)high, (void)skip, (void)cache;
    ki_require_irql(APC_LEVEL, "MmAllocatePagesForMdlEx above APC_LEVEL");
    if (bytes == 0 || bytes > MAXULONG - PAGE_SIZE || (flags & ~(ULONG)KNOWN_FLAGS) != 0)
        return NULL;
    PVOID pages = port_pages_alloc(BYTES_TO_PAGES(bytes));
    if (pages == NULL)
        return NULL;
    PMDL mdl = IoAllocateMdl(pages, (ULONG)ROUND_TO_PAGES(bytes), FALSE, FALSE, NULL);
    if (mdl == NULL) {
        port_pages_free(pages, BYTES_TO_PAGES(bytes));
        return NULL;
    }
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    mdl->MdlFlags = (CSHORT)(mdl->MdlFlags | MDL_INTERNAL);
    return mdl;
}

PMDL MmAllocatePagesForMdl(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                           SIZE_T bytes)
{
    ki_require_irql(APC_LEVEL, "MmAllocatePagesForMdl above APC_LEVEL");
    return MmAllocatePagesForMdlEx(low, high, skip, bytes, MmCached, 0);
}

VOID MmFreePagesFromMdl(PMDL mdl)
{
    ki_require_irql(DISPATCH_LEVEL, "MmFreePagesFromMdl above DISPATCH_LEVEL");
    PVOID pages = mdl->StartVa;
    ULONG count = BYTES_TO_PAGES(mdl->ByteCount);
    if ((mdl->MdlFlags & MDL_INTERNAL) == 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "MmFreePagesFromMdl of an MDL that MmAllocatePagesForMdl has not made",
                     (ULONG_PTR)mdl, 0);
    if ((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "MmFreePagesFromMdl of pages that are still mapped", (ULONG_PTR)mdl, 0);
    mdl->MdlFlags = (CSHORT)(mdl->MdlFlags & ~MDL_INTERNAL);
    MmUnlockPages(mdl);
    port_pages_free(pages, count);
}

// Address ranges without pages: the memory manager maps what it has, where it likes.
PVOID MmAllocateMappingAddress(SIZE_T bytes, ULONG tag)
{
    (void)bytes, (void)tag;
    ki_require_irql(APC_LEVEL, "MmAllocateMappingAddress above APC_LEVEL");
    return NULL;
}

// Device memory and physical addresses are not a driver's to know: see "DMA" in the guide.
PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID address)
{
    ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                 "MmGetPhysicalAddress: a driver has no physical addresses here; IoGetDmaAdapter "
                 "gives logical ones",
                 (ULONG_PTR)address, 0);
}

// Advice: below the first page nothing is ever mapped.
BOOLEAN MmIsAddressValid(PVOID address)
{
    return (BOOLEAN)((ULONG_PTR)address >= PAGE_SIZE && (ULONG_PTR)address < MM_BACKING_BASE << 7);
}
