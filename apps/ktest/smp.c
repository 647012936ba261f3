// SPDX-License-Identifier: MIT
/* Several harts, and hostile callers. On one hart the smp tests run all the same. */
#include "ktest.h"

static void every_hart_runs_threads(void)
{
    struct kthread *t[ASH_MAX_HARTS];
    for (unsigned i = 0; i < boot->harts; i++) {
        t[i] = start(counter, PRIORITY - 1, i, false);
        CHECK(t[i]);
    }
    for (unsigned i = 0; i < boot->harts; i++)
        CHECK(grows(t[i]));
}

static ash_cptr endpoint, reply, notification, other;

static void calls_across_harts(void)
{
    struct kthread *t = server(PRIORITY, last_hart(), false);
    CHECK(t);
    for (ash_word i = 0; i < 500; i++) {
        struct ash_message m = {.info = ash_info(1, 1, 0), .mr = {i}};
        ash_call(t->endpoint, &m);
        EQ(m.mr[0], i + 1);
    }
}

static void pong(struct kthread *t)
{
    for (;;) {
        ash_wait(notification);
        t->count++;
        ash_signal(other);
    }
}

static void signals_across_harts(void)
{
    notification = make(ASH_OBJ_NOTIFICATION, 0);
    other = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t = start(pong, PRIORITY, last_hart(), false);
    CHECK(t);
    for (ash_word i = 1; i <= 500; i++) {
        ash_signal(notification);
        ash_wait(other);
        EQ(t->count, i);
    }
}

static void suspend_across_harts(void)
{
    struct kthread *t = start(counter, PRIORITY - 1, last_hart(), false);
    CHECK(t);
    for (unsigned i = 0; i < 50; i++) {
        sleep_us(200);
        OK(ash_thread_suspend(t->thread));
        ash_word count = t->count;
        spin(50);
        EQ(t->count, count);
        OK(ash_thread_resume(t->thread));
    }
}

static void delete_across_harts(void)
{
    for (unsigned i = 0; i < 10; i++) {
        struct kthread *t = start(counter, PRIORITY - 1, last_hart(), false);
        CHECK(t);
        sleep_us(300);
        OK(ash_cnode_delete(CNODE, t->thread));
        ash_word count = t->count;
        spin(100);
        EQ(t->count, count);
    }
}

static void migrate(void)
{
    struct kthread *t = start(counter, PRIORITY - 1, 0, false);
    CHECK(t);
    ash_word slice = ash_ticks(5000);
    for (unsigned i = 0; i < 20; i++) {
        OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t->sched, i % (unsigned)boot->harts, slice,
                               slice));
        CHECK(grows(t));
    }
}

#define ADDRESS ((ash_word)0x70000000)

static void toucher(struct kthread *t)
{
    for (;;) {
        t->value = *(volatile ash_word *)ADDRESS;
        t->count++;
    }
}

/* Unmapping must reach the other hart's TLB before the call returns. */
static void unmap_reaches_other_harts(void)
{
    CHECK(make_tables(VSPACE, ADDRESS));
    ash_cptr frame = make(ASH_OBJ_FRAME, 12);
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    OK(ash_frame_map(frame, VSPACE, ADDRESS, ASH_RIGHT_READ | ASH_RIGHT_WRITE));
    struct kthread *t = prepare(toucher, PRIORITY - 1, last_hart(), false);
    CHECK(t);
    OK(ash_thread_set_fault_endpoint(t->thread, endpoint));
    OK(ash_thread_resume(t->thread));
    sleep_us(1000);
    CHECK(t->count > 0);
    for (unsigned i = 0; i < 10; i++) {
        OK(ash_frame_unmap(frame));
        struct ash_message m;
        ash_recv(endpoint, reply, &m);
        EQ(m.mr[2], ADDRESS);
        OK(ash_frame_map(frame, VSPACE, ADDRESS, ASH_RIGHT_READ | ASH_RIGHT_WRITE));
        m.info = 0;
        ash_send(reply, &m);
        CHECK(grows(t));
    }
}

