// SPDX-License-Identifier: MIT
//
// Safe strings with A and W destinations: copying, appending, measuring. What is shown of each
// routine is in safe_strings.h.

#include "safe_strings.h"

static CHAR narrow[8];
static WCHAR wide[8];

TEST(copies_Cch_A)
{
    DDI_SHOWS(RtlStringCchCopyA, RESULTS | ERRORS);
    COPIES(RtlStringCchCopyA, CHAR, 1);
    DDI_SHOWS(RtlStringCchCopyNA, RESULTS | ERRORS);
    COPIES_N(RtlStringCchCopyNA, CHAR, 1);
    DDI_SHOWS(RtlStringCchCopyExA, RESULTS | ERRORS);
    COPIES_EX(WHOLE, RtlStringCchCopyExA, CHAR, 1);
    DDI_SHOWS(RtlStringCchCopyNExA, RESULTS | ERRORS);
    COPIES_EX(PART, RtlStringCchCopyNExA, CHAR, 1);
}

TEST(appends_Cch_A)
{
    DDI_SHOWS(RtlStringCchCatA, RESULTS | ERRORS);
    APPENDS(RtlStringCchCatA, CHAR, 1);
    DDI_SHOWS(RtlStringCchCatNA, RESULTS | ERRORS);
    APPENDS_N(RtlStringCchCatNA, CHAR, 1);
    DDI_SHOWS(RtlStringCchCatExA, RESULTS | ERRORS);
    APPENDS_EX(WHOLE, RtlStringCchCatExA, CHAR, 1);
    DDI_SHOWS(RtlStringCchCatNExA, RESULTS | ERRORS);
    APPENDS_EX(PART, RtlStringCchCatNExA, CHAR, 1);
}

TEST(copies_Cch_W)
{
    DDI_SHOWS(RtlStringCchCopyW, RESULTS | ERRORS);
    COPIES(RtlStringCchCopyW, WCHAR, 1);
    DDI_SHOWS(RtlStringCchCopyNW, RESULTS | ERRORS);
    COPIES_N(RtlStringCchCopyNW, WCHAR, 1);
    DDI_SHOWS(RtlStringCchCopyExW, RESULTS | ERRORS);
    COPIES_EX(WHOLE, RtlStringCchCopyExW, WCHAR, 1);
    DDI_SHOWS(RtlStringCchCopyNExW, RESULTS | ERRORS);
    COPIES_EX(PART, RtlStringCchCopyNExW, WCHAR, 1);
}

TEST(appends_Cch_W)
{
    DDI_SHOWS(RtlStringCchCatW, RESULTS | ERRORS);
    APPENDS(RtlStringCchCatW, WCHAR, 1);
    DDI_SHOWS(RtlStringCchCatNW, RESULTS | ERRORS);
    APPENDS_N(RtlStringCchCatNW, WCHAR, 1);
    DDI_SHOWS(RtlStringCchCatExW, RESULTS | ERRORS);
    APPENDS_EX(WHOLE, RtlStringCchCatExW, WCHAR, 1);
    DDI_SHOWS(RtlStringCchCatNExW, RESULTS | ERRORS);
    APPENDS_EX(PART, RtlStringCchCatNExW, WCHAR, 1);
}

TEST(copies_Cb_A)
{
    DDI_SHOWS(RtlStringCbCopyA, RESULTS | ERRORS);
    COPIES(RtlStringCbCopyA, CHAR, 1);
    DDI_SHOWS(RtlStringCbCopyNA, RESULTS | ERRORS);
    COPIES_N(RtlStringCbCopyNA, CHAR, 1);
    DDI_SHOWS(RtlStringCbCopyExA, RESULTS | ERRORS);
    COPIES_EX(WHOLE, RtlStringCbCopyExA, CHAR, 1);
    DDI_SHOWS(RtlStringCbCopyNExA, RESULTS | ERRORS);
    COPIES_EX(PART, RtlStringCbCopyNExA, CHAR, 1);
}

