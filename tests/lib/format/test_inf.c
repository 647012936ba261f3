// SPDX-License-Identifier: MIT
// inf.h: lines, fields, quoting, substitution, encodings, and one test for each rule.
#include "ash_test.h"

#include "inf.h"

static struct inf inf;
static struct inf_error error;
static char text[512];

// Opens a copy in a heap block of exactly its size, so that AddressSanitizer sees an overrun.
static char *block;
static char scratch[4096];

static enum inf_status open_bytes(const void *bytes, size_t size)
{
    free(block);
    block = malloc(size == 0 ? 1 : size);
    memcpy(block, bytes, size);
    memset(&error, 0, sizeof error);
    return inf_open(&inf, block, size, scratch, sizeof scratch, &error);
}

static enum inf_status open_text(const char *source)
{
    return open_bytes(source, strlen(source));
}

// Decodes field `index` of the first entry of section S.
static enum inf_status first_field(const char *source, unsigned index)
{
    enum inf_status status = open_text(source);
    struct inf_iterator it = inf_section(&inf, "S");
    struct inf_line line;
    if (status == INF_OK) {
        status = inf_next(&it, &line, &error);
    }
    text[0] = 0;
    return status == INF_OK ? inf_field(&line, index, text, sizeof text, nullptr, &error) : status;
}

#define FIELD(source, index, expected)                                                             \
    do {                                                                                           \
        CHECK_EQ(first_field(source, index), INF_OK);                                              \
        CHECK_STR(text, expected);                                                                 \
    } while (0)

TEST(key_and_values)
{
    FIELD("[S]\nKey = one, two ,three\n", 0, "Key");
    FIELD("[S]\nKey = one, two ,three\n", 1, "one");
    FIELD("[S]\nKey = one, two ,three\n", 2, "two");
    FIELD("[S]\nKey = one, two ,three\n", 3, "three");
    CHECK_EQ(first_field("[S]\nKey = one, two ,three\n", 4), INF_NO_FIELD);
    FIELD("[S]\nKey=a=b\n", 1, "a=b");
    FIELD("[S]\nKey=\n", 1, "");
    FIELD("[S]\nKey=a,,c\n", 2, "");
    FIELD("[S]\nKey=a,,c\n", 3, "c");
    FIELD("[S]\nKey = inner  space kept \t\n", 1, "inner  space kept");
}

TEST(entries_without_key)
{
    FIELD("[S]\nHKR,,Name,,\"a=b\"\n", 1, "HKR");
    FIELD("[S]\nHKR,,Name,,\"a=b\"\n", 5, "a=b");
    CHECK_EQ(first_field("[S]\nHKR,,Name,,\"a=b\"\n", 0), INF_NO_FIELD);
    FIELD("[S]\nHKR,a=b\n", 2, "a=b");
    FIELD("[S]\nalone\n", 0, "alone");
    FIELD("[S]\nalone\n", 1, "alone");
}

TEST(comments_and_blank_lines)
{
    FIELD("; first\n\n   \t\n[S] ; header\n ; comment\nk = v ; behind\n", 1, "v");
    FIELD("[S]\nk = \"a;b\" ; c\n", 1, "a;b");
    FIELD("[S]\nk = %x;y%\n[Strings]\nx;y = z\n[Strings]\n\"x;y\" = q\n", 1, "q");
}

TEST(quotes)
{
    FIELD("[S]\nk = \"  kept  \"\n", 1, "  kept  ");
    FIELD("[S]\nk = \"a, b\", c\n", 1, "a, b");
    FIELD("[S]\nk = \"a, b\", c\n", 2, "c");
    FIELD("[S]\nk = \"say \"\"hi\"\"\"\n", 1, "say \"hi\"");
    FIELD("[S]\nk = pre\"quoted \"post\n", 1, "prequoted post");
    FIELD("[S]\n\"k = 1\" = v\n", 0, "k = 1");
    FIELD("[S]\nk = \"\", x\n", 1, "");
    FIELD("[S]\n%N% = I, \"DT\\google,goldfish-rtc\"\n[Strings]\nN=x\n", 2,
          "DT\\google,goldfish-rtc");
}

