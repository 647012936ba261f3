// SPDX-License-Identifier: MIT
/* Thread, SchedContext, floating point. */
#include "ktest.h"

#include <string.h>

static void once(struct kthread *t)
{
    t->count++;
}

static void configure_twice(void)
{
    struct kthread *t = prepare(once, PRIORITY - 1, 0, false);
    CHECK(t);
    EQ(ash_thread_configure(t->thread, CNODE, VSPACE, t->buffer, (ash_word)t->ipc), ASH_E_BUSY);
}

static void configure_wants_the_right_kinds(void)
{
    ash_cptr thread = make(ASH_OBJ_THREAD, 0), frame = make(ASH_OBJ_FRAME, 12),
             other = make(ASH_OBJ_ENDPOINT, 0), weak = new_slot();
    EQ(ash_thread_configure(thread, other, VSPACE, frame, 0), ASH_E_SOURCE);
    EQ(ash_thread_configure(thread, CNODE, other, frame, 0), ASH_E_SOURCE);
    EQ(ash_thread_configure(thread, CNODE, VSPACE, other, 0), ASH_E_SOURCE);
    EQ(ash_thread_configure(thread, CNODE, VSPACE, frame, 8), ASH_E_ALIGNMENT);
    OK(ash_cnode_copy(CNODE, weak, frame, ASH_RIGHT_READ));
    EQ(ash_thread_configure(thread, CNODE, VSPACE, weak, 0), ASH_E_RIGHTS);
}

static void resume_unconfigured(void)
{
    EQ(ash_thread_resume(make(ASH_OBJ_THREAD, 0)), ASH_E_NOT_BOUND);
}

static void priority_is_limited(void)
{
    struct kthread *t = prepare(once, PRIORITY - 1, 0, false);
    CHECK(t);
    EQ(ash_thread_set_priority(t->thread, 256, 10), ASH_E_RANGE);
    EQ(ash_thread_set_priority(t->thread, 10, 256), ASH_E_RANGE);
    OK(ash_thread_set_priority(t->thread, 255, 255));
}

static void runs_and_can_be_stopped(void)
{
    struct kthread *t = start(counter, PRIORITY - 1, 0, false);
    CHECK(t);
    sleep_us(2000);
    OK(ash_thread_suspend(t->thread));
    ash_word count = t->count;
    CHECK(count > 0);
    sleep_us(2000);
    EQ(t->count, count);
    OK(ash_thread_resume(t->thread));
    sleep_us(2000);
    CHECK(t->count > count);
}

static void higher_priority_runs_first(void)
{
    struct kthread *low = start(counter, PRIORITY - 2, 0, false);
    struct kthread *high = start(counter, PRIORITY - 1, 0, false);
    CHECK(low && high);
    sleep_us(3000);
    EQ(low->count, 0);
    CHECK(high->count > 0);
    OK(ash_thread_set_priority(high->thread, PRIORITY - 3, 255));
    sleep_us(3000);
    CHECK(low->count > 0);
}

static void equal_priority_shares(void)
{
    struct kthread *a = start(counter, PRIORITY - 1, 0, false);
    struct kthread *b = start(counter, PRIORITY - 1, 0, false);
    CHECK(a && b);
    sleep_us(200000);
    CHECK(a->count > b->count / 2);
    CHECK(b->count > a->count / 2);
}

static void registers_can_be_read(void)
{
    struct kthread *t = prepare(once, PRIORITY - 1, 0, false);
    CHECK(t);
    ash_word registers[ASH_THREAD_REGISTERS];
    OK(ash_thread_read_registers(t->thread, registers));
    EQ(registers[10], (ash_word)t);
    EQ(registers[32], ASH_THREAD_INACTIVE);
}

static void running_thread_refuses_new_registers(void)
{
    struct kthread *t = start(counter, PRIORITY - 1, 0, false);
    CHECK(t);
    struct ash_thread_start registers = {};
    EQ(ash_thread_write_registers(t->thread, &registers), ASH_E_BUSY);
    ash_word words[2] = {};
    EQ(invoke(t->thread, ASH_THREAD_WRITE_REGISTERS, 2, words, 0, nullptr), ASH_E_TRUNCATED);
}

static void set_name_and_info(void)
{
    struct kthread *t = start(counter, PRIORITY - 1, 0, false);
    CHECK(t);
    OK(ash_thread_set_name(t->thread, "a name that is far too long for it"));
    sleep_us(5000);
    struct ash_thread_info info;
    OK(ash_thread_info(t->thread, &info));
    EQ(info.state, ASH_THREAD_RUNNING);
    EQ(info.priority, PRIORITY - 1);
    CHECK(info.ticks > ash_ticks(1000));
}