TEST(appends_Cb_A)
{
    DDI_SHOWS(RtlStringCbCatA, RESULTS | ERRORS);
    APPENDS(RtlStringCbCatA, CHAR, 1);
    DDI_SHOWS(RtlStringCbCatNA, RESULTS | ERRORS);
    APPENDS_N(RtlStringCbCatNA, CHAR, 1);
    DDI_SHOWS(RtlStringCbCatExA, RESULTS | ERRORS);
    APPENDS_EX(WHOLE, RtlStringCbCatExA, CHAR, 1);
    DDI_SHOWS(RtlStringCbCatNExA, RESULTS | ERRORS);
    APPENDS_EX(PART, RtlStringCbCatNExA, CHAR, 1);
}

TEST(copies_Cb_W)
{
    DDI_SHOWS(RtlStringCbCopyW, RESULTS | ERRORS);
    COPIES(RtlStringCbCopyW, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbCopyNW, RESULTS | ERRORS);
    COPIES_N(RtlStringCbCopyNW, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbCopyExW, RESULTS | ERRORS);
    COPIES_EX(WHOLE, RtlStringCbCopyExW, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbCopyNExW, RESULTS | ERRORS);
    COPIES_EX(PART, RtlStringCbCopyNExW, WCHAR, sizeof(WCHAR));
}

TEST(appends_Cb_W)
{
    DDI_SHOWS(RtlStringCbCatW, RESULTS | ERRORS);
    APPENDS(RtlStringCbCatW, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbCatNW, RESULTS | ERRORS);
    APPENDS_N(RtlStringCbCatNW, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbCatExW, RESULTS | ERRORS);
    APPENDS_EX(WHOLE, RtlStringCbCatExW, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbCatNExW, RESULTS | ERRORS);
    APPENDS_EX(PART, RtlStringCbCatNExW, WCHAR, sizeof(WCHAR));
}

TEST(measures)
{
    DDI_SHOWS(RtlStringCchLengthA, RESULTS | ERRORS);
    MEASURES(RtlStringCchLengthA, CHAR, 1);
    DDI_SHOWS(RtlStringCchLengthW, RESULTS | ERRORS);
    MEASURES(RtlStringCchLengthW, WCHAR, 1);
    DDI_SHOWS(RtlUnalignedStringCchLengthW, RESULTS | ERRORS);
    MEASURES(RtlUnalignedStringCchLengthW, WCHAR, 1);
    DDI_SHOWS(RtlStringCbLengthA, RESULTS | ERRORS);
    MEASURES(RtlStringCbLengthA, CHAR, 1);
    DDI_SHOWS(RtlStringCbLengthW, RESULTS | ERRORS);
    MEASURES(RtlStringCbLengthW, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlUnalignedStringCbLengthW, RESULTS | ERRORS);
    MEASURES(RtlUnalignedStringCbLengthW, WCHAR, sizeof(WCHAR));
}

TEST(unaligned_text_is_measured)
{
    CHAR raw[8] = {0};
    SIZE_T length = 0;
    memcpy(raw + 1, L"ab", 3 * sizeof(WCHAR));
    CHECK_EQ(RtlUnalignedStringCchLengthW((const WCHAR *)(const void *)(raw + 1), 3, &length), 0);
    CHECK_EQ(length, 2);
}

