// SPDX-License-Identifier: MIT
/*
 * What a thread finds in its registers after a system call, a fault, an interrupt: kept is what the
 * ABI says, and nothing of the kernel's or of another thread's comes through. `all_registers` loads
 * x1, x5..x31 from `in`, traps in the way asked for and stores what it then finds to `out`.
 */
#include "ktest.h"

enum trap { TRAP_SYSCALL, TRAP_BREAK, TRAP_LOAD, TRAP_LOOP };

struct registers {
    ash_word x[32];
};

void all_registers(const struct registers *in, struct registers *out, enum trap how);

__asm__(".text\n"
        ".globl all_registers\n"
        "all_registers:\n"
        "   addi sp, sp, -512\n"
        "   sd ra, 8(sp)\n"
        "   .irp n, 8,9,18,19,20,21,22,23,24,25,26,27\n"
        "   sd x\\n, 8*\\n(sp)\n"
        "   .endr\n"
        "   sd a1, 0(sp)\n"
        "   mv t6, a0\n"
        "   beqz a2, 1f\n"
        "   li t0, 1\n"
        "   beq a2, t0, 2f\n"
        "   li t0, 2\n"
        "   beq a2, t0, 3f\n"
        "   j 4f\n"
        "   .macro load_all\n"
        "   .irp n, 1,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
        "   ld x\\n, 8*\\n(t6)\n"
        "   .endr\n"
        "   .endm\n"
        "1: load_all\n"
        "   ecall\n"
        "   j 9f\n"
        "2: load_all\n"
        "   .option push\n"
        "   .option norvc\n"
        "   ebreak\n"
        "   .option pop\n"
        "   j 9f\n"
        "3: load_all\n"
        "   ld zero, 0(s1)\n"
        "   j 9f\n"
        "4: load_all\n"
        "5: addi s1, s1, -1\n"
        "   bnez s1, 5b\n"
        "9:\n"
        "   .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
        "30,31\n"
        "   sd x\\n, 256+8*\\n-8(sp)\n"
        "   .endr\n"
        "   ld t0, 0(sp)\n"
        "   .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
        "30,31\n"
        "   ld t1, 256+8*\\n-8(sp)\n"
        "   sd t1, 8*\\n(t0)\n"
        "   .endr\n"
        "   ld ra, 8(sp)\n"
        "   .irp n, 8,9,18,19,20,21,22,23,24,25,26,27\n"
        "   ld x\\n, 8*\\n(sp)\n"
        "   .endr\n"
        "   addi sp, sp, 512\n"
        "   ret\n");

#define SECRET ((ash_word)0x5ec4e75ec4e70000)
#define MINE   ((ash_word)0x1111111111110000)

static const uint8_t kept[] = {1, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27};
static const uint8_t scratch[] = {5, 6, 7, 28, 29, 30, 31, 16, 17};

static void fill(struct registers *r, ash_word pattern)
{
    for (unsigned i = 0; i < 32; i++)
        r->x[i] = pattern + i;
}

/* The words of the message are for the other side to see, and all_registers has each of them in a
 * register for a moment when an interrupt may save it: so they are no secrets. */
static void arguments(struct registers *r, ash_word number, ash_word a0, ash_word a1, ash_word a6)
{
    for (unsigned i = 12; i < 12 + ASH_MSG_REGISTERS; i++)
        r->x[i] = 0;
    r->x[17] = number;
    r->x[10] = a0;
    r->x[11] = a1;
    r->x[16] = a6;
}

/* An address of the kernel's, or one of the other side's secrets. (Zero, what was there before the
 * call, and what the thread itself had there earlier, are no leak.) */
static bool leaks(ash_word value, ash_word secret)
{
    return (value >= 0xffffffc000000000 && value < 0xfffffffff0000000) ||
           value >> 16 == secret >> 16;
}

