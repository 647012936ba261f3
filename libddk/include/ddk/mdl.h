// SPDX-License-Identifier: MIT
//
// MDLs describe one virtually contiguous buffer. Drivers touch only Next and MdlFlags; everything
// else goes through the routines. A page frame number of this system is an opaque token of the
// task that holds it: a driver sees no physical address (DMA goes through IoGetDmaAdapter).
// Documentation: "Using MDLs", ns-wdm-_mdl, nf-wdm-mm*.

#ifndef DDK_MDL_H
#define DDK_MDL_H

#define PAGE_SHIFT 12
#ifndef PAGE_SIZE
#define PAGE_SIZE 0x1000
#endif
typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER;

typedef struct _MDL {
    struct _MDL *Next;
    CSHORT Size;
    CSHORT MdlFlags;
    USHORT AllocationProcessorNumber;
    USHORT Reserved;
    PVOID Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount;
    ULONG ByteOffset;
} MDL, *PMDL;
typedef MDL *PMDLX;
C_ASSERT(sizeof(MDL) == 48);
C_ASSERT(offsetof(MDL, MappedSystemVa) == 24);

#define MDL_MAPPED_TO_SYSTEM_VA     0x0001
#define MDL_PAGES_LOCKED            0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE    0x0008
#define MDL_PARTIAL                 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020
#define MDL_IO_PAGE_READ            0x0040
#define MDL_WRITE_OPERATION         0x0080
#define MDL_LOCKED_PAGE_TABLES      0x0100
#define MDL_FREE_EXTRA_PTES         0x0200
#define MDL_IO_SPACE                0x0800
#define MDL_NETWORK_HEADER          0x1000
#define MDL_MAPPING_CAN_FAIL        0x2000
#define MDL_PAGE_CONTENTS_INVARIANT 0x4000
#define MDL_INTERNAL                0x8000

#define BYTE_OFFSET(va)   ((ULONG)((ULONG_PTR)(va) & (PAGE_SIZE - 1)))
#define PAGE_ALIGN(va)    ((PVOID)((ULONG_PTR)(va) & ~(ULONG_PTR)(PAGE_SIZE - 1)))
#define BYTES_TO_PAGES(n) (((n) >> PAGE_SHIFT) + (((n) & (PAGE_SIZE - 1)) != 0))
#define ROUND_TO_PAGES(n) (((ULONG_PTR)(n) + PAGE_SIZE - 1) & ~(ULONG_PTR)(PAGE_SIZE - 1))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, n)                                                      \
    ((ULONG)((BYTE_OFFSET(va) + (ULONG_PTR)(n) + (PAGE_SIZE - 1)) >> PAGE_SHIFT))
#define COMPUTE_PAGES_SPANNED(va, n) ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, n)
#define ALIGN_DOWN_BY(n, to)         ((ULONG_PTR)(n) & ~((ULONG_PTR)(to) - 1))
#define ALIGN_UP_BY(n, to)           (ALIGN_DOWN_BY((ULONG_PTR)(n) + (to) - 1, to))
#define ALIGN_DOWN(n, type)          ALIGN_DOWN_BY(n, sizeof(type))
#define ALIGN_UP(n, type)            ALIGN_UP_BY(n, sizeof(type))
#define ALIGN_DOWN_POINTER_BY(p, to) ((PVOID)ALIGN_DOWN_BY(p, to))
#define ALIGN_UP_POINTER_BY(p, to)   ((PVOID)ALIGN_UP_BY(p, to))

#define MmGetMdlByteCount(mdl)  ((mdl)->ByteCount)
#define MmGetMdlByteOffset(mdl) ((mdl)->ByteOffset)
#define MmGetMdlBaseVa(mdl)     ((mdl)->StartVa)
// The index a driver may compare and advance, not necessarily an address it can dereference.
#define MmGetMdlVirtualAddress(mdl) ((PVOID)((PCHAR)(mdl)->StartVa + (mdl)->ByteOffset))
#define MmGetMdlPfnArray(mdl)       ((PPFN_NUMBER)((mdl) + 1))
#define MmInitializeMdl(mdl, va, n)                                                                \
    ((mdl)->Next = NULL,                                                                           \
     (mdl)->Size =                                                                                 \
         (CSHORT)(sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, n)),       \
     (mdl)->MdlFlags = 0, (mdl)->StartVa = PAGE_ALIGN(va), (mdl)->ByteOffset = BYTE_OFFSET(va),    \
     (mdl)->ByteCount = (ULONG)(n))

typedef enum _LOCK_OPERATION { IoReadAccess, IoWriteAccess, IoModifyAccess } LOCK_OPERATION;
typedef enum _MM_PAGE_PRIORITY {
    LowPagePriority = 0,
    NormalPagePriority = 16,
    HighPagePriority = 32
} MM_PAGE_PRIORITY;
#define MdlMappingNoWrite   0x80000000u
#define MdlMappingNoExecute 0x40000000u
typedef enum _MEMORY_CACHING_TYPE {
    MmNonCached = 0,
    MmCached = 1,
    MmWriteCombined = 2,
    MmHardwareCoherentCached = 3
} MEMORY_CACHING_TYPE;

struct _IRP;

// Bytes that an MDL for such a buffer takes.
SIZE_T MmSizeOfMdl(PVOID base, SIZE_T length);

// Allocates an MDL; with irp, puts it into Irp->MdlAddress (secondary FALSE) or at the end of that
// chain (TRUE). NULL without memory, or for 4 GB - PAGE_SIZE and more. IRQL <= DISPATCH_LEVEL.
// Owner: caller, or the IRP.
PMDL IoAllocateMdl(PVOID va, ULONG length, BOOLEAN secondary, BOOLEAN charge_quota,
                   struct _IRP *irp);

