// SPDX-License-Identifier: MIT
//
// Run-time library: strings, conversions, formats with their Windows meaning, bitmaps, dates,
// GUIDs, name expressions.

#include "ddi_test.h"
#include <ntifs.h>
#include <ntstrsafe.h>

static bool equals(PCUNICODE_STRING s, PCWSTR text)
{
    UNICODE_STRING other;
    RtlInitUnicodeString(&other, text);
    return RtlEqualUnicodeString(s, &other, FALSE);
}

TEST(format_has_the_windows_meaning)
{
    char out[128];
    UNICODE_STRING u = RTL_CONSTANT_STRING(L"wide");
    ANSI_STRING a = RTL_CONSTANT_STRING("ansi");
    DdkFormat(out, sizeof(out), "%ld %lx %I64d %lu", -5, 0xffffffffu, -1LL, 7u);
    CHECK_STR(out, "-5 ffffffff -1 7");
    DdkFormat(out, sizeof(out), "%ws|%S|%wZ|%Z|%s|%hs", L"a", L"b", &u, &a, "c", "d");
    CHECK_STR(out, "a|b|wide|ansi|c|d");
    DdkFormat(out, sizeof(out), "%5d|%-5d|%05d|%+d|%#x|%.3d|%%", 42, 42, 42, 42, 42, 7);
    CHECK_STR(out, "   42|42   |00042|+42|0x2a|007|%");
    DdkFormat(out, sizeof(out), "%p %Ix %zx", (void *)0x1234, (SIZE_T)0x10, (SIZE_T)0x20);
    CHECK_STR(out, "0000000000001234 10 20");
    DdkFormat(out, sizeof(out), "%.2s|%8s|%-4s|%c|%s", "abcdef", "x", "y", 'z', NULL);
    CHECK_STR(out, "ab|       x|y   |z|(null)");
    DdkFormat(out, sizeof(out), "%I64x %hhx %hu %llu %*d", 0x123456789abcdefull, 0x1ff, 0x1ffff,
              5ull, 4, 9);
    CHECK_STR(out, "123456789abcdef ff 65535 5    9");
}

TEST(format_never_leaves_its_buffer)
{
    char out[8];
    memset(out, 'x', sizeof(out));
    CHECK_EQ(DdkFormat(out, 5, "%s", "longer"), -1);
    CHECK_STR(out, "long");
    CHECK_EQ(out[5], 'x');
}

