// SPDX-License-Identifier: MIT
// cmdline.h: words, quoting, numbers, damaged lines.
#include "ash_test.h"

#include "cmdline.h"

static char value[64];

static enum cmdline_status get(const char *text, const char *key)
{
    return cmdline_get(text, strlen(text), key, value, sizeof value, nullptr);
}

static enum cmdline_status number(const char *text, uint64_t *n)
{
    return cmdline_get_number(text, strlen(text), "n", n);
}

TEST(plain_words)
{
    CHECK_EQ(get("a=1 ashlar.quiet  b=two", "b"), CMDLINE_OK);
    CHECK_STR(value, "two");
    CHECK_EQ(get("a=1 ashlar.quiet b=two", "ashlar.quiet"), CMDLINE_OK);
    CHECK_STR(value, "");
    CHECK_EQ(get("a=1", "A"), CMDLINE_NOT_FOUND);
    CHECK_EQ(get("ab=1", "a"), CMDLINE_NOT_FOUND);
    CHECK_EQ(get("a=1", "ab"), CMDLINE_NOT_FOUND);
    CHECK_EQ(get("", "a"), CMDLINE_NOT_FOUND);
    CHECK_EQ(get("   \t\n", "a"), CMDLINE_NOT_FOUND);
}

TEST(quotes_group)
{
    CHECK_EQ(get("x ashlar.exec=\"ls C:/; ps\" y", "ashlar.exec"), CMDLINE_OK);
    CHECK_STR(value, "ls C:/; ps");
    CHECK_EQ(get("\"ashlar.exec=ls; ps\"", "ashlar.exec"), CMDLINE_OK);
    CHECK_STR(value, "ls; ps");
    CHECK_EQ(get("k=a\" \"b", "k"), CMDLINE_OK);
    CHECK_STR(value, "a b");
    CHECK_EQ(get("k=\"\" z", "k"), CMDLINE_OK);
    CHECK_STR(value, "");
}

TEST(backslashes)
{
    CHECK_EQ(get("k=\"cat C:\\boot\\x\"", "k"), CMDLINE_OK);
    CHECK_STR(value, "cat C:\\boot\\x");
    CHECK_EQ(get("k=\"say \\\"hi\\\" \\\\\"", "k"), CMDLINE_OK);
    CHECK_STR(value, "say \"hi\" \\");
    CHECK_EQ(get("k=C:\\\\x", "k"), CMDLINE_OK);
    CHECK_STR(value, "C:\\\\x");
}

TEST(last_word_of_a_key_counts)
{
    CHECK_EQ(get("k=1 k=2", "k"), CMDLINE_OK);
    CHECK_STR(value, "2");
}

TEST(value_may_hold_an_equals_sign)
{
    CHECK_EQ(get("k=a=b", "k"), CMDLINE_OK);
    CHECK_STR(value, "a=b");
}

TEST(unterminated_quote)
{
    CHECK_EQ(get("k=1 x=\"abc", "k"), CMDLINE_UNTERMINATED_QUOTE);
    CHECK_EQ(get("k=\"abc\\\"", "k"), CMDLINE_UNTERMINATED_QUOTE);
    CHECK(!cmdline_has("k=\"", 3, "k"));
}

TEST(empty_key)
{
    CHECK_EQ(get("=1", "k"), CMDLINE_EMPTY_KEY);
    CHECK_EQ(get("k=1 \"\"=1", "k"), CMDLINE_EMPTY_KEY);
}

TEST(value_that_does_not_fit)
{
    char small[4];
    size_t length;
    CHECK_EQ(cmdline_get("k=abcd", 6, "k", small, sizeof small, &length), CMDLINE_TOO_LONG);
    CHECK_STR(small, "abc");
    CHECK_EQ(length, 3);
    CHECK_EQ(cmdline_get("k=abc", 5, "k", small, sizeof small, &length), CMDLINE_OK);
    CHECK_EQ(cmdline_get("k=abc", 5, "k", small, 0, &length), CMDLINE_TOO_LONG);
}

TEST(text_ends_at_nul_or_length)
{
    CHECK_EQ(cmdline_get("k=abc", 4, "k", value, sizeof value, nullptr), CMDLINE_OK);
    CHECK_STR(value, "ab");
    CHECK_EQ(cmdline_get("a\0k=1", 5, "k", value, sizeof value, nullptr), CMDLINE_NOT_FOUND);
    CHECK(cmdline_has("a\0k=1", 5, "a"));
    CHECK(!cmdline_has(nullptr, 0, "a"));
}

TEST(numbers)
{
    uint64_t n;
    CHECK_EQ(number("n=42", &n), CMDLINE_OK);
    CHECK_EQ(n, 42);
    CHECK_EQ(number("n=0xfF", &n), CMDLINE_OK);
    CHECK_EQ(n, 255);
    CHECK_EQ(number("n=64M", &n), CMDLINE_OK);
    CHECK_EQ(n, 64u << 20);
    CHECK_EQ(number("n=18446744073709551615", &n), CMDLINE_OK);
    CHECK_EQ(n, UINT64_MAX);
    CHECK_EQ(number("n=18446744073709551616", &n), CMDLINE_NOT_A_NUMBER);
    CHECK_EQ(number("n=17179869184G", &n), CMDLINE_NOT_A_NUMBER);
    CHECK_EQ(number("n=", &n), CMDLINE_NOT_A_NUMBER);
    CHECK_EQ(number("n=K", &n), CMDLINE_NOT_A_NUMBER);
    CHECK_EQ(number("n=0x", &n), CMDLINE_NOT_A_NUMBER);
    CHECK_EQ(number("n=-1", &n), CMDLINE_NOT_A_NUMBER);
    CHECK_EQ(number("n=000000000000000000000000000000000001", &n), CMDLINE_NOT_A_NUMBER);
    CHECK_EQ(number("m=1", &n), CMDLINE_NOT_FOUND);
}

TEST(walk_all_words)
{
    const char text[] = "one two=\"2 2\" three";
    struct cmdline it = {.text = text, .length = strlen(text)};
    struct cmdline_word word;
    char key[8];
    CHECK_EQ(cmdline_next(&it, &word), CMDLINE_OK);
    CHECK_EQ(word.has_value, false);
    CHECK_EQ(cmdline_next(&it, &word), CMDLINE_OK);
    CHECK_EQ(word.has_value, true);
    CHECK_EQ(cmdline_word_key(&word, key, sizeof key, nullptr), CMDLINE_OK);
    CHECK_STR(key, "two");
    CHECK_EQ(cmdline_word_value(&word, value, sizeof value, nullptr), CMDLINE_OK);
    CHECK_STR(value, "2 2");
    CHECK_EQ(cmdline_next(&it, &word), CMDLINE_OK);
    CHECK_EQ(cmdline_next(&it, &word), CMDLINE_END);
}

TEST(every_status_has_a_text)
{
    for (unsigned i = CMDLINE_OK; i <= CMDLINE_NOT_A_NUMBER; i++) {
        CHECK(strstr(cmdline_status_text((enum cmdline_status)i), "unknown") == nullptr);
    }
}