TEST(continuation)
{
    FIELD("[S]\nk = a, \\\n   b, c\n", 2, "b");
    FIELD("[S]\nk = \"Dir\\\"\\\n,File\n", 1, "Dir\\");
    FIELD("[S]\nk = \"Dir\\\"\\ ; comment\r\n,File\r\n", 2, "File");
    FIELD("[S]\nk = Dir\\\\\n,File\n", 1, "Dir");
    FIELD("[S]\nk = Dir\\\\\n,File\n", 2, "File");
    FIELD("[S]\nk = C:\\x\\y\n", 1, "C:\\x\\y");
    CHECK_EQ(open_text("[S]\nk = a\\"), INF_CONTINUATION_AT_END);
    CHECK_EQ(error.line, 2);
}

TEST(line_numbers_count_continuations)
{
    CHECK_EQ(open_text("[S]\r\nk = a, \\\r\n b\r\nbad = \"x\r\n"), INF_UNTERMINATED_QUOTE);
    CHECK_EQ(error.line, 4);
}

TEST(substitution)
{
    FIELD("[S]\nk = %A%\n[Strings]\nA = \"Value\"\n", 1, "Value");
    FIELD("[S]\nk = \"%a% %B%\"\n[Strings]\nA = one\nb = \"two; 2\"\n", 1, "one two; 2");
    FIELD("[S]\n%A% = x\n[Strings]\nA = key\n", 0, "key");
    FIELD("[S]\nk = \"%%SystemRoot%%\\x\"\n", 1, "%SystemRoot%\\x");
    FIELD("[S]\nk = 100%%\n", 1, "100%");
    FIELD("[S]\nk = %12%\\uart.sys\n", 1, "%12%\\uart.sys");
    FIELD("[S]\nk = %A%\n[Strings]\nA = %B%\nB = no\n", 1, "%B%");
    FIELD("[S]\nk = a %A% b\n[Strings]\nA = \"\"\n", 1, "a  b");
    FIELD("[S]\nk = a %A%\n[Strings]\nA = \"\"\n", 1, "a");
    FIELD("[S]\nk = a%A%\n[Strings]\nA = \"  \"\n", 1, "a  ");
    CHECK_EQ(first_field("[S]\nx=1\n[T]\n", 1), INF_OK);
    CHECK_EQ(first_field("[S]\nk = %Missing%\n", 1), INF_UNDEFINED_STRING);
    CHECK_EQ(error.line, 2);
    CHECK_STR(error.detail, "Missing");
}

TEST(strings_values_are_whole_lines)
{
    FIELD("[S]\nk = %A%\n[Strings]\nA = Contoso, Ltd.\n", 1, "Contoso, Ltd.");
    FIELD("[S]\nk = %A%\n[Strings]\nA = 100% sure\n", 1, "100% sure");
    FIELD("[S]\nk = %A%\n[Strings]\nA = \"\"quoted text\"\"\n", 1, "\"quoted text\"");
    FIELD("[S]\nk = %A%\n[Strings]\nA = \"\"\"quoted\"\"\"\n", 1, "\"quoted\"");
    FIELD("[S]\nk = %A%\n[Strings]\nA = \"\"\"\"\n", 1, "\"");
    FIELD("[S]\nk = %A%\n[Strings]\nA = \"\" ; empty\n", 1, "");
    FIELD("[S]\nk = %A%\n[Strings]\nA = \"x\" ; c\n", 1, "x");
}

TEST(language_choice)
{
    FIELD("[S]\nk = %A%\n[Strings]\nA=plain\n[Strings.0409]\nA=us\n", 1, "us");
    FIELD("[S]\nk = %A%\n[Strings.0809]\nA=uk\n[Strings]\nA=plain\n", 1, "uk");
    FIELD("[S]\nk = %A%\n[Strings.0809]\nA=uk\n[Strings.0009]\nA=en\n", 1, "en");
    FIELD("[S]\nk = %A%\n[Strings.0407]\nA=de\n[Strings]\nA=plain\n", 1, "plain");
    FIELD("[S]\nk = %A%\n[Strings.xyz]\nA=?\n[STRINGS]\nA=plain\n", 1, "plain");
    CHECK_EQ(first_field("[S]\nk = %A%\n[Strings.0407]\nA=de\n", 1), INF_UNDEFINED_STRING);
}

