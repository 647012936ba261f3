// SPDX-License-Identifier: MIT
//
// Doubly linked lists with a head, singly linked lists, and lock-free S-lists. The plain routines
// take no lock: the caller owns the list. Any IRQL.
// Removing from a list whose links do not agree is a bug check (list corruption), as on Windows.
// Documentation: "Singly and Doubly Linked Lists".

#ifndef DDK_LIST_H
#define DDK_LIST_H

DECLSPEC_NORETURN VOID DdkListCorrupt(const LIST_ENTRY *entry);

FORCEINLINE VOID InitializeListHead(PLIST_ENTRY head)
{
    head->Flink = head->Blink = head;
}

FORCEINLINE BOOLEAN IsListEmpty(const LIST_ENTRY *head)
{
    return (BOOLEAN)(head->Flink == head);
}

// Returns TRUE when the list is empty afterwards.
FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY entry)
{
    PLIST_ENTRY next = entry->Flink, previous = entry->Blink;
    if (next->Blink != entry || previous->Flink != entry)
        DdkListCorrupt(entry);
    previous->Flink = next;
    next->Blink = previous;
    return (BOOLEAN)(next == previous);
}

// Returns the head itself when the list is empty.
FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY head)
{
    PLIST_ENTRY entry = head->Flink;
    RemoveEntryList(entry);
    return entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY head)
{
    PLIST_ENTRY entry = head->Blink;
    RemoveEntryList(entry);
    return entry;
}

FORCEINLINE VOID InsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry)
{
    PLIST_ENTRY last = head->Blink;
    if (last->Flink != head)
        DdkListCorrupt(head);
    entry->Flink = head;
    entry->Blink = last;
    last->Flink = entry;
    head->Blink = entry;
}

FORCEINLINE VOID InsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry)
{
    PLIST_ENTRY first = head->Flink;
    if (first->Blink != head)
        DdkListCorrupt(head);
    entry->Flink = first;
    entry->Blink = head;
    first->Blink = entry;
    head->Flink = entry;
}

// Joins the entries of a headless ring to the end of a list.
FORCEINLINE VOID AppendTailList(PLIST_ENTRY head, PLIST_ENTRY append)
{
    PLIST_ENTRY end = head->Blink;
    if (end->Flink != head || append->Blink->Flink != append)
        DdkListCorrupt(head);
    head->Blink->Flink = append;
    head->Blink = append->Blink;
    append->Blink->Flink = head;
    append->Blink = end;
}

FORCEINLINE VOID PushEntryList(PSINGLE_LIST_ENTRY head, PSINGLE_LIST_ENTRY entry)
{
    entry->Next = head->Next;
    head->Next = entry;
}

// Returns NULL when the list is empty.
FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY head)
{
    PSINGLE_LIST_ENTRY first = head->Next;
    if (first != NULL)
        head->Next = first->Next;
    return first;
}

// The same under a spin lock that belongs to the list alone. IRQL <= DISPATCH_LEVEL (any IRQL when
// the lock is never taken by another routine). Insert returns the former neighbour, NULL if empty.
PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock);
PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock);
PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY head, PKSPIN_LOCK lock);
PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY head, PSINGLE_LIST_ENTRY entry,
                                              PKSPIN_LOCK lock);
PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY head, PKSPIN_LOCK lock);

typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
    struct _SLIST_ENTRY *Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

// Opaque: first entry, depth and an internal lock bit.
typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
    struct {
        ULONGLONG Alignment;
        ULONGLONG Region;
    };
    struct {
        PSLIST_ENTRY First;
        USHORT Depth;
        USHORT Reserved;
        volatile ULONG Guard;
    } Inner;
} SLIST_HEADER, *PSLIST_HEADER;

// S-lists synchronise themselves. Any IRQL, memory resident.
VOID InitializeSListHead(PSLIST_HEADER head);
PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER head, PSLIST_ENTRY entry);
PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER head);
PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER head);
USHORT ExQueryDepthSList(PSLIST_HEADER head);
#define ExInitializeSListHead(head)                    InitializeSListHead(head)
#define ExInterlockedPushEntrySList(head, entry, lock) InterlockedPushEntrySList(head, entry)
#define ExInterlockedPopEntrySList(head, lock)         InterlockedPopEntrySList(head)
#define ExInterlockedFlushSList(head)                  InterlockedFlushSList(head)

#endif
