// SPDX-License-Identifier: MIT
/* What the files of the ring share. */
#ifndef ASH_RING_INTERNAL_H
#define ASH_RING_INTERNAL_H

#include "ash/ring.h"

/* Copies whole words (bytes is a multiple of 8), reading each exactly once. */
static inline void ash_ring_copy(void *to, const void *from, size_t bytes)
{
    uint64_t *target = to;
    for (size_t i = 0; i < bytes / 8; i++)
        target[i] = __atomic_load_n((const uint64_t *)from + i, __ATOMIC_RELAXED);
}

static inline bool ash_bit(const uint64_t *bits, unsigned i)
{
    return (bits[i / 64] >> i % 64 & 1) != 0;
}
static inline void ash_bit_set(uint64_t *bits, unsigned i)
{
    bits[i / 64] |= (uint64_t)1 << i % 64;
}
static inline void ash_bit_clear(uint64_t *bits, unsigned i)
{
    bits[i / 64] &= ~((uint64_t)1 << i % 64);
}

#endif
