// SPDX-License-Identifier: MIT
//
// Strings that drivers pass to routines which name objects. Documentation: bug check 0xC4, 0xE4.

#include "vf.h"

#define TEXT_BYTES 160

static char text[TEXT_BYTES]; // one violation ends the task

void vf_check_string(PCUNICODE_STRING string, const char *routine)
{
    if (string == NULL)
        return;
    bool odd = ((string->Length | string->MaximumLength) & 1) != 0;
    bool longer = string->Length > string->MaximumLength;
    if (!odd && !longer && (string->Buffer != NULL || string->Length == 0))
        return;
    const char *what = odd ? "an odd length" : longer ? "Length above MaximumLength" : "no Buffer";
    (void)DdkFormat(text, sizeof(text), "%s with a malformed UNICODE_STRING structure: %s", routine,
                    what);
    ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xe4, (ULONG_PTR)__builtin_return_address(0),
           (ULONG_PTR)string, 0, text);
}
