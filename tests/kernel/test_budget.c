// SPDX-License-Identifier: MIT
/*
 * sched/budget.c alone, with time as a number. What must hold, whatever a thread does:
 *  - no window of one period sees more than the budget (usage.h watches every run);
 *  - the refills add up to the budget and come in order;
 *  - who asks for time all the time gets the whole budget in every period: nothing is lost.
 */
#include "ash_test.h"
#include "sched/budget.h"
#include "sched/sched.h"
#include "usage.h"

uint64_t sched_ticks_per_us(uint64_t us)
{
    return us * 10;
}

[[noreturn]] void host_fail(const char *format, ...);
void host_fail(const char *format, ...)
{
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    abort();
}

static struct sched_context sched;
static uint64_t now, seed;

static uint64_t random_below(uint64_t limit)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (seed >> 33) % limit;
}

static void start(uint64_t budget, uint64_t period)
{
    sched = (struct sched_context){.budget = budget, .period = period};
    now = 1000000;
    budget_start(&sched, now);
    usage_reset();
    usage_configured(0, budget, period);
}

/* Runs for so long at most, as the scheduler lets it: from a usable refill to its end. Returns what
 * it got. */
static uint64_t run(uint64_t wanted)
{
    if (!budget_usable(&sched, now))
        return 0;
    budget_unblock(&sched, now);
    uint64_t left = budget_left(&sched), used = wanted < left ? wanted : left;
    usage_add(0, now, now + used);
    now += used;
    (void)budget_charge(&sched, used);
    return used;
}

static bool refills_are_whole(void)
{
    uint64_t sum = 0, time = 0;
    for (uint32_t i = 0; i < sched.count; i++) {
        const struct refill *refill = &sched.refill[i];
        if (refill->time < time)
            return false;
        time = refill->time;
        sum += refill->amount;
    }
    return sched.count >= 1 && sched.count <= REFILLS && sum == sched.budget;
}

TEST(any_schedule_keeps_the_window)
{
    for (uint64_t round = 1; round < 3000; round++) {
        seed = round;
        uint64_t period = 1000 + random_below(20000);
        start(200 + random_below(period - 300), period);
        uint64_t turn = 1 + random_below(round % 3 ? sched.budget : 150),
                 rest = 1 + random_below(2 * period);
        for (unsigned i = 0; i < 500; i++) {
            run(1 + random_below(turn));
            CHECK(refills_are_whole());
            uint64_t pause = round % 5 ? random_below(200) : random_below(3) * 33;
            now += random_below(4) ? pause : random_below(rest);
        }
    }
}

/* Found by fuzz_ipc: a turn too short to be booked, right before the first refill meets the next.
 */
TEST(what_is_not_booked_yet_brings_no_refill_forward)
{
    start(4000, 10000);
    run(1151);
    now += 65;
    run(2849);
    now = 1010000;
    CHECK_EQ(run(501), 501);
    CHECK_EQ(run(65), 65);
    while (now < 1020000 && budget_usable(&sched, now))
        run(10000);
    CHECK(refills_are_whole());
}

TEST(turns_of_one_tick_are_counted_too)
{
    start(1000, 10000);
    uint64_t used = 0;
    while (now < 1000000 + 10000) {
        used += run(1);
        now++;
    }
    CHECK_EQ(used, 1000);
}

TEST(rest_does_not_pile_up)
{
    start(1000, 10000);
    now += 500000;
    uint64_t begin = now, used = 0;
    while (now < begin + 9999) {
        used += run(1000000);
        now++;
    }
    CHECK_EQ(used, 1000);
}

TEST(full_demand_gets_the_whole_budget_in_every_period)
{
    start(3000, 10000);
    uint64_t used = 0;
    while (now < 1000000 + 100 * 10000) {
        uint64_t part = run(10000);
        used += part;
        if (part == 0)
            now = budget_next(&sched);
    }
    CHECK_EQ(used, 100 * 3000);
}

/* A server that is asked for a little every now and then must not be starved by rounding. */
TEST(small_turns_get_nearly_the_whole_budget)
{
    start(2000, 10000);
    uint64_t used = 0;
    while (now < 1000000 + 100 * 10000) {
        uint64_t part = run(37);
        used += part;
        now += 13;
    }
    CHECK(used >= 100 * 2000 * 8 / 10);
    CHECK(used <= 101 * 2000);
}

TEST(round_robin_ends_its_slice_and_goes_on)
{
    start(1000, 1000);
    CHECK(!budget_charge(&sched, 999));
    CHECK_EQ(budget_left(&sched), 1);
    CHECK(budget_charge(&sched, 1));
    CHECK_EQ(budget_left(&sched), 1000);
    CHECK(budget_usable(&sched, now));
}

/* A hart that was late books more than was left: the rest is taken from what comes later. */
TEST(an_overrun_is_paid_back)
{
    start(1000, 10000);
    (void)budget_charge(&sched, 1400);
    CHECK(refills_are_whole());
    CHECK(!budget_usable(&sched, now + 1400));
    uint64_t got = 0;
    for (now += 1400; now < 1000000 + 20000;) {
        if (!budget_usable(&sched, now)) {
            now = budget_next(&sched);
            continue;
        }
        budget_unblock(&sched, now);
        uint64_t left = budget_left(&sched);
        (void)budget_charge(&sched, left);
        got += now < 1000000 + 20000 ? left : 0;
        now += left;
    }
    CHECK(got <= 600);
}
