// SPDX-License-Identifier: MIT
/*
 * Floating-point state: all 32 registers and the rounding mode, over whatever comes in between.
 * `fpu_keep` fills them, makes a system call (or spins), and counts what is different afterwards.
 */
#include "ktest.h"

struct fpu_call {
    ash_word base;           /* f_i = base + i, rounding mode = base % 5 */
    ash_word loops;          /* spins so often before the call */
    ash_word a0, a1, a6, a7; /* of the system call */
};

[[gnu::naked, gnu::noinline]] static ash_word fpu_keep([[maybe_unused]] const struct fpu_call *call)
{
    __asm__("   addi sp, sp, -128\n"
            "   fsd fs0, 0(sp)\n   fsd fs1, 8(sp)\n   fsd fs2, 16(sp)\n   fsd fs3, 24(sp)\n"
            "   fsd fs4, 32(sp)\n  fsd fs5, 40(sp)\n  fsd fs6, 48(sp)\n   fsd fs7, 56(sp)\n"
            "   fsd fs8, 64(sp)\n  fsd fs9, 72(sp)\n  fsd fs10, 80(sp)\n  fsd fs11, 88(sp)\n"
            "   sd s0, 96(sp)\n    sd s1, 104(sp)\n   sd s2, 112(sp)\n"
            "   ld s0, 0(a0)\n"
            "   li t1, 5\n"
            "   remu s1, s0, t1\n"
            "   fsrm s1\n"
            "   mv t0, s0\n"
            "   .irp n, "
            "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
            "30,31\n"
            "   fmv.d.x f\\n, t0\n"
            "   addi t0, t0, 1\n"
            "   .endr\n"
            "   ld t1, 8(a0)\n"
            "1: beqz t1, 2f\n"
            "   addi t1, t1, -1\n"
            "   j 1b\n"
            "2: ld a7, 40(a0)\n"
            "   ld a6, 32(a0)\n"
            "   ld a1, 24(a0)\n"
            "   ld a0, 16(a0)\n"
            "   ecall\n"
            "   li a0, 0\n"
            "   mv t0, s0\n"
            "   .irp n, "
            "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
            "30,31\n"
            "   fmv.x.d t1, f\\n\n"
            "   xor t1, t1, t0\n"
            "   snez t1, t1\n"
            "   add a0, a0, t1\n"
            "   addi t0, t0, 1\n"
            "   .endr\n"
            "   frrm t1\n"
            "   xor t1, t1, s1\n"
            "   snez t1, t1\n"
            "   add a0, a0, t1\n"
            "   fsrm zero\n"
            "   fld fs0, 0(sp)\n   fld fs1, 8(sp)\n   fld fs2, 16(sp)\n   fld fs3, 24(sp)\n"
            "   fld fs4, 32(sp)\n  fld fs5, 40(sp)\n  fld fs6, 48(sp)\n   fld fs7, 56(sp)\n"
            "   fld fs8, 64(sp)\n  fld fs9, 72(sp)\n  fld fs10, 80(sp)\n  fld fs11, 88(sp)\n"
            "   ld s0, 96(sp)\n    ld s1, 104(sp)\n   ld s2, 112(sp)\n"
            "   addi sp, sp, 128\n"
            "   ret\n");
}

#define PATTERN 0x4045000000000000ull

static ash_word keep(ash_word number, ash_cptr a0, ash_word a1)
{
    struct fpu_call call = {.base = PATTERN, .a0 = a0, .a1 = a1, .a7 = number};
    return fpu_keep(&call);
}

/* Own values in all registers for ever: seen[0] counts what was ever different. */
static void juggler(struct kthread *t)
{
    struct fpu_call call = {.loops = 300 + t->value * 77, .a7 = ASH_SYS_NULL};
    for (; t->count < t->seen[1]; t->count++) {
        call.base = PATTERN + (t->value << 20) + t->count * 64;
        t->seen[0] += fpu_keep(&call);
        if (t->count % 4 == 0)
            ash_yield();
    }
    t->seen[2] = 1;
}

