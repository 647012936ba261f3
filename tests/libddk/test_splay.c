// SPDX-License-Identifier: MIT
//
// Splay links: the tree stays ordered whatever is splayed or deleted; and the IRQL limit of these
// and of the generic tables.

#include "ddi_test.h"

#define NODES 60

struct node {
    RTL_SPLAY_LINKS Links;
    ULONG Key;
};

static struct node nodes[NODES];
static PRTL_SPLAY_LINKS root;
static bool present[NODES];

static ULONG key_of(PRTL_SPLAY_LINKS links)
{
    return CONTAINING_RECORD(links, struct node, Links)->Key;
}

static void add(ULONG key)
{
    PRTL_SPLAY_LINKS own = &nodes[key].Links, at = root;
    nodes[key].Key = key;
    present[key] = true;
    RtlInitializeSplayLinks(own);
    if (root == NULL) {
        root = own;
        return;
    }
    for (;;) {
        bool left = key < key_of(at);
        PRTL_SPLAY_LINKS next = left ? RtlLeftChild(at) : RtlRightChild(at);
        if (next == NULL) {
            if (left)
                RtlInsertAsLeftChild(at, own);
            else
                RtlInsertAsRightChild(at, own);
            return;
        }
        at = next;
    }
}

// Every present key once, in order, with consistent neighbours and parents.
static bool ordered(void)
{
    PRTL_SPLAY_LINKS at = root, before = NULL;
    if (root == NULL)
        return memchr(present, true, sizeof(present)) == NULL;
    if (!RtlIsRoot(root) || RtlParent(root) != root)
        return false;
    while (RtlLeftChild(at) != NULL)
        at = RtlLeftChild(at);
    for (ULONG key = 0; key < NODES; key++) {
        if (!present[key])
            continue;
        if (at == NULL || key_of(at) != key || RtlRealPredecessor(at) != before)
            return false;
        if (!RtlIsRoot(at) && !RtlIsLeftChild(at) && !RtlIsRightChild(at))
            return false;
        before = at;
        at = RtlRealSuccessor(at);
    }
    return at == NULL;
}

