// SPDX-License-Identifier: MIT
//
// Generic tables, splay and AVL, against a plain array of flags: order, duplicates, positions,
// order of insertion; and the balance of the AVL tree.

#include "ddi_test.h"

#define KEYS 200

struct item {
    ULONG Key;
    ULONG Stamp;
};

static bool present[KEYS];
static ULONG order_of[KEYS], next_stamp; // when the key was inserted
static LONG live;
static bool out_of_memory;

static RTL_GENERIC_COMPARE_RESULTS by_key(PVOID a, PVOID b)
{
    ULONG x = ((struct item *)a)->Key, y = ((struct item *)b)->Key;
    return x < y ? GenericLessThan : x > y ? GenericGreaterThan : GenericEqual;
}

static RTL_GENERIC_COMPARE_RESULTS compare(PRTL_GENERIC_TABLE table, PVOID a, PVOID b)
{
    (void)table;
    return by_key(a, b);
}
static PVOID allocate(PRTL_GENERIC_TABLE table, CLONG bytes)
{
    (void)table;
    live += !out_of_memory;
    return out_of_memory ? NULL : malloc(bytes);
}
static VOID release(PRTL_GENERIC_TABLE table, PVOID element)
{
    (void)table;
    live--;
    free(element);
}
static RTL_GENERIC_COMPARE_RESULTS compare_avl(PRTL_AVL_TABLE table, PVOID a, PVOID b)
{
    (void)table;
    return by_key(a, b);
}
static PVOID allocate_avl(PRTL_AVL_TABLE table, CLONG bytes)
{
    (void)table;
    live += !out_of_memory;
    return out_of_memory ? NULL : malloc(bytes);
}
static VOID release_avl(PRTL_AVL_TABLE table, PVOID element)
{
    (void)table;
    live--;
    free(element);
}

static RTL_GENERIC_TABLE splay;
static RTL_AVL_TABLE avl;

static void start_empty(void)
{
    memset(present, 0, sizeof(present));
    next_stamp = 0;
    live = 0;
    out_of_memory = false;
    RtlInitializeGenericTable(&splay, compare, allocate, release, &live);
    RtlInitializeGenericTableAvl(&avl, compare_avl, allocate_avl, release_avl, &live);
}

static ULONG total(void)
{
    ULONG sum = 0;
    for (ULONG i = 0; i < KEYS; i++)
        sum += present[i];
    return sum;
}

// The key that was inserted index-th of those that are present.
static ULONG inserted(ULONG index)
{
    for (ULONG key = 0; key < KEYS; key++) {
        ULONG before = 0;
        for (ULONG other = 0; other < KEYS; other++)
            before += present[other] && order_of[other] < order_of[key];
        if (present[key] && before == index)
            return key;
    }
    return MAXULONG;
}

static void note(ULONG key, bool is_present)
{
    if (is_present && !present[key])
        order_of[key] = ++next_stamp;
    present[key] = is_present;
}

// Height of a subtree; -1000 when an invariant is broken.
static LONG height(PRTL_BALANCED_LINKS node, PRTL_BALANCED_LINKS parent)
{
    if (node == NULL)
        return 0;
    LONG left = height(node->LeftChild, node), right = height(node->RightChild, node);
    if (node->Parent != parent || left < 0 || right < 0 || node->Balance != right - left ||
        node->Balance > 1 || node->Balance < -1)
        return -1000;
    return 1 + (left > right ? left : right);
}

// The operations of both kinds, so that one test serves for both.
struct kind {
    PVOID (*insert)(PVOID item, PBOOLEAN is_new);
    BOOLEAN (*delete)(PVOID item);
    PVOID (*lookup)(PVOID item);
    PVOID (*enumerate)(BOOLEAN restart);
    PVOID (*walk)(PVOID *key);
    PVOID (*get)(ULONG index);
    ULONG (*number)(void);
    BOOLEAN (*empty)(void);
};

