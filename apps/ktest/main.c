// SPDX-License-Identifier: MIT
/* Runs every test and prints TAP between the marks that ./ashlar looks for. */
#include "ktest.h"

#include <stdio.h>
#include <string.h>

const struct ash_boot *boot;
ash_word detail[2];

static ash_cptr next_slot;
static bool failed;
static char why[160];
static ash_cptr sleep_notification, sleep_timer;

static struct kthread kthreads[KTHREADS];
static struct ash_thread_block blocks[KTHREADS];
static _Alignas(16) char stacks[KTHREADS][4096];
static unsigned kthread_count;

#define BUFFERS ((ash_word)0x40000000)

void fail(const char *file, int line, const char *what, ash_word got, ash_word wanted)
{
    if (failed)
        return;
    failed = true;
    const char *base = strrchr(file, '/');
    snprintf(why, sizeof(why), "%s:%d: %s is 0x%lx, should be 0x%lx", base ? base + 1 : file, line,
             what, got, wanted);
}

ash_cptr new_slot(void)
{
    return next_slot++;
}

ash_cptr make(enum ash_object_type type, ash_word parameter)
{
    ash_cptr slot = new_slot();
    ash_error error = ash_untyped_retype(POOL, type, parameter, CNODE, slot, 1);
    if (error != ASH_OK) {
        fail(__FILE__, __LINE__, "retype", error, ASH_OK);
        return 0;
    }
    return slot;
}

ash_cptr minted(ash_cptr source, ash_word rights, ash_word badge)
{
    ash_cptr slot = new_slot();
    ash_error error = ash_cnode_mint(CNODE, slot, source, rights, badge);
    if (error != ASH_OK)
        fail(__FILE__, __LINE__, "mint", error, ASH_OK);
    return slot;
}

ash_error invoke(ash_cptr target, ash_word method, unsigned words, const ash_word *word,
                 unsigned caps, const ash_cptr *cap)
{
    struct ash_message m = {};
    for (unsigned i = 0; i < words; i++) {
        if (i < ASH_MSG_REGISTERS)
            m.mr[i] = word[i];
        else
            ash_ipc()->msg[i] = word[i];
    }
    for (unsigned i = 0; i < caps; i++)
        ash_ipc()->caps[i] = cap[i];
    ash_error error = ash_invoke(target, method, words, caps, &m);
    detail[0] = m.mr[0];
    detail[1] = m.mr[1];
    return error;
}

bool make_tables(ash_cptr vspace, ash_word address)
{
    for (unsigned i = 0; i < 2; i++) {
        ash_cptr table = make(ASH_OBJ_PAGE_TABLE, 0);
        ash_error error = ash_page_table_map(table, vspace, address);
        if (error == ASH_E_BUSY)
            return true;
        if (error != ASH_OK) {
            fail(__FILE__, __LINE__, "page_table_map", error, ASH_OK);
            return false;
        }
    }
    return true;
}

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

void park(void)
{
    for (;;)
        ash_wait(sleep_notification + 2);
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

/* Revokes the pool; false if memory is missing afterwards. */
static bool pool_whole(void)
{
    struct ash_untyped_info info;
    if (ash_cnode_revoke(CNODE, POOL) != ASH_OK || ash_untyped_info(POOL, &info) != ASH_OK)
        return false;
    return info.left == POOL_BYTES;
}

static unsigned number;

static void run(const struct test *tests, unsigned *failures)
{
    for (const struct test *test = tests; test->name; test++) {
        failed = false;
        next_slot = FIRST_SLOT;
        kthread_count = 0;
        test->run();
        if (!pool_whole())
            fail(__FILE__, __LINE__, "pool after revoke", 1, 0);
        *failures += failed;
        if (failed)
            printf("not ok %u - %s # %s\n", ++number, test->name, why);
        else
            printf("ok %u - %s\n", ++number, test->name);
    }
}

/* The largest RAM region gives the pool and what main itself needs. */
static bool take_pool(void)
{
    unsigned best = 0;
    ash_word size = 0;
    for (unsigned i = 0; i < boot->regions; i++) {
        struct ash_untyped_info info;
        if (boot->region[i].kind == ASH_REGION_RAM &&
            ash_untyped_info(ASH_BOOT_FIRST_UNTYPED + i, &info) == ASH_OK && info.left > size) {
            size = info.left;
            best = i;
        }
    }
    ash_cptr ram = ASH_BOOT_FIRST_UNTYPED + best;
    sleep_notification = POOL + 1;
    sleep_timer = POOL + 2;
    return ash_untyped_retype(ram, ASH_OBJ_NOTIFICATION, 0, CNODE, POOL + 1, 1) == ASH_OK &&
           ash_untyped_retype(ram, ASH_OBJ_TIMER, 0, CNODE, POOL + 2, 1) == ASH_OK &&
           ash_untyped_retype(ram, ASH_OBJ_NOTIFICATION, 0, CNODE, POOL + 3, 1) == ASH_OK &&
           ash_timer_bind(POOL + 2, POOL + 1) == ASH_OK &&
           ash_untyped_retype(ram, ASH_OBJ_UNTYPED, POOL_BYTES, CNODE, POOL, 1) == ASH_OK;
}

int ash_root_main(const struct ash_boot *info)
{
    static const struct test *const all[] = {
        untyped_tests,      cnode_tests,  endpoint_tests, transfer_tests, reply_tests,
        notification_tests, thread_tests, sched_tests,    timer_tests,    vspace_tests,
        fault_tests,        irq_tests,    fpu_tests,      smp_tests,      hostile_tests};
    boot = info;
    unsigned failures = 0;
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    if (!take_pool()) {
        printf("Bail out! no memory for the pool\n");
        failures = 1;
    } else {
        for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
            run(all[i], &failures);
        printf("1..%u\n", number);
    }
    printf("\x1e"
           "ASHLAR-END %u\n",
           failures != 0);
    ash_exit(failures != 0);
}
