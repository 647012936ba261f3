// SPDX-License-Identifier: MIT
/*
 * An application that does what it must not: `hostile KIND [SEED]`. The same seed does the same
 * things. It ends by itself with status 0 when everything it tried was refused or harmless, with
 * status 1 when something was allowed that must not be; the kinds that are to die say so.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "ash/syscall.h"
#include "status.h"

struct kind {
    const char *name, *help;
    int (*run)(void);
};

extern const struct kind message_kinds[], memory_kinds[], resource_kinds[], buffer_kinds[];

extern ash_word seed;
/* xorshift64* of the seed. */
ash_word random_word(void);
/* Below `limit`. */
ash_word random_below(ash_word limit);
/* A word of the kind that finds mistakes: small, huge, near powers of two, an own address. */
ash_word awkward_word(void);

#endif
