// SPDX-License-Identifier: MIT
//
// Safe strings: formatted text, text from a UNICODE_STRING, and the IRQL limit of all forms with A
// and W destinations.

#include "safe_strings.h"

static CHAR narrow[8];
static WCHAR wide[8];
static UNICODE_STRING counted = RTL_CONSTANT_STRING(L"abc");

// The V forms, behind an ellipsis.
#define VARIADIC(name, routine, type)                                                              \
    static NTSTATUS name(type *to, SIZE_T size, const type *format, ...)                           \
    {                                                                                              \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        NTSTATUS status = routine(to, size, format, arguments);                                    \
        va_end(arguments);                                                                         \
        return status;                                                                             \
    }
#define VARIADIC_EX(name, routine, type)                                                           \
    static NTSTATUS name(type *to, SIZE_T size, type **end, SIZE_T *rest, ULONG flags,             \
                         const type *format, ...)                                                  \
    {                                                                                              \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        NTSTATUS status = routine(to, size, end, rest, flags, format, arguments);                  \
        va_end(arguments);                                                                         \
        return status;                                                                             \
    }

VARIADIC(print_Cch_A, RtlStringCchVPrintfA, CHAR)
VARIADIC_EX(print_Cch_ex_A, RtlStringCchVPrintfExA, CHAR)
VARIADIC(print_Cch_W, RtlStringCchVPrintfW, WCHAR)
VARIADIC_EX(print_Cch_ex_W, RtlStringCchVPrintfExW, WCHAR)
VARIADIC(print_Cb_A, RtlStringCbVPrintfA, CHAR)
VARIADIC_EX(print_Cb_ex_A, RtlStringCbVPrintfExA, CHAR)
VARIADIC(print_Cb_W, RtlStringCbVPrintfW, WCHAR)
VARIADIC_EX(print_Cb_ex_W, RtlStringCbVPrintfExW, WCHAR)

#define PRINTS(routine, type, unit)                                                                \
    do {                                                                                           \
        type to[6], format[8];                                                                     \
        TEXT(format, "%d-%x");                                                                     \
        CHECK_EQ(routine(to, 6 * (unit), format, 12, 0xab), STATUS_SUCCESS);                       \
        CHECK(IS(to, "12-ab"));                                                                    \
        CHECK_EQ(routine(to, 6 * (unit), format, 1234, 0xab), STATUS_BUFFER_OVERFLOW);             \
        CHECK(IS(to, "1234-"));                                                                    \
        CHECK_EQ(routine(to, 0, format, 1, 2), STATUS_INVALID_PARAMETER);                          \
        CHECK_EQ(routine(to, TOO_MANY(unit), format, 1, 2), STATUS_INVALID_PARAMETER);             \
        CHECK_EQ(routine(NULL, 6 * (unit), format, 1, 2), STATUS_INVALID_PARAMETER);               \
        CHECK_EQ(routine(to, 6 * (unit), NULL, 1, 2), STATUS_INVALID_PARAMETER);                   \
    } while (0)