TEST(sections_merge_and_ignore_case)
{
    struct inf_line line;
    CHECK_EQ(open_text("[s]\na=1\n[T]\nb=2\n[S]\nc=3\n[Empty]\n"), INF_OK);
    struct inf_iterator it = inf_section(&inf, "S");
    CHECK_EQ(inf_next(&it, &line, &error), INF_OK);
    CHECK_EQ(line.line, 2);
    CHECK_EQ(inf_next(&it, &line, &error), INF_OK);
    CHECK_EQ(line.line, 6);
    CHECK_EQ(inf_next(&it, &line, &error), INF_END);
    CHECK_EQ(inf_next(&it, &line, &error), INF_END);
    CHECK(inf_has_section(&inf, "EMPTY"));
    CHECK(!inf_has_section(&inf, "Emp"));
    CHECK_EQ(inf_find(&inf, "S", "C", &line, &error), INF_OK);
    CHECK_EQ(inf_find(&inf, "S", "b", &line, &error), INF_END);
}

TEST(last_line_without_line_end)
{
    FIELD("[S]\nk=v", 1, "v");
    FIELD("[S]\rk=v\rx=y", 1, "v");
    CHECK_EQ(open_text("[S]"), INF_OK);
    CHECK(inf_has_section(&inf, "S"));
    CHECK_EQ(open_text(""), INF_OK);
}

TEST(numbers)
{
    struct inf_line line;
    uint32_t value;
    CHECK_EQ(open_text("[S]\nk = 10, 0x1F, 4294967295, 4294967296, x, , 0x, 1x\n"), INF_OK);
    CHECK_EQ(inf_find(&inf, "S", "k", &line, &error), INF_OK);
    CHECK_EQ(inf_field_number(&line, 1, &value, &error), INF_OK);
    CHECK_EQ(value, 10);
    CHECK_EQ(inf_field_number(&line, 2, &value, &error), INF_OK);
    CHECK_EQ(value, 31);
    CHECK_EQ(inf_field_number(&line, 3, &value, &error), INF_OK);
    CHECK_EQ(value, UINT32_MAX);
    CHECK_EQ(inf_field_number(&line, 4, &value, &error), INF_NOT_A_NUMBER);
    CHECK_EQ(inf_field_number(&line, 5, &value, &error), INF_NOT_A_NUMBER);
    CHECK_EQ(inf_field_number(&line, 6, &value, &error), INF_NO_FIELD);
    CHECK_EQ(inf_field_number(&line, 7, &value, &error), INF_NOT_A_NUMBER);
    CHECK_EQ(inf_field_number(&line, 8, &value, &error), INF_NOT_A_NUMBER);
    CHECK_EQ(inf_field_number(&line, 9, &value, &error), INF_NO_FIELD);
}

TEST(field_that_does_not_fit)
{
    struct inf_line line;
    char small[5];
    size_t length;
    CHECK_EQ(open_text("[S]\nk = abcd   , abcde, %L%, ab%L%\n[Strings]\nL=\"xyzuvw\"\n"), INF_OK);
    CHECK_EQ(inf_find(&inf, "S", "k", &line, &error), INF_OK);
    CHECK_EQ(inf_field(&line, 1, small, sizeof small, &length, &error), INF_OK);
    CHECK_STR(small, "abcd");
    CHECK_EQ(inf_field(&line, 2, small, sizeof small, &length, &error), INF_FIELD_TOO_LONG);
    CHECK_STR(small, "abcd");
    CHECK_EQ(inf_field(&line, 3, small, sizeof small, &length, &error), INF_FIELD_TOO_LONG);
    CHECK_EQ(inf_field(&line, 4, small, sizeof small, &length, &error), INF_FIELD_TOO_LONG);
    CHECK_STR(small, "abxy");
    CHECK_EQ(inf_field(&line, 1, small, 0, &length, &error), INF_FIELD_TOO_LONG);
    CHECK_EQ(inf_field(&line, 1, small, 1, &length, &error), INF_FIELD_TOO_LONG);
    CHECK_STR(small, "");
}

TEST(syntax_errors_name_the_line)
{
    static const struct {
        const char *source;
        enum inf_status status;
        unsigned line;
    } cases[] = {
        {"k = v\n[S]\n", INF_ENTRY_OUTSIDE_SECTION, 1},
        {"\n\n[S\nk=v\n", INF_UNTERMINATED_SECTION, 3},
        {"[]\n", INF_BAD_SECTION_NAME, 1},
        {"[S] x\n", INF_TEXT_BEHIND_SECTION, 1},
        {"[S]\nk = \"v\n", INF_UNTERMINATED_QUOTE, 2},
        {"[S]\nk = %v\n", INF_UNTERMINATED_TOKEN, 2},
        {"[S]\nk = \"50% \"\n", INF_UNTERMINATED_TOKEN, 2},
        {"[S]\nk = v\001\n", INF_CONTROL_CHARACTER, 2},
        {"[S]\n\nk = \xff\n", INF_BAD_UTF8, 3},
        {"[S]\nk = \xc0\x80\n", INF_BAD_UTF8, 2},
        {"[S]\nk = \xed\xa0\x80\n", INF_BAD_UTF8, 2},
        {"[S]\nk = \xe2\x82", INF_BAD_UTF8, 2},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_STR(inf_status_text(open_text(cases[i].source)), inf_status_text(cases[i].status));
        CHECK_EQ(error.status, cases[i].status);
        CHECK_EQ(error.line, cases[i].line);
    }
}

