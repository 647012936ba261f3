// SPDX-License-Identifier: MIT
//
// Remove locks. IoCount starts at 1; every acquire adds 1; ReleaseAndWait takes its own and the
// first one back and waits for 0.
// Every acquisition is remembered with its tag (equal ones counted together) beside the lock, whose
// layout has no room for it; a release must name one that is remembered. Without memory for that an
// acquisition counts as "unnamed", which any release may take.

#include "io.h"

#define BUCKETS     32u
#define TAG         'kcoL'
#define INITIALISED 0x4c // Reserved[0] of a lock in use
#define WAITED      0x57 // and after ReleaseAndWait

struct holder {
    struct holder *Next;
    PIO_REMOVE_LOCK Lock;
    PVOID Tag;
    ULONG Count;
};
// Of a lock that was initialised with a HighWatermark; kept for the life of the task.
struct limit {
    struct limit *Next;
    PIO_REMOVE_LOCK Lock;
    ULONG High;
};
static struct bucket {
    struct ki_lock Guard;
    struct holder *Holders;
    struct limit *Limits;
    ULONG Unnamed;
} buckets[BUCKETS];

static struct bucket *bucket_of(PIO_REMOVE_LOCK lock)
{
    ULONG_PTR a = (ULONG_PTR)lock;
    return &buckets[(a >> 4 ^ a >> 12) % BUCKETS];
}

DECLSPEC_NORETURN static void broken(const char *rule, PIO_REMOVE_LOCK lock, PVOID tag)
{
    ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x200, (ULONG_PTR)lock, (ULONG_PTR)tag, 0, rule);
}

static struct holder *find(struct bucket *bucket, PIO_REMOVE_LOCK lock, PVOID tag)
{
    struct holder *at = bucket->Holders;
    while (at != NULL && (at->Lock != lock || at->Tag != tag))
        at = at->Next;
    return at;
}

static void remember(PIO_REMOVE_LOCK lock, PVOID tag)
{
    struct bucket *bucket = bucket_of(lock);
    struct holder *new = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*new), TAG);
    ki_acquire(&bucket->Guard);
    struct holder *old = find(bucket, lock, tag);
    if (old != NULL) {
        old->Count++;
    } else if (new == NULL) {
        bucket->Unnamed++;
    } else {
        *new = (struct holder){bucket->Holders, lock, tag, 1};
        bucket->Holders = new;
        new = NULL;
    }
    ki_release(&bucket->Guard);
    if (new != NULL)
        ExFreePoolWithTag(new, TAG);
}

static void forget(PIO_REMOVE_LOCK lock, PVOID tag)
{
    struct bucket *bucket = bucket_of(lock);
    struct holder *gone = NULL;
    ki_acquire(&bucket->Guard);
    struct holder *holder = find(bucket, lock, tag);
    bool known = holder != NULL || bucket->Unnamed != 0;
    if (holder == NULL && known) {
        bucket->Unnamed--;
    } else if (known && --holder->Count == 0) {
        struct holder **link = &bucket->Holders;
        while (*link != holder)
            link = &(*link)->Next;
        *link = holder->Next;
        gone = holder;
    }
    ki_release(&bucket->Guard);
    if (!known)
        broken("a remove lock was released with a tag that it was not acquired with, or once too "
               "often",
               lock, tag);
    if (gone != NULL)
        ExFreePoolWithTag(gone, TAG);
}

static struct limit *find_limit(struct bucket *bucket, PIO_REMOVE_LOCK lock)
{
    struct limit *at = bucket->Limits;
    while (at != NULL && at->Lock != lock)
        at = at->Next;
    return at;
}

// Without memory for it the lock has no limit.
static void set_limit(PIO_REMOVE_LOCK lock, ULONG high)
{
    struct bucket *bucket = bucket_of(lock);
    struct limit *new = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*new), TAG);
    ki_acquire(&bucket->Guard);
    struct limit *limit = find_limit(bucket, lock);
    if (limit == NULL && new != NULL) {
        *new = (struct limit){bucket->Limits, lock, high};
        bucket->Limits = limit = new;
        new = NULL;
    }
    if (limit != NULL)
        limit->High = high;
    ki_release(&bucket->Guard);
    if (new != NULL)
        ExFreePoolWithTag(new, TAG);
}

