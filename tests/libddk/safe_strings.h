// SPDX-License-Identifier: MIT
//
// The documented behaviour of the safe strings, once for all widths and units. `unit` is what one
// character counts in the sizes of the routine: 1 (Cch forms) or sizeof(type) (Cb forms).
// WHOLE and PART call an Ex form without and with the argument that limits the source.

#ifndef SAFE_STRINGS_H
#define SAFE_STRINGS_H

#include "ddi_test.h"
#include <ntstrsafe.h>

// Writes and compares text of either width; texts are ASCII.
static inline void set_text(void *to, size_t width, const char *ascii)
{
    size_t i = 0;
    do {
        if (width == 1)
            ((char *)to)[i] = ascii[i];
        else
            ((WCHAR *)to)[i] = (UCHAR)ascii[i];
    } while (ascii[i++] != 0);
}

static inline bool same(const void *text, size_t width, const char *ascii)
{
    for (size_t i = 0;; i++) {
        WCHAR c = width == 1 ? (UCHAR)((const char *)text)[i] : ((const WCHAR *)text)[i];
        if (c != (UCHAR)ascii[i])
            return false;
        if (c == 0)
            return true;
    }
}

#define TEXT(buffer, ascii) set_text((buffer), sizeof((buffer)[0]), (ascii))
#define IS(buffer, ascii)   same((buffer), sizeof((buffer)[0]), (ascii))
#define TOO_MANY(unit)      (((SIZE_T)DDK_STRSAFE_MAX_CCH + 1) * (unit))

#define COPIES(routine, type, unit)                                                                \
    do {                                                                                           \
        type to[6], from[16];                                                                      \
        TEXT(from, "hello");                                                                       \
        CHECK_EQ(routine(to, 6 * (unit), from), STATUS_SUCCESS);                                   \
        CHECK(IS(to, "hello"));                                                                    \
        TEXT(from, "goodbye");                                                                     \
        CHECK_EQ(routine(to, 6 * (unit), from), STATUS_BUFFER_OVERFLOW);                           \
        CHECK(IS(to, "goodb"));                                                                    \
        CHECK_EQ(routine(to, 0, from), STATUS_INVALID_PARAMETER);                                  \
        CHECK_EQ(routine(to, TOO_MANY(unit), from), STATUS_INVALID_PARAMETER);                     \
        CHECK_EQ(routine(NULL, 6 * (unit), from), STATUS_INVALID_PARAMETER);                       \
        CHECK_EQ(routine(to, 6 * (unit), NULL), STATUS_INVALID_PARAMETER);                         \
        CHECK(IS(to, "goodb"));                                                                    \
    } while (0)

#define COPIES_N(routine, type, unit)                                                              \
    do {                                                                                           \
        type to[6], from[3]; /* never terminated: the limit alone ends it */                       \
        from[0] = 'a', from[1] = 'b', from[2] = 'c';                                               \
        CHECK_EQ(routine(to, 6 * (unit), from, 3 * (unit)), STATUS_SUCCESS);                       \
        CHECK(IS(to, "abc"));                                                                      \
        CHECK_EQ(routine(to, 6 * (unit), from, 0), STATUS_SUCCESS);                                \
        CHECK(IS(to, ""));                                                                         \
        CHECK_EQ(routine(to, 3 * (unit), from, 3 * (unit)), STATUS_BUFFER_OVERFLOW);               \
        CHECK(IS(to, "ab"));                                                                       \
        CHECK_EQ(routine(to, 6 * (unit), from, TOO_MANY(unit)), STATUS_INVALID_PARAMETER);         \
        CHECK_EQ(routine(to, 0, from, 3 * (unit)), STATUS_INVALID_PARAMETER);                      \
        CHECK_EQ(routine(to, 6 * (unit), NULL, 3 * (unit)), STATUS_INVALID_PARAMETER);             \
    } while (0)

