// SPDX-License-Identifier: MIT
/*
 * Every error of every method (the table of docs/kernel-abi.md): one test a method, one line an
 * error. `refuses` also compares the pool and the slots before and after: a refusal changes
 * nothing.
 */
#include "ktest.h"

#define RW   (ASH_RIGHT_READ | ASH_RIGHT_WRITE)
#define HERE ((ash_word)0x60000000)

/* Can a bad retype be told from a good one, whatever is wrong with it? */
static void untyped_retype(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), to = new_slot();
    ash_word m = ASH_UNTYPED_RETYPE;
    REFUSES(POOL, m, WORDS(ASH_OBJ_ENDPOINT, 0, to), CAPS(CNODE), ASH_E_TRUNCATED, 4);
    REFUSES(POOL, m, NONE, CAPS(CNODE), ASH_E_TRUNCATED, 4);
    REFUSES(POOL, m, WORDS(ASH_OBJ_ENDPOINT, 0, to, 1), NONE, ASH_E_SOURCE, 0);
    REFUSES(POOL, m, WORDS(ASH_OBJ_ENDPOINT, 0, to, 1), CAPS(endpoint), ASH_E_SOURCE, 0);
    REFUSES(POOL, m, WORDS(ASH_OBJ_ENDPOINT, 0, to, 1), CAPS(to), ASH_E_SOURCE, 0);
    REFUSES(POOL, m, WORDS(ASH_OBJ_ENDPOINT, 0, to, 0), CAPS(CNODE), ASH_E_RANGE, 3);
    REFUSES(POOL, m, WORDS(ASH_OBJ_ENDPOINT, 0, to, ~0ull), CAPS(CNODE), ASH_E_RANGE, 3);
    REFUSES(POOL, m, WORDS(ASH_OBJ_ENDPOINT, 0, 8192, 1), CAPS(CNODE), ASH_E_RANGE, 2);
    REFUSES(POOL, m, WORDS(ASH_OBJ_ENDPOINT, 0, ~0ull, 1024), CAPS(CNODE), ASH_E_RANGE, 2);
    REFUSES(POOL, m, WORDS(ASH_OBJ_ENDPOINT, 0, endpoint, 1), CAPS(CNODE), ASH_E_OCCUPIED,
            endpoint);
    REFUSES(POOL, m, WORDS(ASH_OBJ_NULL, 0, to, 1), CAPS(CNODE), ASH_E_ARGUMENT, 0);
    REFUSES(POOL, m, WORDS(ASH_OBJ_TYPES, 0, to, 1), CAPS(CNODE), ASH_E_ARGUMENT, 0);
    REFUSES(POOL, m, WORDS(ASH_OBJ_FRAME, 0, to, 1), CAPS(CNODE), ASH_E_ARGUMENT, 1);
    REFUSES(POOL, m, WORDS(ASH_OBJ_CNODE, 63, to, 1), CAPS(CNODE), ASH_E_ARGUMENT, 1);
    REFUSES(POOL, m, WORDS(ASH_OBJ_UNTYPED, POOL_BYTES, to, 1), CAPS(CNODE), ASH_E_MEMORY, ANY);
    REFUSES(POOL, m, WORDS(ASH_OBJ_UNTYPED, ~0ull << 12, to, 1), CAPS(CNODE), ASH_E_ARGUMENT, 1);
    REFUSES(POOL, m, WORDS(ASH_OBJ_FRAME, 30, to, 1), CAPS(CNODE), ASH_E_MEMORY, ANY);
    REFUSES(POOL, m, WORDS(ASH_OBJ_CNODE, 16, to, 3), CAPS(CNODE), ASH_E_MEMORY, ANY);
}

