// SPDX-License-Identifier: MIT
// ash_mutex and ash_event under real parallelism and ThreadSanitizer: exclusion, no lost wake-up,
// no waiter's node touched after its wait ended (nodes are on stacks), time limits that expire.
#include "ash/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define THREADS 6
#define ROUNDS  20000

static thread_local struct fake_notification parking = {PTHREAD_MUTEX_INITIALIZER,
                                                        PTHREAD_COND_INITIALIZER, false};

struct ash_thread_block *ash_self(void)
{
    static thread_local struct ash_thread_block block;
    block.notification = (ash_cptr)(uintptr_t)&parking;
    return &block;
}

void ash_signal(ash_cptr notification)
{
    struct fake_notification *target = (struct fake_notification *)(uintptr_t)notification;
    pthread_mutex_lock(&target->lock);
    target->pending = true;
    pthread_cond_signal(&target->signalled);
    pthread_mutex_unlock(&target->lock);
}

ash_word ash_time(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (ash_word)now.tv_sec * 1000000 + (ash_word)now.tv_nsec / 1000;
}

[[noreturn]] static void fail(const char *why)
{
    printf("not ok 1 - locks of tasks # %s\n", why);
    exit(1);
}

/* Nobody here waits for ever: ten seconds are a lost wake-up. */
bool ash_park(ash_word deadline)
{
    bool limited = deadline != ASH_FOREVER;
    ash_word end = limited ? deadline : ash_time() + 10000000;
    struct timespec when = {(time_t)(end / 1000000), (long)(end % 1000000) * 1000};
    bool timeout = false;
    pthread_mutex_lock(&parking.lock);
    while (!parking.pending && !timeout)
        timeout = pthread_cond_timedwait(&parking.signalled, &parking.lock, &when) != 0;
    bool woken = parking.pending;
    parking.pending = false;
    pthread_mutex_unlock(&parking.lock);
    if (!woken && !limited)
        fail("a wake-up was lost");
    return woken;
}

static struct ash_mutex mutex;
static unsigned counter; /* protected by it */
static struct ash_event turn[THREADS];
static struct ash_event start = {.manual = true};

static void *worker(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;
    if (!ash_event_wait(&start, ASH_FOREVER))
        fail("the start was missed");
    for (unsigned i = 0; i < ROUNDS; i++) {
        ash_mutex_lock(&mutex);
        counter++;
        ash_mutex_unlock(&mutex);
    }
    /* A ring of events: each thread wakes the next, many times; some waits have a limit. */
    for (unsigned i = 0; i < ROUNDS / 100; i++) {
        while (!ash_event_wait(&turn[number], i % 3 == 0 ? ash_time() + 50 : ASH_FOREVER))
            ;
        ash_event_set(&turn[(number + 1) % THREADS]);
    }
    return nullptr;
}

int main(void)
{
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], nullptr, worker, (void *)i) != 0)
            return 1;
    ash_event_set(&turn[0]);
    ash_event_set(&start);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], nullptr);
    if (counter != THREADS * ROUNDS)
        fail("two threads held the mutex at once");
    ash_event_reset(&start);
    if (ash_event_wait(&start, ash_time() + 1000))
        fail("a reset event is set");
    printf("ok 1 - locks of tasks: %u threads, %u turns\n1..1\n", THREADS, ROUNDS);
    return 0;
}
