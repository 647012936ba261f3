// SPDX-License-Identifier: MIT
/* Checks every invariant of servers/memory/mm.h; the empty string, or what is wrong. */
#ifndef MEMORY_CHECK_H
#define MEMORY_CHECK_H

#include "fake_kernel.h"

const char *check_all(void);
/* Its part about devices (check_device.c); false: `why` says what is wrong. */
bool check_devices(char *why, size_t bytes);

/* The third word of ASH_MEM_DMA_OPEN. */
#define OPEN_FOR(slot, first, pages, writes)                                                       \
    ((uint64_t)(first) | (uint64_t)(slot) << 32 | (uint64_t)(pages) << 48 |                        \
     (uint64_t)(writes) << 56)
#define OPEN(first, pages, writes) OPEN_FOR(0, first, pages, writes)

#endif
