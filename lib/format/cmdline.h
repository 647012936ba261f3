// SPDX-License-Identifier: MIT
//
// Kernel command line (/chosen/bootargs): words of the form `key`, `key=value`, `key="a b"`.
//
// Syntax: words are separated by spaces, tabs or line ends. A double quote opens a quoted part, in
// which separators lose their meaning; it may stand anywhere in a word (key="a b" and "key=a b"
// are the same). Inside quotes \" stands for a quote and \\ for a backslash; any other backslash
// stands for itself, so that "cat C:\boot\x" needs no doubling. The first `=` outside or inside
// quotes separates key from value. Keys are case-sensitive. When a key occurs twice, the last
// counts. The text ends at `length` or at its first NUL.
//
// Guarantees: reads only [text, text + length), writes only the caller's buffers, allocates
// nothing, is linear in the length of the text.
#ifndef ASHLAR_FORMAT_CMDLINE_H
#define ASHLAR_FORMAT_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum [[nodiscard]] cmdline_status {
    CMDLINE_OK,
    CMDLINE_END,                // no further word
    CMDLINE_NOT_FOUND,          // no word of that key
    CMDLINE_UNTERMINATED_QUOTE, // a double quote is opened and never closed
    CMDLINE_EMPTY_KEY,          // a word begins with `=`
    CMDLINE_TOO_LONG,           // the decoded value does not fit in the caller's buffer
    CMDLINE_NOT_A_NUMBER,       // the value is not a decimal or 0x number of at most 64 bits
};

struct cmdline {
    const char *text;
    size_t length;
    size_t offset; // 0 at the beginning; where the next word is looked for
};

// A word as it stands in the text (quotes and escapes still in it).
struct cmdline_word {
    const char *raw;
    size_t raw_length;
    bool has_value; // an `=` is present
};

// Gets the next raw word. CMDLINE_END, CMDLINE_UNTERMINATED_QUOTE or CMDLINE_EMPTY_KEY else.
enum cmdline_status cmdline_next(struct cmdline *it, struct cmdline_word *word);

// Decodes the key of a word into `key` (always NUL-terminated when size > 0; CMDLINE_TOO_LONG if
// it was cut). *length (may be NULL) gets its length without the NUL.
enum cmdline_status cmdline_word_key(const struct cmdline_word *word, char *key, size_t size,
                                     size_t *length);

// Decodes the value of a word, likewise. A word without `=` has the empty value.
enum cmdline_status cmdline_word_value(const struct cmdline_word *word, char *value, size_t size,
                                       size_t *length);

// Looks `key` up and decodes its value. CMDLINE_NOT_FOUND leaves the buffer alone.
enum cmdline_status cmdline_get(const char *text, size_t length, const char *key, char *value,
                                size_t size, size_t *value_length);

// Looks `key` up and reads its value as a number: decimal or 0x, with an optional suffix K, M or G
// (powers of 1024).
enum cmdline_status cmdline_get_number(const char *text, size_t length, const char *key,
                                       uint64_t *value);

// Is there a word of that key, with or without value? False too when the line is damaged before it.
bool cmdline_has(const char *text, size_t length, const char *key);

// A static sentence that names the rule broken; never NULL.
const char *cmdline_status_text(enum cmdline_status status);

#endif
