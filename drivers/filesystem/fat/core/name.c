// SPDX-License-Identifier: MIT
//
// Names: case folding, pattern matching, and the two forms in which FAT stores a name.
//
// An 8.3 name is 11 bytes of the OEM code page (437 is assumed for display; only ASCII is written).
// A long name is UTF-16. Both are matched without regard to case.
#include <string.h>

#include "internal.h"

struct fold {
    uint16_t first;
    uint16_t last;
    int16_t delta;
    uint16_t step; // every step-th unit of the range has a capital
};

// Sorted. Simple one-to-one folding of Latin, Greek, Cyrillic, Armenian and full-width letters.
static const struct fold folds[] = {
    {0x0061, 0x007A, -32, 1}, {0x00B5, 0x00B5, 743, 1}, {0x00E0, 0x00F6, -32, 1},
    {0x00F8, 0x00FE, -32, 1}, {0x00FF, 0x00FF, 121, 1}, {0x0101, 0x012F, -1, 2},
    {0x0133, 0x0137, -1, 2},  {0x013A, 0x0148, -1, 2},  {0x014B, 0x0177, -1, 2},
    {0x017A, 0x017E, -1, 2},  {0x01CE, 0x01DC, -1, 2},  {0x01DF, 0x01EF, -1, 2},
    {0x01F9, 0x021F, -1, 2},  {0x0223, 0x0233, -1, 2},  {0x03AC, 0x03AC, -38, 1},
    {0x03AD, 0x03AF, -37, 1}, {0x03B1, 0x03C1, -32, 1}, {0x03C2, 0x03C2, -31, 1},
    {0x03C3, 0x03CB, -32, 1}, {0x03CC, 0x03CC, -64, 1}, {0x03CD, 0x03CE, -63, 1},
    {0x0430, 0x044F, -32, 1}, {0x0450, 0x045F, -80, 1}, {0x0461, 0x0481, -1, 2},
    {0x048B, 0x04BF, -1, 2},  {0x04C2, 0x04CE, -1, 2},  {0x04D1, 0x052F, -1, 2},
    {0x0561, 0x0586, -48, 1}, {0x1E01, 0x1E95, -1, 2},  {0x1EA1, 0x1EFF, -1, 2},
    {0x2170, 0x217F, -16, 1}, {0x24D0, 0x24E9, -26, 1}, {0xFF41, 0xFF5A, -32, 1},
};

// Code page 437, 0x80 to 0xFF.
static const uint16_t oem[128] = {
    0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5, 0x00E7, 0x00EA, 0x00EB, 0x00E8, 0x00EF,
    0x00EE, 0x00EC, 0x00C4, 0x00C5, 0x00C9, 0x00E6, 0x00C6, 0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9,
    0x00FF, 0x00D6, 0x00DC, 0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192, 0x00E1, 0x00ED, 0x00F3, 0x00FA,
    0x00F1, 0x00D1, 0x00AA, 0x00BA, 0x00BF, 0x2310, 0x00AC, 0x00BD, 0x00BC, 0x00A1, 0x00AB, 0x00BB,
    0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557,
    0x255D, 0x255C, 0x255B, 0x2510, 0x2514, 0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F,
    0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256C, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559,
    0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518, 0x250C, 0x2588, 0x2584, 0x258C, 0x2590, 0x2580,
    0x03B1, 0x00DF, 0x0393, 0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4, 0x03A6, 0x0398, 0x03A9, 0x03B4,
    0x221E, 0x03C6, 0x03B5, 0x2229, 0x2261, 0x00B1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00F7, 0x2248,
    0x00B0, 0x2219, 0x00B7, 0x221A, 0x207F, 0x00B2, 0x25A0, 0x00A0,
};

uint16_t fat_upcase(uint16_t unit)
{
    if (unit < 0x80)
        return unit >= 'a' && unit <= 'z' ? (uint16_t)(unit - 32) : unit;
    for (size_t i = 1; i < sizeof folds / sizeof folds[0] && folds[i].first <= unit; i++) {
        const struct fold *f = &folds[i];
        if (unit <= f->last && (unit - f->first) % f->step == 0)
            return (uint16_t)(unit + f->delta);
    }
    return unit;
}

