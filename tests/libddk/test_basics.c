// SPDX-License-Identifier: MIT
//
// Macros of the basic headers, lists, debug output, assertions (as a checked build has them).

#define DBG 1
#include "ddi_test.h"
#include <initguid.h>

DEFINE_GUID(GUID_OF_TEST, 0x11223344, 0x5566, 0x7788, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
            0x01);

struct thing {
    ULONG First;
    LIST_ENTRY Link;
    SINGLE_LIST_ENTRY Single;
};

TEST(macros_of_types)
{
    DDI_SHOWS_MACRO(CONTAINING_RECORD, RESULTS);
    DDI_SHOWS_MACRO(FIELD_OFFSET, RESULTS);
    DDI_SHOWS_MACRO(ARRAYSIZE, RESULTS);
    DDI_SHOWS_MACRO(RTL_SIZEOF_THROUGH_FIELD, RESULTS);
    DDI_SHOWS_MACRO(RTL_CONSTANT_STRING, RESULTS);
    DDI_SHOWS_MACRO(UNREFERENCED_PARAMETER, RESULTS);
    DDI_SHOWS_MACRO(ARGUMENT_PRESENT, RESULTS);
    DDI_SHOWS_MACRO(C_ASSERT, RESULTS);
    DDI_SHOWS_MACRO(DEFINE_GUID, RESULTS);
    DDI_SHOWS_MACRO(max, RESULTS);
    DDI_SHOWS_MACRO(min, RESULTS);
    struct thing thing = {0};
    ULONG unused = 3, array[5] = {0};
    UNICODE_STRING u = RTL_CONSTANT_STRING(L"abc");
    ANSI_STRING a = RTL_CONSTANT_STRING("abc");
    C_ASSERT(sizeof(ULONG) == 4);
    UNREFERENCED_PARAMETER(unused);
    CHECK(CONTAINING_RECORD(&thing.Link, struct thing, Link) == &thing);
    CHECK_EQ(FIELD_OFFSET(struct thing, Link), 8);
    CHECK_EQ(RTL_SIZEOF_THROUGH_FIELD(struct thing, Link), 24);
    CHECK(ARRAYSIZE(array) == 5 && array[0] == 0);
    CHECK(u.Length == 6 && u.MaximumLength == 8 && a.Length == 3 && a.MaximumLength == 4);
    CHECK(ARGUMENT_PRESENT(&thing) && !ARGUMENT_PRESENT(NULL));
    CHECK(GUID_OF_TEST.Data1 == 0x11223344 && GUID_OF_TEST.Data4[7] == 1);
    CHECK(max(3, 5) == 5 && max(5, 3) == 5 && min(3, 5) == 3 && min(-1, 1) == -1);
}

TEST(pointers_and_integers)
{
    DDI_SHOWS_MACRO(PtrToUlong, RESULTS);
    DDI_SHOWS_MACRO(ULongToPtr, RESULTS);
    DDI_SHOWS_MACRO(LongToPtr, RESULTS);
    CHECK_EQ(PtrToUlong((PVOID)0x123456789abcdef0ULL), 0x9abcdef0);
    CHECK_EQ((ULONG_PTR)ULongToPtr(0xfffffff0), 0xfffffff0);
    CHECK_EQ((ULONG_PTR)LongToPtr(-16), (ULONG_PTR)-16);
}

TEST(status_values)
{
    DDI_SHOWS_MACRO(NT_SUCCESS, RESULTS);
    DDI_SHOWS_MACRO(NT_ERROR, RESULTS);
    CHECK(NT_SUCCESS(STATUS_SUCCESS) && NT_SUCCESS(STATUS_PENDING) && NT_SUCCESS(0x40000000));
    CHECK(!NT_SUCCESS(STATUS_BUFFER_OVERFLOW) && !NT_SUCCESS(STATUS_UNSUCCESSFUL));
    CHECK(NT_ERROR(STATUS_UNSUCCESSFUL) && !NT_ERROR(STATUS_BUFFER_OVERFLOW));
    CHECK(NT_WARNING(STATUS_BUFFER_OVERFLOW) && NT_INFORMATION(0x40000000));
}

