// SPDX-License-Identifier: MIT
/*
 * Long system calls with interrupts in the middle: they end as if nothing had come between, whoever
 * does whatever meanwhile. A ticker of the highest priority interrupts every few thousand
 * instructions. On one hart the tests of two harts run all the same.
 */
#include "ktest.h"

#define MANY       10000u
#define RADIX      14u
#define WORK_BYTES ((ash_word)5 << 20)

static ash_cptr ticks, timer, big, work, done;
static struct kthread *ticking;
static volatile ash_word period;

static void tick(struct kthread *t)
{
    for (;;) {
        ash_wait(ticks);
        if (period == 0)
            continue;
        t->count++;
        if (ash_timer_set(timer, ash_time() + ash_ticks(period)) != ASH_OK)
            park();
    }
}

/* Interrupts this hart from now on. */
static bool begin(ash_word microseconds)
{
    ticks = make(ASH_OBJ_NOTIFICATION, 0);
    timer = make(ASH_OBJ_TIMER, 0);
    period = microseconds;
    ticking = start(tick, 250, 0, false);
    if (!ticking || ash_timer_bind(timer, ticks) != ASH_OK)
        return false;
    ash_signal(ticks);
    return true;
}

/* How often it has interrupted. */
static ash_word end(void)
{
    period = 0;
    return ticking->count;
}

/* An Untyped of its own, whose memory tells when all objects made of it are gone. */
static bool make_work(void)
{
    work = make(ASH_OBJ_UNTYPED, WORK_BYTES);
    return work != 0;
}

static bool work_is_free(void)
{
    struct ash_untyped_info info;
    return ash_untyped_info(work, &info) == ASH_OK && info.left == WORK_BYTES;
}

static bool make_in(enum ash_object_type type, ash_word parameter, ash_cptr cnode, ash_word first,
                    ash_word count)
{
    return ash_untyped_retype(work, type, parameter, cnode, first, count) == ASH_OK;
}

static ash_cptr in_big(ash_word index)
{
    return ash_cptr_in(big, ASH_BOOT_CNODE_RADIX, index);
}

/* Is every slot of `big` from 0 to MANY - 1 empty? One more copy fits exactly where one is. */
static bool big_is_empty(ash_cptr endpoint)
{
    for (unsigned i = 0; i < MANY; i++)
        if (ash_cnode_copy(big, i, endpoint, ASH_RIGHT_ALL) != ASH_OK)
            return false;
    return true;
}

static bool copy_wide(ash_cptr endpoint)
{
    big = make(ASH_OBJ_CNODE, RADIX);
    return big != 0 && big_is_empty(endpoint);
}

static bool copy_line(ash_cptr endpoint)
{
    big = make(ASH_OBJ_CNODE, RADIX);
    ash_cptr last = endpoint;
    for (unsigned i = 0; i < MANY; i++) {
        if (ash_cnode_copy(big, i, last, ASH_RIGHT_ALL) != ASH_OK)
            return false;
        last = in_big(i);
    }
    return true;
}

static void revoke_interrupted(bool (*copy)(ash_cptr))
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), other = make(ASH_OBJ_ENDPOINT, 0);
    CHECK(copy(endpoint));
    OK(ash_cnode_copy(big, MANY, other, ASH_RIGHT_ALL));
    CHECK(begin(50));
    OK(ash_cnode_revoke(CNODE, endpoint));
    AT_LEAST(end(), 10);
    CHECK(full(endpoint));
    CHECK(big_is_empty(endpoint));
    EQ(ash_cnode_copy(big, MANY, other, ASH_RIGHT_ALL), ASH_E_OCCUPIED);
}

static void wide_revoke(void)
{
    revoke_interrupted(copy_wide);
}

static void line_revoke(void)
{
    revoke_interrupted(copy_line);
}