/* A system call keeps what it says, and leaves in the rest nothing of anybody else's. */
static void check_call(ash_word number, ash_word a0, ash_word a1, ash_word a6)
{
    struct registers in, out;
    fill(&in, MINE);
    arguments(&in, number, a0, a1, a6);
    all_registers(&in, &out, TRAP_SYSCALL);
    for (unsigned i = 0; i < sizeof(kept); i++)
        EQ(out.x[kept[i]], in.x[kept[i]]);
    for (unsigned i = 0; i < sizeof(scratch); i++)
        if (leaks(out.x[scratch[i]], SECRET))
            EQ(out.x[scratch[i]], 0);
    EQ(out.x[4], (ash_word)ash_self());
}

static void null_call(void)
{
    check_call(ASH_SYS_NULL, 1, 2, 3);
}

/* Methods with results, with errors, and of the long way. */
static void method_calls(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    check_call(ASH_SYS_CALL, POOL, ash_info(ASH_UNTYPED_INFO, 0, 0), 0);
    check_call(ASH_SYS_CALL, POOL, ash_info(999, 4, 3), 0);
    check_call(ASH_SYS_CALL, new_slot(), ash_info(1, 4, 3), 0);
    check_call(ASH_SYS_CALL, ~0ull, ash_info(1, 64, 3), 0);
    check_call(ASH_SYS_CALL, CNODE, ash_info(ASH_CNODE_COPY, 3, 0), 0);
    check_call(ASH_SYS_CALL, ASH_BOOT_THREAD, ash_info(ASH_THREAD_READ_REGISTERS, 0, 0), 0);
    check_call(ASH_SYS_NBSEND, endpoint, ash_info(1, 4, 0), 0);
    check_call(ASH_SYS_NBRECV, endpoint, 0, 0);
}

static void notification_calls(void)
{
    ash_cptr one = make(ASH_OBJ_NOTIFICATION, 0), two = make(ASH_OBJ_NOTIFICATION, 0);
    check_call(ASH_SYS_SEND, one, 0, 0);
    check_call(ASH_SYS_WAIT, one, 0, 0);
    check_call(ASH_SYS_POLL, one, 0, 0);
    ash_signal(two);
    check_call(ASH_SYS_SIGNAL_WAIT, two, one, 0);
    check_call(ASH_SYS_ACK_SIGNAL_WAIT, two, one, 0); /* refused: there is no Irq */
    check_call(ASH_SYS_YIELD, 0, 0, 0);
}

/* An echo whose registers are full of secrets when it answers. */
static void secretive(struct kthread *t)
{
    struct registers in, out;
    fill(&in, SECRET);
    arguments(&in, ASH_SYS_RECV, t->endpoint, 0, t->reply);
    for (;;) {
        all_registers(&in, &out, TRAP_SYSCALL);
        for (unsigned i = 0; i < sizeof(kept); i++)
            t->seen[0] += out.x[kept[i]] != in.x[kept[i]];
        for (unsigned i = 0; i < sizeof(scratch); i++)
            t->seen[1] += leaks(out.x[scratch[i]], MINE);
        t->count++;
        fill(&in, SECRET);
        arguments(&in, ASH_SYS_REPLY_RECV, t->endpoint, ash_info(3, 0, 0), t->reply);
    }
}

static struct kthread *start_secretive(unsigned hart, bool passive)
{
    struct kthread *t = prepare(secretive, PRIORITY + 1, hart, false);
    if (!t)
        return nullptr;
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    t->reply = make(ASH_OBJ_REPLY, 0);
    if (ash_thread_resume(t->thread) == ASH_OK && wait_state(t, ASH_THREAD_BLOCKED_RECEIVE) &&
        (!passive || ash_sched_unbind(t->sched) == ASH_OK))
        return t;
    fail(__FILE__, __LINE__, "server", 1, 0);
    return nullptr;
}

static void check_server(struct kthread *t, ash_word path, unsigned words)
{
    for (unsigned i = 0; i < 10; i++)
        check_call(ASH_SYS_CALL, path, ash_info(1, words, 0), 0);
    AT_LEAST(t->count, 10);
    EQ(t->seen[0], 0);
    EQ(t->seen[1], 0);
}