static void check_limit(PIO_REMOVE_LOCK lock, PVOID tag, LONG acquired)
{
    struct bucket *bucket = bucket_of(lock);
    ki_acquire(&bucket->Guard);
    const struct limit *limit = find_limit(bucket, lock);
    bool beyond = limit != NULL && (ULONG)acquired > limit->High;
    ki_release(&bucket->Guard);
    if (beyond)
        broken("remove lock acquired more often than its HighWatermark says", lock, tag);
}

static void is_in_extension(PDEVICE_OBJECT device, void *context)
{
    struct {
        ULONG_PTR Address;
        bool Found;
    } *search = context;
    ULONG_PTR start = (ULONG_PTR)device->DeviceExtension;
    search->Found |= start != 0 && search->Address >= start &&
                     search->Address < (ULONG_PTR)device->DeviceObjectExtension;
}

// Memory of a device extension is zeroed when it is made, so a mark in it is that of this lock.
static bool in_live_extension(PIO_REMOVE_LOCK lock)
{
    struct {
        ULONG_PTR Address;
        bool Found;
    } search = {(ULONG_PTR)lock, false};
    io_for_each_device(is_in_extension, &search);
    return search.Found;
}

VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK lock, ULONG tag, ULONG max_minutes, ULONG high_water,
                              ULONG size)
{
    (void)tag, (void)max_minutes, (void)size;
    ki_require_irql(PASSIVE_LEVEL, "IoInitializeRemoveLock above PASSIVE_LEVEL");
    BOOLEAN mark = lock->Common.Reserved[0];
    if ((mark == INITIALISED || mark == WAITED) && in_live_extension(lock))
        broken("IoInitializeRemoveLock of a remove lock that was initialised before", lock, NULL);
    lock->Common.Removed = FALSE;
    lock->Common.Reserved[0] = INITIALISED;
    lock->Common.Reserved[1] = high_water != 0;
    if (high_water != 0)
        set_limit(lock, high_water);
    lock->Common.IoCount = 1;
    KeInitializeEvent(&lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
}

NTSTATUS IoAcquireRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, PCSTR file, ULONG line, ULONG size)
{
    (void)file, (void)line, (void)size;
    ki_require_irql(DISPATCH_LEVEL, "IoAcquireRemoveLock above DISPATCH_LEVEL");
    LONG count = InterlockedIncrement(&lock->Common.IoCount);
    BOOLEAN mark = lock->Common.Reserved[0];
    if (count <= 0 || (mark != INITIALISED && mark != WAITED))
        broken("remove lock acquired before it was initialised", lock, tag);
    if (lock->Common.Reserved[1])
        check_limit(lock, tag, count - 1);
    if (!lock->Common.Removed) {
        remember(lock, tag);
        return STATUS_SUCCESS;
    }
    if (InterlockedDecrement(&lock->Common.IoCount) == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
    return STATUS_DELETE_PENDING;
}

VOID IoReleaseRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    (void)size;
    ki_require_irql(DISPATCH_LEVEL, "IoReleaseRemoveLock above DISPATCH_LEVEL");
    forget(lock, tag);
    if (InterlockedDecrement(&lock->Common.IoCount) == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
}

VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    (void)size;
    ki_require_irql(PASSIVE_LEVEL, "IoReleaseRemoveLockAndWait above PASSIVE_LEVEL");
    if (lock->Common.Removed)
        broken("IoReleaseRemoveLockAndWait called twice", lock, tag);
    forget(lock, tag);
    lock->Common.Removed = TRUE;
    lock->Common.Reserved[0] = WAITED;
    (void)InterlockedDecrement(&lock->Common.IoCount);
    if (InterlockedDecrement(&lock->Common.IoCount) > 0)
        KeWaitForSingleObject(&lock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
}

const void *io_held_remove_lock(void)
{
    const struct holder *found = NULL;
    for (ULONG i = 0; i < BUCKETS && found == NULL; i++)
        found = buckets[i].Holders;
    return found != NULL ? found->Lock : NULL;
}
