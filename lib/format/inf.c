// SPDX-License-Identifier: MIT
//
// INF files: sections, entries, fields and string substitution.
// Invariant: substitution goes one level deep: values of Strings sections are read by
// decode_literal, which expands nothing.
#include "inf_internal.h"

#include <string.h>

static struct inf_span span_of(const char *text)
{
    return (struct inf_span){text, strlen(text)};
}

// ---- reading a field ----

// Collects one field. `length` counts what was offered, `kept` excludes trailing unquoted spaces.
struct sink {
    char *buffer;
    size_t size;
    size_t length;
    size_t kept;
};

static void sink_put(struct sink *sink, char c, bool quoted)
{
    bool space = !quoted && (c == ' ' || c == '\t');
    if (space && sink->length == 0) {
        return;
    }
    if (sink->length < sink->size) {
        sink->buffer[sink->length] = c;
    }
    sink->length++;
    if (!space) {
        sink->kept = sink->length;
    }
}

// A position at the beginning of an entry, to read its characters from.
static struct inf_cursor cursor_at(const struct inf_line *line)
{
    return (struct inf_cursor){.text = line->inf->text,
                               .length = line->inf->length,
                               .pos = line->offset,
                               .line = line->line,
                               .literal = line->literal};
}

// Separator in front of field `index`: `=` behind the key, else a comma.
static bool ends_field(const struct inf_line *line, enum inf_event event, char c, unsigned index)
{
    if (event != INF_EVENT_CHAR) {
        return false;
    }
    return index == 0 ? c == '=' : c == ',' && !line->literal;
}

// Finds out whether the entry at the cursor has a key, and how many values. Leaves the cursor at
// the next line.
static enum inf_status measure(struct inf_cursor *cursor, struct inf_line *line,
                               struct inf_error *error)
{
    struct inf_item item = {0};
    line->values = 1;
    line->has_key = false;
    for (;;) {
        enum inf_event event = inf_cursor_step(cursor, &item);
        if (event == INF_EVENT_LINE_END) {
            return INF_OK;
        }
        if (event == INF_EVENT_ERROR) {
            return inf_fail(error, item.status, cursor->line, "");
        }
        if (event != INF_EVENT_CHAR) {
            continue;
        }
        if (item.c == '=' && !line->has_key && line->values == 1) {
            line->has_key = true;
            cursor->started = false;
        } else if (item.c == ',' && !line->literal) {
            line->values++;
        }
    }
}

static bool is_directory_number(struct inf_span token)
{
    for (size_t i = 0; i < token.length; i++) {
        if (token.text[i] < '0' || token.text[i] > '9') {
            return false;
        }
    }
    return token.length != 0;
}

// Reads the characters of one field of an entry.
struct field_reader {
    const struct inf_line *line;
    struct inf_cursor cursor;
    unsigned index;
    unsigned at;
};

static struct field_reader read_field(const struct inf_line *line, unsigned index)
{
    return (struct field_reader){
        .line = line, .cursor = cursor_at(line), .index = index, .at = line->has_key ? 0 : 1};
}

// The next event of the field; INF_EVENT_LINE_END at its end.
static enum inf_event field_step(struct field_reader *reader, struct inf_item *item)
{
    for (;;) {
        enum inf_event event = inf_cursor_step(&reader->cursor, item);
        if (event == INF_EVENT_LINE_END || event == INF_EVENT_ERROR) {
            return event;
        }
        if (ends_field(reader->line, event, item->c, reader->at)) {
            if (reader->at == reader->index) {
                return INF_EVENT_LINE_END;
            }
            reader->at++;
            reader->cursor.started = false;
        } else if (reader->at == reader->index) {
            return event;
        }
    }
}

// ---- sections ----

