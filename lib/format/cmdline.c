// SPDX-License-Identifier: MIT
//
// Command-line words. Invariant: a decoder advances at least one raw byte a step and emits at most
// one byte for it, so that time and output are bounded by the raw length.
#include "cmdline.h"

#include <string.h>

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Steps over one decoded character at raw[*i]. Returns false when the step yields none (a quote).
static bool decode_step(const char *raw, size_t length, size_t *i, bool *quoted, char *c)
{
    char here = raw[(*i)++];
    if (here == '"') {
        *quoted = !*quoted;
        return false;
    }
    if (here == '\\' && *quoted && *i < length && (raw[*i] == '"' || raw[*i] == '\\')) {
        here = raw[(*i)++];
    }
    *c = here;
    return true;
}

static size_t text_end(const struct cmdline *it)
{
    const char *nul = memchr(it->text, 0, it->length);
    return nul == nullptr ? it->length : (size_t)(nul - it->text);
}

enum cmdline_status cmdline_next(struct cmdline *it, struct cmdline_word *word)
{
    size_t end = it->length == 0 ? 0 : text_end(it);
    size_t i = it->offset;
    while (i < end && is_separator(it->text[i])) {
        i++;
    }
    if (i >= end) {
        it->offset = end;
        return CMDLINE_END;
    }
    size_t start = i;
    bool quoted = false;
    bool first = true;
    *word = (struct cmdline_word){.raw = it->text + start};
    while (i < end && (quoted || !is_separator(it->text[i]))) {
        char c;
        if (!decode_step(it->text, end, &i, &quoted, &c)) {
            continue;
        }
        if (first && c == '=') {
            return CMDLINE_EMPTY_KEY;
        }
        first = false;
        word->has_value |= c == '=';
    }
    if (quoted) {
        return CMDLINE_UNTERMINATED_QUOTE;
    }
    word->raw_length = i - start;
    it->offset = i;
    return CMDLINE_OK;
}

// Decodes the part before (want_value false) or behind the first `=` of the word.
static enum cmdline_status decode(const struct cmdline_word *word, bool want_value, char *out,
                                  size_t size, size_t *length)
{
    size_t used = 0;
    bool quoted = false;
    bool in_value = false;
    bool cut = size == 0;
    for (size_t i = 0; i < word->raw_length;) {
        char c;
        if (!decode_step(word->raw, word->raw_length, &i, &quoted, &c)) {
            continue;
        }
        if (!in_value && c == '=') {
            in_value = true;
            continue;
        }
        if (in_value != want_value) {
            continue;
        }
        if (used + 1 >= size) {
            cut = true;
            break;
        }
        out[used++] = c;
    }
    if (size != 0) {
        out[used] = 0;
    }
    if (length != nullptr) {
        *length = used;
    }
    return cut ? CMDLINE_TOO_LONG : CMDLINE_OK;
}

enum cmdline_status cmdline_word_key(const struct cmdline_word *word, char *key, size_t size,
                                     size_t *length)
{
    return decode(word, false, key, size, length);
}

enum cmdline_status cmdline_word_value(const struct cmdline_word *word, char *value, size_t size,
                                       size_t *length)
{
    return decode(word, true, value, size, length);
}

static bool key_equals(const struct cmdline_word *word, const char *key)
{
    size_t matched = 0;
    bool quoted = false;
    for (size_t i = 0; i < word->raw_length;) {
        char c;
        if (!decode_step(word->raw, word->raw_length, &i, &quoted, &c)) {
            continue;
        }
        if (c == '=') {
            break;
        }
        if (key[matched] == 0 || key[matched] != c) {
            return false;
        }
        matched++;
    }
    return key[matched] == 0;
}

// Finds the last word of that key.
static enum cmdline_status find(const char *text, size_t length, const char *key,
                                struct cmdline_word *found)
{
    struct cmdline it = {.text = text, .length = length};
    struct cmdline_word word;
    enum cmdline_status result = CMDLINE_NOT_FOUND;
    enum cmdline_status status;
    while ((status = cmdline_next(&it, &word)) == CMDLINE_OK) {
        if (key_equals(&word, key)) {
            *found = word;
            result = CMDLINE_OK;
        }
    }
    return status == CMDLINE_END ? result : status;
}

enum cmdline_status cmdline_get(const char *text, size_t length, const char *key, char *value,
                                size_t size, size_t *value_length)
{
    struct cmdline_word word;
    enum cmdline_status status = find(text, length, key, &word);
    return status == CMDLINE_OK ? cmdline_word_value(&word, value, size, value_length) : status;
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a' + 10) : 99;
}

static unsigned suffix_shift(char c)
{
    switch (c) {
    case 'K':
    case 'k':
        return 10;
    case 'M':
    case 'm':
        return 20;
    case 'G':
    case 'g':
        return 30;
    default:
        return 0;
    }
}

static bool parse_number(const char *text, size_t length, uint64_t *value)
{
    bool hex = length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
    unsigned base = hex ? 16 : 10;
    unsigned shift = length == 0 ? 0 : suffix_shift(text[length - 1]);
    size_t end = shift == 0 ? length : length - 1;
    size_t start = hex ? 2 : 0;
    uint64_t sum = 0;
    if (start >= end) {
        return false;
    }
    for (size_t i = start; i < end; i++) {
        unsigned digit = digit_value(text[i]);
        if (digit >= base || __builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, digit, &sum)) {
            return false;
        }
    }
    *value = sum << shift;
    return *value >> shift == sum;
}

enum cmdline_status cmdline_get_number(const char *text, size_t length, const char *key,
                                       uint64_t *value)
{
    char digits[32];
    size_t used;
    enum cmdline_status status = cmdline_get(text, length, key, digits, sizeof digits, &used);
    if (status == CMDLINE_OK || status == CMDLINE_TOO_LONG) {
        bool ok = status == CMDLINE_OK && parse_number(digits, used, value);
        return ok ? CMDLINE_OK : CMDLINE_NOT_A_NUMBER;
    }
    return status;
}

bool cmdline_has(const char *text, size_t length, const char *key)
{
    struct cmdline_word word;
    return find(text, length, key, &word) == CMDLINE_OK;
}

const char *cmdline_status_text(enum cmdline_status status)
{
    switch (status) {
    case CMDLINE_OK:
        return "no error";
    case CMDLINE_END:
        return "no further word";
    case CMDLINE_NOT_FOUND:
        return "no such word on the command line";
    case CMDLINE_UNTERMINATED_QUOTE:
        return "a double quote is opened and never closed";
    case CMDLINE_EMPTY_KEY:
        return "a word begins with '='";
    case CMDLINE_TOO_LONG:
        return "the value is longer than the room for it";
    case CMDLINE_NOT_A_NUMBER:
        return "the value is not a number of at most 64 bits";
    }
    return "unknown command-line status";
}
