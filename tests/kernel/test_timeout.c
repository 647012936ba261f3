// SPDX-License-Identifier: MIT
/*
 * sched/timeout.c: what comes out is what was put in and not taken away, never early; of those that
 * are due the one of the highest priority comes first, and of these the earliest; what is below the
 * priority asked for stays. Compared with an array that is searched.
 */
#include "ash_test.h"
#include "sched/timeout.h"

#define TIMEOUTS 64u
#define NEVER    (~0ull)

static struct timeout_queue queue;
static struct timeout timeouts[TIMEOUTS];
static bool waits[TIMEOUTS];
static uint64_t due[TIMEOUTS];
static uint8_t priorities[TIMEOUTS];

static void clear(void)
{
    memset(&queue, 0, sizeof(queue));
    memset(timeouts, 0, sizeof(timeouts));
    memset(waits, 0, sizeof(waits));
}

static void put(unsigned i, uint64_t time, uint8_t priority)
{
    timeout_insert(&queue, &timeouts[i], time, priority);
    priorities[i] = priority;
    waits[i] = true;
    due[i] = time;
}

static unsigned first_due(uint64_t now)
{
    unsigned best = TIMEOUTS;
    for (unsigned i = 0; i < TIMEOUTS; i++) {
        if (!waits[i] || due[i] > now)
            continue;
        if (best == TIMEOUTS || priorities[i] > priorities[best] ||
            (priorities[i] == priorities[best] && due[i] < due[best]))
            best = i;
    }
    return best;
}

static uint64_t earliest_from(uint8_t priority)
{
    uint64_t earliest = NEVER;
    for (unsigned i = 0; i < TIMEOUTS; i++)
        if (waits[i] && priorities[i] >= priority && due[i] < earliest)
            earliest = due[i];
    return earliest;
}

TEST(nothing_is_due_in_an_empty_queue)
{
    clear();
    CHECK(!timeout_pop_due(&queue, NEVER - 1, 0));
}

TEST(due_at_its_time_and_not_a_tick_before)
{
    clear();
    put(0, 100, 5);
    CHECK(!timeout_pop_due(&queue, 99, 0));
    CHECK(timeout_pop_due(&queue, 100, 0) == &timeouts[0]);
    CHECK(!timeouts[0].queue);
    CHECK(!timeout_pop_due(&queue, NEVER - 1, 0));
}

/* The kernel counts to less than that: ~0 stands for no time at all. */
TEST(the_greatest_time_never_comes)
{
    clear();
    put(0, NEVER, 255);
    put(1, 0, 0);
    CHECK(timeout_pop_due(&queue, 0, 0) == &timeouts[1]);
    CHECK(!timeout_pop_due(&queue, NEVER - 1, 0));
    CHECK_EQ(timeout_earliest(&queue), NEVER);
    timeout_remove(&timeouts[0]);
    CHECK_EQ(timeout_earliest(&queue), NEVER);
}

TEST(removing_twice_or_what_never_waited_does_nothing)
{
    clear();
    timeout_remove(&timeouts[0]);
    put(0, 5, 1);
    put(1, 6, 1);
    timeout_remove(&timeouts[0]);
    timeout_remove(&timeouts[0]);
    CHECK(timeout_pop_due(&queue, 10, 0) == &timeouts[1]);
}

TEST(what_is_below_the_priority_asked_for_stays)
{
    clear();
    put(0, 5, 3);
    put(1, 9, 7);
    CHECK(!timeout_pop_due(&queue, 6, 4));
    CHECK(timeout_pop_due(&queue, 9, 4) == &timeouts[1]);
    CHECK(!timeout_pop_due(&queue, 9, 4));
    CHECK(timeout_pop_due(&queue, 9, 3) == &timeouts[0]);
}

TEST(any_order_of_insertions_and_removals)
{
    clear();
    uint64_t seed = 7, now = 0;
    for (unsigned step = 0; step < 200000; step++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        unsigned i = seed >> 40 & (TIMEOUTS - 1);
        now += seed >> 60 & 3;
        if (waits[i] && (seed & 1 << 20)) {
            timeout_remove(&timeouts[i]);
            waits[i] = false;
        } else if (!waits[i]) {
            put(i, now + (seed >> 33 & 127), seed >> 22 & 7);
        }
        uint8_t from = seed >> 25 & 7;
        CHECK_EQ(timeout_earliest(&queue), earliest_from(0));
        CHECK_EQ(timeout_earliest_from(&queue, from), earliest_from(from));
        const struct timeout *popped = timeout_pop_due(&queue, now, from);
        unsigned first = first_due(now);
        CHECK_EQ(popped != nullptr, first < TIMEOUTS && priorities[first] >= from);
        if (!popped)
            continue;
        CHECK_EQ(popped->time, due[first]);
        CHECK_EQ(popped->priority, priorities[first]);
        waits[popped - timeouts] = false;
        CHECK(!popped->queue);
    }
}
