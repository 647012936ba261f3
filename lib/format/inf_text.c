// SPDX-License-Identifier: MIT
//
// INF files: encoding, and the characters of a logical line.
// Invariant: each step of a cursor either moves pos forward or ends the line, and pos never
// exceeds length.
#include "inf_internal.h"

#include <string.h>

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static unsigned count_lines(const char *text, size_t length)
{
    unsigned line = 1;
    for (size_t i = 0; i < length; i++) {
        bool pair = text[i] == '\r' && i + 1 < length && text[i + 1] == '\n';
        line += is_line_end(text[i]) && !pair;
    }
    return line;
}

// Length of the well-formed UTF-8 sequence at p (Unicode standard, table 3-7), 0 if there is none.
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
    uint8_t lead = p[0];
    if (lead < 0x80) {
        return 1;
    }
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < length) {
        return 0;
    }
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

static enum inf_status check_utf8(const char *text, size_t length, struct inf_error *error)
{
    for (size_t i = 0; i < length;) {
        size_t sequence = utf8_sequence((const uint8_t *)text + i, length - i);
        char c = text[i];
        if (sequence == 0) {
            return inf_fail(error, INF_BAD_UTF8, count_lines(text, i), "");
        }
        bool control = sequence == 1 && ((unsigned char)c < 0x20 || c == 0x7f);
        if (control && c != '\t' && !is_line_end(c)) {
            return inf_fail(error, INF_CONTROL_CHARACTER, count_lines(text, i), "");
        }
        i += sequence;
    }
    return INF_OK;
}

struct utf8_writer {
    char *out;
    size_t size;
    size_t used;
};

static bool put_byte(struct utf8_writer *w, uint32_t byte)
{
    if (w->used == w->size) {
        return false;
    }
    w->out[w->used++] = (char)byte;
    return true;
}

static bool put_code_point(struct utf8_writer *w, uint32_t c)
{
    if (c < 0x80) {
        return put_byte(w, c);
    }
    if (c < 0x800) {
        return put_byte(w, 0xc0 | c >> 6) && put_byte(w, 0x80 | (c & 0x3f));
    }
    if (c < 0x10000) {
        return put_byte(w, 0xe0 | c >> 12) && put_byte(w, 0x80 | (c >> 6 & 0x3f)) &&
               put_byte(w, 0x80 | (c & 0x3f));
    }
    return put_byte(w, 0xf0 | c >> 18) && put_byte(w, 0x80 | (c >> 12 & 0x3f)) &&
           put_byte(w, 0x80 | (c >> 6 & 0x3f)) && put_byte(w, 0x80 | (c & 0x3f));
}

