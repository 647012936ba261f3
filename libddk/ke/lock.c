// SPDX-License-Identifier: MIT
//
// Internal locks. Word is 0 or 1; the holder is some thread that will release it within a few dozen
// instructions, unless it is preempted, so waiting gives way to other threads.

#include "ki.h"

#define SPINS_BEFORE_YIELD 32u

static void wait_for(struct ki_lock *lock)
{
    for (unsigned attempt = 0; __atomic_load_n(&lock->Word, __ATOMIC_RELAXED) != 0; attempt++)
        if (attempt >= SPINS_BEFORE_YIELD)
            port_relax(attempt - SPINS_BEFORE_YIELD);
}

KI_COLD void ki_acquire_slow(struct ki_lock *lock)
{
    do {
        wait_for(lock);
    } while (__atomic_exchange_n(&lock->Word, 1, __ATOMIC_ACQUIRE) != 0);
}
