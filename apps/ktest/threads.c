// SPDX-License-Identifier: MIT
/* Second threads in the test's own address space, and waiting for what they do. */
#include "ktest.h"

#include <string.h>

static struct kthread kthreads[KTHREADS];
static struct ash_thread_block blocks[KTHREADS];
static _Alignas(16) char stacks[KTHREADS][4096];
static unsigned kthread_count;
static ash_cptr sleep_notification, sleep_timer, park_notification;

#define BUFFERS ((ash_word)0x40000000)

static bool make_buffer(struct kthread *t, unsigned index)
{
    ash_word address = BUFFERS + index * ASH_PAGE_SIZE;
    if (index == 0 && !make_tables(VSPACE, BUFFERS))
        return false;
    t->buffer = make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    t->ipc = (struct ash_ipc_buffer *)address;
    ash_error error = ash_frame_map(t->buffer, VSPACE, address, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    if (error != ASH_OK)
        fail(__FILE__, __LINE__, "frame_map", error, ASH_OK);
    return error == ASH_OK;
}

[[noreturn]] static void run_kthread(struct kthread *t, void (*entry)(struct kthread *))
{
    entry(t);
    park();
}

static bool set_up(struct kthread *t, unsigned index, void (*entry)(struct kthread *),
                   unsigned priority)
{
    blocks[index].ipc = t->ipc;
    struct ash_thread_start registers = {.pc = (ash_word)run_kthread,
                                         .sp = (ash_word)(stacks[index] + sizeof(stacks[index])),
                                         .a0 = (ash_word)t,
                                         .a1 = (ash_word)entry,
                                         .tp = (ash_word)&blocks[index]};
    __asm__("mv %0, gp" : "=r"(registers.gp));
    return ash_thread_configure(t->thread, CNODE, VSPACE, t->buffer, (ash_word)t->ipc) == ASH_OK &&
           ash_thread_set_priority(t->thread, priority, 255) == ASH_OK &&
           ash_thread_write_registers(t->thread, &registers) == ASH_OK;
}

struct kthread *prepare(void (*entry)(struct kthread *), unsigned priority, unsigned hart,
                        bool passive)
{
    if (kthread_count == KTHREADS) {
        fail(__FILE__, __LINE__, "threads of one test", KTHREADS + 1, KTHREADS);
        return nullptr;
    }
    unsigned index = kthread_count++;
    struct kthread *t = &kthreads[index];
    *t = (struct kthread){};
    if (!make_buffer(t, index))
        return nullptr;
    t->thread = make(ASH_OBJ_THREAD, 0);
    if (!set_up(t, index, entry, priority)) {
        fail(__FILE__, __LINE__, "thread set-up", 1, 0);
        return nullptr;
    }
    if (passive)
        return t;
    t->sched = make(ASH_OBJ_SCHED_CONTEXT, 0);
    ash_word slice = boot->timebase / 100;
    if (ash_sched_configure(ASH_BOOT_SCHED_CONTROL, t->sched, hart, slice, slice) != ASH_OK ||
        ash_sched_bind(t->sched, t->thread) != ASH_OK) {
        fail(__FILE__, __LINE__, "sched set-up", 1, 0);
        return nullptr;
    }
    return t;
}

struct kthread *start(void (*entry)(struct kthread *), unsigned priority, unsigned hart,
                      bool passive)
{
    struct kthread *t = prepare(entry, priority, hart, passive);
    if (t && ash_thread_resume(t->thread) != ASH_OK) {
        fail(__FILE__, __LINE__, "resume", 1, 0);
        return nullptr;
    }
    return t;
}

struct kthread *start_passive(void (*entry)(struct kthread *), unsigned priority)
{
    struct kthread *t = start(entry, priority, 0, false);
    if (!t)
        return nullptr;
    if (!wait_state(t, ASH_THREAD_BLOCKED_RECEIVE) || ash_sched_unbind(t->sched) != ASH_OK) {
        fail(__FILE__, __LINE__, "a passive thread", 1, 0);
        return nullptr;
    }
    return t;
}

bool take_threads(ash_cptr ram)
{
    sleep_notification = POOL + 1;
    sleep_timer = POOL + 2;
    park_notification = POOL + 3;
    return ash_untyped_retype(ram, ASH_OBJ_NOTIFICATION, 0, CNODE, sleep_notification, 1) ==
               ASH_OK &&
           ash_untyped_retype(ram, ASH_OBJ_TIMER, 0, CNODE, sleep_timer, 1) == ASH_OK &&
           ash_untyped_retype(ram, ASH_OBJ_NOTIFICATION, 0, CNODE, park_notification, 1) ==
               ASH_OK &&
           ash_timer_bind(sleep_timer, sleep_notification) == ASH_OK;
}

void end_threads(void)
{
    while (kthread_count > 0) {
        const struct kthread *t = &kthreads[--kthread_count];
        if (ash_cnode_delete(CNODE, t->thread) != ASH_OK ||
            ash_cnode_delete(CNODE, t->sched) != ASH_OK ||
            ash_cnode_delete(CNODE, t->buffer) != ASH_OK)
            fail(__FILE__, __LINE__, "delete of a thread", 1, 0);
    }
}

void park(void)
{
    for (;;)
        ash_wait(park_notification);
}

void sleep_us(ash_word microseconds)
{
    if (ash_timer_set(sleep_timer, ash_time() + ash_ticks(microseconds)) == ASH_OK)
        ash_wait(sleep_notification);
}

bool wait_until(const volatile ash_word *word, ash_word value)
{
    for (unsigned i = 0; i < 1000 && *word != value; i++)
        sleep_us(1000);
    return *word == value;
}

bool wait_state(const struct kthread *t, enum ash_thread_state state)
{
    struct ash_thread_info info = {};
    for (unsigned i = 0; i < 1000 && info.state != state; i++) {
        sleep_us(1000);
        if (ash_thread_info(t->thread, &info) != ASH_OK)
            return false;
    }
    return info.state == state;
}

void spin(ash_word microseconds)
{
    ash_word end = ash_time() + ash_ticks(microseconds);
    while (ash_time() < end)
        ;
}

ash_word state_of(const struct kthread *t)
{
    struct ash_thread_info info;
    return ash_thread_info(t->thread, &info) == ASH_OK ? info.state : ~0ull;
}

bool grows(const struct kthread *t)
{
    ash_word count = t->count;
    for (unsigned i = 0; i < 1000 && t->count == count; i++)
        sleep_us(1000);
    return t->count != count;
}

void counter(struct kthread *t)
{
    for (;;)
        t->count++;
}

void echo(struct kthread *t)
{
    struct ash_message m;
    ash_recv(t->endpoint, t->reply, &m);
    for (;;) {
        t->count++;
        t->value = m.badge;
        m.mr[0]++;
        if (ash_info_length(m.info) > ASH_MSG_REGISTERS)
            ash_ipc()->msg[ash_info_length(m.info) - 1] += 5;
        m.info = ash_info(ash_info_label(m.info) + 1, ash_info_length(m.info), 0);
        ash_reply_recv(t->endpoint, t->reply, &m);
    }
}

void caller(struct kthread *t)
{
    struct ash_message m = {.info = ash_info(t->value, 1, 0), .mr = {t->value}};
    ash_call(t->endpoint, &m);
    t->seen[0] = m.info;
    t->seen[1] = m.mr[0];
    t->count = 1;
}

void waiter(struct kthread *t)
{
    for (;;) {
        ash_word info;
        t->value = ash_syscall_word(ASH_SYS_WAIT, t->endpoint, 0, &info);
        t->seen[0] = info;
        t->count++;
        if (info & ASH_INFO_KERNEL)
            park();
    }
}

struct kthread *calling(ash_cptr endpoint, ash_word value, unsigned priority)
{
    struct kthread *t = prepare(caller, priority, 0, false);
    if (!t)
        return nullptr;
    t->endpoint = endpoint;
    t->value = value;
    if (ash_thread_resume(t->thread) == ASH_OK)
        return t;
    fail(__FILE__, __LINE__, "resume", 1, 0);
    return nullptr;
}

struct kthread *waiting(ash_cptr notification, unsigned priority)
{
    struct kthread *t = prepare(waiter, priority, 0, false);
    if (!t)
        return nullptr;
    t->endpoint = notification;
    if (ash_thread_resume(t->thread) == ASH_OK && wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION))
        return t;
    fail(__FILE__, __LINE__, "waiter", 1, 0);
    return nullptr;
}

struct kthread *server(unsigned priority, unsigned hart, bool passive)
{
    struct kthread *t = prepare(echo, priority, hart, false);
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

ash_word call1(ash_cptr target, ash_word word, struct ash_message *m)
{
    *m = (struct ash_message){.info = ash_info(1, 1, 0), .mr = {word}};
    ash_call(target, m);
    return ash_info_label(m->info);
}
