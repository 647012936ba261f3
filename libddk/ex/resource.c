// SPDX-License-Identifier: MIT
//
// Executive resources. Everything changes under the resource's spin lock. Who waits stands in
// Waiters in the order of arrival and is given the access by the one who releases: a thread that
// wakes has it already.
//
// Invariants: ExclusiveOwner != 0 => SharedOwners == 0; a free resource has no waiters; there is
// room for SharedOwners + SharedWaiters owner entries, so that giving access never needs memory.

#include "../vf/vf.h"
#include "ex.h"

#define RESOURCE_INITIALIZED 0x52455321u
#define TABLE_STEP           16u
#define TABLE_TAG            'tRsE'
#define RETRY_MILLISECONDS   10

enum access { EXCLUSIVE, SHARED, STARVE_EXCLUSIVE, WAIT_FOR_EXCLUSIVE };

struct waiter {
    LIST_ENTRY Entry;
    KEVENT Given;
    ERESOURCE_THREAD Thread;
    bool Exclusive;
};

static ERESOURCE_THREAD current(void)
{
    return (ERESOURCE_THREAD)ki_thread();
}

static void check_initialized(PERESOURCE resource)
{
    if (resource->Initialized != RESOURCE_INITIALIZED)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, "ERESOURCE used that is not initialised",
                     (ULONG_PTR)resource, 0);
}

static POWNER_ENTRY entry_at(PERESOURCE resource, ULONG index)
{
    return index < DDK_RESOURCE_OWNERS ? &resource->Owners[index]
                                       : &resource->Table[index - DDK_RESOURCE_OWNERS];
}

// The entry of a thread; with thread 0 a free one. NULL if there is none.
static POWNER_ENTRY find(PERESOURCE resource, ERESOURCE_THREAD thread)
{
    for (ULONG i = 0; i < DDK_RESOURCE_OWNERS + resource->TableSize; i++)
        if (entry_at(resource, i)->OwnerThread == thread)
            return entry_at(resource, i);
    return NULL;
}

// Makes room for one owner more. False without memory.
static bool reserve(PERESOURCE resource)
{
    if (resource->SharedOwners + resource->SharedWaiters <
        DDK_RESOURCE_OWNERS + resource->TableSize)
        return true;
    ULONG size = resource->TableSize + TABLE_STEP;
    POWNER_ENTRY table = ex_pool_allocate(size * sizeof(*table), TABLE_TAG), old = resource->Table;
    if (table == NULL)
        return false;
    memset(table, 0, size * sizeof(*table));
    if (old != NULL)
        memcpy(table, old, resource->TableSize * sizeof(*table));
    resource->Table = table;
    resource->TableSize = size;
    if (old != NULL)
        ex_pool_free(old, TABLE_TAG);
    return true;
}

static void give_shared(PERESOURCE resource, ERESOURCE_THREAD thread)
{
    POWNER_ENTRY entry = find(resource, thread);
    if (entry == NULL) {
        entry = find(resource, 0);
        entry->OwnerThread = thread;
        entry->OwnerCount = 0;
        resource->SharedOwners++;
    }
    entry->OwnerCount++;
}

static void give(PERESOURCE resource, struct waiter *waiter)
{
    RemoveEntryList(&waiter->Entry);
    if (waiter->Exclusive) {
        resource->ExclusiveWaiters--;
        resource->ExclusiveOwner = waiter->Thread;
        resource->ExclusiveCount = 1;
    } else {
        resource->SharedWaiters--;
        give_shared(resource, waiter->Thread);
    }
    KeSetEvent(&waiter->Given, IO_NO_INCREMENT, FALSE); // the waiter's memory is gone now
}

static void give_to_shared(PERESOURCE resource)
{
    PLIST_ENTRY entry = resource->Waiters.Flink;
    while (entry != &resource->Waiters) {
        struct waiter *waiter = CONTAINING_RECORD(entry, struct waiter, Entry);
        entry = entry->Flink;
        if (!waiter->Exclusive)
            give(resource, waiter);
    }
}

static void give_to_exclusive(PERESOURCE resource)
{
    PLIST_ENTRY entry = resource->Waiters.Flink;
    while (!CONTAINING_RECORD(entry, struct waiter, Entry)->Exclusive)
        entry = entry->Flink;
    give(resource, CONTAINING_RECORD(entry, struct waiter, Entry));
}

// The resource has become free: after a writer the readers come, after readers a writer.
static void hand_over(PERESOURCE resource, bool after_exclusive)
{
    if (resource->SharedWaiters != 0 && (after_exclusive || resource->ExclusiveWaiters == 0))
        give_to_shared(resource);
    else if (resource->ExclusiveWaiters != 0)
        give_to_exclusive(resource);
}

NTSTATUS ExInitializeResourceLite(PERESOURCE resource)
{
    ki_require_irql(DISPATCH_LEVEL, "ExInitializeResourceLite above DISPATCH_LEVEL");
    vf_live_add(resource, VF_LIVE_RESOURCE);
    vf_forget(resource, sizeof(*resource));
    memset(resource, 0, sizeof(*resource));
    InitializeListHead(&resource->Waiters);
    resource->Initialized = RESOURCE_INITIALIZED;
    return STATUS_SUCCESS;
}

