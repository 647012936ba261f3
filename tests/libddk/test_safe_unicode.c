// SPDX-License-Identifier: MIT
//
// Safe strings whose destination is a UNICODE_STRING.

#include "safe_strings.h"

static WCHAR room[8];

static bool holds(PCUNICODE_STRING s, const char *ascii)
{
    if (s->Length != strlen(ascii) * sizeof(WCHAR))
        return false;
    for (ULONG i = 0; ascii[i] != 0; i++)
        if (s->Buffer[i] != (UCHAR)ascii[i])
            return false;
    return true;
}

// A destination of 6 characters with a text in it; two more characters behind it must stay.
static UNICODE_STRING target(const char *ascii)
{
    set_text(room, sizeof(WCHAR), "~~~~~~~");
    room[7] = '~';
    for (ULONG i = 0; ascii[i] != 0; i++)
        room[i] = (UCHAR)ascii[i];
    return (UNICODE_STRING){(USHORT)(strlen(ascii) * sizeof(WCHAR)), 12, room};
}

static bool untouched(void)
{
    return room[6] == '~' && room[7] == '~';
}

static UNICODE_STRING counted_short = RTL_CONSTANT_STRING(L"cde"),
                      counted_long = RTL_CONSTANT_STRING(L"cdefghij");
#define COUNTED_SHORT &counted_short
#define COUNTED_LONG  &counted_long
#define TEXT_SHORT    L"cde"
#define TEXT_LONG     L"cdefghij"

// WHOLE_U and PART_U: without and with a limit, that does not limit.
#define WHOLE_U(routine, to, from)               routine(to, from)
#define PART_U(routine, to, from)                routine(to, from, 200)
#define WHOLE_UX(routine, to, from, rest, flags) routine(to, from, rest, flags)
#define PART_UX(routine, to, from, rest, flags)  routine(to, from, 200, rest, flags)

