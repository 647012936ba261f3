// SPDX-License-Identifier: MIT
//
// Reader/writer spin locks.
#include "ddi_test.h"

static EX_SPIN_LOCK lock;

// Each leaves the lock as it was, whatever it does.
DDI_IRQL_MAX(ExAcquireSpinLockExclusive, DISPATCH_LEVEL,
             ExReleaseSpinLockExclusive(&lock, ExAcquireSpinLockExclusive(&lock)))
DDI_IRQL_MAX(ExAcquireSpinLockShared, DISPATCH_LEVEL,
             ExReleaseSpinLockShared(&lock, ExAcquireSpinLockShared(&lock)))
DDI_IRQL_MIN(ExAcquireSpinLockExclusiveAtDpcLevel, DISPATCH_LEVEL,
             (ExAcquireSpinLockExclusiveAtDpcLevel(&lock),
              ExReleaseSpinLockExclusiveFromDpcLevel(&lock)))
DDI_IRQL_MIN(ExAcquireSpinLockSharedAtDpcLevel, DISPATCH_LEVEL,
             (ExAcquireSpinLockSharedAtDpcLevel(&lock), ExReleaseSpinLockSharedFromDpcLevel(&lock)))
DDI_IRQL_MIN(ExTryAcquireSpinLockExclusiveAtDpcLevel, DISPATCH_LEVEL,
             (ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock),
              ExReleaseSpinLockExclusiveFromDpcLevel(&lock)))
DDI_IRQL_MIN(ExTryAcquireSpinLockSharedAtDpcLevel, DISPATCH_LEVEL,
             (ExTryAcquireSpinLockSharedAtDpcLevel(&lock),
              ExReleaseSpinLockSharedFromDpcLevel(&lock)))

static BOOLEAN raised(void)
{
    return KeGetCurrentIrql() >= DISPATCH_LEVEL;
}

static void take_exclusive(void)
{
    if (raised())
        ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
}

static void take_shared(void)
{
    if (raised())
        ExAcquireSpinLockSharedAtDpcLevel(&lock);
}

DDI_IRQL_MIN(ExReleaseSpinLockExclusive, DISPATCH_LEVEL,
             (take_exclusive(), ExReleaseSpinLockExclusive(&lock, DISPATCH_LEVEL)))
DDI_IRQL_MIN(ExReleaseSpinLockExclusiveFromDpcLevel, DISPATCH_LEVEL,
             (take_exclusive(), ExReleaseSpinLockExclusiveFromDpcLevel(&lock)))
DDI_IRQL_MIN(ExReleaseSpinLockShared, DISPATCH_LEVEL,
             (take_shared(), ExReleaseSpinLockShared(&lock, DISPATCH_LEVEL)))
DDI_IRQL_MIN(ExReleaseSpinLockSharedFromDpcLevel, DISPATCH_LEVEL,
             (take_shared(), ExReleaseSpinLockSharedFromDpcLevel(&lock)))
DDI_IRQL_MIN(ExTryConvertSharedSpinLockExclusive, DISPATCH_LEVEL,
             (take_shared(), ExTryConvertSharedSpinLockExclusive(&lock),
              ExReleaseSpinLockExclusiveFromDpcLevel(&lock)))

DDI_TEST(ExAcquireSpinLockShared, RESULTS, readers_share)
{
    DDI_SHOWS(ExReleaseSpinLockShared, RESULTS);
    DDI_SHOWS(ExTryAcquireSpinLockSharedAtDpcLevel, RESULTS);
    DDI_SHOWS(ExTryAcquireSpinLockExclusiveAtDpcLevel, RESULTS);
    DDI_SHOWS(ExReleaseSpinLockSharedFromDpcLevel, RESULTS);
    KIRQL irql = ExAcquireSpinLockShared(&lock);
    CHECK_EQ(irql, PASSIVE_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(ExTryAcquireSpinLockSharedAtDpcLevel(&lock)); // stands for another reader
    CHECK(!ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock));
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    ExReleaseSpinLockShared(&lock, irql);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK_EQ(lock, 0);
}

DDI_TEST(ExTryConvertSharedSpinLockExclusive, RESULTS, only_reader_becomes_writer)
{
    DDI_SHOWS(ExAcquireSpinLockSharedAtDpcLevel, RESULTS);
    DDI_SHOWS(ExReleaseSpinLockExclusive, RESULTS);
    KIRQL irql = ExAcquireSpinLockShared(&lock);
    ExAcquireSpinLockSharedAtDpcLevel(&lock); // another reader
    CHECK(!ExTryConvertSharedSpinLockExclusive(&lock));
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    CHECK(ExTryConvertSharedSpinLockExclusive(&lock));
    ExReleaseSpinLockExclusive(&lock, irql);
    CHECK_EQ(lock, 0);
}

struct worker {
    KEVENT done;
    volatile LONG *value, *readers;
    volatile BOOLEAN wrong;
    ULONG writes;
};

static VOID work(PVOID context)
{
    struct worker *worker = context;
    for (ULONG i = 0; i < 500; i++) {
        KIRQL irql;
        if (i < worker->writes) {
            irql = ExAcquireSpinLockExclusive(&lock);
            LONG old = *worker->value;
            worker->wrong |= *worker->readers != 0;
            *worker->value = old + 1;
            ExReleaseSpinLockExclusive(&lock, irql);
        } else {
            irql = ExAcquireSpinLockShared(&lock);
            InterlockedIncrement(worker->readers);
            InterlockedDecrement(worker->readers);
            ExReleaseSpinLockShared(&lock, irql);
        }
    }
    KeSetEvent(&worker->done, 0, FALSE);
}