/* Do labels next to the known ones reach anything? */
static void unknown_methods(void)
{
    ash_cptr made[] = {
        make(ASH_OBJ_CNODE, 2),  make(ASH_OBJ_THREAD, 0), make(ASH_OBJ_SCHED_CONTEXT, 0),
        make(ASH_OBJ_TIMER, 0),  make(ASH_OBJ_VSPACE, 0), make(ASH_OBJ_PAGE_TABLE, 0),
        make(ASH_OBJ_FRAME, 12), make(ASH_OBJ_REPLY, 0),  POOL,
        ASH_BOOT_SCHED_CONTROL,  ASH_BOOT_IRQ_CONTROL,    ASH_BOOT_FIRMWARE};
    static const ash_word labels[] = {0,  3,  15, 21, 31, 43, 47, 51,      53,         55,
                                      59, 63, 69, 71, 78, 79, 85, 0xfffff, ~0ull >> 12};
    for (unsigned i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        for (unsigned j = 0; j < sizeof(labels) / sizeof(labels[0]); j++) {
            EQ(invoke(made[i], labels[j], 0, nullptr, 0, nullptr), ASH_E_METHOD);
            EQ(detail[0], labels[j]);
        }
}

/* Does any object answer to the methods of another kind? */
static void methods_of_other_objects(void)
{
    static const struct {
        ash_word first, last;
    } own[] = {{1, 2}, {16, 20}, {32, 42}, {48, 50}, {56, 58}, {64, 65}, {66, 68}};
    ash_cptr made[] = {make(ASH_OBJ_UNTYPED, 4096), make(ASH_OBJ_CNODE, 2),
                       make(ASH_OBJ_THREAD, 0),     make(ASH_OBJ_SCHED_CONTEXT, 0),
                       make(ASH_OBJ_TIMER, 0),      make(ASH_OBJ_PAGE_TABLE, 0),
                       make(ASH_OBJ_FRAME, 12)};
    struct world before = world_now();
    for (unsigned i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        for (ash_word label = 0; label < 90; label++)
            if (label < own[i].first || label > own[i].last)
                EQ(invoke(made[i], label, 0, nullptr, 0, nullptr), ASH_E_METHOD);
    EQ(world_now().left, before.left);
}

/* Is every argument of copy looked at before a slot changes? */
static void cnode_copy(void)
{
    ash_cptr cnode = make(ASH_OBJ_CNODE, 3), source = make(ASH_OBJ_ENDPOINT, 0), empty = new_slot(),
             reply = make(ASH_OBJ_REPLY, 0), table = make(ASH_OBJ_PAGE_TABLE, 0);
    ash_word m = ASH_CNODE_COPY;
    OK(ash_cnode_copy(cnode, 1, source, ASH_RIGHT_ALL));
    REFUSES(cnode, m, WORDS(0, source), NONE, ASH_E_TRUNCATED, 3);
    REFUSES(cnode, m, WORDS(8, source, 31), NONE, ASH_E_RANGE, 0);
    EQ(detail[1] >= 7, 1);
    REFUSES(cnode, m, WORDS(1, source, 31), NONE, ASH_E_OCCUPIED, 1);
    REFUSES(cnode, m, WORDS(0, empty, 31), NONE, ASH_E_SOURCE, 1);
    REFUSES(cnode, m, WORDS(0, ~0ull, 31), NONE, ASH_E_SOURCE, 1);
    REFUSES(cnode, m, WORDS(0, POOL, 31), NONE, ASH_E_SOURCE, 1);
    REFUSES(cnode, m, WORDS(0, reply, 31), NONE, ASH_E_SOURCE, 1);
    REFUSES(cnode, m, WORDS(0, table, 31), NONE, ASH_E_SOURCE, 1);
    REFUSES(empty, m, WORDS(0, source, 31), NONE, ASH_E_CAPABILITY, empty);
}

/* The same of mint: does a badge get onto what must not have one? */
static void cnode_mint(void)
{
    ash_cptr cnode = make(ASH_OBJ_CNODE, 3), source = make(ASH_OBJ_ENDPOINT, 0);
    ash_cptr badged = minted(source, ASH_RIGHT_ALL, 4), frame = make(ASH_OBJ_FRAME, 12);
    ash_word m = ASH_CNODE_MINT;
    OK(ash_cnode_copy(cnode, 1, source, ASH_RIGHT_ALL));
    REFUSES(cnode, m, WORDS(0, source, 31), NONE, ASH_E_TRUNCATED, 4);
    REFUSES(cnode, m, WORDS(8, source, 31, 1), NONE, ASH_E_RANGE, 0);
    REFUSES(cnode, m, WORDS(1, source, 31, 1), NONE, ASH_E_OCCUPIED, 1);
    REFUSES(cnode, m, WORDS(0, new_slot(), 31, 1), NONE, ASH_E_SOURCE, 1);
    REFUSES(cnode, m, WORDS(0, badged, 31, 1), NONE, ASH_E_SOURCE, 1);
    REFUSES(cnode, m, WORDS(0, badged, 31, 0), NONE, ASH_E_SOURCE, 1);
    REFUSES(cnode, m, WORDS(0, frame, 31, 1), NONE, ASH_E_SOURCE, 1);
    REFUSES(cnode, m, WORDS(0, VSPACE, 31, 1), NONE, ASH_E_SOURCE, 1);
}

/* Does a refused move leave the capability where it was? */
static void cnode_move(void)
{
    ash_cptr cnode = make(ASH_OBJ_CNODE, 3), source = make(ASH_OBJ_ENDPOINT, 0);
    ash_word m = ASH_CNODE_MOVE;
    OK(ash_cnode_copy(cnode, 1, source, ASH_RIGHT_ALL));
    REFUSES(cnode, m, WORDS(0), NONE, ASH_E_TRUNCATED, 2);
    REFUSES(cnode, m, WORDS(8, source), NONE, ASH_E_RANGE, 0);
    REFUSES(cnode, m, WORDS(1, source), NONE, ASH_E_OCCUPIED, 1);
    REFUSES(cnode, m, WORDS(0, new_slot()), NONE, ASH_E_SOURCE, 1);
    REFUSES(CNODE, m, WORDS(source, source), NONE, ASH_E_OCCUPIED, source);
    CHECK(full(source));
}

/* Can delete or revoke reach a slot outside the CNode? */
static void cnode_delete_and_revoke(void)
{
    ash_cptr cnode = make(ASH_OBJ_CNODE, 1);
    for (ash_word m = ASH_CNODE_DELETE; m <= ASH_CNODE_REVOKE; m++) {
        REFUSES(cnode, m, NONE, NONE, ASH_E_TRUNCATED, 1);
        REFUSES(cnode, m, WORDS(2), NONE, ASH_E_RANGE, 0);
        REFUSES(cnode, m, WORDS(1ull << 32), NONE, ASH_E_RANGE, 0);
        REFUSES(cnode, m, WORDS(~0ull), NONE, ASH_E_RANGE, 0);
    }
}

/* Can a thread be set up with something missing, weak or of another kind? */
static void thread_configure(void)
{
    ash_cptr thread = make(ASH_OBJ_THREAD, 0), frame = make(ASH_OBJ_FRAME, 12), weak = new_slot(),
             empty = new_slot();
    OK(ash_cnode_copy(CNODE, weak, frame, ASH_RIGHT_WRITE));
    ash_word m = ASH_THREAD_CONFIGURE;
    REFUSES(thread, m, NONE, CAPS(CNODE, VSPACE, frame), ASH_E_TRUNCATED, 1);
    REFUSES(thread, m, WORDS(0), NONE, ASH_E_SOURCE, 0);
    REFUSES(thread, m, WORDS(0), CAPS(CNODE), ASH_E_SOURCE, 1);
    REFUSES(thread, m, WORDS(0), CAPS(CNODE, VSPACE), ASH_E_SOURCE, 2);
    REFUSES(thread, m, WORDS(0), CAPS(empty, VSPACE, frame), ASH_E_SOURCE, 0);
    REFUSES(thread, m, WORDS(0), CAPS(CNODE, CNODE, frame), ASH_E_SOURCE, 1);
    REFUSES(thread, m, WORDS(0), CAPS(CNODE, VSPACE, POOL), ASH_E_SOURCE, 2);
    REFUSES(thread, m, WORDS(512), CAPS(CNODE, VSPACE, frame), ASH_E_ALIGNMENT, 0);
    REFUSES(thread, m, WORDS(0), CAPS(CNODE, VSPACE, weak), ASH_E_RIGHTS, RW);
    OK(ash_thread_configure(thread, CNODE, VSPACE, frame, 0));
    REFUSES(thread, m, WORDS(0), CAPS(CNODE, VSPACE, frame), ASH_E_BUSY, ANY);
}

/* Does a short message set a priority that nobody asked for? */
static void thread_set_priority(void)
{
    struct kthread *t = prepare(counter, PRIORITY - 1, 0, false);
    CHECK(t);
    ash_word m = ASH_THREAD_SET_PRIORITY;
    REFUSES(t->thread, m, NONE, NONE, ASH_E_TRUNCATED, 2);
    REFUSES(t->thread, m, WORDS(7), NONE, ASH_E_TRUNCATED, 2);
    REFUSES(t->thread, m, WORDS(256, 0), NONE, ASH_E_RANGE, 0);
    REFUSES(t->thread, m, WORDS(0, 256), NONE, ASH_E_RANGE, 1);
    REFUSES(t->thread, m, WORDS(~0ull, ~0ull), NONE, ASH_E_RANGE, 0);
    struct ash_thread_info info;
    OK(ash_thread_info(t->thread, &info));
    EQ(info.priority, PRIORITY - 1);
}

/* Are registers and names taken from messages that do not hold them? */
static void thread_registers_and_name(void)
{
    struct kthread *t = prepare(counter, PRIORITY - 1, 0, false);
    CHECK(t);
    REFUSES(t->thread, ASH_THREAD_WRITE_REGISTERS, NONE, NONE, ASH_E_TRUNCATED, 6);
    REFUSES(t->thread, ASH_THREAD_WRITE_REGISTERS, WORDS(1, 2, 3, 4, 5), NONE, ASH_E_TRUNCATED, 6);
    REFUSES(t->thread, ASH_THREAD_SET_NAME, NONE, NONE, ASH_E_TRUNCATED, 2);
    REFUSES(t->thread, ASH_THREAD_SET_NAME, WORDS(1), NONE, ASH_E_TRUNCATED, 2);
    ash_word registers[ASH_THREAD_REGISTERS];
    OK(ash_thread_read_registers(t->thread, registers));
    EQ(registers[10], (ash_word)t);
    EQ(ash_thread_read_registers(ASH_BOOT_THREAD, registers), ASH_E_BUSY);
}

/* Can a fault handler be set that could not answer? */
static void thread_set_fault_endpoint(void)
{
    ash_cptr thread = make(ASH_OBJ_THREAD, 0), endpoint = make(ASH_OBJ_ENDPOINT, 0);
    ash_word m = ASH_THREAD_SET_FAULT_ENDPOINT, needed = ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY;
    REFUSES(thread, m, NONE, CAPS(new_slot()), ASH_E_SOURCE, 0);
    REFUSES(thread, m, NONE, CAPS(thread), ASH_E_SOURCE, 0);
    REFUSES(thread, m, NONE, CAPS(minted(endpoint, ASH_RIGHT_WRITE, 1)), ASH_E_RIGHTS, needed);
    REFUSES(thread, m, NONE, CAPS(minted(endpoint, ASH_RIGHT_GRANT_REPLY, 1)), ASH_E_RIGHTS,
            needed);
    REFUSES(thread, m, NONE, CAPS(minted(endpoint, 0, 1)), ASH_E_RIGHTS, needed);
    OK(ash_thread_set_fault_endpoint(thread, minted(endpoint, (ash_word)needed, 1)));
}

/* Can a notification be bound twice, or to two threads, or by somebody who may not wait on it? */
static void thread_bind_notification(void)
{
    ash_cptr a = make(ASH_OBJ_THREAD, 0), b = make(ASH_OBJ_THREAD, 0),
             one = make(ASH_OBJ_NOTIFICATION, 0), two = make(ASH_OBJ_NOTIFICATION, 0);
    ash_word m = ASH_THREAD_BIND_NOTIFICATION;
    REFUSES(a, m, NONE, NONE, ASH_E_SOURCE, 0);
    REFUSES(a, m, NONE, CAPS(a), ASH_E_SOURCE, 0);
    REFUSES(a, m, NONE, CAPS(minted(one, ASH_RIGHT_WRITE, 1)), ASH_E_RIGHTS, ASH_RIGHT_READ);
    OK(ash_thread_bind_notification(a, one));
    REFUSES(a, m, NONE, CAPS(two), ASH_E_BUSY, ANY);
    REFUSES(b, m, NONE, CAPS(one), ASH_E_BUSY, ANY);
    REFUSES(b, ASH_THREAD_UNBIND_NOTIFICATION, NONE, NONE, ASH_E_NOT_BOUND, ANY);
    OK(ash_thread_unbind_notification(a));
    OK(ash_thread_bind_notification(b, one));
}

/* Can a thread be bound to the notification that another one waits on? */
static void thread_bind_with_a_waiter(void)
{
    struct kthread *t = prepare(waiter, PRIORITY + 1, 0, false);
    CHECK(t);
    t->endpoint = make(ASH_OBJ_NOTIFICATION, 0);
    OK(ash_thread_resume(t->thread));
    EQ(state_of(t), ASH_THREAD_BLOCKED_NOTIFICATION);
    REFUSES(make(ASH_OBJ_THREAD, 0), ASH_THREAD_BIND_NOTIFICATION, NONE, CAPS(t->endpoint),
            ASH_E_BUSY, ANY);
}

/* Can a thread that waits or was never set up be resumed? */
static void thread_resume(void)
{
    struct kthread *t = server(PRIORITY + 1, 0, false);
    CHECK(t);
    REFUSES(t->thread, ASH_THREAD_RESUME, NONE, NONE, ASH_E_BUSY, ANY);
    REFUSES(make(ASH_OBJ_THREAD, 0), ASH_THREAD_RESUME, NONE, NONE, ASH_E_NOT_BOUND, ANY);
    EQ(state_of(t), ASH_THREAD_BLOCKED_RECEIVE);
}

/* Does a thread get two contexts, or one that has no hart? */
static void sched_context(void)
{
    ash_cptr sched = make(ASH_OBJ_SCHED_CONTEXT, 0);
    struct kthread *t = prepare(counter, PRIORITY - 1, 0, false), *bare;
    CHECK(t && (bare = prepare(counter, PRIORITY - 1, 0, true)));
    ash_word m = ASH_SCHED_CONTEXT_BIND;
    REFUSES(sched, m, NONE, NONE, ASH_E_SOURCE, 0);
    REFUSES(sched, m, NONE, CAPS(sched), ASH_E_SOURCE, 0);
    REFUSES(sched, m, NONE, CAPS(bare->thread), ASH_E_NOT_BOUND, ANY);
    REFUSES(t->sched, m, NONE, CAPS(bare->thread), ASH_E_BUSY, ANY);
    OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, sched, 0, ash_ticks(1000), ash_ticks(1000)));
    REFUSES(sched, m, NONE, CAPS(t->thread), ASH_E_BUSY, ANY);
    REFUSES(sched, ASH_SCHED_CONTEXT_UNBIND, NONE, NONE, ASH_E_NOT_BOUND, ANY);
    OK(ash_sched_bind(sched, bare->thread));
}

