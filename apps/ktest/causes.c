// SPDX-License-Identifier: MIT
/* Every cause of an exception that user code can bring about, and handlers that go away. */
#include "ktest.h"

#define HERE ((ash_word)0x6c000000)

static ash_cptr endpoint, reply;
static volatile ash_word address;

/* Runs entry until it faults; the answer is still open. */
static struct kthread *faulting(void (*entry)(struct kthread *), unsigned hart,
                                struct ash_message *m)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    struct kthread *t = prepare(entry, PRIORITY + 1, hart, false);
    if (!t || ash_thread_set_fault_endpoint(t->thread, minted(endpoint, ASH_RIGHT_ALL, 55)) ||
        ash_thread_resume(t->thread) != ASH_OK) {
        fail(__FILE__, __LINE__, "faulting thread", 1, 0);
        return nullptr;
    }
    ash_recv(endpoint, reply, m);
    return t;
}

static void load(struct kthread *t)
{
    t->value = *(volatile ash_word *)address;
    t->count = 1;
}
static void store(struct kthread *t)
{
    *(volatile ash_word *)address = 1;
    t->count = 1;
}
static void jump(struct kthread *t)
{
    ((void (*)(void))address)();
    t->count = 1;
}

static void expect(void (*entry)(struct kthread *), ash_word at, ash_word cause, ash_word value)
{
    struct ash_message m;
    address = at;
    struct kthread *t = faulting(entry, 0, &m);
    CHECK(t);
    EQ(m.badge, 55);
    EQ(ash_info_label(m.info), ASH_FAULT_EXCEPTION);
    EQ(m.mr[1], cause);
    EQ(m.mr[2], value);
    EQ(t->count, 0);
    end_threads();
}

/* Addresses that no Sv39 address space has, and the edge of the user half. */
static void addresses_out_of_this_world(void)
{
    static const ash_word at[] = {ASH_USER_TOP,     1ull << 63,
                                  ~0ull << 12,      0xffffffbffffffff8,
                                  ASH_USER_TOP - 8, 0x8000000000000000ull + 0x10000};
    for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        expect(load, at[i], 13, at[i]);
        expect(store, at[i], 15, at[i]);
        expect(jump, at[i], 12, at[i]);
    }
}

/* An instruction that begins on a mapped page and ends on none. */
static void instruction_across_the_edge(void)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 12);
    CHECK(make_tables(VSPACE, HERE));
    OK(ash_frame_map(frame, VSPACE, HERE, ASH_RIGHT_READ | ASH_RIGHT_WRITE));
    *(volatile uint16_t *)(HERE + 4094) = 0x0513; /* first half of addi a0, x0, ... */
    OK(ash_frame_map(frame, VSPACE, HERE, ASH_RIGHT_READ | ASH_RIGHT_EXECUTE));
    expect(jump, HERE + 4094, 12, HERE + 4096);
}

/* A load across the edge of what is mapped. */
static void load_across_the_edge(void)
{
    CHECK(make_tables(VSPACE, HERE));
    OK(ash_frame_map(make(ASH_OBJ_FRAME, 12), VSPACE, HERE, ASH_RIGHT_READ));
    struct ash_message m;
    address = HERE + 4092;
    CHECK(faulting(load, 0, &m));
    EQ(m.mr[1] == 13 || m.mr[1] == 4, 1);
    CHECK(m.mr[2] >= HERE + 4092 && m.mr[2] <= HERE + 4096);
}

/* Each way of touching a page that is mapped for something else. */
static void mapped_for_something_else(void)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 12);
    CHECK(make_tables(VSPACE, HERE));
    OK(ash_frame_map(frame, VSPACE, HERE, ASH_RIGHT_READ));
    expect(store, HERE, 15, HERE);
    expect(jump, HERE, 12, HERE);
    OK(ash_frame_map(frame, VSPACE, HERE, ASH_RIGHT_READ | ASH_RIGHT_WRITE));
    expect(jump, HERE, 12, HERE);
    OK(ash_frame_map(frame, VSPACE, HERE, ASH_RIGHT_READ | ASH_RIGHT_EXECUTE));
    expect(store, HERE, 15, HERE);
}