static bool holds(PLIST_ENTRY head, PLIST_ENTRY a, PLIST_ENTRY b)
{
    return head->Flink == a && a->Flink == b && b->Flink == head && head->Blink == b &&
           b->Blink == a && a->Blink == head;
}

TEST(doubly_linked_lists)
{
    DDI_SHOWS(InitializeListHead, RESULTS);
    DDI_SHOWS(IsListEmpty, RESULTS);
    DDI_SHOWS(InsertTailList, RESULTS);
    DDI_SHOWS(InsertHeadList, RESULTS);
    DDI_SHOWS(RemoveEntryList, RESULTS);
    DDI_SHOWS(RemoveHeadList, RESULTS);
    DDI_SHOWS(RemoveTailList, RESULTS);
    DDI_SHOWS(AppendTailList, RESULTS);
    LIST_ENTRY head, a, b, c, d;
    InitializeListHead(&head);
    CHECK(IsListEmpty(&head) && RemoveHeadList(&head) == &head && RemoveTailList(&head) == &head);
    InsertTailList(&head, &b);
    InsertHeadList(&head, &a);
    CHECK(!IsListEmpty(&head) && holds(&head, &a, &b));
    InsertTailList(&head, &c);
    CHECK(!RemoveEntryList(&c) && holds(&head, &a, &b));
    CHECK(RemoveHeadList(&head) == &a && RemoveTailList(&head) == &b && IsListEmpty(&head));
    InsertTailList(&head, &a);
    CHECK(RemoveEntryList(&a)); // the list is empty now
    InsertTailList(&head, &a);
    c.Flink = c.Blink = &d; // a ring without a head
    d.Flink = d.Blink = &c;
    AppendTailList(&head, &c);
    CHECK(head.Flink == &a && a.Flink == &c && c.Flink == &d && d.Flink == &head);
    CHECK(head.Blink == &d && d.Blink == &c && c.Blink == &a);
}

TEST(singly_linked_lists)
{
    DDI_SHOWS(PushEntryList, RESULTS);
    DDI_SHOWS(PopEntryList, RESULTS);
    SINGLE_LIST_ENTRY head = {NULL}, a, b;
    CHECK(PopEntryList(&head) == NULL);
    PushEntryList(&head, &a);
    PushEntryList(&head, &b);
    CHECK(PopEntryList(&head) == &b && PopEntryList(&head) == &a && PopEntryList(&head) == NULL);
}

static LIST_ENTRY bad_head, bad_entry, stranger;

static void corrupt(void)
{
    InitializeListHead(&bad_head);
    InsertTailList(&bad_head, &bad_entry);
    bad_head.Blink = bad_head.Flink = &bad_entry;
    bad_entry.Flink = bad_entry.Blink = &stranger;
    InitializeListHead(&stranger);
}

static void remove_entry(void *unused)
{
    (void)unused;
    RemoveEntryList(&bad_entry);
}
static void remove_head(void *unused)
{
    (void)unused;
    (void)RemoveHeadList(&bad_head);
}
static void remove_tail(void *unused)
{
    (void)unused;
    (void)RemoveTailList(&bad_head);
}
static void insert_tail(void *unused)
{
    LIST_ENTRY entry;
    (void)unused;
    InsertTailList(&bad_head, &entry);
}
static void insert_head(void *unused)
{
    LIST_ENTRY entry;
    (void)unused;
    InsertHeadList(&bad_head, &entry);
}

TEST(a_corrupt_list_is_a_bug_check)
{
    DDI_SHOWS(RemoveEntryList, ERRORS);
    DDI_SHOWS(RemoveHeadList, ERRORS);
    DDI_SHOWS(RemoveTailList, ERRORS);
    DDI_SHOWS(InsertTailList, ERRORS);
    DDI_SHOWS(InsertHeadList, ERRORS);
    corrupt();
    CHECK(dies(remove_entry, NULL, "corrupt list"));
    CHECK(dies(remove_head, NULL, "corrupt list"));
    CHECK(dies(remove_tail, NULL, "corrupt list"));
    CHECK(dies(insert_tail, NULL, "corrupt list"));
    CHECK(dies(insert_head, NULL, "corrupt list"));
}

