// SPDX-License-Identifier: MIT
// What the shell does with text before anything is run: words, paths, figures, dates.
#include "ash/start.h"
#include "ash_test.h"
#include "shell.h"
#include <stdarg.h>

ash_word ash_timebase(void)
{
    return 10000000;
}

int shell_say(const char *, ...)
{
    return 1;
}

static char buffer[64];
static char *words[SHELL_WORDS];

TEST(words_are_split_at_blanks_and_semicolons)
{
    const char *line = "  ls  C:\\x y; cat z ;;";
    CHECK_EQ(words_next(&line, buffer, sizeof(buffer), words), 3);
    CHECK_STR(words[1], "C:\\x");
    CHECK_STR(words[2], "y");
    CHECK(words[3] == nullptr);
    CHECK_EQ(words_next(&line, buffer, sizeof(buffer), words), 2);
    CHECK_STR(words[1], "z");
    CHECK_EQ(words_next(&line, buffer, sizeof(buffer), words), 0);
    CHECK_STR(line, "");
}

TEST(quotes_keep_blanks_and_semicolons)
{
    const char *line = "write \"a; b\"c \"\" d\\";
    CHECK_EQ(words_next(&line, buffer, sizeof(buffer), words), 4);
    CHECK_STR(words[1], "a; bc");
    CHECK_STR(words[2], "");
    CHECK_STR(words[3], "d\\");
    line = "echo \"open";
    CHECK_EQ(words_next(&line, buffer, sizeof(buffer), words), -1);
}

TEST(too_much_is_refused)
{
    char many[200] = "";
    for (int i = 0; i < SHELL_WORDS; i++)
        strcat(many, "w ");
    const char *line = many;
    char large[400];
    CHECK_EQ(words_next(&line, large, sizeof(large), words), -1);
    line = "0123456789012345678901234567890123456789012345678901234567890123456789";
    CHECK_EQ(words_next(&line, buffer, sizeof(buffer), words), -1);
}

static const char *absolute(const char *directory, const char *text)
{
    static char path[ASH_STRING];
    return path_absolute(directory, text, path) ? path : "(too long)";
}

TEST(paths_become_absolute)
{
    CHECK_STR(absolute("C:\\", "x"), "C:\\x");
    CHECK_STR(absolute("C:\\", "."), "C:\\");
    CHECK_STR(absolute("C:\\a", "b/c"), "C:\\a\\b\\c");
    CHECK_STR(absolute("C:\\a\\b", "..\\c"), "C:\\a\\c");
    CHECK_STR(absolute("C:\\a", "..\\..\\..\\c"), "C:\\c");
    CHECK_STR(absolute("C:\\a", "\\b"), "C:\\b");
    CHECK_STR(absolute("C:\\a", "/b//c/"), "C:\\b\\c");
    CHECK_STR(absolute("C:\\a", "d:"), "D:\\");
    CHECK_STR(absolute("C:\\a", "D:x/./y"), "D:\\x\\y");
    CHECK_STR(absolute("C:\\a", "\\Device\\HarddiskVolume1"), "\\Device\\HarddiskVolume1");
    CHECK_STR(absolute("C:\\a", "/device/HarddiskVolume1/"), "\\device\\HarddiskVolume1\\");
    CHECK_STR(absolute("C:\\a", "\\DeviceX"), "C:\\DeviceX");
    CHECK_STR(absolute("\\Device\\V", "x"), "\\Device\\V\\x");
    char text[ASH_STRING + 10];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    CHECK_STR(absolute("C:\\", text), "(too long)");
}

TEST(path_parts)
{
    char path[ASH_STRING];
    CHECK_STR(path_name("C:\\a\\b.txt"), "b.txt");
    CHECK_STR(path_name("plain"), "plain");
    CHECK(path_join("C:\\", "x", path));
    CHECK_STR(path, "C:\\x");
    CHECK(path_join("C:\\d", "x", path));
    CHECK_STR(path, "C:\\d\\x");
}

TEST(sizes)
{
    char text[16];
    CHECK_STR(print_size(0, text), "0 B");
    CHECK_STR(print_size(1023, text), "1023 B");
    CHECK_STR(print_size(1536, text), "1.5 KiB");
    CHECK_STR(print_size(64 << 20, text), "64.0 MiB");
    CHECK_STR(print_size(500ull << 30, text), "500 GiB");
    CHECK_STR(print_size(~0ull, text), "15.9 EiB");
}

TEST(dates)
{
    char text[24];
    const int64_t day = 864000000000;
    CHECK_STR(print_time(0, text), "-");
    CHECK_STR(print_time(1, text), "1601-01-01 00:00");
    CHECK_STR(print_time(116444736000000000, text), "1970-01-01 00:00");
    CHECK_STR(print_time(116444736000000000 + 11016 * day, text), "2000-02-29 00:00");
    CHECK_STR(print_time(116444736000000000 + 11017 * day - 600000000, text), "2000-02-29 23:59");
    CHECK_STR(print_time(116444736000000000 + 11322 * day, text), "2000-12-31 00:00");
    CHECK_STR(print_time(116444736000000000 + 20779 * day, text), "2026-11-22 00:00");
}

TEST(durations)
{
    char text[24];
    CHECK_STR(print_ticks(12345000, text), "1.234 s");
    CHECK_STR(print_ticks(2000000000, text), "3 min 20 s");
    CHECK_STR(print_ticks(72600000000, text), "2 h 01 min");
}
