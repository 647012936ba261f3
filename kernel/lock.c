// SPDX-License-Identifier: MIT
#include "lock.h"
#include "arch/csr.h"
#include "hart.h"
#include "sched/sched.h"

struct kernel_lock kernel_lock_word;

/* A wait that is long: a few thousand times what the kernel needs for a system call. */
#define LONG_WAIT_US 500u

static bool held(uint32_t word)
{
    return word & LOCK_HELD;
}

/* Is it free, and does no other hart go first, unless this one does too? */
static bool available(uint32_t mine)
{
    uint32_t word = atomic_load_explicit(&kernel_lock_word.word, memory_order_relaxed);
    return !held(word) && (mine || word == 0);
}

static uint32_t go_first(void)
{
    uint32_t mine = 2u << this_hart->index;
    atomic_fetch_or_explicit(&kernel_lock_word.word, mine, memory_order_relaxed);
    return mine;
}

static void give_back(uint32_t bits)
{
    atomic_fetch_and_explicit(&kernel_lock_word.word, ~bits, memory_order_release);
}

void kernel_lock_wait(uint32_t word)
{
    if (!held(word))
        give_back(LOCK_HELD); /* somebody else goes first */
    atomic_fetch_add_explicit(&kernel_lock_word.waiting, 1, memory_order_relaxed);
    uint64_t patience = time_now() + sched_ticks_per_us(LONG_WAIT_US);
    uint32_t mine = 0;
    for (;;) {
        while (!available(mine)) {
            if (atomic_load_explicit(&this_hart->stall, memory_order_acquire))
                hart_do_stall();
            if (!mine && time_now() > patience)
                mine = go_first();
        }
        word = atomic_fetch_or_explicit(&kernel_lock_word.word, LOCK_HELD, memory_order_acquire);
        if (!held(word) && (mine || word == 0))
            break;
        if (!held(word))
            give_back(LOCK_HELD);
    }
    if (mine)
        give_back(mine);
    atomic_fetch_sub_explicit(&kernel_lock_word.waiting, 1, memory_order_relaxed);
}