#define APPENDS(routine, type, unit)                                                               \
    do {                                                                                           \
        type to[6], from[16];                                                                      \
        TEXT(to, "ab");                                                                            \
        TEXT(from, "cd");                                                                          \
        CHECK_EQ(routine(to, 6 * (unit), from), STATUS_SUCCESS);                                   \
        CHECK(IS(to, "abcd"));                                                                     \
        CHECK_EQ(routine(to, 6 * (unit), from), STATUS_BUFFER_OVERFLOW);                           \
        CHECK(IS(to, "abcdc"));                                                                    \
        CHECK_EQ(routine(to, 5 * (unit), from), STATUS_INVALID_PARAMETER); /* no terminator */     \
        CHECK_EQ(routine(to, 0, from), STATUS_INVALID_PARAMETER);                                  \
        CHECK_EQ(routine(to, TOO_MANY(unit), from), STATUS_INVALID_PARAMETER);                     \
        CHECK_EQ(routine(to, 6 * (unit), NULL), STATUS_INVALID_PARAMETER);                         \
    } while (0)

#define APPENDS_N(routine, type, unit)                                                             \
    do {                                                                                           \
        type to[6], from[2];                                                                       \
        TEXT(to, "ab");                                                                            \
        from[0] = 'c', from[1] = 'd';                                                              \
        CHECK_EQ(routine(to, 6 * (unit), from, 2 * (unit)), STATUS_SUCCESS);                       \
        CHECK(IS(to, "abcd"));                                                                     \
        CHECK_EQ(routine(to, 6 * (unit), from, 2 * (unit)), STATUS_BUFFER_OVERFLOW);               \
        CHECK(IS(to, "abcdc"));                                                                    \
        CHECK_EQ(routine(to, 6 * (unit), from, TOO_MANY(unit)), STATUS_INVALID_PARAMETER);         \
        CHECK_EQ(routine(to, 5 * (unit), from, 2 * (unit)), STATUS_INVALID_PARAMETER);             \
    } while (0)

#define WHOLE(routine, to, size, from, end, rest, flags) routine(to, size, from, end, rest, flags)
#define PART(routine, to, size, from, end, rest, flags)                                            \
    routine(to, size, from, 100, end, rest, flags)

