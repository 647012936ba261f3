// SPDX-License-Identifier: MIT
//
// printf formats with their Windows meaning: h short, l 32 bits, ll, I64, j 64, I, z, t pointer
// size, I32; w and l before s, c, Z choose wide text, h narrow; S, C the other width than s, c.
// %Z is an ANSI_STRING, %wZ a UNICODE_STRING, %p sixteen hex digits. Floating point is not
// formatted (as in kernel mode). A NULL string prints as (null).

#include "format.h"
#include <ddk/debug.h>

enum size { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_64 };

struct spec {
    bool left, plus, space, alternate, zero, has_precision;
    int width, precision;
    enum size size;
    bool w, h, l; // text width prefixes
};
struct cursor {
    struct rtl_output *output;
    size_t next;
};

static WCHAR peek(const struct cursor *at)
{
    if (at->output->wide)
        return ((const WCHAR *)at->output->format)[at->next];
    return (UCHAR)((const char *)at->output->format)[at->next];
}

static WCHAR take(struct cursor *at)
{
    WCHAR c = peek(at);
    at->next += c != 0;
    return c;
}

static bool accept(struct cursor *at, WCHAR c)
{
    bool matches = peek(at) == c;
    at->next += matches;
    return matches;
}

static void pad(struct rtl_output *output, WCHAR c, int count)
{
    for (; count > 0; count--)
        output->put(output, c);
}

static void read_flags(struct cursor *at, struct spec *spec)
{
    for (;; at->next++) {
        switch (peek(at)) {
        case '-':
            spec->left = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '#':
            spec->alternate = true;
            break;
        case '0':
            spec->zero = true;
            break;
        default:
            return;
        }
    }
}

static int read_number(struct cursor *at)
{
    int value = 0;
    while (peek(at) >= '0' && peek(at) <= '9') {
        int digit = take(at) - '0';
        value = value < 100000 ? value * 10 + digit : value;
    }
    return value;
}

static void read_size_I(struct cursor *at, struct spec *spec)
{
    struct cursor saved = *at;
    spec->size = SIZE_64;
    if (accept(at, '6') && accept(at, '4'))
        return;
    *at = saved;
    if (accept(at, '3') && accept(at, '2')) {
        spec->size = SIZE_LONG;
        return;
    }
    *at = saved;
}

static void read_size(struct cursor *at, struct spec *spec)
{
    if (accept(at, 'h')) {
        spec->h = true;
        spec->size = accept(at, 'h') ? SIZE_CHAR : SIZE_SHORT;
    } else if (accept(at, 'l')) {
        spec->l = true;
        spec->size = accept(at, 'l') ? SIZE_64 : SIZE_LONG;
    } else if (accept(at, 'w')) {
        spec->w = true;
    } else if (accept(at, 'I')) {
        read_size_I(at, spec);
    } else if (accept(at, 'z') || accept(at, 'j') || accept(at, 't')) {
        spec->size = SIZE_64;
    }
}

static void put_number(struct rtl_output *output, const struct spec *spec, ULONG64 value,
                       bool negative, unsigned base, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    int length = 0, zeros = 0, prefix = spec->alternate && base == 16 && value != 0 ? 2 : 0;
    WCHAR sign = negative ? '-' : spec->plus ? '+' : spec->space ? ' ' : 0;
    for (ULONG64 rest = value; rest != 0; rest /= base)
        text[length++] = digits[rest % base];
    if (length == 0 && (!spec->has_precision || spec->precision != 0))
        text[length++] = '0';
    if (spec->has_precision)
        zeros = spec->precision > length ? spec->precision - length : 0;
    else if (spec->zero && !spec->left)
        zeros = spec->width - length - prefix - (sign != 0);
    zeros = zeros > 0 ? zeros : 0;
    int blanks = spec->width - length - zeros - prefix - (sign != 0);
    if (!spec->left)
        pad(output, ' ', blanks);
    if (sign != 0)
        output->put(output, sign);
    if (prefix != 0) {
        output->put(output, '0');
        output->put(output, upper ? 'X' : 'x');
    }
    pad(output, '0', zeros);
    while (length > 0)
        output->put(output, (WCHAR)text[--length]);
    if (spec->left)
        pad(output, ' ', blanks);
}

static void put_text(struct rtl_output *output, const struct spec *spec, const void *text,
                     size_t length, bool wide)
{
    int count = (int)length;
    if (spec->has_precision && spec->precision < count)
        count = spec->precision;
    if (!spec->left)
        pad(output, ' ', spec->width - count);
    for (int i = 0; i < count; i++)
        output->put(output, wide ? ((const WCHAR *)text)[i] : (UCHAR)((const char *)text)[i]);
    if (spec->left)
        pad(output, ' ', spec->width - count);
}