// Frees; undoes a partial MDL's mapping first. Bug check while its pages are locked.
// IRQL <= DISPATCH_LEVEL.
VOID IoFreeMdl(PMDL mdl);

// target describes [va, va + length) of source; length 0 means the rest of the source. Source stays
// valid for as long as target is used. Bug check when the range lies outside of the source, whose
// pages must be locked or nonpaged; when the target is locked, too small, or mapped and not
// prepared for reuse. IRQL <= DISPATCH_LEVEL.
VOID IoBuildPartialMdl(PMDL source, PMDL target, PVOID va, ULONG length);

// Fills the page array for a buffer in this task's memory (pool or stack). IRQL <= DISPATCH_LEVEL.
VOID MmBuildMdlForNonPagedPool(PMDL mdl);

// Makes the pages of a buffer resident and accessible. UserMode: the buffer must be of those that
// the request being dispatched has brought, for writing if operation says so. Raises
// STATUS_ACCESS_VIOLATION. Bug check: locked already, nonpaged pool, partial.
// IRQL <= DISPATCH_LEVEL.
VOID MmProbeAndLockPages(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation);
// Ends a mapping as well. Bug check: not locked. IRQL <= DISPATCH_LEVEL.
VOID MmUnlockPages(PMDL mdl);

// Address of the buffer in this task, the same on each call; NULL when it cannot be mapped or its
// length is zero. Bug check: pages not locked. The flags MdlMappingNoWrite and MdlMappingNoExecute
// have no effect (nothing here is executable). IRQL <= DISPATCH_LEVEL.
PVOID MmGetSystemAddressForMdlSafe(PMDL mdl, ULONG priority);
// Bug check: pages not locked, mapped already. UserMode (IRQL <= APC_LEVEL) raises
// STATUS_NOT_SUPPORTED: nothing can be mapped into an application. IRQL <= DISPATCH_LEVEL.
PVOID MmMapLockedPagesSpecifyCache(PMDL mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE cache,
                                   PVOID address, ULONG bug_check_on_failure, ULONG priority);
PVOID MmMapLockedPages(PMDL mdl, KPROCESSOR_MODE mode);
#define MmGetSystemAddressForMdl(mdl)                                                              \
    (((mdl)->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0              \
         ? (mdl)->MappedSystemVa                                                                   \
         : MmMapLockedPages(mdl, KernelMode))
// address: that of the mapping. Bug check: not mapped, another address. IRQL <= DISPATCH_LEVEL.
VOID MmUnmapLockedPages(PVOID address, PMDL mdl);
// Of a partial MDL that IoBuildPartialMdl is to fill again. IRQL <= DISPATCH_LEVEL.
VOID MmPrepareMdlForReuse(PMDL mdl);
// The buffer begins so many bytes later. STATUS_INVALID_PARAMETER_2: it is not so long.
// IRQL <= DISPATCH_LEVEL.
NTSTATUS MmAdvanceMdl(PMDL mdl, ULONG bytes);

// New zeroed pages described by an MDL; free with MmFreePagesFromMdl then ExFreePool(mdl). All of
// the pages or NULL; the limits of physical addresses and the cache type have no meaning to a task.
// IRQL <= APC_LEVEL.
#define MM_DONT_ZERO_ALLOCATION               0x00000001
#define MM_ALLOCATE_FROM_LOCAL_NODE_ONLY      0x00000002
#define MM_ALLOCATE_FULLY_REQUIRED            0x00000004
#define MM_ALLOCATE_NO_WAIT                   0x00000008
#define MM_ALLOCATE_PREFER_CONTIGUOUS         0x00000010
#define MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS 0x00000020
#define MM_ALLOCATE_FAST_LARGE_PAGES          0x00000040
#define MM_ALLOCATE_AND_HOT_REMOVE            0x00000100
PMDL MmAllocatePagesForMdl(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                           SIZE_T bytes);
// NULL for unknown flags.
PMDL MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                             SIZE_T bytes, MEMORY_CACHING_TYPE cache, ULONG flags);
// Bug check: another MDL, or still mapped. IRQL <= DISPATCH_LEVEL.
VOID MmFreePagesFromMdl(PMDL mdl);
// Always NULL: no address space can be reserved. IRQL <= APC_LEVEL.
PVOID MmAllocateMappingAddress(SIZE_T bytes, ULONG tag);
// Bug check: a driver has no physical addresses. Any IRQL.
PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID address);

// The routine of the kit with that name, or NULL. PASSIVE_LEVEL.
PVOID MmGetSystemRoutineAddress(PUNICODE_STRING name);

// Maps device memory: only ranges of the device's own translated resources; NULL otherwise. The
// mapping is uncached, whatever cache says. Unmap with the same size. PASSIVE_LEVEL (documented
// limit <= DISPATCH_LEVEL).
PVOID MmMapIoSpace(PHYSICAL_ADDRESS address, SIZE_T bytes, MEMORY_CACHING_TYPE cache);
PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS address, SIZE_T bytes, ULONG protect);
VOID MmUnmapIoSpace(PVOID address, SIZE_T bytes);

// TRUE for addresses inside this task's memory. Advice only, as on Windows.
BOOLEAN MmIsAddressValid(PVOID address);

// No code here is paged: the section handle is the address itself.
#define MmLockPagableCodeSection(address)   ((PVOID)(address))
#define MmLockPagableDataSection(address)   ((PVOID)(address))
#define MmUnlockPagableImageSection(handle) ((void)(handle))
#define MmPageEntireDriver(address)         ((PVOID)(address))
#define MmResetDriverPaging(address)        ((void)(address))

// Data caches are coherent with DMA on this system: nothing to do, as on x64.
#define KeFlushIoBuffers(mdl, read, dma) ((void)(mdl))

#endif