/* Answers, with other values in all registers each time. */
static void floating_echo(struct kthread *t)
{
    struct fpu_call call = {.base = 77, .a0 = t->endpoint, .a6 = t->reply, .a7 = ASH_SYS_RECV};
    for (;; t->count++) {
        t->seen[0] += fpu_keep(&call);
        call.base += 1000;
        call.a1 = 0;
        call.a7 = ASH_SYS_REPLY_RECV;
    }
}

static struct kthread *floating_server(unsigned hart, bool passive)
{
    struct kthread *t = prepare(floating_echo, PRIORITY + 1, hart, false);
    if (!t)
        return nullptr;
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    t->reply = make(ASH_OBJ_REPLY, 0);
    if (ash_thread_resume(t->thread) == ASH_OK && wait_state(t, ASH_THREAD_BLOCKED_RECEIVE) &&
        (!passive || ash_sched_unbind(t->sched) == ASH_OK))
        return t;
    return nullptr;
}

/* System calls of every kind. */
static void over_system_calls(void)
{
    ash_cptr notification = make(ASH_OBJ_NOTIFICATION, 0);
    EQ(keep(ASH_SYS_NULL, 0, 0), 0);
    EQ(keep(ASH_SYS_YIELD, 0, 0), 0);
    EQ(keep(ASH_SYS_SEND, notification, 0), 0);
    EQ(keep(ASH_SYS_WAIT, notification, 0), 0);
    EQ(keep(ASH_SYS_CALL, POOL, ash_info(ASH_UNTYPED_INFO, 0, 0)), 0);
    EQ(keep(ASH_SYS_CALL, new_slot(), 0), 0);
}

/* Calls to servers that use the unit themselves, on the short way and on the long one. */
static void over_calls(bool passive, unsigned hart)
{
    struct kthread *t = floating_server(hart, passive);
    CHECK(t);
    for (unsigned i = 0; i < 20; i++)
        EQ(keep(ASH_SYS_CALL, t->endpoint, ash_info(1, i, 0)), 0);
    EQ(t->seen[0], 0);
    AT_LEAST(t->count, 20);
}

static void over_calls_to_a_passive_server(void)
{
    over_calls(true, 0);
}
static void over_calls_to_an_active_server(void)
{
    over_calls(false, 0);
}
static void over_calls_to_another_hart(void)
{
    over_calls(false, last_hart());
}

static bool juggle(struct kthread *t[], unsigned count, unsigned harts, ash_word rounds)
{
    for (unsigned i = 0; i < count; i++) {
        t[i] = prepare(juggler, PRIORITY - 1, i % harts, false);
        if (!t[i])
            return false;
        t[i]->value = i + 1;
        t[i]->seen[1] = rounds;
        if (ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t[i]->sched, i % harts, ash_ticks(60),
                                ash_ticks(60)) != ASH_OK ||
            ash_thread_resume(t[i]->thread) != ASH_OK)
            return false;
    }
    return true;
}

/* Six on one hart, in short time slices. */
static void over_preemption(void)
{
    struct kthread *t[6];
    CHECK(juggle(t, 6, 1, 300));
    for (unsigned i = 0; i < 6; i++) {
        CHECK(wait_until(&t[i]->seen[2], 1));
        EQ(t[i]->seen[0], 0);
    }
}

/* Moved from hart to hart in the middle. */
static void over_migration(void)
{
    struct kthread *t[4];
    unsigned harts = (unsigned)boot->harts;
    CHECK(juggle(t, 4, harts, 300));
    for (unsigned i = 0; i < 400; i++) {
        OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t[i % 4]->sched, i / 4 % harts,
                               ash_ticks(60), ash_ticks(60)));
        sleep_us(10 + i % 37);
    }
    for (unsigned i = 0; i < 4; i++) {
        CHECK(wait_until(&t[i]->seen[2], 1));
        EQ(t[i]->seen[0], 0);
    }
}