/* Are hart, budget and period held to their limits, and the old setting kept? */
static void sched_control(void)
{
    ash_cptr sched = make(ASH_OBJ_SCHED_CONTEXT, 0), control = ASH_BOOT_SCHED_CONTROL;
    ash_word m = ASH_SCHED_CONTROL_CONFIGURE, ms = ash_ticks(1000);
    OK(ash_sched_configure(control, sched, last_hart(), 2 * ms, 7 * ms));
    REFUSES(control, m, WORDS(0, ms), CAPS(sched), ASH_E_TRUNCATED, 3);
    REFUSES(control, m, WORDS(0, ms, ms), NONE, ASH_E_SOURCE, 0);
    REFUSES(control, m, WORDS(0, ms, ms), CAPS(VSPACE), ASH_E_SOURCE, 0);
    REFUSES(control, m, WORDS(boot->harts, ms, ms), CAPS(sched), ASH_E_RANGE, 0);
    REFUSES(control, m, WORDS(~0ull, ms, ms), CAPS(sched), ASH_E_RANGE, 0);
    REFUSES(control, m, WORDS(0, ms + 1, ms), CAPS(sched), ASH_E_RANGE, 1);
    REFUSES(control, m, WORDS(0, ash_ticks(19), ms), CAPS(sched), ASH_E_RANGE, 1);
    REFUSES(control, m, WORDS(0, 0, 0), CAPS(sched), ASH_E_RANGE, 1);
    REFUSES(control, m, WORDS(0, ms, (1ull << 40) + 1), CAPS(sched), ASH_E_RANGE, 2);
    struct ash_sched_info info;
    OK(ash_sched_info(sched, &info));
    EQ(info.hart, last_hart());
    EQ(info.budget, 2 * ms);
    EQ(info.period, 7 * ms);
}

