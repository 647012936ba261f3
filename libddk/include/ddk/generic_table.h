// SPDX-License-Identifier: MIT
//
// Generic tables: ordered sets of elements that the caller's routines compare, allocate and free.
// RTL_GENERIC_TABLE is a splay tree, RTL_AVL_TABLE a balanced one; a driver that defines
// RTL_USE_AVL_TABLES gets AVL tables under the plain names. An element is the table's header
// (sizeof(RTL_SPLAY_LINKS) + sizeof(LIST_ENTRY), or sizeof(RTL_BALANCED_LINKS) bytes) with a copy
// of the caller's data behind it; routines return pointers to that data, the free routine gets the
// header. The caller serialises, also readers (they splay, or move the enumeration).
// IRQL <= DISPATCH_LEVEL for resident tables, elements and routines.
// Documentation: nf-ntddk-rtlinitializegenerictable, nf-ntddk-rtlinitializegenerictableavl and
// neighbours.

#ifndef DDK_GENERIC_TABLE_H
#define DDK_GENERIC_TABLE_H

#include <ddk/splay.h>

typedef enum _TABLE_SEARCH_RESULT {
    TableEmptyTree,
    TableFoundNode,
    TableInsertAsLeft,
    TableInsertAsRight
} TABLE_SEARCH_RESULT;
typedef enum _RTL_GENERIC_COMPARE_RESULTS {
    GenericLessThan,
    GenericGreaterThan,
    GenericEqual
} RTL_GENERIC_COMPARE_RESULTS;
typedef ULONG CLONG, *PCLONG;

struct _RTL_GENERIC_TABLE;
struct _RTL_AVL_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS RTL_GENERIC_COMPARE_ROUTINE(struct _RTL_GENERIC_TABLE *table,
                                                                PVOID first, PVOID second);
typedef PVOID RTL_GENERIC_ALLOCATE_ROUTINE(struct _RTL_GENERIC_TABLE *table, CLONG bytes);
typedef VOID RTL_GENERIC_FREE_ROUTINE(struct _RTL_GENERIC_TABLE *table, PVOID element);
typedef RTL_GENERIC_COMPARE_ROUTINE *PRTL_GENERIC_COMPARE_ROUTINE;
typedef RTL_GENERIC_ALLOCATE_ROUTINE *PRTL_GENERIC_ALLOCATE_ROUTINE;
typedef RTL_GENERIC_FREE_ROUTINE *PRTL_GENERIC_FREE_ROUTINE;
typedef RTL_GENERIC_COMPARE_RESULTS RTL_AVL_COMPARE_ROUTINE(struct _RTL_AVL_TABLE *table,
                                                            PVOID first, PVOID second);
typedef PVOID RTL_AVL_ALLOCATE_ROUTINE(struct _RTL_AVL_TABLE *table, CLONG bytes);
typedef VOID RTL_AVL_FREE_ROUTINE(struct _RTL_AVL_TABLE *table, PVOID element);
// STATUS_SUCCESS: this one; STATUS_NO_MATCH: not this one; STATUS_NO_MORE_MATCHES: end.
typedef NTSTATUS RTL_AVL_MATCH_FUNCTION(struct _RTL_AVL_TABLE *table, PVOID data, PVOID match);
typedef RTL_AVL_COMPARE_ROUTINE *PRTL_AVL_COMPARE_ROUTINE;
typedef RTL_AVL_ALLOCATE_ROUTINE *PRTL_AVL_ALLOCATE_ROUTINE;
typedef RTL_AVL_FREE_ROUTINE *PRTL_AVL_FREE_ROUTINE;
typedef RTL_AVL_MATCH_FUNCTION *PRTL_AVL_MATCH_FUNCTION;

typedef struct _RTL_GENERIC_TABLE {
    PRTL_SPLAY_LINKS TableRoot;
    LIST_ENTRY InsertOrderList;
    PLIST_ENTRY OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine;
    PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_GENERIC_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_GENERIC_TABLE, *PRTL_GENERIC_TABLE;
C_ASSERT(sizeof(RTL_GENERIC_TABLE) == 72);

// The order of insertion is kept in what is padding elsewhere.
typedef struct _RTL_BALANCED_LINKS {
    struct _RTL_BALANCED_LINKS *Parent;
    struct _RTL_BALANCED_LINKS *LeftChild;
    struct _RTL_BALANCED_LINKS *RightChild;
    CHAR Balance; // height of the right subtree minus that of the left one
    UCHAR Reserved[3];
    ULONG Sequence;
} RTL_BALANCED_LINKS, *PRTL_BALANCED_LINKS;
C_ASSERT(sizeof(RTL_BALANCED_LINKS) == 32);

typedef struct _RTL_AVL_TABLE {
    RTL_BALANCED_LINKS BalancedRoot; // the tree is its right subtree
    PVOID OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    ULONG DepthOfTree;
    PRTL_BALANCED_LINKS RestartKey;
    ULONG DeleteCount;
    PRTL_AVL_COMPARE_ROUTINE CompareRoutine;
    PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_AVL_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_AVL_TABLE, *PRTL_AVL_TABLE;

VOID RtlInitializeGenericTable(PRTL_GENERIC_TABLE table, PRTL_GENERIC_COMPARE_ROUTINE compare,
                               PRTL_GENERIC_ALLOCATE_ROUTINE allocate,
                               PRTL_GENERIC_FREE_ROUTINE free, PVOID context);
// The data in the table: new (*inserted TRUE), or what was equal already. NULL when the allocate
// routine fails. The Full form inserts at the place that LookupFull found.
PVOID RtlInsertElementGenericTable(PRTL_GENERIC_TABLE table, PVOID buffer, CLONG size,
                                   PBOOLEAN inserted);
PVOID RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE table, PVOID buffer, CLONG size,
                                       PBOOLEAN inserted, PVOID place, TABLE_SEARCH_RESULT result);
// FALSE when there is no equal element.
BOOLEAN RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE table, PVOID buffer);
// NULL when there is none. Full: *place and *result say where it is or belongs.
PVOID RtlLookupElementGenericTable(PRTL_GENERIC_TABLE table, PVOID buffer);
PVOID RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE table, PVOID buffer, PVOID *place,
                                       TABLE_SEARCH_RESULT *result);
