// SPDX-License-Identifier: MIT
//
// MDLs. An MDL describes memory of this task (Process NULL; StartVa is its address) or a part of a
// backing, memory granted by another task, which is mapped when somebody asks for its address
// (Process: the backing; StartVa: MM_BACKING_BASE + offset in it, an index and never an address).
// MappedSystemVa is valid while MDL_MAPPED_TO_SYSTEM_VA or MDL_SOURCE_IS_NONPAGED_POOL is set.
// An MDL describes pages once they are locked (MDL_PAGES_LOCKED), nonpaged, or a part of those
// (MDL_PARTIAL); before that nothing but locking them can be done with it.

#include "../io/io.h"
#include "../vf/vf.h"

#define ADDRESS_VALID (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)
#define HAS_PAGES     (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)
#define TAG           ' ldM'
#define LARGEST_SIZE  0x7ff8 // an MDL for more pages tells no more than this
#define MOST_BYTES    (MAXULONG - PAGE_SIZE)

static void break_rule(PMDL mdl, const char *rule)
{
    ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, rule, (ULONG_PTR)mdl,
                 (ULONG_PTR)(USHORT)mdl->MdlFlags);
}

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

static bool has(PMDL mdl, int flags)
{
    return (mdl->MdlFlags & flags) != 0;
}

PMDL IoAllocateMdl(PVOID va, ULONG length, BOOLEAN secondary, BOOLEAN charge_quota, PIRP irp)
{
    (void)charge_quota;
    ki_require_irql(DISPATCH_LEVEL, "IoAllocateMdl above DISPATCH_LEVEL");
    if (length > MOST_BYTES || vf_fail())
        return NULL;
    SIZE_T bytes = MmSizeOfMdl(va, length);
    PMDL mdl = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, TAG);
    if (mdl == NULL)
        return NULL;
    MmInitializeMdl(mdl, va, length);
    mdl->Size = (CSHORT)(bytes < LARGEST_SIZE ? bytes : LARGEST_SIZE);
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
    ki_require_irql(DISPATCH_LEVEL, "IoFreeMdl above DISPATCH_LEVEL");
    if (has(mdl, MDL_PAGES_LOCKED))
        ki_violation(DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS, "IoFreeMdl of an MDL with locked pages",
                     (ULONG_PTR)mdl, 0);
    ExFreePoolWithTag(mdl, TAG);
}

VOID MmBuildMdlForNonPagedPool(PMDL mdl)
{
    ki_require_irql(DISPATCH_LEVEL, "MmBuildMdlForNonPagedPool above DISPATCH_LEVEL");
    if (has(mdl, MDL_PAGES_LOCKED | MDL_PARTIAL | MDL_MAPPED_TO_SYSTEM_VA))
        break_rule(mdl, "MmBuildMdlForNonPagedPool of an MDL that is locked, mapped or partial");
    add_flags(mdl, MDL_SOURCE_IS_NONPAGED_POOL);
    mdl->MappedSystemVa = MmGetMdlVirtualAddress(mdl);
    fill_pages(mdl);
}

static bool accessible(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    ULONG_PTR at = (ULONG_PTR)mdl->StartVa + mdl->ByteOffset, last = at + mdl->ByteCount - 1;
    if (mdl->ByteCount == 0 || mdl->Process != NULL)
        return true;
    if (mode == UserMode)
        return ki_user_range(at, mdl->ByteCount, operation != IoReadAccess);
    return last >= at && MmIsAddressValid((PVOID)at) && MmIsAddressValid((PVOID)last);
}

VOID MmProbeAndLockPages(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    ki_require_irql(DISPATCH_LEVEL, "MmProbeAndLockPages above DISPATCH_LEVEL");
    if (has(mdl, MDL_PAGES_LOCKED))
        break_rule(mdl, "MmProbeAndLockPages of locked pages");
    if (has(mdl, HAS_PAGES))
        break_rule(mdl, "MmProbeAndLockPages of an MDL for nonpaged pool, or a partial one");
    if (!accessible(mdl, mode, operation))
        ki_raise_rule(STATUS_ACCESS_VIOLATION,
                      "MmProbeAndLockPages outside of a __try: the pages cannot be accessed");
    add_flags(mdl, MDL_PAGES_LOCKED | (operation != IoReadAccess ? MDL_WRITE_OPERATION : 0));
    fill_pages(mdl);
}

// A mapping that is left goes with the lock, as documented.
VOID MmUnlockPages(PMDL mdl)
{
    ki_require_irql(DISPATCH_LEVEL, "MmUnlockPages above DISPATCH_LEVEL");
    if (!has(mdl, MDL_PAGES_LOCKED))
        break_rule(mdl, "MmUnlockPages of pages that are not locked");
    clear_flags(mdl, MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_WRITE_OPERATION);
}

static PVOID address_of(PMDL mdl)
{
    struct mm_backing *backing = mdl->Process;
    return backing == NULL ? MmGetMdlVirtualAddress(mdl)
                           : backing->Map(backing, mm_backing_offset(mdl), mdl->ByteCount);
}

static PVOID map(PMDL mdl)
{
    PVOID base = mdl->ByteCount != 0 ? address_of(mdl) : NULL;
    if (base == NULL)
        return NULL;
    mdl->MappedSystemVa = base;
    add_flags(mdl,
              MDL_MAPPED_TO_SYSTEM_VA | (has(mdl, MDL_PARTIAL) ? MDL_PARTIAL_HAS_BEEN_MAPPED : 0));
    return base;
}

// The memory of an application is another task's: nothing can be put into it.
static void refuse_user_mapping(void)
{
    ki_require_irql(APC_LEVEL, "MmMapLockedPagesSpecifyCache for UserMode above APC_LEVEL");
    ki_raise_rule(STATUS_NOT_SUPPORTED,
                  "MmMapLockedPagesSpecifyCache for UserMode outside of a __try: there is no "
                  "mapping into an application");
}

