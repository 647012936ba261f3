// SPDX-License-Identifier: MIT
//
// Deadlock detection: the order of locks of every kind.
#include "verify.h"

#define VIOLATION 0x1001

static KSPIN_LOCK a, b, c;

static void take_two(PKSPIN_LOCK first, PKSPIN_LOCK second)
{
    KIRQL irql;
    KeAcquireSpinLock(first, &irql);
    KeAcquireSpinLockAtDpcLevel(second);
    KeReleaseSpinLockFromDpcLevel(second);
    KeReleaseSpinLock(first, irql);
}

static void reset(void)
{
    CHECK(posix_verify("deadlock"));
    vf_locks_reset();
    KeInitializeSpinLock(&a);
    KeInitializeSpinLock(&b);
    KeInitializeSpinLock(&c);
}

static void c_then_a(void *unused)
{
    (void)unused;
    take_two(&c, &a);
}

static bool is_violation(void (*body)(void *), void *argument)
{
    return ends_with(body, argument, DRIVER_VERIFIER_DETECTED_VIOLATION, VIOLATION,
                     "a lock hierarchy violation has been found");
}

TEST(order_of_spin_locks)
{
    reset();
    for (int i = 0; i < 3; i++) {
        take_two(&a, &b);
        take_two(&b, &c);
        take_two(&a, &c);
    }
    CHECK(is_violation(c_then_a, NULL)); // a before b before c
    CHECK_EQ(parameters[1], (ULONG_PTR)&a);
    CHECK_EQ(parameters[2], (ULONG_PTR)&c);
    CHECK(posix_verify(""));
}

TEST(locks_that_are_only_tried)
{
    KIRQL irql;
    reset();
    take_two(&a, &b);
    KeAcquireSpinLock(&b, &irql);
    CHECK(KeTryToAcquireSpinLockAtDpcLevel(&a)); // does not wait for it
    KeReleaseSpinLockFromDpcLevel(&a);
    KeReleaseSpinLock(&b, irql);
    take_two(&a, &b);
    CHECK(posix_verify(""));
}

TEST(a_lock_that_is_initialised_again_is_a_new_one)
{
    reset();
    take_two(&a, &b);
    KeInitializeSpinLock(&a);
    take_two(&b, &a);
    CHECK(posix_verify(""));
}

TEST(locks_in_freed_memory_are_forgotten)
{
    reset();
    PKSPIN_LOCK lock = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*lock), 'tseT');
    take_two(&a, lock);
    ExFreePool(lock);
    PKSPIN_LOCK again = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*lock), 'tseT');
    take_two(again, &a);
    ExFreePool(again);
    CHECK(posix_verify(""));
}

struct both {
    FAST_MUTEX fast;
    KMUTEX mutex;
    ERESOURCE resource;
};

static void resource_then_fast(void *argument)
{
    struct both *both = argument;
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&both->resource, TRUE);
    ExAcquireFastMutex(&both->fast);
    ExReleaseFastMutex(&both->fast);
    ExReleaseResourceLite(&both->resource);
    KeLeaveCriticalRegion();
}

static void fast_then_mutex(struct both *both)
{
    ExAcquireFastMutex(&both->fast);
    KeWaitForSingleObject(&both->mutex, Executive, KernelMode, FALSE, NULL);
    KeReleaseMutex(&both->mutex, FALSE);
    ExReleaseFastMutex(&both->fast);
}

static void mutex_then_resource(struct both *both)
{
    KeWaitForSingleObject(&both->mutex, Executive, KernelMode, FALSE, NULL);
    ExAcquireResourceSharedLite(&both->resource, TRUE);
    ExReleaseResourceLite(&both->resource);
    KeReleaseMutex(&both->mutex, FALSE);
}

TEST(order_of_other_locks)
{
    struct both both;
    reset();
    ExInitializeFastMutex(&both.fast);
    KeInitializeMutex(&both.mutex, 0);
    ExInitializeResourceLite(&both.resource);
    fast_then_mutex(&both);
    mutex_then_resource(&both);
    CHECK(is_violation(resource_then_fast, &both));
    CHECK_EQ(parameters[1], (ULONG_PTR)&both.fast);
    CHECK(posix_verify(""));
}

TEST(a_recursive_lock_is_no_cycle)
{
    struct both both;
    reset();
    KeInitializeMutex(&both.mutex, 0);
    ExInitializeFastMutex(&both.fast);
    for (int i = 0; i < 2; i++) {
        KeWaitForSingleObject(&both.mutex, Executive, KernelMode, FALSE, NULL);
        KeWaitForSingleObject(&both.mutex, Executive, KernelMode, FALSE, NULL);
        ExAcquireFastMutex(&both.fast);
        ExReleaseFastMutex(&both.fast);
        KeReleaseMutex(&both.mutex, FALSE);
        KeReleaseMutex(&both.mutex, FALSE);
    }
    CHECK(posix_verify(""));
}
