// SPDX-License-Identifier: MIT
//
// Bitmaps: bit n is bit n % 32 of the ULONG n / 32. The caller owns the buffer (a multiple of four
// bytes) and serialises. Any IRQL when bitmap and header are resident.
// Rule: bits that are set or cleared lie inside of the map; anything else is a bug check.
// Documentation: nf-wdm-rtl*bit* and nf-wdm-rtlfind*run* pages.

#ifndef DDK_BITMAP_H
#define DDK_BITMAP_H

typedef struct _RTL_BITMAP {
    ULONG SizeOfBitMap;
    PULONG Buffer;
} RTL_BITMAP, *PRTL_BITMAP;

typedef struct _RTL_BITMAP_RUN {
    ULONG StartingIndex;
    ULONG NumberOfBits;
} RTL_BITMAP_RUN, *PRTL_BITMAP_RUN;

// Points the header at the buffer; the bits stay as they are.
VOID RtlInitializeBitMap(PRTL_BITMAP map, PULONG buffer, ULONG bits);
VOID RtlSetBit(PRTL_BITMAP map, ULONG bit);
VOID RtlClearBit(PRTL_BITMAP map, ULONG bit);
BOOLEAN RtlTestBit(const RTL_BITMAP *map, ULONG bit);
VOID RtlSetBits(PRTL_BITMAP map, ULONG start, ULONG count);
VOID RtlClearBits(PRTL_BITMAP map, ULONG start, ULONG count);
VOID RtlSetAllBits(PRTL_BITMAP map);
VOID RtlClearAllBits(PRTL_BITMAP map);
#define RtlCheckBit(map, bit) ((((map)->Buffer[(bit) / 32]) >> ((bit) % 32)) & 1u)

// FALSE also for an empty range and for one that is not inside of the map.
BOOLEAN RtlAreBitsSet(const RTL_BITMAP *map, ULONG start, ULONG count);
BOOLEAN RtlAreBitsClear(const RTL_BITMAP *map, ULONG start, ULONG count);

// First index of a run of count bits, searched from hint to the end and then from 0; 0xffffffff
// when there is none.
ULONG RtlFindClearBits(const RTL_BITMAP *map, ULONG count, ULONG hint);
ULONG RtlFindSetBits(const RTL_BITMAP *map, ULONG count, ULONG hint);
ULONG RtlFindClearBitsAndSet(PRTL_BITMAP map, ULONG count, ULONG hint);
ULONG RtlFindSetBitsAndClear(PRTL_BITMAP map, ULONG count, ULONG hint);

// Runs of clear bits: the number of bits, 0 when there is none; *start is then meaningless.
ULONG RtlFindFirstRunClear(const RTL_BITMAP *map, PULONG start);
ULONG RtlFindNextForwardRunClear(const RTL_BITMAP *map, ULONG from, PULONG start);
ULONG RtlFindLastBackwardRunClear(const RTL_BITMAP *map, ULONG from, PULONG start);
ULONG RtlFindLongestRunClear(const RTL_BITMAP *map, PULONG start);
// Up to size runs: the first ones, or the longest ones, sorted from long to short. Returns how
// many.
ULONG RtlFindClearRuns(const RTL_BITMAP *map, PRTL_BITMAP_RUN runs, ULONG size, BOOLEAN longest);

ULONG RtlNumberOfSetBits(const RTL_BITMAP *map);
ULONG RtlNumberOfClearBits(const RTL_BITMAP *map);
ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR value);
// Position of the highest, lowest bit that is set; -1 for 0.
CCHAR RtlFindMostSignificantBit(ULONGLONG value);
CCHAR RtlFindLeastSignificantBit(ULONGLONG value);

#endif