const struct test error_tests[] = {
    {"errors: Untyped.retype", untyped_retype},
    {"errors: labels next to the known ones", unknown_methods},
    {"errors: methods of other objects", methods_of_other_objects},
    {"errors: CNode.copy", cnode_copy},
    {"errors: CNode.mint", cnode_mint},
    {"errors: CNode.move", cnode_move},
    {"errors: CNode.delete and revoke", cnode_delete_and_revoke},
    {"errors: Thread.configure", thread_configure},
    {"errors: Thread.set_priority", thread_set_priority},
    {"errors: Thread.write_registers and set_name", thread_registers_and_name},
    {"errors: Thread.set_fault_endpoint", thread_set_fault_endpoint},
    {"errors: Thread.bind_notification", thread_bind_notification},
    {"errors: Thread.bind_notification with a waiter", thread_bind_with_a_waiter},
    {"errors: Thread.resume", thread_resume},
    {"errors: SchedContext.bind and unbind", sched_context},
    {"errors: SchedControl.configure", sched_control},
    {},
};

/* --- Memory and devices -------------------------------------------------------------------- */

/* Does a refused deadline fire, or a refused bind replace the old one? */
static void timer(void)
{
    ash_cptr timer = make(ASH_OBJ_TIMER, 0), notification = make(ASH_OBJ_NOTIFICATION, 0);
    REFUSES(timer, ASH_TIMER_SET, WORDS(0), NONE, ASH_E_NOT_BOUND, ANY);
    REFUSES(timer, ASH_TIMER_BIND, NONE, NONE, ASH_E_SOURCE, 0);
    REFUSES(timer, ASH_TIMER_BIND, NONE, CAPS(timer), ASH_E_SOURCE, 0);
    OK(ash_timer_bind(timer, minted(notification, ASH_RIGHT_WRITE, 2)));
    REFUSES(timer, ASH_TIMER_BIND, NONE, CAPS(minted(notification, ASH_RIGHT_READ, 4)),
            ASH_E_RIGHTS, ASH_RIGHT_WRITE);
    REFUSES(timer, ASH_TIMER_SET, NONE, NONE, ASH_E_TRUNCATED, 1);
    EQ(ash_poll(notification), 0);
    OK(ash_timer_set(timer, 0));
    EQ(ash_wait(notification), 2);
}

