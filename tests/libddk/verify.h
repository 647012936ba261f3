// SPDX-License-Identifier: MIT
//
// For tests of rules: the bug check that a broken rule must end in, with its code and parameters.

#ifndef TEST_VERIFY_H
#define TEST_VERIFY_H

#include "../../libddk/vf/vf.h"
#include "ddi_test.h"

#undef ExAllocatePool2 // ki.h: the kit's own memory
PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag);

static uint64_t parameters[4]; // of the last bug check

// The body ends in that bug check with that first parameter and a text that contains `rule`.
static inline bool ends_with(void (*body)(void *), void *argument, ULONG code, ULONG_PTR first,
                             const char *rule)
{
    const char *text;
    bool died = posix_expect_bugcheck(body, argument, &text);
    ULONG found = posix_bugcheck(parameters);
    posix_reset_thread();
    if (died && found == code && parameters[0] == first && strstr(text, rule) != NULL)
        return true;
    fprintf(stderr, "died %d with %#x (%#llx): %s\n", died, found,
            (unsigned long long)parameters[0], text);
    return false;
}

#endif