TEST(safe_strings_terminate_and_report)
{
    DDI_SHOWS(RtlStringCbCopyA, RESULTS);
    DDI_SHOWS(RtlStringCchCopyA, ERRORS);
    DDI_SHOWS(RtlStringCchCopyW, RESULTS);
    DDI_SHOWS(RtlStringCbCatW, ERRORS);
    DDI_SHOWS(RtlStringCbLengthW, RESULTS);
    DDI_SHOWS(RtlStringCchPrintfA, RESULTS);
    DDI_SHOWS(RtlStringCbPrintfW, RESULTS);
    DDI_SHOWS(RtlStringCchLengthA, ERRORS);
    CHAR a[6];
    WCHAR w[6];
    SIZE_T n;
    CHECK_EQ(RtlStringCbCopyA(a, sizeof(a), "hello world"), STATUS_BUFFER_OVERFLOW);
    CHECK_STR(a, "hello");
    CHECK_EQ(RtlStringCchCopyA(a, 0, "x"), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlStringCchCopyW(w, 6, L"abc"), STATUS_SUCCESS);
    CHECK_EQ(RtlStringCbCatW(w, sizeof(w), L"defg"), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(RtlStringCbLengthW(w, sizeof(w), &n), STATUS_SUCCESS);
    CHECK_EQ(n, 10);
    CHECK_EQ(RtlStringCchPrintfA(a, 6, "%d", 12345), STATUS_SUCCESS);
    CHECK_EQ(RtlStringCbPrintfW(w, sizeof(w), L"%s%d", L"ab", 7), STATUS_SUCCESS);
    CHECK(w[0] == 'a' && w[2] == '7' && w[3] == 0);
    CHECK_EQ(RtlStringCchLengthA("abc", 3, &n), STATUS_INVALID_PARAMETER);
}

TEST(unicode_strings_count_bytes)
{
    DDI_SHOWS(RtlInitUnicodeString, RESULTS);
    DDI_SHOWS(RtlAppendUnicodeStringToString, RESULTS);
    DDI_SHOWS(RtlAppendUnicodeToString, RESULTS | ERRORS);
    DDI_SHOWS(RtlCopyUnicodeString, RESULTS);
    WCHAR buffer[8];
    UNICODE_STRING to = {0, sizeof(buffer), buffer}, s;
    RtlInitUnicodeString(&s, L"abc");
    CHECK_EQ(s.Length, 6);
    CHECK_EQ(s.MaximumLength, 8);
    CHECK_EQ(RtlAppendUnicodeStringToString(&to, &s), STATUS_SUCCESS);
    CHECK_EQ(RtlAppendUnicodeToString(&to, L"defgh"), STATUS_SUCCESS);
    CHECK_EQ(RtlAppendUnicodeToString(&to, L"i"), STATUS_BUFFER_TOO_SMALL);
    CHECK(equals(&to, L"abcdefgh"));
    to.MaximumLength = 4;
    RtlCopyUnicodeString(&to, &s);
    CHECK_EQ(to.Length, 4);
    RtlInitUnicodeString(&s, NULL);
    CHECK(s.Length == 0 && s.Buffer == NULL);
}

TEST(comparison_ignores_case_beyond_ascii)
{
    DDI_SHOWS(RtlEqualUnicodeString, RESULTS);
    DDI_SHOWS(RtlPrefixUnicodeString, RESULTS);
    DDI_SHOWS(RtlDowncaseUnicodeChar, RESULTS);
    DDI_SHOWS(RtlUpcaseUnicodeChar, RESULTS);
    UNICODE_STRING a = RTL_CONSTANT_STRING(L"Stra\u00dfe \u00c4\u03a9\u0416"),
                   b = RTL_CONSTANT_STRING(L"sTRA\u00dfE \u00e4\u03c9\u0436");
    UNICODE_STRING p = RTL_CONSTANT_STRING(L"STRA");
    CHECK(!RtlEqualUnicodeString(&a, &b, FALSE));
    CHECK(RtlEqualUnicodeString(&a, &b, TRUE));
    CHECK(RtlPrefixUnicodeString(&p, &b, TRUE));
    for (ULONG c = 0; c < 0x10000; c++) {
        WCHAR down = RtlDowncaseUnicodeChar((WCHAR)c);
        CHECK(down == c || RtlUpcaseUnicodeChar(down) == (WCHAR)c);
    }
}

TEST(conversions_allocate_and_free)
{
    DDI_SHOWS(RtlAnsiStringToUnicodeString, RESULTS);
    DDI_SHOWS(RtlUnicodeStringToAnsiString, RESULTS);
    DDI_SHOWS(RtlFreeUnicodeString, RESULTS);
    DDI_SHOWS(RtlFreeAnsiString, RESULTS);
    ANSI_STRING a = RTL_CONSTANT_STRING("gr\xfc\xdf"), back;
    UNICODE_STRING u;
    CHECK_EQ(RtlAnsiStringToUnicodeString(&u, &a, TRUE), STATUS_SUCCESS);
    CHECK_EQ(u.Length, 8);
    CHECK_EQ(u.Buffer[2], 0xfc);
    CHECK_EQ(RtlUnicodeStringToAnsiString(&back, &u, TRUE), STATUS_SUCCESS);
    CHECK(RtlEqualString(&a, &back, FALSE));
    RtlFreeUnicodeString(&u);
    RtlFreeAnsiString(&back);
    CHECK(u.Buffer == NULL);
}

TEST(utf8_round_trip_and_damage)
{
    DDI_SHOWS(RtlUTF8ToUnicodeN, RESULTS | ERRORS);
    DDI_SHOWS(RtlUnicodeToUTF8N, RESULTS | ERRORS);
    static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
    WCHAR wide[16];
    char back[32];
    ULONG n, m;
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, sizeof(wide), &n, text, sizeof(text)), STATUS_SUCCESS);
    CHECK_EQ(n, 12);
    CHECK_EQ(RtlUnicodeToUTF8N(back, sizeof(back), &m, wide, n), STATUS_SUCCESS);
    CHECK_EQ(m, sizeof(text));
    CHECK_MEM(back, text, m);
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, sizeof(wide), &n, "\xc0\x80x\xe2\x82", 5),
             STATUS_SOME_NOT_MAPPED);
    CHECK_EQ(wide[0], 0xfffd);
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, 2, &n, "ab", 2), STATUS_BUFFER_TOO_SMALL);
    wide[0] = 0xd800;
    CHECK_EQ(RtlUnicodeToUTF8N(back, sizeof(back), &m, wide, 2), STATUS_SOME_NOT_MAPPED);
}

