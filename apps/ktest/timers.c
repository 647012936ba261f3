// SPDX-License-Identifier: MIT
/* Timers by the thousand, replaced, cancelled, deleted and bound anew while they are armed. */
#include "ktest.h"

#define MANY  2000u
#define FIRST (FIRST_SLOT + 200)

static ash_cptr notification;

static bool armed(ash_cptr timer)
{
    bool pending = false;
    ash_error error = ash_timer_cancel(timer, &pending);
    return error == ASH_OK && pending;
}

static ash_cptr new_timer(ash_word badge)
{
    ash_cptr timer = make(ASH_OBJ_TIMER, 0);
    if (ash_timer_bind(timer, minted(notification, ASH_RIGHT_WRITE, badge)) != ASH_OK)
        fail(__FILE__, __LINE__, "bind", 1, 0);
    return timer;
}

/* Until one has fired, for at most a second. */
static ash_word next_bits(void)
{
    for (unsigned i = 0; i < 1000; i++) {
        ash_word bits = ash_poll(notification);
        if (bits)
            return bits;
        sleep_us(1000);
    }
    return 0;
}

/* Deadlines at the edges of the number line. */
static void edges(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr timer = new_timer(2);
    ash_word past[] = {0, 1, ash_time() - 1, ash_time()};
    for (unsigned i = 0; i < 4; i++) {
        OK(ash_timer_set(timer, past[i]));
        EQ(next_bits(), 2);
        CHECK(!armed(timer));
    }
    ash_word far[] = {~0ull, ~0ull - 1, 1ull << 63, ash_time() + (1ull << 62)};
    for (unsigned i = 0; i < 4; i++) {
        OK(ash_timer_set(timer, far[i]));
        sleep_us(100);
        EQ(ash_poll(notification), 0);
        CHECK(armed(timer));
    }
}

/* Replaced: earlier, later, and by the past. Only the last one counts, once. */
static void replaced(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr timer = new_timer(2);
    for (unsigned i = 0; i < 20; i++) {
        OK(ash_timer_set(timer, ash_time() + ash_ticks(100000)));
        OK(ash_timer_set(timer, ash_time() + ash_ticks(50 * i)));
        EQ(next_bits(), 2);
        EQ(ash_poll(notification), 0);
        CHECK(!armed(timer));
    }
}

/* Two capabilities, one timer. */
static void copies_are_one_timer(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr timer = new_timer(2), copy = new_slot();
    OK(ash_cnode_copy(CNODE, copy, timer, 0));
    OK(ash_timer_set(timer, ~0ull));
    CHECK(armed(copy));
    CHECK(!armed(timer));
    OK(ash_timer_set(copy, ash_time() + ash_ticks(100)));
    OK(ash_cnode_delete(CNODE, copy));
    EQ(next_bits(), 2);
}

/* Bound to another notification while armed: who is told? The one bound when it fires. */
static void bound_anew_while_armed(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr other = make(ASH_OBJ_NOTIFICATION, 0), timer = new_timer(2);
    OK(ash_timer_set(timer, ash_time() + ash_ticks(300)));
    OK(ash_timer_bind(timer, minted(other, ASH_RIGHT_WRITE, 8)));
    EQ(ash_wait(other), 8);
    EQ(ash_poll(notification), 0);
}

/* The badged capability is revoked: the timer fires into nothing and must be bound again. */
static void badge_revoked_while_armed(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr timer = make(ASH_OBJ_TIMER, 0), badged = minted(notification, ASH_RIGHT_WRITE, 4);
    OK(ash_timer_bind(timer, badged));
    OK(ash_timer_set(timer, ash_time() + ash_ticks(200)));
    OK(ash_cnode_revoke(CNODE, badged));
    sleep_us(500);
    EQ(ash_poll(notification), 0);
    EQ(ash_timer_set(timer, 0), ASH_E_NOT_BOUND);
    OK(ash_timer_bind(timer, badged));
    OK(ash_cnode_delete(CNODE, badged)); /* its child stays: only revoking takes it away */
    OK(ash_timer_set(timer, 0));
    EQ(next_bits(), 4);
}

static bool make_many(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr badge[64];
    for (unsigned i = 0; i < 64; i++)
        badge[i] = minted(notification, ASH_RIGHT_WRITE, 1ull << i);
    if (ash_untyped_retype(POOL, ASH_OBJ_TIMER, 0, CNODE, FIRST, MANY / 2) != ASH_OK ||
        ash_untyped_retype(POOL, ASH_OBJ_TIMER, 0, CNODE, FIRST + MANY / 2, MANY / 2) != ASH_OK)
        return false;
    for (unsigned i = 0; i < MANY; i++)
        if (ash_timer_bind(FIRST + i, badge[i % 64]) != ASH_OK)
            return false;
    return true;
}

/* Two thousand in a row that runs the wrong way, then all due: none lost, none twice, none early.
 */