/* Can a page table get to where none belongs? */
static void page_table(void)
{
    ash_cptr space = make(ASH_OBJ_VSPACE, 0), table = make(ASH_OBJ_PAGE_TABLE, 0),
             other = make(ASH_OBJ_PAGE_TABLE, 0);
    ash_word m = ASH_PAGE_TABLE_MAP;
    REFUSES(table, m, NONE, CAPS(space), ASH_E_TRUNCATED, 1);
    REFUSES(table, m, WORDS(HERE), NONE, ASH_E_SOURCE, 0);
    REFUSES(table, m, WORDS(HERE), CAPS(table), ASH_E_SOURCE, 0);
    REFUSES(table, m, WORDS(HERE + 1), CAPS(space), ASH_E_ALIGNMENT, 0);
    REFUSES(table, m, WORDS(ASH_USER_TOP), CAPS(space), ASH_E_RANGE, 0);
    REFUSES(table, m, WORDS(0xffffffff80000000), CAPS(space), ASH_E_RANGE, 0);
    REFUSES(table, m, WORDS(1ull << 63), CAPS(space), ASH_E_RANGE, 0);
    REFUSES(table, ASH_PAGE_TABLE_UNMAP, NONE, NONE, ASH_E_NOT_BOUND, ANY);
    OK(ash_page_table_map(table, space, HERE));
    REFUSES(table, m, WORDS(HERE), CAPS(space), ASH_E_BUSY, ANY);
    OK(ash_page_table_map(other, space, HERE));
    REFUSES(make(ASH_OBJ_PAGE_TABLE, 0), m, WORDS(HERE), CAPS(space), ASH_E_BUSY, ANY);
    OK(ash_page_table_map(make(ASH_OBJ_PAGE_TABLE, 0), space, ASH_USER_TOP - 4096));
}

