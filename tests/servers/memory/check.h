// SPDX-License-Identifier: MIT
/* Checks every invariant of servers/memory/mm.h; the empty string, or what is wrong. */
#ifndef MEMORY_CHECK_H
#define MEMORY_CHECK_H

#include "fake_kernel.h"

const char *check_all(void);

#endif