static uint32_t utf16_unit(const uint8_t *p, bool big_endian)
{
    return big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

// Takes one code point; returns false for a lone surrogate or a cut-off unit.
static bool utf16_code_point(const uint8_t *file, size_t size, size_t *i, bool big_endian,
                             uint32_t *c)
{
    if (size - *i < 2) {
        return false;
    }
    uint32_t unit = utf16_unit(file + *i, big_endian);
    *i += 2;
    *c = unit;
    if (unit < 0xd800 || unit > 0xdfff) {
        return true;
    }
    if (unit > 0xdbff || size - *i < 2) {
        return false;
    }
    uint32_t low = utf16_unit(file + *i, big_endian);
    *i += 2;
    *c = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
    return low >= 0xdc00 && low <= 0xdfff;
}

static enum inf_status decode_utf16(struct inf *inf, const uint8_t *file, size_t size,
                                    struct utf8_writer *w, struct inf_error *error)
{
    bool big_endian = file[0] == 0xfe;
    for (size_t i = 2; i < size;) {
        uint32_t c;
        if (!utf16_code_point(file, size, &i, big_endian, &c)) {
            return inf_fail(error, INF_BAD_UTF16, count_lines(w->out, w->used), "");
        }
        if (!put_code_point(w, c)) {
            return inf_fail(error, INF_SCRATCH_TOO_SMALL, 0, "");
        }
    }
    inf->text = w->out;
    inf->length = w->used;
    return INF_OK;
}

enum inf_status inf_decode_text(struct inf *inf, const uint8_t *file, size_t size, char *scratch,
                                size_t scratch_size, struct inf_error *error)
{
    if (size > INF_SIZE_MAX) {
        return inf_fail(error, INF_TOO_LARGE, 0, "");
    }
    bool utf16 =
        size >= 2 && ((file[0] == 0xff && file[1] == 0xfe) || (file[0] == 0xfe && file[1] == 0xff));
    if (utf16) {
        struct utf8_writer w = {.out = scratch, .size = scratch_size};
        enum inf_status status = decode_utf16(inf, file, size, &w, error);
        return status == INF_OK ? check_utf8(inf->text, inf->length, error) : status;
    }
    bool mark = size >= 3 && memcmp(file, "\xef\xbb\xbf", 3) == 0;
    inf->text = (const char *)file + (mark ? 3 : 0);
    inf->length = size - (mark ? 3 : 0);
    return check_utf8(inf->text, inf->length, error);
}

static void skip_comment(struct inf_cursor *cursor)
{
    while (cursor->pos < cursor->length && !is_line_end(cursor->text[cursor->pos])) {
        cursor->pos++;
    }
}

// Steps over one line end (CR LF counts once). The cursor stands on one, or at the end.
static void skip_line_end(struct inf_cursor *cursor)
{
    if (cursor->pos == cursor->length) {
        return;
    }
    bool pair = cursor->text[cursor->pos] == '\r' && cursor->pos + 1 < cursor->length &&
                cursor->text[cursor->pos + 1] == '\n';
    cursor->pos += pair ? 2 : 1;
    cursor->line++;
}

static bool at_line_end(const struct inf_cursor *cursor)
{
    return cursor->pos == cursor->length || is_line_end(cursor->text[cursor->pos]);
}

// On a backslash: do only further backslashes, white space and a comment follow on this line? Then
// the cursor moves to the end of this line.
static bool take_continuation(struct inf_cursor *cursor)
{
    struct inf_cursor ahead = *cursor;
    while (!at_line_end(&ahead) && ahead.text[ahead.pos] == '\\') {
        ahead.pos++;
    }
    while (!at_line_end(&ahead) &&
           (ahead.text[ahead.pos] == ' ' || ahead.text[ahead.pos] == '\t')) {
        ahead.pos++;
    }
    if (!at_line_end(&ahead) && ahead.text[ahead.pos] == ';') {
        skip_comment(&ahead);
    }
    if (!at_line_end(&ahead)) {
        return false;
    }
    *cursor = ahead;
    return true;
}

// On a per cent sign: %% or %name%.
static enum inf_event take_token(struct inf_cursor *cursor, struct inf_item *item)
{
    size_t start = ++cursor->pos;
    while (!at_line_end(cursor)) {
        char c = cursor->text[cursor->pos++];
        if (c == '"' && cursor->quoted) {
            break;
        }
        if (c == '%') {
            item->token = (struct inf_span){cursor->text + start, cursor->pos - 1 - start};
            item->c = '%';
            return item->token.length == 0 ? INF_EVENT_QUOTED_CHAR : INF_EVENT_TOKEN;
        }
    }
    item->status = INF_UNTERMINATED_TOKEN;
    return INF_EVENT_ERROR;
}

// In Strings sections a doubled quote may also stand around an unquoted value (documented there):
// ""text"" is "text" with its quotes, while a lone "" is the empty string.
static bool doubled_quote_is_literal(const struct inf_cursor *cursor)
{
    size_t next = cursor->pos + 1;
    if (next >= cursor->length || cursor->text[next] != '"') {
        return false;
    }
    if (cursor->quoted) {
        return true;
    }
    if (!cursor->literal) {
        return false;
    }
    char after = next + 1 < cursor->length ? cursor->text[next + 1] : '\n';
    bool text_follows = !is_line_end(after) && strchr("\" \t;=", after) == nullptr;
    return cursor->started || text_follows;
}

static enum inf_event line_end(struct inf_cursor *cursor, struct inf_item *item)
{
    if (cursor->quoted) {
        item->status = INF_UNTERMINATED_QUOTE;
        return INF_EVENT_ERROR;
    }
    skip_line_end(cursor);
    return INF_EVENT_LINE_END;
}

// Moves over what yields no character. Returns true when it did so.
static bool skip_silent(struct inf_cursor *cursor)
{
    char c = cursor->text[cursor->pos];
    if (c == '"' && !doubled_quote_is_literal(cursor)) {
        cursor->quoted = !cursor->quoted;
        cursor->pos++;
        return true;
    }
    if (c == ';' && !cursor->quoted) {
        skip_comment(cursor);
        return true;
    }
    return false;
}

enum inf_event inf_cursor_step(struct inf_cursor *cursor, struct inf_item *item)
{
    while (!at_line_end(cursor)) {
        char c = cursor->text[cursor->pos];
        if (skip_silent(cursor)) {
            continue;
        }
        if (c == '\\' && !cursor->quoted && take_continuation(cursor)) {
            if (cursor->pos == cursor->length) {
                item->status = INF_CONTINUATION_AT_END;
                return INF_EVENT_ERROR;
            }
            skip_line_end(cursor);
            continue;
        }
        cursor->started |= c != ' ' && c != '\t';
        if (c == '%' && !cursor->literal) {
            return take_token(cursor, item);
        }
        cursor->pos += c == '"' ? 2 : 1;
        item->c = c;
        return cursor->quoted || c == '"' ? INF_EVENT_QUOTED_CHAR : INF_EVENT_CHAR;
    }
    return line_end(cursor, item);
}