/* Stopped on one hart, started again on another. */
static void over_suspension(void)
{
    struct kthread *t[2];
    unsigned harts = (unsigned)boot->harts;
    CHECK(juggle(t, 2, harts, 200));
    for (unsigned i = 0; i < 200; i++) {
        OK(ash_thread_suspend(t[i % 2]->thread));
        OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t[i % 2]->sched, i / 2 % harts,
                               ash_ticks(60), ash_ticks(60)));
        EQ(keep(ASH_SYS_NULL, 0, 0), 0);
        OK(ash_thread_resume(t[i % 2]->thread));
        sleep_us(20 + i % 31);
    }
    for (unsigned i = 0; i < 2; i++) {
        CHECK(wait_until(&t[i]->seen[2], 1));
        EQ(t[i]->seen[0], 0);
    }
}

static void looker(struct kthread *t)
{
    ash_word sum, fcsr;
    __asm__ volatile("li %0, 0\n"
                     ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,"
                     "26,27,28,29,30,31\n"
                     "fmv.x.d %1, f\\n\n"
                     "or %0, %0, %1\n"
                     ".endr\n"
                     "frcsr %1\n"
                     : "=&r"(sum), "=&r"(fcsr));
    t->seen[0] = sum;
    t->seen[1] = fcsr;
    t->count = 1;
}

/* A new thread finds zeros, whoever had the unit before. */
static void new_threads_find_zeros(void)
{
    for (unsigned i = 0; i < 5; i++) {
        EQ(keep(ASH_SYS_NULL, 0, 0), 0);
        struct kthread *t = start(looker, PRIORITY + 1, 0, false);
        CHECK(t && wait_until(&t->count, 1));
        EQ(t->seen[0], 0);
        EQ(t->seen[1], 0);
    }
}

/* The last user of the unit is deleted; a new thread is made in the very same memory. */
static void in_the_memory_of_a_deleted_thread(void)
{
    ash_cptr memory = make(ASH_OBJ_UNTYPED, 8192);
    for (unsigned i = 0; i < 6; i++) {
        struct kthread *t = prepare(i % 2 ? looker : juggler, PRIORITY + 1, 0, false);
        CHECK(t);
        ash_word registers[ASH_THREAD_REGISTERS];
        OK(ash_thread_read_registers(t->thread, registers));
        ash_cptr thread = new_slot();
        OK(ash_untyped_retype(memory, ASH_OBJ_THREAD, 0, CNODE, thread, 1));
        OK(ash_thread_configure(thread, CNODE, VSPACE, t->buffer, (ash_word)t->ipc));
        OK(ash_thread_set_priority(thread, PRIORITY + 1, 255));
        struct ash_thread_start from = {registers[0],
                                        registers[2],
                                        registers[10],
                                        registers[11],
                                        registers[3],
                                        registers[4],
                                        0};
        OK(ash_thread_write_registers(thread, &from));
        OK(ash_sched_unbind(t->sched));
        OK(ash_sched_bind(t->sched, thread));
        t->seen[1] = 3;
        OK(ash_thread_resume(thread));
        sleep_us(200);
        if (i % 2) {
            EQ(t->count, 1);
            EQ(t->seen[0], 0);
            EQ(t->seen[1], 0);
        }
        OK(ash_cnode_revoke(CNODE, memory));
    }
}

const struct test fpu_state_tests[] = {
    {"fpu: kept over system calls", over_system_calls},
    {"fpu: kept over calls to a passive server", over_calls_to_a_passive_server},
    {"fpu: kept over calls to an active server", over_calls_to_an_active_server},
    {"fpu: kept over calls to another hart", over_calls_to_another_hart},
    {"fpu: kept over preemption", over_preemption},
    {"fpu: kept over migration", over_migration},
    {"fpu: kept over suspension", over_suspension},
    {"fpu: new threads find zeros", new_threads_find_zeros},
    {"fpu: in the memory of a deleted thread", in_the_memory_of_a_deleted_thread},
    {},
};
