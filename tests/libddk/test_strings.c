// SPDX-License-Identifier: MIT
//
// Counted strings: pointing, copying, appending, comparing, case, conversions.

#include "ddi_test.h"
#include <ntifs.h>

static bool is(PCUNICODE_STRING s, PCWSTR text)
{
    USHORT n = 0;
    while (text[n] != 0)
        n++;
    return s->Length == n * sizeof(WCHAR) && memcmp(s->Buffer, text, s->Length) == 0;
}

static bool is_narrow(const STRING *s, const char *text)
{
    return s->Length == strlen(text) && memcmp(s->Buffer, text, s->Length) == 0;
}

// 40,000 characters: more than a count of bytes can tell.
static WCHAR wide_long[40001];
static char narrow_long[70001];

static void make_long(void)
{
    for (int i = 0; i < 40000; i++)
        wide_long[i] = 'w';
    memset(narrow_long, 'n', sizeof(narrow_long) - 1);
}

TEST(pointing_at_text)
{
    DDI_SHOWS(RtlInitUnicodeString, RESULTS);
    DDI_SHOWS(RtlInitString, RESULTS);
    DDI_SHOWS(RtlInitAnsiString, RESULTS);
    DDI_SHOWS(RtlInitUTF8String, RESULTS);
    DDI_SHOWS(RtlInitEmptyUnicodeString, RESULTS);
    DDI_SHOWS(RtlInitEmptyAnsiString, RESULTS);
    UNICODE_STRING u;
    STRING s, a;
    UTF8_STRING t;
    WCHAR room[4];
    CHAR narrow[4];
    RtlInitUnicodeString(&u, L"abc");
    CHECK(u.Length == 6 && u.MaximumLength == 8 && is(&u, L"abc"));
    RtlInitUnicodeString(&u, NULL);
    CHECK(u.Length == 0 && u.MaximumLength == 0 && u.Buffer == NULL);
    RtlInitString(&s, "abc");
    RtlInitAnsiString(&a, "abc");
    RtlInitUTF8String(&t, "abc");
    CHECK(s.Length == 3 && s.MaximumLength == 4);
    CHECK(is_narrow(&s, "abc") && is_narrow(&a, "abc") && is_narrow(&t, "abc"));
    RtlInitString(&s, NULL);
    RtlInitAnsiString(&a, NULL);
    RtlInitUTF8String(&t, NULL);
    CHECK(s.Buffer == NULL && a.Length == 0 && t.MaximumLength == 0);
    RtlInitEmptyUnicodeString(&u, room, sizeof(room));
    CHECK(u.Buffer == room && u.Length == 0 && u.MaximumLength == 8);
    RtlInitEmptyAnsiString(&a, narrow, sizeof(narrow));
    CHECK(a.Buffer == narrow && a.Length == 0 && a.MaximumLength == 4);
}

TEST(text_that_is_too_long)
{
    DDI_SHOWS(RtlInitUnicodeStringEx, RESULTS | ERRORS);
    DDI_SHOWS(RtlInitStringEx, RESULTS | ERRORS);
    DDI_SHOWS(RtlInitAnsiStringEx, RESULTS | ERRORS);
    DDI_SHOWS(RtlInitUTF8StringEx, RESULTS | ERRORS);
    UNICODE_STRING u;
    STRING s;
    make_long();
    CHECK_EQ(RtlInitUnicodeStringEx(&u, L"abc"), STATUS_SUCCESS);
    CHECK(is(&u, L"abc"));
    CHECK_EQ(RtlInitUnicodeStringEx(&u, wide_long), STATUS_NAME_TOO_LONG);
    CHECK(is(&u, L"abc"));
    RtlInitUnicodeString(&u, wide_long); // cut
    CHECK(u.Length == 65532 && u.MaximumLength == 65534);
    CHECK_EQ(RtlInitStringEx(&s, "abc"), STATUS_SUCCESS);
    CHECK_EQ(RtlInitStringEx(&s, narrow_long), STATUS_NAME_TOO_LONG);
    CHECK_EQ(RtlInitAnsiStringEx(&s, narrow_long), STATUS_NAME_TOO_LONG);
    CHECK_EQ(RtlInitUTF8StringEx(&s, narrow_long), STATUS_NAME_TOO_LONG);
    CHECK(is_narrow(&s, "abc"));
    CHECK_EQ(RtlInitAnsiStringEx(&s, "de"), STATUS_SUCCESS);
    CHECK_EQ(RtlInitUTF8StringEx(&s, NULL), STATUS_SUCCESS);
    CHECK(s.Buffer == NULL);
}

