// SPDX-License-Identifier: MIT
//
// Formats with their Windows meaning, name expressions, paths.

#include "ddi_test.h"
#include <ntifs.h>

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