// In order: the first one (restart), the next ones, NULL.
PVOID RtlEnumerateGenericTable(PRTL_GENERIC_TABLE table, BOOLEAN restart);
// The same with the position in *restart_key, NULL at the start.
PVOID RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE table, PVOID *restart_key);
// In the order of insertion, from 0; NULL beyond the last.
PVOID RtlGetElementGenericTable(PRTL_GENERIC_TABLE table, ULONG index);
ULONG RtlNumberGenericTableElements(PRTL_GENERIC_TABLE table);
BOOLEAN RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE table);

// The same for AVL tables.
VOID RtlInitializeGenericTableAvl(PRTL_AVL_TABLE table, PRTL_AVL_COMPARE_ROUTINE compare,
                                  PRTL_AVL_ALLOCATE_ROUTINE allocate, PRTL_AVL_FREE_ROUTINE free,
                                  PVOID context);
PVOID RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer, CLONG size,
                                      PBOOLEAN inserted);
PVOID RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE table, PVOID buffer, CLONG size,
                                          PBOOLEAN inserted, PVOID place,
                                          TABLE_SEARCH_RESULT result);
BOOLEAN RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer);
PVOID RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer);
PVOID RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE table, PVOID buffer, PVOID *place,
                                          TABLE_SEARCH_RESULT *result);
// The first of several elements that compare equal to the buffer.
PVOID RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE table, PVOID buffer,
                                                   PVOID *restart_key);
PVOID RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE table, BOOLEAN restart);
PVOID RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE table, PVOID *restart_key);
// Survives insertions and deletions between the calls: after a deletion (*delete_count) it goes on
// from the buffer. next_flag: skip the element at the position. match may be NULL.
PVOID RtlEnumerateGenericTableLikeADirectory(PRTL_AVL_TABLE table, PRTL_AVL_MATCH_FUNCTION match,
                                             PVOID match_data, ULONG next_flag, PVOID *restart_key,
                                             PULONG delete_count, PVOID buffer);
PVOID RtlGetElementGenericTableAvl(PRTL_AVL_TABLE table, ULONG index);
ULONG RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE table);
BOOLEAN RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE table);

#ifdef RTL_USE_AVL_TABLES
#define RTL_GENERIC_TABLE                       RTL_AVL_TABLE
#define _RTL_GENERIC_TABLE                      _RTL_AVL_TABLE
#define PRTL_GENERIC_TABLE                      PRTL_AVL_TABLE
#define RTL_GENERIC_COMPARE_ROUTINE             RTL_AVL_COMPARE_ROUTINE
#define RTL_GENERIC_ALLOCATE_ROUTINE            RTL_AVL_ALLOCATE_ROUTINE
#define RTL_GENERIC_FREE_ROUTINE                RTL_AVL_FREE_ROUTINE
#define PRTL_GENERIC_COMPARE_ROUTINE            PRTL_AVL_COMPARE_ROUTINE
#define PRTL_GENERIC_ALLOCATE_ROUTINE           PRTL_AVL_ALLOCATE_ROUTINE
#define PRTL_GENERIC_FREE_ROUTINE               PRTL_AVL_FREE_ROUTINE
#define RtlInitializeGenericTable               RtlInitializeGenericTableAvl
#define RtlInsertElementGenericTable            RtlInsertElementGenericTableAvl
#define RtlInsertElementGenericTableFull        RtlInsertElementGenericTableFullAvl
#define RtlDeleteElementGenericTable            RtlDeleteElementGenericTableAvl
#define RtlLookupElementGenericTable            RtlLookupElementGenericTableAvl
#define RtlLookupElementGenericTableFull        RtlLookupElementGenericTableFullAvl
#define RtlEnumerateGenericTable                RtlEnumerateGenericTableAvl
#define RtlEnumerateGenericTableWithoutSplaying RtlEnumerateGenericTableWithoutSplayingAvl
#define RtlGetElementGenericTable               RtlGetElementGenericTableAvl
#define RtlNumberGenericTableElements           RtlNumberGenericTableElementsAvl
#define RtlIsGenericTableEmpty                  RtlIsGenericTableEmptyAvl
#endif

#endif
