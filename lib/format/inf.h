// SPDX-License-Identifier: MIT
//
// INF files: sections, entries, fields. Syntax as documented by Microsoft ("General Syntax Rules
// for INF Files", "INF Strings Section").
//
// - Sections of the same name are one section. Section names and keys ignore the case of ASCII.
// - An entry is `key = value, value, ...` or, without key, `value, value, ...`. White space around
//   an unquoted field does not count; inside quotes everything counts and "" stands for a quote.
// - A backslash at the end of a line (spaces and a comment may follow) joins the next line. `;`
//   outside quotes begins a comment.
// - %key% is replaced by the value of that key in [Strings] (or the localised [Strings.0409], then
//   [Strings.0009], then any [Strings.xx09]), %% by a per cent sign. %12% and other directory
//   numbers stay as they are. Values in Strings sections are not expanded themselves.
// - Encodings: ASCII, UTF-8 with or without byte order mark, UTF-16 with byte order mark.
//   Everything handed out is UTF-8.
//
// Guarantees: bounded reads and writes whatever the bytes; no heap, no recursion, no global state.
// A line or section never allocates; each look-up costs one pass over the text.
#ifndef ASHLAR_FORMAT_INF_H
#define ASHLAR_FORMAT_INF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INF_SIZE_MAX    (1024u * 1024u) // larger files are refused
#define INF_SECTION_MAX 255             // longest section name (documented limit)
#define INF_DETAIL_SIZE 96

enum [[nodiscard]] inf_status {
    INF_OK,
    INF_END,               // no further entry
    INF_NO_FIELD,          // the entry has fewer fields
    INF_TOO_LARGE,         // file above INF_SIZE_MAX
    INF_SCRATCH_TOO_SMALL, // the UTF-16 file does not fit in the caller's buffer as UTF-8
    INF_BAD_UTF8,
    INF_BAD_UTF16,
    INF_CONTROL_CHARACTER,
    INF_ENTRY_OUTSIDE_SECTION, // an entry before the first section header
    INF_UNTERMINATED_SECTION,  // `[` without `]` on the same line
    INF_BAD_SECTION_NAME,      // empty or longer than INF_SECTION_MAX
    INF_TEXT_BEHIND_SECTION,   // something other than a comment behind `]`
    INF_UNTERMINATED_QUOTE,
    INF_UNTERMINATED_TOKEN,  // a single % (write %% for a per cent sign)
    INF_CONTINUATION_AT_END, // the last line asks for a continuation
    INF_UNDEFINED_STRING,    // %key% has no entry in the Strings section
    INF_FIELD_TOO_LONG,      // the expanded field does not fit in the caller's buffer
    INF_NOT_A_NUMBER,
    // From here on: inf_driver.h
    INF_NO_SECTION, // a required section is missing
    INF_NO_ENTRY,   // a required entry is missing
    INF_BAD_SIGNATURE,
    INF_BAD_GUID,
    INF_BAD_DRIVER_VERSION,
    INF_NO_MODELS_FOR_PLATFORM,
    INF_NO_HARDWARE_ID,
    INF_NO_SERVICE,
    INF_BAD_START_TYPE,
    INF_BAD_SERVICE_TYPE,
    INF_BAD_ERROR_CONTROL,
    INF_BAD_SERVICE_BINARY,
    INF_BAD_FILTER_POSITION,
    INF_TOO_MANY_FILTERS,
    INF_TOO_MANY_CODES,
};

// What went wrong where. `detail` names the section, key or string concerned ("" if none).
struct inf_error {
    enum inf_status status;
    unsigned line; // 1-based; 0 when no line is to blame
    char detail[INF_DETAIL_SIZE];
};

struct inf_span {
    const char *text;
    size_t length;
};

// An opened file. Holds pointers into the file (or the scratch buffer), which must stay unchanged
// as long as it is used.
struct inf {
    const char *text;
    size_t length;
    struct inf_span strings; // name of the Strings section in use; length 0 if none
};

// One entry. `values` counts the fields behind the key.
struct inf_line {
    const struct inf *inf;
    size_t offset;
    unsigned line;
    unsigned values;
    bool has_key;
    bool literal; // from a Strings section: the value is one field, and not expanded
};

// Walks the entries of one section. The name must stay valid meanwhile.
struct inf_iterator {
    const struct inf *inf;
    struct inf_span section;
    size_t offset;
    unsigned line;
    bool inside;
    bool literal;
};

// Opens a file: decodes it and checks the syntax of every line. `scratch` is used only for UTF-16
// files (3/2 of the file's size always suffices; NULL with 0 is fine otherwise). `error` may be
// NULL everywhere in this header.
enum inf_status inf_open(struct inf *inf, const void *file, size_t size, char *scratch,
                         size_t scratch_size, struct inf_error *error);

// Stands before the first entry of `section` (NUL-terminated). A missing section has no entries.
struct inf_iterator inf_section(const struct inf *inf, const char *section);

// Gets the next entry, or INF_END.
enum inf_status inf_next(struct inf_iterator *it, struct inf_line *line, struct inf_error *error);

// Is there a section of that name (be it empty)?
bool inf_has_section(const struct inf *inf, const char *section);

// Finds the first entry with that key; INF_END when there is none. An entry without `=` and with a
// single value has that value as its key.
enum inf_status inf_find(const struct inf *inf, const char *section, const char *key,
                         struct inf_line *line, struct inf_error *error);

// Decodes and expands one field: 0 is the key, 1.. the values. buffer is always NUL-terminated when
// size > 0; *length (may be NULL) gets the bytes without it. INF_NO_FIELD: index above
// line->values, or index 0 of an entry that has none; the buffer is then "".
enum inf_status inf_field(const struct inf_line *line, unsigned index, char *buffer, size_t size,
                          size_t *length, struct inf_error *error);

// Reads a field as a number: decimal, or hexadecimal with 0x. An empty field is INF_NO_FIELD.
enum inf_status inf_field_number(const struct inf_line *line, unsigned index, uint32_t *value,
                                 struct inf_error *error);

// Compares two NUL-terminated strings ignoring the case of ASCII letters.
bool inf_equal(const char *a, const char *b);

// Fills *error (when not NULL) and returns `status`. For the layers above.
enum inf_status inf_fail(struct inf_error *error, enum inf_status status, unsigned line,
                         const char *detail);

// A static sentence that names the rule broken; never NULL.
const char *inf_status_text(enum inf_status status);

#endif
