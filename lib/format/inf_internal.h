// SPDX-License-Identifier: MIT
//
// Shared between the sources of the INF reader; nobody else includes it.
#ifndef ASHLAR_FORMAT_INF_INTERNAL_H
#define ASHLAR_FORMAT_INF_INTERNAL_H

#include "inf.h"

// Decodes the file to UTF-8 text without byte order mark and sets inf->text and inf->length.
// Checks the encoding and that there is no control character but tab, CR and LF.
enum inf_status inf_decode_text(struct inf *inf, const uint8_t *file, size_t size, char *scratch,
                                size_t scratch_size, struct inf_error *error);

// As inf_fail, with a detail that is not NUL-terminated.
enum inf_status inf_fail_span(struct inf_error *error, enum inf_status status, unsigned line,
                              const char *detail, size_t length);

// Compares two spans ignoring the case of ASCII letters.
bool inf_span_equal(struct inf_span a, struct inf_span b);

// Reads the characters of one logical line: continuation lines joined, comments dropped, quotes
// resolved.
struct inf_cursor {
    const char *text;
    size_t length;
    size_t pos;
    unsigned line;
    bool quoted;
    bool literal; // % and , have no meaning
    bool started; // a character of the present field was emitted
};

enum inf_event {
    INF_EVENT_CHAR,        // unquoted
    INF_EVENT_QUOTED_CHAR, // to be kept whatever it is
    INF_EVENT_TOKEN,       // %name%
    INF_EVENT_LINE_END,    // pos stands at the beginning of the next line
    INF_EVENT_ERROR,       // *status tells
};

struct inf_item {
    char c;
    struct inf_span token;
    enum inf_status status;
};

enum inf_event inf_cursor_step(struct inf_cursor *cursor, struct inf_item *item);

#endif
