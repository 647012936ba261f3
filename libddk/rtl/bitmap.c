// SPDX-License-Identifier: MIT
//
// Bitmaps. Bit n is bit n % 32 of word n / 32. A range outside of the map is a bug check.

#include "../ke/ki.h"

#define NOT_FOUND 0xffffffffu

static void check(const RTL_BITMAP *map, ULONG start, ULONG count)
{
    if (start > map->SizeOfBitMap || count > map->SizeOfBitMap - start)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, "bitmap: bit index outside of the map",
                     start, count);
}

VOID RtlInitializeBitMap(PRTL_BITMAP map, PULONG buffer, ULONG bits)
{
    map->SizeOfBitMap = bits;
    map->Buffer = buffer;
}

BOOLEAN RtlTestBit(const RTL_BITMAP *map, ULONG bit)
{
    check(map, bit, 1);
    return (BOOLEAN)(map->Buffer[bit / 32] >> (bit % 32) & 1u);
}

VOID RtlSetBit(PRTL_BITMAP map, ULONG bit)
{
    RtlSetBits(map, bit, 1);
}

VOID RtlClearBit(PRTL_BITMAP map, ULONG bit)
{
    RtlClearBits(map, bit, 1);
}

// The part of word `start / 32` that [start, start + count) covers.
static ULONG word_mask(ULONG start, ULONG count)
{
    ULONG first = start % 32;
    ULONG mask = ~0u << first;
    if (count < 32 - first)
        mask &= (1u << (first + count)) - 1;
    return mask;
}

static ULONG in_word(ULONG start, ULONG count)
{
    return count < 32 - start % 32 ? count : 32 - start % 32;
}

VOID RtlSetBits(PRTL_BITMAP map, ULONG start, ULONG count)
{
    check(map, start, count);
    for (ULONG n; count != 0; start += n, count -= n) {
        n = in_word(start, count);
        map->Buffer[start / 32] |= word_mask(start, count);
    }
}

VOID RtlClearBits(PRTL_BITMAP map, ULONG start, ULONG count)
{
    check(map, start, count);
    for (ULONG n; count != 0; start += n, count -= n) {
        n = in_word(start, count);
        map->Buffer[start / 32] &= ~word_mask(start, count);
    }
}

VOID RtlSetAllBits(PRTL_BITMAP map)
{
    RtlSetBits(map, 0, map->SizeOfBitMap);
}

VOID RtlClearAllBits(PRTL_BITMAP map)
{
    RtlClearBits(map, 0, map->SizeOfBitMap);
}

static bool all_equal(const RTL_BITMAP *map, ULONG start, ULONG count, ULONG flip)
{
    for (ULONG n; count != 0; start += n, count -= n) {
        ULONG mask = word_mask(start, count);
        n = in_word(start, count);
        if (((map->Buffer[start / 32] ^ flip) & mask) != mask)
            return false;
    }
    return true;
}

BOOLEAN RtlAreBitsSet(const RTL_BITMAP *map, ULONG start, ULONG count)
{
    return (BOOLEAN)(count != 0 && start <= map->SizeOfBitMap &&
                     count <= map->SizeOfBitMap - start && all_equal(map, start, count, 0));
}

BOOLEAN RtlAreBitsClear(const RTL_BITMAP *map, ULONG start, ULONG count)
{
    return (BOOLEAN)(count != 0 && start <= map->SizeOfBitMap &&
                     count <= map->SizeOfBitMap - start && all_equal(map, start, count, ~0u));
}

// First run of `count` equal bits that begins in [from, to).
static ULONG find_run(const RTL_BITMAP *map, ULONG count, ULONG from, ULONG to, ULONG flip)
{
    ULONG run = 0;
    for (ULONG bit = from; bit < map->SizeOfBitMap; bit++) {
        ULONG word = map->Buffer[bit / 32] ^ flip;
        if (bit % 32 == 0 && word == 0) {
            run = 0;
            bit += 31;
            if (bit >= to)
                return NOT_FOUND;
            continue;
        }
        run = (word >> (bit % 32) & 1u) != 0 ? run + 1 : 0;
        if (run == count)
            return bit + 1 - count;
        if (run == 0 && bit + 1 >= to)
            return NOT_FOUND;
    }
    return NOT_FOUND;
}

static ULONG find(const RTL_BITMAP *map, ULONG count, ULONG hint, ULONG flip)
{
    if (hint >= map->SizeOfBitMap)
        hint = 0;
    if (count == 0)
        return hint & ~7u;
    ULONG found = find_run(map, count, hint, map->SizeOfBitMap, flip);
    return found == NOT_FOUND && hint != 0 ? find_run(map, count, 0, hint, flip) : found;
}

ULONG RtlFindClearBits(const RTL_BITMAP *map, ULONG count, ULONG hint)
{
    return find(map, count, hint, ~0u);
}