/* Can a frame be mapped with more than its capability says, or over something else? */
static void frame_map(void)
{
    ash_cptr space = make(ASH_OBJ_VSPACE, 0), frame = make(ASH_OBJ_FRAME, 12), weak = new_slot();
    CHECK(make_tables(space, HERE));
    OK(ash_cnode_copy(CNODE, weak, frame, ASH_RIGHT_READ));
    ash_word m = ASH_FRAME_MAP;
    REFUSES(frame, m, WORDS(HERE), CAPS(space), ASH_E_TRUNCATED, 2);
    REFUSES(frame, m, WORDS(HERE, RW), NONE, ASH_E_SOURCE, 0);
    REFUSES(frame, m, WORDS(HERE, RW), CAPS(frame), ASH_E_SOURCE, 0);
    REFUSES(frame, m, WORDS(HERE, 0), CAPS(space), ASH_E_ARGUMENT, 1);
    REFUSES(frame, m, WORDS(HERE, ASH_RIGHT_EXECUTE), CAPS(space), ASH_E_ARGUMENT, 1);
    REFUSES(frame, m, WORDS(HERE, RW | ASH_RIGHT_GRANT), CAPS(space), ASH_E_ARGUMENT, 1);
    REFUSES(frame, m, WORDS(HERE, RW | 1ull << 63), CAPS(space), ASH_E_ARGUMENT, 1);
    REFUSES(frame, m, WORDS(HERE, RW | ASH_RIGHT_EXECUTE), CAPS(space), ASH_E_WX, ANY);
    REFUSES(weak, m, WORDS(HERE, RW), CAPS(space), ASH_E_RIGHTS, ANY);
    REFUSES(weak, m, WORDS(HERE, ASH_RIGHT_READ | ASH_RIGHT_EXECUTE), CAPS(space), ASH_E_RIGHTS,
            ANY);
    REFUSES(frame, m, WORDS(HERE + 2048, RW), CAPS(space), ASH_E_ALIGNMENT, 0);
    REFUSES(frame, m, WORDS(ASH_USER_TOP, RW), CAPS(space), ASH_E_RANGE, 0);
    REFUSES(frame, m, WORDS(~0ull << 12, RW), CAPS(space), ASH_E_RANGE, 0);
    REFUSES(frame, m, WORDS(HERE + (1 << 21), RW), CAPS(space), ASH_E_NO_TABLE, 21);
    REFUSES(frame, m, WORDS(HERE + (1 << 30), RW), CAPS(space), ASH_E_NO_TABLE, 30);
    OK(ash_frame_map(frame, space, HERE, RW));
    REFUSES(frame, m, WORDS(HERE + 4096, RW), CAPS(space), ASH_E_BUSY, ANY);
    REFUSES(frame, m, WORDS(HERE, RW), CAPS(VSPACE), ASH_E_BUSY, ANY);
    REFUSES(make(ASH_OBJ_FRAME, 12), m, WORDS(HERE, RW), CAPS(space), ASH_E_BUSY, ANY);
    REFUSES(weak, ASH_FRAME_UNMAP, NONE, NONE, ASH_E_NOT_BOUND, ANY);
}

