// SPDX-License-Identifier: MIT
/*
 * ash_mutex: one word.
 *
 *   0           free
 *   1           held, nobody waits
 *   waiter | 1  held; waiters form a list, newest first
 *
 * Invariants. Waiters only push at the front; only the holder takes one out, so there is no ABA.
 * The holder hands the lock to the oldest waiter: it is never free while somebody waits, and nobody
 * starves. A waiter's node lies on its stack and is not touched after `granted` was set.
 */
#include "ash/thread.h"

#define SPINS 64

struct waiter {
    struct waiter *older; /* changes from non-null to null once, by the holder */
    ash_cptr notification;
    _Atomic bool granted;
};

static bool spin(struct ash_mutex *mutex)
{
    for (int i = 0; i < SPINS; i++)
        if (atomic_load_explicit(&mutex->state, memory_order_relaxed) == 0 && ash_mutex_try(mutex))
            return true;
    return false;
}

void ash_mutex_lock_slow(struct ash_mutex *mutex)
{
    if (spin(mutex))
        return;
    struct waiter self = {.notification = ash_self()->notification};
    uintptr_t state = atomic_load_explicit(&mutex->state, memory_order_relaxed);
    for (;;) {
        uintptr_t wanted = state == 0 ? 1 : (uintptr_t)&self | 1;
        self.older = (struct waiter *)(state & ~(uintptr_t)1);
        if (atomic_compare_exchange_weak_explicit(&mutex->state, &state, wanted,
                                                  memory_order_acq_rel, memory_order_relaxed)) {
            if (wanted == 1)
                return;
            break;
        }
    }
    while (!atomic_load_explicit(&self.granted, memory_order_acquire))
        ash_park(ASH_FOREVER);
}

static void grant(struct waiter *waiter)
{
    ash_cptr notification = waiter->notification;
    atomic_store_explicit(&waiter->granted, true, memory_order_release);
    ash_unpark(notification);
}

void ash_mutex_unlock_slow(struct ash_mutex *mutex)
{
    uintptr_t state = atomic_load_explicit(&mutex->state, memory_order_acquire);
    for (;;) {
        struct waiter *newest = (struct waiter *)(state & ~(uintptr_t)1);
        if (newest && newest->older) {
            struct waiter *before = newest;
            while (before->older->older)
                before = before->older;
            struct waiter *oldest = before->older;
            before->older = nullptr;
            grant(oldest);
            return;
        }
        /* The only waiter is the newest, or there is none. */
        uintptr_t wanted = newest ? 1 : 0;
        if (atomic_compare_exchange_weak_explicit(&mutex->state, &state, wanted,
                                                  memory_order_acq_rel, memory_order_acquire)) {
            if (newest)
                grant(newest);
            return;
        }
    }
}