#define KIND(constant, table, insert, delete, lookup, enumerate, walk, get, number, empty)         \
    static PVOID insert_##table(PVOID item, PBOOLEAN is_new)                                       \
    {                                                                                              \
        return insert(&table, item, sizeof(struct item), is_new);                                  \
    }                                                                                              \
    static BOOLEAN delete_##table(PVOID item)                                                      \
    {                                                                                              \
        return delete (&table, item);                                                              \
    }                                                                                              \
    static PVOID lookup_##table(PVOID item)                                                        \
    {                                                                                              \
        return lookup(&table, item);                                                               \
    }                                                                                              \
    static PVOID enumerate_##table(BOOLEAN restart)                                                \
    {                                                                                              \
        return enumerate(&table, restart);                                                         \
    }                                                                                              \
    static PVOID walk_##table(PVOID *key)                                                          \
    {                                                                                              \
        return walk(&table, key);                                                                  \
    }                                                                                              \
    static PVOID get_##table(ULONG index)                                                          \
    {                                                                                              \
        return get(&table, index);                                                                 \
    }                                                                                              \
    static ULONG number_##table(void)                                                              \
    {                                                                                              \
        return number(&table);                                                                     \
    }                                                                                              \
    static BOOLEAN empty_##table(void)                                                             \
    {                                                                                              \
        return empty(&table);                                                                      \
    }                                                                                              \
    static const struct kind constant = {insert_##table,    delete_##table, lookup_##table,        \
                                         enumerate_##table, walk_##table,   get_##table,           \
                                         number_##table,    empty_##table};

KIND(splay_kind, splay, RtlInsertElementGenericTable, RtlDeleteElementGenericTable,
     RtlLookupElementGenericTable, RtlEnumerateGenericTable,
     RtlEnumerateGenericTableWithoutSplaying, RtlGetElementGenericTable,
     RtlNumberGenericTableElements, RtlIsGenericTableEmpty)
KIND(avl_kind, avl, RtlInsertElementGenericTableAvl, RtlDeleteElementGenericTableAvl,
     RtlLookupElementGenericTableAvl, RtlEnumerateGenericTableAvl,
     RtlEnumerateGenericTableWithoutSplayingAvl, RtlGetElementGenericTableAvl,
     RtlNumberGenericTableElementsAvl, RtlIsGenericTableEmptyAvl)

static void check_orders(const struct kind *kind)
{
    struct item *item = kind->enumerate(TRUE);
    PVOID key = NULL;
    for (ULONG k = 0; k < KEYS; k++) {
        if (!present[k])
            continue;
        CHECK(item != NULL && item->Key == k);
        item = kind->enumerate(FALSE);
        struct item *walked = kind->walk(&key);
        CHECK(walked != NULL && walked->Key == k);
    }
    CHECK(item == NULL && kind->walk(&key) == NULL);
    ULONG count = total();
    CHECK_EQ(kind->number(), count);
    CHECK_EQ(kind->empty(), count == 0);
    CHECK_EQ(live, count);
    if (count != 0) {
        ULONG index = next_stamp % count;
        CHECK_EQ(((struct item *)kind->get(index))->Key, inserted(index));
        CHECK_EQ(((struct item *)kind->get(count - 1))->Key, inserted(count - 1));
    }
    CHECK(kind->get(count) == NULL);
}

static void check_random_use(const struct kind *kind)
{
    ULONG seed = 17;
    start_empty();
    for (int i = 0; i < 4000 && !ash_test_failed(); i++) {
        struct item item = {RtlRandomEx(&seed) % KEYS, (ULONG)i}, *there;
        BOOLEAN is_new;
        bool was = present[item.Key];
        switch (RtlRandomEx(&seed) % 3) {
        case 0:
            there = kind->insert(&item, &is_new);
            CHECK(there != NULL && there != &item && there->Key == item.Key && is_new == !was);
            CHECK(was || there->Stamp == (ULONG)i); // the old one stays
            note(item.Key, true);
            break;
        case 1:
            CHECK_EQ(kind->delete(&item), was);
            note(item.Key, false);
            break;
        default:
            there = kind->lookup(&item);
            CHECK((there != NULL) == was && (!was || there->Key == item.Key));
            break;
        }
        LONG high = height(avl.BalancedRoot.RightChild, &avl.BalancedRoot);
        CHECK(high >= 0 && (ULONG)high == avl.DepthOfTree);
        if (i % 16 == 0)
            check_orders(kind);
    }
    for (ULONG k = 0; k < KEYS; k++) {
        struct item item = {k, 0};
        (void)kind->delete(&item);
    }
    CHECK_EQ(live, 0);
}

static void check_no_memory(const struct kind *kind)
{
    struct item item = {5, 0};
    BOOLEAN is_new = TRUE;
    start_empty();
    CHECK(kind->lookup(&item) == NULL && !kind->delete(&item) && kind->enumerate(TRUE) == NULL);
    out_of_memory = true;
    CHECK(kind->insert(&item, &is_new) == NULL && !is_new);
    CHECK(kind->empty());
    out_of_memory = false;
    CHECK(kind->insert(&item, NULL) != NULL);
    CHECK(kind->delete(&item));
}

TEST(splay_table)
{
    DDI_SHOWS(RtlInitializeGenericTable, RESULTS);
    DDI_SHOWS(RtlInsertElementGenericTable, RESULTS | ERRORS);
    DDI_SHOWS(RtlDeleteElementGenericTable, RESULTS | ERRORS);
    DDI_SHOWS(RtlLookupElementGenericTable, RESULTS | ERRORS);
    DDI_SHOWS(RtlEnumerateGenericTable, RESULTS | ERRORS);
    DDI_SHOWS(RtlEnumerateGenericTableWithoutSplaying, RESULTS | ERRORS);
    DDI_SHOWS(RtlGetElementGenericTable, RESULTS | ERRORS);
    DDI_SHOWS(RtlNumberGenericTableElements, RESULTS);
    DDI_SHOWS(RtlIsGenericTableEmpty, RESULTS);
    check_random_use(&splay_kind);
    check_no_memory(&splay_kind);
}

TEST(avl_table)
{
    DDI_SHOWS(RtlInitializeGenericTableAvl, RESULTS);
    DDI_SHOWS(RtlInsertElementGenericTableAvl, RESULTS | ERRORS);
    DDI_SHOWS(RtlDeleteElementGenericTableAvl, RESULTS | ERRORS);
    DDI_SHOWS(RtlLookupElementGenericTableAvl, RESULTS | ERRORS);
    DDI_SHOWS(RtlEnumerateGenericTableAvl, RESULTS | ERRORS);
    DDI_SHOWS(RtlEnumerateGenericTableWithoutSplayingAvl, RESULTS | ERRORS);
    DDI_SHOWS(RtlGetElementGenericTableAvl, RESULTS | ERRORS);
    DDI_SHOWS(RtlNumberGenericTableElementsAvl, RESULTS);
    DDI_SHOWS(RtlIsGenericTableEmptyAvl, RESULTS);
    check_random_use(&avl_kind);
    check_no_memory(&avl_kind);
}

TEST(full_forms_use_the_place_that_was_found)
{
    DDI_SHOWS(RtlLookupElementGenericTableFullAvl, RESULTS | ERRORS);
    DDI_SHOWS(RtlInsertElementGenericTableFullAvl, RESULTS | ERRORS);
    TABLE_SEARCH_RESULT result;
    PVOID place;
    BOOLEAN is_new;
    start_empty();
    struct item item = {5, 0};
    CHECK(RtlLookupElementGenericTableFullAvl(&avl, &item, &place, &result) == NULL);
    CHECK_EQ(result, TableEmptyTree);
    CHECK(RtlInsertElementGenericTableFullAvl(&avl, &item, sizeof(item), &is_new, place, result));
    CHECK(is_new);
    CHECK(RtlLookupElementGenericTableFullAvl(&avl, &item, &place, &result) != NULL);
    CHECK_EQ(result, TableFoundNode);
    PVOID there =
        RtlInsertElementGenericTableFullAvl(&avl, &item, sizeof(item), &is_new, place, result);
    CHECK(!is_new && there == (PUCHAR)place + sizeof(RTL_BALANCED_LINKS));
    item.Key = 3;
    CHECK(RtlLookupElementGenericTableFullAvl(&avl, &item, &place, &result) == NULL);
    CHECK_EQ(result, TableInsertAsLeft);
    out_of_memory = true;
    CHECK(!RtlInsertElementGenericTableFullAvl(&avl, &item, sizeof(item), &is_new, place, result));
    out_of_memory = false;
    item.Key = 7;
    (void)RtlLookupElementGenericTableFullAvl(&avl, &item, &place, &result);
    CHECK_EQ(result, TableInsertAsRight);
    CHECK(RtlInsertElementGenericTableFullAvl(&avl, &item, sizeof(item), &is_new, place, result));
    CHECK_EQ(RtlNumberGenericTableElementsAvl(&avl), 2);
    for (item.Key = 0; item.Key < 8; item.Key++)
        (void)RtlDeleteElementGenericTableAvl(&avl, &item);
    CHECK_EQ(live, 0);
}

static NTSTATUS even_below_twelve(PRTL_AVL_TABLE table, PVOID data, PVOID match)
{
    struct item *item = data;
    (void)table, (void)match;
    return item->Key >= 12 ? STATUS_NO_MORE_MATCHES
           : item->Key % 2 ? STATUS_NO_MATCH
                           : STATUS_SUCCESS;
}

DDI_TEST(RtlEnumerateGenericTableLikeADirectory, RESULTS | ERRORS, enumerating_like_a_directory)
{
    struct item item, *found, from = {0, 0};
    PVOID key = NULL;
    ULONG deletions = 0, sum = 0;
    BOOLEAN is_new;
    start_empty();
    CHECK(RtlEnumerateGenericTableLikeADirectory(&avl, NULL, NULL, FALSE, &key, &deletions,
                                                 &from) == NULL);
    for (item.Key = 0; item.Key < 20; item.Key++)
        CHECK(insert_avl(&item, &is_new) != NULL);
    for (ULONG next = FALSE;
         (found = RtlEnumerateGenericTableLikeADirectory(&avl, even_below_twelve, NULL, next, &key,
                                                         &deletions, &from)) != NULL;
         next = TRUE)
        sum += found->Key;
    CHECK_EQ(sum, 0 + 2 + 4 + 6 + 8 + 10);
    // A deletion in between: it goes on from the buffer.
    key = NULL;
    from.Key = 5;
    found =
        RtlEnumerateGenericTableLikeADirectory(&avl, NULL, NULL, FALSE, &key, &deletions, &from);
    CHECK_EQ(found->Key, 5);
    item.Key = 5;
    CHECK(delete_avl(&item));
    found = RtlEnumerateGenericTableLikeADirectory(&avl, NULL, NULL, TRUE, &key, &deletions, &from);
    CHECK_EQ(found->Key, 6); // 5 is gone, so that the next one is not skipped
    for (item.Key = 0; item.Key < 20; item.Key++)
        (void)delete_avl(&item);
    CHECK_EQ(live, 0);
}

static bool by_tens; // several keys count as equal

static RTL_GENERIC_COMPARE_RESULTS compare_coarse(PRTL_AVL_TABLE table, PVOID a, PVOID b)
{
    struct item x = *(struct item *)a, y = *(struct item *)b;
    (void)table;
    if (by_tens)
        x.Key /= 10, y.Key /= 10;
    return by_key(&x, &y);
}

DDI_TEST(RtlLookupFirstMatchingElementGenericTableAvl, RESULTS | ERRORS, first_of_several_matches)
{
    struct item item, *found;
    PVOID key;
    BOOLEAN is_new;
    start_empty();
    by_tens = false;
    RtlInitializeGenericTableAvl(&avl, compare_coarse, allocate_avl, release_avl, NULL);
    for (item.Key = 0; item.Key < 40; item.Key++)
        CHECK(insert_avl(&item, &is_new) != NULL);
    by_tens = true;
    item.Key = 25;
    found = RtlLookupFirstMatchingElementGenericTableAvl(&avl, &item, &key);
    CHECK_EQ(found->Key, 20);
    found = RtlEnumerateGenericTableWithoutSplayingAvl(&avl, &key);
    CHECK_EQ(found->Key, 21);
    item.Key = 45;
    CHECK(RtlLookupFirstMatchingElementGenericTableAvl(&avl, &item, &key) == NULL);
    by_tens = false;
    for (item.Key = 0; item.Key < 40; item.Key++)
        (void)delete_avl(&item);
    CHECK_EQ(live, 0);
}
