// SPDX-License-Identifier: MIT
// Routines of the C library with characters of 16 bits and formats of Windows (ddk/crt.h).
#include "ddi_test.h"

static bool same(PCWSTR a, PCWSTR b)
{
    return wcscmp(a, b) == 0;
}

TEST(wide_strings)
{
    WCHAR text[16];
    CHECK_EQ(wcslen(L"four"), 4);
    CHECK_EQ(wcsnlen(L"four", 3), 3);
    CHECK(same(wcscat(wcscpy(text, L"ab"), L"cd"), L"abcd"));
    CHECK(same(wcsncat(text, L"efgh", 2), L"abcdef"));
    text[3] = L'x';
    wcsncpy(text, L"pq", 3);
    CHECK(text[2] == 0 && text[3] == L'x');
    wcsncpy(text, L"longer", 3);
    CHECK(text[2] == L'n' && text[3] == L'x'); // no terminator when it does not fit
    CHECK(wcscmp(L"a", L"b") < 0 && wcscmp(L"b", L"a") > 0 && wcscmp(L"ab", L"a") > 0);
    CHECK_EQ(wcsncmp(L"abc", L"abd", 2), 0);
    CHECK_EQ(_wcsicmp(L"\u00c4bC", L"\u00e4Bc"), 0);
    CHECK(_wcsnicmp(L"ABX", L"aby", 2) == 0 && _wcsnicmp(L"ABX", L"aby", 3) < 0);
}

TEST(wide_searches)
{
    static const WCHAR text[] = L"\\Device\\Disk";
    CHECK(wcschr(text, L'\\') == text && wcsrchr(text, L'\\') == text + 7);
    CHECK(wcschr(text, 0) == text + 12 && wcschr(text, L'x') == NULL);
    CHECK(wcsrchr(text, L'x') == NULL);
    CHECK(wcsstr(text, L"Disk") == text + 8 && wcsstr(text, L"disk") == NULL);
    CHECK(wcsstr(text, L"") == text);
}

TEST(case_of_letters)
{
    char narrow[] = "aBc1";
    WCHAR wide[] = L"aBc1";
    CHECK_STR(_strupr(narrow), "ABC1");
    CHECK_STR(_strlwr(narrow), "abc1");
    CHECK(same(_wcsupr(wide), L"ABC1") && same(_wcslwr(wide), L"abc1"));
    CHECK(_stricmp("Name", "nAME") == 0 && _stricmp("a", "B") < 0);
    CHECK(_strnicmp("abX", "ABy", 2) == 0 && _strnicmp("abX", "ABy", 3) < 0);
}

TEST(bounded_copies)
{
    char narrow[4];
    WCHAR wide[4];
    CHECK(strcpy_s(narrow, sizeof(narrow), "abc") == 0 && strcmp(narrow, "abc") == 0);
    CHECK(strcpy_s(narrow, sizeof(narrow), "abcd") == 34 && narrow[0] == 0);
    CHECK(strcpy_s(narrow, sizeof(narrow), NULL) == 22 && strcpy_s(NULL, 4, "a") == 22);
    CHECK(strcpy_s(narrow, sizeof(narrow), "ab") == 0);
    CHECK(strcat_s(narrow, sizeof(narrow), "c") == 0 && strcmp(narrow, "abc") == 0);
    CHECK(strcat_s(narrow, sizeof(narrow), "d") == 34 && narrow[0] == 0);
    CHECK(strncpy_s(narrow, sizeof(narrow), "abcdef", 2) == 0 && strcmp(narrow, "ab") == 0);
    CHECK(strncpy_s(narrow, sizeof(narrow), "abcdef", _TRUNCATE) == 80);
    CHECK_STR(narrow, "abc");
    RtlFillMemory(narrow, sizeof(narrow), 'x'); // no terminator within the size
    CHECK(strcat_s(narrow, sizeof(narrow), "a") == 22);
    CHECK(wcscpy_s(wide, 4, L"abc") == 0 && same(wide, L"abc"));
    CHECK(wcscat_s(wide, 4, L"d") == 34 && wide[0] == 0);
    CHECK(wcscat_s(wide, 4, L"d") == 0 && same(wide, L"d"));
    CHECK(wcsncpy_s(wide, 4, L"abcdef", 3) == 0 && same(wide, L"abc"));
    CHECK(wcsncpy_s(wide, 4, L"abcdef", 4) == 34 && wide[0] == 0);
}

TEST(formats)
{
    char narrow[32];
    WCHAR wide[32];
    CHECK_EQ(sprintf(narrow, "%lu %I64d %ws", 0xffffffffu, -5LL, L"w"), 15);
    CHECK_STR(narrow, "4294967295 -5 w");
    CHECK(_snprintf(narrow, 3, "%d", 1234) == -1 && strcmp(narrow, "12") == 0);
    CHECK(sprintf_s(narrow, 3, "%d", 1234) == -1 && narrow[0] == 0);
    CHECK(swprintf(wide, L"%s-%x", L"a", 255) == 4 && same(wide, L"a-ff"));
    CHECK(_snwprintf(wide, 3, L"%d", 1234) == -1 && same(wide, L"12"));
    CHECK(swprintf_s(wide, 3, L"%d", 1234) == -1 && wide[0] == 0);
    CHECK(swprintf_s(wide, 5, L"%d", 1234) == 4 && same(wide, L"1234"));
}
