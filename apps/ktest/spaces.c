// SPDX-License-Identifier: MIT
/*
 * Threads in address spaces of their own: a page of code at CODE counts in a word at DATA. All use
 * the same two addresses, so whoever got a translation of somebody else's would count for him. And
 * what several harts do to one thread or server at once.
 */
#include "ktest.h"

#define CODE  ((ash_word)0x10000)
#define DATA  ((ash_word)0x20000)
#define ALIAS ((ash_word)0x72000000) /* of the counters, in this address space */

struct space {
    ash_cptr memory, vspace, thread, sched, data;
    volatile ash_word *word;
};

static ash_cptr code, endpoint, reply;

/* ld a1, 0(a0); addi a1, a1, 1; sd a1, 0(a0); j back */
static bool make_code(void)
{
    static const uint32_t loop[] = {0x00053583, 0x00158593, 0x00b53023, 0xff5ff06f};
    code = make(ASH_OBJ_FRAME, 12);
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    if (!make_tables(VSPACE, ALIAS) ||
        ash_frame_map(code, VSPACE, ALIAS, ASH_RIGHT_READ | ASH_RIGHT_WRITE) != ASH_OK)
        return false;
    for (unsigned i = 0; i < 4; i++)
        ((volatile uint32_t *)ALIAS)[i] = loop[i];
    return ash_frame_unmap(code) == ASH_OK;
}

static bool map_all(struct space *s, ash_cptr work)
{
    ash_word rw = ASH_RIGHT_READ | ASH_RIGHT_WRITE;
    return ash_page_table_map(work, s->vspace, CODE) == ASH_OK &&
           ash_page_table_map(work + 1, s->vspace, CODE) == ASH_OK &&
           ash_cnode_copy(CNODE, work + 2, code, ASH_RIGHT_ALL) == ASH_OK &&
           ash_cnode_copy(CNODE, work + 3, s->data, ASH_RIGHT_ALL) == ASH_OK &&
           ash_frame_map(work + 2, s->vspace, CODE, ASH_RIGHT_READ | ASH_RIGHT_EXECUTE) == ASH_OK &&
           ash_frame_map(work + 3, s->vspace, DATA, rw) == ASH_OK &&
           ash_frame_map(s->data, VSPACE, (ash_word)s->word, rw) == ASH_OK;
}

/* Everything from an Untyped of its own; slots from `at` on: vspace, thread, sched, data, four
 * more. */
static bool make_space(struct space *s, ash_cptr at, unsigned index, unsigned hart)
{
    *s = (struct space){s->memory, at,     at + 1,
                        at + 2,    at + 3, (volatile ash_word *)(ALIAS + 4096 + index * 4096)};
    ash_word slice = ash_ticks(500);
    struct ash_thread_start start = {.pc = CODE, .a0 = DATA};
    return ash_untyped_retype(s->memory, ASH_OBJ_VSPACE, 0, CNODE, s->vspace, 1) == ASH_OK &&
           ash_untyped_retype(s->memory, ASH_OBJ_THREAD, 0, CNODE, s->thread, 1) == ASH_OK &&
           ash_untyped_retype(s->memory, ASH_OBJ_SCHED_CONTEXT, 0, CNODE, s->sched, 1) == ASH_OK &&
           ash_untyped_retype(s->memory, ASH_OBJ_FRAME, 12, CNODE, s->data, 1) == ASH_OK &&
           ash_untyped_retype(s->memory, ASH_OBJ_PAGE_TABLE, 0, CNODE, at + 4, 2) == ASH_OK &&
           map_all(s, at + 4) &&
           ash_thread_configure(s->thread, CNODE, s->vspace, s->data, 1024) == ASH_OK &&
           ash_thread_set_priority(s->thread, PRIORITY - 1, 0) == ASH_OK &&
           ash_thread_set_fault_endpoint(s->thread, endpoint) == ASH_OK &&
           ash_thread_write_registers(s->thread, &start) == ASH_OK &&
           ash_sched_configure(ASH_BOOT_SCHED_CONTROL, s->sched, hart, slice, slice) == ASH_OK &&
           ash_sched_bind(s->sched, s->thread) == ASH_OK;
}

static bool counts(const struct space *s)
{
    ash_word before = *s->word;
    for (unsigned i = 0; i < 5000 && *s->word == before; i++)
        sleep_us(200);
    return *s->word != before;
}

