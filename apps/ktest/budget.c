// SPDX-License-Identifier: MIT
/*
 * Budgets, measured from outside: a thread writes down when it ran (gaps in the time it reads), and
 * afterwards every window of one period that begins with a run or ends with one is added up. The
 * worst such window is the worst of all windows. The kernel's own accounts are not asked.
 */
#include "ktest.h"

#define SPANS  2000u
#define GAP    ash_ticks(2) /* shorter ones are interrupts that it gets its hart back from */
#define SLACK  ash_ticks(6) /* from the end of a budget to the instruction that is stopped */
#define BUDGET ash_ticks(200)
#define PERIOD ash_ticks(1000)

struct span {
    ash_word from, to;
};

static struct span spans[SPANS];
static volatile unsigned span_count;
static ash_word gap; /* GAP, read once: no call in the loop that measures */

static void put(ash_word from, ash_word to)
{
    if (span_count < SPANS)
        spans[span_count++] = (struct span){from, to};
}

/* Runs until it has run for so many ticks. */
static void busy(ash_word ticks)
{
    ash_word last = ash_time(), from = last, ran = 0;
    while (ran < ticks) {
        ash_word now = ash_time();
        if (now - last > gap) {
            put(from, last);
            from = now;
        } else {
            ran += now - last;
        }
        last = now;
    }
    put(from, last);
}

static ash_word overlap(const struct span *s, ash_word from, ash_word to)
{
    ash_word begin = s->from > from ? s->from : from, end = s->to < to ? s->to : to;
    return end > begin ? end - begin : 0;
}

/* The most that ran in any window of that length. */
static ash_word worst(ash_word length)
{
    ash_word most = 0;
    for (unsigned i = 0; i < span_count; i++) {
        ash_word after = 0, before = 0, from = spans[i].from, to = spans[i].to;
        for (unsigned j = i; j < span_count && spans[j].from < from + length; j++)
            after += overlap(&spans[j], from, from + length);
        for (unsigned j = i; j <= i && spans[j].to > to - length; j--)
            before += overlap(&spans[j], to - length, to);
        most = after > most ? after : most;
        most = before > most ? before : most;
    }
    return most;
}

static ash_word total(void)
{
    ash_word sum = 0;
    for (unsigned i = 0; i < span_count; i++)
        sum += spans[i].to - spans[i].from;
    return sum;
}

/* A thread on that budget; it is not started yet. */
static struct kthread *budgeted(void (*entry)(struct kthread *), unsigned priority, unsigned hart,
                                ash_word budget, ash_word period)
{
    span_count = 0;
    gap = GAP;
    struct kthread *t = prepare(entry, priority, hart, false);
    if (t && ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t->sched, hart, budget, period) == ASH_OK)
        return t;
    fail(__FILE__, __LINE__, "a budget", 1, 0);
    return nullptr;
}

/* Lets it run for many periods, stops it, and looks at all windows. QEMU may leave a hart out for a
 * while when there are several; then it takes longer. */
static void measure(struct kthread *t, ash_word budget, ash_word period, unsigned periods)
{
    OK(ash_thread_resume(t->thread));
    for (unsigned tries = 0; tries < 8 && span_count < periods / 2; tries++)
        sleep_us(periods * period * 1000 / ash_ticks(1000));
    OK(ash_thread_suspend(t->thread));
    AT_LEAST(span_count, periods / 2);
    AT_MOST(span_count, SPANS - 1);
    AT_LEAST(total(), budget * periods / 4);
    AT_MOST(worst(period), budget + SLACK);
}

static void spinner(struct kthread *t)
{
    (void)t;
    for (;;)
        busy(~0ull);
}

/* The plain case: nobody in the way, it always wants more. */
static void spinning(void)
{
    struct kthread *t = budgeted(spinner, PRIORITY + 50, 0, BUDGET, PERIOD);
    CHECK(t);
    measure(t, BUDGET, PERIOD, 60);
    AT_LEAST(total(), BUDGET * 50);
}

/* Nine tenths of the period, and the smallest budget there is. */
static void large_and_small(void)
{
    struct kthread *t = budgeted(spinner, PRIORITY + 50, 0, ash_ticks(900), PERIOD);
    CHECK(t);
    measure(t, ash_ticks(900), PERIOD, 30);
    t = budgeted(spinner, PRIORITY + 50, 0, ash_ticks(20), ash_ticks(100));
    CHECK(t);
    measure(t, ash_ticks(20), ash_ticks(100), 200);
}

