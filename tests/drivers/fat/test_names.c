// SPDX-License-Identifier: MIT
//
// The FAT core's decoders: boot sectors, names and their 8.3 forms, patterns, times.
#include "ash_test.h"

#include "image.h"
#include "internal.h"

static size_t widen(const char *text, uint16_t *out)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)text[i];
    return length;
}

static const uint64_t some_time = 133500000000000000; // 2024-01-17 21:20:00

// ---- Boot sectors ----

struct damage {
    size_t at;
    uint8_t value;
    const char *rule; // begins so
};

static void check_damage(const struct damage *damage, size_t count, unsigned kilobytes,
                         const char *options)
{
    struct image image;
    CHECK(image_make(&image, kilobytes, 512, options));
    for (size_t i = 0; i < count; i++) {
        uint8_t boot[512];
        struct fat_geometry g;
        const char *rule;
        uint64_t value;
        memcpy(boot, image.bytes, sizeof boot);
        CHECK_EQ(fat_geometry_parse(boot, 512, image.size, 512, &g, &rule, &value), FAT_OK);
        boot[damage[i].at] = damage[i].value;
        enum fat_status status = fat_geometry_parse(boot, 512, image.size, 512, &g, &rule, &value);
        CHECK_EQ(status, FAT_UNRECOGNIZED);
        CHECK(strncmp(rule, damage[i].rule, strlen(damage[i].rule)) == 0);
    }
    image_free(&image);
}

TEST(boot_sector_rules_are_named)
{
    static const struct damage fat16[] = {
        {510, 0, "boot sector: signature"},
        {0, 0x12, "boot sector: does not begin"},
        {11, 1, "BPB_BytsPerSec is not"},
        {12, 0, "BPB_BytsPerSec is not"},
        {12, 0x20, "BPB_BytsPerSec is not"},
        {13, 0, "BPB_SecPerClus"},
        {13, 3, "BPB_SecPerClus"},
        {14, 0, "BPB_RsvdSecCnt"},
        {16, 0, "BPB_NumFATs"},
        {16, 9, "BPB_NumFATs"},
        {21, 0x12, "BPB_Media"},
        {17, 1, "BPB_RootEntCnt does not fill"},
        {22, 1, "the FAT is too small"},
        {23, 0xFF, "the FATs and the root"},
        {20, 0xFF, "BPB_TotSec is more"},
        {18, 0, "BPB_RootEntCnt is zero"},
    };
    static const struct damage fat32[] = {
        {43, 1, "BPB_FSVer"},
        {44, 0, "BPB_RootClus"},
        {47, 0xFF, "BPB_RootClus"},
        {17, 16, "BPB_RootEntCnt is not zero"},
        {36, 1, "the FAT is too small"},
        {35, 0xFF, "BPB_TotSec is more"},
        {40, 0x8F, "BPB_ExtFlags"},
    };
    check_damage(fat16, sizeof fat16 / sizeof fat16[0], 20000, "-F 16 -r 512 -s 1 -R 1");
    check_damage(fat32, sizeof fat32 / sizeof fat32[0], 40000, "-F 32 -s 1");
}

TEST(boot_sector_in_short_or_large_sectors_is_refused)
{
    struct image image;
    struct fat_geometry g;
    const char *rule;
    uint64_t value;
    CHECK(image_make(&image, 20000, 512, "-F 16"));
    CHECK_EQ(fat_geometry_parse(image.bytes, 511, image.size, 512, &g, &rule, &value),
             FAT_UNRECOGNIZED);
    CHECK_EQ(fat_geometry_parse(image.bytes, 512, image.size, 4096, &g, &rule, &value),
             FAT_UNRECOGNIZED);
    CHECK(strstr(rule, "below the device's") != NULL);
    image_free(&image);
}

// ---- Names and times ----

static bool matches(const char *pattern_text, const char *name)
{
    uint16_t p[300];
    uint16_t n[300];
    size_t pl = widen(pattern_text, p);
    return fat_name_matches(p, pl, n, widen(name, n));
}

