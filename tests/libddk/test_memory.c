// SPDX-License-Identifier: MIT
//
// Blocks of memory: plain, volatile and device forms. The volatile forms are compared with a plain
// array over all alignments; the device forms besides that in how wide they may be.

#include "ddi_test.h"
#include <ntifs.h>

#define ROOM 48

// The destination with guards, what it must be, and a source of changing bytes.
static UCHAR got[ROOM], expected[ROOM], source[ROOM];

static void reset(void)
{
    for (int i = 0; i < ROOM; i++) {
        got[i] = expected[i] = 0xee;
        source[i] = (UCHAR)(3 * i + 1);
    }
}

static bool as_expected(void)
{
    return memcmp(got, expected, ROOM) == 0;
}

TEST(plain_blocks)
{
    DDI_SHOWS_MACRO(RtlCopyMemory, RESULTS);
    DDI_SHOWS_MACRO(RtlCopyBytes, RESULTS);
    DDI_SHOWS_MACRO(RtlMoveMemory, RESULTS);
    DDI_SHOWS_MACRO(RtlZeroMemory, RESULTS);
    DDI_SHOWS_MACRO(RtlFillMemory, RESULTS);
    DDI_SHOWS_MACRO(RtlEqualMemory, RESULTS);
    DDI_SHOWS_MACRO(RtlCopyMemoryNonTemporal, RESULTS);
    DDI_SHOWS_MACRO(RtlFillMemoryNonTemporal, RESULTS);
    DDI_SHOWS_MACRO(RtlPrefetchMemoryNonTemporal, RESULTS);
    char a[] = "abcdef", b[8] = "";
    RtlCopyMemory(b, a, 4);
    CHECK(RtlEqualMemory(a, b, 4) && !RtlEqualMemory(a, b, 5));
    RtlCopyBytes(b, a, sizeof(a));
    CHECK_STR(b, "abcdef");
    RtlMoveMemory(b + 1, b, 4);
    CHECK_STR(b, "aabcdf");
    RtlZeroMemory(b, 2);
    CHECK(b[0] == 0 && b[1] == 0 && b[2] == 'b');
    RtlFillMemory(b, 3, 'x');
    CHECK_STR(b, "xxxcdf");
    RtlCopyMemoryNonTemporal(b, a, 2);
    CHECK_STR(b, "abxcdf");
    RtlFillMemoryNonTemporal(b, 2, 'y');
    RtlPrefetchMemoryNonTemporal(b, sizeof(b)); // a hint: nothing changes
    CHECK_STR(b, "yyxcdf");
}

TEST(comparisons)
{
    DDI_SHOWS(RtlCompareMemory, RESULTS);
    DDI_SHOWS(RtlCompareMemoryUlong, RESULTS | ERRORS);
    DDI_SHOWS(RtlFillMemoryUlong, RESULTS);
    DDI_SHOWS(RtlFillMemoryUlonglong, RESULTS);
    DDI_SHOWS(RtlIsZeroMemory, RESULTS);
    DDI_SHOWS(RtlConstantTimeEqualMemory, RESULTS);
    DDI_SHOWS(RtlSecureZeroMemory, RESULTS);
    ULONG words[6];
    ULONGLONG wide[2];
    CHECK_EQ(RtlCompareMemory("abcX", "abcY", 4), 3);
    CHECK_EQ(RtlCompareMemory("abcd", "abcd", 4), 4);
    CHECK_EQ(RtlCompareMemory("x", "y", 0), 0);
    RtlFillMemoryUlong(words, sizeof(words), 0x12345678);
    words[4] = 0;
    CHECK_EQ(RtlCompareMemoryUlong(words, sizeof(words), 0x12345678), 16);
    CHECK_EQ(RtlCompareMemoryUlong(words, 16, 0x12345678), 16);
    CHECK_EQ(RtlCompareMemoryUlong(words, 15, 0x12345678), 0);
    CHECK_EQ(RtlCompareMemoryUlong((PUCHAR)words + 1, 4, 0x12345678), 0);
    RtlFillMemoryUlonglong(wide, sizeof(wide), 0x1122334455667788ULL);
    CHECK(wide[0] == 0x1122334455667788ULL && wide[1] == wide[0]);
    CHECK(RtlConstantTimeEqualMemory("same", "same", 4));
    CHECK(!RtlConstantTimeEqualMemory("same", "samE", 4));
    CHECK(!RtlIsZeroMemory(wide, sizeof(wide)));
    CHECK(RtlSecureZeroMemory(wide, sizeof(wide)) == wide);
    CHECK(RtlIsZeroMemory(wide, sizeof(wide)));
}