/* The same on another hart. With -icount QEMU's harts take turns of a length that hangs on the
 * timers set: this one must not sleep meanwhile, and only the upper bound is exact. */
static void on_another_hart(void)
{
    struct kthread *t = budgeted(spinner, PRIORITY + 1, last_hart(), BUDGET, PERIOD);
    CHECK(t);
    OK(ash_thread_resume(t->thread));
    spin(40000);
    OK(ash_thread_suspend(t->thread));
    struct ash_thread_info info;
    OK(ash_thread_info(t->thread, &info));
    AT_LEAST(info.ticks, BUDGET * 20);
    AT_LEAST(span_count, 1);
    AT_MOST(worst(PERIOD), BUDGET + 5 * SLACK);
}

static void yielder(struct kthread *t)
{
    for (ash_word i = 1;; i++) {
        busy(ash_ticks(10 + i * 7 % 50));
        t->count++;
        ash_yield();
    }
}

/* Does Yield bring back more than it gave up? */
static void yielding(void)
{
    struct kthread *t = budgeted(yielder, PRIORITY + 50, 0, BUDGET, PERIOD);
    CHECK(t);
    OK(ash_thread_resume(t->thread));
    sleep_us(60000);
    OK(ash_thread_suspend(t->thread));
    AT_LEAST(t->count, 40);
    AT_MOST(worst(PERIOD), BUDGET + SLACK);
}

/* Sleeps on a timer of its own for some ticks. */
static void doze(struct kthread *t, ash_word ticks)
{
    if (ash_timer_set(t->next, ash_time() + ticks) == ASH_OK)
        ash_wait(t->endpoint);
}

static bool give_timer(struct kthread *t)
{
    t->endpoint = make(ASH_OBJ_NOTIFICATION, 0);
    t->next = make(ASH_OBJ_TIMER, 0);
    return ash_timer_bind(t->next, t->endpoint) == ASH_OK;
}

static void dozer(struct kthread *t)
{
    for (ash_word i = 0;; i++) {
        busy(ash_ticks(15 + i * 13 % 90));
        doze(t, ash_ticks(20 + i * 37 % 400));
    }
}

/* Blocking and waking at every phase: what it saved up while it slept must not come on top. */
static void blocking(void)
{
    struct kthread *t = budgeted(dozer, PRIORITY + 50, 0, BUDGET, PERIOD);
    CHECK(t && give_timer(t));
    measure(t, BUDGET, PERIOD, 80);
}

static void late_burst(struct kthread *t)
{
    for (;;) {
        busy(ash_ticks(2));
        doze(t, ash_ticks(790));
        busy(ash_ticks(198));
        busy(ash_ticks(200));
    }
}

/* A little, a long pause, then all of it at the end of one period and again at the next one. */
static void back_to_back(void)
{
    struct kthread *t = budgeted(late_burst, PRIORITY + 50, 0, BUDGET, PERIOD);
    CHECK(t && give_timer(t));
    measure(t, BUDGET, PERIOD, 60);
}

static void fragments(struct kthread *t)
{
    for (;;) {
        busy(ash_ticks(11));
        doze(t, ash_ticks(30));
    }
}

/* More pieces in a period than there are places for refills. */
static void refills_overflow(void)
{
    struct kthread *t = budgeted(fragments, PRIORITY + 50, 0, BUDGET, PERIOD);
    CHECK(t && give_timer(t));
    measure(t, BUDGET, PERIOD, 80);
}

static void tiny(struct kthread *t)
{
    for (;;) {
        busy(ash_ticks(4));
        doze(t, ash_ticks(9));
    }
}

/* Turns too short to be booked one by one: are they forgotten? */
static void turns_below_the_smallest_refill(void)
{
    struct kthread *t = budgeted(tiny, PRIORITY + 50, 0, BUDGET, PERIOD);
    CHECK(t && give_timer(t));
    OK(ash_thread_resume(t->thread));
    sleep_us(40000);
    OK(ash_thread_suspend(t->thread));
    AT_LEAST(span_count, 200);
    AT_MOST(worst(PERIOD), BUDGET + SLACK);
}

