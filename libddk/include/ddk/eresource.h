// SPDX-License-Identifier: MIT
//
// Executive resources: many readers or one writer, recursive for the thread that has it. Acquire at
// IRQL <= APC_LEVEL with normal kernel APCs disabled (KeEnterCriticalRegion); they stay disabled
// until the release, which may be at <= DISPATCH_LEVEL. The acquire routines return FALSE only when
// wait is FALSE and the access cannot be given at once.
// Releasing what the thread does not hold is a bug check (RESOURCE_NOT_OWNED), and so is waiting
// for exclusive access while having shared access, since that wait would never end.
// Documentation: "Introduction to ERESOURCE Routines", nf-wdm-ex*resource*.

#ifndef DDK_ERESOURCE_H
#define DDK_ERESOURCE_H

typedef ULONG_PTR ERESOURCE_THREAD, *PERESOURCE_THREAD;

#define DDK_RESOURCE_OWNERS 6

// One thread that has shared access, and how often. OwnerThread 0: unused.
typedef struct _OWNER_ENTRY {
    ERESOURCE_THREAD OwnerThread;
    ULONG OwnerCount;
    ULONG Reserved;
} OWNER_ENTRY, *POWNER_ENTRY;

// Opaque. Owners beyond those in the structure lie in a table from the pool.
typedef struct _ERESOURCE {
    KSPIN_LOCK SpinLock;
    LIST_ENTRY Waiters;
    ERESOURCE_THREAD ExclusiveOwner;
    ULONG ExclusiveCount;
    ULONG SharedOwners; // threads, not acquires
    ULONG ExclusiveWaiters;
    ULONG SharedWaiters;
    ULONG TableSize;
    ULONG Initialized;
    POWNER_ENTRY Table;
    OWNER_ENTRY Owners[DDK_RESOURCE_OWNERS];
} ERESOURCE, *PERESOURCE;

// Both return STATUS_SUCCESS. A resource that is held or waited for may be neither deleted nor
// initialised again. Delete before the memory is freed.
NTSTATUS ExInitializeResourceLite(PERESOURCE resource);
NTSTATUS ExReinitializeResourceLite(PERESOURCE resource);
NTSTATUS ExDeleteResourceLite(PERESOURCE resource);

// Shared access waits behind threads that wait for exclusive access, unless the thread has the
// resource already. StarveExclusive does not wait behind them; WaitForExclusive always does.
BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE resource, BOOLEAN wait);
BOOLEAN ExAcquireResourceSharedLite(PERESOURCE resource, BOOLEAN wait);
BOOLEAN ExAcquireSharedStarveExclusive(PERESOURCE resource, BOOLEAN wait);
BOOLEAN ExAcquireSharedWaitForExclusive(PERESOURCE resource, BOOLEAN wait);
VOID ExReleaseResourceLite(PERESOURCE resource);
VOID ExReleaseResourceForThreadLite(PERESOURCE resource, ERESOURCE_THREAD thread);

// Exclusive access becomes shared, for the caller and for all who wait for shared access.
VOID ExConvertExclusiveToSharedLite(PERESOURCE resource);

// Makes owner_pointer (an address with its low two bits set) the owner in the caller's place; it
// is then released with ExReleaseResourceForThreadLite.
VOID ExSetResourceOwnerPointer(PERESOURCE resource, PVOID owner_pointer);
VOID ExSetResourceOwnerPointerEx(PERESOURCE resource, PVOID owner_pointer, ULONG flags);
#define FLAG_OWNER_POINTER_IS_THREAD 1

// How often the calling thread has it (exclusive access counts as shared too); how many wait.
BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE resource);
ULONG ExIsResourceAcquiredSharedLite(PERESOURCE resource);
#define ExIsResourceAcquiredLite(resource) ExIsResourceAcquiredSharedLite(resource)
ULONG ExGetExclusiveWaiterCount(PERESOURCE resource);
ULONG ExGetSharedWaiterCount(PERESOURCE resource);
#define ExGetCurrentResourceThread()         ((ERESOURCE_THREAD)KeGetCurrentThread())
#define ExDisableResourceBoostLite(resource) ((void)(resource))

// The same with the critical region entered before, left after. They wait; the result is opaque.
PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE resource);
PVOID ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE resource);
PVOID ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE resource);
VOID ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE resource);

#endif
