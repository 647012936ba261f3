// SPDX-License-Identifier: MIT
/*
 * The one kernel lock. arch/trap.S takes and returns it as well.
 *
 * Whoever finds it free has it: a hart whose turn it would be, but which a hypervisor does not run
 * just now, holds up nobody. So that no hart waits for ever, one that has waited long says so by a
 * bit of its own in the same word; from then on the others leave the lock to it.
 *
 *      31                      1   0
 *     +-------------------------+------+
 *     | hart 30..0: goes first  | held |      0: free, and nobody goes first
 *     +-------------------------+------+
 *
 * Invariant: the bit `held` is set by one hart at a time and cleared by that one. A hart that waits
 * answers stalls (hart.h).
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include "arch/offsets.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_lock {
    _Atomic uint32_t word;
    _Atomic uint32_t waiting; /* harts that wait */
};
static_assert(offsetof(struct kernel_lock, word) == LOCK_WORD);

extern struct kernel_lock kernel_lock_word;

/* After an attempt that found `word` not 0 before it set the bit `held`: waits for the lock. A hart
 * that gets it at once has no stall to answer: who stalls holds it until it has been answered. */
void kernel_lock_wait(uint32_t word);

static inline void kernel_lock(void)
{
    uint32_t word =
        atomic_fetch_or_explicit(&kernel_lock_word.word, LOCK_HELD, memory_order_acquire);
    if (word != 0) [[clang::unlikely]]
        kernel_lock_wait(word);
}

/* The lock is held here; does another hart wait for it? */
static inline bool kernel_lock_wanted(void)
{
    return atomic_load_explicit(&kernel_lock_word.waiting, memory_order_relaxed) != 0;
}

static inline void kernel_unlock(void)
{
    atomic_fetch_and_explicit(&kernel_lock_word.word, ~(uint32_t)LOCK_HELD, memory_order_release);
}

#endif