DDI_TEST(ExAcquireSpinLockExclusive, RESULTS, writers_exclude)
{
    static volatile LONG value, readers;
    static struct worker workers[4];
    DDI_SHOWS(ExAcquireSpinLockExclusiveAtDpcLevel, RESULTS);
    DDI_SHOWS(ExReleaseSpinLockExclusiveFromDpcLevel, RESULTS);
    for (ULONG i = 0; i < 4; i++) {
        HANDLE handle;
        workers[i] =
            (struct worker){.value = &value, .readers = &readers, .writes = i < 3 ? 300 : 0};
        KeInitializeEvent(&workers[i].done, NotificationEvent, FALSE);
        CHECK(NT_SUCCESS(PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, work, &workers[i])));
        ZwClose(handle);
    }
    for (ULONG i = 0; i < 4; i++) {
        KeWaitForSingleObject(&workers[i].done, Executive, KernelMode, FALSE, NULL);
        CHECK(!workers[i].wrong);
    }
    CHECK_EQ(value, 900);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
    CHECK(lock != 0);
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    KeLowerIrql(irql);
    CHECK_EQ(lock, 0);
}

static void twice(void *unused)
{
    (void)unused;
    (void)ExAcquireSpinLockExclusive(&lock);
    (void)ExAcquireSpinLockExclusive(&lock);
}

static void twice_at_dpc_level(void *unused)
{
    (void)unused;
    KeRaiseIrqlToDpcLevel();
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
}

static void shared_by_its_owner(void *unused)
{
    (void)unused;
    (void)ExAcquireSpinLockExclusive(&lock);
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
}

static void tried_by_its_owner(void *unused)
{
    (void)unused;
    (void)ExAcquireSpinLockExclusive(&lock);
    (void)ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock);
}

static void shared_again(void *unused)
{
    (void)unused;
    (void)ExAcquireSpinLockExclusive(&lock);
    (void)ExAcquireSpinLockShared(&lock);
}

static void exclusive_then_shared(void *unused)
{
    (void)unused;
    (void)ExAcquireSpinLockExclusive(&lock);
    (void)ExTryAcquireSpinLockSharedAtDpcLevel(&lock);
}

static void release_free_shared(void *unused)
{
    (void)unused;
    KeRaiseIrqlToDpcLevel();
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
}

static void release_free_exclusive(void *unused)
{
    (void)unused;
    KeRaiseIrqlToDpcLevel();
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
}

static void convert_free(void *unused)
{
    (void)unused;
    KeRaiseIrqlToDpcLevel();
    (void)ExTryConvertSharedSpinLockExclusive(&lock);
}

static void release_as_exclusive(void *unused)
{
    (void)unused;
    ExReleaseSpinLockExclusive(&lock, ExAcquireSpinLockShared(&lock));
}

static void release_as_shared(void *unused)
{
    (void)unused;
    ExReleaseSpinLockShared(&lock, ExAcquireSpinLockExclusive(&lock));
}

static bool is_found(void (*body)(void *), const char *rule)
{
    lock = 0;
    bool found = dies(body, NULL, rule);
    lock = 0;
    return found;
}

TEST(misuse_of_reader_writer_locks)
{
    DDI_SHOWS(ExAcquireSpinLockExclusive, ERRORS);
    DDI_SHOWS(ExAcquireSpinLockExclusiveAtDpcLevel, ERRORS);
    DDI_SHOWS(ExAcquireSpinLockShared, ERRORS);
    DDI_SHOWS(ExAcquireSpinLockSharedAtDpcLevel, ERRORS);
    DDI_SHOWS(ExTryAcquireSpinLockExclusiveAtDpcLevel, ERRORS);
    DDI_SHOWS(ExTryAcquireSpinLockSharedAtDpcLevel, ERRORS);
    DDI_SHOWS(ExTryConvertSharedSpinLockExclusive, ERRORS);
    DDI_SHOWS(ExReleaseSpinLockExclusive, ERRORS);
    DDI_SHOWS(ExReleaseSpinLockExclusiveFromDpcLevel, ERRORS);
    DDI_SHOWS(ExReleaseSpinLockShared, ERRORS);
    DDI_SHOWS(ExReleaseSpinLockSharedFromDpcLevel, ERRORS);
    CHECK(is_found(twice, "acquired twice by the same thread"));
    CHECK(is_found(twice_at_dpc_level, "acquired twice by the same thread"));
    CHECK(is_found(shared_by_its_owner, "acquired twice by the same thread"));
    CHECK(is_found(shared_again, "acquired twice by the same thread"));
    CHECK(is_found(tried_by_its_owner, "acquired twice by the same thread"));
    CHECK(is_found(exclusive_then_shared, "acquired twice by the same thread"));
    CHECK(is_found(release_free_shared, "not held for shared access"));
    CHECK(is_found(release_free_exclusive, "does not own it exclusively"));
    CHECK(is_found(convert_free, "not held for shared access"));
    CHECK(is_found(release_as_exclusive, "does not own it exclusively"));
    CHECK(is_found(release_as_shared, "not held for shared access"));
}
