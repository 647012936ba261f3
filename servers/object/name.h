// SPDX-License-Identifier: MIT
/*
 * Paths of the namespace: components separated by '\' (or '/', which means the same), compared
 * without regard to ASCII case. A name never holds a separator, and is 1 to OB_NAME_MAX bytes.
 */
#ifndef OBJECT_NAME_H
#define OBJECT_NAME_H

#include <stddef.h>

#define OB_NAME_MAX 127u /* an entry's name travels in 128 bytes with its final zero */

/* A piece of somebody else's path; not zero-terminated. */
struct ob_name {
    const char *text;
    size_t length;
};

/* True if the two names are the same name. */
[[nodiscard]] bool ob_name_equal(struct ob_name left, struct ob_name right);

/* Cuts the next component off *path and leaves *path at the separator behind it (or at the end).
 * An empty component (two separators together, or the end) has length 0. */
[[nodiscard]] struct ob_name ob_name_next(const char **path);

/* True for the characters that separate components. */
[[nodiscard]] bool ob_separator(char c);

/* True if nothing but separators is left. */
[[nodiscard]] bool ob_path_ends(const char *path);

#endif