// The [name] at the cursor; leaves the cursor at the next line.
static enum inf_status take_header(struct inf_cursor *cursor, struct inf_span *name,
                                   struct inf_error *error)
{
    size_t start = ++cursor->pos;
    const char *text = cursor->text;
    while (cursor->pos < cursor->length && strchr("]\r\n", text[cursor->pos]) == nullptr) {
        cursor->pos++;
    }
    if (cursor->pos == cursor->length || text[cursor->pos] != ']') {
        return inf_fail(error, INF_UNTERMINATED_SECTION, cursor->line, "");
    }
    *name = (struct inf_span){text + start, cursor->pos - start};
    if (name->length == 0 || name->length > INF_SECTION_MAX) {
        return inf_fail_span(error, INF_BAD_SECTION_NAME, cursor->line, name->text, name->length);
    }
    cursor->pos++;
    unsigned line = cursor->line;
    struct inf_item item = {0};
    enum inf_event event;
    do {
        event = inf_cursor_step(cursor, &item);
    } while (event == INF_EVENT_CHAR && (item.c == ' ' || item.c == '\t'));
    if (event != INF_EVENT_LINE_END) {
        return inf_fail_span(error, INF_TEXT_BEHIND_SECTION, line, name->text, name->length);
    }
    return INF_OK;
}

static bool is_strings_section(struct inf_span name)
{
    static const char prefix[] = "Strings";
    struct inf_span head = {name.text, sizeof prefix - 1};
    return name.length >= head.length && inf_span_equal(head, span_of(prefix)) &&
           (name.length == head.length || name.text[head.length] == '.');
}

enum element { ELEMENT_END, ELEMENT_HEADER, ELEMENT_ENTRY };

// Reads the next header or entry behind it->offset, skipping blank lines and comments.
static enum inf_status next_element(struct inf_iterator *it, enum element *element,
                                    struct inf_span *header, struct inf_line *line,
                                    struct inf_error *error)
{
    struct inf_cursor cursor = {
        .text = it->inf->text, .length = it->inf->length, .pos = it->offset, .line = it->line};
    while (cursor.pos < cursor.length && strchr(" \t\r\n;", cursor.text[cursor.pos]) != nullptr) {
        struct inf_item item = {0};
        // A blank, a line end or a whole comment: the step never fails here.
        (void)inf_cursor_step(&cursor, &item);
    }
    *element = ELEMENT_END;
    enum inf_status status = INF_OK;
    if (cursor.pos < cursor.length && cursor.text[cursor.pos] == '[') {
        *element = ELEMENT_HEADER;
        status = take_header(&cursor, header, error);
    } else if (cursor.pos < cursor.length) {
        *element = ELEMENT_ENTRY;
        cursor.literal = it->literal;
        cursor.started = false;
        *line = (struct inf_line){
            .inf = it->inf, .offset = cursor.pos, .line = cursor.line, .literal = it->literal};
        status = measure(&cursor, line, error);
    }
    it->offset = cursor.pos;
    it->line = cursor.line;
    return status;
}

static struct inf_iterator iterate(const struct inf *inf, struct inf_span section)
{
    return (struct inf_iterator){.inf = inf, .section = section, .line = 1};
}

struct inf_iterator inf_section(const struct inf *inf, const char *section)
{
    return iterate(inf, span_of(section));
}

// Advances to the next element that concerns the iterator's section.
static enum inf_status next_in_section(struct inf_iterator *it, enum element *element,
                                       struct inf_line *line, struct inf_error *error)
{
    for (;;) {
        struct inf_span header;
        enum inf_status status = next_element(it, element, &header, line, error);
        if (status != INF_OK || *element == ELEMENT_END) {
            return status;
        }
        if (*element == ELEMENT_HEADER) {
            it->inside = inf_span_equal(header, it->section);
            it->literal = is_strings_section(header);
        }
        if (it->inside) {
            return INF_OK;
        }
    }
}

enum inf_status inf_next(struct inf_iterator *it, struct inf_line *line, struct inf_error *error)
{
    enum element element;
    enum inf_status status;
    do {
        status = next_in_section(it, &element, line, error);
    } while (status == INF_OK && element == ELEMENT_HEADER);
    return status == INF_OK && element == ELEMENT_END ? INF_END : status;
}