PVOID MmMapLockedPagesSpecifyCache(PMDL mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE cache,
                                   PVOID address, ULONG bug_check_on_failure, ULONG priority)
{
    (void)cache, (void)address, (void)priority;
    ki_require_irql(DISPATCH_LEVEL, "MmMapLockedPagesSpecifyCache above DISPATCH_LEVEL");
    if (!has(mdl, HAS_PAGES))
        break_rule(mdl, "MmMapLockedPagesSpecifyCache of an MDL whose pages are not locked");
    if (mode == UserMode)
        refuse_user_mapping();
    if (has(mdl, ADDRESS_VALID))
        break_rule(mdl, "MmMapLockedPagesSpecifyCache of an MDL that is mapped");
    PVOID base = map(mdl);
    if (base == NULL && bug_check_on_failure)
        break_rule(mdl, "MmMapLockedPagesSpecifyCache: the pages cannot be mapped");
    return base;
}

PVOID MmMapLockedPages(PMDL mdl, KPROCESSOR_MODE mode)
{
    return MmMapLockedPagesSpecifyCache(mdl, mode, MmCached, NULL, TRUE, HighPagePriority);
}

PVOID MmGetSystemAddressForMdlSafe(PMDL mdl, ULONG priority)
{
    (void)priority;
    ki_require_irql(DISPATCH_LEVEL, "MmGetSystemAddressForMdlSafe above DISPATCH_LEVEL");
    if (has(mdl, ADDRESS_VALID))
        return mdl->ByteCount != 0 ? mdl->MappedSystemVa : NULL;
    if (!has(mdl, HAS_PAGES))
        break_rule(mdl, "MmGetSystemAddressForMdlSafe of an MDL whose pages are not locked");
    return map(mdl);
}

// Backings stay mapped as long as their grant lives: unmapping only forgets the address.
VOID MmUnmapLockedPages(PVOID address, PMDL mdl)
{
    ki_require_irql(DISPATCH_LEVEL, "MmUnmapLockedPages above DISPATCH_LEVEL");
    if (!has(mdl, MDL_MAPPED_TO_SYSTEM_VA))
        break_rule(mdl, "MmUnmapLockedPages of an MDL that is not mapped");
    if (PAGE_ALIGN(address) != PAGE_ALIGN(mdl->MappedSystemVa))
        break_rule(mdl, "MmUnmapLockedPages of another address than that of the mapping");
    clear_flags(mdl, MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

VOID MmPrepareMdlForReuse(PMDL mdl)
{
    ki_require_irql(DISPATCH_LEVEL, "MmPrepareMdlForReuse above DISPATCH_LEVEL");
    if (has(mdl, MDL_PARTIAL))
        clear_flags(mdl, MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

static void check_partial(PMDL source, PMDL target, ULONG_PTR at, ULONG length)
{
    ULONG_PTR first = (ULONG_PTR)MmGetMdlVirtualAddress(source);
    if (at < first || at - first > source->ByteCount || length > source->ByteCount - (at - first))
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "IoBuildPartialMdl: the range lies outside of the source MDL", at, length);
    if (!has(source, HAS_PAGES))
        break_rule(source, "IoBuildPartialMdl: the pages of the source MDL are not locked");
    if (has(target, MDL_PAGES_LOCKED | MDL_PARTIAL_HAS_BEEN_MAPPED))
        break_rule(target,
                   "IoBuildPartialMdl: the target MDL is locked, or mapped and not prepared "
                   "for reuse");
}

VOID IoBuildPartialMdl(PMDL source, PMDL target, PVOID va, ULONG length)
{
    ki_require_irql(DISPATCH_LEVEL, "IoBuildPartialMdl above DISPATCH_LEVEL");
    ULONG_PTR at = (ULONG_PTR)va, skipped = at - (ULONG_PTR)MmGetMdlVirtualAddress(source);
    check_partial(source, target, at, length);
    if (length == 0)
        length = (ULONG)(source->ByteCount - skipped);
    if (target->Size < LARGEST_SIZE && (SIZE_T)target->Size < MmSizeOfMdl(va, length))
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "IoBuildPartialMdl: the target MDL is too small for the range", at, length);
    target->Process = source->Process;
    target->StartVa = PAGE_ALIGN(va);
    target->ByteOffset = BYTE_OFFSET(va);
    target->ByteCount = length;
    clear_flags(target, ADDRESS_VALID | MDL_PAGES_LOCKED);
    add_flags(target, MDL_PARTIAL | (source->MdlFlags & ADDRESS_VALID));
    if (has(source, ADDRESS_VALID))
        target->MappedSystemVa = (PCHAR)source->MappedSystemVa + skipped;
    fill_pages(target);
}

NTSTATUS MmAdvanceMdl(PMDL mdl, ULONG bytes)
{
    ki_require_irql(DISPATCH_LEVEL, "MmAdvanceMdl above DISPATCH_LEVEL");
    if (!has(mdl, MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL))
        break_rule(mdl, "MmAdvanceMdl of an MDL whose pages are not locked");
    if (bytes > mdl->ByteCount)
        return STATUS_INVALID_PARAMETER_2;
    PCHAR at = (PCHAR)MmGetMdlVirtualAddress(mdl) + bytes;
    mdl->StartVa = PAGE_ALIGN(at);
    mdl->ByteOffset = BYTE_OFFSET(at);
    mdl->ByteCount -= bytes;
    if (has(mdl, ADDRESS_VALID))
        mdl->MappedSystemVa = (PCHAR)mdl->MappedSystemVa + bytes;
    fill_pages(mdl);
    return STATUS_SUCCESS;
}
