// SPDX-License-Identifier: MIT
//
// Bitmaps against a plain array of flags, and what lies outside of a map.

#include "ddi_test.h"

#define BITS 250

static ULONG words[8];
static bool plain[BITS];
static RTL_BITMAP map;

static ULONG count_plain(bool value)
{
    ULONG sum = 0;
    for (ULONG i = 0; i < BITS; i++)
        sum += plain[i] == value;
    return sum;
}

// The first run of `want` equal flags in [from, to), or 0xffffffff.
static ULONG run_in(ULONG want, bool value, ULONG from, ULONG to)
{
    for (ULONG at = from; at < to; at++) {
        ULONG run = 0;
        while (run < want && at + run < BITS && plain[at + run] == value)
            run++;
        if (run == want)
            return at;
    }
    return MAXULONG;
}

static ULONG expected_find(ULONG want, bool value, ULONG hint)
{
    ULONG found = run_in(want, value, hint, BITS);
    return found != MAXULONG ? found : run_in(want, value, 0, hint);
}

static void scramble(ULONG *seed)
{
    ULONG start = RtlRandomEx(seed) % BITS, count = RtlRandomEx(seed) % (BITS + 1 - start);
    bool set = RtlRandomEx(seed) % 2 != 0;
    if (RtlRandomEx(seed) % 8 == 0)
        count = 1;
    if (count == 1)
        set ? RtlSetBit(&map, start) : RtlClearBit(&map, start);
    else
        set ? RtlSetBits(&map, start, count) : RtlClearBits(&map, start, count);
    for (ULONG b = start; b < start + count; b++)
        plain[b] = set;
}

static void start_empty(void)
{
    RtlInitializeBitMap(&map, words, BITS);
    RtlClearAllBits(&map);
    memset(plain, 0, sizeof(plain));
}

TEST(setting_clearing_and_counting)
{
    DDI_SHOWS(RtlInitializeBitMap, RESULTS);
    DDI_SHOWS(RtlClearAllBits, RESULTS);
    DDI_SHOWS(RtlSetAllBits, RESULTS);
    DDI_SHOWS(RtlSetBit, RESULTS);
    DDI_SHOWS(RtlClearBit, RESULTS);
    DDI_SHOWS(RtlSetBits, RESULTS);
    DDI_SHOWS(RtlClearBits, RESULTS);
    DDI_SHOWS(RtlTestBit, RESULTS);
    DDI_SHOWS_MACRO(RtlCheckBit, RESULTS);
    DDI_SHOWS(RtlNumberOfSetBits, RESULTS);
    DDI_SHOWS(RtlNumberOfClearBits, RESULTS);
    ULONG seed = 3;
    start_empty();
    for (int i = 0; i < 3000; i++) {
        scramble(&seed);
        for (ULONG b = 0; b < BITS; b++)
            CHECK(RtlTestBit(&map, b) == plain[b] && RtlCheckBit(&map, b) == plain[b]);
        CHECK_EQ(RtlNumberOfSetBits(&map), count_plain(true));
        CHECK_EQ(RtlNumberOfClearBits(&map), count_plain(false));
    }
    RtlSetAllBits(&map);
    CHECK_EQ(RtlNumberOfSetBits(&map), BITS);
    CHECK_EQ(words[7] >> (BITS - 224), 0); // nothing beyond the map
}

TEST(ranges_are_found_where_the_plain_array_has_them)
{
    DDI_SHOWS(RtlFindClearBits, RESULTS | ERRORS);
    DDI_SHOWS(RtlFindSetBits, RESULTS | ERRORS);
    DDI_SHOWS(RtlFindClearBitsAndSet, RESULTS | ERRORS);
    DDI_SHOWS(RtlFindSetBitsAndClear, RESULTS | ERRORS);
    ULONG seed = 5;
    start_empty();
    for (int i = 0; i < 5000; i++) {
        scramble(&seed);
        ULONG want = RtlRandomEx(&seed) % 40 + 1, hint = RtlRandomEx(&seed) % BITS;
        ULONG clear = expected_find(want, false, hint), set = expected_find(want, true, hint);
        CHECK_EQ(RtlFindClearBits(&map, want, hint), clear);
        CHECK_EQ(RtlFindSetBits(&map, want, hint), set);
        if (clear != MAXULONG) {
            CHECK_EQ(RtlFindClearBitsAndSet(&map, want, hint), clear);
            CHECK(RtlAreBitsSet(&map, clear, want));
            RtlClearBits(&map, clear, want);
        }
        if (set != MAXULONG) {
            CHECK_EQ(RtlFindSetBitsAndClear(&map, want, hint), set);
            CHECK(RtlAreBitsClear(&map, set, want));
            RtlSetBits(&map, set, want);
        }
    }
    RtlSetAllBits(&map);
    CHECK_EQ(RtlFindClearBitsAndSet(&map, 1, 0), MAXULONG);
    RtlClearAllBits(&map);
    CHECK_EQ(RtlFindSetBitsAndClear(&map, 1, 0), MAXULONG);
    CHECK_EQ(RtlFindClearBits(&map, BITS + 1, 0), MAXULONG);
}