TEST(long_section_names)
{
    char source[300] = "[";
    memset(source + 1, 'x', 255);
    strcpy(source + 256, "]");
    CHECK_EQ(open_text(source), INF_OK);
    memset(source + 1, 'x', 256);
    strcpy(source + 257, "]");
    CHECK_EQ(open_text(source), INF_BAD_SECTION_NAME);
    CHECK_EQ(strlen(error.detail), INF_DETAIL_SIZE - 1);
}

TEST(utf8_passes_through)
{
    FIELD("\xef\xbb\xbf[S]\nk = \xc3\x84\xe2\x82\xac\xf0\x9f\x98\x80\n", 1,
          "\xc3\x84\xe2\x82\xac\xf0\x9f\x98\x80");
}

// Opens a UTF-16 file made from code units, little- or big-endian.
static enum inf_status open_utf16(const uint16_t *units, size_t count, bool big_endian)
{
    uint8_t bytes[256];
    for (size_t i = 0; i < count; i++) {
        bytes[2 * i] = (uint8_t)(big_endian ? units[i] >> 8 : units[i]);
        bytes[2 * i + 1] = (uint8_t)(big_endian ? units[i] : units[i] >> 8);
    }
    return open_bytes(bytes, 2 * count);
}

TEST(utf16_is_converted)
{
    static const uint16_t units[] = {0xfeff, '[',  'S',    ']',    '\r',   '\n', 'k',
                                     '=',    0xc4, 0x20ac, 0xd83d, 0xde00, '\r', '\n'};
    for (unsigned big = 0; big < 2; big++) {
        struct inf_line line;
        CHECK_EQ(open_utf16(units, sizeof units / 2, big == 1), INF_OK);
        CHECK_EQ(inf_find(&inf, "S", "k", &line, &error), INF_OK);
        CHECK_EQ(inf_field(&line, 1, text, sizeof text, nullptr, &error), INF_OK);
        CHECK_STR(text, "\xc3\x84\xe2\x82\xac\xf0\x9f\x98\x80");
    }
}

TEST(bad_utf16)
{
    static const uint16_t lone_high[] = {0xfeff, '[', 'S', ']', 0xd83d, 'x'};
    static const uint16_t lone_low[] = {0xfeff, 0xde00};
    static const uint16_t cut[] = {0xfeff, 0xd83d};
    static const uint16_t nul[] = {0xfeff, '[', 'S', ']', 0};
    CHECK_EQ(open_utf16(lone_high, 6, false), INF_BAD_UTF16);
    CHECK_EQ(open_utf16(lone_low, 2, false), INF_BAD_UTF16);
    CHECK_EQ(open_utf16(cut, 2, false), INF_BAD_UTF16);
    CHECK_EQ(open_bytes("\xff\xfe[\0S", 5), INF_BAD_UTF16);
    CHECK_EQ(open_utf16(nul, 5, false), INF_CONTROL_CHARACTER);
}

TEST(utf16_needs_scratch)
{
    struct inf small;
    CHECK_EQ(inf_open(&small, "\xff\xfe[\0S\0]\0", 8, scratch, 2, &error), INF_SCRATCH_TOO_SMALL);
    CHECK_EQ(inf_open(&small, "\xff\xfe[\0S\0]\0", 8, nullptr, 0, &error), INF_SCRATCH_TOO_SMALL);
    CHECK_EQ(inf_open(&small, "\xff\xfe[\0S\0]\0", 8, scratch, 3, nullptr), INF_OK);
}

TEST(too_large)
{
    CHECK_EQ(inf_open(&inf, "", INF_SIZE_MAX + 1, nullptr, 0, &error), INF_TOO_LARGE);
}

TEST(every_status_has_a_text)
{
    for (unsigned i = INF_OK; i <= INF_BAD_SERVICE_BINARY; i++) {
        CHECK(strstr(inf_status_text((enum inf_status)i), "unknown") == nullptr);
    }
}