TEST(values_at_any_alignment)
{
    DDI_SHOWS_MACRO(RtlStoreUshort, RESULTS);
    DDI_SHOWS_MACRO(RtlStoreUlong, RESULTS);
    DDI_SHOWS_MACRO(RtlStoreUlonglong, RESULTS);
    DDI_SHOWS_MACRO(RtlStoreUlongPtr, RESULTS);
    DDI_SHOWS_MACRO(RtlRetrieveUshort, RESULTS);
    DDI_SHOWS_MACRO(RtlRetrieveUlong, RESULTS);
    DDI_SHOWS_MACRO(RtlUshortByteSwap, RESULTS);
    DDI_SHOWS_MACRO(RtlUlongByteSwap, RESULTS);
    DDI_SHOWS_MACRO(RtlUlonglongByteSwap, RESULTS);
    UCHAR raw[16] = {0};
    USHORT s;
    ULONG l;
    RtlStoreUlong(raw + 1, 0x04030201);
    CHECK(raw[0] == 0 && raw[1] == 1 && raw[4] == 4 && raw[5] == 0);
    RtlRetrieveUlong(&l, raw + 1);
    CHECK_EQ(l, 0x04030201);
    RtlStoreUshort(raw + 7, 0xbbaa);
    RtlRetrieveUshort(&s, raw + 7);
    CHECK(s == 0xbbaa && raw[7] == 0xaa);
    RtlStoreUlonglong(raw + 3, 0x0807060504030201ULL);
    CHECK(raw[3] == 1 && raw[10] == 8);
    RtlStoreUlongPtr(raw + 5, 0x55);
    CHECK(raw[5] == 0x55 && raw[12] == 0);
    CHECK_EQ(RtlUshortByteSwap(0x1234), 0x3412);
    CHECK_EQ(RtlUlongByteSwap(0x12345678), 0x78563412);
    CHECK_EQ(RtlUlonglongByteSwap(0x0102030405060708ULL), 0x0807060504030201ULL);
}

// All destinations, sources and lengths within a few words.
#define EACH_PLACE                                                                                 \
    for (int to = 8; to < 16; to++)                                                                \
        for (int from = 0; from < 8; from++)                                                       \
            for (SIZE_T n = 0; n < 24; n++)

#define COPIES(routine)                                                                            \
    EACH_PLACE                                                                                     \
    {                                                                                              \
        reset();                                                                                   \
        memcpy(expected + to, source + from, n);                                                   \
        CHECK(routine(got + to, source + from, n) == got + to);                                    \
        CHECK(as_expected());                                                                      \
    }

#define FILLS(call)                                                                                \
    EACH_PLACE                                                                                     \
    {                                                                                              \
        int byte = from * 37;                                                                      \
        reset();                                                                                   \
        memset(expected + to, byte, n);                                                            \
        CHECK((call) == got + to);                                                                 \
        CHECK(as_expected());                                                                      \
    }

#define ZEROES(routine)                                                                            \
    EACH_PLACE                                                                                     \
    {                                                                                              \
        reset();                                                                                   \
        memset(expected + to, 0, n);                                                               \
        CHECK(routine(got + to, n) == got + to);                                                   \
        CHECK(as_expected());                                                                      \
    }

DDI_TEST(RtlCopyVolatileMemory, RESULTS, volatile_copy)
{
    COPIES(RtlCopyVolatileMemory);
}

DDI_TEST(RtlMoveVolatileMemory, RESULTS, volatile_move)
{
    COPIES(RtlMoveVolatileMemory);
    for (int to = 0; to < 16; to++) // overlapping in both directions
        for (int from = 0; from < 16; from++) {
            reset();
            memcpy(got, source, ROOM);
            memcpy(expected, source, ROOM);
            memmove(expected + to, expected + from, 20);
            CHECK(RtlMoveVolatileMemory(got + to, got + from, 20) == got + to);
            CHECK(as_expected());
        }
}

DDI_TEST(RtlSetVolatileMemory, RESULTS, volatile_set)
{
    FILLS(RtlSetVolatileMemory(got + to, byte, n));
}

DDI_TEST(RtlFillVolatileMemory, RESULTS, volatile_fill)
{
    FILLS(RtlFillVolatileMemory(got + to, n, byte));
}

DDI_TEST(RtlZeroVolatileMemory, RESULTS, volatile_zero)
{
    ZEROES(RtlZeroVolatileMemory);
}

DDI_TEST(RtlSecureZeroMemory2, RESULTS, volatile_secure_zero)
{
    ZEROES(RtlSecureZeroMemory2);
}

static void copy_overlapping(void *at)
{
    (void)RtlCopyDeviceMemory((PUCHAR)at + 1, at, 8);
}

DDI_TEST(RtlCopyDeviceMemory, RESULTS | ERRORS, device_copy)
{
    COPIES(RtlCopyDeviceMemory);
    reset();
    CHECK(dies(copy_overlapping, got, "FAST_FAIL_INVALID_ARG"));
    CHECK(as_expected());
}

DDI_TEST(RtlFillDeviceMemory, RESULTS, device_fill)
{
    FILLS(RtlFillDeviceMemory(got + to, n, byte));
}

DDI_TEST(RtlZeroDeviceMemory, RESULTS, device_zero)
{
    ZEROES(RtlZeroDeviceMemory);
}

DDI_TEST(RtlCompareDeviceMemory, RESULTS, device_compare)
{
    DDI_SHOWS(RtlEqualDeviceMemory, RESULTS);
    EACH_PLACE
    {
        reset();
        memcpy(got + to, source + from, n);
        CHECK_EQ(RtlCompareDeviceMemory(got + to, source + from, n), n);
        CHECK(RtlEqualDeviceMemory(got + to, source + from, n));
        for (SIZE_T wrong = 0; wrong < n; wrong += 5) {
            got[to + (int)wrong] ^= 0x80;
            CHECK_EQ(RtlCompareDeviceMemory(got + to, source + from, n), wrong);
            CHECK(!RtlEqualDeviceMemory(got + to, source + from, n));
            got[to + (int)wrong] ^= 0x80;
        }
    }
}