TEST(patterns_match_as_documented)
{
    CHECK(matches("*", "anything.at.all"));
    CHECK(matches("*.txt", "README.TXT"));
    CHECK(!matches("*.txt", "readme.txt2"));
    CHECK(matches("r?ad*", "README.TXT"));
    CHECK(!matches("?", ""));
    CHECK(matches("a*b*c", "aXXbYYc"));
    CHECK(!matches("a*b*c", "aXXbYY"));
    CHECK(matches("<.c", "a.b.c"));
    CHECK(matches("<", "noextension"));
    CHECK(matches(">>>>", "ab"));
    CHECK(!matches(">", "ab"));
    CHECK(matches("a\"", "a"));
    CHECK(matches("a\"b", "a.b"));
    CHECK(!matches("a\"b", "ab"));
    CHECK(matches("**********************************************************b",
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
}

TEST(upcase_folds_scripts)
{
    CHECK_EQ(fat_upcase('z'), 'Z');
    CHECK_EQ(fat_upcase(0xE4), 0xC4);
    CHECK_EQ(fat_upcase(0xF7), 0xF7);
    CHECK_EQ(fat_upcase(0xFF), 0x178);
    CHECK_EQ(fat_upcase(0x3C9), 0x3A9);
    CHECK_EQ(fat_upcase(0x3CC), 0x38C);
    CHECK_EQ(fat_upcase(0x44F), 0x42F);
    CHECK_EQ(fat_upcase(0x451), 0x401);
    CHECK_EQ(fat_upcase(0x17E), 0x17D);
    CHECK_EQ(fat_upcase(0x4E2D), 0x4E2D);
}

static void check_alias(const char *name, uint32_t attempt, const char *expected)
{
    uint16_t wide[300];
    uint8_t bytes[12] = {0};
    fat_short_candidate(wide, widen(name, wide), attempt, bytes);
    CHECK_STR((const char *)bytes, expected);
}

TEST(aliases_are_made_as_windows_makes_them)
{
    check_alias("The quick brown.fox", 1, "THEQUI~1FOX");
    check_alias("The quick brown.fox", 4, "THEQUI~4FOX");
    check_alias(".profile", 1, "PROFIL~1   ");
    check_alias("a.b.c.text", 2, "ABC~2   TEX");
    check_alias("x+y=z", 1, "X_Y_Z~1    ");
    check_alias("......", 1, "_~1        ");
    uint16_t wide[300];
    uint8_t bytes[11];
    fat_short_candidate(wide, widen("The quick brown.fox", wide), 5, bytes);
    CHECK_MEM(bytes, "TH", 2);
    CHECK_MEM(bytes + 6, "~1FOX", 5);
}

TEST(exact_short_names_keep_their_case)
{
    uint16_t wide[300];
    struct fat_short_name s;
    CHECK(fat_short_exact(wide, widen("README.TXT", wide), &s) && s.case_flags == 0);
    CHECK(fat_short_exact(wide, widen("readme.TXT", wide), &s) && s.case_flags == 0x08);
    CHECK(fat_short_exact(wide, widen("readme.txt", wide), &s) && s.case_flags == 0x18);
    CHECK(!fat_short_exact(wide, widen("Readme.txt", wide), &s));
    CHECK(!fat_short_exact(wide, widen("123456789.txt", wide), &s));
    CHECK(!fat_short_exact(wide, widen("a.text", wide), &s));
    CHECK(!fat_short_exact(wide, widen("a.b.c", wide), &s));
    CHECK(!fat_short_exact(wide, widen("a b", wide), &s));
    CHECK(!fat_short_exact(wide, widen("a.", wide), &s));
    CHECK(fat_short_exact(wide, widen("12345678", wide), &s));
}

TEST(names_are_judged)
{
    uint16_t wide[300];
    CHECK(fat_name_valid(wide, widen("a name with + and ; and [x]", wide)));
    CHECK(!fat_name_valid(wide, widen("a/b", wide)));
    CHECK(!fat_name_valid(wide, widen("a:b", wide)));
    CHECK(!fat_name_valid(wide, widen("trailing.", wide)));
    CHECK(!fat_name_valid(wide, widen("trailing ", wide)));
    CHECK(!fat_name_valid(wide, widen(".", wide)));
    CHECK(!fat_name_valid(wide, 0));
    for (size_t i = 0; i < 256; i++)
        wide[i] = 'x';
    CHECK(fat_name_valid(wide, 255));
    CHECK(!fat_name_valid(wide, 256));
}

TEST(times_survive_the_round_trip)
{
    uint16_t date;
    uint16_t time;
    uint8_t tenths;
    fat_time_encode(some_time, &date, &time, &tenths);
    CHECK_EQ(fat_time_decode(date, time, tenths), some_time);
    fat_time_encode(some_time + 10000000 + 1200000, &date, &time, &tenths);
    CHECK_EQ(fat_time_decode(date, time, tenths), some_time + 10000000 + 1200000);
    for (uint64_t day = 0; day < 46750; day++) { // every day from 1980 to 2107
        uint64_t t = 119600064000000000 + day * 864000000000;
        fat_time_encode(t, &date, &time, &tenths);
        CHECK_EQ(fat_time_decode(date, time, tenths), t);
    }
    fat_time_encode(0, &date, &time, &tenths);
    CHECK_EQ(date, 0x21);
    fat_time_encode(UINT64_MAX, &date, &time, &tenths);
    CHECK_EQ(date >> 9, 127);
    CHECK_EQ(fat_time_decode(0, 0, 0), 0);
    CHECK(fat_time_decode(0xFFFF, 0xFFFF, 0xFF) != 0);
}
