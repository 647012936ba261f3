// SPDX-License-Identifier: MIT
/*
 * What only the debug kernel does. The release kernel links check/off.c, where each of these is
 * empty; the debug kernel links the other files of this folder instead. No other file knows which
 * kernel it is part of.
 */
#ifndef KERNEL_CHECK_CHECK_H
#define KERNEL_CHECK_CHECK_H

#include <stdint.h>

struct invocation;

/* At boot, before the rest of RAM becomes Untyped: takes the checker's own memory. */
void check_boot(void);
/* When it is known what of RAM the kernel keeps: notes that. */
void check_boot_end(void);
/* On leaving the kernel, with the lock held and the thread to run chosen: every few thousand times
 * verifies all invariants, and panics in the words of the invariant that does not hold. */
void check_leave(void);
/* ASH_FIRMWARE_CHECK; ASH_E_METHOD in a release kernel. */
unsigned check_method(struct invocation *call, uint64_t method);

#endif
