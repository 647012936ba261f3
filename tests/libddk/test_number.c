// SPDX-License-Identifier: MIT
//
// Numbers and GUIDs in text, hashes, random numbers, calendar time, versions.

#include "ddi_test.h"
#include <ntifs.h>

static bool is(PCUNICODE_STRING s, PCWSTR text)
{
    USHORT n = 0;
    while (text[n] != 0)
        n++;
    return s->Length == n * sizeof(WCHAR) && memcmp(s->Buffer, text, s->Length) == 0;
}

struct example {
    const char *Text;
    ULONG Base;
    LONG Value;
};

// The examples of the page, and prefixes.
static const struct example examples[] = {
    {"123", 10, 123},  {"-345", 10, -345}, {"xyz", 10, 0},  {"+678abc", 10, 678},
    {"007", 10, 7},    {"789", 8, 7},      {"FGH", 16, 15}, {"+678abc", 16, 6785724},
    {" ", 10, 0},      {"0x1F", 0, 31},    {"0o17", 0, 15}, {"0b101", 0, 5},
    {"-0x10", 0, -16}, {"12", 0, 12},      {"0x1F", 16, 0}, {"\t 42 7", 10, 42},
};

TEST(text_to_number)
{
    DDI_SHOWS(RtlUnicodeStringToInteger, RESULTS | ERRORS);
    DDI_SHOWS(RtlCharToInteger, RESULTS | ERRORS);
    ULONG value;
    for (ULONG i = 0; i < ARRAYSIZE(examples); i++) {
        WCHAR wide[16] = {0};
        UNICODE_STRING s;
        for (ULONG c = 0; examples[i].Text[c] != 0; c++)
            wide[c] = (WCHAR)examples[i].Text[c];
        RtlInitUnicodeString(&s, wide);
        value = 99;
        CHECK_EQ(RtlUnicodeStringToInteger(&s, examples[i].Base, &value), STATUS_SUCCESS);
        CHECK_EQ((LONG)value, examples[i].Value);
        value = 99;
        CHECK_EQ(RtlCharToInteger(examples[i].Text, examples[i].Base, &value), STATUS_SUCCESS);
        CHECK_EQ((LONG)value, examples[i].Value);
    }
    UNICODE_STRING empty = {0}, seven = RTL_CONSTANT_STRING(L"7");
    CHECK_EQ(RtlUnicodeStringToInteger(&empty, 10, &value), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringToInteger(&seven, 7, &value), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlCharToInteger("7", 7, &value), STATUS_INVALID_PARAMETER);
}

