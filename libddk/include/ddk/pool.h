// SPDX-License-Identifier: MIT
//
// Pool: memory of this driver's task alone, 16-byte aligned, page aligned from one page upwards.
// Every block carries a tag; freeing twice, with another tag, or after an overrun is a bug check.
// Nothing is pageable here; the paged kinds keep their IRQL rule (<= APC_LEVEL), so that a driver
// that breaks it is told.
// Documentation: nf-wdm-exallocatepool2, "Using Lookaside Lists".

#ifndef DDK_POOL_H
#define DDK_POOL_H

typedef enum _POOL_TYPE {
    NonPagedPool = 0,
    NonPagedPoolExecute = 0,
    PagedPool = 1,
    NonPagedPoolMustSucceed = 2,
    NonPagedPoolCacheAligned = 4,
    PagedPoolCacheAligned = 5,
    NonPagedPoolNx = 512,
    NonPagedPoolNxCacheAligned = 516
} POOL_TYPE;

// Bits or'ed into a POOL_TYPE.
#define POOL_QUOTA_FAIL_INSTEAD_OF_RAISE 8
#define POOL_RAISE_IF_ALLOCATION_FAILURE 16
#define POOL_COLD_ALLOCATION             256
#define POOL_NX_ALLOCATION               512

typedef ULONG64 POOL_FLAGS;
#define POOL_FLAG_USE_QUOTA         0x0000000000000001ULL
#define POOL_FLAG_UNINITIALIZED     0x0000000000000002ULL
#define POOL_FLAG_SESSION           0x0000000000000004ULL
#define POOL_FLAG_CACHE_ALIGNED     0x0000000000000008ULL
#define POOL_FLAG_RAISE_ON_FAILURE  0x0000000000000020ULL
#define POOL_FLAG_NON_PAGED         0x0000000000000040ULL
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ULL
#define POOL_FLAG_PAGED             0x0000000000000100ULL

// Zeroed memory (unless UNINITIALIZED), or NULL: no memory, size 0, tag 0, flags that do not name
// exactly one kind, or an unknown flag among the lower 32 (those above are optional). With
// RAISE_ON_FAILURE it raises STATUS_INSUFFICIENT_RESOURCES instead. CACHE_ALIGNED: to 64 bytes.
// IRQL <= DISPATCH_LEVEL, <= APC_LEVEL for POOL_FLAG_PAGED.
PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag);

typedef enum POOL_EXTENDED_PARAMETER_TYPE {
    PoolExtendedParameterInvalidType = 0,
    PoolExtendedParameterPriority,
    PoolExtendedParameterSecurePool,
    PoolExtendedParameterNumaNode,
    PoolExtendedParameterMax
} POOL_EXTENDED_PARAMETER_TYPE;
typedef enum _EX_POOL_PRIORITY {
    LowPoolPriority = 0,
    NormalPoolPriority = 16,
    HighPoolPriority = 32
} EX_POOL_PRIORITY;
typedef ULONG POOL_NODE_REQUIREMENT;
typedef struct _POOL_EXTENDED_PARAMETER {
    struct {
        ULONG64 Type : 8;
        ULONG64 Optional : 1;
        ULONG64 Reserved : 55;
    };
    union {
        ULONG64 Reserved2;
        PVOID Reserved3;
        EX_POOL_PRIORITY Priority;
        PVOID SecurePoolParams;
        POOL_NODE_REQUIREMENT PreferredNode;
    };
} POOL_EXTENDED_PARAMETER, *PPOOL_EXTENDED_PARAMETER;
typedef const POOL_EXTENDED_PARAMETER *PCPOOL_EXTENDED_PARAMETER;

// The same with further parameters: priority and node are advice; secure pool is not provided (NULL
// unless the parameter is marked optional).
PVOID ExAllocatePool3(POOL_FLAGS flags, SIZE_T bytes, ULONG tag,
                      PCPOOL_EXTENDED_PARAMETER parameters, ULONG count);

// The older routine: memory is not zeroed. Tag 0 is a bug check.
PVOID ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T bytes, ULONG tag);
#define ExAllocatePool(type, bytes) ExAllocatePoolWithTag(type, bytes, 0x656E6F4Eu)
PVOID ExAllocatePoolZero(POOL_TYPE type, SIZE_T bytes, ULONG tag);
PVOID ExAllocatePoolUninitialized(POOL_TYPE type, SIZE_T bytes, ULONG tag);

