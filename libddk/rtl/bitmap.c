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

CCHAR RtlFindMostSignificantBit(ULONGLONG value)
{
    return value == 0 ? (CCHAR)-1 : (CCHAR)(63 - __builtin_clzll(value));
}

CCHAR RtlFindLeastSignificantBit(ULONGLONG value)
{
    return value == 0 ? (CCHAR)-1 : (CCHAR)__builtin_ctzll(value);
}
