// SPDX-License-Identifier: MIT
/*
 * printf with the formats of the Windows C library. Each conversion is rewritten for the C
 * library's snprintf with the size that its arguments have here; wide strings are converted to
 * UTF-8. Pure: also runs in host tests.
 */
#include "format.h"
#include <stdint.h>
#include <string.h>

#undef snprintf
#undef vsnprintf

enum size { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_64 };

struct conversion {
    char flags[8];
    int width, precision; /* -1: none */
    enum size size;
    char prefix; /* 'h', 'l' (also w), or 0: of a string or a character */
    char type;
};

struct output {
    char *buffer;
    size_t size, used; /* used: also what had no room */
};

static void put(struct output *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++, out->used++)
        if (out->used + 1 < out->size)
            out->buffer[out->used] = text[i];
}

static void pad(struct output *out, int count)
{
    for (; count > 0; count--)
        put(out, " ", 1);
}

/* UTF-8 of one character of 16 bits, and what follows it in a pair. */
static size_t utf8(const uint16_t **from, char to[4])
{
    uint32_t c = *(*from)++;
    if (c >= 0xd800 && c < 0xdc00 && **from >= 0xdc00 && **from < 0xe000)
        c = 0x10000 + ((c & 0x3ff) << 10) + (*(*from)++ & 0x3ffu);
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    to[0] = (char)((0xff00u >> (more + 1) & 0xff) | c >> 6 * more);
    for (unsigned i = 1; i <= more; i++)
        to[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
    return more + 1;
}

static bool has_flag(const struct conversion *c, char flag)
{
    return strchr(c->flags, flag) != nullptr;
}

static void put_padded(struct output *out, const struct conversion *c, const char *text,
                       size_t count)
{
    int blank = c->width - (int)count;
    if (!has_flag(c, '-'))
        pad(out, blank);
    put(out, text, count);
    if (has_flag(c, '-'))
        pad(out, blank);
}

static void put_narrow(struct output *out, const struct conversion *c, const char *text)
{
    if (text == nullptr)
        text = "(null)";
    put_padded(out, c, text,
               c->precision >= 0 ? strnlen(text, (size_t)c->precision) : strlen(text));
}

static void put_wide(struct output *out, const struct conversion *c, const uint16_t *text)
{
    static const uint16_t null[] = {'(', 'n', 'u', 'l', 'l', ')', 0};
    struct output count = {};
    char bytes[4];
    const uint16_t *at = text = text != nullptr ? text : null;
    for (int left = c->precision; *at != 0 && left != 0; left--)
        count.used += utf8(&at, bytes);
    const uint16_t *end = at;
    int blank = c->width - (int)count.used;
    if (!has_flag(c, '-'))
        pad(out, blank);
    for (at = text; at < end;) {
        size_t n = utf8(&at, bytes);
        put(out, bytes, n);
    }
    if (has_flag(c, '-'))
        pad(out, blank);
}

/* The format for the C library: flags, width and precision as they are, the size as it is here. */
static void rebuild(const struct conversion *c, const char *size, char text[32])
{
    int n = snprintf(text, 32, "%%%s", c->flags);
    if (c->width >= 0)
        n += snprintf(text + n, 32 - (size_t)n, "%d", c->width);
    if (c->precision >= 0)
        n += snprintf(text + n, 32 - (size_t)n, ".%d", c->precision);
    (void)snprintf(text + n, 32 - (size_t)n, "%s%c", size, c->type);
}

#define NUMBER_BYTES 600 /* a %f of the largest double and some digits */

static void put_integer(struct output *out, const struct conversion *c, uint64_t value)
{
    char format[32], text[NUMBER_BYTES];
    bool is_signed = c->type == 'd' || c->type == 'i';
    if (c->size == SIZE_CHAR)
        value = is_signed ? (uint64_t)(int64_t)(int8_t)value : (uint8_t)value;
    else if (c->size == SIZE_SHORT)
        value = is_signed ? (uint64_t)(int64_t)(int16_t)value : (uint16_t)value;
    else if (c->size == SIZE_INT)
        value = is_signed ? (uint64_t)(int64_t)(int32_t)value : (uint32_t)value;
    rebuild(c, "ll", format);
    int n = snprintf(text, sizeof(text), format, (unsigned long long)value);
    put(out, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void put_double(struct output *out, const struct conversion *c, double value)
{
    char format[32], text[NUMBER_BYTES];
    rebuild(c, "", format);
    int n = snprintf(text, sizeof(text), format, value);
    put(out, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void put_pointer(struct output *out, const struct conversion *c, uint64_t value)
{
    char text[20];
    int n = snprintf(text, sizeof(text), "%016llX", (unsigned long long)value);
    put_padded(out, c, text, (size_t)n);
}

static int number(const char **at)
{
    int value = 0;
    while (**at >= '0' && **at <= '9' && value < 100000)
        value = value * 10 + *(*at)++ - '0';
    return value;
}

static const char *parse_size(const char *at, struct conversion *c)
{
    for (;; at++) {
        if (at[0] == 'h') {
            c->size = c->size == SIZE_SHORT ? SIZE_CHAR : SIZE_SHORT;
            c->prefix = 'h';
        } else if (at[0] == 'l' && at[1] == 'l') {
            c->size = SIZE_64;
            at++;
        } else if (at[0] == 'l' || at[0] == 'w') {
            c->prefix = 'l'; /* a long has 32 bits */
        } else if (at[0] == 'I' && at[1] == '3' && at[2] == '2') {
            at += 2;
        } else if (at[0] == 'I') {
            c->size = SIZE_64;
            at += at[1] == '6' && at[2] == '4' ? 2 : 0;
        } else if (at[0] == 'j' || at[0] == 'z' || at[0] == 't') {
            c->size = SIZE_64;
        } else if (at[0] != 'L') {
            return at;
        }
    }
}

/* What stands between the % and the type. `star` gives the arguments for `*`. */
static const char *parse(const char *at, struct conversion *c, va_list *arguments)
{
    size_t flags = 0;
    *c = (struct conversion){.width = -1, .precision = -1};
    for (; *at != '\0' && strchr("-+ #0", *at) != nullptr; at++)
        if (flags + 1 < sizeof(c->flags) && strchr(c->flags, *at) == nullptr)
            c->flags[flags++] = *at;
    if (*at == '*') {
        c->width = va_arg(*arguments, int);
        at++;
        if (c->width < 0 && flags + 1 < sizeof(c->flags)) {
            c->flags[flags] = '-';
            c->width = -c->width;
        }
    } else if (*at >= '1' && *at <= '9') {
        c->width = number(&at);
    }
    if (*at == '.') {
        at++;
        if (*at == '*') {
            c->precision = va_arg(*arguments, int);
            at++;
        } else {
            c->precision = number(&at);
        }
    }
    if (c->width > 400)
        c->width = 400;
    if (c->precision > 400 && c->type != 's')
        c->precision = c->precision > 100000 ? 100000 : c->precision;
    return parse_size(at, c);
}

/* %s is of the function's own kind, %S of the other; h and l (w) name the kind. */
static bool is_wide(const struct conversion *c, bool wide_function)
{
    if (c->prefix != 0)
        return c->prefix == 'l';
    return (c->type == 'S' || c->type == 'C') != wide_function;
}

static void put_character(struct output *out, const struct conversion *c, int value, bool wide)
{
    const uint16_t unit[3] = {(uint16_t)value};
    const uint16_t *at = unit;
    char bytes[4] = {(char)value};
    size_t n = wide ? utf8(&at, bytes) : 1;
    put_padded(out, c, bytes, n);
}

static void convert(struct output *out, struct conversion *c, va_list *arguments, bool wide)
{
    switch (c->type) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        if (c->precision > 400)
            c->precision = 400;
        put_integer(out, c,
                    c->size == SIZE_64 ? va_arg(*arguments, uint64_t)
                                       : (uint64_t)va_arg(*arguments, unsigned));
        break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
        if (c->precision > 100)
            c->precision = 100;
        put_double(out, c, va_arg(*arguments, double));
        break;
    case 'p':
        put_pointer(out, c, va_arg(*arguments, uint64_t));
        break;
    case 'c':
    case 'C':
        put_character(out, c, va_arg(*arguments, int), is_wide(c, wide));
        break;
    case 's':
    case 'S':
        if (is_wide(c, wide))
            put_wide(out, c, va_arg(*arguments, const uint16_t *));
        else
            put_narrow(out, c, va_arg(*arguments, const char *));
        break;
    default: /* unknown: as it stands, like the Windows C library */
        put(out, &c->type, 1);
        break;
    }
}

static int format_all(char *buffer, size_t size, const char *format, va_list arguments, bool wide)
{
    struct output out = {buffer, size, 0};
    va_list copy;
    va_copy(copy, arguments);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        put(&out, format, plain);
        format += plain;
        if (*format == '\0')
            break;
        struct conversion conversion;
        format = parse(format + 1, &conversion, &copy);
        conversion.type = *format;
        if (*format == '\0')
            break;
        format++;
        convert(&out, &conversion, &copy, wide);
    }
    va_end(copy);
    if (size != 0)
        buffer[out.used < size ? out.used : size - 1] = '\0';
    return (int)out.used;
}

int w32_format(char *buffer, size_t size, const char *format, va_list arguments)
{
    return format_all(buffer, size, format, arguments, false);
}

int w32_format_wide(char *buffer, size_t size, const char *format, va_list arguments)
{
    return format_all(buffer, size, format, arguments, true);
}

size_t w32_to_utf8(const uint16_t *from, char *to, size_t size)
{
    struct output out = {to, size, 0};
    char bytes[4];
    while (*from != 0) {
        size_t n = utf8(&from, bytes);
        put(&out, bytes, n);
    }
    if (size != 0)
        to[out.used < size ? out.used : size - 1] = '\0';
    return out.used;
}