// The quota forms raise STATUS_QUOTA_EXCEEDED without memory, unless type has
// POOL_QUOTA_FAIL_INSTEAD_OF_RAISE; then, as the others, they return NULL.
PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE type, SIZE_T bytes, ULONG tag);
PVOID ExAllocatePoolQuotaZero(POOL_TYPE type, SIZE_T bytes, ULONG tag);
PVOID ExAllocatePoolQuotaUninitialized(POOL_TYPE type, SIZE_T bytes, ULONG tag);

// Nothing to do: pool is never executable. PASSIVE_LEVEL.
VOID ExInitializeDriverRuntime(ULONG flags);
#define DrvRtPoolNxOptIn 0x00000001

// Frees; a tag other than 0 must be that of the allocation. IRQL as for the allocation. A timer
// that is set, or a DPC or work item that is queued in the memory is a bug check.
VOID ExFreePoolWithTag(PVOID p, ULONG tag);
VOID ExFreePool(PVOID p);
VOID ExFreePool2(PVOID p, ULONG tag, PVOID extended, ULONG extended_count);

struct _LOOKASIDE_LIST_EX;
typedef PVOID ALLOCATE_FUNCTION(POOL_TYPE type, SIZE_T bytes, ULONG tag);
typedef ALLOCATE_FUNCTION *PALLOCATE_FUNCTION;
typedef VOID FREE_FUNCTION(PVOID buffer);
typedef FREE_FUNCTION *PFREE_FUNCTION;
typedef PVOID ALLOCATE_FUNCTION_EX(POOL_TYPE type, SIZE_T bytes, ULONG tag,
                                   struct _LOOKASIDE_LIST_EX *list);
typedef ALLOCATE_FUNCTION_EX *PALLOCATE_FUNCTION_EX;
typedef VOID FREE_FUNCTION_EX(PVOID buffer, struct _LOOKASIDE_LIST_EX *list);
typedef FREE_FUNCTION_EX *PFREE_FUNCTION_EX;

typedef struct DECLSPEC_ALIGN(16) _GENERAL_LOOKASIDE {
    SLIST_HEADER ListHead;
    USHORT Depth;
    USHORT MaximumDepth;
    ULONG TotalAllocates;
    ULONG AllocateMisses;
    ULONG TotalFrees;
    ULONG FreeMisses;
    POOL_TYPE Type;
    ULONG Tag;
    ULONG Size;
    PALLOCATE_FUNCTION_EX AllocateEx;
    PFREE_FUNCTION_EX FreeEx;
    PALLOCATE_FUNCTION Allocate;
    PFREE_FUNCTION Free;
} GENERAL_LOOKASIDE, *PGENERAL_LOOKASIDE;

typedef struct _NPAGED_LOOKASIDE_LIST {
    GENERAL_LOOKASIDE L;
} NPAGED_LOOKASIDE_LIST, *PNPAGED_LOOKASIDE_LIST, PAGED_LOOKASIDE_LIST, *PPAGED_LOOKASIDE_LIST;
typedef struct _LOOKASIDE_LIST_EX {
    GENERAL_LOOKASIDE L;
} LOOKASIDE_LIST_EX, *PLOOKASIDE_LIST_EX;

#define EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL 1u
#define EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE 2u

// Lists of equal blocks. Allocate returns NULL without memory; contents are undefined. Initialise
// and delete need outside synchronisation; allocate and free do not. IRQL <= DISPATCH_LEVEL
// (paged: <= APC_LEVEL).
VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION allocate,
                                     PFREE_FUNCTION free, ULONG flags, SIZE_T size, ULONG tag,
                                     USHORT depth);
PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list);
VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PVOID entry);
VOID ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list);
VOID ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION allocate,
                                    PFREE_FUNCTION free, ULONG flags, SIZE_T size, ULONG tag,
                                    USHORT depth);
PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST list);
VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST list, PVOID entry);
VOID ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST list);

// STATUS_INVALID_PARAMETER_4: no such pool type; _5: not 0 or one of the two flags.
NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX list, PALLOCATE_FUNCTION_EX allocate,
                                     PFREE_FUNCTION_EX free, POOL_TYPE type, ULONG flags,
                                     SIZE_T size, ULONG tag, USHORT depth);
PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX list);
VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX list, PVOID entry);
VOID ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX list);

#include <ddk/rundown.h>

#endif