static void shared(struct kthread *t)
{
    static volatile _Atomic ash_word sum;
    for (unsigned i = 0; i < 2000; i++) {
        sum++;
        if (i % 64 == 0)
            ash_yield();
    }
    t->count = 1;
}

static void all_harts_hammer_the_lock(void)
{
    struct kthread *t[8];
    for (unsigned i = 0; i < 8; i++) {
        t[i] = start(shared, PRIORITY - 1, i % (unsigned)boot->harts, false);
        CHECK(t[i]);
    }
    for (unsigned i = 0; i < 8; i++)
        CHECK(wait_until(&t[i]->count, 1));
}

static double sum_of(unsigned seed, struct kthread *t)
{
    double x = seed;
    for (unsigned i = 0; i < 20000; i++) {
        x = x * 0.75 + (double)seed;
        if (i % 500 == 0)
            t->seen[0]++;
    }
    return x;
}

static void floats(struct kthread *t)
{
    t->seen[1] = (ash_word)(sum_of((unsigned)t->value, t) * 100);
    t->count = 1;
}

static void fpu_follows_a_migrating_thread(void)
{
    struct kthread *t = prepare(floats, PRIORITY - 1, 0, false);
    CHECK(t);
    t->value = 9;
    OK(ash_thread_resume(t->thread));
    ash_word slice = ash_ticks(5000);
    for (unsigned i = 0; i < 200 && t->count == 0; i++) {
        OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t->sched, i % (unsigned)boot->harts, slice,
                               slice));
        sleep_us(20);
    }
    CHECK(wait_until(&t->count, 1));
    CHECK(t->seen[1] >= 3599 && t->seen[1] <= 3600);
}

const struct test smp_tests[] = {
    {"smp: every hart runs threads", every_hart_runs_threads},
    {"smp: calls across harts", calls_across_harts},
    {"smp: signals across harts", signals_across_harts},
    {"smp: suspend across harts", suspend_across_harts},
    {"smp: delete across harts", delete_across_harts},
    {"smp: a thread migrates", migrate},
    {"smp: unmap reaches other harts", unmap_reaches_other_harts},
    {"smp: all harts hammer the lock", all_harts_hammer_the_lock},
    {"smp: floating point follows a migrating thread", fpu_follows_a_migrating_thread},
    {},
};

/* --- Hostile
 * ------------------------------------------------------------------------------------------- */

static ash_word random_state;

static ash_word next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* A CSpace of its own with weak or harmless capabilities, and random calls on it. */
static ash_cptr cage;

static ash_word random_word(void)
{
    switch (next_random() % 6) {
    case 0:
        return next_random() % 40;
    case 1:
        return next_random() % 40 + ((next_random() % 40) << 5);
    case 2:
        return next_random();
    case 3:
        return ~0ull - next_random() % 3;
    case 4:
        return 0x70000000 + next_random() % 64 * 4096;
    default:
        return next_random() % 70000;
    }
}

static void attacker(struct kthread *t)
{
    static const ash_word calls[] = {ASH_SYS_CALL,   ASH_SYS_CALL, ASH_SYS_CALL, ASH_SYS_NBSEND,
                                     ASH_SYS_NBRECV, ASH_SYS_POLL, ASH_SYS_YIELD};
    for (; t->count < 20000; t->count++) {
        struct ash_message m = {.info = next_random() % 100 << ASH_INFO_LABEL_SHIFT |
                                        next_random() % 4 << 7 | next_random() % 70};
        for (unsigned i = 0; i < 4; i++)
            m.mr[i] = random_word();
        for (unsigned i = 0; i < 3; i++)
            t->ipc->caps[i] = random_word();
        for (unsigned i = 4; i < 8; i++)
            t->ipc->msg[i] = random_word();
        t->ipc->receive_cnode = random_word();
        t->ipc->receive_index = random_word();
        ash_syscall_message(calls[next_random() % 7], random_word(), random_word(), &m);
    }
}

