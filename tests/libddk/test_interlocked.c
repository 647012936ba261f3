// SPDX-License-Identifier: MIT
//
// Interlocked operations, lists and S-lists: results one by one, then with several threads at once.

#include "ddi_test.h"

TEST(interlocked_results)
{
    DDI_SHOWS(InterlockedIncrement, RESULTS);
    DDI_SHOWS(InterlockedDecrement, RESULTS);
    DDI_SHOWS(InterlockedExchange, RESULTS);
    DDI_SHOWS(InterlockedExchangeAdd, RESULTS);
    DDI_SHOWS(InterlockedCompareExchange, RESULTS);
    DDI_SHOWS(InterlockedAnd, RESULTS);
    DDI_SHOWS(InterlockedOr, RESULTS);
    DDI_SHOWS(InterlockedXor, RESULTS);
    DDI_SHOWS(InterlockedExchangeNoFence64, RESULTS);
    volatile LONG n = MAXLONG;
    CHECK_EQ(InterlockedIncrement(&n), MINLONG); // wraps, returns the new value
    CHECK_EQ(InterlockedDecrement(&n), MAXLONG);
    CHECK_EQ(InterlockedExchange(&n, 10), MAXLONG);
    CHECK_EQ(InterlockedExchangeAdd(&n, -3), 10);
    CHECK_EQ(InterlockedCompareExchange(&n, 1, 8), 7); // not equal: unchanged
    CHECK_EQ(n, 7);
    CHECK_EQ(InterlockedCompareExchange(&n, 12, 7), 7);
    CHECK_EQ(InterlockedAnd(&n, 10), 12);
    CHECK_EQ(InterlockedOr(&n, 3), 8);
    CHECK_EQ(InterlockedXor(&n, 15), 11);
    CHECK_EQ(n, 4);
    CHECK_EQ(InterlockedAdd(&n, 6), 10);
    volatile LONG64 big = 1ll << 40;
    CHECK_EQ(InterlockedIncrement64(&big), (1ll << 40) + 1);
    CHECK_EQ(InterlockedExchangeNoFence64(&big, 5), (1ll << 40) + 1);
    CHECK_EQ(InterlockedCompareExchange64(&big, 6, 5), 5);
    CHECK_EQ(InterlockedAdd64(&big, -7), -1);
    volatile SHORT small = 32767;
    CHECK_EQ(InterlockedIncrement16(&small), -32768);
}

TEST(interlocked_pointers_and_bits)
{
    DDI_SHOWS(InterlockedExchangePointer, RESULTS);
    DDI_SHOWS(InterlockedCompareExchangePointer, RESULTS);
    DDI_SHOWS(InterlockedBitTestAndSet, RESULTS);
    DDI_SHOWS(InterlockedBitTestAndReset, RESULTS);
    DDI_SHOWS_MACRO(KeMemoryBarrier, RESULTS);
    LONG a, b;
    PVOID volatile p = &a;
    CHECK(InterlockedExchangePointer(&p, &b) == &a);
    CHECK(InterlockedCompareExchangePointer(&p, &a, &a) == &b);
    CHECK(p == &b);
    KeMemoryBarrier();
    CHECK(InterlockedCompareExchangePointer(&p, NULL, &b) == &b);
    CHECK(p == NULL);
    volatile LONG bits[2] = {0};
    CHECK(!InterlockedBitTestAndSet(bits, 31));
    CHECK(InterlockedBitTestAndSet(bits, 31));
    CHECK(!InterlockedBitTestAndSet(bits, 33));
    CHECK(bits[0] == MINLONG && bits[1] == 2);
    CHECK(InterlockedBitTestAndReset(bits, 33));
    CHECK(!InterlockedBitTestAndReset(bits, 33));
    CHECK_EQ(bits[1], 0);
}

TEST(interlocked_lists)
{
    DDI_SHOWS(ExInterlockedInsertHeadList, RESULTS);
    DDI_SHOWS(ExInterlockedInsertTailList, RESULTS);
    DDI_SHOWS(ExInterlockedRemoveHeadList, RESULTS);
    DDI_SHOWS(ExInterlockedPushEntryList, RESULTS);
    DDI_SHOWS(ExInterlockedPopEntryList, RESULTS);
    KSPIN_LOCK lock;
    LIST_ENTRY head, entries[3];
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == NULL);
    CHECK(ExInterlockedInsertHeadList(&head, &entries[1], &lock) == NULL);
    CHECK(ExInterlockedInsertHeadList(&head, &entries[0], &lock) == &entries[1]);
    CHECK(ExInterlockedInsertTailList(&head, &entries[2], &lock) == &entries[1]);
    for (int i = 0; i < 3; i++)
        CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &entries[i]);
    CHECK(ExInterlockedInsertTailList(&head, &entries[0], &lock) == NULL);
    SINGLE_LIST_ENTRY stack = {NULL}, one, two;
    CHECK(ExInterlockedPopEntryList(&stack, &lock) == NULL);
    CHECK(ExInterlockedPushEntryList(&stack, &one, &lock) == NULL);
    CHECK(ExInterlockedPushEntryList(&stack, &two, &lock) == &one);
    CHECK(ExInterlockedPopEntryList(&stack, &lock) == &two);
    CHECK(ExInterlockedPopEntryList(&stack, &lock) == &one);
}

static void remove_tail(void *head)
{
    (void)RemoveTailList(head);
}

static void append(void *lists)
{
    AppendTailList(lists, (PLIST_ENTRY)lists + 1);
}

