// SPDX-License-Identifier: MIT
//
// The formatter behind DbgPrint and the safe strings.

#ifndef DDK_FORMAT_H
#define DDK_FORMAT_H

#include <ntdef.h>

// Where the text goes: put is called for each character. wide: the format is 16 bits a character,
// and %s, %c without a size prefix mean wide strings and characters.
struct rtl_output {
    void (*put)(struct rtl_output *output, WCHAR c);
    const void *format;
    bool wide;
};
void rtl_format(struct rtl_output *output, va_list arguments);
// Characters that the text would have, without a terminator.
SIZE_T rtl_measure(const void *format, bool wide, va_list arguments);

#endif