static ULONG print_v(ULONG level, PCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ULONG status = vDbgPrintEx(DPFLTR_IHVDRIVER_ID, level, format, arguments);
    va_end(arguments);
    return status;
}

TEST(debug_output)
{
    DDI_SHOWS(DbgPrint, RESULTS);
    DDI_SHOWS(DbgPrintEx, RESULTS);
    DDI_SHOWS(vDbgPrintEx, RESULTS);
    DDI_SHOWS_MACRO(KdPrint, RESULTS);
    DDI_SHOWS_MACRO(KdPrintEx, RESULTS);
    static char text[1024], longer[700];
    memset(longer, 'x', sizeof(longer) - 1);
    posix_capture(text, sizeof(text));
    NTSTATUS status = (NTSTATUS)DbgPrint("%s %d\n", "value", 7);
    KdPrint(("kd %wZ", &(UNICODE_STRING)RTL_CONSTANT_STRING(L"wide")));
    KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "|ex"));
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "|error");
    print_v(DPFLTR_ERROR_LEVEL, "|%c", 'v');
    posix_capture(NULL, 0);
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK_STR(text, "value 7\nkd wide|ex|error|v");
    posix_capture(text, sizeof(text));
    DbgPrint("%s", longer);
    posix_capture(NULL, 0);
    CHECK_EQ(strlen(text), 511); // 512 bytes a call, terminator included
    KIRQL old = KfRaiseIrql(HIGH_LEVEL);
    posix_capture(text, sizeof(text));
    DbgPrint("at any IRQL");
    posix_capture(NULL, 0);
    KeLowerIrql(old);
    CHECK_STR(text, "at any IRQL");
}

static void break_point(void *unused)
{
    (void)unused;
    DbgBreakPoint();
}
static void assert_false(void *x)
{
    ASSERT(x == NULL);
}
static void assert_message(void *x)
{
    ASSERTMSG("the reason", x == NULL);
}
static void nt_assert(void *x)
{
    NT_ASSERT(x == NULL);
}
static void nt_assert_message(void *x)
{
    NT_ASSERTMSG("the reason", x == NULL);
}
static void raise_assertion(void *unused)
{
    (void)unused;
    DbgRaiseAssertionFailure();
}
static void paged(void *unused)
{
    (void)unused;
    PAGED_CODE();
}

TEST(assertions_and_break_points)
{
    DDI_SHOWS(DbgBreakPoint, RESULTS);
    DDI_SHOWS_MACRO(ASSERT, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(ASSERTMSG, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(NT_ASSERT, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(NT_ASSERTMSG, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(DbgRaiseAssertionFailure, RESULTS);
    DDI_SHOWS_MACRO(PAGED_CODE, RESULTS);
    char text[512];
    posix_capture(text, sizeof(text));
    CHECK(!dies(break_point, NULL, "") && strstr(text, "nobody debugs this driver") != NULL);
    CHECK(!dies(assert_false, NULL, "") && dies(assert_false, text, "x == NULL"));
    CHECK(!dies(assert_message, NULL, "") && dies(assert_message, text, "ASSERT"));
    CHECK(!dies(nt_assert, NULL, "") && dies(nt_assert, text, "ASSERT"));
    CHECK(!dies(nt_assert_message, NULL, "") && dies(nt_assert_message, text, "ASSERT"));
    CHECK(dies(raise_assertion, NULL, "DbgRaiseAssertionFailure"));
    CHECK(!dies(paged, NULL, ""));
    posix_capture(NULL, 0);
    CHECK(strstr(text, "the reason") != NULL);
}

DDI_IRQL_MAX_MACRO(PAGED_CODE, APC_LEVEL, PAGED_CODE())