TEST(copying_and_appending)
{
    DDI_SHOWS(RtlCopyUnicodeString, RESULTS);
    DDI_SHOWS(RtlCopyString, RESULTS);
    DDI_SHOWS(RtlAppendUnicodeStringToString, RESULTS | ERRORS);
    DDI_SHOWS(RtlAppendUnicodeToString, RESULTS | ERRORS);
    DDI_SHOWS(RtlAppendStringToString, RESULTS | ERRORS);
    WCHAR room[8];
    CHAR narrow[8];
    UNICODE_STRING to = {0, sizeof(room), room}, abc = RTL_CONSTANT_STRING(L"abc");
    STRING narrow_to = {0, sizeof(narrow), narrow}, narrow_abc = RTL_CONSTANT_STRING("abc");
    CHECK_EQ(RtlAppendUnicodeStringToString(&to, &abc), STATUS_SUCCESS);
    CHECK(room[3] == 0); // terminated where there is room
    CHECK_EQ(RtlAppendUnicodeToString(&to, NULL), STATUS_SUCCESS);
    CHECK_EQ(RtlAppendUnicodeToString(&to, L"defgh"), STATUS_SUCCESS);
    CHECK(is(&to, L"abcdefgh"));
    CHECK_EQ(RtlAppendUnicodeToString(&to, L"i"), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlAppendUnicodeStringToString(&to, &abc), STATUS_BUFFER_TOO_SMALL);
    CHECK(is(&to, L"abcdefgh"));
    to.MaximumLength = 4;
    RtlCopyUnicodeString(&to, &abc);
    CHECK(is(&to, L"ab") && to.MaximumLength == 4);
    RtlCopyUnicodeString(&to, NULL);
    CHECK_EQ(to.Length, 0);
    CHECK_EQ(RtlAppendStringToString(&narrow_to, &narrow_abc), STATUS_SUCCESS);
    CHECK_EQ(RtlAppendStringToString(&narrow_to, &narrow_abc), STATUS_SUCCESS);
    CHECK_EQ(RtlAppendStringToString(&narrow_to, &narrow_abc), STATUS_BUFFER_TOO_SMALL);
    CHECK(is_narrow(&narrow_to, "abcabc"));
    narrow_to.MaximumLength = 2;
    RtlCopyString(&narrow_to, &narrow_abc);
    CHECK(is_narrow(&narrow_to, "ab"));
    RtlCopyString(&narrow_to, NULL);
    CHECK_EQ(narrow_to.Length, 0);
}

TEST(comparing)
{
    DDI_SHOWS(RtlCompareUnicodeString, RESULTS);
    DDI_SHOWS(RtlEqualUnicodeString, RESULTS);
    DDI_SHOWS(RtlPrefixUnicodeString, RESULTS);
    DDI_SHOWS(RtlCompareString, RESULTS);
    DDI_SHOWS(RtlEqualString, RESULTS);
    UNICODE_STRING a = RTL_CONSTANT_STRING(L"Stra\u00dfe \u00c4\u03a9\u0416"),
                   b = RTL_CONSTANT_STRING(L"sTRA\u00dfE \u00e4\u03c9\u0436"),
                   prefix = RTL_CONSTANT_STRING(L"STRA"), empty = {0};
    STRING x = RTL_CONSTANT_STRING("\xc4pfel"), y = RTL_CONSTANT_STRING("\xe4PFEL"),
           longer = RTL_CONSTANT_STRING("\xc4pfelbaum");
    CHECK(!RtlEqualUnicodeString(&a, &b, FALSE) && RtlEqualUnicodeString(&a, &b, TRUE));
    CHECK(RtlCompareUnicodeString(&a, &b, FALSE) < 0 && RtlCompareUnicodeString(&b, &a, FALSE) > 0);
    CHECK_EQ(RtlCompareUnicodeString(&a, &b, TRUE), 0);
    CHECK(RtlCompareUnicodeString(&prefix, &a, TRUE) < 0); // a prefix is less
    CHECK(RtlPrefixUnicodeString(&prefix, &b, TRUE) && !RtlPrefixUnicodeString(&prefix, &b, FALSE));
    CHECK(RtlPrefixUnicodeString(&empty, &b, FALSE) && !RtlPrefixUnicodeString(&b, &prefix, TRUE));
    CHECK(!RtlEqualString(&x, &y, FALSE) && RtlEqualString(&x, &y, TRUE));
    CHECK(RtlCompareString(&x, &y, FALSE) < 0 && RtlCompareString(&x, &y, TRUE) == 0);
    CHECK(RtlCompareString(&longer, &x, TRUE) > 0 && !RtlEqualString(&longer, &x, TRUE));
}