/* The short way there and back, in both directions. */
static void passive_server(void)
{
    struct kthread *t = start_secretive(0, true);
    CHECK(t);
    check_server(t, t->endpoint, 2);
}

/* The long way: an active server, a long message, another hart. */
static void active_server(void)
{
    struct kthread *t = start_secretive(0, false);
    CHECK(t);
    check_server(t, t->endpoint, 4);
    check_server(t, t->endpoint, 20);
}

static void server_on_another_hart(void)
{
    struct kthread *t = start_secretive(last_hart(), false);
    CHECK(t);
    check_server(t, t->endpoint, 4);
}

static struct registers before, after;

static void trapped(struct kthread *t)
{
    all_registers(&before, &after, (enum trap)t->value);
    t->count = 1;
}

static struct kthread *trapping(enum trap how, struct ash_message *m)
{
    struct kthread *t = prepare(trapped, PRIORITY + 1, 0, false);
    if (!t)
        return nullptr;
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    t->reply = make(ASH_OBJ_REPLY, 0);
    t->value = how;
    if (ash_thread_set_fault_endpoint(t->thread, t->endpoint) != ASH_OK ||
        ash_thread_resume(t->thread) != ASH_OK)
        return nullptr;
    ash_recv(t->endpoint, t->reply, m);
    return t;
}

static void answer(struct kthread *t)
{
    struct ash_message m = {.info = ash_info(0, 0, 0)};
    ash_send(t->reply, &m);
}

static void check_all_kept(void)
{
    for (unsigned i = 1; i < 32; i++)
        if (i < 2 || i > 4)
            EQ(after.x[i], before.x[i]);
}

/* A page fault that is answered: the thread must not notice, in any register. */
static void page_fault(void)
{
    struct ash_message m;
    fill(&before, MINE);
    before.x[9] = 0x68000000;
    struct kthread *t = trapping(TRAP_LOAD, &m);
    CHECK(t);
    EQ(m.mr[2], 0x68000000);
    ash_word seen[ASH_THREAD_REGISTERS];
    OK(ash_thread_read_registers(t->thread, seen));
    for (unsigned i = 5; i < 32; i++)
        EQ(seen[i], before.x[i]);
    EQ(seen[0], m.mr[0]);
    CHECK(make_tables(VSPACE, 0x68000000));
    OK(ash_frame_map(make(ASH_OBJ_FRAME, 12), VSPACE, 0x68000000, ASH_RIGHT_READ));
    answer(t);
    CHECK(wait_until(&t->count, 1));
    check_all_kept();
}

/* A breakpoint whose handler steps over it: only the pc and what it wrote may differ. */
static void breakpoint_stepped_over(void)
{
    struct ash_message m;
    fill(&before, MINE);
    struct kthread *t = trapping(TRAP_BREAK, &m);
    CHECK(t);
    EQ(m.mr[1], 3);
    ash_word seen[ASH_THREAD_REGISTERS];
    OK(ash_thread_read_registers(t->thread, seen));
    struct ash_thread_start go = {seen[0] + 4, seen[2], seen[10], seen[11], seen[3], seen[4], 4711};
    OK(ash_thread_write_registers(t->thread, &go));
    answer(t);
    CHECK(wait_until(&t->count, 1));
    before.x[12] = 4711;
    check_all_kept();
}