bool fat_names_equal(const uint16_t *a, size_t a_length, const uint16_t *b, size_t b_length)
{
    if (a_length != b_length)
        return false;
    for (size_t i = 0; i < a_length; i++) {
        if (a[i] != b[i] && fat_upcase(a[i]) != fat_upcase(b[i]))
            return false;
    }
    return true;
}

// ---- Patterns: a set of reachable pattern positions is carried along the name ----

enum { DOS_STAR = '<', DOS_QM = '>', DOS_DOT = '"' };

struct matcher {
    const uint16_t *pattern;
    size_t length;
    size_t last_dot; // of the name; SIZE_MAX if there is none
    bool now[FAT_NAME_MAX + 1];
    bool then[FAT_NAME_MAX + 1];
};

// Positions that are reached without taking a unit; `end`: the name is used up.
static void match_skip(struct matcher *m, uint16_t unit, bool end)
{
    for (size_t j = 0; j < m->length; j++) {
        uint16_t p = m->pattern[j];
        bool skips = p == '*' || p == DOS_STAR || (p == DOS_QM && (end || unit == '.')) ||
                     (p == DOS_DOT && end);
        if (m->now[j] && skips)
            m->now[j + 1] = true;
    }
}

static void match_take(struct matcher *m, size_t j, uint16_t unit, bool at_last_dot)
{
    uint16_t p = m->pattern[j];
    if (p == '*') {
        m->then[j] = true;
    } else if (p == DOS_STAR) {
        m->then[at_last_dot ? j + 1 : j] = true;
    } else if (p == DOS_QM) {
        if (unit != '.')
            m->then[j + 1] = true;
    } else if (p == '?' || (p == DOS_DOT && unit == '.') || fat_upcase(p) == fat_upcase(unit)) {
        m->then[j + 1] = true;
    }
}

static void match_step(struct matcher *m, uint16_t unit, bool at_last_dot)
{
    match_skip(m, unit, false);
    memset(m->then, 0, sizeof m->then);
    for (size_t j = 0; j < m->length; j++) {
        if (m->now[j])
            match_take(m, j, unit, at_last_dot);
    }
    memcpy(m->now, m->then, sizeof m->now);
}

bool fat_name_matches(const uint16_t *pattern, size_t pattern_length, const uint16_t *name,
                      size_t name_length)
{
    struct matcher m = {.pattern = pattern, .length = pattern_length, .last_dot = SIZE_MAX};
    if (pattern_length == 0 || (pattern_length == 1 && pattern[0] == '*'))
        return true;
    if (pattern_length > FAT_NAME_MAX)
        return false;
    for (size_t i = 0; i < name_length; i++) {
        if (name[i] == '.')
            m.last_dot = i;
    }
    m.now[0] = true;
    for (size_t i = 0; i < name_length; i++)
        match_step(&m, name[i], i == m.last_dot);
    match_skip(&m, 0, true);
    return m.now[pattern_length];
}

// ---- Validity ----

bool fat_long_unit_valid(uint16_t unit)
{
    return unit >= 0x20 && (unit > 0x7C || strchr("\"*/:<>?\\|", (char)unit) == NULL);
}

bool fat_name_valid(const uint16_t *name, size_t length)
{
    if (length == 0 || length > FAT_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!fat_long_unit_valid(name[i]))
            return false;
    }
    return name[length - 1] != ' ' && name[length - 1] != '.';
}

// ---- 8.3 names ----

uint8_t fat_short_checksum(const uint8_t bytes[11])
{
    uint8_t sum = 0;
    for (size_t i = 0; i < 11; i++)
        sum = (uint8_t)((sum >> 1 | sum << 7) + bytes[i]);
    return sum;
}

static bool short_unit_valid(uint16_t unit)
{
    if (unit >= 0x7F || unit <= ' ')
        return false;
    return strchr("\"*+,./:;<=>?[\\]|", (char)unit) == NULL;
}

// One part (base or extension) in upper case; *lower tells that it was all lower case.
static bool short_part(const uint16_t *name, size_t length, uint8_t *out, bool *lower)
{
    bool has_lower = false;
    bool has_upper = false;
    for (size_t i = 0; i < length; i++) {
        if (!short_unit_valid(name[i]))
            return false;
        has_lower |= name[i] >= 'a' && name[i] <= 'z';
        has_upper |= name[i] >= 'A' && name[i] <= 'Z';
        out[i] = (uint8_t)fat_upcase(name[i]);
    }
    *lower = has_lower;
    return !(has_lower && has_upper);
}