DDI_IRQL_MAX(RtlStringCchCopyA, PASSIVE_LEVEL, RtlStringCchCopyA(narrow, 8, "x"))
DDI_IRQL_MAX(RtlStringCchCopyNA, PASSIVE_LEVEL, RtlStringCchCopyNA(narrow, 8, "x", 8))
DDI_IRQL_MAX(RtlStringCchCopyExA, PASSIVE_LEVEL, RtlStringCchCopyExA(narrow, 8, "x", NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCchCopyNExA, PASSIVE_LEVEL,
             RtlStringCchCopyNExA(narrow, 8, "x", 8, NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCchCatA, PASSIVE_LEVEL, RtlStringCchCatA(narrow, 8, "x"))
DDI_IRQL_MAX(RtlStringCchCatNA, PASSIVE_LEVEL, RtlStringCchCatNA(narrow, 8, "x", 8))
DDI_IRQL_MAX(RtlStringCchCatExA, PASSIVE_LEVEL, RtlStringCchCatExA(narrow, 8, "x", NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCchCatNExA, PASSIVE_LEVEL,
             RtlStringCchCatNExA(narrow, 8, "x", 8, NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCchCopyW, PASSIVE_LEVEL, RtlStringCchCopyW(wide, 8, L"x"))
DDI_IRQL_MAX(RtlStringCchCopyNW, PASSIVE_LEVEL, RtlStringCchCopyNW(wide, 8, L"x", 8))
DDI_IRQL_MAX(RtlStringCchCopyExW, PASSIVE_LEVEL, RtlStringCchCopyExW(wide, 8, L"x", NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCchCopyNExW, PASSIVE_LEVEL,
             RtlStringCchCopyNExW(wide, 8, L"x", 8, NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCchCatW, PASSIVE_LEVEL, RtlStringCchCatW(wide, 8, L"x"))
DDI_IRQL_MAX(RtlStringCchCatNW, PASSIVE_LEVEL, RtlStringCchCatNW(wide, 8, L"x", 8))
DDI_IRQL_MAX(RtlStringCchCatExW, PASSIVE_LEVEL, RtlStringCchCatExW(wide, 8, L"x", NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCchCatNExW, PASSIVE_LEVEL,
             RtlStringCchCatNExW(wide, 8, L"x", 8, NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCbCopyA, PASSIVE_LEVEL, RtlStringCbCopyA(narrow, 8, "x"))
DDI_IRQL_MAX(RtlStringCbCopyNA, PASSIVE_LEVEL, RtlStringCbCopyNA(narrow, 8, "x", 8))
DDI_IRQL_MAX(RtlStringCbCopyExA, PASSIVE_LEVEL, RtlStringCbCopyExA(narrow, 8, "x", NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCbCopyNExA, PASSIVE_LEVEL,
             RtlStringCbCopyNExA(narrow, 8, "x", 8, NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCbCatA, PASSIVE_LEVEL, RtlStringCbCatA(narrow, 8, "x"))
DDI_IRQL_MAX(RtlStringCbCatNA, PASSIVE_LEVEL, RtlStringCbCatNA(narrow, 8, "x", 8))
DDI_IRQL_MAX(RtlStringCbCatExA, PASSIVE_LEVEL, RtlStringCbCatExA(narrow, 8, "x", NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCbCatNExA, PASSIVE_LEVEL,
             RtlStringCbCatNExA(narrow, 8, "x", 8, NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCbCopyW, PASSIVE_LEVEL, RtlStringCbCopyW(wide, 8, L"x"))
DDI_IRQL_MAX(RtlStringCbCopyNW, PASSIVE_LEVEL, RtlStringCbCopyNW(wide, 8, L"x", 8))
DDI_IRQL_MAX(RtlStringCbCopyExW, PASSIVE_LEVEL, RtlStringCbCopyExW(wide, 8, L"x", NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCbCopyNExW, PASSIVE_LEVEL,
             RtlStringCbCopyNExW(wide, 8, L"x", 8, NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCbCatW, PASSIVE_LEVEL, RtlStringCbCatW(wide, 8, L"x"))
DDI_IRQL_MAX(RtlStringCbCatNW, PASSIVE_LEVEL, RtlStringCbCatNW(wide, 8, L"x", 8))
DDI_IRQL_MAX(RtlStringCbCatExW, PASSIVE_LEVEL, RtlStringCbCatExW(wide, 8, L"x", NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCbCatNExW, PASSIVE_LEVEL, RtlStringCbCatNExW(wide, 8, L"x", 8, NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCchLengthA, PASSIVE_LEVEL, RtlStringCchLengthA(narrow, 8, NULL))
DDI_IRQL_MAX(RtlStringCchLengthW, PASSIVE_LEVEL, RtlStringCchLengthW(wide, 8, NULL))
DDI_IRQL_MAX(RtlUnalignedStringCchLengthW, PASSIVE_LEVEL,
             RtlUnalignedStringCchLengthW(wide, 8, NULL))
DDI_IRQL_MAX(RtlStringCbLengthA, PASSIVE_LEVEL, RtlStringCbLengthA(narrow, 8, NULL))
DDI_IRQL_MAX(RtlStringCbLengthW, PASSIVE_LEVEL, RtlStringCbLengthW(wide, 8, NULL))
DDI_IRQL_MAX(RtlUnalignedStringCbLengthW, PASSIVE_LEVEL, RtlUnalignedStringCbLengthW(wide, 8, NULL))