static void atomic_misaligned(struct kthread *t)
{
    __asm__ volatile("amoadd.w zero, zero, (%0)" ::"r"((ash_word)t->seen + 1) : "memory");
    t->count = 1;
}
static void reserved_misaligned(struct kthread *t)
{
    ash_word word;
    __asm__ volatile("lr.d %0, (%1)" : "=r"(word) : "r"((ash_word)t->seen + 4) : "memory");
    t->count = 1;
}

static void misaligned(void)
{
    struct ash_message m;
    struct kthread *t = faulting(atomic_misaligned, 0, &m);
    CHECK(t);
    CHECK(m.mr[1] == 6 || m.mr[1] == 4); /* 6, and 4 on QEMU */
    EQ(m.mr[2], (ash_word)t->seen + 1);
    end_threads();
    t = faulting(reserved_misaligned, 0, &m);
    CHECK(t);
    EQ(m.mr[1], 4);
    EQ(m.mr[2], (ash_word)t->seen + 4);
}

#define FORBIDDEN(name, text)                                                                      \
    static void name(struct kthread *t)                                                            \
    {                                                                                              \
        __asm__ volatile(text ::: "t0", "memory");                                                 \
        t->count = 1;                                                                              \
    }

FORBIDDEN(do_sret, "sret")
FORBIDDEN(do_mret, "mret")
FORBIDDEN(do_wfi, "wfi")
FORBIDDEN(do_sfence, "sfence.vma")
FORBIDDEN(write_sstatus, "csrw sstatus, zero")
FORBIDDEN(read_scause, "csrr t0, scause")
FORBIDDEN(write_satp, "csrw satp, zero")
FORBIDDEN(write_stvec, "csrw stvec, zero")
FORBIDDEN(read_sscratch, "csrr t0, sscratch")
FORBIDDEN(write_stimecmp, "csrw 0x14d, zero")
FORBIDDEN(read_mstatus, "csrr t0, mstatus")
FORBIDDEN(write_cycle, "csrw cycle, zero")
FORBIDDEN(all_zero, ".4byte 0")
FORBIDDEN(all_ones, ".4byte 0xffffffff")

/* Instructions that are the kernel's, and those that are nobody's. */
static void forbidden_instructions(void)
{
    static void (*const all[])(struct kthread *) = {
        do_sret,      do_mret,     do_wfi,      do_sfence,     write_sstatus,
        read_scause,  write_satp,  write_stvec, read_sscratch, write_stimecmp,
        read_mstatus, write_cycle, all_zero,    all_ones};
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct ash_message m;
        struct kthread *t = faulting(all[i], 0, &m);
        CHECK(t);
        EQ(m.mr[1], 2);
        EQ(t->count, 0);
        end_threads();
    }
}

/* The Reply of an open fault goes: the thread stays stopped, and faults anew when resumed. */
static void reply_of_a_fault_deleted(void)
{
    struct ash_message m;
    address = HERE;
    struct kthread *t = faulting(load, 0, &m);
    CHECK(t);
    OK(ash_cnode_delete(CNODE, reply));
    EQ(state_of(t), ASH_THREAD_INACTIVE);
    reply = make(ASH_OBJ_REPLY, 0);
    OK(ash_thread_resume(t->thread));
    ash_recv(endpoint, reply, &m);
    EQ(m.mr[2], HERE);
    EQ(m.badge, 55);
}

/* Suspended with an open fault: the answer that comes later restarts nobody. */
static void suspended_with_an_open_fault(void)
{
    struct ash_message m;
    address = HERE;
    struct kthread *t = faulting(load, 0, &m);
    CHECK(t);
    OK(ash_thread_suspend(t->thread));
    m = (struct ash_message){};
    ash_send(reply, &m);
    EQ(state_of(t), ASH_THREAD_INACTIVE);
    OK(ash_thread_resume(t->thread));
    ash_recv(endpoint, reply, &m);
    EQ(m.mr[2], HERE);
}

/* The handler's endpoint is revoked while the fault waits in its queue. */
static void endpoint_of_a_fault_revoked(void)
{
    ash_cptr memory = make(ASH_OBJ_UNTYPED, 4096), handler = new_slot();
    OK(ash_untyped_retype(memory, ASH_OBJ_ENDPOINT, 0, CNODE, handler, 1));
    struct kthread *t = prepare(load, PRIORITY + 1, 0, false);
    CHECK(t);
    address = HERE;
    OK(ash_thread_set_fault_endpoint(t->thread, handler));
    OK(ash_thread_resume(t->thread));
    EQ(state_of(t), ASH_THREAD_BLOCKED_SEND);
    OK(ash_cnode_revoke(CNODE, memory));
    EQ(state_of(t), ASH_THREAD_INACTIVE);
    EQ(t->count, 0);
}

