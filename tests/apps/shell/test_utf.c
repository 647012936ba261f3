// SPDX-License-Identifier: MIT
// Names between UTF-8 and UTF-16.
#include "ash/utf.h"
#include "ash_test.h"

TEST(there_and_back)
{
    static const char *const names[] = {"", "plain", "gr\303\274n", "\342\202\254uro",
                                        "\360\237\247\261 brick"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint16_t units[32];
        size_t count;
        char back[64];
        CHECK(ash_utf8_to_utf16(names[i], units, 32, &count));
        ash_utf16_to_utf8(units, count, back, sizeof(back));
        CHECK_STR(back, names[i]);
    }
}

TEST(malformed_utf8_is_refused)
{
    static const char *const bad[] = {
        "\200",     "\303", "\300\200", "\355\240\200", "\364\220\200\200", "\370\200\200\200",
        "a\342\202"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint16_t units[8];
        size_t count;
        CHECK(!ash_utf8_to_utf16(bad[i], units, 8, &count));
    }
    uint16_t units[2];
    size_t count;
    CHECK(!ash_utf8_to_utf16("abc", units, 2, &count));
}

TEST(lone_surrogates_become_replacements)
{
    static const uint16_t units[] = {'a', 0xd800, 'b', 0xdc00};
    char text[32];
    ash_utf16_to_utf8(units, 4, text, sizeof(text));
    CHECK_STR(text, "a\357\277\275b\357\277\275");
    ash_utf16_to_utf8(units, 4, text, 4);
    CHECK_STR(text, "a");
}
