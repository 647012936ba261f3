// SPDX-License-Identifier: MIT
//
// Generic tables on balanced links. An element is links, data. RestartKey is the element that
// RtlEnumerateGenericTableAvl returned last; a deletion moves it to the one before. Sequence (with
// the reserved bytes: 56 bits) numbers the elements in the order of their insertion;
// OrderedPointer caches element number WhichOrderedElement.

#include "../ke/ki.h"
#include "avl.h"

#define RULE "generic table routine above DISPATCH_LEVEL"

struct element {
    RTL_BALANCED_LINKS Links;
    UCHAR Data[];
};

static struct element *element_of(PRTL_BALANCED_LINKS links)
{
    return CONTAINING_RECORD(links, struct element, Links);
}

static ULONGLONG sequence_of(const RTL_BALANCED_LINKS *links)
{
    return (ULONGLONG)links->Reserved[2] << 48 | (ULONGLONG)links->Reserved[1] << 40 |
           (ULONGLONG)links->Reserved[0] << 32 | links->Sequence;
}

static void set_sequence(PRTL_BALANCED_LINKS links, ULONGLONG value)
{
    links->Sequence = (ULONG)value;
    links->Reserved[0] = (UCHAR)(value >> 32);
    links->Reserved[1] = (UCHAR)(value >> 40);
    links->Reserved[2] = (UCHAR)(value >> 48);
}

VOID RtlInitializeGenericTableAvl(PRTL_AVL_TABLE table, PRTL_AVL_COMPARE_ROUTINE compare,
                                  PRTL_AVL_ALLOCATE_ROUTINE allocate, PRTL_AVL_FREE_ROUTINE free,
                                  PVOID context)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    *table = (RTL_AVL_TABLE){.CompareRoutine = compare,
                             .AllocateRoutine = allocate,
                             .FreeRoutine = free,
                             .TableContext = context};
    table->BalancedRoot.Parent = &table->BalancedRoot;
}

static TABLE_SEARCH_RESULT search(PRTL_AVL_TABLE table, PVOID buffer, PRTL_BALANCED_LINKS *place)
{
    PRTL_BALANCED_LINKS node = table->BalancedRoot.RightChild;
    ki_require_irql(DISPATCH_LEVEL, RULE);
    for (*place = &table->BalancedRoot; node != NULL;) {
        RTL_GENERIC_COMPARE_RESULTS order =
            table->CompareRoutine(table, buffer, element_of(node)->Data);
        *place = node;
        if (order == GenericEqual)
            return TableFoundNode;
        PRTL_BALANCED_LINKS next = order == GenericLessThan ? node->LeftChild : node->RightChild;
        if (next == NULL)
            return order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
        node = next;
    }
    return TableEmptyTree;
}

PVOID RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE table, PVOID buffer, PVOID *place,
                                          TABLE_SEARCH_RESULT *result)
{
    PRTL_BALANCED_LINKS node;
    *result = search(table, buffer, &node);
    *place = *result != TableEmptyTree ? node : NULL;
    return *result == TableFoundNode ? element_of(node)->Data : NULL;
}

PVOID RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer)
{
    PVOID place;
    TABLE_SEARCH_RESULT result;
    return RtlLookupElementGenericTableFullAvl(table, buffer, &place, &result);
}

PVOID RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE table, PVOID buffer, CLONG size,
                                          PBOOLEAN inserted, PVOID place,
                                          TABLE_SEARCH_RESULT result)
{
    struct element *element = NULL;
    ki_require_irql(DISPATCH_LEVEL, RULE);
    if (inserted != NULL)
        *inserted = FALSE;
    if (result == TableFoundNode)
        return element_of(place)->Data;
    if (size <= MAXULONG - sizeof(*element))
        element = table->AllocateRoutine(table, (CLONG)sizeof(*element) + size);
    if (element == NULL)
        return NULL;
    memcpy(element->Data, buffer, size);
    ULONGLONG sequence = sequence_of(&table->BalancedRoot) + 1;
    set_sequence(&table->BalancedRoot, sequence);
    set_sequence(&element->Links, sequence);
    PRTL_BALANCED_LINKS parent = result == TableEmptyTree ? &table->BalancedRoot : place;
    table->DepthOfTree +=
        avl_insert(&table->BalancedRoot, parent, result == TableInsertAsLeft, &element->Links);
    table->NumberGenericTableElements++;
    if (inserted != NULL)
        *inserted = TRUE;
    return element->Data;
}

PVOID RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer, CLONG size,
                                      PBOOLEAN inserted)
{
    PRTL_BALANCED_LINKS place;
    TABLE_SEARCH_RESULT result = search(table, buffer, &place);
    return RtlInsertElementGenericTableFullAvl(table, buffer, size, inserted, place, result);
}