/* The children of what is deleted stay their grandparent's. */
static void delete_with_many_children(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), middle = new_slot(), to = new_slot();
    OK(ash_cnode_copy(CNODE, middle, endpoint, ASH_RIGHT_ALL));
    CHECK(copy_wide(middle));
    OK(ash_cnode_move(CNODE, to, middle));
    OK(ash_cnode_delete(CNODE, to));
    EQ(ash_cnode_copy(big, MANY - 1, endpoint, ASH_RIGHT_ALL), ASH_E_OCCUPIED);
    OK(ash_cnode_revoke(CNODE, endpoint));
    CHECK(big_is_empty(endpoint));
}

/* A line of CNodes, each with the only capability to the next, in slot `to`. */
static bool make_deep(ash_cptr to, unsigned depth)
{
    ash_cptr outer = new_slot(), endpoint = make(ASH_OBJ_ENDPOINT, 0);
    bool good = make_in(ASH_OBJ_CNODE, 2, CNODE, to, 1);
    for (unsigned i = 0; good && i < depth; i++)
        good = make_in(ASH_OBJ_CNODE, 2, CNODE, outer, 1) &&
               ash_cnode_copy(outer, 1, endpoint, ASH_RIGHT_ALL) == ASH_OK &&
               ash_cnode_move(outer, 2, to) == ASH_OK &&
               ash_cnode_copy(outer, 3, endpoint, ASH_RIGHT_ALL) == ASH_OK &&
               ash_cnode_move(CNODE, to, outer) == ASH_OK;
    return good;
}

static void deep_delete(void)
{
    ash_cptr deep = new_slot();
    CHECK(make_work() && make_deep(deep, 2000) && begin(20));
    OK(ash_cnode_delete(CNODE, deep));
    AT_LEAST(end(), 10);
    CHECK(!full(deep));
    CHECK(work_is_free());
}

/* Made in steps, they lie where they would have been made at once. */
static void retype_interrupted(void)
{
    CHECK(make_work());
    big = make(ASH_OBJ_CNODE, RADIX);
    CHECK(begin(20));
    CHECK(make_in(ASH_OBJ_THREAD, 0, big, 5, 1024));
    AT_LEAST(end(), 10);
    struct ash_untyped_info once, info;
    OK(ash_untyped_info(work, &info));
    for (unsigned i = 0; i < 1024; i++) {
        struct ash_thread_info state;
        OK(ash_thread_info(in_big(5 + i), &state));
        EQ(state.state, ASH_THREAD_INACTIVE);
    }
    EQ(ash_cnode_copy(big, 4, ticks, ASH_RIGHT_ALL), ASH_OK);
    EQ(ash_cnode_copy(big, 5 + 1024, ticks, ASH_RIGHT_ALL), ASH_OK);
    OK(ash_cnode_revoke(CNODE, work));
    CHECK(make_in(ASH_OBJ_THREAD, 0, big, 5, 1024));
    OK(ash_untyped_info(work, &once));
    EQ(info.left, once.left);
}

static void retypes(struct kthread *t)
{
    t->value = make_in(ASH_OBJ_THREAD, 0, big, 0, 1024) ? 1 : 2;
}

/* How many slots of `big` are full; ~0 if an empty one lies before a full one. */
static ash_word filled(void)
{
    ash_word count = 0;
    struct ash_thread_info info;
    while (count < 1024 && ash_thread_info(in_big(count), &info) == ASH_OK)
        count++;
    for (ash_word i = count; i < 1024; i++)
        if (ash_thread_info(in_big(i), &info) == ASH_OK)
            return ~(ash_word)0;
    return count;
}

/* Deletes the thread that retypes after so many microseconds; how many objects it had made. */
static ash_word kill_retype(ash_word microseconds)
{
    struct kthread *t = start(retypes, PRIORITY - 1, 0, false);
    if (!t)
        return ~(ash_word)0;
    sleep_us(microseconds);
    if (ash_cnode_delete(CNODE, t->thread) != ASH_OK)
        return ~(ash_word)0;
    return filled();
}

