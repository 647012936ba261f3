// SPDX-License-Identifier: MIT
/* What the files of this folder share. */
#ifndef KERNEL_CHECK_CHECKS_H
#define KERNEL_CHECK_CHECKS_H

#include <stdint.h>

struct invocation;

/* Verifies every invariant now. */
void check_everything(void);

/* provoke.c. Breaks a rule on purpose (enum ash_provocation), to prove that breaking it is fatal.
 */
unsigned check_provoke(struct invocation *call, uint64_t what);

#endif