/* The attacker's world: its CNode (radix 5) holds an Untyped, its own CNode and one of each kind.
 */
static bool furnish_cage(void)
{
    static const enum ash_object_type kinds[] = {
        ASH_OBJ_ENDPOINT, ASH_OBJ_NOTIFICATION, ASH_OBJ_REPLY,  ASH_OBJ_SCHED_CONTEXT,
        ASH_OBJ_TIMER,    ASH_OBJ_THREAD,       ASH_OBJ_VSPACE, ASH_OBJ_PAGE_TABLE};
    cage = make(ASH_OBJ_CNODE, 5);
    bool ok = ash_untyped_retype(POOL, ASH_OBJ_UNTYPED, 1 << 20, cage, 1, 1) == ASH_OK &&
              ash_cnode_copy(cage, 2, cage, ASH_RIGHT_ALL) == ASH_OK;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        ok = ok && ash_untyped_retype(POOL, kinds[i], 0, cage, 3 + i, 1) == ASH_OK;
    return ok && ash_untyped_retype(POOL, ASH_OBJ_FRAME, 12, cage, 12, 2) == ASH_OK;
}

/* It may block for ever on what it does to itself; what counts is that everybody else goes on. */
static void attack(ash_word seed)
{
    random_state = seed;
    CHECK(furnish_cage());
    ash_cptr scheds = make(ASH_OBJ_SCHED_CONTEXT, 0);
    (void)scheds;
    struct kthread *t = prepare(attacker, PRIORITY - 1, last_hart(), false);
    CHECK(t);
    /* Same VSpace and code, but the CSpace is the cage. */
    ash_cptr thread = make(ASH_OBJ_THREAD, 0);
    OK(ash_thread_configure(thread, cage, VSPACE, t->buffer, (ash_word)t->ipc));
    ash_word registers[ASH_THREAD_REGISTERS];
    OK(ash_thread_read_registers(t->thread, registers));
    struct ash_thread_start from = {.pc = registers[0],
                                    .sp = registers[2],
                                    .a0 = registers[10],
                                    .a1 = registers[11],
                                    .gp = registers[3],
                                    .tp = registers[4]};
    OK(ash_thread_write_registers(thread, &from));
    OK(ash_thread_set_priority(thread, PRIORITY - 1, 10));
    OK(ash_sched_unbind(t->sched));
    OK(ash_sched_bind(t->sched, thread));
    OK(ash_thread_resume(thread));
    ash_word before = 0;
    for (unsigned i = 0; i < 400 && t->count < 20000; i++) {
        sleep_us(2000);
        if (t->count == before && i % 8 == 7)
            break; /* it blocked or stopped itself */
        before = t->count;
    }
    CHECK(t->count > 0);
    /* The system goes on: an ordinary round trip still works. */
    ash_cptr n = make(ASH_OBJ_NOTIFICATION, 0);
    ash_signal(n);
    EQ(ash_poll(n), 1);
}

static void seed1(void)
{
    attack(0x9e3779b97f4a7c15);
}
static void seed2(void)
{
    attack(0xbf58476d1ce4e5b9);
}
static void seed3(void)
{
    attack(0x94d049bb133111eb);
}
static void seed4(void)
{
    attack(12345);
}
static void seed5(void)
{
    attack(0xdeadbeefcafe);
}
static void seed6(void)
{
    attack(777777777);
}
static void seed7(void)
{
    attack(31337);
}
static void seed8(void)
{
    attack(0x123456789abcdef);
}

const struct test hostile_tests[] = {
    {"hostile: random calls, seed 1", seed1},
    {"hostile: random calls, seed 2", seed2},
    {"hostile: random calls, seed 3", seed3},
    {"hostile: random calls, seed 4", seed4},
    {"hostile: random calls, seed 5", seed5},
    {"hostile: random calls, seed 6", seed6},
    {"hostile: random calls, seed 7", seed7},
    {"hostile: random calls, seed 8", seed8},
    {},
};