static size_t last_dot(const uint16_t *name, size_t length)
{
    for (size_t i = length; i > 0; i--) {
        if (name[i - 1] == '.')
            return i - 1;
    }
    return length;
}

bool fat_short_exact(const uint16_t *name, size_t length, struct fat_short_name *out)
{
    size_t dot = last_dot(name, length);
    size_t extension = dot < length ? length - dot - 1 : 0;
    bool base_lower;
    bool extension_lower = false;
    memset(out->bytes, ' ', sizeof out->bytes);
    if (dot == 0 || dot > 8 || extension > 3 || (dot < length && extension == 0))
        return false;
    if (!short_part(name, dot, out->bytes, &base_lower))
        return false;
    if (extension != 0 && !short_part(name + dot + 1, extension, out->bytes + 8, &extension_lower))
        return false;
    out->case_flags = (uint8_t)((base_lower ? 0x08 : 0) | (extension_lower ? 0x10 : 0));
    return true;
}

// Up to `room` bytes of a part, without spaces and full stops, foreign units as '_'.
static size_t squeeze(const uint16_t *name, size_t length, uint8_t *out, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used < room; i++) {
        if (name[i] == ' ' || name[i] == '.')
            continue;
        out[used++] = short_unit_valid(name[i]) ? (uint8_t)fat_upcase(name[i]) : '_';
    }
    return used;
}

static uint32_t name_hash(const uint16_t *name, size_t length, uint32_t seed)
{
    uint32_t hash = 2166136261u ^ seed;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ name[i]) * 16777619u;
    return hash ^ hash >> 16;
}

// Attempts 1 to 4 are BASENA~n; later ones BAhhhh~n with a hash of the name, as Windows does when
// a directory holds many similar names.
void fat_short_candidate(const uint16_t *name, size_t length, uint32_t attempt, uint8_t out[11])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t dot = last_dot(name, length);
    if (dot == 0)
        dot = length; // ".profile" has no extension
    memset(out, ' ', 11);
    size_t used = squeeze(name, dot, out, attempt <= 4 ? 6 : 2);
    if (used == 0)
        out[used++] = '_';
    uint32_t number = attempt;
    if (attempt > 4) {
        uint32_t hash = name_hash(name, length, (attempt - 5) / 9);
        for (uint32_t i = 0; i < 4; i++)
            out[used++] = (uint8_t)digits[hash >> (4 * i) & 15];
        number = (attempt - 5) % 9 + 1;
    }
    out[used++] = '~';
    out[used] = (uint8_t)('0' + number);
    if (dot < length)
        (void)squeeze(name + dot + 1, length - dot - 1, out + 8, 3);
}

static size_t display_part(const uint8_t *bytes, size_t length, bool lower, uint16_t *out)
{
    while (length > 0 && bytes[length - 1] == ' ')
        length--;
    for (size_t i = 0; i < length; i++) {
        uint16_t unit = bytes[i] >= 0x80 ? oem[bytes[i] - 0x80] : bytes[i];
        if (!fat_long_unit_valid(unit) || unit == '.')
            unit = '_';
        if (lower && unit >= 'A' && unit <= 'Z')
            unit = (uint16_t)(unit + 32);
        out[i] = unit;
    }
    return length;
}

uint16_t fat_short_display(const uint8_t bytes[11], uint8_t case_flags, uint16_t out[FAT_ALIAS_MAX])
{
    uint8_t copy[11];
    memcpy(copy, bytes, sizeof copy);
    if (copy[0] == 0x05) // stands for E5, which would mean "deleted"
        copy[0] = 0xE5;
    size_t used = display_part(copy, 8, (case_flags & 0x08) != 0, out);
    uint16_t extension[3];
    size_t more = display_part(copy + 8, 3, (case_flags & 0x10) != 0, extension);
    if (more != 0) {
        out[used++] = '.';
        memcpy(out + used, extension, more * sizeof extension[0]);
    }
    if (used + more == 0)
        out[used++] = '_';
    return (uint16_t)(used + more);
}
