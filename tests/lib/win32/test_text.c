// SPDX-License-Identifier: MIT
// Formats of the Windows C library, sscanf_s, strsafe.h: results and errors.
#include "ash_test.h"
#include "format.h"
#include <strsafe.h>
#undef main

static char buffer[1024];

static int print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = w32_format(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    return length;
}

static int wide(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = w32_format_wide(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    return length;
}

static int scan(const char *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = w32_scan(text, format, true, arguments);
    va_end(arguments);
    return count;
}

TEST(a_long_has_32_bits)
{
    CHECK_EQ(print("%ld %lu %lx", -1, 0xfffffffeu, 0x89abcdefu), 22);
    CHECK_STR(buffer, "-1 4294967294 89abcdef");
    print("%d|%5d|%-5d|%05d|%+d|% d|%x|%#X|%o", -7, 42, 42, 42, 42, 42, 255, 255, 8);
    CHECK_STR(buffer, "-7|   42|42   |00042|+42| 42|ff|0XFF|10");
    print("%hd %hu %hhd %hhx", 0x12345, 0x12345, 0x180, 0x1ff);
    CHECK_STR(buffer, "9029 9029 -128 ff");
}

TEST(sizes_that_only_windows_has)
{
    print("%I64d %I64x %I32d %Iu %Ix", -5000000000ll, 0x123456789abcdefull, -3, (size_t)7,
          (size_t)0xffffffffffull);
    CHECK_STR(buffer, "-5000000000 123456789abcdef -3 7 ffffffffff");
    print("%lld %llu %zu %jd", -1ll, ~0ull, (size_t)9, (intmax_t)-9);
    CHECK_STR(buffer, "-1 18446744073709551615 9 -9");
    print("%p", (void *)0x1234abcd);
    CHECK_STR(buffer, "000000001234ABCD");
}

TEST(strings_of_both_kinds)
{
    print("%s|%S|%ws|%ls|%hs|%c|%C|%wc", "n", L"wide", L"w\u00e4s", L"ls", "hs", 'c', L'C', L'w');
    CHECK_STR(buffer, "n|wide|w\303\244s|ls|hs|c|C|w");
    wide("%s|%S|%hs|%ls", L"wide", "narrow", "h", L"l");
    CHECK_STR(buffer, "wide|narrow|h|l");
    print("%10s|%-10s|%.2s|%*s|%.*s|%s|%S", "ab", "ab", "abc", 4, "x", 1, "yz", (char *)0,
          (WCHAR *)0);
    CHECK_STR(buffer, "        ab|ab        |ab|   x|y|(null)|(null)");
    print("%6S|%-6S|%.1S", L"ab", L"ab", L"ab");
    CHECK_STR(buffer, "    ab|ab    |a");
    print("%S", L"\xd83d\xde00");
    CHECK_STR(buffer, "\360\237\230\200");
}

TEST(other_conversions)
{
    print("%f %.1f %e %g", 1.5, 0.25, 12345.0, 0.0001);
    CHECK_STR(buffer, "1.500000 0.2 1.234500e+04 0.0001");
    print("100%% %q %");
    CHECK_STR(buffer, "100% q ");
}

TEST(what_does_not_fit_is_cut_and_terminated)
{
    CHECK_EQ(StringCbPrintfA(buffer, 4, "%s", "abcdef"), STRSAFE_E_INSUFFICIENT_BUFFER);
    CHECK_STR(buffer, "abc");
    CHECK_EQ(StringCbPrintfA(buffer, 7, "%s", "abcdef"), S_OK);
    CHECK_EQ(StringCbPrintfA(buffer, 0, "x"), STRSAFE_E_INVALID_PARAMETER);
}

TEST(sscanf_s_reads_what_windows_programs_write)
{
    float f = 0;
    double d = 0;
    int a = 0;
    unsigned x = 0;
    long long big = 0;
    short h = 0;
    char s[4] = "", c = 0;
    CHECK_EQ(scan("0.25 7", "%f %d", &f, &a), 2);
    CHECK(f == 0.25f && a == 7);
    CHECK_EQ(scan("1e3,-12,ff", "%lf,%ld,%lx", &d, &a, &x), 3);
    CHECK(d == 1000 && a == -12 && x == 0xff);
    CHECK_EQ(scan("123456789012 5", "%I64d %hd", &big, &h), 2);
    CHECK(big == 123456789012ll && h == 5);
    CHECK_EQ(scan("abc", "%s", s, 4u), 1);
    CHECK_STR(s, "abc");
    CHECK_EQ(scan("abcd", "%s", s, 4u), 0); /* with its zero it does not fit */
    CHECK_STR(s, "");
    CHECK_EQ(scan("xyz", "%c%2s", &c, 1u, s, 4u), 2);
    CHECK(c == 'x');
    CHECK_STR(s, "yz");
    CHECK_EQ(scan("a-b]c", "%[^]]]", s, 4u), 1);
    CHECK_STR(s, "a-b");
    CHECK_EQ(scan("12345", "%2d%*d", &a), 1);
    CHECK_EQ(a, 12);
    CHECK_EQ(scan("", "%d", &a), -1);
    CHECK_EQ(scan("x", "%d", &a), 0);
    CHECK_EQ(scan("7%8", "%d%%%d", &a, &x), 2);
    CHECK_EQ(x, 8);
}

TEST(safe_copies)
{
    CHECK_EQ(StringCbCopyA(buffer, 4, "abc"), S_OK);
    CHECK_EQ(StringCbCopyA(buffer, 3, "abc"), STRSAFE_E_INSUFFICIENT_BUFFER);
    CHECK_STR(buffer, "ab");
    CHECK_EQ(StringCbCopyA(buffer, 0, "abc"), STRSAFE_E_INVALID_PARAMETER);
    CHECK_EQ(StringCbCatA(buffer, 6, "cde"), S_OK);
    CHECK_STR(buffer, "abcde");
    CHECK_EQ(StringCbCatA(buffer, 7, "fgh"), STRSAFE_E_INSUFFICIENT_BUFFER);
    CHECK_STR(buffer, "abcdef");
    CHECK_EQ(StringCbCatA(buffer, 6, "x"), STRSAFE_E_INVALID_PARAMETER); /* not terminated */
    CHECK_EQ(StringCbCopyNA(buffer, 9, "abcdef", 2), S_OK);
    CHECK_STR(buffer, "ab");
    size_t length = 9;
    CHECK_EQ(StringCbLengthA("abc", 4, &length), S_OK);
    CHECK_EQ(length, 3);
    CHECK_EQ(StringCbLengthA("abc", 3, &length), STRSAFE_E_INVALID_PARAMETER);
    WCHAR w[4];
    CHECK_EQ(StringCchCopyW(w, 4, L"abc"), S_OK);
    CHECK_EQ(StringCbCatW(w, sizeof(w), L"d"), STRSAFE_E_INSUFFICIENT_BUFFER);
    CHECK_EQ(w32_wcscmp(w, L"abc"), 0);
}

TEST(secure_c_functions)
{
    CHECK_EQ(strcpy_s(buffer, 4, "abc"), 0);
    CHECK_EQ(strcat_s(buffer, 4, "d"), 34);
    CHECK_STR(buffer, "");
    CHECK_EQ(strcpy_s(buffer, 3, "abc"), 34);
    CHECK_EQ(strcpy_s(NULL, 3, "abc"), 22);
    CHECK_EQ(strncpy_s(buffer, 4, "abcdef", 3), 0);
    CHECK_STR(_strupr(buffer), "ABC");
    CHECK_STR(_strlwr(buffer), "abc");
}