/* What was made is whole, the rest of the memory and the slots can be used. */
static void killed_in_its_retype(void)
{
    bool in_the_middle = false;
    CHECK(make_work());
    big = make(ASH_OBJ_CNODE, RADIX);
    for (ash_word time = 100; time < 8000 && !in_the_middle; time += 400) {
        ash_word count = kill_retype(time);
        EQ(count == ~(ash_word)0, 0);
        in_the_middle = count > 0 && count < 1024;
        if (count < 1024)
            CHECK(make_in(ASH_OBJ_THREAD, 0, big, count, 1024 - count));
        EQ(filled(), 1024);
        OK(ash_cnode_revoke(CNODE, work));
        CHECK(work_is_free());
    }
    CHECK(in_the_middle);
}

static void deletes(struct kthread *t)
{
    t->count = 1;
    t->value = ash_cnode_delete(CNODE, done) == ASH_OK ? 1 : 2;
}

/* Starts a thread that deletes the slot `done`, a deep line, and returns in the middle of it. */
static struct kthread *start_delete(unsigned hart)
{
    done = new_slot();
    if (!make_work() || !make_deep(done, 2000))
        return nullptr;
    struct kthread *t = start(deletes, PRIORITY - 1, hart, false);
    for (unsigned i = 0; t && i < 100 && full(done); i++)
        sleep_us(20);
    return t && t->value == 0 ? t : nullptr;
}

/* The slot is empty long before the call is over: what is put there is not deleted too. */
static void slot_filled_again(void)
{
    struct kthread *t = start_delete(0);
    CHECK(t);
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    OK(ash_cnode_copy(CNODE, done, endpoint, ASH_RIGHT_ALL));
    CHECK(!work_is_free());
    CHECK(wait_until(&t->value, 1));
    CHECK(full(done));
    CHECK(work_is_free());
}

/* Whoever deletes the deleting thread finishes what it began. */
static void killed_in_its_delete(void)
{
    struct kthread *t = start_delete(0);
    CHECK(t);
    CHECK(!work_is_free());
    OK(ash_cnode_delete(CNODE, t->thread));
    EQ(t->value, 0);
    CHECK(work_is_free());
}

/* Or whoever revokes the memory. */
static void revoked_in_its_delete(void)
{
    struct kthread *t = start_delete(0);
    CHECK(t);
    CHECK(!work_is_free());
    OK(ash_cnode_revoke(CNODE, work));
    CHECK(work_is_free());
    CHECK(wait_until(&t->value, 1));
}

/* Stopped, it goes on when it is resumed. */
static void stopped_in_its_delete(void)
{
    struct kthread *t = start_delete(0);
    CHECK(t);
    OK(ash_thread_suspend(t->thread));
    sleep_us(1000);
    CHECK(!work_is_free());
    OK(ash_thread_resume(t->thread));
    CHECK(wait_until(&t->value, 1));
    CHECK(work_is_free());
}

/* A thread whose own last capability lies deep in what it deletes. */
static void deletes_itself(void)
{
    done = new_slot();
    CHECK(make_work() && make_deep(done, 500));
    struct kthread *t = prepare(deletes, PRIORITY - 1, 0, false);
    CHECK(t);
    OK(ash_thread_resume(t->thread));
    ash_cptr top = new_slot();
    CHECK(make_in(ASH_OBJ_CNODE, 2, CNODE, top, 1));
    OK(ash_cnode_move(top, 0, t->thread));
    OK(ash_cnode_move(top, 1, done));
    OK(ash_cnode_move(CNODE, done, top));
    CHECK(begin(20));
    for (unsigned i = 0; i < 100 && !work_is_free(); i++)
        sleep_us(200);
    CHECK(work_is_free());
    EQ(t->count, 1);
    EQ(t->value, 0);
    end();
}