/* Can an interrupt be had twice, or one that does not exist? */
static void irq(void)
{
    ash_cptr control = ASH_BOOT_IRQ_CONTROL, slot = new_slot(), full_slot = make(ASH_OBJ_TIMER, 0),
             notification = make(ASH_OBJ_NOTIFICATION, 0);
    ash_word m = ASH_IRQ_CONTROL_GET, source = 11;
    REFUSES(control, m, WORDS(source, slot), CAPS(CNODE), ASH_E_TRUNCATED, 3);
    REFUSES(control, m, WORDS(source, slot, 0), NONE, ASH_E_SOURCE, 0);
    REFUSES(control, m, WORDS(0, slot, 0), CAPS(CNODE), ASH_E_RANGE, 0);
    REFUSES(control, m, WORDS(1024, slot, 0), CAPS(CNODE), ASH_E_RANGE, 0);
    REFUSES(control, m, WORDS(~0ull, slot, 0), CAPS(CNODE), ASH_E_RANGE, 0);
    REFUSES(control, m, WORDS(source, 8192, 0), CAPS(CNODE), ASH_E_RANGE, 1);
    REFUSES(control, m, WORDS(source, full_slot, 0), CAPS(CNODE), ASH_E_OCCUPIED, full_slot);
    OK(ash_irq_control_get(control, source, CNODE, slot, false));
    REFUSES(control, m, WORDS(source, new_slot(), 0), CAPS(CNODE), ASH_E_BUSY, ANY);
    REFUSES(slot, ASH_IRQ_ACK, NONE, NONE, ASH_E_NOT_BOUND, ANY);
    REFUSES(slot, ASH_IRQ_BIND, NONE, NONE, ASH_E_SOURCE, 0);
    REFUSES(slot, ASH_IRQ_BIND, NONE, CAPS(slot), ASH_E_SOURCE, 0);
    REFUSES(slot, ASH_IRQ_BIND, NONE, CAPS(minted(notification, ASH_RIGHT_READ, 1)), ASH_E_RIGHTS,
            ASH_RIGHT_WRITE);
    REFUSES(slot, 71, NONE, NONE, ASH_E_METHOD, 71);
    REFUSES(slot, 76, NONE, NONE, ASH_E_METHOD, 76);
    REFUSES(slot, 78, NONE, NONE, ASH_E_METHOD, 78);
    REFUSES(control, 77, NONE, NONE, ASH_E_METHOD, 77);
    OK(ash_cnode_delete(CNODE, slot));
}

