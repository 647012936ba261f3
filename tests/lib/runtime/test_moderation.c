// SPDX-License-Identifier: MIT
/* Moderation: what only interrupts gets its share of the time, what works is never held back. */
#include "ash/moderation.h"
#include "ash_test.h"

#define SECOND 10000000u

/* A storm for a second: work of that many units each time, as fast as it is let. The time it had.
 */
static uint64_t storm(struct ash_moderation *moderation, uint64_t start, uint64_t work)
{
    uint64_t now = start, busy = 0;
    while (now < start + SECOND) {
        now += work + ASH_MODERATION_ENTRY;
        busy += work + ASH_MODERATION_ENTRY;
        uint64_t next = ash_moderation_charge(moderation, now, work);
        now = next > now ? next : now;
    }
    return busy;
}

TEST(a_storm_has_its_share)
{
    for (uint64_t work = 1; work <= ASH_MODERATION_MOST; work = work * 3 + 1) {
        struct ash_moderation moderation = ASH_MODERATION_START;
        uint64_t busy = storm(&moderation, 5 * SECOND, work);
        CHECK(busy <= SECOND / ASH_MODERATION_SHARE + ASH_MODERATION_FULL + 2 * work + 1000);
        CHECK(busy >= SECOND / ASH_MODERATION_SHARE);
        busy = storm(&moderation, 6 * SECOND, work);
        CHECK(busy <= SECOND / ASH_MODERATION_SHARE + 2 * work + 1000);
    }
}

TEST(what_works_is_never_held_back)
{
    struct ash_moderation moderation = ASH_MODERATION_START;
    for (uint64_t i = 0; i < 1000000; i++) {
        ash_moderation_gain(&moderation);
        CHECK(ash_moderation_full(&moderation));
        /* each second one for nothing */
        CHECK_EQ(ash_moderation_charge(&moderation, i * 40, 20), i * 40);
    }
}

TEST(credit_comes_back_with_time)
{
    struct ash_moderation moderation = ASH_MODERATION_START;
    (void)storm(&moderation, SECOND, 50);
    CHECK(moderation.credit <= 0);
    (void)ash_moderation_charge(&moderation, 3 * SECOND, 0);
    CHECK_EQ(moderation.credit, ASH_MODERATION_FULL - ASH_MODERATION_ENTRY);
}

TEST(one_that_could_not_run_pays_little)
{
    struct ash_moderation moderation = ASH_MODERATION_START;
    CHECK_EQ(ash_moderation_charge(&moderation, SECOND, 3 * SECOND), SECOND);
    CHECK_EQ(moderation.credit, ASH_MODERATION_FULL - ASH_MODERATION_MOST - ASH_MODERATION_ENTRY);
    /* a clock that goes back gives nothing */
    CHECK_EQ(ash_moderation_charge(&moderation, SECOND / 2, 0), SECOND / 2);
}
