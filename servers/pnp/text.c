// SPDX-License-Identifier: MIT
/* Text between drivers (UTF-16, little-endian) and this manager (UTF-8). Surrogates must pair. */
#include "node.h"
#include <stdlib.h>
#include <string.h>

static unsigned unit(const uint8_t *bytes, size_t index)
{
    return (unsigned)bytes[2 * index] | (unsigned)bytes[2 * index + 1] << 8;
}

/* Units up to the end of the text, or of the list, without its last zero. */
static size_t text_units(const uint8_t *bytes, size_t units, bool list)
{
    size_t at = 0;
    while (at < units) {
        if (unit(bytes, at) == 0 && (!list || at == 0 || unit(bytes, at - 1) == 0))
            break;
        at++;
    }
    return at;
}

static size_t put_utf8(uint32_t code, char *to)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    size_t count = code < 0x10000 ? 3 : 4;
    to[0] = (char)(count == 3 ? 0xe0 | code >> 12 : 0xf0 | code >> 18);
    for (size_t i = 1; i < count; i++)
        to[i] = (char)(0x80 | (code >> 6 * (count - 1 - i) & 0x3f));
    return count;
}

char *pnp_text(const void *utf16, size_t bytes, bool list)
{
    const uint8_t *from = utf16;
    size_t units = text_units(from, bytes / 2, list), used = 0;
    char *text = calloc(3 * units + 2, 1);
    for (size_t i = 0; text != nullptr && i < units; i++) {
        uint32_t code = unit(from, i);
        if (code >= 0xd800 && code < 0xe000) {
            unsigned low = code < 0xdc00 && i + 1 < units ? unit(from, i + 1) : 0;
            if (low < 0xdc00 || low >= 0xe000) {
                free(text);
                return nullptr;
            }
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            i++;
        }
        used += put_utf8(code, text + used);
    }
    return text;
}

static uint32_t take_utf8(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    unsigned more = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? at[0] : at[0] & (0x3fu >> more);
    unsigned i = 1;
    for (; i <= more && at[i] != 0; i++) /* the text may have been cut inside a character */
        code = code << 6 | (at[i] & 0x3f);
    *text += i;
    return code;
}

/* Bytes that the text needs, with its final zero (a list: two); written only if it fits. */
size_t pnp_text_utf16(const char *text, bool list, void *to, size_t size)
{
    uint8_t *out = to;
    size_t used = 0;
    const char *at = text;
    while (*at != '\0' || (list && at != text && at[-1] != '\0')) {
        uint32_t code = take_utf8(&at), units[2] = {code, 0};
        unsigned count = code >= 0x10000 ? 2 : 1;
        if (count == 2) {
            units[0] = 0xd800 + ((code - 0x10000) >> 10);
            units[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        for (unsigned i = 0; i < count; i++, used += 2) {
            if (used + 2 > size)
                continue;
            out[used] = (uint8_t)units[i];
            out[used + 1] = (uint8_t)(units[i] >> 8);
        }
    }
    if (used + 2 <= size)
        out[used] = out[used + 1] = 0;
    return used + 2;
}