ULONG RtlFindSetBits(const RTL_BITMAP *map, ULONG count, ULONG hint)
{
    return find(map, count, hint, 0);
}

ULONG RtlFindClearBitsAndSet(PRTL_BITMAP map, ULONG count, ULONG hint)
{
    ULONG found = RtlFindClearBits(map, count, hint);
    if (found != NOT_FOUND)
        RtlSetBits(map, found, count);
    return found;
}

ULONG RtlFindSetBitsAndClear(PRTL_BITMAP map, ULONG count, ULONG hint)
{
    ULONG found = RtlFindSetBits(map, count, hint);
    if (found != NOT_FOUND)
        RtlClearBits(map, found, count);
    return found;
}

// The first clear run that begins at or behind `from`.
static ULONG next_run(const RTL_BITMAP *map, ULONG from, PULONG start)
{
    ULONG first =
        from < map->SizeOfBitMap ? find_run(map, 1, from, map->SizeOfBitMap, ~0u) : NOT_FOUND;
    if (first == NOT_FOUND)
        return 0;
    ULONG end = find_run(map, 1, first, map->SizeOfBitMap, 0);
    *start = first;
    return (end == NOT_FOUND ? map->SizeOfBitMap : end) - first;
}

ULONG RtlFindNextForwardRunClear(const RTL_BITMAP *map, ULONG from, PULONG start)
{
    return next_run(map, from, start);
}

ULONG RtlFindFirstRunClear(const RTL_BITMAP *map, PULONG start)
{
    return next_run(map, 0, start);
}

static bool clear_at(const RTL_BITMAP *map, ULONG bit)
{
    return (map->Buffer[bit / 32] >> (bit % 32) & 1u) == 0;
}

// The run that ends at or before `from`; bits behind `from` do not belong to it.
ULONG RtlFindLastBackwardRunClear(const RTL_BITMAP *map, ULONG from, PULONG start)
{
    if (map->SizeOfBitMap == 0)
        return 0;
    ULONG end = (from < map->SizeOfBitMap ? from : map->SizeOfBitMap - 1) + 1;
    while (end > 0 && !clear_at(map, end - 1))
        end--;
    ULONG begin = end;
    while (begin > 0 && clear_at(map, begin - 1))
        begin--;
    if (end != 0)
        *start = begin;
    return end - begin;
}

// Keeps runs[0 ... count) sorted from long to short; equal lengths stay in the order of the map.
static ULONG keep_longest(PRTL_BITMAP_RUN runs, ULONG count, ULONG size, RTL_BITMAP_RUN run)
{
    ULONG at = count;
    while (at > 0 && runs[at - 1].NumberOfBits < run.NumberOfBits)
        at--;
    if (at >= size)
        return count;
    ULONG kept = count < size ? count : size - 1;
    memmove(runs + at + 1, runs + at, (kept - at) * sizeof(*runs));
    runs[at] = run;
    return kept + 1;
}

ULONG RtlFindClearRuns(const RTL_BITMAP *map, PRTL_BITMAP_RUN runs, ULONG size, BOOLEAN longest)
{
    RTL_BITMAP_RUN run = {0, 0};
    ULONG count = 0;
    while (size != 0 && (longest || count < size)) {
        run.NumberOfBits = next_run(map, run.StartingIndex + run.NumberOfBits, &run.StartingIndex);
        if (run.NumberOfBits == 0)
            break;
        if (longest)
            count = keep_longest(runs, count, size, run);
        else
            runs[count++] = run;
    }
    return count;
}

ULONG RtlFindLongestRunClear(const RTL_BITMAP *map, PULONG start)
{
    RTL_BITMAP_RUN run;
    if (RtlFindClearRuns(map, &run, 1, TRUE) == 0)
        return 0;
    *start = run.StartingIndex;
    return run.NumberOfBits;
}

ULONG RtlNumberOfSetBits(const RTL_BITMAP *map)
{
    ULONG total = 0, start = 0, count = map->SizeOfBitMap;
    for (ULONG n; count != 0; start += n, count -= n) {
        n = in_word(start, count);
        total += (ULONG)__builtin_popcount(map->Buffer[start / 32] & word_mask(start, count));
    }
    return total;
}

ULONG RtlNumberOfClearBits(const RTL_BITMAP *map)
{
    return map->SizeOfBitMap - RtlNumberOfSetBits(map);
}

ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR value)
{
    return (ULONG)__builtin_popcountll(value);
}

CCHAR RtlFindMostSignificantBit(ULONGLONG value)
{
    return value == 0 ? (CCHAR)-1 : (CCHAR)(63 - __builtin_clzll(value));
}

CCHAR RtlFindLeastSignificantBit(ULONGLONG value)
{
    return value == 0 ? (CCHAR)-1 : (CCHAR)__builtin_ctzll(value);
}