static void check_unused(PERESOURCE resource)
{
    check_initialized(resource);
    if (resource->ExclusiveOwner != 0 || resource->SharedOwners != 0 ||
        !IsListEmpty(&resource->Waiters))
        ki_violation(RESOURCE_NOT_OWNED, "ERESOURCE deleted or reinitialised while it is held",
                     (ULONG_PTR)resource, resource->ExclusiveOwner);
}

NTSTATUS ExReinitializeResourceLite(PERESOURCE resource)
{
    ki_require_irql(DISPATCH_LEVEL, "ExReinitializeResourceLite above DISPATCH_LEVEL");
    check_unused(resource);
    return STATUS_SUCCESS;
}

NTSTATUS ExDeleteResourceLite(PERESOURCE resource)
{
    ki_require_irql(APC_LEVEL, "ExDeleteResourceLite above APC_LEVEL");
    check_unused(resource);
    if (resource->Table != NULL)
        ex_pool_free(resource->Table, TABLE_TAG);
    resource->Initialized = 0;
    vf_live_remove(resource);
    return STATUS_SUCCESS;
}

static void check_acquire(PERESOURCE resource)
{
    ki_require_irql(APC_LEVEL, "ERESOURCE acquired above APC_LEVEL");
    check_initialized(resource);
    if (!KeAreApcsDisabled())
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "ERESOURCE acquired with normal kernel APCs enabled (WithinCriticalRegion)",
                     (ULONG_PTR)resource, 0);
}

// What can be given at once. Spin lock held, room reserved.
static bool try_give(PERESOURCE resource, enum access access, ERESOURCE_THREAD thread)
{
    if (resource->ExclusiveOwner == thread) {
        resource->ExclusiveCount++;
        return true;
    }
    if (resource->ExclusiveOwner != 0)
        return false;
    if (access == EXCLUSIVE) {
        if (resource->SharedOwners != 0)
            return false;
        resource->ExclusiveOwner = thread;
        resource->ExclusiveCount = 1;
        return true;
    }
    bool passes = resource->ExclusiveWaiters == 0 || access == STARVE_EXCLUSIVE ||
                  (access == SHARED && find(resource, thread) != NULL);
    if (passes)
        give_shared(resource, thread);
    return passes;
}

static void enqueue(PERESOURCE resource, struct waiter *waiter, bool exclusive)
{
    if (exclusive && find(resource, waiter->Thread) != NULL)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "ERESOURCE: thread with shared access waits for exclusive access (for ever)",
                     (ULONG_PTR)resource, waiter->Thread);
    waiter->Exclusive = exclusive;
    KeInitializeEvent(&waiter->Given, SynchronizationEvent, FALSE);
    InsertTailList(&resource->Waiters, &waiter->Entry);
    if (exclusive)
        resource->ExclusiveWaiters++;
    else
        resource->SharedWaiters++;
}

static void wait_for_memory(void)
{
    LARGE_INTEGER moment = {.QuadPart = -10000LL * RETRY_MILLISECONDS};
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
}

static BOOLEAN acquire(PERESOURCE resource, enum access access, BOOLEAN wait)
{
    struct waiter waiter = {.Thread = current()};
    bool reserved = false, given = false;
    check_acquire(resource);
    if (wait)
        vf_acquired(resource, false);
    for (;;) {
        KIRQL irql = KeAcquireSpinLockRaiseToDpc(&resource->SpinLock);
        reserved = access == EXCLUSIVE || reserve(resource);
        given = reserved && try_give(resource, access, waiter.Thread);
        if (reserved && !given && wait)
            enqueue(resource, &waiter, access == EXCLUSIVE);
        KeReleaseSpinLock(&resource->SpinLock, irql);
        if (reserved || !wait)
            break;
        wait_for_memory();
    }
    if (given && !wait)
        vf_acquired(resource, true);
    if (given || !wait)
        return (BOOLEAN)given;
    KeWaitForSingleObject(&waiter.Given, Executive, KernelMode, FALSE, NULL);
    return TRUE;
}

BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE resource, BOOLEAN wait)
{
    return acquire(resource, EXCLUSIVE, wait);
}

BOOLEAN ExAcquireResourceSharedLite(PERESOURCE resource, BOOLEAN wait)
{
    return acquire(resource, SHARED, wait);
}

BOOLEAN ExAcquireSharedStarveExclusive(PERESOURCE resource, BOOLEAN wait)
{
    return acquire(resource, STARVE_EXCLUSIVE, wait);
}

BOOLEAN ExAcquireSharedWaitForExclusive(PERESOURCE resource, BOOLEAN wait)
{
    return acquire(resource, WAIT_FOR_EXCLUSIVE, wait);
}

