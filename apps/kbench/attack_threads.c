// SPDX-License-Identifier: MIT
/* Long queues: a thousand threads that wait, a thousand calls on one SchedContext, a thousand
 * timers that fire at once. */
#include "attack.h"

#define MANY 1000u

static ash_cptr threads, scheds, target;

/* void wait_code(cptr, number): makes one blocking call, again and again if it fails. */
[[gnu::naked]] static void blocked(void)
{
    __asm__("mv s0, a0\n"
            "mv s1, a1\n"
            "1: mv a0, s0\n"
            "mv a7, s1\n"
            "li a1, 0\n"
            "ecall\n"
            "j 1b\n");
}

/* Receives on a0, which only Call wakes, and calls a1 in turn; a2: its Reply. */
[[gnu::naked]] static void passes_on(void)
{
    __asm__("mv s1, a1\n"
            "mv a6, a2\n"
            "li a7, 4\n"
            "ecall\n"
            "mv a0, s1\n"
            "li a1, 0\n"
            "li a7, 0\n"
            "ecall\n"
            "1: j 1b\n");
}

static void make_threads(void)
{
    threads = pool_cnode(10);
    scheds = pool_cnode(10);
    pool_make_in(ASH_OBJ_THREAD, 0, threads, 0, MANY);
    pool_make_in(ASH_OBJ_SCHED_CONTEXT, 0, scheds, 0, MANY);
}

static void start(unsigned i, ash_cptr frame, const struct ash_thread_start *registers)
{
    ash_cptr thread = in_cnode(threads, i), sched = in_cnode(scheds, i);
    ash_word slice = ash_ticks(10000);
    MUST(ash_thread_configure(thread, CNODE, VSPACE, frame, 0));
    MUST(ash_thread_set_priority(thread, PRIORITY - 1, PRIORITY - 1));
    MUST(ash_thread_write_registers(thread, registers));
    MUST(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, sched, 0, slice, slice));
    MUST(ash_sched_bind(sched, thread));
    MUST(ash_thread_resume(thread));
}

static void wait_for(unsigned i, enum ash_thread_state state)
{
    struct ash_thread_info info;
    do {
        sleep_ticks(ash_ticks(100));
        MUST(ash_thread_info(in_cnode(threads, i), &info));
    } while (info.state != state);
}

static void make_blocked(enum ash_object_type type, ash_word number, enum ash_thread_state state)
{
    target = pool_make(type, 0);
    make_threads();
    ash_cptr frame = pool_make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    for (unsigned i = 0; i < MANY; i++)
        start(i, frame,
              &(struct ash_thread_start){.pc = (ash_word)blocked, .a0 = target, .a1 = number});
    wait_for(MANY - 1, state);
}

static void make_senders(void)
{
    make_blocked(ASH_OBJ_ENDPOINT, ASH_SYS_SEND, ASH_THREAD_BLOCKED_SEND);
}

static void make_callers(void)
{
    make_blocked(ASH_OBJ_ENDPOINT, ASH_SYS_CALL, ASH_THREAD_BLOCKED_SEND);
}

static void make_waiters(void)
{
    make_blocked(ASH_OBJ_NOTIFICATION, ASH_SYS_WAIT, ASH_THREAD_BLOCKED_NOTIFICATION);
}

static void delete(void)
{
    MUST(ash_cnode_delete(CNODE, target));
}

/* The first call goes through all of them, and the SchedContext of the first with it. */
static void make_calls(void)
{
    make_threads();
    ash_cptr endpoints = pool_cnode(10), replies = pool_cnode(10);
    ash_cptr frame = pool_make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    pool_make_in(ASH_OBJ_ENDPOINT, 0, endpoints, 0, MANY + 1);
    pool_make_in(ASH_OBJ_REPLY, 0, replies, 0, MANY);
    for (unsigned i = 0; i + 1 < MANY; i++)
        start(i, frame,
              &(struct ash_thread_start){.pc = (ash_word)passes_on,
                                         .a0 = in_cnode(endpoints, i),
                                         .a1 = in_cnode(endpoints, i + 1),
                                         .a2 = in_cnode(replies, i)});
    wait_for(MANY - 2, ASH_THREAD_BLOCKED_RECEIVE);
    for (unsigned i = 0; i + 1 < MANY; i++)
        MUST(ash_sched_unbind(in_cnode(scheds, i)));
    start(MANY - 1, frame,
          &(struct ash_thread_start){
              .pc = (ash_word)blocked, .a0 = in_cnode(endpoints, 0), .a1 = ASH_SYS_CALL});
    wait_for(MANY - 2, ASH_THREAD_BLOCKED_SEND);
    target = in_cnode(scheds, MANY - 1);
}

static void delete_sched(void)
{
    MUST(ash_cnode_delete(scheds, MANY - 1));
}

static void make_timers(void)
{
    target = pool_make(ASH_OBJ_NOTIFICATION, 0);
    threads = pool_cnode(10);
    pool_make_in(ASH_OBJ_TIMER, 0, threads, 0, MANY);
    for (unsigned i = 0; i < MANY; i++)
        MUST(ash_timer_bind(in_cnode(threads, i), target));
}

static void arm(ash_word time, unsigned step)
{
    for (unsigned i = 0; i < MANY; i++)
        MUST(ash_timer_set(in_cnode(threads, i * step % MANY), time + i));
}

/* All for one moment, a different one of the prober's each round. */
static void fire_at_once(void)
{
    ash_word due = ash_time() + ash_ticks(3000);
    for (unsigned i = 0; i < MANY; i++)
        MUST(ash_timer_set(in_cnode(threads, i), due));
    while (ash_time() < due + ash_ticks(500))
        ;
}

/* Deadlines in an order that a sorted list would have to be walked for. */
static void arm_many(void)
{
    for (unsigned i = 0; i < 3; i++)
        arm(ash_time() + ash_ticks(10000000) - i * MANY, 389);
}

const struct attack thread_attacks[] = {
    {"delete_1000_senders", make_senders, delete, 3},
    {"delete_1000_callers", make_callers, delete, 3},
    {"delete_1000_waiters", make_waiters, delete, 3},
    {"delete_1000_calls", make_calls, delete_sched, 2},
    {"arm_1000_timers", make_timers, arm_many, 1},
    {"fire_1000_timers", make_timers, fire_at_once, 30},
    {},
};