BOOLEAN RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer)
{
    PRTL_BALANCED_LINKS node, top = &table->BalancedRoot;
    if (search(table, buffer, &node) != TableFoundNode)
        return FALSE;
    if (table->RestartKey == node)
        table->RestartKey = avl_previous(top, node);
    table->DeleteCount++;
    table->OrderedPointer = NULL;
    table->DepthOfTree -= avl_remove(top, node);
    table->NumberGenericTableElements--;
    table->FreeRoutine(table, element_of(node));
    return TRUE;
}

PVOID RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE table, PVOID *restart_key)
{
    PRTL_BALANCED_LINKS top = &table->BalancedRoot;
    ki_require_irql(DISPATCH_LEVEL, RULE);
    PRTL_BALANCED_LINKS node = *restart_key != NULL ? avl_next(top, *restart_key) : avl_first(top);
    if (node == NULL)
        return NULL;
    *restart_key = node;
    return element_of(node)->Data;
}

PVOID RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE table, BOOLEAN restart)
{
    PVOID key = restart ? NULL : table->RestartKey;
    PVOID data = RtlEnumerateGenericTableWithoutSplayingAvl(table, &key);
    if (data != NULL)
        table->RestartKey = key;
    return data;
}

PVOID RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer,
                                                   PVOID *restart_key)
{
    PRTL_BALANCED_LINKS node, before;
    *restart_key = NULL;
    if (search(table, buffer, &node) != TableFoundNode)
        return NULL;
    while ((before = avl_previous(&table->BalancedRoot, node)) != NULL &&
           table->CompareRoutine(table, buffer, element_of(before)->Data) == GenericEqual)
        node = before;
    *restart_key = node;
    return element_of(node)->Data;
}

// Where an enumeration begins that has no position: at the buffer, or behind where it would be.
static PRTL_BALANCED_LINKS position(PRTL_AVL_TABLE table, PVOID buffer, ULONG *skip)
{
    PRTL_BALANCED_LINKS node;
    TABLE_SEARCH_RESULT result = search(table, buffer, &node);
    if (result == TableEmptyTree)
        return NULL;
    if (result != TableFoundNode)
        *skip = FALSE;
    return result == TableInsertAsRight ? avl_next(&table->BalancedRoot, node) : node;
}

PVOID RtlEnumerateGenericTableLikeADirectory(PRTL_AVL_TABLE table, PRTL_AVL_MATCH_FUNCTION match,
                                             PVOID match_data, ULONG next_flag, PVOID *restart_key,
                                             PULONG delete_count, PVOID buffer)
{
    PRTL_BALANCED_LINKS node = *restart_key, top = &table->BalancedRoot;
    NTSTATUS status = STATUS_NO_MATCH;
    ki_require_irql(DISPATCH_LEVEL, RULE);
    if (node == NULL || *delete_count != table->DeleteCount)
        node = position(table, buffer, &next_flag);
    if (node != NULL && next_flag)
        node = avl_next(top, node);
    while (node != NULL) {
        status = match != NULL ? match(table, element_of(node)->Data, match_data) : STATUS_SUCCESS;
        if (status != STATUS_NO_MATCH)
            break;
        node = avl_next(top, node);
    }
    *restart_key = node;
    *delete_count = table->DeleteCount;
    return node != NULL && status == STATUS_SUCCESS ? element_of(node)->Data : NULL;
}

// The element that was inserted next after number `after`.
static PRTL_BALANCED_LINKS inserted_after(PRTL_AVL_TABLE table, ULONGLONG after)
{
    PRTL_BALANCED_LINKS best = NULL, top = &table->BalancedRoot;
    for (PRTL_BALANCED_LINKS node = avl_first(top); node != NULL; node = avl_next(top, node))
        if (sequence_of(node) > after && (best == NULL || sequence_of(node) < sequence_of(best)))
            best = node;
    return best;
}

PVOID RtlGetElementGenericTableAvl(PRTL_AVL_TABLE table, ULONG index)
{
    PRTL_BALANCED_LINKS node = table->OrderedPointer;
    ki_require_irql(DISPATCH_LEVEL, RULE);
    if (index >= table->NumberGenericTableElements)
        return NULL;
    if (node == NULL || table->WhichOrderedElement > index) {
        node = inserted_after(table, 0);
        table->WhichOrderedElement = 0;
    }
    for (; table->WhichOrderedElement < index; table->WhichOrderedElement++)
        node = inserted_after(table, sequence_of(node));
    table->OrderedPointer = node;
    return element_of(node)->Data;
}

ULONG RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE table)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    return table->NumberGenericTableElements;
}

BOOLEAN RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE table)
{
    ki_require_irql(DISPATCH_LEVEL, RULE);
    return (BOOLEAN)(table->NumberGenericTableElements == 0);
}