static void release(PERESOURCE resource, ERESOURCE_THREAD thread)
{
    check_initialized(resource);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&resource->SpinLock);
    POWNER_ENTRY entry = thread != 0 ? find(resource, thread) : NULL;
    if (thread != 0 && resource->ExclusiveOwner == thread) {
        if (--resource->ExclusiveCount == 0) {
            resource->ExclusiveOwner = 0;
            hand_over(resource, true);
        }
    } else if (entry != NULL) {
        if (--entry->OwnerCount == 0) {
            entry->OwnerThread = 0;
            if (--resource->SharedOwners == 0)
                hand_over(resource, false);
        }
    } else {
        ki_violation(RESOURCE_NOT_OWNED, "ERESOURCE released by a thread that does not hold it",
                     (ULONG_PTR)resource, thread);
    }
    KeReleaseSpinLock(&resource->SpinLock, irql);
    if (thread == current())
        vf_released(resource);
}

VOID ExReleaseResourceLite(PERESOURCE resource)
{
    ki_require_irql(DISPATCH_LEVEL, "ExReleaseResourceLite above DISPATCH_LEVEL");
    release(resource, current());
}

VOID ExReleaseResourceForThreadLite(PERESOURCE resource, ERESOURCE_THREAD thread)
{
    ki_require_irql(DISPATCH_LEVEL, "ExReleaseResourceForThreadLite above DISPATCH_LEVEL");
    release(resource, thread);
}

VOID ExConvertExclusiveToSharedLite(PERESOURCE resource)
{
    ki_require_irql(APC_LEVEL, "ExConvertExclusiveToSharedLite above APC_LEVEL");
    check_initialized(resource);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&resource->SpinLock);
    if (resource->ExclusiveOwner != current())
        ki_violation(RESOURCE_NOT_OWNED,
                     "ExConvertExclusiveToSharedLite by a thread without exclusive access",
                     (ULONG_PTR)resource, resource->ExclusiveOwner);
    ULONG count = resource->ExclusiveCount;
    resource->ExclusiveOwner = 0;
    give_shared(resource, current()); // nobody else has an entry: there is one in the structure
    find(resource, current())->OwnerCount = count;
    give_to_shared(resource);
    KeReleaseSpinLock(&resource->SpinLock, irql);
}

VOID ExSetResourceOwnerPointerEx(PERESOURCE resource, PVOID owner_pointer, ULONG flags)
{
    (void)flags;
    ki_require_irql(DISPATCH_LEVEL, "ExSetResourceOwnerPointer above DISPATCH_LEVEL");
    check_initialized(resource);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&resource->SpinLock);
    POWNER_ENTRY entry = find(resource, current());
    if (resource->ExclusiveOwner == current())
        resource->ExclusiveOwner = (ERESOURCE_THREAD)owner_pointer;
    else if (entry != NULL)
        entry->OwnerThread = (ERESOURCE_THREAD)owner_pointer;
    else
        ki_violation(RESOURCE_NOT_OWNED, "ExSetResourceOwnerPointer by a thread without access",
                     (ULONG_PTR)resource, (ULONG_PTR)owner_pointer);
    KeReleaseSpinLock(&resource->SpinLock, irql);
}

VOID ExSetResourceOwnerPointer(PERESOURCE resource, PVOID owner_pointer)
{
    ExSetResourceOwnerPointerEx(resource, owner_pointer, 0);
}

BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE resource)
{
    ki_require_irql(DISPATCH_LEVEL, "ExIsResourceAcquiredExclusiveLite above DISPATCH_LEVEL");
    return (BOOLEAN)(resource->ExclusiveOwner == current());
}

ULONG ExIsResourceAcquiredSharedLite(PERESOURCE resource)
{
    ki_require_irql(DISPATCH_LEVEL, "ExIsResourceAcquiredSharedLite above DISPATCH_LEVEL");
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&resource->SpinLock);
    POWNER_ENTRY entry = find(resource, current());
    ULONG count = resource->ExclusiveOwner == current() ? resource->ExclusiveCount
                  : entry != NULL                       ? entry->OwnerCount
                                                        : 0;
    KeReleaseSpinLock(&resource->SpinLock, irql);
    return count;
}

ULONG ExGetExclusiveWaiterCount(PERESOURCE resource)
{
    ki_require_irql(DISPATCH_LEVEL, "ExGetExclusiveWaiterCount above DISPATCH_LEVEL");
    return resource->ExclusiveWaiters;
}

ULONG ExGetSharedWaiterCount(PERESOURCE resource)
{
    ki_require_irql(DISPATCH_LEVEL, "ExGetSharedWaiterCount above DISPATCH_LEVEL");
    return resource->SharedWaiters;
}

PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE resource)
{
    KeEnterCriticalRegion();
    (void)ExAcquireResourceExclusiveLite(resource, TRUE);
    return ki_thread();
}

PVOID ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE resource)
{
    KeEnterCriticalRegion();
    (void)ExAcquireResourceSharedLite(resource, TRUE);
    return ki_thread();
}

PVOID ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE resource)
{
    KeEnterCriticalRegion();
    (void)ExAcquireSharedWaitForExclusive(resource, TRUE);
    return ki_thread();
}

VOID ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE resource)
{
    ExReleaseResourceLite(resource);
    KeLeaveCriticalRegion();
}