TEST(plain_lists)
{
    DDI_SHOWS(RemoveTailList, RESULTS | ERRORS);
    DDI_SHOWS(AppendTailList, RESULTS | ERRORS);
    DDI_SHOWS(PushEntryList, RESULTS);
    DDI_SHOWS(PopEntryList, RESULTS);
    LIST_ENTRY head, ring, a, b, c;
    InitializeListHead(&head);
    CHECK(RemoveTailList(&head) == &head); // empty
    InsertTailList(&head, &a);
    InitializeListHead(&ring);
    InsertTailList(&ring, &b);
    InsertTailList(&ring, &c);
    RemoveEntryList(&ring); // b and c: a ring without a head
    AppendTailList(&head, &b);
    CHECK(RemoveTailList(&head) == &c && RemoveTailList(&head) == &b);
    CHECK(RemoveTailList(&head) == &a && IsListEmpty(&head));
    InsertTailList(&head, &a);
    InsertTailList(&head, &b);
    b.Blink = &c; // corrupt
    CHECK(dies(remove_tail, &head, "corrupt list"));
    LIST_ENTRY lists[2] = {{&a, &b}, {&c, &c}};
    CHECK(dies(append, lists, "corrupt list"));
    SINGLE_LIST_ENTRY stack = {NULL}, one;
    CHECK(PopEntryList(&stack) == NULL);
    PushEntryList(&stack, &one);
    CHECK(PopEntryList(&stack) == &one && stack.Next == NULL);
}

TEST(s_lists)
{
    DDI_SHOWS(InitializeSListHead, RESULTS);
    DDI_SHOWS(InterlockedPushEntrySList, RESULTS);
    DDI_SHOWS(InterlockedPopEntrySList, RESULTS);
    DDI_SHOWS_MACRO(ExInterlockedFlushSList, RESULTS);
    DDI_SHOWS_MACRO(ExInterlockedPushEntrySList, RESULTS);
    DDI_SHOWS_MACRO(ExInterlockedPopEntrySList, RESULTS);
    DDI_SHOWS(ExQueryDepthSList, RESULTS);
    SLIST_HEADER head;
    SLIST_ENTRY one, two;
    KSPIN_LOCK lock = 0; // accepted and not needed
    (void)lock;
    InitializeSListHead(&head);
    CHECK(InterlockedPopEntrySList(&head) == NULL);
    CHECK(InterlockedPushEntrySList(&head, &one) == NULL);
    CHECK(ExInterlockedPushEntrySList(&head, &two, &lock) == &one);
    CHECK_EQ(ExQueryDepthSList(&head), 2);
    CHECK(ExInterlockedPopEntrySList(&head, &lock) == &two);
    CHECK(ExInterlockedPushEntrySList(&head, &two, &lock) == &one);
    CHECK(ExInterlockedFlushSList(&head) == &two && two.Next == &one && one.Next == NULL);
    CHECK_EQ(ExQueryDepthSList(&head), 0);
}
DDI_IRQL_MAX(ExQueryDepthSList, DISPATCH_LEVEL, ExQueryDepthSList(&(SLIST_HEADER){0}))

#define ROUNDS  3000
#define THREADS 3
#define ENTRIES 16

static struct {
    volatile LONG count;
    volatile LONG64 sum;
    SLIST_HEADER slist;
    SLIST_ENTRY sentries[ENTRIES];
    LIST_ENTRY list, entries[ENTRIES];
    KSPIN_LOCK lock;
    KSEMAPHORE done;
} common;

static VOID hammer(PVOID unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        InterlockedIncrement(&common.count);
        InterlockedExchangeAdd64(&common.sum, i);
        PSLIST_ENTRY sentry = InterlockedPopEntrySList(&common.slist);
        if (sentry != NULL)
            InterlockedPushEntrySList(&common.slist, sentry);
        PLIST_ENTRY entry = ExInterlockedRemoveHeadList(&common.list, &common.lock);
        if (entry != NULL)
            ExInterlockedInsertTailList(&common.list, entry, &common.lock);
    }
    KeReleaseSemaphore(&common.done, 0, 1, FALSE);
}

TEST(interlocked_operations_lose_nothing_between_threads)
{
    DDI_SHOWS(InterlockedIncrement, RESULTS);
    DDI_SHOWS(InterlockedPopEntrySList, RESULTS);
    DDI_SHOWS(ExInterlockedRemoveHeadList, RESULTS);
    InitializeSListHead(&common.slist);
    InitializeListHead(&common.list);
    KeInitializeSemaphore(&common.done, 0, THREADS);
    for (int i = 0; i < ENTRIES; i++) {
        InterlockedPushEntrySList(&common.slist, &common.sentries[i]);
        ExInterlockedInsertTailList(&common.list, &common.entries[i], &common.lock);
    }
    for (int i = 0; i < THREADS; i++) {
        HANDLE thread;
        CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, hammer, NULL), 0);
        ZwClose(thread);
    }
    for (int i = 0; i < THREADS; i++)
        KeWaitForSingleObject(&common.done, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(common.count, THREADS * ROUNDS);
    CHECK_EQ(common.sum, (LONG64)THREADS * ROUNDS * (ROUNDS - 1) / 2);
    CHECK_EQ(ExQueryDepthSList(&common.slist), ENTRIES);
    LONG left = 0;
    while (ExInterlockedRemoveHeadList(&common.list, &common.lock) != NULL)
        left++;
    CHECK_EQ(left, ENTRIES);
}
