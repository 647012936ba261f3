// SPDX-License-Identifier: MIT
//
// Executive resources. Another thread plays the second party: it acquires when told, says what it
// got, and releases when told.

#include "ddi_test.h"

enum kind { EXCLUSIVE, SHARED, STARVE, WAIT_FOR };

struct party {
    PERESOURCE resource;
    enum kind kind;
    KEVENT got, go, done;
    bool wait;
    volatile BOOLEAN result;
};

static BOOLEAN acquire(PERESOURCE resource, enum kind kind, BOOLEAN wait)
{
    switch (kind) {
    case EXCLUSIVE:
        return ExAcquireResourceExclusiveLite(resource, wait);
    case SHARED:
        return ExAcquireResourceSharedLite(resource, wait);
    case STARVE:
        return ExAcquireSharedStarveExclusive(resource, wait);
    default:
        return ExAcquireSharedWaitForExclusive(resource, wait);
    }
}

static VOID play(PVOID context)
{
    struct party *party = context;
    party->result = acquire(party->resource, party->kind, party->wait);
    KeSetEvent(&party->got, 0, FALSE);
    KeWaitForSingleObject(&party->go, Executive, KernelMode, FALSE, NULL);
    if (party->result)
        ExReleaseResourceLite(party->resource);
    KeSetEvent(&party->done, 0, FALSE);
}

static void start(struct party *party, PERESOURCE resource, enum kind kind, bool wait)
{
    HANDLE thread;
    *party = (struct party){.resource = resource, .kind = kind, .wait = wait};
    KeInitializeEvent(&party->got, NotificationEvent, FALSE);
    KeInitializeEvent(&party->go, NotificationEvent, FALSE);
    KeInitializeEvent(&party->done, NotificationEvent, FALSE);
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, play, party), STATUS_SUCCESS);
    ZwClose(thread);
}

static bool has(struct party *party)
{
    KeWaitForSingleObject(&party->got, Executive, KernelMode, FALSE, NULL);
    return party->result;
}

static bool still_waits(struct party *party)
{
    LARGE_INTEGER moment = ms(10);
    return KeWaitForSingleObject(&party->got, Executive, KernelMode, FALSE, &moment) ==
           STATUS_TIMEOUT;
}

static void end(struct party *party)
{
    KeSetEvent(&party->go, 0, FALSE);
    KeWaitForSingleObject(&party->done, Executive, KernelMode, FALSE, NULL);
}

// What another thread gets without waiting.
static bool other_gets(PERESOURCE resource, enum kind kind)
{
    struct party party;
    start(&party, resource, kind, false);
    bool got = has(&party);
    end(&party);
    return got;
}

static ERESOURCE shared_resource;

[[gnu::constructor(200)]] static void prepare(void)
{
    (void)ExInitializeResourceLite(&shared_resource);
}

static void in_region(BOOLEAN (*routine)(PERESOURCE, BOOLEAN))
{
    if (KeGetCurrentIrql() < APC_LEVEL)
        KeEnterCriticalRegion();
    (void)routine(&shared_resource, TRUE);
    ExReleaseResourceLite(&shared_resource);
}

static ERESOURCE new_resource;
DDI_IRQL_MAX(ExInitializeResourceLite, DISPATCH_LEVEL, ExInitializeResourceLite(&new_resource))
DDI_IRQL_MAX(ExReinitializeResourceLite, DISPATCH_LEVEL,
             ExReinitializeResourceLite(&shared_resource))
DDI_IRQL_MAX(ExAcquireResourceExclusiveLite, APC_LEVEL, in_region(ExAcquireResourceExclusiveLite))
DDI_IRQL_MAX(ExAcquireResourceSharedLite, APC_LEVEL, in_region(ExAcquireResourceSharedLite))
DDI_IRQL_MAX(ExAcquireSharedStarveExclusive, APC_LEVEL, in_region(ExAcquireSharedStarveExclusive))
DDI_IRQL_MAX(ExAcquireSharedWaitForExclusive, APC_LEVEL, in_region(ExAcquireSharedWaitForExclusive))
DDI_IRQL_MAX(ExIsResourceAcquiredExclusiveLite, DISPATCH_LEVEL,
             ExIsResourceAcquiredExclusiveLite(&shared_resource))