TEST(ranges_are_tested)
{
    DDI_SHOWS(RtlAreBitsSet, RESULTS | ERRORS);
    DDI_SHOWS(RtlAreBitsClear, RESULTS | ERRORS);
    ULONG seed = 9;
    start_empty();
    for (int i = 0; i < 2000; i++) {
        scramble(&seed);
        ULONG start = RtlRandomEx(&seed) % BITS, n = RtlRandomEx(&seed) % (BITS - start) + 1;
        bool set = run_in(n, true, start, start + 1) == start;
        bool clear = run_in(n, false, start, start + 1) == start;
        CHECK_EQ(RtlAreBitsSet(&map, start, n), set);
        CHECK_EQ(RtlAreBitsClear(&map, start, n), clear);
    }
    RtlSetAllBits(&map);
    CHECK(!RtlAreBitsSet(&map, 10, 0));
    CHECK(!RtlAreBitsSet(&map, 10, BITS));
    CHECK(!RtlAreBitsSet(&map, BITS, 1));
    RtlClearAllBits(&map);
    CHECK(!RtlAreBitsClear(&map, 10, 0) && !RtlAreBitsClear(&map, BITS + 5, 1));
}

// The clear runs of the plain array, in order.
static ULONG plain_runs(RTL_BITMAP_RUN *runs)
{
    ULONG count = 0;
    for (ULONG i = 0; i < BITS; i++) {
        if (plain[i])
            continue;
        if (i == 0 || plain[i - 1])
            runs[count++] = (RTL_BITMAP_RUN){i, 0};
        runs[count - 1].NumberOfBits++;
    }
    return count;
}

static bool longest_first(const RTL_BITMAP_RUN *runs, ULONG count)
{
    for (ULONG i = 1; i < count; i++)
        if (runs[i].NumberOfBits > runs[i - 1].NumberOfBits)
            return false;
    return true;
}

static bool is_run(const RTL_BITMAP_RUN *runs, ULONG count, RTL_BITMAP_RUN run)
{
    for (ULONG i = 0; i < count; i++)
        if (runs[i].StartingIndex == run.StartingIndex && runs[i].NumberOfBits == run.NumberOfBits)
            return true;
    return false;
}

TEST(runs_of_clear_bits)
{
    DDI_SHOWS(RtlFindFirstRunClear, RESULTS | ERRORS);
    DDI_SHOWS(RtlFindNextForwardRunClear, RESULTS | ERRORS);
    DDI_SHOWS(RtlFindLongestRunClear, RESULTS | ERRORS);
    DDI_SHOWS(RtlFindClearRuns, RESULTS | ERRORS);
    RTL_BITMAP_RUN all[BITS], some[4];
    ULONG seed = 11, at, n;
    start_empty();
    for (int i = 0; i < 3000; i++) {
        scramble(&seed);
        ULONG count = plain_runs(all), wanted = count < 4 ? count : 4, longest = 0;
        for (ULONG r = 0; r < count; r++)
            longest = all[r].NumberOfBits > longest ? all[r].NumberOfBits : longest;
        n = RtlFindFirstRunClear(&map, &at);
        CHECK(n == (count != 0 ? all[0].NumberOfBits : 0));
        CHECK(n == 0 || at == all[0].StartingIndex);
        CHECK_EQ(RtlFindLongestRunClear(&map, &at), longest);
        CHECK(longest == 0 || is_run(all, count, (RTL_BITMAP_RUN){at, longest}));
        CHECK_EQ(RtlFindClearRuns(&map, some, 4, FALSE), wanted);
        CHECK_MEM(some, all, wanted * sizeof(some[0]));
        CHECK_EQ(RtlFindClearRuns(&map, some, 4, TRUE), wanted);
        CHECK(longest_first(some, wanted) && (wanted == 0 || some[0].NumberOfBits == longest));
        for (ULONG r = 0; r < wanted; r++)
            CHECK(is_run(all, count, some[r]));
        for (ULONG r = 0; r + 1 < count; r++) {
            ULONG end = all[r].StartingIndex + all[r].NumberOfBits;
            CHECK_EQ(RtlFindNextForwardRunClear(&map, end, &at), all[r + 1].NumberOfBits);
            CHECK_EQ(at, all[r + 1].StartingIndex);
        }
    }
    CHECK_EQ(RtlFindClearRuns(&map, some, 0, TRUE), 0);
    CHECK_EQ(RtlFindNextForwardRunClear(&map, BITS, &at), 0);
    RtlSetAllBits(&map);
    CHECK_EQ(RtlFindFirstRunClear(&map, &at), 0);
    CHECK_EQ(RtlFindLongestRunClear(&map, &at), 0);
}

