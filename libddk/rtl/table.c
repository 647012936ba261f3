// SPDX-License-Identifier: MIT
//
// Generic tables on splay links. An element is links, list entry, data. Invariant: tree and
// insertion list hold the same NumberGenericTableElements elements; OrderedPointer is the list
// entry of element number WhichOrderedElement, counted from 1, or the list's head for 0.

#include "../ke/ki.h"

#define RULE "generic table routine above DISPATCH_LEVEL"

struct element {
    RTL_SPLAY_LINKS Links;
    LIST_ENTRY Entry;
    DECLSPEC_ALIGN(8) UCHAR Data[];
};
C_ASSERT(offsetof(struct element, Data) == sizeof(RTL_SPLAY_LINKS) + sizeof(LIST_ENTRY));

static struct element *element_of(PRTL_SPLAY_LINKS links)
{
    return CONTAINING_RECORD(links, struct element, Links);
}

VOID RtlInitializeGenericTable(PRTL_GENERIC_TABLE table, PRTL_GENERIC_COMPARE_ROUTINE compare,
                               PRTL_GENERIC_ALLOCATE_ROUTINE allocate,
                               PRTL_GENERIC_FREE_ROUTINE free, PVOID context)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    *table = (RTL_GENERIC_TABLE){.CompareRoutine = compare,
                                 .AllocateRoutine = allocate,
                                 .FreeRoutine = free,
                                 .TableContext = context};
    InitializeListHead(&table->InsertOrderList);
    table->OrderedPointer = &table->InsertOrderList;
}

static TABLE_SEARCH_RESULT search(PRTL_GENERIC_TABLE table, PVOID buffer, PRTL_SPLAY_LINKS *place)
{
    PRTL_SPLAY_LINKS node = table->TableRoot;
    ki_require_irql(DISPATCH_LEVEL, RULE);
    for (*place = node; node != NULL;) {
        RTL_GENERIC_COMPARE_RESULTS order =
            table->CompareRoutine(table, buffer, element_of(node)->Data);
        *place = node;
        if (order == GenericEqual)
            return TableFoundNode;
        PRTL_SPLAY_LINKS next = order == GenericLessThan ? node->LeftChild : node->RightChild;
        if (next == NULL)
            return order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
        node = next;
    }
    return TableEmptyTree;
}

static PVOID found(PRTL_GENERIC_TABLE table, PRTL_SPLAY_LINKS node)
{
    table->TableRoot = RtlSplay(node);
    return element_of(node)->Data;
}

PVOID RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE table, PVOID buffer, PVOID *place,
                                       TABLE_SEARCH_RESULT *result)
{
    PRTL_SPLAY_LINKS node;
    *result = search(table, buffer, &node);
    *place = node;
    return *result == TableFoundNode ? found(table, node) : NULL;
}

PVOID RtlLookupElementGenericTable(PRTL_GENERIC_TABLE table, PVOID buffer)
{
    PVOID place;
    TABLE_SEARCH_RESULT result;
    return RtlLookupElementGenericTableFull(table, buffer, &place, &result);
}

static struct element *new_element(PRTL_GENERIC_TABLE table, PVOID buffer, CLONG size)
{
    struct element *element = NULL;
    if (size <= MAXULONG - sizeof(*element))
        element = table->AllocateRoutine(table, (CLONG)sizeof(*element) + size);
    if (element == NULL)
        return NULL;
    RtlInitializeSplayLinks(&element->Links);
    InsertTailList(&table->InsertOrderList, &element->Entry);
    memcpy(element->Data, buffer, size);
    table->NumberGenericTableElements++;
    return element;
}

PVOID RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE table, PVOID buffer, CLONG size,
                                       PBOOLEAN inserted, PVOID place, TABLE_SEARCH_RESULT result)
{
    PRTL_SPLAY_LINKS parent = place;
    ki_require_irql(DISPATCH_LEVEL, RULE);
    if (inserted != NULL)
        *inserted = FALSE;
    if (result == TableFoundNode)
        return found(table, parent);
    struct element *element = new_element(table, buffer, size);
    if (element == NULL)
        return NULL;
    if (result == TableInsertAsLeft)
        RtlInsertAsLeftChild(parent, &element->Links);
    else if (result == TableInsertAsRight)
        RtlInsertAsRightChild(parent, &element->Links);
    if (inserted != NULL)
        *inserted = TRUE;
    return found(table, &element->Links);
}

PVOID RtlInsertElementGenericTable(PRTL_GENERIC_TABLE table, PVOID buffer, CLONG size,
                                   PBOOLEAN inserted)
{
    PRTL_SPLAY_LINKS place;
    TABLE_SEARCH_RESULT result = search(table, buffer, &place);
    return RtlInsertElementGenericTableFull(table, buffer, size, inserted, place, result);
}

BOOLEAN RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE table, PVOID buffer)
{
    PRTL_SPLAY_LINKS node;
    if (search(table, buffer, &node) != TableFoundNode)
        return FALSE;
    struct element *element = element_of(node);
    table->TableRoot = RtlDelete(node);
    RemoveEntryList(&element->Entry);
    table->NumberGenericTableElements--;
    table->WhichOrderedElement = 0;
    table->OrderedPointer = &table->InsertOrderList;
    table->FreeRoutine(table, element);
    return TRUE;
}

static PRTL_SPLAY_LINKS first(PRTL_GENERIC_TABLE table)
{
    PRTL_SPLAY_LINKS node = table->TableRoot;
    while (node != NULL && node->LeftChild != NULL)
        node = node->LeftChild;
    return node;
}

// The position between the calls is the root: whatever was looked at last is splayed there.
PVOID RtlEnumerateGenericTable(PRTL_GENERIC_TABLE table, BOOLEAN restart)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    if (table->TableRoot == NULL)
        return NULL;
    PRTL_SPLAY_LINKS node = restart ? first(table) : RtlRealSuccessor(table->TableRoot);
    return node != NULL ? found(table, node) : NULL;
}

PVOID RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE table, PVOID *restart_key)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    PRTL_SPLAY_LINKS node = *restart_key != NULL ? RtlRealSuccessor(*restart_key) : first(table);
    if (node == NULL)
        return NULL;
    *restart_key = node;
    return element_of(node)->Data;
}

PVOID RtlGetElementGenericTable(PRTL_GENERIC_TABLE table, ULONG index)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    if (index >= table->NumberGenericTableElements)
        return NULL;
    ULONG wanted = index + 1;
    for (; table->WhichOrderedElement < wanted; table->WhichOrderedElement++)
        table->OrderedPointer = table->OrderedPointer->Flink;
    for (; table->WhichOrderedElement > wanted; table->WhichOrderedElement--)
        table->OrderedPointer = table->OrderedPointer->Blink;
    return CONTAINING_RECORD(table->OrderedPointer, struct element, Entry)->Data;
}

ULONG RtlNumberGenericTableElements(PRTL_GENERIC_TABLE table)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    return table->NumberGenericTableElements;
}

BOOLEAN RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE table)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    return (BOOLEAN)(table->TableRoot == NULL);
}