TEST(a_splay_tree_stays_ordered)
{
    DDI_SHOWS_MACRO(RtlInitializeSplayLinks, RESULTS);
    DDI_SHOWS_MACRO(RtlParent, RESULTS);
    DDI_SHOWS_MACRO(RtlLeftChild, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(RtlRightChild, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(RtlIsRoot, RESULTS);
    DDI_SHOWS_MACRO(RtlIsLeftChild, RESULTS);
    DDI_SHOWS_MACRO(RtlIsRightChild, RESULTS);
    DDI_SHOWS_MACRO(RtlInsertAsLeftChild, RESULTS);
    DDI_SHOWS_MACRO(RtlInsertAsRightChild, RESULTS);
    DDI_SHOWS(RtlRealPredecessor, RESULTS | ERRORS);
    DDI_SHOWS(RtlRealSuccessor, RESULTS | ERRORS);
    DDI_SHOWS(RtlSplay, RESULTS);
    DDI_SHOWS(RtlDelete, RESULTS | ERRORS);
    DDI_SHOWS(RtlDeleteNoSplay, RESULTS);
    ULONG seed = 23;
    root = NULL;
    for (int i = 0; i < 5000; i++) {
        ULONG key = RtlRandomEx(&seed) % NODES;
        PRTL_SPLAY_LINKS own = &nodes[key].Links;
        if (!present[key]) {
            add(key);
            CHECK(i % 2 == 0 || (root = RtlSplay(own)) == own);
        } else if (RtlRandomEx(&seed) % 3 == 0) {
            root = RtlSplay(own);
            CHECK(root == own);
        } else {
            present[key] = false;
            if (i % 2 != 0)
                root = RtlDelete(own);
            else
                RtlDeleteNoSplay(own, &root);
        }
        CHECK(ordered());
    }
    for (ULONG key = 0; key < NODES; key++)
        if (present[key])
            root = RtlDelete(&nodes[key].Links);
    CHECK(root == NULL);
    memset(present, 0, sizeof(present));
}

TEST(neighbours_within_a_subtree)
{
    DDI_SHOWS(RtlSubtreePredecessor, RESULTS | ERRORS);
    DDI_SHOWS(RtlSubtreeSuccessor, RESULTS | ERRORS);
    root = NULL;
    memset(present, 0, sizeof(present));
    static const ULONG keys[] = {30, 10, 50, 5, 20, 40, 55};
    for (ULONG i = 0; i < ARRAYSIZE(keys); i++)
        add(keys[i]);
    CHECK_EQ(key_of(RtlSubtreePredecessor(root)), 20);
    CHECK_EQ(key_of(RtlSubtreeSuccessor(root)), 40);
    CHECK(RtlSubtreePredecessor(&nodes[40].Links) == NULL); // 30 is above it
    CHECK_EQ(key_of(RtlRealPredecessor(&nodes[40].Links)), 30);
    CHECK(RtlSubtreeSuccessor(&nodes[20].Links) == NULL);
    CHECK_EQ(key_of(RtlRealSuccessor(&nodes[20].Links)), 30);
}

static void insert_left_twice(void *unused)
{
    (void)unused;
    RtlInitializeSplayLinks(&nodes[1].Links);
    RtlInsertAsLeftChild(root, &nodes[1].Links);
}
static void insert_right_twice(void *unused)
{
    (void)unused;
    RtlInitializeSplayLinks(&nodes[1].Links);
    RtlInsertAsRightChild(root, &nodes[1].Links);
}

TEST(a_child_in_a_taken_place_is_a_bug_check)
{
    DDI_SHOWS_MACRO(RtlInsertAsLeftChild, ERRORS);
    DDI_SHOWS_MACRO(RtlInsertAsRightChild, ERRORS);
    root = NULL;
    add(30);
    add(10);
    add(50);
    CHECK(dies(insert_left_twice, NULL, "where a child is"));
    CHECK(dies(insert_right_twice, NULL, "where a child is"));
}

static RTL_GENERIC_TABLE table;
static RTL_AVL_TABLE avl;
static ULONG key = 7;
static PVOID restart, place;
static TABLE_SEARCH_RESULT result;
static ULONG deletions;

static RTL_GENERIC_COMPARE_RESULTS compare(PRTL_GENERIC_TABLE t, PVOID a, PVOID b)
{
    (void)t;
    return *(ULONG *)a < *(ULONG *)b   ? GenericLessThan
           : *(ULONG *)a > *(ULONG *)b ? GenericGreaterThan
                                       : GenericEqual;
}
static PVOID allocate(PRTL_GENERIC_TABLE t, CLONG bytes)
{
    (void)t;
    return malloc(bytes);
}
static VOID release(PRTL_GENERIC_TABLE t, PVOID element)
{
    (void)t;
    free(element);
}
static RTL_GENERIC_COMPARE_RESULTS compare_avl(PRTL_AVL_TABLE t, PVOID a, PVOID b)
{
    (void)t;
    return compare(NULL, a, b);
}
static PVOID allocate_avl(PRTL_AVL_TABLE t, CLONG bytes)
{
    (void)t;
    return malloc(bytes);
}
static VOID release_avl(PRTL_AVL_TABLE t, PVOID element)
{
    (void)t;
    free(element);
}

static RTL_SPLAY_LINKS one, two, three;

DDI_IRQL_MAX_MACRO(RtlInitializeSplayLinks, DISPATCH_LEVEL, RtlInitializeSplayLinks(&one))
DDI_IRQL_MAX_MACRO(RtlParent, DISPATCH_LEVEL, RtlParent(&one))
DDI_IRQL_MAX_MACRO(RtlLeftChild, DISPATCH_LEVEL, RtlLeftChild(&one))
DDI_IRQL_MAX_MACRO(RtlRightChild, DISPATCH_LEVEL, RtlRightChild(&one))
DDI_IRQL_MAX_MACRO(RtlIsRoot, DISPATCH_LEVEL, RtlIsRoot(&one))
DDI_IRQL_MAX_MACRO(RtlIsLeftChild, DISPATCH_LEVEL, RtlIsLeftChild(&one))
DDI_IRQL_MAX_MACRO(RtlIsRightChild, DISPATCH_LEVEL, RtlIsRightChild(&one))
DDI_IRQL_MAX_MACRO(RtlInsertAsLeftChild, DISPATCH_LEVEL,
                   (RtlInitializeSplayLinks(&two), RtlInsertAsLeftChild(&one, &two)))
DDI_IRQL_MAX_MACRO(RtlInsertAsRightChild, DISPATCH_LEVEL,
                   (RtlInitializeSplayLinks(&three), RtlInsertAsRightChild(&one, &three)))
DDI_IRQL_MAX(RtlSplay, DISPATCH_LEVEL, RtlSplay(&one))
DDI_IRQL_MAX(RtlSubtreePredecessor, DISPATCH_LEVEL, RtlSubtreePredecessor(&one))
DDI_IRQL_MAX(RtlSubtreeSuccessor, DISPATCH_LEVEL, RtlSubtreeSuccessor(&one))
DDI_IRQL_MAX(RtlRealPredecessor, DISPATCH_LEVEL, RtlRealPredecessor(&one))
DDI_IRQL_MAX(RtlRealSuccessor, DISPATCH_LEVEL, RtlRealSuccessor(&one))
DDI_IRQL_MAX(RtlDelete, DISPATCH_LEVEL, RtlDelete(&two))
DDI_IRQL_MAX(RtlDeleteNoSplay, DISPATCH_LEVEL, RtlDeleteNoSplay(&three, &root))
DDI_IRQL_MAX(RtlInitializeGenericTable, DISPATCH_LEVEL,
             RtlInitializeGenericTable(&table, compare, allocate, release, NULL))
DDI_IRQL_MAX(RtlInsertElementGenericTable, DISPATCH_LEVEL,
             RtlInsertElementGenericTable(&table, &key, sizeof(key), NULL))
DDI_IRQL_MAX(RtlLookupElementGenericTable, DISPATCH_LEVEL,
             RtlLookupElementGenericTable(&table, &key))
DDI_IRQL_MAX(RtlEnumerateGenericTable, DISPATCH_LEVEL, RtlEnumerateGenericTable(&table, TRUE))
DDI_IRQL_MAX(RtlEnumerateGenericTableWithoutSplaying, DISPATCH_LEVEL,
             RtlEnumerateGenericTableWithoutSplaying(&table, &restart))
DDI_IRQL_MAX(RtlGetElementGenericTable, DISPATCH_LEVEL, RtlGetElementGenericTable(&table, 0))
DDI_IRQL_MAX(RtlNumberGenericTableElements, DISPATCH_LEVEL, RtlNumberGenericTableElements(&table))
DDI_IRQL_MAX(RtlIsGenericTableEmpty, DISPATCH_LEVEL, RtlIsGenericTableEmpty(&table))
DDI_IRQL_MAX(RtlDeleteElementGenericTable, DISPATCH_LEVEL,
             RtlDeleteElementGenericTable(&table, &key))
DDI_IRQL_MAX(RtlInitializeGenericTableAvl, DISPATCH_LEVEL,
             RtlInitializeGenericTableAvl(&avl, compare_avl, allocate_avl, release_avl, NULL))
DDI_IRQL_MAX(RtlInsertElementGenericTableAvl, DISPATCH_LEVEL,
             RtlInsertElementGenericTableAvl(&avl, &key, sizeof(key), NULL))
DDI_IRQL_MAX(RtlLookupElementGenericTableAvl, DISPATCH_LEVEL,
             RtlLookupElementGenericTableAvl(&avl, &key))
DDI_IRQL_MAX(RtlLookupElementGenericTableFullAvl, DISPATCH_LEVEL,
             RtlLookupElementGenericTableFullAvl(&avl, &key, &place, &result))
DDI_IRQL_MAX(RtlInsertElementGenericTableFullAvl, DISPATCH_LEVEL,
             RtlInsertElementGenericTableFullAvl(&avl, &key, sizeof(key), NULL, place, result))
DDI_IRQL_MAX(RtlLookupFirstMatchingElementGenericTableAvl, DISPATCH_LEVEL,
             RtlLookupFirstMatchingElementGenericTableAvl(&avl, &key, &restart))
DDI_IRQL_MAX(RtlEnumerateGenericTableAvl, DISPATCH_LEVEL, RtlEnumerateGenericTableAvl(&avl, TRUE))
DDI_IRQL_MAX(RtlEnumerateGenericTableWithoutSplayingAvl, DISPATCH_LEVEL,
             RtlEnumerateGenericTableWithoutSplayingAvl(&avl, &restart))
DDI_IRQL_MAX(RtlEnumerateGenericTableLikeADirectory, DISPATCH_LEVEL,
             RtlEnumerateGenericTableLikeADirectory(&avl, NULL, NULL, FALSE, &restart, &deletions,
                                                    &key))
DDI_IRQL_MAX(RtlGetElementGenericTableAvl, DISPATCH_LEVEL, RtlGetElementGenericTableAvl(&avl, 0))
DDI_IRQL_MAX(RtlNumberGenericTableElementsAvl, DISPATCH_LEVEL,
             RtlNumberGenericTableElementsAvl(&avl))
DDI_IRQL_MAX(RtlIsGenericTableEmptyAvl, DISPATCH_LEVEL, RtlIsGenericTableEmptyAvl(&avl))
DDI_IRQL_MAX(RtlDeleteElementGenericTableAvl, DISPATCH_LEVEL,
             RtlDeleteElementGenericTableAvl(&avl, &key))