DDI_IRQL_MAX(ExIsResourceAcquiredSharedLite, DISPATCH_LEVEL,
             ExIsResourceAcquiredSharedLite(&shared_resource))
DDI_IRQL_MAX(ExGetExclusiveWaiterCount, DISPATCH_LEVEL, ExGetExclusiveWaiterCount(&shared_resource))
DDI_IRQL_MAX(ExGetSharedWaiterCount, DISPATCH_LEVEL, ExGetSharedWaiterCount(&shared_resource))

// Held by the calling thread, acquired before IRQL was raised.
static bool at(KIRQL irql, void (*body)(void *), const char *rule)
{
    KeEnterCriticalRegion();
    (void)ExAcquireResourceExclusiveLite(&shared_resource, TRUE);
    (void)KfRaiseIrql(irql);
    bool died = dies(body, &shared_resource, rule);
    (void)ExInitializeResourceLite(&shared_resource);
    return died;
}

static void release(void *resource)
{
    ExReleaseResourceLite(resource);
}

static void release_for_thread(void *resource)
{
    ExReleaseResourceForThreadLite(resource, ExGetCurrentResourceThread());
}

static void convert(void *resource)
{
    ExConvertExclusiveToSharedLite(resource);
}

static void delete_it(void *resource)
{
    (void)ExDeleteResourceLite(resource);
}

static void set_owner(void *resource)
{
    ExSetResourceOwnerPointer(resource, (PVOID)((ULONG_PTR)resource | 3));
}

TEST(resource_irql_limits)
{
    DDI_SHOWS(ExReleaseResourceLite, IRQL);
    DDI_SHOWS(ExReleaseResourceForThreadLite, IRQL);
    DDI_SHOWS(ExConvertExclusiveToSharedLite, IRQL);
    DDI_SHOWS(ExDeleteResourceLite, IRQL);
    DDI_SHOWS(ExSetResourceOwnerPointer, IRQL);
    CHECK(at(DIRQL_LOWEST, release, "above DISPATCH_LEVEL"));
    CHECK(at(DIRQL_LOWEST, release_for_thread, "above DISPATCH_LEVEL"));
    CHECK(at(DIRQL_LOWEST, set_owner, "above DISPATCH_LEVEL"));
    CHECK(at(DISPATCH_LEVEL, convert, "above APC_LEVEL"));
    CHECK(at(DISPATCH_LEVEL, delete_it, "above APC_LEVEL"));
    CHECK(!at(DISPATCH_LEVEL, release, ""));
    CHECK(!at(DISPATCH_LEVEL, release_for_thread, ""));
    CHECK(!at(DISPATCH_LEVEL, set_owner, ""));
    CHECK(!at(APC_LEVEL, convert, ""));
}

TEST(access_is_recursive_and_counted_by_thread)
{
    DDI_SHOWS(ExAcquireResourceExclusiveLite, RESULTS);
    DDI_SHOWS(ExAcquireResourceSharedLite, RESULTS);
    DDI_SHOWS(ExIsResourceAcquiredExclusiveLite, RESULTS);
    DDI_SHOWS(ExIsResourceAcquiredSharedLite, RESULTS);
    DDI_SHOWS(ExReleaseResourceLite, RESULTS);
    DDI_SHOWS(ExReinitializeResourceLite, RESULTS);
    ERESOURCE resource;
    CHECK_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    KeEnterCriticalRegion();
    CHECK(acquire(&resource, EXCLUSIVE, FALSE));
    CHECK(acquire(&resource, SHARED, FALSE)); // exclusive again
    CHECK(ExIsResourceAcquiredExclusiveLite(&resource));
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 2);
    CHECK(!other_gets(&resource, SHARED) && !other_gets(&resource, STARVE));
    ExReleaseResourceLite(&resource);
    CHECK(!other_gets(&resource, EXCLUSIVE));
    ExReleaseResourceLite(&resource);
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 0);
    CHECK(other_gets(&resource, EXCLUSIVE));
    CHECK(acquire(&resource, SHARED, FALSE));
    CHECK(acquire(&resource, SHARED, FALSE));
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 2);
    CHECK(!ExIsResourceAcquiredExclusiveLite(&resource));
    CHECK(other_gets(&resource, SHARED) && !other_gets(&resource, EXCLUSIVE));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    CHECK_EQ(ExReinitializeResourceLite(&resource), STATUS_SUCCESS);
    CHECK_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