static void noise(struct kthread *t)
{
    for (ash_word i = 0;; i++) {
        spin(t->value + i * 31 % 60);
        doze(t, ash_ticks(t->seen[0] + i * 17 % 100));
    }
}

static struct kthread *preempter(unsigned priority, ash_word run_us, ash_word rest_us)
{
    struct kthread *t = prepare(noise, priority, 0, false);
    if (!t || !give_timer(t))
        return nullptr;
    t->value = run_us;
    t->seen[0] = rest_us;
    return ash_thread_resume(t->thread) == ASH_OK ? t : nullptr;
}

/* Preempted often: is a run booked when it was, not when it might have been? */
static void preempted_often(void)
{
    struct kthread *t = budgeted(spinner, PRIORITY - 2, 0, BUDGET, PERIOD);
    CHECK(t && preempter(PRIORITY - 1, 50, 70));
    measure(t, BUDGET, PERIOD, 80);
}

/* Kept waiting until just before its period is over, then let go: twice the budget in a row? */
static void kept_waiting(void)
{
    struct kthread *t = budgeted(spinner, PRIORITY - 2, 0, BUDGET, PERIOD);
    CHECK(t && preempter(PRIORITY - 1, 750, 600));
    measure(t, BUDGET, PERIOD, 80);
}

/* Does a peer of the same priority that takes turns with it change anything? */
static void sharing_its_priority(void)
{
    struct kthread *t = budgeted(spinner, PRIORITY - 1, 0, BUDGET, PERIOD);
    struct kthread *peer = prepare(counter, PRIORITY - 1, 0, false);
    CHECK(t && peer);
    OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, peer->sched, 0, ash_ticks(70), ash_ticks(70)));
    OK(ash_thread_resume(peer->thread));
    measure(t, BUDGET, PERIOD, 80);
}

/* Somebody asks for its state all the time: do the many small bookings lose anything? */
static void asked_all_the_time(void)
{
    struct kthread *t = budgeted(spinner, PRIORITY - 1, 0, BUDGET, PERIOD);
    CHECK(t);
    OK(ash_thread_resume(t->thread));
    struct ash_thread_info info;
    for (unsigned i = 0; i < 600; i++) {
        sleep_us(20 + i % 60);
        OK(ash_thread_info(t->thread, &info));
    }
    AT_LEAST(total(), BUDGET * 10);
    AT_MOST(worst(PERIOD), BUDGET + SLACK);
}

/* Stopped and resumed over and over: does that refill it? */
static void suspended_and_resumed(void)
{
    struct kthread *t = budgeted(spinner, PRIORITY - 1, 0, BUDGET, PERIOD);
    CHECK(t);
    OK(ash_thread_resume(t->thread));
    for (unsigned i = 0; i < 400; i++) {
        sleep_us(10 + i * 13 % 150);
        OK(ash_thread_suspend(t->thread));
        OK(ash_thread_resume(t->thread));
    }
    AT_LEAST(total(), BUDGET * 10);
    AT_MOST(worst(PERIOD), BUDGET + SLACK);
}

/* Taken from one thread and given to another whenever it is used up: does that refill it? */
static void passed_from_thread_to_thread(void)
{
    struct kthread *a = budgeted(spinner, PRIORITY - 1, 0, BUDGET, PERIOD);
    struct kthread *b = prepare(spinner, PRIORITY - 1, 0, true);
    CHECK(a && b);
    OK(ash_thread_resume(a->thread));
    OK(ash_thread_resume(b->thread));
    for (unsigned i = 0; i < 200; i++) {
        sleep_us(100 + i * 7 % 150);
        OK(ash_sched_unbind(a->sched));
        OK(ash_sched_bind(a->sched, i % 2 ? a->thread : b->thread));
    }
    AT_LEAST(total(), BUDGET * 10);
    AT_MOST(worst(PERIOD), BUDGET + SLACK);
}

static void helper(struct kthread *t)
{
    struct ash_message m;
    ash_recv(t->endpoint, t->reply, &m);
    for (ash_word i = 0;; i++) {
        busy(ash_ticks(20 + i * 11 % 40));
        m.info = ash_info(1, 0, 0);
        ash_reply_recv(t->endpoint, t->reply, &m);
    }
}