static void thousands(void)
{
    CHECK(make_many());
    ash_word base = ash_time() + ash_ticks(400000);
    for (unsigned i = 0; i < MANY; i++)
        OK(ash_timer_set(FIRST + i, base - i));
    for (unsigned i = 0; i < MANY; i += 2)
        CHECK(armed(FIRST + i)); /* cancelled by that */
    EQ(ash_poll(notification), 0);
    for (unsigned i = 0; i < MANY; i++)
        EQ(armed(FIRST + i), i % 2);
    base = ash_time();
    for (unsigned i = 0; i < MANY; i++)
        OK(ash_timer_set(FIRST + i, base + i % 7));
    ash_word bits = 0;
    for (unsigned i = 0; i < 1000 && bits != ~0ull; i++) {
        bits |= ash_poll(notification);
        sleep_us(100);
    }
    EQ(bits, ~0ull);
    for (unsigned i = 0; i < MANY; i++)
        CHECK(!armed(FIRST + i));
}

/* Deleted out of the middle of a long queue, in an order of its own. */
static void deleted_out_of_the_queue(void)
{
    CHECK(make_many());
    ash_word base = ash_time() + ash_ticks(1000000);
    for (unsigned i = 0; i < MANY; i++)
        OK(ash_timer_set(FIRST + i, base + i * 37 % 1000));
    for (unsigned i = 0; i < MANY; i++)
        if (i * 617 % MANY % 3)
            OK(ash_cnode_delete(CNODE, FIRST + i * 617 % MANY));
    unsigned left = 0;
    for (unsigned i = 0; i < MANY; i++)
        if (full(FIRST + i))
            left += armed(FIRST + i);
    EQ(left, (MANY + 2) / 3);
}

/* Rearms itself a hundred times: never early, never lost. */
static void rearmed(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr timer = new_timer(1);
    ash_word due = ash_time();
    for (unsigned i = 0; i < 100; i++) {
        due += ash_ticks(20 + i);
        OK(ash_timer_set(timer, due));
        EQ(ash_wait(notification), 1);
        CHECK(ash_time() >= due);
        due = ash_time();
    }
}

static void setter(struct kthread *t)
{
    for (ash_word i = 1; i <= 50; i++) {
        if (ash_timer_set(t->next, ash_time() + ash_ticks(t->value)) != ASH_OK)
            break;
        ash_wait(t->endpoint);
        t->count = i;
    }
}

/* Set on another hart, fired there, waited for there. */
static void on_another_hart(void)
{
    struct kthread *t = prepare(setter, PRIORITY - 1, last_hart(), false);
    CHECK(t);
    t->endpoint = notification = make(ASH_OBJ_NOTIFICATION, 0);
    t->next = new_timer(1);
    t->value = 40;
    OK(ash_thread_resume(t->thread));
    CHECK(wait_until(&t->count, 50));
}

/* Set on one hart, cancelled, replaced and deleted from another. */
static void taken_away_from_another_hart(void)
{
    for (unsigned i = 0; i < 10; i++) {
        struct kthread *t = prepare(setter, PRIORITY - 1, last_hart(), false);
        CHECK(t);
        t->endpoint = notification = make(ASH_OBJ_NOTIFICATION, 0);
        t->next = new_timer(1);
        t->value = 1000000000;
        OK(ash_thread_resume(t->thread));
        CHECK(wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION));
        if (i % 2)
            CHECK(armed(t->next));
        OK(ash_timer_set(t->next, ash_time() + ash_ticks(30)));
        CHECK(wait_until(&t->count, 1));
        OK(ash_cnode_delete(CNODE, t->next));
        OK(ash_cnode_delete(CNODE, t->thread));
    }
}

static ash_cptr low_signal;

static void sets_timer(struct kthread *t)
{
    ash_cptr own = (ash_cptr)t->value;
    t->count = ash_timer_set(own, ash_time() + ash_ticks(4000)) == ASH_OK ? 1 : 2;
    ash_wait(low_signal);
    t->count = 3;
}

/* A timer is served with the priority of who set it: late, but before he would run. */
static void low_timers_wait(void)
{
    low_signal = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t = prepare(sets_timer, PRIORITY - 1, 0, false);
    CHECK(t);
    t->value = make(ASH_OBJ_TIMER, 0);
    OK(ash_timer_bind(t->value, low_signal));
    OK(ash_thread_resume(t->thread));
    CHECK(wait_until(&t->count, 1));
    spin(6000);
    EQ(state_of(t), ASH_THREAD_BLOCKED_NOTIFICATION);
    CHECK(wait_until(&t->count, 3));
}

const struct test timers_tests[] = {
    {"timer: edges of the number line", edges},
    {"timer: replaced", replaced},
    {"timer: copies are one timer", copies_are_one_timer},
    {"timer: bound anew while armed", bound_anew_while_armed},
    {"timer: badge revoked while armed", badge_revoked_while_armed},
    {"timer: thousands", thousands},
    {"timer: deleted out of a long queue", deleted_out_of_the_queue},
    {"timer: rearmed a hundred times", rearmed},
    {"timer: on another hart", on_another_hart},
    {"timer: taken away from another hart", taken_away_from_another_hart},
    {"timer: of low priority, late", low_timers_wait},
    {},
};