/* CNodes that hold each other's and their own last capabilities, among others'. */
static void circles(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), a = new_slot(), b = new_slot();
    CHECK(make_work());
    CHECK(make_in(ASH_OBJ_CNODE, 3, CNODE, a, 1) && make_in(ASH_OBJ_CNODE, 3, CNODE, b, 1));
    for (unsigned i = 0; i < 8; i++)
        if (i != 3 && i != 5) {
            OK(ash_cnode_copy(a, i, endpoint, ASH_RIGHT_ALL));
            OK(ash_cnode_copy(b, i, endpoint, ASH_RIGHT_ALL));
        }
    OK(ash_cnode_copy(a, 5, a, ASH_RIGHT_ALL));
    OK(ash_cnode_move(a, 3, b));
    OK(ash_cnode_move(ash_cptr_in(a, ASH_BOOT_CNODE_RADIX, 3), 3, a));
    CHECK(begin(20));
    OK(ash_cnode_revoke(CNODE, work));
    end();
    CHECK(work_is_free());
    CHECK(make_in(ASH_OBJ_FRAME, ASH_PAGE_BITS, CNODE, a, 1)); /* over their memory */
    OK(ash_cnode_revoke(CNODE, endpoint));
}

/* The revoked slot goes itself, with the CNode it lies in, and nothing is left of it. */
static void revoke_of_what_holds_it(void)
{
    ash_cptr cnode = new_slot(), outside = new_slot();
    for (unsigned i = 1; i < 10; i++)
        (void)new_slot();
    CHECK(make_work());
    CHECK(make_in(ASH_OBJ_CNODE, 3, CNODE, cnode, 1));
    CHECK(make_in(ASH_OBJ_ENDPOINT, 0, CNODE, outside, 10));
    OK(ash_cnode_move(cnode, 2, work));
    CHECK(begin(20));
    OK(ash_cnode_revoke(cnode, 2));
    end();
    for (unsigned i = 0; i < 10; i++)
        CHECK(!full(outside + i));
    CHECK(!full(cnode));
}

static ash_cptr revoked;

static void revokes(struct kthread *t)
{
    t->count = 1;
    t->value = ash_cnode_revoke(CNODE, revoked) == ASH_OK ? 1 : 2;
}

static void two_revoke_the_same(void)
{
    for (unsigned round = 0; round < 3; round++) {
        revoked = make(ASH_OBJ_ENDPOINT, 0);
        CHECK(round % 2 ? copy_line(revoked) : copy_wide(revoked));
        struct kthread *t = start(revokes, PRIORITY, last_hart(), false);
        CHECK(t);
        sleep_us(50 * round);
        OK(ash_cnode_revoke(CNODE, revoked));
        CHECK(big_is_empty(revoked));
        CHECK(wait_until(&t->value, 1));
        OK(ash_cnode_delete(CNODE, big));
    }
}

/* Each CSpace holds the last capability of the other. */
static void two_delete_overlapping(void)
{
    CHECK(make_work());
    for (unsigned round = 0; round < 4; round++) {
        ash_cptr a = new_slot(), b = new_slot();
        done = new_slot();
        CHECK(make_deep(a, 300) && make_deep(b, 300) && make_deep(done, 300));
        OK(ash_cnode_move(a, 0, done));
        OK(ash_cnode_copy(b, 0, a, ASH_RIGHT_ALL));
        OK(ash_cnode_move(CNODE, done, a));
        struct kthread *t = start(deletes, PRIORITY, last_hart(), false);
        CHECK(t);
        sleep_us(20 * round);
        OK(ash_cnode_delete(CNODE, b));
        CHECK(wait_until(&t->value, 1));
        OK(ash_cnode_revoke(CNODE, work));
        CHECK(work_is_free());
    }
}

static bool full_in_big(ash_word index)
{
    return ash_untyped_retype(POOL, ASH_OBJ_NULL, 0, big, index, 1) == ASH_E_OCCUPIED;
}

/* Are slots empty that the revoke takes first, and later those full that it takes last? Which these
 * are is the kernel's to choose. */