DDI_TEST(RtlFindLastBackwardRunClear, RESULTS | ERRORS, runs_backward)
{
    ULONG at = 0;
    start_empty();
    RtlSetBits(&map, 100, 50); // clear: 0-99 and 150-249
    CHECK_EQ(RtlFindLastBackwardRunClear(&map, 120, &at), 100);
    CHECK_EQ(at, 0);
    CHECK_EQ(RtlFindLastBackwardRunClear(&map, 99, &at), 100);
    CHECK_EQ(RtlFindLastBackwardRunClear(&map, 160, &at), 11); // only what lies before
    CHECK_EQ(at, 150);
    CHECK_EQ(RtlFindLastBackwardRunClear(&map, 9999, &at), 100);
    CHECK_EQ(at, 150);
    RtlSetBits(&map, 0, 100);
    CHECK_EQ(RtlFindLastBackwardRunClear(&map, 120, &at), 0);
}

TEST(bits_of_a_word)
{
    DDI_SHOWS(RtlNumberOfSetBitsUlongPtr, RESULTS);
    DDI_SHOWS(RtlFindMostSignificantBit, RESULTS | ERRORS);
    DDI_SHOWS(RtlFindLeastSignificantBit, RESULTS | ERRORS);
    CHECK_EQ(RtlNumberOfSetBitsUlongPtr(0), 0);
    CHECK_EQ(RtlNumberOfSetBitsUlongPtr(MAXULONG_PTR), 64);
    CHECK_EQ(RtlNumberOfSetBitsUlongPtr(0x8000000000000001ULL), 2);
    for (CCHAR i = 0; i < 64; i++) {
        CHECK_EQ(RtlFindMostSignificantBit(1ULL << i | 1), i);
        CHECK_EQ(RtlFindLeastSignificantBit(1ULL << i | 1ULL << 63), i);
    }
    CHECK_EQ(RtlFindMostSignificantBit(0), -1);
    CHECK_EQ(RtlFindLeastSignificantBit(0), -1);
}

static void set_outside(void *n)
{
    RtlSetBits(&map, BITS - 2, (ULONG)(ULONG_PTR)n);
}
static void clear_outside(void *n)
{
    RtlClearBits(&map, BITS - 2, (ULONG)(ULONG_PTR)n);
}
static void set_one(void *n)
{
    RtlSetBit(&map, (ULONG)(ULONG_PTR)n);
}
static void clear_one(void *n)
{
    RtlClearBit(&map, (ULONG)(ULONG_PTR)n);
}
static void test_one(void *n)
{
    (void)RtlTestBit(&map, (ULONG)(ULONG_PTR)n);
}

TEST(bits_outside_of_the_map_are_a_bug_check)
{
    DDI_SHOWS(RtlSetBits, ERRORS);
    DDI_SHOWS(RtlClearBits, ERRORS);
    DDI_SHOWS(RtlSetBit, ERRORS);
    DDI_SHOWS(RtlClearBit, ERRORS);
    DDI_SHOWS(RtlTestBit, ERRORS);
    start_empty();
    CHECK(dies(set_outside, (void *)3, "outside of the map"));
    CHECK(dies(clear_outside, (void *)3, "outside of the map"));
    CHECK(!dies(set_outside, (void *)2, "outside of the map"));
    CHECK(dies(set_one, (void *)BITS, "outside of the map"));
    CHECK(dies(clear_one, (void *)BITS, "outside of the map"));
    CHECK(dies(test_one, (void *)BITS, "outside of the map"));
}