#define PRINTS_EX(routine, type, unit)                                                             \
    do {                                                                                           \
        type to[6], format[8], *end;                                                               \
        SIZE_T rest;                                                                               \
        TEXT(format, "<%d>");                                                                      \
        CHECK_EQ(routine(to, 6 * (unit), &end, &rest, STRSAFE_FILL_BYTE(0x7e), format, 1),         \
                 STATUS_SUCCESS);                                                                  \
        CHECK(IS(to, "<1>") && end == to + 3 && rest == 3 * (unit));                               \
        CHECK_EQ(((UCHAR *)to)[sizeof(to) - 1], 0x7e);                                             \
        CHECK_EQ(routine(to, 6 * (unit), &end, &rest, STRSAFE_NO_TRUNCATION, format, 123456),      \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(IS(to, "<1>") && end == to + 3 && rest == 3 * (unit));                               \
        CHECK_EQ(routine(to, 6 * (unit), &end, &rest, 0, format, 123456), STATUS_BUFFER_OVERFLOW); \
        CHECK(IS(to, "<1234") && end == to + 5 && rest == (unit));                                 \
        CHECK_EQ(routine(to, 6 * (unit), &end, &rest, STRSAFE_NULL_ON_FAILURE, format, 123456),    \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(IS(to, "") && end == to);                                                            \
        CHECK_EQ(routine(to, 6 * (unit), &end, &rest, STRSAFE_IGNORE_NULLS, NULL), 0);             \
        CHECK_EQ(routine(NULL, 0, NULL, NULL, STRSAFE_IGNORE_NULLS, NULL), STATUS_SUCCESS);        \
        CHECK_EQ(routine(NULL, 0, NULL, NULL, STRSAFE_IGNORE_NULLS, format, 1),                    \
                 STATUS_INVALID_PARAMETER);                                                        \
        CHECK_EQ(routine(to, 6 * (unit), NULL, NULL, 0x8000, format, 1),                           \
                 STATUS_INVALID_PARAMETER);                                                        \
        CHECK_EQ(routine(to, 6 * (unit), NULL, NULL, 0, NULL), STATUS_INVALID_PARAMETER);          \
    } while (0)

#define FROM_UNICODE(routine, unit)                                                                \
    do {                                                                                           \
        UNICODE_STRING odd = {3, 4, wide};                                                         \
        CHECK_EQ(routine(wide, 8 * (unit), &counted), STATUS_SUCCESS);                             \
        CHECK(IS(wide, "abc"));                                                                    \
        CHECK_EQ(routine(wide, 3 * (unit), &counted), STATUS_BUFFER_OVERFLOW);                     \
        CHECK(IS(wide, "ab"));                                                                     \
        CHECK_EQ(routine(wide, 8 * (unit), &odd), STATUS_INVALID_PARAMETER);                       \
        CHECK_EQ(routine(wide, 0, &counted), STATUS_INVALID_PARAMETER);                            \
        CHECK_EQ(routine(wide, 8 * (unit), NULL), STATUS_INVALID_PARAMETER);                       \
    } while (0)
#define FROM_UNICODE_EX(routine, unit)                                                             \
    do {                                                                                           \
        PWSTR end;                                                                                 \
        SIZE_T rest;                                                                               \
        CHECK_EQ(routine(wide, 8 * (unit), &counted, &end, &rest, 0), STATUS_SUCCESS);             \
        CHECK(IS(wide, "abc") && end == wide + 3 && rest == 5 * (unit));                           \
        CHECK_EQ(routine(wide, 3 * (unit), &counted, &end, &rest, STRSAFE_NO_TRUNCATION),          \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(IS(wide, "") && end == wide && rest == 3 * (unit));                                  \
        CHECK_EQ(routine(wide, 8 * (unit), NULL, &end, &rest, STRSAFE_IGNORE_NULLS), 0);           \
        CHECK_EQ(routine(wide, 8 * (unit), NULL, NULL, NULL, 0), STATUS_INVALID_PARAMETER);        \
        CHECK_EQ(routine(wide, 8 * (unit), &counted, NULL, NULL, 0x8000),                          \
                 STATUS_INVALID_PARAMETER);                                                        \
    } while (0)

TEST(prints_Cch_A)
{
    DDI_SHOWS(RtlStringCchPrintfA, RESULTS | ERRORS);
    PRINTS(RtlStringCchPrintfA, CHAR, 1);
    DDI_SHOWS(RtlStringCchPrintfExA, RESULTS | ERRORS);
    PRINTS_EX(RtlStringCchPrintfExA, CHAR, 1);
    DDI_SHOWS(RtlStringCchVPrintfA, RESULTS | ERRORS);
    PRINTS(print_Cch_A, CHAR, 1);
    DDI_SHOWS(RtlStringCchVPrintfExA, RESULTS | ERRORS);
    PRINTS_EX(print_Cch_ex_A, CHAR, 1);
}

TEST(prints_Cch_W)
{
    DDI_SHOWS(RtlStringCchPrintfW, RESULTS | ERRORS);
    PRINTS(RtlStringCchPrintfW, WCHAR, 1);
    DDI_SHOWS(RtlStringCchPrintfExW, RESULTS | ERRORS);
    PRINTS_EX(RtlStringCchPrintfExW, WCHAR, 1);
    DDI_SHOWS(RtlStringCchVPrintfW, RESULTS | ERRORS);
    PRINTS(print_Cch_W, WCHAR, 1);
    DDI_SHOWS(RtlStringCchVPrintfExW, RESULTS | ERRORS);
    PRINTS_EX(print_Cch_ex_W, WCHAR, 1);
}

TEST(prints_Cb_A)
{
    DDI_SHOWS(RtlStringCbPrintfA, RESULTS | ERRORS);
    PRINTS(RtlStringCbPrintfA, CHAR, 1);
    DDI_SHOWS(RtlStringCbPrintfExA, RESULTS | ERRORS);
    PRINTS_EX(RtlStringCbPrintfExA, CHAR, 1);
    DDI_SHOWS(RtlStringCbVPrintfA, RESULTS | ERRORS);
    PRINTS(print_Cb_A, CHAR, 1);
    DDI_SHOWS(RtlStringCbVPrintfExA, RESULTS | ERRORS);
    PRINTS_EX(print_Cb_ex_A, CHAR, 1);
}

TEST(prints_Cb_W)
{
    DDI_SHOWS(RtlStringCbPrintfW, RESULTS | ERRORS);
    PRINTS(RtlStringCbPrintfW, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbPrintfExW, RESULTS | ERRORS);
    PRINTS_EX(RtlStringCbPrintfExW, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbVPrintfW, RESULTS | ERRORS);
    PRINTS(print_Cb_W, WCHAR, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbVPrintfExW, RESULTS | ERRORS);
    PRINTS_EX(print_Cb_ex_W, WCHAR, sizeof(WCHAR));
}

TEST(copies_from_a_counted_string)
{
    DDI_SHOWS(RtlStringCchCopyUnicodeString, RESULTS | ERRORS);
    FROM_UNICODE(RtlStringCchCopyUnicodeString, 1);
    DDI_SHOWS(RtlStringCchCopyUnicodeStringEx, RESULTS | ERRORS);
    FROM_UNICODE_EX(RtlStringCchCopyUnicodeStringEx, 1);
    DDI_SHOWS(RtlStringCbCopyUnicodeString, RESULTS | ERRORS);
    FROM_UNICODE(RtlStringCbCopyUnicodeString, sizeof(WCHAR));
    DDI_SHOWS(RtlStringCbCopyUnicodeStringEx, RESULTS | ERRORS);
    FROM_UNICODE_EX(RtlStringCbCopyUnicodeStringEx, sizeof(WCHAR));
}

DDI_IRQL_MAX(RtlStringCchPrintfA, PASSIVE_LEVEL, RtlStringCchPrintfA(narrow, 8, "x"))
DDI_IRQL_MAX(RtlStringCchPrintfExA, PASSIVE_LEVEL,
             RtlStringCchPrintfExA(narrow, 8, NULL, NULL, 0, "x"))
DDI_IRQL_MAX(RtlStringCchVPrintfA, PASSIVE_LEVEL, print_Cch_A(narrow, 8, "x"))
DDI_IRQL_MAX(RtlStringCchVPrintfExA, PASSIVE_LEVEL, print_Cch_ex_A(narrow, 8, NULL, NULL, 0, "x"))
DDI_IRQL_MAX(RtlStringCchPrintfW, PASSIVE_LEVEL, RtlStringCchPrintfW(wide, 8, L"x"))
DDI_IRQL_MAX(RtlStringCchPrintfExW, PASSIVE_LEVEL,
             RtlStringCchPrintfExW(wide, 8, NULL, NULL, 0, L"x"))
DDI_IRQL_MAX(RtlStringCchVPrintfW, PASSIVE_LEVEL, print_Cch_W(wide, 8, L"x"))
DDI_IRQL_MAX(RtlStringCchVPrintfExW, PASSIVE_LEVEL, print_Cch_ex_W(wide, 8, NULL, NULL, 0, L"x"))
DDI_IRQL_MAX(RtlStringCbPrintfA, PASSIVE_LEVEL, RtlStringCbPrintfA(narrow, 8, "x"))
DDI_IRQL_MAX(RtlStringCbPrintfExA, PASSIVE_LEVEL,
             RtlStringCbPrintfExA(narrow, 8, NULL, NULL, 0, "x"))
DDI_IRQL_MAX(RtlStringCbVPrintfA, PASSIVE_LEVEL, print_Cb_A(narrow, 8, "x"))
DDI_IRQL_MAX(RtlStringCbVPrintfExA, PASSIVE_LEVEL, print_Cb_ex_A(narrow, 8, NULL, NULL, 0, "x"))
DDI_IRQL_MAX(RtlStringCbPrintfW, PASSIVE_LEVEL, RtlStringCbPrintfW(wide, 8, L"x"))
DDI_IRQL_MAX(RtlStringCbPrintfExW, PASSIVE_LEVEL,
             RtlStringCbPrintfExW(wide, 8, NULL, NULL, 0, L"x"))
DDI_IRQL_MAX(RtlStringCbVPrintfW, PASSIVE_LEVEL, print_Cb_W(wide, 8, L"x"))
DDI_IRQL_MAX(RtlStringCbVPrintfExW, PASSIVE_LEVEL, print_Cb_ex_W(wide, 8, NULL, NULL, 0, L"x"))
DDI_IRQL_MAX(RtlStringCchCopyUnicodeString, PASSIVE_LEVEL,
             RtlStringCchCopyUnicodeString(wide, 8, &counted))
DDI_IRQL_MAX(RtlStringCchCopyUnicodeStringEx, PASSIVE_LEVEL,
             RtlStringCchCopyUnicodeStringEx(wide, 8, &counted, NULL, NULL, 0))
DDI_IRQL_MAX(RtlStringCbCopyUnicodeString, PASSIVE_LEVEL,
             RtlStringCbCopyUnicodeString(wide, 8, &counted))
DDI_IRQL_MAX(RtlStringCbCopyUnicodeStringEx, PASSIVE_LEVEL,
             RtlStringCbCopyUnicodeStringEx(wide, 8, &counted, NULL, NULL, 0))
