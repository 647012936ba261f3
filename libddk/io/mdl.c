// SPDX-License-Identifier: MIT
//
// MDLs. An MDL describes memory of this task (Process NULL; StartVa is its address) or a part of a
// backing, memory granted by another task, which is mapped when somebody asks for its address
// (Process: the backing; StartVa: MM_BACKING_BASE + offset in it, an index and never an address).
// MappedSystemVa is valid while MDL_MAPPED_TO_SYSTEM_VA or MDL_SOURCE_IS_NONPAGED_POOL is set.

#include "io.h"

#define ADDRESS_VALID (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)

SIZE_T MmSizeOfMdl(PVOID base, SIZE_T length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(base, length);
}

static void fill_pages(PMDL mdl)
{
    PPFN_NUMBER pages = MmGetMdlPfnArray(mdl);
    ULONG count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(mdl), mdl->ByteCount);
    for (ULONG i = 0; i < count; i++)
        pages[i] = ((ULONG_PTR)mdl->StartVa >> PAGE_SHIFT) + i;
}

static void add_flags(PMDL mdl, int flags)
{
    mdl->MdlFlags = (CSHORT)(mdl->MdlFlags | flags);
}

static void clear_flags(PMDL mdl, int flags)
{
    mdl->MdlFlags = (CSHORT)(mdl->MdlFlags & ~flags);
}

PMDL IoAllocateMdl(PVOID va, ULONG length, BOOLEAN secondary, BOOLEAN charge_quota, PIRP irp)
{
    (void)charge_quota;
    PMDL mdl = ExAllocatePool2(POOL_FLAG_NON_PAGED, MmSizeOfMdl(va, length), ' ldM');
    if (mdl == NULL)
        return NULL;
    MmInitializeMdl(mdl, va, length);
    if (irp != NULL) {
        PMDL *link = &irp->MdlAddress;
        while (secondary && *link != NULL)
            link = &(*link)->Next;
        *link = mdl;
    }
    return mdl;
}

VOID IoFreeMdl(PMDL mdl)
{
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
        ki_violation(DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS, "IoFreeMdl of an MDL with locked pages",
                     (ULONG_PTR)mdl, 0);
    ExFreePoolWithTag(mdl, ' ldM');
}

VOID MmBuildMdlForNonPagedPool(PMDL mdl)
{
    add_flags(mdl, MDL_SOURCE_IS_NONPAGED_POOL);
    mdl->MappedSystemVa = MmGetMdlVirtualAddress(mdl);
    fill_pages(mdl);
}

VOID MmProbeAndLockPages(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    (void)mode;
    if ((mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL)) != 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, "MmProbeAndLockPages of locked pages",
                     (ULONG_PTR)mdl, 0);
    if (mdl->Process == NULL && !MmIsAddressValid(MmGetMdlVirtualAddress(mdl)))
        ki_raise_status(STATUS_ACCESS_VIOLATION, __builtin_return_address(0));
    add_flags(mdl, MDL_PAGES_LOCKED | (operation != IoReadAccess ? MDL_WRITE_OPERATION : 0));
    fill_pages(mdl);
}

VOID MmUnlockPages(PMDL mdl)
{
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) == 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "MmUnlockPages of pages that are not locked", (ULONG_PTR)mdl, 0);
    clear_flags(mdl, MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_WRITE_OPERATION);
}

PVOID MmMapLockedPagesSpecifyCache(PMDL mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE cache,
                                   PVOID address, ULONG bug_check_on_failure, ULONG priority)
{
    struct mm_backing *backing = mdl->Process;
    (void)mode, (void)cache, (void)address, (void)bug_check_on_failure, (void)priority;
    if (mdl->ByteCount == 0)
        return NULL;
    if ((mdl->MdlFlags & ADDRESS_VALID) != 0)
        return mdl->MappedSystemVa;
    PCHAR base = MmGetMdlVirtualAddress(mdl);
    if (backing != NULL) {
        base = backing->Map(backing, mm_backing_offset(mdl), mdl->ByteCount);
        if (base == NULL)
            return NULL;
    }
    mdl->MappedSystemVa = base;
    add_flags(mdl, MDL_MAPPED_TO_SYSTEM_VA);
    return base;
}