TEST(readers_wait_behind_a_waiting_writer_unless_they_starve_it)
{
    DDI_SHOWS(ExAcquireSharedStarveExclusive, RESULTS);
    DDI_SHOWS(ExAcquireSharedWaitForExclusive, RESULTS);
    DDI_SHOWS(ExGetExclusiveWaiterCount, RESULTS);
    DDI_SHOWS(ExGetSharedWaiterCount, RESULTS);
    ERESOURCE resource;
    struct party writer, reader;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    CHECK(acquire(&resource, SHARED, TRUE));
    CHECK(other_gets(&resource, WAIT_FOR));
    start(&writer, &resource, EXCLUSIVE, true);
    CHECK(still_waits(&writer));
    CHECK_EQ(ExGetExclusiveWaiterCount(&resource), 1);
    CHECK(!other_gets(&resource, SHARED));
    CHECK(!other_gets(&resource, WAIT_FOR));
    CHECK(other_gets(&resource, STARVE));
    CHECK(acquire(&resource, SHARED, FALSE)); // has it already
    CHECK(!acquire(&resource, WAIT_FOR, FALSE));
    start(&reader, &resource, SHARED, true);
    CHECK(still_waits(&reader));
    CHECK_EQ(ExGetSharedWaiterCount(&resource), 1);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    CHECK(has(&writer));
    CHECK(still_waits(&reader));
    end(&writer);
    CHECK(has(&reader));
    end(&reader);
    CHECK_EQ(ExGetExclusiveWaiterCount(&resource) + ExGetSharedWaiterCount(&resource), 0);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

TEST(exclusive_access_becomes_shared_for_all_readers)
{
    DDI_SHOWS(ExConvertExclusiveToSharedLite, RESULTS);
    ERESOURCE resource;
    struct party readers[10], writer;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    CHECK(acquire(&resource, EXCLUSIVE, TRUE));
    CHECK(acquire(&resource, EXCLUSIVE, TRUE));
    for (int i = 0; i < 10; i++)
        start(&readers[i], &resource, SHARED, true);
    start(&writer, &resource, EXCLUSIVE, true);
    while (ExGetSharedWaiterCount(&resource) != 10 || ExGetExclusiveWaiterCount(&resource) != 1)
        CHECK(still_waits(&writer));
    ExConvertExclusiveToSharedLite(&resource);
    for (int i = 0; i < 10; i++)
        CHECK(has(&readers[i]));
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 2);
    CHECK(!ExIsResourceAcquiredExclusiveLite(&resource));
    CHECK(still_waits(&writer));
    for (int i = 0; i < 10; i++)
        end(&readers[i]);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    CHECK(has(&writer));
    end(&writer);
    KeLeaveCriticalRegion();
    CHECK_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

TEST(ownership_can_be_handed_on)
{
    DDI_SHOWS(ExSetResourceOwnerPointer, RESULTS | ERRORS);
    DDI_SHOWS(ExReleaseResourceForThreadLite, RESULTS | ERRORS);
    ERESOURCE resource;
    ERESOURCE_THREAD owner = (ERESOURCE_THREAD)&resource | 3;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    CHECK(acquire(&resource, SHARED, TRUE));
    ExSetResourceOwnerPointer(&resource, (PVOID)owner);
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 0);
    CHECK(!other_gets(&resource, EXCLUSIVE));
    ExReleaseResourceForThreadLite(&resource, owner);
    CHECK(other_gets(&resource, EXCLUSIVE));
    CHECK(acquire(&resource, EXCLUSIVE, TRUE));
    ExReleaseResourceForThreadLite(&resource, ExGetCurrentResourceThread());
    CHECK(dies(release_for_thread, &resource, "does not hold it"));
    ExInitializeResourceLite(&resource);
    CHECK(dies(set_owner, &resource, "without access"));
}