TEST(letter_case)
{
    DDI_SHOWS(RtlUpcaseUnicodeChar, RESULTS);
    DDI_SHOWS(RtlDowncaseUnicodeChar, RESULTS);
    DDI_SHOWS(RtlUpperChar, RESULTS);
    DDI_SHOWS(RtlUpperString, RESULTS);
    DDI_SHOWS(RtlUpcaseUnicodeString, RESULTS | ERRORS);
    DDI_SHOWS(RtlDowncaseUnicodeString, RESULTS | ERRORS);
    WCHAR room[3];
    CHAR narrow[3];
    UNICODE_STRING u = {0, sizeof(room), room}, text = RTL_CONSTANT_STRING(L"a\u00e4X"),
                   four = RTL_CONSTANT_STRING(L"abcd"), made;
    STRING s = {0, sizeof(narrow), narrow}, mixed = RTL_CONSTANT_STRING("x\xe4Yz");
    for (ULONG c = 0; c < 0x10000; c++) {
        WCHAR down = RtlDowncaseUnicodeChar((WCHAR)c);
        CHECK(down == c || RtlUpcaseUnicodeChar(down) == (WCHAR)c);
    }
    CHECK(RtlUpcaseUnicodeChar('q') == 'Q' && RtlUpcaseUnicodeChar(0x03c9) == 0x03a9);
    CHECK(RtlDowncaseUnicodeChar('Q') == 'q' && RtlDowncaseUnicodeChar('1') == '1');
    CHECK(RtlUpperChar('q') == 'Q' && RtlUpperChar('\xe4') == '\xc4' && RtlUpperChar('7') == '7');
    RtlUpperString(&s, &mixed);
    CHECK(is_narrow(&s, "X\xc4Y")); // cut
    CHECK_EQ(RtlUpcaseUnicodeString(&u, &text, FALSE), STATUS_SUCCESS);
    CHECK(is(&u, L"A\u00c4X"));
    CHECK_EQ(RtlDowncaseUnicodeString(&u, &text, FALSE), STATUS_SUCCESS);
    CHECK(is(&u, L"a\u00e4x"));
    CHECK_EQ(RtlUpcaseUnicodeString(&u, &four, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(RtlDowncaseUnicodeString(&u, &four, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK(is(&u, L"a\u00e4x"));
    CHECK_EQ(RtlUpcaseUnicodeString(&made, &four, TRUE), STATUS_SUCCESS);
    CHECK(is(&made, L"ABCD"));
    RtlFreeUnicodeString(&made);
    CHECK_EQ(RtlDowncaseUnicodeString(&made, &four, TRUE), STATUS_SUCCESS);
    RtlFreeUnicodeString(&made);
}

TEST(ansi_and_unicode)
{
    DDI_SHOWS(RtlAnsiStringToUnicodeString, RESULTS | ERRORS);
    DDI_SHOWS(RtlUnicodeStringToAnsiString, RESULTS | ERRORS);
    DDI_SHOWS(RtlxAnsiStringToUnicodeSize, RESULTS);
    DDI_SHOWS(RtlxUnicodeStringToAnsiSize, RESULTS);
    DDI_SHOWS_MACRO(RtlAnsiStringToUnicodeSize, RESULTS);
    DDI_SHOWS_MACRO(RtlUnicodeStringToAnsiSize, RESULTS);
    DDI_SHOWS(RtlFreeUnicodeString, RESULTS);
    DDI_SHOWS(RtlFreeAnsiString, RESULTS);
    ANSI_STRING a = RTL_CONSTANT_STRING("gr\xfc\xdf"), back, huge = {40000, 40000, narrow_long};
    UNICODE_STRING u, euro = RTL_CONSTANT_STRING(L"\u20ac1");
    WCHAR room[4];
    CHAR narrow[5];
    make_long();
    CHECK(RtlAnsiStringToUnicodeSize(&a) == 10 && RtlxAnsiStringToUnicodeSize(&a) == 10);
    CHECK_EQ(RtlAnsiStringToUnicodeString(&u, &a, TRUE), STATUS_SUCCESS);
    CHECK(is(&u, L"gr\u00fc\u00df") && u.MaximumLength == 10 && u.Buffer[4] == 0);
    CHECK(RtlUnicodeStringToAnsiSize(&u) == 5 && RtlxUnicodeStringToAnsiSize(&u) == 5);
    CHECK_EQ(RtlUnicodeStringToAnsiString(&back, &u, TRUE), STATUS_SUCCESS);
    CHECK(is_narrow(&back, "gr\xfc\xdf") && back.Buffer[4] == 0);
    RtlFreeUnicodeString(&u);
    RtlFreeAnsiString(&back);
    CHECK(u.Buffer == NULL && back.Buffer == NULL);
    RtlFreeUnicodeString(&u); // of an empty string: nothing
    RtlFreeAnsiString(&back);
    u = (UNICODE_STRING){0, sizeof(room), room};
    CHECK_EQ(RtlAnsiStringToUnicodeString(&u, &a, FALSE), STATUS_SUCCESS);
    u.MaximumLength = 6;
    CHECK_EQ(RtlAnsiStringToUnicodeString(&u, &a, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(RtlAnsiStringToUnicodeString(&u, &huge, TRUE), STATUS_INVALID_PARAMETER_2);
    back = (ANSI_STRING){0, sizeof(narrow), narrow};
    CHECK_EQ(RtlUnicodeStringToAnsiString(&back, &euro, FALSE), STATUS_SUCCESS);
    CHECK(is_narrow(&back, "?1") && narrow[2] == 0);
    back.MaximumLength = 2;
    CHECK_EQ(RtlUnicodeStringToAnsiString(&back, &euro, FALSE), STATUS_BUFFER_OVERFLOW);
}

TEST(utf8_strings)
{
    DDI_SHOWS(RtlUTF8StringToUnicodeString, RESULTS | ERRORS);
    DDI_SHOWS(RtlUnicodeStringToUTF8String, RESULTS | ERRORS);
    DDI_SHOWS(RtlFreeUTF8String, RESULTS);
    UTF8_STRING t = RTL_CONSTANT_STRING("\xe2\x82\xac!"), back, huge = {40000, 40000, narrow_long};
    UNICODE_STRING u, large = {65532, 65532, wide_long};
    WCHAR room[2];
    CHAR narrow[5];
    make_long();
    CHECK_EQ(RtlUTF8StringToUnicodeString(&u, &t, TRUE), STATUS_SUCCESS);
    CHECK(is(&u, L"\u20ac!"));
    CHECK_EQ(RtlUnicodeStringToUTF8String(&back, &u, TRUE), STATUS_SUCCESS);
    CHECK(is_narrow(&back, "\xe2\x82\xac!"));
    RtlFreeUnicodeString(&u);
    RtlFreeUTF8String(&back);
    CHECK(back.Buffer == NULL);
    u = (UNICODE_STRING){0, sizeof(room), room};
    CHECK_EQ(RtlUTF8StringToUnicodeString(&u, &t, FALSE), STATUS_SUCCESS);
    back = (UTF8_STRING){0, sizeof(narrow), narrow};
    CHECK_EQ(RtlUnicodeStringToUTF8String(&back, &u, FALSE), STATUS_SUCCESS);
    CHECK(is_narrow(&back, "\xe2\x82\xac!") && narrow[4] == 0);
    back.MaximumLength = 4;
    CHECK_EQ(RtlUnicodeStringToUTF8String(&back, &u, FALSE), STATUS_BUFFER_OVERFLOW);
    u.MaximumLength = 2;
    CHECK_EQ(RtlUTF8StringToUnicodeString(&u, &t, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(RtlUTF8StringToUnicodeString(&u, &huge, TRUE), STATUS_INVALID_PARAMETER_2);
    for (int i = 0; i < 40000; i++)
        wide_long[i] = 0x20ac; // three bytes each
    CHECK_EQ(RtlUnicodeStringToUTF8String(&back, &large, TRUE), STATUS_INVALID_PARAMETER_2);
}

TEST(utf8_without_counts)
{
    DDI_SHOWS(RtlUTF8ToUnicodeN, RESULTS | ERRORS);
    DDI_SHOWS(RtlUnicodeToUTF8N, RESULTS | ERRORS);
    static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
    WCHAR wide[16];
    char back[32];
    ULONG n, m;
    CHECK_EQ(RtlUTF8ToUnicodeN(NULL, 0, &n, text, sizeof(text)), STATUS_SUCCESS);
    CHECK_EQ(n, 12);
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, sizeof(wide), &n, text, sizeof(text)), STATUS_SUCCESS);
    CHECK(n == 12 && wide[3] == 0xd83d && wide[5] == 0);
    CHECK_EQ(RtlUnicodeToUTF8N(back, sizeof(back), &m, wide, n), STATUS_SUCCESS);
    CHECK_EQ(m, sizeof(text));
    CHECK_MEM(back, text, m);
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, sizeof(wide), &n, "\xc0\x80x\xe2\x82", 5),
             STATUS_SOME_NOT_MAPPED);
    CHECK_EQ(wide[0], 0xfffd);
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, 2, &n, "ab", 2), STATUS_BUFFER_TOO_SMALL);
    CHECK(n == 2 && wide[0] == 'a');
    CHECK_EQ(RtlUTF8ToUnicodeN(NULL, 0, NULL, "ab", 2), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, 2, &n, NULL, 2), STATUS_INVALID_PARAMETER_4);
    wide[0] = 0xd800;
    CHECK_EQ(RtlUnicodeToUTF8N(back, sizeof(back), &m, wide, 2), STATUS_SOME_NOT_MAPPED);
    CHECK_EQ(RtlUnicodeToUTF8N(back, 1, &m, L"\u00e4", 2), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlUnicodeToUTF8N(NULL, 0, NULL, wide, 2), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeToUTF8N(back, 1, &m, NULL, 2), STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(RtlUnicodeToUTF8N(back, 1, &m, wide, 3), STATUS_INVALID_PARAMETER_5);
}

TEST(copies_in_new_memory)
{
    DDI_SHOWS(RtlCreateUnicodeString, RESULTS | ERRORS);
    UNICODE_STRING from = RTL_CONSTANT_STRING(L"abc"), empty = {0}, to;
    make_long();
    CHECK(RtlCreateUnicodeString(&to, L"abc") && is(&to, L"abc") && to.Buffer != from.Buffer);
    RtlFreeUnicodeString(&to);
    CHECK(!RtlCreateUnicodeString(&to, wide_long));
    CHECK_EQ(RtlDuplicateUnicodeString(1, &from, &to), STATUS_SUCCESS);
    CHECK(is(&to, L"abc") && to.MaximumLength == 8 && to.Buffer[3] == 0);
    RtlFreeUnicodeString(&to);
    CHECK_EQ(RtlDuplicateUnicodeString(0, &empty, &to), STATUS_SUCCESS);
    CHECK(to.Buffer == NULL);
    CHECK_EQ(RtlDuplicateUnicodeString(3, &empty, &to), STATUS_SUCCESS);
    CHECK(to.Buffer != NULL && to.Buffer[0] == 0 && to.MaximumLength == 2);
    RtlFreeUnicodeString(&to);
    CHECK_EQ(RtlDuplicateUnicodeString(2, &from, &to), STATUS_INVALID_PARAMETER);
}

// --- IRQL

static WCHAR irql_room[8];
static CHAR irql_narrow[8];
static UNICODE_STRING u = {0, sizeof(irql_room), irql_room}, no_unicode,
                      text = RTL_CONSTANT_STRING(L"text");
static ANSI_STRING a = {0, sizeof(irql_narrow), irql_narrow}, no_ansi,
                   ansi = RTL_CONSTANT_STRING("text");
static ULONG used;

DDI_IRQL_MAX(RtlInitUTF8StringEx, DISPATCH_LEVEL, RtlInitUTF8StringEx(&no_ansi, NULL))
DDI_IRQL_MAX(RtlAppendStringToString, APC_LEVEL, RtlAppendStringToString(&a, &no_ansi))
DDI_IRQL_MAX(RtlCompareUnicodeString, PASSIVE_LEVEL, RtlCompareUnicodeString(&u, &text, TRUE))
DDI_IRQL_MAX(RtlEqualUnicodeString, PASSIVE_LEVEL, RtlEqualUnicodeString(&u, &text, TRUE))
DDI_IRQL_MAX(RtlPrefixUnicodeString, PASSIVE_LEVEL, RtlPrefixUnicodeString(&u, &text, TRUE))
DDI_IRQL_MAX(RtlCompareString, PASSIVE_LEVEL, RtlCompareString(&a, &ansi, TRUE))
DDI_IRQL_MAX(RtlEqualString, PASSIVE_LEVEL, RtlEqualString(&a, &ansi, TRUE))
DDI_IRQL_MAX(RtlUpcaseUnicodeChar, APC_LEVEL, RtlUpcaseUnicodeChar('x'))
DDI_IRQL_MAX(RtlDowncaseUnicodeChar, PASSIVE_LEVEL, RtlDowncaseUnicodeChar('x'))
DDI_IRQL_MAX(RtlUpperChar, APC_LEVEL, RtlUpperChar('x'))
DDI_IRQL_MAX(RtlUpperString, APC_LEVEL, RtlUpperString(&a, &ansi))
DDI_IRQL_MAX(RtlUpcaseUnicodeString, APC_LEVEL, RtlUpcaseUnicodeString(&u, &text, FALSE))
DDI_IRQL_MAX(RtlDowncaseUnicodeString, APC_LEVEL, RtlDowncaseUnicodeString(&u, &text, FALSE))
DDI_IRQL_MAX(RtlAnsiStringToUnicodeString, PASSIVE_LEVEL,
             RtlAnsiStringToUnicodeString(&u, &ansi, FALSE))
DDI_IRQL_MAX(RtlUnicodeStringToAnsiString, PASSIVE_LEVEL,
             RtlUnicodeStringToAnsiString(&a, &text, FALSE))
DDI_IRQL_MAX(RtlxAnsiStringToUnicodeSize, PASSIVE_LEVEL, RtlxAnsiStringToUnicodeSize(&a))
DDI_IRQL_MAX(RtlxUnicodeStringToAnsiSize, PASSIVE_LEVEL, RtlxUnicodeStringToAnsiSize(&u))
DDI_IRQL_MAX_MACRO(RtlAnsiStringToUnicodeSize, PASSIVE_LEVEL, RtlAnsiStringToUnicodeSize(&a))
DDI_IRQL_MAX_MACRO(RtlUnicodeStringToAnsiSize, PASSIVE_LEVEL, RtlUnicodeStringToAnsiSize(&u))
DDI_IRQL_MAX(RtlUTF8StringToUnicodeString, PASSIVE_LEVEL,
             RtlUTF8StringToUnicodeString(&u, &ansi, FALSE))
DDI_IRQL_MAX(RtlUnicodeStringToUTF8String, PASSIVE_LEVEL,
             RtlUnicodeStringToUTF8String(&a, &text, FALSE))
DDI_IRQL_MAX(RtlUTF8ToUnicodeN, PASSIVE_LEVEL, RtlUTF8ToUnicodeN(irql_room, 4, &used, "x", 1))
DDI_IRQL_MAX(RtlUnicodeToUTF8N, PASSIVE_LEVEL, RtlUnicodeToUTF8N(irql_narrow, 4, &used, L"x", 2))
DDI_IRQL_MAX(RtlCreateUnicodeString, PASSIVE_LEVEL, RtlCreateUnicodeString(&no_unicode, L"x"))
DDI_IRQL_MAX(RtlFreeUnicodeString, APC_LEVEL, RtlFreeUnicodeString(&no_unicode))
DDI_IRQL_MAX(RtlFreeAnsiString, APC_LEVEL, RtlFreeAnsiString(&no_ansi))
DDI_IRQL_MAX(RtlFreeUTF8String, PASSIVE_LEVEL, RtlFreeUTF8String(&no_ansi))