static void deleted_while_running(void)
{
    for (unsigned i = 0; i < 8; i++) {
        struct kthread *t = start(counter, PRIORITY - 1, 0, false);
        CHECK(t);
        sleep_us(300);
        OK(ash_cnode_delete(CNODE, t->thread));
    }
}

static void suicide(struct kthread *t)
{
    t->count = 1;
    (void)ash_cnode_delete(CNODE, t->thread);
    t->count = 2;
}

static void can_delete_itself(void)
{
    struct kthread *t = start(suicide, PRIORITY + 1, 0, false);
    CHECK(t);
    sleep_us(500);
    EQ(t->count, 1);
}

static void suspend_self(struct kthread *t)
{
    t->count = 1;
    (void)ash_thread_suspend(t->thread);
    t->count = 2;
}

static void can_suspend_itself(void)
{
    struct kthread *t = start(suspend_self, PRIORITY + 1, 0, false);
    CHECK(t);
    EQ(t->count, 1);
    OK(ash_thread_resume(t->thread));
    EQ(t->count, 2);
}

static void unknown_method(void)
{
    EQ(invoke(make(ASH_OBJ_THREAD, 0), 1000, 0, nullptr, 0, nullptr), ASH_E_METHOD);
}

const struct test thread_tests[] = {
    {"thread: configured only once", configure_twice},
    {"thread: configure wants the right kinds", configure_wants_the_right_kinds},
    {"thread: resume before configure", resume_unconfigured},
    {"thread: priority is limited", priority_is_limited},
    {"thread: runs and can be stopped", runs_and_can_be_stopped},
    {"thread: higher priority runs first", higher_priority_runs_first},
    {"thread: equal priority shares", equal_priority_shares},
    {"thread: registers can be read", registers_can_be_read},
    {"thread: a running one refuses new registers", running_thread_refuses_new_registers},
    {"thread: name and info", set_name_and_info},
    {"thread: deleted while running", deleted_while_running},
    {"thread: deletes itself", can_delete_itself},
    {"thread: suspends itself", can_suspend_itself},
    {"thread: unknown method", unknown_method},
    {},
};

/* --- SchedContext
 * ------------------------------------------------------------------------------------ */

static void configure_limits(void)
{
    ash_cptr sched = make(ASH_OBJ_SCHED_CONTEXT, 0), control = ASH_BOOT_SCHED_CONTROL;
    ash_word ms = boot->timebase / 1000;
    EQ(ash_sched_configure(control, sched, boot->harts, ms, ms), ASH_E_RANGE);
    EQ(ash_sched_configure(control, sched, 0, 2 * ms, ms), ASH_E_RANGE);
    EQ(ash_sched_configure(control, sched, 0, 0, ms), ASH_E_RANGE);
    EQ(ash_sched_configure(control, sched, 0, ms, ~0ull), ASH_E_RANGE);
    EQ(ash_sched_configure(control, make(ASH_OBJ_ENDPOINT, 0), 0, ms, ms), ASH_E_SOURCE);
    OK(ash_sched_configure(control, sched, 0, ms, 10 * ms));
    struct ash_sched_info info;
    OK(ash_sched_info(sched, &info));
    EQ(info.budget, ms);
    EQ(info.period, 10 * ms);
}

static void binding_rules(void)
{
    struct kthread *t = prepare(once, PRIORITY - 1, 0, false);
    CHECK(t);
    ash_cptr other = make(ASH_OBJ_SCHED_CONTEXT, 0);
    EQ(ash_sched_bind(other, t->thread), ASH_E_BUSY);
    EQ(ash_sched_bind(t->sched, t->thread), ASH_E_BUSY);
    OK(ash_sched_unbind(t->sched));
    EQ(ash_sched_unbind(t->sched), ASH_E_NOT_BOUND);
    EQ(ash_sched_bind(other, t->thread), ASH_E_NOT_BOUND); /* not configured */
    EQ(ash_sched_bind(other, make(ASH_OBJ_ENDPOINT, 0)), ASH_E_SOURCE);
    OK(ash_sched_bind(t->sched, t->thread));
}

static void without_one_nothing_runs(void)
{
    struct kthread *t = start(counter, PRIORITY + 1, 0, true);
    CHECK(t);
    sleep_us(2000);
    EQ(t->count, 0);
}

/* Processor time of a thread over `us`, as a share in percent. */
static ash_word share(struct kthread *t, ash_word us)
{
    struct ash_thread_info before, after;
    if (ash_thread_info(t->thread, &before) != ASH_OK)
        return 0;
    ash_word start_time = ash_time();
    sleep_us(us);
    ash_word took = ash_time() - start_time;
    if (ash_thread_info(t->thread, &after) != ASH_OK)
        return 0;
    return (after.ticks - before.ticks) * 100 / took;
}