#define SPACES 12u
#define AT     (FIRST_SLOT + 300)

static void end_space(struct space *s)
{
    OK(ash_cnode_delete(CNODE, s->thread));
    OK(ash_cnode_revoke(CNODE, s->memory));
    OK(ash_cnode_delete(CNODE, s->vspace + 6)); /* the copy of the code's capability */
}

/* Twelve on all harts, each with its own number in the upper half of its word. */
static void everybody_counts_his_own(void)
{
    struct space s[SPACES];
    CHECK(make_code());
    for (unsigned i = 0; i < SPACES; i++) {
        s[i].memory = make(ASH_OBJ_UNTYPED, 65536);
        CHECK(make_space(&s[i], AT + i * 8, i, i % (unsigned)boot->harts));
        *s[i].word = (ash_word)(i + 1) << 48;
    }
    for (unsigned i = 0; i < SPACES; i++)
        OK(ash_thread_resume(s[i].thread));
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < SPACES; i++) {
            CHECK(counts(&s[i]));
            EQ(*s[i].word >> 48, i + 1);
        }
    for (unsigned i = 0; i < SPACES; i++)
        end_space(&s[i]);
}

/* From hart to hart while it counts: no count is lost, none twice. */
static void moved_while_it_counts(void)
{
    struct space s;
    CHECK(make_code());
    s.memory = make(ASH_OBJ_UNTYPED, 65536);
    CHECK(make_space(&s, AT, 0, 0));
    OK(ash_thread_resume(s.thread));
    ash_word slice = ash_ticks(500);
    for (unsigned i = 0; i < 40; i++) {
        OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, s.sched, i % boot->harts, slice, slice));
        CHECK(counts(&s));
    }
    end_space(&s);
}

/* The space, the code, the data taken away while it runs on another hart. */
static void taken_away(unsigned what)
{
    struct space s;
    CHECK(make_code());
    s.memory = make(ASH_OBJ_UNTYPED, 65536);
    CHECK(make_space(&s, AT, 0, last_hart()));
    OK(ash_thread_resume(s.thread));
    CHECK(counts(&s));
    if (what == 0) {
        OK(ash_cnode_revoke(CNODE, s.vspace)); /* the thread's own capability */
        OK(ash_cnode_delete(CNODE, s.vspace)); /* the last one */
    } else {
        OK(ash_cnode_delete(CNODE, AT + 4 + (what == 1 ? 2 : 3)));
    }
    ash_word last = *s.word;
    struct ash_message m;
    ash_recv(endpoint, reply, &m);
    EQ(*s.word, last);
    if (what == 2)
        CHECK((m.mr[1] == 13 || m.mr[1] == 15) && m.mr[2] == DATA);
    else
        CHECK(m.mr[1] == 12 && m.mr[2] >= CODE && m.mr[2] < CODE + 16);
    end_space(&s);
}

static void space_taken_away(void)
{
    taken_away(0);
}
static void code_taken_away(void)
{
    taken_away(1);
}
static void data_taken_away(void)
{
    taken_away(2);
}

/* More spaces, one after the other, than there are numbers for them; each runs a little, on the
 * last hart, in the same memory. */
static void more_than_there_are_numbers(void)
{
    struct space s;
    CHECK(make_code());
    s.memory = make(ASH_OBJ_UNTYPED, 65536);
    OK(ash_untyped_retype(POOL, ASH_OBJ_VSPACE, 0, CNODE, AT + 100, 900));
    for (ash_word i = 1; i <= 260; i++) {
        CHECK(make_space(&s, AT, (unsigned)(i % 3), last_hart()));
        *s.word = i << 48;
        OK(ash_thread_resume(s.thread));
        CHECK(counts(&s));
        EQ(*s.word >> 48, i);
        end_space(&s);
    }
}

/* --- Several harts on one thing -------------------------------------------------------------- */

static void many_calls(struct kthread *t)
{
    for (ash_word i = 1; i <= 100; i++) {
        struct ash_message m;
        if (call1(t->endpoint, i, &m) != 2 || m.mr[0] != i + 1)
            break;
        t->seen[0] = i;
    }
    t->count = 1;
}