PVOID MmGetSystemAddressForMdlSafe(PMDL mdl, ULONG priority)
{
    return MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, priority);
}

// Backings stay mapped as long as their grant lives: unmapping only forgets the address.
VOID MmUnmapLockedPages(PVOID address, PMDL mdl)
{
    (void)address;
    clear_flags(mdl, MDL_MAPPED_TO_SYSTEM_VA);
}

VOID MmPrepareMdlForReuse(PMDL mdl)
{
    clear_flags(mdl, MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

VOID IoBuildPartialMdl(PMDL source, PMDL target, PVOID va, ULONG length)
{
    ULONG_PTR first = (ULONG_PTR)MmGetMdlVirtualAddress(source), at = (ULONG_PTR)va;
    if (at < first || at - first > source->ByteCount || length > source->ByteCount - (at - first))
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "IoBuildPartialMdl: the range lies outside of the source MDL", at, length);
    if (length == 0)
        length = (ULONG)(source->ByteCount - (at - first));
    if ((SIZE_T)target->Size < MmSizeOfMdl(va, length))
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "IoBuildPartialMdl: the target MDL is too small for the range", at, length);
    target->Process = source->Process;
    target->StartVa = PAGE_ALIGN(va);
    target->ByteOffset = BYTE_OFFSET(va);
    target->ByteCount = length;
    clear_flags(target, ADDRESS_VALID | MDL_PAGES_LOCKED);
    add_flags(target, MDL_PARTIAL | (source->MdlFlags & ADDRESS_VALID));
    target->MappedSystemVa = (PCHAR)source->MappedSystemVa + (at - first);
    fill_pages(target);
}

void mm_init_backed_mdl(PMDL mdl, struct mm_backing *backing, ULONG64 offset, ULONG length,
                        USHORT bytes)
{
    ULONG_PTR va = MM_BACKING_BASE + offset;
    mdl->Next = NULL;
    mdl->Size = (CSHORT)bytes;
    mdl->MdlFlags = MDL_PAGES_LOCKED;
    mdl->Process = backing;
    mdl->MappedSystemVa = NULL;
    mdl->StartVa = PAGE_ALIGN(va);
    mdl->ByteOffset = BYTE_OFFSET(va);
    mdl->ByteCount = length;
}

PMDL MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                             SIZE_T bytes, MEMORY_CACHING_TYPE cache, ULONG flags)
{
    (void)low, (void)high, (void)skip, (void)cache, (void)flags;
    PVOID pages = port_pages_alloc(BYTES_TO_PAGES(bytes));
    if (pages == NULL || bytes > MAXLONG)
        return NULL;
    PMDL mdl = IoAllocateMdl(pages, (ULONG)ROUND_TO_PAGES(bytes), FALSE, FALSE, NULL);
    if (mdl == NULL) {
        port_pages_free(pages, BYTES_TO_PAGES(bytes));
        return NULL;
    }
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    return mdl;
}

PMDL MmAllocatePagesForMdl(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                           SIZE_T bytes)
{
    return MmAllocatePagesForMdlEx(low, high, skip, bytes, MmCached, 0);
}

VOID MmFreePagesFromMdl(PMDL mdl)
{
    PVOID pages = mdl->StartVa;
    ULONG count = BYTES_TO_PAGES(mdl->ByteCount);
    MmUnlockPages(mdl);
    port_pages_free(pages, count);
}

// Advice: below the first page nothing is ever mapped.
BOOLEAN MmIsAddressValid(PVOID address)
{
    return (BOOLEAN)((ULONG_PTR)address >= PAGE_SIZE && (ULONG_PTR)address < MM_BACKING_BASE << 7);
}