static void acquire_with_apcs(void *resource)
{
    (void)ExAcquireResourceSharedLite(resource, TRUE);
}

static void acquire_zero(void *resource)
{
    KeEnterCriticalRegion();
    (void)ExAcquireResourceExclusiveLite(resource, TRUE);
}

static void upgrade(void *resource)
{
    KeEnterCriticalRegion();
    (void)ExAcquireResourceSharedLite(resource, TRUE);
    (void)ExAcquireResourceExclusiveLite(resource, TRUE);
}

static void delete_held(void *resource)
{
    KeEnterCriticalRegion();
    (void)ExAcquireResourceExclusiveLite(resource, TRUE);
    (void)ExDeleteResourceLite(resource);
}

static void reinitialize_held(void *resource)
{
    KeEnterCriticalRegion();
    (void)ExAcquireSharedStarveExclusive(resource, TRUE);
    (void)ExReinitializeResourceLite(resource);
}

static void wait_for_zero(void *resource)
{
    (void)ExAcquireSharedWaitForExclusive(resource, TRUE);
}

static void starve_zero(void *resource)
{
    (void)ExAcquireSharedStarveExclusive(resource, TRUE);
}

TEST(resource_rules)
{
    DDI_SHOWS(ExAcquireResourceSharedLite, ERRORS);
    DDI_SHOWS(ExAcquireResourceExclusiveLite, ERRORS);
    DDI_SHOWS(ExAcquireSharedStarveExclusive, ERRORS);
    DDI_SHOWS(ExAcquireSharedWaitForExclusive, ERRORS);
    DDI_SHOWS(ExReleaseResourceLite, ERRORS);
    DDI_SHOWS(ExDeleteResourceLite, ERRORS);
    DDI_SHOWS(ExReinitializeResourceLite, ERRORS);
    DDI_SHOWS(ExConvertExclusiveToSharedLite, ERRORS);
    static ERESOURCE zero;
    ERESOURCE resource;
    ExInitializeResourceLite(&resource);
    CHECK(dies(acquire_with_apcs, &resource, "APCs enabled"));
    CHECK(dies(acquire_zero, &zero, "not initialised"));
    CHECK(dies(starve_zero, &zero, "not initialised"));
    CHECK(dies(wait_for_zero, &zero, "not initialised"));
    CHECK(dies(upgrade, &resource, "thread with shared access waits for exclusive"));
    ExInitializeResourceLite(&resource);
    CHECK(dies(delete_held, &resource, "while it is held"));
    ExInitializeResourceLite(&resource);
    CHECK(dies(reinitialize_held, &resource, "while it is held"));
    ExInitializeResourceLite(&resource);
    CHECK(dies(release, &resource, "does not hold it"));
    ExInitializeResourceLite(&resource);
    CHECK(dies(convert, &resource, "without exclusive access"));
}

TEST(region_and_resource_in_one_call)
{
    ERESOURCE resource;
    ExInitializeResourceLite(&resource);
    (void)ExEnterCriticalRegionAndAcquireResourceExclusive(&resource);
    CHECK(KeAreApcsDisabled() && ExIsResourceAcquiredExclusiveLite(&resource));
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    (void)ExEnterCriticalRegionAndAcquireResourceShared(&resource);
    (void)ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(&resource);
    CHECK_EQ(ExIsResourceAcquiredLite(&resource), 2);
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    CHECK(!KeAreApcsDisabled());
    ExDeleteResourceLite(&resource);
}