// What the Ex forms have in common: where the text ends, what is left, and the flags.
#define COPIES_EX(how, routine, type, unit)                                                        \
    do {                                                                                           \
        type to[8], from[16], *end = NULL;                                                         \
        SIZE_T rest = 0;                                                                           \
        TEXT(from, "abc");                                                                         \
        CHECK_EQ(how(routine, to, 8 * (unit), from, &end, &rest, 0), STATUS_SUCCESS);              \
        CHECK(IS(to, "abc") && end == to + 3 && rest == 5 * (unit));                               \
        CHECK_EQ(how(routine, to, 8 * (unit), from, NULL, NULL, STRSAFE_FILL_BYTE(0x7e)),          \
                 STATUS_SUCCESS);                                                                  \
        CHECK(IS(to, "abc") && ((UCHAR *)to)[sizeof(to) - 1] == 0x7e);                             \
        CHECK_EQ(how(routine, to, 8 * (unit), NULL, &end, &rest, STRSAFE_IGNORE_NULLS),            \
                 STATUS_SUCCESS);                                                                  \
        CHECK(IS(to, "") && end == to && rest == 8 * (unit));                                      \
        FAILS_EX(how, routine, type, unit);                                                        \
        TEXT(to, "old");                                                                           \
        TEXT(from, "much too long");                                                               \
        CHECK_EQ(how(routine, to, 8 * (unit), from, &end, &rest, STRSAFE_NO_TRUNCATION),           \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(IS(to, "") && end == to && rest == 8 * (unit));                                      \
    } while (0)

#define APPENDS_EX(how, routine, type, unit)                                                       \
    do {                                                                                           \
        type to[8], from[16], *end = NULL;                                                         \
        SIZE_T rest = 0;                                                                           \
        TEXT(to, "ab");                                                                            \
        TEXT(from, "cd");                                                                          \
        CHECK_EQ(how(routine, to, 8 * (unit), from, &end, &rest, STRSAFE_FILL_BYTE(0x7e)),         \
                 STATUS_SUCCESS);                                                                  \
        CHECK(IS(to, "abcd") && end == to + 4 && rest == 4 * (unit));                              \
        CHECK_EQ(((UCHAR *)to)[sizeof(to) - 1], 0x7e);                                             \
        CHECK_EQ(how(routine, to, 8 * (unit), NULL, &end, &rest, STRSAFE_IGNORE_NULLS),            \
                 STATUS_SUCCESS);                                                                  \
        CHECK(IS(to, "abcd") && end == to + 4);                                                    \
        TEXT(from, "much too long");                                                               \
        CHECK_EQ(how(routine, to, 8 * (unit), from, &end, &rest, STRSAFE_NO_TRUNCATION),           \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(IS(to, "abcd") && end == to + 4 && rest == 4 * (unit));                              \
        CHECK_EQ(how(routine, to, 3 * (unit), from, NULL, NULL, 0), STATUS_INVALID_PARAMETER);     \
        FAILS_EX(how, routine, type, unit);                                                        \
    } while (0)

// Failures, the same for copying and appending (to an empty text).
#define FAILS_EX(how, routine, type, unit)                                                         \
    do {                                                                                           \
        type into[8], text[16], *last = NULL;                                                      \
        SIZE_T left = 0;                                                                           \
        TEXT(text, "much too long");                                                               \
        TEXT(into, "");                                                                            \
        CHECK_EQ(how(routine, into, 8 * (unit), text, &last, &left, 0), STATUS_BUFFER_OVERFLOW);   \
        CHECK(IS(into, "much to") && last == into + 7 && left == (unit));                          \
        TEXT(into, "");                                                                            \
        CHECK_EQ(how(routine, into, 8 * (unit), text, &last, &left, STRSAFE_NULL_ON_FAILURE),      \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(IS(into, "") && last == into && left == 8 * (unit));                                 \
        CHECK_EQ(how(routine, into, 8 * (unit), text, &last, &left, STRSAFE_FAILURE_BYTE(0x2a)),   \
                 STATUS_BUFFER_OVERFLOW);                                                          \
        CHECK(((UCHAR *)into)[0] == 0x2a && into[7] == 0 && last == into + 7);                     \
        TEXT(into, "");                                                                            \
        CHECK_EQ(how(routine, into, 8 * (unit), text, NULL, NULL, 0x8000),                         \
                 STATUS_INVALID_PARAMETER);                                                        \
        CHECK_EQ(how(routine, into, 8 * (unit), NULL, NULL, NULL, 0), STATUS_INVALID_PARAMETER);   \
        CHECK_EQ(how(routine, into, TOO_MANY(unit), text, NULL, NULL, 0),                          \
                 STATUS_INVALID_PARAMETER);                                                        \
        CHECK_EQ(how(routine, NULL, 8 * (unit), text, NULL, NULL, STRSAFE_IGNORE_NULLS),           \
                 STATUS_INVALID_PARAMETER);                                                        \
        CHECK_EQ(how(routine, NULL, 0, text, NULL, NULL, STRSAFE_IGNORE_NULLS),                    \
                 STATUS_INVALID_PARAMETER);                                                        \
        CHECK_EQ(how(routine, NULL, 0, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);   \
    } while (0)

#define MEASURES(routine, type, unit)                                                              \
    do {                                                                                           \
        type text[8];                                                                              \
        SIZE_T length = 99;                                                                        \
        TEXT(text, "abcd");                                                                        \
        CHECK_EQ(routine(text, 8 * (unit), &length), STATUS_SUCCESS);                              \
        CHECK_EQ(length, 4 * (unit));                                                              \
        CHECK_EQ(routine(text, 5 * (unit), NULL), STATUS_SUCCESS);                                 \
        CHECK_EQ(routine(text, 4 * (unit), &length), STATUS_INVALID_PARAMETER);                    \
        CHECK_EQ(routine(NULL, 8 * (unit), &length), STATUS_INVALID_PARAMETER);                    \
        CHECK_EQ(routine(text, TOO_MANY(unit), &length), STATUS_INVALID_PARAMETER);                \
    } while (0)

#endif
