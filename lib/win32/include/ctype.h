// SPDX-License-Identifier: MIT
// The C library's character classes as functions: its macros belong to a table for the other
// signedness of characters.
#ifndef WIN32_CTYPE_H
#define WIN32_CTYPE_H

#include_next <ctype.h>

#undef isalpha
#undef isupper
#undef islower
#undef isdigit
#undef isxdigit
#undef isspace
#undef ispunct
#undef isalnum
#undef isprint
#undef isgraph
#undef iscntrl
#undef isblank
#undef toupper
#undef tolower

#endif