bool inf_has_section(const struct inf *inf, const char *section)
{
    struct inf_iterator it = inf_section(inf, section);
    struct inf_line line;
    enum element element;
    return next_in_section(&it, &element, &line, nullptr) == INF_OK && element != ELEMENT_END;
}

// ---- expanded fields ----

// Decodes a field of a Strings section, where nothing is expanded.
static enum inf_status decode_literal(const struct inf_line *line, unsigned index,
                                      struct sink *sink)
{
    struct field_reader reader = read_field(line, index);
    struct inf_item item = {0};
    enum inf_event event;
    while ((event = field_step(&reader, &item)) <= INF_EVENT_QUOTED_CHAR) {
        sink_put(sink, item.c, event == INF_EVENT_QUOTED_CHAR);
    }
    return event == INF_EVENT_LINE_END ? INF_OK : item.status;
}

// Looks a string up by its raw key and puts its value into the sink.
static enum inf_status find_string(const struct inf *inf, struct inf_span key, struct sink *sink)
{
    struct inf_iterator it = iterate(inf, inf->strings);
    struct inf_line line;
    while (inf->strings.length != 0 && inf_next(&it, &line, nullptr) == INF_OK) {
        char text[INF_SECTION_MAX + 1];
        struct sink name = {.buffer = text, .size = sizeof text};
        if (!line.has_key || decode_literal(&line, 0, &name) != INF_OK || name.kept > sizeof text) {
            continue;
        }
        if (inf_span_equal((struct inf_span){text, name.kept}, key)) {
            return decode_literal(&line, 1, sink);
        }
    }
    return INF_UNDEFINED_STRING;
}

static enum inf_status put_token(const struct inf_line *line, struct inf_span token,
                                 struct sink *sink, struct inf_error *error)
{
    if (is_directory_number(token)) {
        sink_put(sink, '%', true);
        for (size_t i = 0; i < token.length; i++) {
            sink_put(sink, token.text[i], true);
        }
        sink_put(sink, '%', true);
        return INF_OK;
    }
    size_t used = sink->length < sink->size ? sink->length : sink->size;
    struct sink value = {.buffer = sink->buffer + used, .size = sink->size - used};
    enum inf_status status = find_string(line->inf, token, &value);
    if (status != INF_OK) {
        return inf_fail_span(error, status, line->line, token.text, token.length);
    }
    // An empty value leaves trailing spaces trailing.
    sink->length += value.kept;
    sink->kept = value.kept != 0 ? sink->length : sink->kept;
    return INF_OK;
}

// Decodes and expands field `index` into the sink.
static enum inf_status decode(const struct inf_line *line, unsigned index, struct sink *sink,
                              struct inf_error *error)
{
    struct field_reader reader = read_field(line, index);
    struct inf_item item = {0};
    for (;;) {
        enum inf_event event = field_step(&reader, &item);
        if (event == INF_EVENT_LINE_END) {
            return INF_OK;
        }
        if (event == INF_EVENT_ERROR) {
            return inf_fail(error, item.status, reader.cursor.line, "");
        }
        if (event != INF_EVENT_TOKEN) {
            sink_put(sink, item.c, event == INF_EVENT_QUOTED_CHAR);
            continue;
        }
        enum inf_status status = put_token(line, item.token, sink, error);
        if (status != INF_OK) {
            return status;
        }
    }
}

enum inf_status inf_field(const struct inf_line *line, unsigned index, char *buffer, size_t size,
                          size_t *length, struct inf_error *error)
{
    struct sink sink = {.buffer = buffer, .size = size == 0 ? 0 : size - 1};
    unsigned from = index == 0 && !line->has_key && line->values == 1 ? 1 : index;
    bool present = from <= line->values && (from != 0 || line->has_key);
    enum inf_status status = present ? decode(line, from, &sink, error) : INF_NO_FIELD;
    size_t used = sink.kept <= sink.size ? sink.kept : sink.size;
    used = status == INF_OK ? used : 0;
    if (size != 0) {
        buffer[used] = 0;
    }
    if (length != nullptr) {
        *length = used;
    }
    if (status == INF_OK && sink.kept > used) {
        return inf_fail_span(error, INF_FIELD_TOO_LONG, line->line, buffer, used);
    }
    return status;
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    char l = (char)(c | 0x20);
    return l >= 'a' && l <= 'f' ? (unsigned)(l - 'a' + 10) : 99;
}