TEST(integers_in_text)
{
    DDI_SHOWS(RtlUnicodeStringToInteger, RESULTS | ERRORS);
    DDI_SHOWS(RtlIntegerToUnicodeString, RESULTS | ERRORS);
    UNICODE_STRING s = RTL_CONSTANT_STRING(L"  -0x1f "), d = RTL_CONSTANT_STRING(L"123abc");
    WCHAR buffer[16];
    UNICODE_STRING out = {0, sizeof(buffer), buffer};
    ULONG value;
    CHECK_EQ(RtlUnicodeStringToInteger(&s, 0, &value), STATUS_SUCCESS);
    CHECK_EQ(value, (ULONG)-0x1f);
    CHECK_EQ(RtlUnicodeStringToInteger(&d, 10, &value), STATUS_SUCCESS);
    CHECK_EQ(value, 123);
    CHECK_EQ(RtlUnicodeStringToInteger(&d, 7, &value), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlIntegerToUnicodeString(0xbeef, 16, &out), STATUS_SUCCESS);
    CHECK(equals(&out, L"BEEF"));
    out.MaximumLength = 4;
    CHECK_EQ(RtlIntegerToUnicodeString(12345, 10, &out), STATUS_BUFFER_OVERFLOW);
}

TEST(guids_in_text)
{
    DDI_SHOWS(RtlStringFromGUID, RESULTS);
    DDI_SHOWS(RtlGUIDFromString, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(IsEqualGUID, RESULTS);
    static const GUID guid = {
        0x496B8280, 0x6F25, 0x11D0, {0xBE, 0xAF, 0x08, 0, 0x2B, 0xE2, 0x09, 0x2F}};
    GUID back;
    UNICODE_STRING s;
    CHECK_EQ(RtlStringFromGUID(&guid, &s), STATUS_SUCCESS);
    CHECK(equals(&s, L"{496b8280-6f25-11d0-beaf-08002be2092f}"));
    CHECK_EQ(RtlGUIDFromString(&s, &back), STATUS_SUCCESS);
    CHECK(IsEqualGUID(&guid, &back));
    s.Buffer[9] = 'x';
    CHECK_EQ(RtlGUIDFromString(&s, &back), STATUS_INVALID_PARAMETER);
    RtlFreeUnicodeString(&s);
}

TEST(bitmap_agrees_with_a_plain_array)
{
    DDI_SHOWS(RtlInitializeBitMap, RESULTS);
    DDI_SHOWS(RtlClearAllBits, RESULTS);
    DDI_SHOWS(RtlSetBits, RESULTS);
    DDI_SHOWS(RtlClearBits, RESULTS);
    DDI_SHOWS(RtlTestBit, RESULTS);
    DDI_SHOWS(RtlNumberOfSetBits, RESULTS);
    DDI_SHOWS(RtlFindClearBits, RESULTS);
    ULONG words[8], seed = 3;
    bool plain[250] = {0};
    RTL_BITMAP map;
    RtlInitializeBitMap(&map, words, 250);
    RtlClearAllBits(&map);
    for (int i = 0; i < 3000; i++) {
        ULONG start = RtlRandomEx(&seed) % 250, count = RtlRandomEx(&seed) % (251 - start);
        bool set = RtlRandomEx(&seed) % 2 != 0;
        set ? RtlSetBits(&map, start, count) : RtlClearBits(&map, start, count);
        for (ULONG b = start; b < start + count; b++)
            plain[b] = set;
        ULONG sum = 0;
        for (ULONG b = 0; b < 250; b++) {
            sum += plain[b];
            CHECK_EQ(RtlTestBit(&map, b), plain[b]);
        }
        CHECK_EQ(RtlNumberOfSetBits(&map), sum);
        ULONG want = RtlRandomEx(&seed) % 40 + 1, found = RtlFindClearBits(&map, want, 0),
              expected = MAXULONG;
        for (ULONG b = 0; b + want <= 250 && expected == MAXULONG; b++) {
            ULONG run = 0;
            while (run < want && !plain[b + run])
                run++;
            expected = run == want ? b : MAXULONG;
        }
        CHECK_EQ(found, expected);
    }
}

TEST(dates_go_both_ways)
{
    DDI_SHOWS(RtlTimeToTimeFields, RESULTS);
    DDI_SHOWS(RtlTimeFieldsToTime, RESULTS | ERRORS);
    TIME_FIELDS fields;
    LARGE_INTEGER time = {.QuadPart = 0}, back;
    RtlTimeToTimeFields(&time, &fields);
    CHECK(fields.Year == 1601 && fields.Month == 1 && fields.Day == 1 && fields.Weekday == 1);
    time.QuadPart = 116444736000000000LL;
    RtlTimeToTimeFields(&time, &fields);
    CHECK(fields.Year == 1970 && fields.Month == 1 && fields.Day == 1 && fields.Weekday == 4);
    ULONG seed = 11;
    for (int i = 0; i < 20000; i++) {
        time.QuadPart = ((LONGLONG)RtlRandomEx(&seed) << 29 | RtlRandomEx(&seed)) / 10000 * 10000;
        RtlTimeToTimeFields(&time, &fields);
        CHECK(RtlTimeFieldsToTime(&fields, &back));
        CHECK_EQ(back.QuadPart, time.QuadPart);
    }
    fields = (TIME_FIELDS){2023, 2, 29, 0, 0, 0, 0, 0};
    CHECK(!RtlTimeFieldsToTime(&fields, &back));
    fields.Year = 2024;
    CHECK(RtlTimeFieldsToTime(&fields, &back));
}

static BOOLEAN matches(PCWSTR expression, PCWSTR name)
{
    UNICODE_STRING e, n;
    RtlInitUnicodeString(&e, expression);
    RtlInitUnicodeString(&n, name);
    return FsRtlIsNameInExpression(&e, &n, TRUE, NULL);
}

TEST(name_expressions)
{
    DDI_SHOWS(FsRtlIsNameInExpression, RESULTS);
    CHECK(matches(L"*", L"anything.txt"));
    CHECK(matches(L"*.TXT", L"a.b.txt"));
    CHECK(!matches(L"*.txt", L"a.txt2"));
    CHECK(matches(L"a?c", L"ABC") && !matches(L"a?c", L"ac"));
    CHECK(matches(L"<.txt", L"a.b.txt"));
    CHECK(matches(L"ab>>>", L"ab") && !matches(L"ab?", L"ab"));
    CHECK(matches(L"name\"", L"name") && matches(L"name\"", L"name."));
    CHECK(matches(L"*a*b*c*", L"xxaxxbxxcxx") && !matches(L"*a*b*c*", L"xxaxxcxxbxx"));
    CHECK(!matches(L"", L"x") && matches(L"", L""));
}

TEST(dissecting_paths)
{
    DDI_SHOWS(FsRtlDissectName, RESULTS);
    UNICODE_STRING path = RTL_CONSTANT_STRING(L"\\one\\two\\three"), first, rest;
    FsRtlDissectName(path, &first, &rest);
    CHECK(equals(&first, L"one") && equals(&rest, L"two\\three"));
    FsRtlDissectName(rest, &first, &rest);
    FsRtlDissectName(rest, &first, &rest);
    CHECK(equals(&first, L"three") && rest.Length == 0);
}