// At most the precision is read, so that %.*s takes text without an end.
static size_t length_of(const struct spec *spec, const void *text, bool wide)
{
    size_t limit = spec->has_precision ? (size_t)spec->precision : 0x7fff, n = 0;
    while (n < limit && (wide ? ((const WCHAR *)text)[n] : ((const char *)text)[n]) != 0)
        n++;
    return n;
}

static void put_string(struct rtl_output *output, const struct spec *spec, const void *text,
                       bool wide)
{
    if (text == NULL) {
        text = "(null)";
        wide = false;
    }
    put_text(output, spec, text, length_of(spec, text, wide), wide);
}

static void put_counted(struct rtl_output *output, const struct spec *spec, const void *string)
{
    const UNICODE_STRING *s = string; // STRING has the same layout
    if (s == NULL || s->Buffer == NULL)
        put_string(output, spec, NULL, false);
    else
        put_text(output, spec, s->Buffer,
                 spec->w || spec->l ? s->Length / sizeof(WCHAR) : s->Length, spec->w || spec->l);
}

static bool text_is_wide(const struct spec *spec, bool natural)
{
    return spec->w || spec->l ? true : spec->h ? false : natural;
}

#define SIGNED_ARGUMENT(size, arguments)                                                           \
    ((size) == SIZE_64      ? va_arg(arguments, long long)                                         \
     : (size) == SIZE_SHORT ? (long long)(short)va_arg(arguments, int)                             \
     : (size) == SIZE_CHAR  ? (long long)(signed char)va_arg(arguments, int)                       \
                            : (long long)va_arg(arguments, int))
#define UNSIGNED_ARGUMENT(size, arguments)                                                         \
    ((size) == SIZE_64      ? va_arg(arguments, unsigned long long)                                \
     : (size) == SIZE_SHORT ? (unsigned long long)(unsigned short)va_arg(arguments, int)           \
     : (size) == SIZE_CHAR  ? (unsigned long long)(unsigned char)va_arg(arguments, int)            \
                            : (unsigned long long)va_arg(arguments, unsigned))

struct arguments {
    va_list list;
};

static void put_integer(struct rtl_output *output, struct spec *spec, WCHAR c,
                        struct arguments *arguments)
{
    if (c == 'd' || c == 'i') {
        long long value = SIGNED_ARGUMENT(spec->size, arguments->list);
        ULONG64 magnitude = value < 0 ? 0 - (ULONG64)value : (ULONG64)value;
        put_number(output, spec, magnitude, value < 0, 10, false);
        return;
    }
    ULONG64 value = UNSIGNED_ARGUMENT(spec->size, arguments->list);
    spec->plus = spec->space = false;
    put_number(output, spec, value, false, c == 'u' ? 10 : c == 'o' ? 8 : 16, c == 'X');
}

static void put_pointer(struct rtl_output *output, const void *pointer)
{
    struct spec spec = {.has_precision = true, .precision = 16};
    put_number(output, &spec, (ULONG_PTR)pointer, false, 16, true);
}

static void convert(struct cursor *at, struct spec *spec, struct arguments *arguments)
{
    struct rtl_output *output = at->output;
    WCHAR c = take(at), one;
    switch (c) {
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        put_integer(output, spec, c, arguments);
        break;
    case 'p':
        put_pointer(output, va_arg(arguments->list, void *));
        break;
    case 'c':
    case 'C':
        one = (WCHAR)va_arg(arguments->list, int);
        put_text(output, spec, &one, 1, true);
        break;
    case 's':
    case 'S':
        put_string(output, spec, va_arg(arguments->list, void *),
                   text_is_wide(spec, output->wide == (c == 's')));
        break;
    case 'Z':
        put_counted(output, spec, va_arg(arguments->list, void *));
        break;
    default: // %% and what is not known, which is shown as it stands
        if (c != '%')
            output->put(output, '%');
        if (c != 0)
            output->put(output, c);
        break;
    }
}

void rtl_format(struct rtl_output *output, va_list list)
{
    struct cursor at = {output, 0};
    struct arguments arguments;
    va_copy(arguments.list, list);
    for (WCHAR c = take(&at); c != 0; c = take(&at)) {
        struct spec spec = {0};
        if (c != '%') {
            output->put(output, c);
            continue;
        }
        read_flags(&at, &spec);
        spec.width = accept(&at, '*') ? va_arg(arguments.list, int) : read_number(&at);
        if (spec.width < 0) {
            spec.left = true;
            spec.width = -spec.width;
        }
        if (accept(&at, '.')) {
            spec.precision = accept(&at, '*') ? va_arg(arguments.list, int) : read_number(&at);
            spec.has_precision = spec.precision >= 0;
        }
        read_size(&at, &spec);
        convert(&at, &spec, &arguments);
    }
    va_end(arguments.list);
}
