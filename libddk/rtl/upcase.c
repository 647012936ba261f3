// SPDX-License-Identifier: MIT
//
// Simple case mapping of the Basic Multilingual Plane for the scripts whose letters lie in regular
// ranges: ASCII, Latin-1, Latin Extended-A and Additional, Greek, Cyrillic, Armenian, fullwidth
// (Unicode Character Database, UnicodeData.txt fields 12 and 13). Other characters map to
// themselves.

#include "../ke/ki.h"
#include "rtl.h"

// Lower-case letters first..last, every step-th one, lie `distance` above their capitals.
struct range {
    WCHAR First, Last;
    USHORT Step, Distance;
};

static const struct range ranges[] = {
    {0x0061, 0x007a, 1, 32}, {0x00e0, 0x00f6, 1, 32}, {0x00f8, 0x00fe, 1, 32},
    {0x0101, 0x012f, 2, 1},  {0x0133, 0x0137, 2, 1},  {0x013a, 0x0148, 2, 1},
    {0x014b, 0x0177, 2, 1},  {0x017a, 0x017e, 2, 1},  {0x01ce, 0x01dc, 2, 1},
    {0x01df, 0x01ef, 2, 1},  {0x01f9, 0x021f, 2, 1},  {0x0223, 0x0233, 2, 1},
    {0x03ac, 0x03ac, 1, 38}, {0x03ad, 0x03af, 1, 37}, {0x03b1, 0x03c1, 1, 32},
    {0x03c3, 0x03cb, 1, 32}, {0x03cc, 0x03cc, 1, 64}, {0x03cd, 0x03ce, 1, 63},
    {0x0430, 0x044f, 1, 32}, {0x0450, 0x045f, 1, 80}, {0x0461, 0x0481, 2, 1},
    {0x048b, 0x04bf, 2, 1},  {0x04c2, 0x04ce, 2, 1},  {0x04d1, 0x052f, 2, 1},
    {0x0561, 0x0586, 1, 48}, {0x1e01, 0x1e95, 2, 1},  {0x1ea1, 0x1eff, 2, 1},
    {0xff41, 0xff5a, 1, 32},
};

static const struct range *find(WCHAR lower)
{
    for (ULONG i = 0; i < ARRAYSIZE(ranges); i++)
        if (lower >= ranges[i].First && lower <= ranges[i].Last)
            return (lower - ranges[i].First) % ranges[i].Step == 0 ? &ranges[i] : NULL;
    return NULL;
}

WCHAR rtl_upcase(WCHAR c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? (WCHAR)(c - 32) : c;
    if (c == 0x00ff)
        return 0x0178;
    const struct range *range = find(c);
    return range != NULL ? (WCHAR)(c - range->Distance) : c;
}

WCHAR rtl_downcase(WCHAR c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? (WCHAR)(c + 32) : c;
    if (c == 0x0178)
        return 0x00ff;
    for (ULONG i = 0; i < ARRAYSIZE(ranges); i++) {
        ULONG lower = (ULONG)c + ranges[i].Distance;
        if (lower >= ranges[i].First && lower <= ranges[i].Last &&
            (lower - ranges[i].First) % ranges[i].Step == 0)
            return (WCHAR)lower;
    }
    return c;
}

WCHAR RtlUpcaseUnicodeChar(WCHAR c)
{
    ki_require_irql(APC_LEVEL, "RtlUpcaseUnicodeChar above APC_LEVEL");
    return rtl_upcase(c);
}

WCHAR RtlDowncaseUnicodeChar(WCHAR c)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlDowncaseUnicodeChar above PASSIVE_LEVEL");
    return rtl_downcase(c);
}