#define COPIES_U(how, routine, source)                                                             \
    do {                                                                                           \
        UNICODE_STRING to = target("ab"), bad = {3, 12, room}, none = {0};                         \
        CHECK_EQ(how(routine, &to, source##_SHORT), STATUS_SUCCESS);                               \
        CHECK(holds(&to, "cde") && untouched());                                                   \
        CHECK_EQ(how(routine, &to, source##_LONG), STATUS_BUFFER_OVERFLOW);                        \
        CHECK(holds(&to, "cdefgh") && untouched());                                                \
        CHECK_EQ(how(routine, &bad, source##_SHORT), STATUS_INVALID_PARAMETER);                    \
        CHECK_EQ(how(routine, &none, source##_SHORT), STATUS_INVALID_PARAMETER);                   \
        CHECK_EQ(how(routine, NULL, source##_SHORT), STATUS_INVALID_PARAMETER);                    \
        CHECK_EQ(how(routine, &to, NULL), STATUS_INVALID_PARAMETER);                               \
    } while (0)

#define APPENDS_U(how, routine, source)                                                            \
    do {                                                                                           \
        UNICODE_STRING to = target("ab"), bad = {14, 12, room};                                    \
        CHECK_EQ(how(routine, &to, source##_SHORT), STATUS_SUCCESS);                               \
        CHECK(holds(&to, "abcde") && untouched());                                                 \
        CHECK_EQ(how(routine, &to, source##_LONG), STATUS_BUFFER_OVERFLOW);                        \
        CHECK(holds(&to, "abcdec") && untouched());                                                \
        CHECK_EQ(how(routine, &to, source##_SHORT), STATUS_INVALID_PARAMETER); /* full */          \
        CHECK_EQ(how(routine, &bad, source##_SHORT), STATUS_INVALID_PARAMETER);                    \
        CHECK_EQ(how(routine, NULL, source##_SHORT), STATUS_INVALID_PARAMETER);                    \
    } while (0)

// append: the destination held "ab" and keeps it under STRSAFE_NO_TRUNCATION.
#define COMMON_UX(how, routine, source, result, kept, cut)                                         \
    do {                                                                                           \
        UNICODE_STRING to = target("ab"), rest = {0};                                              \
        CHECK_EQ(how(routine, &to, source##_SHORT, &rest, STRSAFE_FILL_BEHIND | 0x2a), 0);         \
        CHECK(holds(&to, result) && untouched());                                                  \
        CHECK_EQ(((UCHAR *)room)[11], 0x2a);                                                       \
        CHECK(rest.Buffer == room + to.Length / 2 && rest.Length == 0);                            \
        CHECK_EQ(rest.MaximumLength, 12 - to.Length);                                              \
        to = target("ab");                                                                         \
        CHECK_EQ(how(routine, &to, source##_LONG, &rest, 0), STATUS_BUFFER_OVERFLOW);              \
        CHECK(holds(&to, cut) && untouched() && rest.MaximumLength == 0);                          \
        to = target("ab");                                                                         \
        CHECK_EQ(how(routine, &to, source##_LONG, &rest, STRSAFE_NO_TRUNCATION),                   \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(holds(&to, kept));                                                                   \
        CHECK_EQ(how(routine, &to, source##_LONG, &rest, STRSAFE_ZERO_LENGTH_ON_FAILURE),          \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK_EQ(to.Length, 0);                                                                    \
        CHECK_EQ(how(routine, &to, source##_LONG, &rest, STRSAFE_FILL_ON_FAILURE | 0x2a),          \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(((UCHAR *)room)[0] == 0x2a && ((UCHAR *)room)[11] == 0x2a && untouched());           \
        to = target("ab");                                                                         \
        CHECK_EQ(how(routine, &to, source##_LONG, NULL, STRSAFE_NULL_ON_FAILURE),                  \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK_EQ(to.Length, 0);                                                                    \
        CHECK_EQ(how(routine, &to, source##_SHORT, NULL, 0x8000), STATUS_INVALID_PARAMETER);       \
        CHECK_EQ(how(routine, &to, NULL, NULL, 0), STATUS_INVALID_PARAMETER);                      \
        CHECK_EQ(how(routine, NULL, source##_SHORT, NULL, STRSAFE_IGNORE_NULLS),                   \
                 STATUS_INVALID_PARAMETER);                                                        \
        CHECK_EQ(how(routine, NULL, NULL, &rest, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);           \
    } while (0)
#define COPIES_UX(how, routine, source)  COMMON_UX(how, routine, source, "cde", "", "cdefgh")
#define APPENDS_UX(how, routine, source) COMMON_UX(how, routine, source, "abcde", "ab", "abcdef")

// The limit: two characters of the source, and none that is too large.
#define LIMITS_U(routine, source, unit, result)                                                    \
    do {                                                                                           \
        UNICODE_STRING to = target("ab");                                                          \
        CHECK_EQ(routine(&to, source##_LONG, 2 * (unit)), STATUS_SUCCESS);                         \
        CHECK(holds(&to, result));                                                                 \
        CHECK_EQ(routine(&to, source##_LONG, 32768 * (SIZE_T)(unit)), STATUS_INVALID_PARAMETER);   \
    } while (0)

TEST(copies_and_appends)
{
    DDI_SHOWS(RtlUnicodeStringCopy, RESULTS | ERRORS);
    COPIES_U(WHOLE_U, RtlUnicodeStringCopy, COUNTED);
    DDI_SHOWS(RtlUnicodeStringCopyEx, RESULTS | ERRORS);
    COPIES_UX(WHOLE_UX, RtlUnicodeStringCopyEx, COUNTED);
    DDI_SHOWS(RtlUnicodeStringCopyString, RESULTS | ERRORS);
    COPIES_U(WHOLE_U, RtlUnicodeStringCopyString, TEXT);
    DDI_SHOWS(RtlUnicodeStringCopyStringEx, RESULTS | ERRORS);
    COPIES_UX(WHOLE_UX, RtlUnicodeStringCopyStringEx, TEXT);
    DDI_SHOWS(RtlUnicodeStringCat, RESULTS | ERRORS);
    APPENDS_U(WHOLE_U, RtlUnicodeStringCat, COUNTED);
    DDI_SHOWS(RtlUnicodeStringCatEx, RESULTS | ERRORS);
    APPENDS_UX(WHOLE_UX, RtlUnicodeStringCatEx, COUNTED);
    DDI_SHOWS(RtlUnicodeStringCatString, RESULTS | ERRORS);
    APPENDS_U(WHOLE_U, RtlUnicodeStringCatString, TEXT);
    DDI_SHOWS(RtlUnicodeStringCatStringEx, RESULTS | ERRORS);
    APPENDS_UX(WHOLE_UX, RtlUnicodeStringCatStringEx, TEXT);
}

TEST(limited_Cch)
{
    DDI_SHOWS(RtlUnicodeStringCchCopyN, RESULTS | ERRORS);
    COPIES_U(PART_U, RtlUnicodeStringCchCopyN, COUNTED);
    LIMITS_U(RtlUnicodeStringCchCopyN, COUNTED, 1, "cd");
    DDI_SHOWS(RtlUnicodeStringCchCopyNEx, RESULTS | ERRORS);
    COPIES_UX(PART_UX, RtlUnicodeStringCchCopyNEx, COUNTED);
    DDI_SHOWS(RtlUnicodeStringCchCopyStringN, RESULTS | ERRORS);
    COPIES_U(PART_U, RtlUnicodeStringCchCopyStringN, TEXT);
    LIMITS_U(RtlUnicodeStringCchCopyStringN, TEXT, 1, "cd");
    DDI_SHOWS(RtlUnicodeStringCchCopyStringNEx, RESULTS | ERRORS);
    COPIES_UX(PART_UX, RtlUnicodeStringCchCopyStringNEx, TEXT);
    DDI_SHOWS(RtlUnicodeStringCchCatN, RESULTS | ERRORS);
    APPENDS_U(PART_U, RtlUnicodeStringCchCatN, COUNTED);
    LIMITS_U(RtlUnicodeStringCchCatN, COUNTED, 1, "abcd");
    DDI_SHOWS(RtlUnicodeStringCchCatNEx, RESULTS | ERRORS);
    APPENDS_UX(PART_UX, RtlUnicodeStringCchCatNEx, COUNTED);
    DDI_SHOWS(RtlUnicodeStringCchCatStringN, RESULTS | ERRORS);
    APPENDS_U(PART_U, RtlUnicodeStringCchCatStringN, TEXT);
    LIMITS_U(RtlUnicodeStringCchCatStringN, TEXT, 1, "abcd");
    DDI_SHOWS(RtlUnicodeStringCchCatStringNEx, RESULTS | ERRORS);
    APPENDS_UX(PART_UX, RtlUnicodeStringCchCatStringNEx, TEXT);
}

TEST(limited_Cb)
{
    DDI_SHOWS(RtlUnicodeStringCbCopyN, RESULTS | ERRORS);
    COPIES_U(PART_U, RtlUnicodeStringCbCopyN, COUNTED);
    LIMITS_U(RtlUnicodeStringCbCopyN, COUNTED, sizeof(WCHAR), "cd");
    DDI_SHOWS(RtlUnicodeStringCbCopyNEx, RESULTS | ERRORS);
    COPIES_UX(PART_UX, RtlUnicodeStringCbCopyNEx, COUNTED);
    DDI_SHOWS(RtlUnicodeStringCbCopyStringN, RESULTS | ERRORS);
    COPIES_U(PART_U, RtlUnicodeStringCbCopyStringN, TEXT);
    LIMITS_U(RtlUnicodeStringCbCopyStringN, TEXT, sizeof(WCHAR), "cd");
    DDI_SHOWS(RtlUnicodeStringCbCopyStringNEx, RESULTS | ERRORS);
    COPIES_UX(PART_UX, RtlUnicodeStringCbCopyStringNEx, TEXT);
    DDI_SHOWS(RtlUnicodeStringCbCatN, RESULTS | ERRORS);
    APPENDS_U(PART_U, RtlUnicodeStringCbCatN, COUNTED);
    LIMITS_U(RtlUnicodeStringCbCatN, COUNTED, sizeof(WCHAR), "abcd");
    DDI_SHOWS(RtlUnicodeStringCbCatNEx, RESULTS | ERRORS);
    APPENDS_UX(PART_UX, RtlUnicodeStringCbCatNEx, COUNTED);
    DDI_SHOWS(RtlUnicodeStringCbCatStringN, RESULTS | ERRORS);
    APPENDS_U(PART_U, RtlUnicodeStringCbCatStringN, TEXT);
    LIMITS_U(RtlUnicodeStringCbCatStringN, TEXT, sizeof(WCHAR), "abcd");
    DDI_SHOWS(RtlUnicodeStringCbCatStringNEx, RESULTS | ERRORS);
    APPENDS_UX(PART_UX, RtlUnicodeStringCbCatStringNEx, TEXT);
}

static NTSTATUS print_v(PUNICODE_STRING to, PCWSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    NTSTATUS status = RtlUnicodeStringVPrintf(to, format, arguments);
    va_end(arguments);
    return status;
}

static NTSTATUS print_v_ex(PUNICODE_STRING to, PUNICODE_STRING rest, ULONG flags, PCWSTR format,
                           ...)
{
    va_list arguments;
    va_start(arguments, format);
    NTSTATUS status = RtlUnicodeStringVPrintfEx(to, rest, flags, format, arguments);
    va_end(arguments);
    return status;
}

#define PRINTS_U(routine)                                                                          \
    do {                                                                                           \
        UNICODE_STRING to = target("old"), none = {0};                                             \
        CHECK_EQ(routine(&to, L"%s%d", L"x", 42), STATUS_SUCCESS);                                 \
        CHECK(holds(&to, "x42") && untouched());                                                   \
        CHECK_EQ(routine(&to, L"%d", 12345678), STATUS_BUFFER_OVERFLOW);                           \
        CHECK(holds(&to, "123456") && untouched());                                                \
        CHECK_EQ(routine(&none, L"x"), STATUS_INVALID_PARAMETER);                                  \
        CHECK_EQ(routine(NULL, L"x"), STATUS_INVALID_PARAMETER);                                   \
        CHECK_EQ(routine(&to, NULL), STATUS_INVALID_PARAMETER);                                    \
    } while (0)
#define PRINTS_UX(routine)                                                                         \
    do {                                                                                           \
        UNICODE_STRING to = target("old"), rest;                                                   \
        CHECK_EQ(routine(&to, &rest, 0, L"%d", 42), STATUS_SUCCESS);                               \
        CHECK(holds(&to, "42") && rest.Buffer == room + 2 && rest.MaximumLength == 8);             \
        CHECK_EQ(routine(&to, &rest, STRSAFE_NO_TRUNCATION, L"%d", 12345678),                      \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(holds(&to, "42"));                                                                   \
        CHECK_EQ(routine(&to, &rest, STRSAFE_ZERO_LENGTH_ON_FAILURE, L"%d", 12345678),             \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK_EQ(to.Length, 0);                                                                    \
        CHECK_EQ(routine(&to, &rest, 0x8000, L"x"), STATUS_INVALID_PARAMETER);                     \
        CHECK_EQ(routine(&to, &rest, 0, NULL), STATUS_INVALID_PARAMETER);                          \
        CHECK_EQ(routine(NULL, &rest, STRSAFE_IGNORE_NULLS, NULL), STATUS_SUCCESS);                \
        CHECK_EQ(routine(NULL, &rest, STRSAFE_IGNORE_NULLS, L"x"), STATUS_INVALID_PARAMETER);      \
    } while (0)

TEST(prints)
{
    DDI_SHOWS(RtlUnicodeStringPrintf, RESULTS | ERRORS);
    PRINTS_U(RtlUnicodeStringPrintf);
    DDI_SHOWS(RtlUnicodeStringVPrintf, RESULTS | ERRORS);
    PRINTS_U(print_v);
    DDI_SHOWS(RtlUnicodeStringPrintfEx, RESULTS | ERRORS);
    PRINTS_UX(RtlUnicodeStringPrintfEx);
    DDI_SHOWS(RtlUnicodeStringVPrintfEx, RESULTS | ERRORS);
    PRINTS_UX(print_v_ex);
}

TEST(initialises_without_copying)
{
    DDI_SHOWS(RtlUnicodeStringInit, RESULTS | ERRORS);
    DDI_SHOWS(RtlUnicodeStringInitEx, RESULTS | ERRORS);
    static WCHAR text[32769];
    UNICODE_STRING s;
    CHECK_EQ(RtlUnicodeStringInit(&s, L"abc"), STATUS_SUCCESS);
    CHECK(holds(&s, "abc") && s.MaximumLength == 8);
    CHECK_EQ(RtlUnicodeStringInit(&s, NULL), STATUS_SUCCESS);
    CHECK(s.Length == 0 && s.MaximumLength == 0 && s.Buffer == NULL);
    for (ULONG i = 0; i < 32768; i++)
        text[i] = 'x';
    CHECK_EQ(RtlUnicodeStringInit(&s, text), STATUS_INVALID_PARAMETER);
    text[32767] = 0;
    CHECK_EQ(RtlUnicodeStringInit(&s, text), STATUS_SUCCESS);
    CHECK_EQ(s.Length, 65534);
    CHECK_EQ(RtlUnicodeStringInit(NULL, L"abc"), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringInitEx(&s, L"abc", 0), STATUS_SUCCESS);
    CHECK_EQ(RtlUnicodeStringInitEx(NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK_EQ(RtlUnicodeStringInitEx(NULL, L"abc", STRSAFE_IGNORE_NULLS), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringInitEx(&s, L"abc", 0x8000), STATUS_INVALID_PARAMETER);
}

TEST(validates)
{
    DDI_SHOWS(RtlUnicodeStringValidate, RESULTS | ERRORS);
    DDI_SHOWS(RtlUnicodeStringValidateEx, RESULTS | ERRORS);
    UNICODE_STRING bad[] = {{1, 4, room}, {2, 5, room}, {6, 4, room}, {0, 4, NULL}};
    UNICODE_STRING empty = {0};
    CHECK_EQ(RtlUnicodeStringValidate(&counted_short), STATUS_SUCCESS);
    CHECK_EQ(RtlUnicodeStringValidate(&empty), STATUS_SUCCESS);
    for (ULONG i = 0; i < ARRAYSIZE(bad); i++)
        CHECK_EQ(RtlUnicodeStringValidate(&bad[i]), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringValidate(NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringValidateEx(NULL, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringValidateEx(NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK_EQ(RtlUnicodeStringValidateEx(&counted_short, 0x8000), STATUS_INVALID_PARAMETER);
}

static UNICODE_STRING irql_string = {0, sizeof(room), room}, pointed;
DDI_IRQL_MAX(RtlUnicodeStringCopy, PASSIVE_LEVEL,
             RtlUnicodeStringCopy(&irql_string, &counted_short))
DDI_IRQL_MAX(RtlUnicodeStringCopyEx, PASSIVE_LEVEL,
             RtlUnicodeStringCopyEx(&irql_string, &counted_short, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCopyString, PASSIVE_LEVEL,
             RtlUnicodeStringCopyString(&irql_string, L"x"))
DDI_IRQL_MAX(RtlUnicodeStringCopyStringEx, PASSIVE_LEVEL,
             RtlUnicodeStringCopyStringEx(&irql_string, L"x", NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCat, PASSIVE_LEVEL, RtlUnicodeStringCat(&irql_string, &counted_short))
DDI_IRQL_MAX(RtlUnicodeStringCatEx, PASSIVE_LEVEL,
             RtlUnicodeStringCatEx(&irql_string, &counted_short, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCatString, PASSIVE_LEVEL,
             RtlUnicodeStringCatString(&irql_string, L"x"))
DDI_IRQL_MAX(RtlUnicodeStringCatStringEx, PASSIVE_LEVEL,
             RtlUnicodeStringCatStringEx(&irql_string, L"x", NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCchCopyN, PASSIVE_LEVEL,
             RtlUnicodeStringCchCopyN(&irql_string, &counted_short, 2))
DDI_IRQL_MAX(RtlUnicodeStringCchCopyNEx, PASSIVE_LEVEL,
             RtlUnicodeStringCchCopyNEx(&irql_string, &counted_short, 2, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCchCopyStringN, PASSIVE_LEVEL,
             RtlUnicodeStringCchCopyStringN(&irql_string, L"x", 2))
DDI_IRQL_MAX(RtlUnicodeStringCchCopyStringNEx, PASSIVE_LEVEL,
             RtlUnicodeStringCchCopyStringNEx(&irql_string, L"x", 2, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCchCatN, PASSIVE_LEVEL,
             RtlUnicodeStringCchCatN(&irql_string, &counted_short, 2))
DDI_IRQL_MAX(RtlUnicodeStringCchCatNEx, PASSIVE_LEVEL,
             RtlUnicodeStringCchCatNEx(&irql_string, &counted_short, 2, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCchCatStringN, PASSIVE_LEVEL,
             RtlUnicodeStringCchCatStringN(&irql_string, L"x", 2))
DDI_IRQL_MAX(RtlUnicodeStringCchCatStringNEx, PASSIVE_LEVEL,
             RtlUnicodeStringCchCatStringNEx(&irql_string, L"x", 2, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCbCopyN, PASSIVE_LEVEL,
             RtlUnicodeStringCbCopyN(&irql_string, &counted_short, 2))
DDI_IRQL_MAX(RtlUnicodeStringCbCopyNEx, PASSIVE_LEVEL,
             RtlUnicodeStringCbCopyNEx(&irql_string, &counted_short, 2, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCbCopyStringN, PASSIVE_LEVEL,
             RtlUnicodeStringCbCopyStringN(&irql_string, L"x", 2))
DDI_IRQL_MAX(RtlUnicodeStringCbCopyStringNEx, PASSIVE_LEVEL,
             RtlUnicodeStringCbCopyStringNEx(&irql_string, L"x", 2, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCbCatN, PASSIVE_LEVEL,
             RtlUnicodeStringCbCatN(&irql_string, &counted_short, 2))
DDI_IRQL_MAX(RtlUnicodeStringCbCatNEx, PASSIVE_LEVEL,
             RtlUnicodeStringCbCatNEx(&irql_string, &counted_short, 2, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringCbCatStringN, PASSIVE_LEVEL,
             RtlUnicodeStringCbCatStringN(&irql_string, L"x", 2))
DDI_IRQL_MAX(RtlUnicodeStringCbCatStringNEx, PASSIVE_LEVEL,
             RtlUnicodeStringCbCatStringNEx(&irql_string, L"x", 2, NULL, 0))
DDI_IRQL_MAX(RtlUnicodeStringPrintf, PASSIVE_LEVEL, RtlUnicodeStringPrintf(&irql_string, L"x"))
DDI_IRQL_MAX(RtlUnicodeStringPrintfEx, PASSIVE_LEVEL,
             RtlUnicodeStringPrintfEx(&irql_string, NULL, 0, L"x"))
DDI_IRQL_MAX(RtlUnicodeStringInit, PASSIVE_LEVEL, RtlUnicodeStringInit(&pointed, L"x"))
DDI_IRQL_MAX(RtlUnicodeStringInitEx, PASSIVE_LEVEL, RtlUnicodeStringInitEx(&pointed, L"x", 0))
DDI_IRQL_MAX(RtlUnicodeStringValidate, PASSIVE_LEVEL, RtlUnicodeStringValidate(&counted_short))
DDI_IRQL_MAX(RtlUnicodeStringValidateEx, PASSIVE_LEVEL,
             RtlUnicodeStringValidateEx(&counted_short, 0))
DDI_IRQL_MAX(RtlUnicodeStringVPrintf, PASSIVE_LEVEL, print_v(&irql_string, L"x"))
DDI_IRQL_MAX(RtlUnicodeStringVPrintfEx, PASSIVE_LEVEL, print_v_ex(&irql_string, NULL, 0, L"x"))