/* One passive server, called from all harts: it runs on each, for its caller. */
static void one_server_for_all_harts(void)
{
    struct kthread *s = server(PRIORITY - 2, 0, true), *t[8];
    CHECK(s);
    for (unsigned i = 0; i < 8; i++) {
        CHECK(t[i] = prepare(many_calls, PRIORITY - 1, i % (unsigned)boot->harts, false));
        t[i]->endpoint = s->endpoint;
        OK(ash_thread_resume(t[i]->thread));
    }
    for (unsigned i = 0; i < 8; i++) {
        CHECK(wait_until(&t[i]->count, 1));
        EQ(t[i]->seen[0], 100);
    }
    EQ(s->count, 800);
    EQ(state_of(s), ASH_THREAD_BLOCKED_RECEIVE);
}

/* Callers stopped and started at any moment, server in between: everybody gets on afterwards. */
static void stopped_in_the_middle_of_calls(void)
{
    struct kthread *s = server(PRIORITY - 2, 0, true), *t[4];
    CHECK(s);
    for (unsigned i = 0; i < 4; i++) {
        CHECK(t[i] = prepare(many_calls, PRIORITY - 1, i % (unsigned)boot->harts, false));
        t[i]->endpoint = s->endpoint;
        OK(ash_thread_resume(t[i]->thread));
    }
    for (unsigned i = 0; i < 100; i++) {
        sleep_us(i % 7);
        OK(ash_thread_suspend(t[i % 4]->thread));
        sleep_us(i % 5);
        if (ash_sched_bind(t[i % 4]->sched, t[i % 4]->thread) != ASH_OK)
            sleep_us(50);
        OK(ash_thread_resume(t[i % 4]->thread));
    }
    for (unsigned i = 0; i < 4; i++) {
        (void)ash_sched_bind(t[i]->sched, t[i]->thread); /* if it was lent when it was stopped */
        CHECK(wait_until(&t[i]->count, 1));
    }
    CHECK(wait_state(s, ASH_THREAD_BLOCKED_RECEIVE));
    struct ash_message m;
    EQ(call1(s->endpoint, 1, &m), 2);
}

static void many_signals(struct kthread *t)
{
    for (ash_word i = 0; i < 200; i++) {
        ash_signal(t->next);
        t->seen[0]++;
    }
    t->count = 1;
}

/* Signals from all harts into one word: no bit is lost. */
static void signals_from_all_harts(void)
{
    ash_cptr notification = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t[8];
    for (unsigned i = 0; i < 8; i++) {
        CHECK(t[i] = prepare(many_signals, PRIORITY - 1, i % (unsigned)boot->harts, false));
        t[i]->next = minted(notification, ASH_RIGHT_WRITE, 1ull << i);
        OK(ash_thread_resume(t[i]->thread));
    }
    ash_word bits = 0;
    for (unsigned i = 0; i < 5000 && bits != 0xff; i++)
        bits |= ash_wait(notification);
    EQ(bits, 0xff);
    for (unsigned i = 0; i < 8; i++)
        CHECK(wait_until(&t[i]->count, 1));
}

/* A lower priority given to what runs on another hart: the other thread there gets its turn. */
static void priority_of_a_thread_on_another_hart(void)
{
    struct kthread *a = start(counter, PRIORITY - 3, last_hart(), false);
    struct kthread *b = start(counter, PRIORITY - 5, last_hart(), false);
    CHECK(a && b && grows(a));
    EQ(b->count, 0);
    OK(ash_thread_set_priority(a->thread, PRIORITY - 9, 255));
    CHECK(grows(b));
    ash_word count = a->count;
    sleep_us(300);
    EQ(a->count, count);
}

const struct test space_tests[] = {
    {"space: everybody counts his own", everybody_counts_his_own},
    {"space: moved while it counts", moved_while_it_counts},
    {"space: taken away from a running thread", space_taken_away},
    {"space: its code taken away", code_taken_away},
    {"space: its data taken away", data_taken_away},
    {"space: more than there are numbers", more_than_there_are_numbers},
    {"harts: one passive server for all", one_server_for_all_harts},
    {"harts: stopped in the middle of calls", stopped_in_the_middle_of_calls},
    {"harts: signals from all into one word", signals_from_all_harts},
    {"harts: priority of a thread on another one", priority_of_a_thread_on_another_hart},
    {},
};