/* Does a weak or short message reset the machine, or print what was not sent? */
static void firmware(void)
{
    ash_cptr all = ASH_BOOT_FIRMWARE, weak = new_slot();
    OK(ash_cnode_copy(CNODE, weak, all, 0));
    REFUSES(weak, ASH_FIRMWARE_WRITE, WORDS(1, 'x'), NONE, ASH_E_RIGHTS, ASH_RIGHT_WRITE);
    REFUSES(weak, ASH_FIRMWARE_READ, NONE, NONE, ASH_E_RIGHTS, ASH_RIGHT_READ);
    REFUSES(weak, ASH_FIRMWARE_RESET, WORDS(0, 0), NONE, ASH_E_RIGHTS, ASH_RIGHT_GRANT);
    REFUSES(all, ASH_FIRMWARE_RESET, WORDS(3, 0), NONE, ASH_E_RANGE, 0);
    REFUSES(all, ASH_FIRMWARE_RESET, WORDS(0, 2), NONE, ASH_E_RANGE, 1);
    REFUSES(all, ASH_FIRMWARE_RESET, NONE, NONE, ASH_E_TRUNCATED, 2);
    REFUSES(all, ASH_FIRMWARE_RESET, WORDS(0), NONE, ASH_E_TRUNCATED, 2);
    REFUSES(all, ASH_FIRMWARE_WRITE, WORDS(0), NONE, ASH_E_RANGE, 0);
    REFUSES(all, ASH_FIRMWARE_WRITE, WORDS(481), NONE, ASH_E_RANGE, 0);
    REFUSES(all, ASH_FIRMWARE_WRITE, WORDS(~0ull), NONE, ASH_E_RANGE, 0);
    REFUSES(all, ASH_FIRMWARE_WRITE, WORDS(9, 0), NONE, ASH_E_TRUNCATED, 3);
    struct ash_firmware_info info;
    OK(ash_firmware_info(weak, &info));
}

/* Do the objects of communication have methods after all? */
static void objects_without_methods(void)
{
    ash_cptr made[] = {make(ASH_OBJ_REPLY, 0), make(ASH_OBJ_VSPACE, 0)};
    for (unsigned i = 0; i < 2; i++)
        for (ash_word label = 0; label < 90; label++)
            EQ(invoke(made[i], label, 0, nullptr, 0, nullptr), ASH_E_METHOD);
}

/* Does Send or NBSend, which cannot answer, run a method? */
static void send_is_no_call(void)
{
    ash_cptr objects[] = {POOL,      CNODE, VSPACE, make(ASH_OBJ_THREAD, 0), make(ASH_OBJ_TIMER, 0),
                          new_slot()};
    struct world before = world_now();
    for (unsigned i = 0; i < 6; i++)
        for (ash_word number = ASH_SYS_SEND; number <= ASH_SYS_NBSEND; number++) {
            struct ash_message m = {.info = ash_info(ASH_CNODE_DELETE, 4, 0), .mr = {POOL}};
            ash_syscall_message(number, objects[i], 0, &m);
            CHECK(m.info & ASH_INFO_KERNEL);
            EQ(ash_info_label(m.info), i == 5 ? ASH_E_CAPABILITY : ASH_E_METHOD);
        }
    EQ(world_now().slots, before.slots);
}

const struct test device_error_tests[] = {
    {"errors: Timer.bind and set", timer},
    {"errors: PageTable.map and unmap", page_table},
    {"errors: Frame.map and unmap", frame_map},
    {"errors: IrqControl.get, Irq.bind and ack", irq},
    {"errors: Firmware", firmware},
    {"errors: Reply and VSpace have no methods", objects_without_methods},
    {"errors: Send is no Call", send_is_no_call},
    {},
};