TEST(number_to_text)
{
    DDI_SHOWS(RtlIntegerToUnicodeString, RESULTS | ERRORS);
    DDI_SHOWS(RtlInt64ToUnicodeString, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(RtlIntPtrToUnicodeString, RESULTS | ERRORS);
    WCHAR room[65];
    UNICODE_STRING s = {0, sizeof(room), room};
    CHECK_EQ(RtlIntegerToUnicodeString(0xbeef, 16, &s), STATUS_SUCCESS);
    CHECK(is(&s, L"BEEF") && room[4] == 0);
    CHECK_EQ(RtlIntegerToUnicodeString(0, 0, &s), STATUS_SUCCESS);
    CHECK(is(&s, L"0"));
    CHECK_EQ(RtlIntegerToUnicodeString(8, 8, &s), STATUS_SUCCESS);
    CHECK(is(&s, L"10"));
    CHECK_EQ(RtlInt64ToUnicodeString(18446744073709551615ULL, 10, &s), STATUS_SUCCESS);
    CHECK(is(&s, L"18446744073709551615"));
    CHECK_EQ(RtlInt64ToUnicodeString(18446744073709551615ULL, 2, &s), STATUS_SUCCESS);
    CHECK_EQ(s.Length, 128);
    CHECK_EQ(RtlIntPtrToUnicodeString(255, 16, &s), STATUS_SUCCESS);
    CHECK(is(&s, L"FF"));
    CHECK_EQ(RtlIntegerToUnicodeString(1, 7, &s), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlInt64ToUnicodeString(1, 3, &s), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlIntPtrToUnicodeString(1, 3, &s), STATUS_INVALID_PARAMETER);
    s.MaximumLength = 4;
    CHECK_EQ(RtlIntegerToUnicodeString(12345, 10, &s), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(RtlInt64ToUnicodeString(12345, 10, &s), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(RtlIntPtrToUnicodeString(12345, 10, &s), STATUS_BUFFER_OVERFLOW);
}

static const GUID guid = {
    0x496B8280, 0x6F25, 0x11D0, {0xBE, 0xAF, 0x08, 0, 0x2B, 0xE2, 0x09, 0x2F}};

TEST(guids_in_text)
{
    DDI_SHOWS(RtlStringFromGUID, RESULTS);
    DDI_SHOWS(RtlGUIDFromString, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(IsEqualGUID, RESULTS);
    GUID back = {0}, same = guid;
    UNICODE_STRING s;
    CHECK_EQ(RtlStringFromGUID(&guid, &s), STATUS_SUCCESS);
    CHECK(is(&s, L"{496b8280-6f25-11d0-beaf-08002be2092f}"));
    CHECK_EQ(RtlGUIDFromString(&s, &back), STATUS_SUCCESS);
    CHECK(IsEqualGUID(&guid, &back));
    back.Data1++;
    CHECK(!IsEqualGUID(&guid, &back));
    for (ULONG wrong = 0; wrong < s.Length / sizeof(WCHAR); wrong++) {
        WCHAR right = s.Buffer[wrong];
        s.Buffer[wrong] = 'x';
        CHECK_EQ(RtlGUIDFromString(&s, &same), STATUS_INVALID_PARAMETER);
        s.Buffer[wrong] = right;
    }
    CHECK(IsEqualGUID(&same, &guid)); // left alone
    s.Length -= 2;
    CHECK_EQ(RtlGUIDFromString(&s, &same), STATUS_INVALID_PARAMETER);
    RtlFreeUnicodeString(&s);
}

TEST(hashes)
{
    DDI_SHOWS(RtlHashUnicodeString, RESULTS | ERRORS);
    UNICODE_STRING ab = RTL_CONSTANT_STRING(L"ab"), capital = RTL_CONSTANT_STRING(L"AB");
    ULONG h, other;
    CHECK_EQ(RtlHashUnicodeString(&ab, FALSE, HASH_STRING_ALGORITHM_X65599, &h), STATUS_SUCCESS);
    CHECK_EQ(h, 'a' * 65599u + 'b');
    CHECK_EQ(RtlHashUnicodeString(&ab, FALSE, HASH_STRING_ALGORITHM_DEFAULT, &other), 0);
    CHECK_EQ(h, other);
    CHECK_EQ(RtlHashUnicodeString(&ab, TRUE, HASH_STRING_ALGORITHM_X65599, &h), STATUS_SUCCESS);
    CHECK_EQ(RtlHashUnicodeString(&capital, TRUE, HASH_STRING_ALGORITHM_X65599, &other), 0);
    CHECK_EQ(h, other);
    CHECK_EQ(RtlHashUnicodeString(NULL, TRUE, 0, &h), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlHashUnicodeString(&ab, TRUE, 0, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlHashUnicodeString(&ab, TRUE, 2, &h), STATUS_INVALID_PARAMETER);
}

TEST(random_numbers)
{
    DDI_SHOWS(RtlRandomEx, RESULTS);
    DDI_SHOWS(RtlRandom, RESULTS);
    ULONG seed = 1, again = 1, other = 2, buckets[16] = {0}, differ = 0;
    for (int i = 0; i < 16000; i++) {
        ULONG value = RtlRandomEx(&seed);
        CHECK(value < MAXLONG && value == RtlRandom(&again));
        differ += value != RtlRandomEx(&other);
        buckets[value >> 27]++;
    }
    CHECK(differ > 15000);
    for (int i = 0; i < 16; i++)
        CHECK(buckets[i] > 800 && buckets[i] < 1200);
}

TEST(integers_of_64_bits)
{
    DDI_SHOWS_MACRO(RtlConvertLongToLargeInteger, RESULTS);
    DDI_SHOWS_MACRO(RtlConvertUlongToLargeInteger, RESULTS);
    DDI_SHOWS_MACRO(RtlExtendedIntegerMultiply, RESULTS);
    DDI_SHOWS(RtlExtendedMagicDivide, RESULTS);
    DDI_SHOWS_MACRO(Int32x32To64, RESULTS);
    LARGE_INTEGER seven = {.QuadPart = 700}, magic = {.QuadPart = 0x346dc5d63886594b};
    CHECK_EQ(RtlConvertLongToLargeInteger(-5).QuadPart, -5);
    CHECK_EQ(RtlConvertUlongToLargeInteger(0xfffffffb).QuadPart, 0xfffffffbLL);
    CHECK_EQ(RtlExtendedIntegerMultiply(seven, -3).QuadPart, -2100);
    CHECK_EQ(Int32x32To64(-65536, 65536), -4294967296LL);
    seven.QuadPart = 123456789; // the magic number of ten thousand, shift 11
    CHECK_EQ(RtlExtendedMagicDivide(seven, magic, 11).QuadPart, 12345);
    seven.QuadPart = -123456789;
    CHECK_EQ(RtlExtendedMagicDivide(seven, magic, 11).QuadPart, -12345);
}

TEST(luids_and_reversed_bytes)
{
    DDI_SHOWS_MACRO(RtlEqualLuid, RESULTS);
    DDI_SHOWS_MACRO(RtlIsZeroLuid, RESULTS);
    DDI_SHOWS_MACRO(RtlConvertLongToLuid, RESULTS);
    DDI_SHOWS_MACRO(RtlConvertUlongToLuid, RESULTS);
    DDI_SHOWS_MACRO(REVERSE_BYTES_SHORT, RESULTS);
    DDI_SHOWS_MACRO(REVERSE_BYTES, RESULTS);
    DDI_SHOWS_MACRO(REVERSE_BYTES_QUAD, RESULTS);
    DDI_SHOWS_MACRO(REVERSE_SHORT, RESULTS);
    DDI_SHOWS_MACRO(REVERSE_LONG, RESULTS);
    LUID a = RtlConvertLongToLuid(-2), b = RtlConvertUlongToLuid(0xfffffffe), zero = {0};
    CHECK(a.HighPart == -1 && b.HighPart == 0 && a.LowPart == b.LowPart);
    CHECK(!RtlEqualLuid(&a, &b) && RtlEqualLuid(&a, &a) && RtlIsZeroLuid(&zero));
    CHECK(!RtlIsZeroLuid(&b));
    USHORT s = 0x1234, s2;
    ULONG l = 0x12345678, l2;
    ULONGLONG q = 0x0102030405060708ULL, q2;
    REVERSE_BYTES_SHORT(&s2, &s);
    REVERSE_BYTES(&l2, &l);
    REVERSE_BYTES_QUAD(&q2, &q);
    CHECK(s2 == 0x3412 && l2 == 0x78563412 && q2 == 0x0807060504030201ULL);
    REVERSE_SHORT(&s);
    REVERSE_LONG(&l);
    CHECK(s == s2 && l == l2);
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
    fields = (TIME_FIELDS){2024, 2, 29, 0, 0, 0, 0, 0};
    CHECK(RtlTimeFieldsToTime(&fields, &back));
    const TIME_FIELDS wrong[] = {
        {2023, 2, 29, 0, 0, 0, 0, 0},   {2024, 13, 1, 0, 0, 0, 0, 0}, {2024, 0, 1, 0, 0, 0, 0, 0},
        {2024, 1, 1, 24, 0, 0, 0, 0},   {2024, 1, 1, 0, 60, 0, 0, 0}, {2024, 1, 1, 0, 0, 60, 0, 0},
        {2024, 1, 1, 0, 0, 0, 1000, 0}, {1600, 1, 1, 0, 0, 0, 0, 0},  {2024, 4, 31, 0, 0, 0, 0, 0}};
    for (ULONG i = 0; i < ARRAYSIZE(wrong); i++) {
        fields = wrong[i];
        CHECK(!RtlTimeFieldsToTime(&fields, &back));
    }
}

TEST(seconds_since)
{
    DDI_SHOWS(RtlSecondsSince1970ToTime, RESULTS);
    DDI_SHOWS(RtlTimeToSecondsSince1970, RESULTS | ERRORS);
    DDI_SHOWS(RtlSecondsSince1980ToTime, RESULTS);
    DDI_SHOWS(RtlTimeToSecondsSince1980, RESULTS | ERRORS);
    LARGE_INTEGER time;
    TIME_FIELDS fields;
    ULONG seconds;
    RtlSecondsSince1970ToTime(1000000000, &time);
    RtlTimeToTimeFields(&time, &fields);
    CHECK(fields.Year == 2001 && fields.Month == 9 && fields.Day == 9 && fields.Second == 40);
    CHECK(RtlTimeToSecondsSince1970(&time, &seconds) && seconds == 1000000000);
    RtlSecondsSince1980ToTime(0, &time);
    RtlTimeToTimeFields(&time, &fields);
    CHECK(fields.Year == 1980 && fields.Month == 1 && fields.Day == 1 && fields.Hour == 0);
    CHECK(RtlTimeToSecondsSince1980(&time, &seconds) && seconds == 0);
    time.QuadPart -= 10000000;
    CHECK(!RtlTimeToSecondsSince1980(&time, &seconds));
    time.QuadPart = MAXLONGLONG;
    CHECK(!RtlTimeToSecondsSince1970(&time, &seconds));
    time.QuadPart = 0;
    CHECK(!RtlTimeToSecondsSince1970(&time, &seconds));
}

static NTSTATUS verify(ULONG type, UCHAR condition, ULONG value)
{
    RTL_OSVERSIONINFOEXW v = {.dwOSVersionInfoSize = sizeof(v)};
    ULONGLONG conditions = 0;
    VER_SET_CONDITION(conditions, type, condition);
    v.dwMajorVersion = v.dwMinorVersion = v.dwBuildNumber = v.dwPlatformId = value;
    v.wSuiteMask = (USHORT)value;
    v.wProductType = (UCHAR)value;
    return RtlVerifyVersionInfo(&v, type, conditions);
}

// Major, minor and service pack with one condition.
static NTSTATUS verify_release(ULONG major, ULONG minor, USHORT pack, UCHAR condition)
{
    const ULONG types = VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR;
    RTL_OSVERSIONINFOEXW v = {.dwMajorVersion = major, .dwMinorVersion = minor};
    ULONGLONG conditions = 0;
    v.wServicePackMajor = pack;
    VER_SET_CONDITION(conditions, types, condition);
    return RtlVerifyVersionInfo(&v, types, conditions);
}

TEST(version)
{
    DDI_SHOWS(RtlGetVersion, RESULTS);
    DDI_SHOWS(RtlVerifyVersionInfo, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(VER_SET_CONDITION, RESULTS);
    DDI_SHOWS(PsGetVersion, RESULTS);
    DDI_SHOWS(RtlIsNtDdiVersionAvailable, RESULTS);
    DDI_SHOWS(RtlIsServicePackVersionInstalled, RESULTS);
    RTL_OSVERSIONINFOEXW v = {.dwOSVersionInfoSize = sizeof(v), .wReserved = 1};
    ULONG major, minor, build;
    UNICODE_STRING pack;
    CHECK_EQ(RtlGetVersion((PRTL_OSVERSIONINFOW)&v), STATUS_SUCCESS);
    CHECK(v.dwMajorVersion == 10 && v.dwPlatformId == VER_PLATFORM_WIN32_NT && v.wReserved == 0);
    CHECK(v.dwOSVersionInfoSize == sizeof(v) && v.wProductType == VER_NT_WORKSTATION);
    CHECK(PsGetVersion(&major, &minor, &build, &pack) && PsGetVersion(NULL, NULL, NULL, NULL));
    CHECK(major == 10 && minor == 0 && build == v.dwBuildNumber && pack.Length == 0);
    CHECK_EQ(verify(VER_MAJORVERSION, VER_GREATER_EQUAL, 6), STATUS_SUCCESS);
    CHECK_EQ(verify(VER_MAJORVERSION, VER_EQUAL, 10), STATUS_SUCCESS);
    CHECK_EQ(verify(VER_MAJORVERSION, VER_GREATER, 10), STATUS_REVISION_MISMATCH);
    CHECK_EQ(verify(VER_MAJORVERSION, VER_LESS, 11), STATUS_SUCCESS);
    CHECK_EQ(verify(VER_MAJORVERSION, VER_LESS_EQUAL, 9), STATUS_REVISION_MISMATCH);
    CHECK_EQ(verify(VER_BUILDNUMBER, VER_GREATER_EQUAL, build), STATUS_SUCCESS);
    CHECK_EQ(verify(VER_PLATFORMID, VER_EQUAL, VER_PLATFORM_WIN32_NT), STATUS_SUCCESS);
    CHECK_EQ(verify(VER_PRODUCT_TYPE, VER_EQUAL, VER_NT_SERVER), STATUS_REVISION_MISMATCH);
    CHECK_EQ(verify(VER_SUITENAME, VER_AND, 0), STATUS_SUCCESS);
    CHECK_EQ(verify(VER_SUITENAME, VER_OR, 1), STATUS_REVISION_MISMATCH);
    CHECK_EQ(verify(VER_SUITENAME, VER_EQUAL, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(verify(VER_MAJORVERSION, VER_AND, 10), STATUS_INVALID_PARAMETER);
    CHECK_EQ(verify(VER_MAJORVERSION, 0, 10), STATUS_INVALID_PARAMETER);
    CHECK_EQ(verify(0, VER_EQUAL, 10), STATUS_INVALID_PARAMETER);
    CHECK_EQ(verify_release(6, 3, 1, VER_GREATER_EQUAL), STATUS_SUCCESS); // the major one decides
    CHECK_EQ(verify_release(10, 0, 1, VER_GREATER_EQUAL), STATUS_REVISION_MISMATCH);
    CHECK_EQ(verify_release(10, 0, 0, VER_GREATER_EQUAL), STATUS_SUCCESS);
    CHECK_EQ(verify_release(10, 1, 0, VER_LESS), STATUS_SUCCESS);
    CHECK(RtlIsNtDdiVersionAvailable(NTDDI_WIN7) && RtlIsNtDdiVersionAvailable(NTDDI_WIN10));
    CHECK(!RtlIsNtDdiVersionAvailable(0x0B000000) && !RtlIsNtDdiVersionAvailable(NTDDI_WINXPSP2));
    CHECK(RtlIsServicePackVersionInstalled(NTDDI_WIN10));
    CHECK(!RtlIsServicePackVersionInstalled(NTDDI_VISTASP2));
}

// --- IRQL

static WCHAR room[64];
static UNICODE_STRING s = {0, sizeof(room), room}, digits = RTL_CONSTANT_STRING(L"12"),
                      in_text = RTL_CONSTANT_STRING(L"{496b8280-6f25-11d0-beaf-08002be2092f}"),
                      made;
static GUID out;
static ULONG value;
static RTL_OSVERSIONINFOEXW v = {.dwOSVersionInfoSize = sizeof(v)};

DDI_IRQL_MAX(RtlUnicodeStringToInteger, PASSIVE_LEVEL,
             RtlUnicodeStringToInteger(&digits, 10, &value))
DDI_IRQL_MAX(RtlCharToInteger, PASSIVE_LEVEL, RtlCharToInteger("12", 10, &value))
DDI_IRQL_MAX(RtlIntegerToUnicodeString, PASSIVE_LEVEL, RtlIntegerToUnicodeString(12, 10, &s))
DDI_IRQL_MAX(RtlInt64ToUnicodeString, PASSIVE_LEVEL, RtlInt64ToUnicodeString(12, 10, &s))
DDI_IRQL_MAX_MACRO(RtlIntPtrToUnicodeString, PASSIVE_LEVEL, RtlIntPtrToUnicodeString(12, 10, &s))
DDI_IRQL_MAX(RtlStringFromGUID, PASSIVE_LEVEL,
             (RtlStringFromGUID(&guid, &made), RtlFreeUnicodeString(&made)))
DDI_IRQL_MAX(RtlGUIDFromString, PASSIVE_LEVEL, RtlGUIDFromString(&in_text, &out))
DDI_IRQL_MAX(RtlHashUnicodeString, APC_LEVEL, RtlHashUnicodeString(&digits, FALSE, 0, &value))
DDI_IRQL_MAX(RtlRandomEx, APC_LEVEL, RtlRandomEx(&value))
DDI_IRQL_MAX(RtlRandom, APC_LEVEL, RtlRandom(&value))
DDI_IRQL_MAX(RtlGetVersion, PASSIVE_LEVEL, RtlGetVersion((PRTL_OSVERSIONINFOW)&v))
DDI_IRQL_MAX(RtlVerifyVersionInfo, PASSIVE_LEVEL, RtlVerifyVersionInfo(&v, 0, 0))
DDI_IRQL_MAX(PsGetVersion, PASSIVE_LEVEL, PsGetVersion(NULL, NULL, NULL, NULL))
DDI_IRQL_MAX(RtlIsNtDdiVersionAvailable, PASSIVE_LEVEL, RtlIsNtDdiVersionAvailable(NTDDI_WIN7))
DDI_IRQL_MAX(RtlIsServicePackVersionInstalled, PASSIVE_LEVEL,
             RtlIsServicePackVersionInstalled(NTDDI_WIN7))

static LARGE_INTEGER when;
DDI_IRQL_MAX(RtlSecondsSince1970ToTime, APC_LEVEL, RtlSecondsSince1970ToTime(1, &when))
DDI_IRQL_MAX(RtlTimeToSecondsSince1970, APC_LEVEL, RtlTimeToSecondsSince1970(&when, &value))
DDI_IRQL_MAX(RtlSecondsSince1980ToTime, APC_LEVEL, RtlSecondsSince1980ToTime(1, &when))
DDI_IRQL_MAX(RtlTimeToSecondsSince1980, APC_LEVEL, RtlTimeToSecondsSince1980(&when, &value))