enum inf_status inf_field_number(const struct inf_line *line, unsigned index, uint32_t *value,
                                 struct inf_error *error)
{
    char text[24];
    size_t length;
    enum inf_status status = inf_field(line, index, text, sizeof text, &length, error);
    if (status == INF_OK && length == 0) {
        return INF_NO_FIELD;
    }
    if (status != INF_OK) {
        return status;
    }
    bool hex = length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
    uint64_t sum = 0;
    for (size_t i = hex ? 2 : 0; i < length; i++) {
        unsigned digit = digit_value(text[i]);
        sum = sum * (hex ? 16 : 10) + digit;
        if (digit >= (hex ? 16u : 10u) || sum > UINT32_MAX) {
            return inf_fail(error, INF_NOT_A_NUMBER, line->line, text);
        }
    }
    *value = (uint32_t)sum;
    return INF_OK;
}

// Finds the first entry of that key from the iterator on.
static enum inf_status find_key(struct inf_iterator *it, struct inf_span key, struct inf_line *line,
                                struct inf_error *error)
{
    char text[INF_SECTION_MAX + 1];
    for (;;) {
        enum inf_status status = inf_next(it, line, error);
        if (status != INF_OK) {
            return status;
        }
        size_t length;
        status = inf_field(line, 0, text, sizeof text, &length, nullptr);
        if (status == INF_OK && inf_span_equal((struct inf_span){text, length}, key)) {
            return INF_OK;
        }
    }
}

enum inf_status inf_find(const struct inf *inf, const char *section, const char *key,
                         struct inf_line *line, struct inf_error *error)
{
    struct inf_iterator it = inf_section(inf, section);
    return find_key(&it, span_of(key), line, error);
}

// ---- opening ----

// English is the only language so far: primary language 0x09 in the low 10 bits, 0x0409 first.
static unsigned strings_rank(struct inf_span name)
{
    size_t prefix = sizeof "Strings." - 1;
    if (name.length + 1 == prefix) {
        return 1;
    }
    unsigned language = 0;
    for (size_t i = prefix; i < name.length; i++) {
        unsigned digit = digit_value(name.text[i]);
        if (digit > 15 || i - prefix >= 4) {
            return 0;
        }
        language = language << 4 | digit;
    }
    if ((language & 0x3ff) != 0x09) {
        return 0;
    }
    return language == 0x0409 ? 4 : language == 0x0009 ? 3 : 2;
}

// Checks every line and chooses the Strings section.
static enum inf_status check_lines(struct inf *inf, struct inf_error *error)
{
    struct inf_iterator it = iterate(inf, (struct inf_span){0});
    unsigned best = 0;
    for (;;) {
        enum element element;
        struct inf_span header;
        struct inf_line line;
        enum inf_status status = next_element(&it, &element, &header, &line, error);
        if (status != INF_OK || element == ELEMENT_END) {
            return status;
        }
        if (element == ELEMENT_ENTRY && !it.inside) {
            return inf_fail(error, INF_ENTRY_OUTSIDE_SECTION, line.line, "");
        }
        if (element == ELEMENT_ENTRY) {
            continue;
        }
        it.inside = true;
        it.literal = is_strings_section(header);
        unsigned rank = it.literal ? strings_rank(header) : 0;
        if (rank > best) {
            best = rank;
            inf->strings = header;
        }
    }
}

enum inf_status inf_open(struct inf *inf, const void *file, size_t size, char *scratch,
                         size_t scratch_size, struct inf_error *error)
{
    *inf = (struct inf){0};
    enum inf_status status = inf_decode_text(inf, file, size, scratch, scratch_size, error);
    return status == INF_OK ? check_lines(inf, error) : status;
}