static void limited(struct kthread *t, ash_word budget_us, ash_word period_us)
{
    if (ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t->sched, 0, ash_ticks(budget_us),
                            ash_ticks(period_us)) != ASH_OK)
        fail(__FILE__, __LINE__, "configure", 1, 0);
}

static void budget_limits_even_the_highest(void)
{
    struct kthread *t = prepare(counter, PRIORITY + 50, 0, false);
    CHECK(t);
    limited(t, 2000, 10000);
    OK(ash_thread_resume(t->thread));
    ash_word percent = share(t, 100000);
    CHECK(percent >= 10);
    CHECK(percent <= 26);
}

static void budget_is_exact_over_many_periods(void)
{
    struct kthread *t = prepare(counter, PRIORITY + 50, 0, false);
    CHECK(t);
    limited(t, 1000, 4000);
    OK(ash_thread_resume(t->thread));
    ash_word percent = share(t, 400000);
    CHECK(percent >= 20);
    CHECK(percent <= 27);
}

static void burst(struct kthread *t)
{
    for (;;) {
        ash_word begin = ash_time();
        while (ash_time() - begin < ash_ticks(100)) {
        }
        t->count++;
        ash_yield();
    }
}

static void yield_gives_up_the_budget(void)
{
    struct kthread *t = prepare(burst, PRIORITY + 50, 0, false);
    CHECK(t);
    limited(t, 1000, 10000);
    OK(ash_thread_resume(t->thread));
    sleep_us(100000);
    CHECK(t->count >= 5);
    CHECK(t->count <= 14);
}

static void budget_change_takes_effect(void)
{
    struct kthread *t = prepare(counter, PRIORITY + 50, 0, false);
    CHECK(t);
    limited(t, 500, 10000);
    OK(ash_thread_resume(t->thread));
    CHECK(share(t, 50000) <= 8);
    limited(t, 5000, 10000);
    ash_word percent = share(t, 100000);
    CHECK(percent >= 35);
    CHECK(percent <= 56);
}

static void deleting_it_stops_the_thread(void)
{
    struct kthread *t = start(counter, PRIORITY - 1, 0, false);
    CHECK(t);
    sleep_us(1000);
    OK(ash_cnode_delete(CNODE, t->sched));
    ash_word count = t->count;
    sleep_us(2000);
    EQ(t->count, count);
}

const struct test sched_tests[] = {
    {"sched: limits of configure", configure_limits},
    {"sched: binding rules", binding_rules},
    {"sched: without a context nothing runs", without_one_nothing_runs},
    {"sched: a budget limits even the highest priority", budget_limits_even_the_highest},
    {"sched: a budget holds over many periods", budget_is_exact_over_many_periods},
    {"sched: yield gives up the budget", yield_gives_up_the_budget},
    {"sched: a changed budget takes effect", budget_change_takes_effect},
    {"sched: deleting the context stops the thread", deleting_it_stops_the_thread},
    {},
};

/* --- Floating point
 * ------------------------------------------------------------------------------------ */

static void series(struct kthread *t)
{
    double x = 0;
    for (unsigned i = 0; i < 30000; i++) {
        x = x * 0.5 + (double)t->value;
        if (i % 5000 == 0)
            ash_yield();
    }
    t->seen[0] = (ash_word)(x * 1000.0);
    t->count = 1;
}

static void threads_keep_their_values(void)
{
    struct kthread *t[6];
    for (unsigned i = 0; i < 6; i++) {
        t[i] = prepare(series, PRIORITY - 1, 0, false);
        CHECK(t[i]);
        t[i]->value = i + 1;
    }
    for (unsigned i = 0; i < 6; i++)
        OK(ash_thread_resume(t[i]->thread));
    for (unsigned i = 0; i < 6; i++) {
        CHECK(wait_until(&t[i]->count, 1));
        CHECK(t[i]->seen[0] >= (i + 1) * 2000 - 1 && t[i]->seen[0] <= (i + 1) * 2000);
    }
}

static void leak(struct kthread *t)
{
    ash_word bits;
    __asm__ volatile("fmv.x.d %0, f17" : "=r"(bits));
    t->value = bits;
    t->count = 1;
}

static void a_new_thread_sees_no_old_values(void)
{
    ash_word secret = 0x5ec4e75ec4e7;
    __asm__ volatile("fmv.d.x f17, %0" ::"r"(secret) : "f17");
    struct kthread *t = start(leak, PRIORITY + 1, 0, false);
    CHECK(t);
    EQ(t->count, 1);
    EQ(t->value, 0);
}

const struct test fpu_tests[] = {
    {"fpu: threads keep their values", threads_keep_their_values},
    {"fpu: a new thread sees no old values", a_new_thread_sees_no_old_values},
    {},
};
