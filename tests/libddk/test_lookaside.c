// SPDX-License-Identifier: MIT
//
// Lookaside lists, all three kinds.

#include "ddi_test.h"

static NPAGED_LOOKASIDE_LIST npaged;
static PAGED_LOOKASIDE_LIST paged;
static LOOKASIDE_LIST_EX list_ex;
static PVOID npaged_entry, paged_entry, ex_entry;

[[gnu::constructor(200)]] static void prepare(void)
{
    ExInitializeNPagedLookasideList(&npaged, NULL, NULL, 0, 100, 'tseT', 0);
    ExInitializePagedLookasideList(&paged, NULL, NULL, 0, 100, 'tseT', 0);
    (void)ExInitializeLookasideListEx(&list_ex, NULL, NULL, NonPagedPoolNx, 0, 100, 'tseT', 0);
}

DDI_IRQL_MAX(ExAllocateFromNPagedLookasideList, DISPATCH_LEVEL,
             npaged_entry = ExAllocateFromNPagedLookasideList(&npaged))
DDI_IRQL_MAX(ExFreeToNPagedLookasideList, DISPATCH_LEVEL,
             ExFreeToNPagedLookasideList(&npaged, npaged_entry))
DDI_IRQL_MAX(ExAllocateFromPagedLookasideList, APC_LEVEL,
             paged_entry = ExAllocateFromPagedLookasideList(&paged))
DDI_IRQL_MAX(ExFreeToPagedLookasideList, APC_LEVEL, ExFreeToPagedLookasideList(&paged, paged_entry))
DDI_IRQL_MAX(ExAllocateFromLookasideListEx, DISPATCH_LEVEL,
             ex_entry = ExAllocateFromLookasideListEx(&list_ex))
DDI_IRQL_MAX(ExFreeToLookasideListEx, DISPATCH_LEVEL, ExFreeToLookasideListEx(&list_ex, ex_entry))
DDI_IRQL_MAX(ExDeleteNPagedLookasideList, DISPATCH_LEVEL, ExDeleteNPagedLookasideList(&npaged))
DDI_IRQL_MAX(ExDeletePagedLookasideList, APC_LEVEL, ExDeletePagedLookasideList(&paged))
DDI_IRQL_MAX(ExDeleteLookasideListEx, DISPATCH_LEVEL, ExDeleteLookasideListEx(&list_ex))
DDI_IRQL_MAX(ExInitializeNPagedLookasideList, DISPATCH_LEVEL,
             ExInitializeNPagedLookasideList(&npaged, NULL, NULL, 0, 100, 'tseT', 0))
DDI_IRQL_MAX(ExInitializePagedLookasideList, APC_LEVEL,
             ExInitializePagedLookasideList(&paged, NULL, NULL, 0, 100, 'tseT', 0))
DDI_IRQL_MAX(ExInitializeLookasideListEx, DISPATCH_LEVEL,
             ExInitializeLookasideListEx(&list_ex, NULL, NULL, NonPagedPoolNx, 0, 100, 'tseT', 0))

TEST(freed_entries_come_back)
{
    DDI_SHOWS(ExInitializeNPagedLookasideList, RESULTS);
    DDI_SHOWS(ExAllocateFromNPagedLookasideList, RESULTS);
    DDI_SHOWS(ExFreeToNPagedLookasideList, RESULTS);
    DDI_SHOWS(ExDeleteNPagedLookasideList, RESULTS);
    DDI_SHOWS(ExInitializePagedLookasideList, RESULTS);
    DDI_SHOWS(ExAllocateFromPagedLookasideList, RESULTS);
    DDI_SHOWS(ExFreeToPagedLookasideList, RESULTS);
    DDI_SHOWS(ExDeletePagedLookasideList, RESULTS);
    NPAGED_LOOKASIDE_LIST list;
    PAGED_LOOKASIDE_LIST other;
    size_t bytes, blocks, bytes_after, blocks_after;
    posix_pool_usage(&bytes, &blocks);
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 200, 'tseT', 0);
    ExInitializePagedLookasideList(&other, NULL, NULL, 0, 1, 'tseT', 0);
    PUCHAR a = ExAllocateFromNPagedLookasideList(&list);
    PUCHAR b = ExAllocateFromNPagedLookasideList(&list);
    CHECK(a != NULL && b != NULL && a != b);
    memset(a, 1, 200);
    memset(b, 2, 200);
    ExFreeToNPagedLookasideList(&list, a);
    CHECK(ExAllocateFromNPagedLookasideList(&list) == a);
    ExFreeToNPagedLookasideList(&list, a);
    ExFreeToNPagedLookasideList(&list, b);
    PVOID c = ExAllocateFromPagedLookasideList(&other);
    ExFreeToPagedLookasideList(&other, c);
    CHECK(ExAllocateFromPagedLookasideList(&other) == c);
    ExFreeToPagedLookasideList(&other, c);
    ExDeleteNPagedLookasideList(&list);
    ExDeletePagedLookasideList(&other);
    posix_pool_usage(&bytes_after, &blocks_after);
    CHECK_EQ(blocks, blocks_after); // deleting gives the memory back
}

