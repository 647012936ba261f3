// SPDX-License-Identifier: MIT
//
// MDLs: what state they are in, what may be done in it, and the arithmetic of pages.

#include "ddi_test.h"

static DECLSPEC_ALIGN(4096) CHAR data[4 * PAGE_SIZE];

static PMDL nonpaged(PVOID va, ULONG length)
{
    PMDL mdl = IoAllocateMdl(va, length, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

static PMDL locked(PVOID va, ULONG length)
{
    PMDL mdl = IoAllocateMdl(va, length, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    return mdl;
}

static void unlock_and_free(PMDL mdl)
{
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

DDI_TEST(IoAllocateMdl, RESULTS | ERRORS, an_mdl_joins_the_chain_of_its_irp)
{
    DDI_SHOWS(IoFreeMdl, RESULTS);
    DDI_SHOWS_MACRO(MmGetMdlPfnArray, RESULTS);
    DDI_SHOWS_MACRO(MmGetMdlVirtualAddress, RESULTS);
    PIRP irp = IoAllocateIrp(1, FALSE);
    PMDL first = IoAllocateMdl(data + 100, 200, FALSE, FALSE, irp);
    PMDL second = IoAllocateMdl(data, 1, TRUE, FALSE, irp);
    PMDL third = IoAllocateMdl(data, 2, TRUE, FALSE, irp);
    CHECK(irp->MdlAddress == first && first->Next == second && second->Next == third);
    CHECK(MmGetMdlVirtualAddress(first) == data + 100);
    CHECK((PVOID)MmGetMdlPfnArray(first) == (PVOID)(first + 1));
    irp->MdlAddress = NULL;
    IoFreeIrp(irp);
    IoFreeMdl(first);
    IoFreeMdl(second);
    IoFreeMdl(third);
    CHECK(IoAllocateMdl(data, MAXULONG, FALSE, FALSE, NULL) == NULL);
    CHECK(IoAllocateMdl(data, MAXULONG - PAGE_SIZE + 1, FALSE, FALSE, NULL) == NULL);
}

DDI_TEST_MACRO(ADDRESS_AND_SIZE_TO_SPAN_PAGES, RESULTS, pages_are_counted)
{
    DDI_SHOWS_MACRO(BYTE_OFFSET, RESULTS);
    DDI_SHOWS_MACRO(PAGE_ALIGN, RESULTS);
    DDI_SHOWS_MACRO(BYTES_TO_PAGES, RESULTS);
    DDI_SHOWS_MACRO(ROUND_TO_PAGES, RESULTS);
    CHECK_EQ(ADDRESS_AND_SIZE_TO_SPAN_PAGES(0x1000, 0), 0);
    CHECK_EQ(ADDRESS_AND_SIZE_TO_SPAN_PAGES(0x1000, 0x1000), 1);
    CHECK_EQ(ADDRESS_AND_SIZE_TO_SPAN_PAGES(0x1fff, 2), 2);
    CHECK_EQ(ADDRESS_AND_SIZE_TO_SPAN_PAGES(0x1001, 0x1000), 2);
    CHECK_EQ(BYTE_OFFSET(0x12345), 0x345);
    CHECK(PAGE_ALIGN(0x12345) == (PVOID)(ULONG_PTR)0x12000);
    CHECK_EQ(BYTES_TO_PAGES(0x1001), 2);
    CHECK_EQ(BYTES_TO_PAGES(0x1000), 1);
    CHECK_EQ(ROUND_TO_PAGES(0x1001), 0x2000);
    CHECK_EQ(ROUND_TO_PAGES(0), 0);
}

DDI_TEST(MmProbeAndLockPages, RESULTS, pages_are_locked_and_unlocked)
{
    DDI_SHOWS(MmUnlockPages, RESULTS);
    DDI_SHOWS(MmGetSystemAddressForMdlSafe, RESULTS);
    PMDL mdl = IoAllocateMdl(data + 10, PAGE_SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    CHECK_EQ(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION), MDL_PAGES_LOCKED);
    CHECK(MmGetMdlPfnArray(mdl)[0] + 1 == MmGetMdlPfnArray(mdl)[1]);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == data + 10);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == data + 10);
    CHECK((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0);
    MmUnlockPages(mdl);
    CHECK_EQ(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA), 0);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess); // and again
    CHECK_EQ(mdl->MdlFlags & MDL_WRITE_OPERATION, MDL_WRITE_OPERATION);
    unlock_and_free(mdl);
}

static NTSTATUS try_lock(PVOID va, ULONG length, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    volatile NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = IoAllocateMdl(va, length, FALSE, FALSE, NULL);
    __try {
        MmProbeAndLockPages(mdl, mode, operation);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

DDI_TEST(MmProbeAndLockPages, ERRORS, only_what_the_request_brought_can_be_locked_for_it)
{
    CHECK_EQ(try_lock((PVOID)(ULONG_PTR)16, 16, KernelMode, IoReadAccess), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(try_lock(data, 100, UserMode, IoReadAccess), STATUS_ACCESS_VIOLATION);
    posix_user_context(5);
    posix_user_range(data, 2000, false);
    posix_user_range(data + PAGE_SIZE, 2000, true);
    CHECK_EQ(try_lock(data, 2000, UserMode, IoReadAccess), STATUS_SUCCESS);
    CHECK_EQ(try_lock(data, 2001, UserMode, IoReadAccess), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(try_lock(data, 1, UserMode, IoWriteAccess), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(try_lock(data + PAGE_SIZE, 2000, UserMode, IoModifyAccess), STATUS_SUCCESS);
    CHECK_EQ(try_lock(data, 0, UserMode, IoReadAccess), STATUS_SUCCESS);
    posix_user_context(0);
}

static void lock(PVOID mdl)
{
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
}

static void unlock(PVOID mdl)
{
    MmUnlockPages(mdl);
}

static void address(PVOID mdl)
{
    (void)MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
}

static void map(PVOID mdl)
{
    (void)MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
}

static void unmap(PVOID mdl)
{
    MmUnmapLockedPages(data, mdl);
}

static void unmap_elsewhere(PVOID mdl)
{
    MmUnmapLockedPages(data + 2 * PAGE_SIZE, mdl);
}

static void free_it(PVOID mdl)
{
    IoFreeMdl(mdl);
}

static void build(PVOID mdl)
{
    MmBuildMdlForNonPagedPool(mdl);
}

TEST(each_state_admits_what_it_documents)
{
    DDI_SHOWS(MmProbeAndLockPages, ERRORS);
    DDI_SHOWS(MmUnlockPages, ERRORS);
    DDI_SHOWS(MmGetSystemAddressForMdlSafe, ERRORS);
    DDI_SHOWS(MmMapLockedPagesSpecifyCache, ERRORS);
    DDI_SHOWS(MmUnmapLockedPages, ERRORS);
    DDI_SHOWS(IoFreeMdl, ERRORS);
    DDI_SHOWS(MmBuildMdlForNonPagedPool, ERRORS);
    PMDL raw = IoAllocateMdl(data, 100, FALSE, FALSE, NULL);
    CHECK(dies(unlock, raw, "MmUnlockPages of pages that are not locked"));
    CHECK(dies(address, raw, "whose pages are not locked"));
    CHECK(dies(map, raw, "whose pages are not locked"));
    CHECK(dies(unmap, raw, "that is not mapped"));
    MmProbeAndLockPages(raw, KernelMode, IoReadAccess);
    CHECK(dies(lock, raw, "MmProbeAndLockPages of locked pages"));
    CHECK(dies(free_it, raw, "IoFreeMdl of an MDL with locked pages"));
    CHECK(dies(build, raw, "locked, mapped or partial"));
    map(raw);
    CHECK(dies(map, raw, "of an MDL that is mapped"));
    CHECK(dies(unmap_elsewhere, raw, "another address"));
    unlock_and_free(raw);
    PMDL pool = nonpaged(data, 100);
    CHECK(dies(lock, pool, "nonpaged pool, or a partial one"));
    CHECK(dies(unlock, pool, "not locked"));
    CHECK(dies(map, pool, "of an MDL that is mapped"));
    IoFreeMdl(pool);
}

DDI_TEST(MmMapLockedPagesSpecifyCache, RESULTS, locked_pages_are_mapped_once)
{
    DDI_SHOWS(MmUnmapLockedPages, RESULTS);
    DDI_SHOWS(MmMapLockedPages, RESULTS);
    DDI_SHOWS_MACRO(MmGetSystemAddressForMdl, RESULTS);
    PMDL mdl = locked(data + 8, 100);
    PVOID at = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE,
                                            NormalPagePriority | MdlMappingNoExecute);
    CHECK(at == data + 8);
    CHECK(MmGetSystemAddressForMdl(mdl) == at);
    MmUnmapLockedPages(at, mdl);
    CHECK_EQ(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA, 0);
    CHECK(MmMapLockedPages(mdl, KernelMode) == at);
    MmUnmapLockedPages(at, mdl);
    CHECK(MmGetSystemAddressForMdl(mdl) == at);
    unlock_and_free(mdl);
    PMDL none = locked(data, 0);
    CHECK(MmGetSystemAddressForMdlSafe(none, NormalPagePriority) == NULL);
    CHECK(MmMapLockedPagesSpecifyCache(none, KernelMode, MmCached, NULL, FALSE, 0) == NULL);
    unlock_and_free(none);
}

static void map_or_die(PVOID mdl)
{
    (void)MmMapLockedPages(mdl, KernelMode);
}

TEST(a_mapping_into_an_application_raises)
{
    DDI_SHOWS(MmMapLockedPagesSpecifyCache, ERRORS);
    DDI_SHOWS(MmMapLockedPages, ERRORS);
    PMDL mdl = locked(data, 100);
    volatile NTSTATUS status = STATUS_SUCCESS;
    __try {
        (void)MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, 0);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    CHECK_EQ(status, STATUS_NOT_SUPPORTED);
    unlock_and_free(mdl);
    PMDL none = locked(data, 0);
    CHECK(dies(map_or_die, none, "cannot be mapped"));
    unlock_and_free(none);
}

static PMDL whole, part;
static void too_long(PVOID unused)
{
    (void)unused;
    IoBuildPartialMdl(whole, part, data + 100, 2 * PAGE_SIZE);
}

static void before_it(PVOID unused)
{
    (void)unused;
    IoBuildPartialMdl(whole, part, (PVOID)((ULONG_PTR)data - 1), 1);
}

static void again(PVOID unused)
{
    (void)unused;
    IoBuildPartialMdl(whole, part, data, 1);
}

DDI_TEST(IoBuildPartialMdl, RESULTS | ERRORS, a_part_lies_inside_of_the_whole)
{
    DDI_SHOWS(MmPrepareMdlForReuse, RESULTS | ERRORS);
    whole = locked(data, 2 * PAGE_SIZE);
    part = IoAllocateMdl(data, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    IoBuildPartialMdl(whole, part, data + 300, 400);
    CHECK(MmGetMdlVirtualAddress(part) == data + 300);
    CHECK_EQ(MmGetMdlByteCount(part), 400);
    CHECK(MmGetSystemAddressForMdlSafe(part, NormalPagePriority) == data + 300);
    CHECK(dies(again, NULL, "not prepared for reuse"));
    MmPrepareMdlForReuse(part);
    IoBuildPartialMdl(whole, part, data + PAGE_SIZE, 0);
    CHECK_EQ(MmGetMdlByteCount(part), PAGE_SIZE); // the rest
    CHECK(dies(too_long, NULL, "outside of the source"));
    CHECK(dies(before_it, NULL, "outside of the source"));
    PMDL small = IoAllocateMdl(data, 16, FALSE, FALSE, NULL), keep = part;
    part = small;
    IoBuildPartialMdl(whole, part, data + 4000, 50);
    IoFreeMdl(small);
    IoFreeMdl(keep);
    unlock_and_free(whole);
}

static PMDL unlocked;
static void part_of_unlocked(PVOID unused)
{
    (void)unused;
    IoBuildPartialMdl(unlocked, part, data, 1);
}

static void advance_unlocked(PVOID unused)
{
    (void)unused;
    (void)MmAdvanceMdl(unlocked, 1);
}

DDI_TEST(MmAdvanceMdl, RESULTS | ERRORS, a_buffer_is_consumed_from_its_start)
{
    DDI_SHOWS(IoBuildPartialMdl, ERRORS);
    PMDL mdl = locked(data + 10, 2 * PAGE_SIZE);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == data + 10);
    CHECK_EQ(MmAdvanceMdl(mdl, PAGE_SIZE), STATUS_SUCCESS);
    CHECK(MmGetMdlVirtualAddress(mdl) == data + 10 + PAGE_SIZE);
    CHECK_EQ(MmGetMdlByteCount(mdl), PAGE_SIZE);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == data + 10 + PAGE_SIZE);
    CHECK_EQ(MmAdvanceMdl(mdl, PAGE_SIZE + 1), STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(MmAdvanceMdl(mdl, PAGE_SIZE), STATUS_SUCCESS);
    CHECK_EQ(MmGetMdlByteCount(mdl), 0);
    unlock_and_free(mdl);
    unlocked = IoAllocateMdl(data, 100, FALSE, FALSE, NULL);
    part = IoAllocateMdl(data, 100, FALSE, FALSE, NULL);
    CHECK(dies(advance_unlocked, NULL, "not locked"));
    CHECK(dies(part_of_unlocked, NULL, "not locked"));
    IoFreeMdl(unlocked);
    IoFreeMdl(part);
}

static PHYSICAL_ADDRESS zero, top = {.QuadPart = -1};

DDI_TEST(MmAllocatePagesForMdlEx, RESULTS | ERRORS, new_pages_are_zeroed_and_locked)
{
    DDI_SHOWS(MmAllocatePagesForMdl, RESULTS | ERRORS);
    DDI_SHOWS(MmFreePagesFromMdl, RESULTS);
    PMDL mdl = MmAllocatePagesForMdlEx(zero, top, zero, PAGE_SIZE + 1, MmCached,
                                       MM_ALLOCATE_FULLY_REQUIRED);
    CHECK(mdl != NULL);
    CHECK_EQ(MmGetMdlByteCount(mdl), 2 * PAGE_SIZE);
    PCHAR at = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    CHECK(at != NULL && at[0] == 0 && at[2 * PAGE_SIZE - 1] == 0);
    at[0] = 1;
    MmUnmapLockedPages(at, mdl);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
    mdl = MmAllocatePagesForMdl(zero, top, zero, PAGE_SIZE);
    CHECK(mdl != NULL);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
    CHECK(MmAllocatePagesForMdl(zero, top, zero, 0) == NULL);
    CHECK(MmAllocatePagesForMdl(zero, top, zero, MAXULONG_PTR) == NULL);
    CHECK(MmAllocatePagesForMdlEx(zero, top, zero, 1, MmCached, 0x8000) == NULL);
}

static void free_pages(PVOID mdl)
{
    MmFreePagesFromMdl(mdl);
}

DDI_TEST(MmFreePagesFromMdl, ERRORS, only_unmapped_pages_of_ones_own_are_freed)
{
    PMDL other = locked(data, PAGE_SIZE);
    CHECK(dies(free_pages, other, "that MmAllocatePagesForMdl has not made"));
    unlock_and_free(other);
    PMDL mdl = MmAllocatePagesForMdl(zero, top, zero, PAGE_SIZE);
    (void)MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    CHECK(dies(free_pages, mdl, "still mapped"));
    MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

static void physical(PVOID unused)
{
    (void)unused;
    (void)MmGetPhysicalAddress(data);
}

DDI_TEST(MmGetPhysicalAddress, RESULTS | ERRORS, what_a_driver_has_not_is_refused_by_name)
{
    DDI_SHOWS(MmAllocateMappingAddress, RESULTS | ERRORS);
    CHECK(dies(physical, NULL, "no physical addresses"));
    CHECK(MmAllocateMappingAddress(PAGE_SIZE, 'tseT') == NULL);
}

static void allocate_and_free(void)
{
    PMDL mdl = IoAllocateMdl(data, 10, FALSE, FALSE, NULL);
    IoFreeMdl(mdl);
}
DDI_IRQL_MAX(IoAllocateMdl, DISPATCH_LEVEL, allocate_and_free())
static PMDL ready, ready_part, ready_pages;
[[gnu::constructor(300)]] static void prepare(void)
{
    ready = nonpaged(data, 100);
    ready_part = IoAllocateMdl(data, 100, FALSE, FALSE, NULL);
    ready_pages = MmAllocatePagesForMdl(zero, top, zero, 1);
}
DDI_IRQL_MAX(IoFreeMdl, DISPATCH_LEVEL,
             IoFreeMdl(KeGetCurrentIrql() > DISPATCH_LEVEL ? ready : nonpaged(data, 1)))
DDI_IRQL_MAX(MmBuildMdlForNonPagedPool, DISPATCH_LEVEL, MmBuildMdlForNonPagedPool(ready))
DDI_IRQL_MAX(MmGetSystemAddressForMdlSafe, DISPATCH_LEVEL, MmGetSystemAddressForMdlSafe(ready, 0))
DDI_IRQL_MAX(IoBuildPartialMdl, DISPATCH_LEVEL, IoBuildPartialMdl(ready, ready_part, data, 10))
DDI_IRQL_MAX(MmPrepareMdlForReuse, DISPATCH_LEVEL, MmPrepareMdlForReuse(ready))
DDI_IRQL_MAX(MmAdvanceMdl, DISPATCH_LEVEL, MmAdvanceMdl(ready, 1))
static MDL scratch[2];
static PMDL fresh(int flags)
{
    MmInitializeMdl(scratch, data, 100);
    scratch->Process = NULL;
    scratch->MappedSystemVa = data;
    scratch->MdlFlags = (CSHORT)flags;
    return scratch;
}
DDI_IRQL_MAX(MmProbeAndLockPages, DISPATCH_LEVEL,
             MmProbeAndLockPages(fresh(0), KernelMode, IoReadAccess))
DDI_IRQL_MAX(MmUnlockPages, DISPATCH_LEVEL, MmUnlockPages(fresh(MDL_PAGES_LOCKED)))
DDI_IRQL_MAX(MmMapLockedPagesSpecifyCache, DISPATCH_LEVEL,
             MmMapLockedPagesSpecifyCache(fresh(MDL_PAGES_LOCKED), KernelMode, MmCached, NULL,
                                          FALSE, 0))
DDI_IRQL_MAX(MmUnmapLockedPages, DISPATCH_LEVEL,
             MmUnmapLockedPages(data, fresh(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA)))
DDI_IRQL_MAX(MmAllocatePagesForMdl, APC_LEVEL, MmAllocatePagesForMdl(zero, top, zero, 0))
DDI_IRQL_MAX(MmAllocatePagesForMdlEx, APC_LEVEL,
             MmAllocatePagesForMdlEx(zero, top, zero, 0, MmCached, 0))
DDI_IRQL_MAX(MmFreePagesFromMdl, DISPATCH_LEVEL, MmFreePagesFromMdl(ready_pages))
