// SPDX-License-Identifier: MIT
/*
 * sscanf_s: numbers are read by the C library, one conversion at a time, with sizes as on Windows;
 * a text that does not fit its buffer ends the scan, with an empty buffer. Pure.
 */
#include "format.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#undef snprintf

struct field {
    bool skip; /* %*d */
    size_t width;
    unsigned bytes; /* of an integer */
    bool is_double, l;
    char type;
    const char *set, *set_end; /* of %[ */
};

static const char *parse(const char *at, struct field *field)
{
    *field = (struct field){.width = SIZE_MAX, .bytes = 4};
    if (*at == '*') {
        field->skip = true;
        at++;
    }
    if (isdigit((unsigned char)*at)) {
        char *end;
        field->width = strtoul(at, &end, 10);
        at = end;
    }
    for (;; at++) {
        if (*at == 'h') {
            field->bytes = field->bytes == 2 ? 1 : 2;
        } else if (at[0] == 'l' && at[1] == 'l') {
            field->bytes = 8;
            at++;
        } else if (strncmp(at, "I32", 3) == 0) {
            at += 2;
        } else if (*at == 'I') {
            field->bytes = 8;
            at += strncmp(at, "I64", 3) == 0 ? 2 : 0;
        } else if (*at == 'l' || *at == 'L') {
            field->is_double = true;
        } else {
            break;
        }
    }
    field->type = *at;
    if (*at != '[')
        return *at != '\0' ? at + 1 : at;
    field->set = ++at;
    at += *at == '^';
    at += *at == ']'; /* belongs to the set as the first character */
    at = strchr(at, ']');
    field->set_end = at;
    return at != nullptr ? at + 1 : nullptr;
}

static bool in_set(const struct field *field, char c)
{
    const char *at = field->set;
    bool inverse = *at == '^', found = false;
    for (at += inverse; at < field->set_end; at++) {
        if (at[1] == '-' && at + 2 < field->set_end) {
            found = found || (c >= at[0] && c <= at[2]);
            at += 2;
        } else {
            found = found || c == *at;
        }
    }
    return found != inverse;
}

/* How many characters of the text belong to the field. */
static size_t extent(const struct field *field, const char *text)
{
    size_t n = 0;
    while (n < field->width && text[n] != '\0' &&
           (field->type == 'c' ||
            (field->type == 's' ? !isspace((unsigned char)text[n]) : in_set(field, text[n]))))
        if (++n == 1 && field->type == 'c' && field->width == SIZE_MAX)
            break;
    return n;
}

static bool take_text(const struct field *field, const char **text, bool sized, va_list *arguments)
{
    size_t n = extent(field, *text), zero = field->type != 'c';
    if (n == 0)
        return false;
    if (!field->skip) {
        char *to = va_arg(*arguments, char *);
        size_t room = sized ? va_arg(*arguments, unsigned) : SIZE_MAX;
        if (n + zero > room) {
            if (room != 0)
                *to = '\0';
            return false;
        }
        memcpy(to, *text, n);
        if (zero)
            to[n] = '\0';
    }
    *text += n;
    return true;
}

static void store(const struct field *field, unsigned long long value, va_list *arguments)
{
    if (field->skip)
        return;
    void *to = va_arg(*arguments, void *);
    if (field->bytes == 8)
        *(unsigned long long *)to = value;
    else if (field->bytes == 4)
        *(unsigned *)to = (unsigned)value;
    else if (field->bytes == 2)
        *(unsigned short *)to = (unsigned short)value;
    else
        *(unsigned char *)to = (unsigned char)value;
}

/* The part of the text that a number may take. */
static const char *limited(const struct field *field, const char *text, char piece[64])
{
    if (field->width >= 64)
        return text;
    (void)snprintf(piece, 64, "%.*s", (int)field->width, text);
    return piece;
}

static bool take_integer(const struct field *field, const char **text, va_list *arguments)
{
    char piece[64], *end;
    const char *from = limited(field, *text, piece);
    int base = field->type == 'i' ? 0 : field->type == 'o' ? 8 : 10;
    if (field->type == 'x' || field->type == 'X' || field->type == 'p')
        base = 16;
    unsigned long long value = field->type == 'd' || field->type == 'i'
                                   ? (unsigned long long)strtoll(from, &end, base)
                                   : strtoull(from, &end, base);
    if (end == from)
        return false;
    *text += end - from;
    store(field, value, arguments);
    return true;
}

static bool take_float(const struct field *field, const char **text, va_list *arguments)
{
    char piece[64], *end;
    const char *from = limited(field, *text, piece);
    double value = strtod(from, &end);
    if (end == from)
        return false;
    *text += end - from;
    if (field->skip)
        return true;
    if (field->is_double)
        *va_arg(*arguments, double *) = value;
    else
        *va_arg(*arguments, float *) = (float)value;
    return true;
}

static bool take(struct field *field, const char **text, bool sized, va_list *arguments)
{
    if (field->type == 's' || field->type == 'c' || field->type == '[')
        return take_text(field, text, sized, arguments);
    if (field->type == 'p')
        field->bytes = 8;
    return strchr("eEfFgGaA", field->type) != nullptr ? take_float(field, text, arguments)
                                                      : take_integer(field, text, arguments);
}

static void skip_space(const char **text)
{
    while (isspace((unsigned char)**text))
        ++*text;
}

/* -1 when the text ended before the first conversion. */
int w32_scan(const char *text, const char *format, bool sized, va_list arguments)
{
    int count = 0;
    const char *start = text;
    va_list copy;
    va_copy(copy, arguments);
    while (*format != '\0') {
        struct field field;
        if (isspace((unsigned char)*format)) {
            skip_space(&text);
            format++;
            continue;
        }
        if (format[0] != '%' || format[1] == '%') {
            format += format[0] == '%';
            if (*text != *format)
                break;
            text++;
            format++;
            continue;
        }
        format = parse(format + 1, &field);
        if (format == nullptr || field.type == '\0')
            break;
        if (field.type == 'n') {
            store(&field, (unsigned long long)(text - start), &copy);
            continue;
        }
        if (field.type != 'c' && field.type != '[')
            skip_space(&text);
        if (*text == '\0' && count == 0) {
            count = -1;
            break;
        }
        if (!take(&field, &text, sized, &copy))
            break;
        count += !field.skip;
    }
    va_end(copy);
    return count;
}
