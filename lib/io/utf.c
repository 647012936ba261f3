// SPDX-License-Identifier: MIT
// RFC 3629 and RFC 2781: overlong forms, surrogates in UTF-8 and values above U+10FFFF are errors.
#include "ash/utf.h"

#define REPLACEMENT 0xfffdu

static uint32_t next16(const uint16_t **text, const uint16_t *end)
{
    uint32_t unit = *(*text)++;
    if (unit < 0xd800 || unit > 0xdfff)
        return unit;
    if (unit > 0xdbff || *text == end || **text < 0xdc00 || **text > 0xdfff)
        return REPLACEMENT;
    return 0x10000 + ((unit - 0xd800) << 10 | (*(*text)++ - 0xdc00u));
}

static size_t put8(uint32_t code, char out[4])
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = bytes; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[bytes > 1 ? bytes : 0] | code);
    return bytes;
}

void ash_utf16_to_utf8(const uint16_t *text, size_t units, char *out, size_t size)
{
    const uint16_t *end = text + units;
    size_t used = 0;
    while (text < end) {
        char bytes[4];
        size_t count = put8(next16(&text, end), bytes);
        if (used + count >= size)
            break;
        for (size_t i = 0; i < count; i++)
            out[used++] = bytes[i];
    }
    out[used] = '\0';
}

/* The next character, or ~0 if it is malformed. */
static uint32_t next8(const unsigned char **text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint32_t first = *(*text)++;
    if (first < 0x80)
        return first;
    unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4)
        return ~0u;
    uint32_t code = first & (0x3fu >> more);
    for (unsigned i = 0; i < more; i++) {
        if ((**text & 0xc0) != 0x80)
            return ~0u;
        code = code << 6 | (*(*text)++ & 0x3fu);
    }
    return code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? ~0u : code;
}

bool ash_utf8_to_utf16(const char *text, uint16_t *out, size_t room, size_t *units)
{
    const unsigned char *at = (const unsigned char *)text;
    *units = 0;
    while (*at != '\0') {
        uint32_t code = next8(&at);
        size_t count = code > 0xffff ? 2 : 1;
        if (code == ~0u || room - *units < count)
            return false;
        if (count == 2) {
            out[(*units)++] = (uint16_t)(0xd800 + ((code - 0x10000) >> 10));
            code = 0xdc00 + (code & 0x3ff);
        }
        out[(*units)++] = (uint16_t)code;
    }
    return true;
}
