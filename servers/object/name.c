// SPDX-License-Identifier: MIT
// Pure: no state, no allocation. Paths are zero-terminated; the caller has checked that.
#include "name.h"

static char fold(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool ob_separator(char c)
{
    return c == '\\' || c == '/';
}

bool ob_name_equal(struct ob_name left, struct ob_name right)
{
    if (left.length != right.length)
        return false;
    for (size_t i = 0; i < left.length; i++) {
        if (fold(left.text[i]) != fold(right.text[i]))
            return false;
    }
    return true;
}

struct ob_name ob_name_next(const char **path)
{
    const char *start = *path;
    if (ob_separator(*start))
        start++;
    const char *end = start;
    while (*end != '\0' && !ob_separator(*end))
        end++;
    *path = end;
    return (struct ob_name){start, (size_t)(end - start)};
}

bool ob_path_ends(const char *path)
{
    while (ob_separator(*path))
        path++;
    return *path == '\0';
}