static void broken_handler(struct kthread *t)
{
    struct ash_message m;
    ash_recv(t->endpoint, t->reply, &m);
    t->count = 1;
    t->value = *(volatile ash_word *)(HERE + 4096);
    m = (struct ash_message){};
    ash_send(t->reply, &m);
    t->count = 2;
}

/* A handler that faults while it handles: its own handler mends both. */
static void fault_in_a_handler(void)
{
    struct ash_message m;
    CHECK(make_tables(VSPACE, HERE));
    struct kthread *h = prepare(broken_handler, PRIORITY + 2, 0, false),
                   *t = prepare(load, PRIORITY + 1, 0, false);
    CHECK(h && t);
    h->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    h->reply = make(ASH_OBJ_REPLY, 0);
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    address = HERE;
    OK(ash_thread_set_fault_endpoint(h->thread, endpoint));
    OK(ash_thread_set_fault_endpoint(t->thread, h->endpoint));
    OK(ash_thread_resume(h->thread));
    OK(ash_thread_resume(t->thread));
    ash_recv(endpoint, reply, &m);
    EQ(m.mr[2], HERE + 4096);
    for (ash_word i = 0; i < 2; i++)
        OK(ash_frame_map(make(ASH_OBJ_FRAME, 12), VSPACE, HERE + i * 4096, ASH_RIGHT_READ));
    m = (struct ash_message){};
    ash_send(reply, &m);
    CHECK(wait_until(&h->count, 2) && wait_until(&t->count, 1));
}

/* A passive handler runs on the time of the thread that faulted. */
static void passive_handler(void)
{
    CHECK(make_tables(VSPACE, HERE) && make_tables(VSPACE, HERE + 4096));
    OK(ash_frame_map(make(ASH_OBJ_FRAME, 12), VSPACE, HERE + 4096, ASH_RIGHT_READ));
    struct kthread *h = prepare(broken_handler, PRIORITY + 2, 0, false),
                   *t = prepare(load, PRIORITY + 1, 0, false);
    CHECK(h && t);
    h->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    h->reply = make(ASH_OBJ_REPLY, 0);
    OK(ash_thread_resume(h->thread));
    OK(ash_sched_unbind(h->sched));
    address = HERE + 8;
    OK(ash_thread_set_fault_endpoint(t->thread, h->endpoint));
    OK(ash_thread_resume(t->thread));
    CHECK(wait_until(&h->count, 1)); /* it answers, the thread faults again, nobody receives */
    CHECK(wait_state(t, ASH_THREAD_BLOCKED_SEND));
    OK(ash_sched_unbind(t->sched));
}

/* Faults on another hart, mended from this one, a hundred times. */
static void from_another_hart(void)
{
    struct ash_message m;
    CHECK(make_tables(VSPACE, HERE));
    ash_cptr frame = make(ASH_OBJ_FRAME, 12);
    for (unsigned i = 0; i < 20; i++) {
        address = HERE;
        struct kthread *t = faulting(load, last_hart(), &m);
        CHECK(t);
        EQ(m.mr[2], HERE);
        OK(ash_frame_map(frame, VSPACE, HERE, ASH_RIGHT_READ));
        m = (struct ash_message){};
        ash_send(reply, &m);
        CHECK(wait_until(&t->count, 1));
        OK(ash_frame_unmap(frame));
        end_threads();
    }
}

const struct test cause_tests[] = {
    {"cause: addresses out of this world", addresses_out_of_this_world},
    {"cause: an instruction across the edge", instruction_across_the_edge},
    {"cause: a load across the edge", load_across_the_edge},
    {"cause: mapped for something else", mapped_for_something_else},
    {"cause: misaligned atomics", misaligned},
    {"cause: forbidden instructions", forbidden_instructions},
    {"cause: Reply of a fault deleted", reply_of_a_fault_deleted},
    {"cause: suspended with an open fault", suspended_with_an_open_fault},
    {"cause: endpoint of a fault revoked", endpoint_of_a_fault_revoked},
    {"cause: a fault in a handler", fault_in_a_handler},
    {"cause: a passive handler", passive_handler},
    {"cause: on another hart", from_another_hart},
    {},
};