struct counted {
    LOOKASIDE_LIST_EX list;
    POOL_TYPE type;
    ULONG allocated, freed;
};

static PVOID count_allocate(POOL_TYPE type, SIZE_T bytes, ULONG tag, PLOOKASIDE_LIST_EX list)
{
    struct counted *counted = CONTAINING_RECORD(list, struct counted, list);
    counted->allocated++;
    counted->type = type;
    return ExAllocatePoolWithTag(NonPagedPoolNx, bytes, tag);
}

static VOID count_free(PVOID buffer, PLOOKASIDE_LIST_EX list)
{
    CONTAINING_RECORD(list, struct counted, list)->freed++;
    ExFreePool(buffer);
}

TEST(driver_routines_are_called_with_the_list)
{
    DDI_SHOWS(ExInitializeLookasideListEx, RESULTS | ERRORS);
    DDI_SHOWS(ExAllocateFromLookasideListEx, RESULTS);
    DDI_SHOWS(ExFreeToLookasideListEx, RESULTS);
    DDI_SHOWS(ExDeleteLookasideListEx, RESULTS);
    static struct counted counted;
    CHECK_EQ(ExInitializeLookasideListEx(&counted.list, NULL, NULL, (POOL_TYPE)77, 0, 8, 'tseT', 0),
             STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(ExInitializeLookasideListEx(&counted.list, NULL, NULL, PagedPool, 3, 8, 'tseT', 0),
             STATUS_INVALID_PARAMETER_5);
    CHECK_EQ(ExInitializeLookasideListEx(&counted.list, count_allocate, count_free, PagedPool,
                                         EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE, 8, 'tseT', 0),
             STATUS_SUCCESS);
    PVOID entries[300];
    for (int i = 0; i < 300; i++)
        entries[i] = ExAllocateFromLookasideListEx(&counted.list);
    CHECK_EQ(counted.allocated, 300);
    CHECK_EQ(counted.type, PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE);
    for (int i = 0; i < 300; i++)
        ExFreeToLookasideListEx(&counted.list, entries[i]);
    CHECK(counted.freed > 0 && counted.freed < 300); // more than the list keeps
    CHECK(ExAllocateFromLookasideListEx(&counted.list) != NULL);
    CHECK_EQ(counted.allocated, 300);
    ExDeleteLookasideListEx(&counted.list);
    CHECK_EQ(counted.freed, 299);
}

static void allocate_uninitialised(void *list)
{
    (void)ExAllocateFromLookasideListEx(list);
}

static void free_uninitialised(void *list)
{
    ExFreeToLookasideListEx(list, list);
}

static void delete_uninitialised(void *list)
{
    ExDeleteLookasideListEx(list);
}

static PVOID no_memory(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    (void)type, (void)bytes, (void)tag;
    return NULL;
}

TEST(lists_must_be_initialised_and_may_run_out)
{
    DDI_SHOWS(ExAllocateFromLookasideListEx, ERRORS);
    DDI_SHOWS(ExFreeToLookasideListEx, ERRORS);
    DDI_SHOWS(ExDeleteLookasideListEx, ERRORS);
    DDI_SHOWS(ExAllocateFromNPagedLookasideList, ERRORS);
    DDI_SHOWS(ExAllocateFromPagedLookasideList, ERRORS);
    static LOOKASIDE_LIST_EX zero;
    NPAGED_LOOKASIDE_LIST list;
    PAGED_LOOKASIDE_LIST other;
    CHECK(dies(allocate_uninitialised, &zero, "not initialised"));
    CHECK(dies(free_uninitialised, &zero, "not initialised"));
    CHECK(dies(delete_uninitialised, &zero, "not initialised"));
    ExInitializeNPagedLookasideList(&list, no_memory, NULL, 0, 16, 'tseT', 0);
    ExInitializePagedLookasideList(&other, no_memory, NULL, 0, 16, 'tseT', 0);
    CHECK(ExAllocateFromNPagedLookasideList(&list) == NULL);
    CHECK(ExAllocateFromPagedLookasideList(&other) == NULL);
    ExDeleteNPagedLookasideList(&list);
    ExDeletePagedLookasideList(&other);
}