static void client(struct kthread *t)
{
    for (ash_word i = 0;; i++) {
        busy(ash_ticks(5 + i * 3 % 30));
        struct ash_message m = {.info = ash_info(1, 0, 0)};
        ash_call(t->endpoint, &m);
        t->count++;
    }
}

static struct kthread *passive_helper(unsigned priority)
{
    struct kthread *t = prepare(helper, priority, 0, false);
    if (!t)
        return nullptr;
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    t->reply = make(ASH_OBJ_REPLY, 0);
    if (ash_thread_resume(t->thread) != ASH_OK || !wait_state(t, ASH_THREAD_BLOCKED_RECEIVE) ||
        ash_sched_unbind(t->sched) != ASH_OK)
        return nullptr;
    return t;
}

/* A client and the server that runs on its time: together no more than the budget. */
static void donated(void)
{
    struct kthread *s = passive_helper(PRIORITY + 50);
    struct kthread *t = budgeted(client, PRIORITY + 50, 0, BUDGET, PERIOD);
    CHECK(s && t);
    t->endpoint = s->endpoint;
    measure(t, BUDGET, PERIOD, 60);
    AT_LEAST(t->count, 60);
}

/* The same with a server of lower priority that others preempt while it holds the time. */
static void donated_and_preempted(void)
{
    struct kthread *s = passive_helper(PRIORITY - 5);
    struct kthread *t = budgeted(client, PRIORITY - 3, 0, BUDGET, PERIOD);
    CHECK(s && t && preempter(PRIORITY - 1, 40, 90));
    t->endpoint = s->endpoint;
    measure(t, BUDGET, PERIOD, 60);
}

static void partner(struct kthread *t)
{
    for (;;) {
        ash_word info;
        ash_syscall_word(ASH_SYS_WAIT, t->endpoint, 0, &info);
        for (;;) {
            if (t->value)
                busy(ash_ticks(13));
            ash_signal_wait(t->next, t->endpoint);
        }
    }
}

/* Two threads that wake each other through the short way: is the one with a budget held to it? */
static void signalled_back_and_forth(void)
{
    struct kthread *t = budgeted(partner, PRIORITY + 50, 0, BUDGET, PERIOD);
    struct kthread *other = prepare(partner, PRIORITY + 49, 0, false);
    CHECK(t && other);
    t->value = 1;
    t->endpoint = other->next = make(ASH_OBJ_NOTIFICATION, 0);
    other->endpoint = t->next = make(ASH_OBJ_NOTIFICATION, 0);
    OK(ash_thread_resume(other->thread));
    ash_signal(t->endpoint);
    measure(t, BUDGET, PERIOD, 60);
}

/* What it runs too long must be taken from what comes later. */
static void over_a_long_time(void)
{
    struct kthread *t = budgeted(dozer, PRIORITY + 50, 0, BUDGET, PERIOD);
    CHECK(t && give_timer(t));
    ash_word begin = ash_time();
    OK(ash_thread_resume(t->thread));
    sleep_us(200000);
    OK(ash_thread_suspend(t->thread));
    AT_MOST(total(), ((ash_time() - begin) / PERIOD + 1) * BUDGET);
}

const struct test budget_tests[] = {
    {"budget: any window, spinning", spinning},
    {"budget: any window, large and small budgets", large_and_small},
    {"budget: any window, on another hart", on_another_hart},
    {"budget: any window, yielding", yielding},
    {"budget: any window, blocking", blocking},
    {"budget: any window, a burst late and a burst early", back_to_back},
    {"budget: any window, more pieces than refills", refills_overflow},
    {"budget: any window, turns too short to book", turns_below_the_smallest_refill},
    {"budget: any window, preempted often", preempted_often},
    {"budget: any window, kept waiting", kept_waiting},
    {"budget: any window, sharing its priority", sharing_its_priority},
    {"budget: any window, asked for its state", asked_all_the_time},
    {"budget: any window, suspended and resumed", suspended_and_resumed},
    {"budget: any window, passed from thread to thread", passed_from_thread_to_thread},
    {"budget: any window, client and passive server", donated},
    {"budget: any window, passive server preempted", donated_and_preempted},
    {"budget: any window, woken through SignalWait", signalled_back_and_forth},
    {"budget: over a long time", over_a_long_time},
    {},
};