/* A system call that does not exist, made to be a null call by the handler. */
static void unknown_number_skipped(void)
{
    struct ash_message m;
    fill(&before, MINE);
    before.x[17] = 77777;
    struct kthread *t = trapping(TRAP_SYSCALL, &m);
    CHECK(t);
    EQ(ash_info_label(m.info), ASH_FAULT_SYSCALL);
    EQ(m.mr[1], 77777);
    ash_word seen[ASH_THREAD_REGISTERS];
    OK(ash_thread_read_registers(t->thread, seen));
    for (unsigned i = 10; i < 16; i++)
        EQ(seen[i], before.x[i]);
    struct ash_thread_start go = {seen[0] + 4, seen[2], 1, 2, seen[3], seen[4], 3};
    OK(ash_thread_write_registers(t->thread, &go));
    answer(t);
    CHECK(wait_until(&t->count, 1));
    for (unsigned i = 0; i < sizeof(kept); i++)
        EQ(after.x[kept[i]], before.x[kept[i]]);
    for (unsigned i = 0; i < sizeof(scratch); i++)
        if (leaks(after.x[scratch[i]], SECRET))
            EQ(after.x[scratch[i]], 0);
}

/* Interrupts in the middle of a loop, with other threads and secrets in between. */
static void interrupts(void)
{
    struct kthread *other = start_secretive(0, true), *t = prepare(trapped, PRIORITY - 1, 0, false);
    CHECK(other && t);
    fill(&before, MINE);
    before.x[9] = 400000;
    t->value = TRAP_LOOP;
    OK(ash_thread_resume(t->thread));
    unsigned rounds = 0;
    for (; t->count == 0 && rounds < 10000; rounds++) {
        check_call(ASH_SYS_CALL, other->endpoint, ash_info(1, 0, 0), 0);
        sleep_us(20);
    }
    AT_LEAST(rounds, 20);
    EQ(t->count, 1);
    before.x[9] = 0;
    check_all_kept();
}

/* The same on another hart, stopped, read and resumed all the time. */
static void stopped_on_another_hart(void)
{
    struct kthread *t = prepare(trapped, PRIORITY - 1, last_hart(), false);
    CHECK(t);
    fill(&before, MINE);
    before.x[9] = 400000;
    t->value = TRAP_LOOP;
    OK(ash_thread_resume(t->thread));
    ash_word seen[ASH_THREAD_REGISTERS];
    for (unsigned i = 0; i < 10000 && t->count == 0; i++) {
        OK(ash_thread_suspend(t->thread));
        OK(ash_thread_read_registers(t->thread, seen));
        if (seen[31] == before.x[31] && t->count == 0)
            for (unsigned k = 18; k < 31; k++)
                EQ(seen[k], before.x[k]);
        OK(ash_thread_resume(t->thread));
        sleep_us(30);
    }
    EQ(t->count, 1);
    before.x[9] = 0;
    check_all_kept();
}

/* What does a thread that waits in a system call show of itself? Its own registers, saved in time.
 */
static void read_while_waiting(void)
{
    struct kthread *t = start_secretive(0, true);
    CHECK(t);
    ash_word seen[ASH_THREAD_REGISTERS];
    for (unsigned round = 0; round < 2; round++) {
        OK(ash_thread_read_registers(t->thread, seen));
        for (unsigned i = 0; i < sizeof(kept); i++)
            EQ(seen[kept[i]], SECRET + kept[i]);
        EQ(seen[4] < ASH_USER_TOP && seen[2] < ASH_USER_TOP && seen[0] < ASH_USER_TOP, 1);
        for (unsigned i = 5; i < 32; i++)
            CHECK(seen[i] < 0xffffffc000000000);
        check_call(ASH_SYS_CALL, t->endpoint, ash_info(1, 0, 0), 0);
    }
}

const struct test register_tests[] = {
    {"registers: a null call", null_call},
    {"registers: methods", method_calls},
    {"registers: signal, wait, yield", notification_calls},
    {"registers: call to a passive server", passive_server},
    {"registers: call to an active server", active_server},
    {"registers: call to a server on another hart", server_on_another_hart},
    {"registers: a page fault", page_fault},
    {"registers: a breakpoint stepped over", breakpoint_stepped_over},
    {"registers: an unknown system call skipped", unknown_number_skipped},
    {"registers: interrupts", interrupts},
    {"registers: stopped on another hart", stopped_on_another_hart},
    {"registers: read while it waits", read_while_waiting},
    {},
};
