// SPDX-License-Identifier: MIT
//
// S-lists and interlocked lists. An S-list header guards itself with one bit: on a machine without
// a double-width compare-and-swap this is shorter than a tagged pointer, and never ABA.

#include "../ke/ki.h"

static void guard(PSLIST_HEADER head)
{
    for (unsigned i = 0; __atomic_exchange_n(&head->Inner.Guard, 1, __ATOMIC_ACQUIRE) != 0; i++)
        port_relax(i);
}

static void unguard(PSLIST_HEADER head)
{
    __atomic_store_n(&head->Inner.Guard, 0, __ATOMIC_RELEASE);
}

VOID InitializeSListHead(PSLIST_HEADER head)
{
    memset(head, 0, sizeof(*head));
}

PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER head, PSLIST_ENTRY entry)
{
    guard(head);
    PSLIST_ENTRY old = head->Inner.First;
    entry->Next = old;
    head->Inner.First = entry;
    head->Inner.Depth++;
    unguard(head);
    return old;
}

PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER head)
{
    guard(head);
    PSLIST_ENTRY first = head->Inner.First;
    if (first != NULL) {
        head->Inner.First = first->Next;
        head->Inner.Depth--;
    }
    unguard(head);
    return first;
}

PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER head)
{
    guard(head);
    PSLIST_ENTRY first = head->Inner.First;
    head->Inner.First = NULL;
    head->Inner.Depth = 0;
    unguard(head);
    return first;
}

USHORT ExQueryDepthSList(PSLIST_HEADER head)
{
    ki_require_irql(DISPATCH_LEVEL, "ExQueryDepthSList above DISPATCH_LEVEL");
    return head->Inner.Depth;
}

PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
    PLIST_ENTRY first = IsListEmpty(head) ? NULL : head->Flink;
    InsertHeadList(head, entry);
    KeReleaseSpinLock(lock, irql);
    return first;
}

PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
    PLIST_ENTRY last = IsListEmpty(head) ? NULL : head->Blink;
    InsertTailList(head, entry);
    KeReleaseSpinLock(lock, irql);
    return last;
}

PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY head, PKSPIN_LOCK lock)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
    PLIST_ENTRY first = IsListEmpty(head) ? NULL : RemoveHeadList(head);
    KeReleaseSpinLock(lock, irql);
    return first;
}

PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY head, PSINGLE_LIST_ENTRY entry,
                                              PKSPIN_LOCK lock)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
    PSINGLE_LIST_ENTRY old = head->Next;
    PushEntryList(head, entry);
    KeReleaseSpinLock(lock, irql);
    return old;
}

PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY head, PKSPIN_LOCK lock)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
    PSINGLE_LIST_ENTRY first = PopEntryList(head);
    KeReleaseSpinLock(lock, irql);
    return first;
}
