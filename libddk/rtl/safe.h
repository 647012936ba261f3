// SPDX-License-Identifier: MIT
//
// What the two halves of the safe strings share.

#ifndef DDK_RTL_SAFE_H
#define DDK_RTL_SAFE_H

#include <ntdef.h>

#define SAFE_RULE         "safe string routine above PASSIVE_LEVEL"
#define SAFE_STRING_FLAGS 0x1fff // the low byte and STRSAFE_IGNORE_NULLS ... NO_TRUNCATION
#define SAFE_COUNTED_FLAGS                                                                         \
    (SAFE_STRING_FLAGS | STRSAFE_ZERO_LENGTH_ON_FAILURE) // what a UNICODE_STRING knows besides

// Even lengths, Length within MaximumLength, a buffer if there is a length. NULL if allowed.
bool rtl_well_formed(PCUNICODE_STRING s, bool null_allowed);

#endif