static bool half_revoked(void)
{
    bool low = full_in_big(0), high = full_in_big(MANY - 1);
    return low ? !high && full_in_big(0) : high;
}

/* Starts a revoke on the last hart that no interrupt disturbs, and looks while it is made. */
static struct kthread *revoke_watched(ash_word microseconds, bool *in_the_middle)
{
    struct kthread *t = prepare(revokes, PRIORITY, last_hart(), false);
    ash_word second = boot->timebase;
    if (!t ||
        ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t->sched, last_hart(), second, second) !=
            ASH_OK ||
        ash_thread_resume(t->thread) != ASH_OK)
        return nullptr;
    sleep_us(microseconds);
    *in_the_middle = half_revoked();
    return t;
}

/* A hart that wakes in the middle of a long call of another hart gets the lock before that ends.
 * The timer that wakes it also ends the turn of the other one where a machine runs its harts in
 * turns; what it sees then is the kernel's doing. */
static void others_get_on(void)
{
    if (last_hart() == 0)
        return;
    revoked = make(ASH_OBJ_ENDPOINT, 0);
    CHECK(copy_wide(revoked));
    unsigned looks = 0;
    for (unsigned round = 1; round <= 4; round++) {
        bool in_the_middle = false;
        struct kthread *t = revoke_watched(100 * round, &in_the_middle);
        CHECK(t);
        looks += in_the_middle;
        CHECK(wait_until(&t->value, 1));
        CHECK(big_is_empty(revoked));
    }
    AT_LEAST(looks, 1);
}

/* They are served a few at a time; none is lost. */
static void a_thousand_timers_at_once(void)
{
    ash_cptr target = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr few[4] = {minted(target, ASH_RIGHT_ALL, 1), minted(target, ASH_RIGHT_ALL, 2),
                       minted(target, ASH_RIGHT_ALL, 4), minted(target, ASH_RIGHT_ALL, 8)};
    CHECK(make_work());
    big = make(ASH_OBJ_CNODE, RADIX);
    CHECK(make_in(ASH_OBJ_TIMER, 0, big, 0, 1000));
    ash_word due = ash_time() + ash_ticks(30000);
    for (unsigned i = 0; i < 1000; i++) {
        OK(ash_timer_bind(in_big(i), few[i % 4]));
        OK(ash_timer_set(in_big(i), due));
    }
    CHECK(ash_time() < due);
    while (ash_time() < due + ash_ticks(5000))
        ;
    EQ(ash_poll(target), 15);
    for (unsigned i = 0; i < 1000; i++) {
        bool pending;
        OK(ash_timer_cancel(in_big(i), &pending));
        CHECK(!pending);
    }
}

const struct test preempt_tests[] = {
    {"preempt: revoke of 10,000 copies", wide_revoke},
    {"preempt: revoke of a line of 10,000", line_revoke},
    {"preempt: delete with 10,000 children", delete_with_many_children},
    {"preempt: delete of a CSpace 2,000 deep", deep_delete},
    {"preempt: retype of 1,024 threads", retype_interrupted},
    {"preempt: killed in its own retype", killed_in_its_retype},
    {"preempt: slot filled again during its delete", slot_filled_again},
    {"preempt: killed in its own delete", killed_in_its_delete},
    {"preempt: memory revoked during a delete", revoked_in_its_delete},
    {"preempt: stopped in its own delete", stopped_in_its_delete},
    {"preempt: a thread deletes itself", deletes_itself},
    {"preempt: CNodes in circles", circles},
    {"preempt: revoke of what holds it", revoke_of_what_holds_it},
    {"preempt: two harts revoke the same", two_revoke_the_same},
    {"preempt: two harts delete overlapping CSpaces", two_delete_overlapping},
    {"preempt: other harts get on", others_get_on},
    {"preempt: a thousand timers at once", a_thousand_timers_at_once},
    {},
};
