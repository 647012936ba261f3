// SPDX-License-Identifier: MIT
/*
 * The kernel's tests on the kernel itself: a root task that has everything (`ashlar.test=kernel`).
 *
 * Each test starts from the same state: an Untyped `POOL` of POOL_BYTES with no children, and empty
 * slots from FIRST_SLOT on. After it the pool is revoked and must be whole again, so that whatever
 * a test left behind is also a test of deletion.
 */
#ifndef KTEST_H
#define KTEST_H

#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/start.h"

#define POOL       ((ash_cptr)2048)
#define POOL_BYTES ((ash_word)8 << 20)
#define FIRST_SLOT ((ash_cptr)2100)
#define LAST_SLOT  ((ash_cptr)6000)
#define CNODE      ASH_BOOT_CNODE
#define VSPACE     ASH_BOOT_VSPACE
#define PRIORITY   200u /* of the test thread */

struct test {
    const char *name;
    void (*run)(void);
};

/* The rows of one file, ended by a row without name. */
extern const struct test preempt_tests[];
extern const struct test untyped_tests[], cnode_tests[], endpoint_tests[], transfer_tests[],
    reply_tests[], notification_tests[], thread_tests[], sched_tests[], timer_tests[],
    vspace_tests[], fault_tests[], irq_tests[], fpu_tests[], smp_tests[], hostile_tests[],
    error_tests[], device_error_tests[], budget_tests[], chain_tests[], register_tests[],
    priority_tests[], rights_tests[], passive_tests[], fpu_state_tests[], tlb_tests[],
    timers_tests[], tree_tests[], exhaust_tests[], cause_tests[], message_tests[], defect_tests[],
    space_tests[], io_space_tests[], io_message_tests[];

extern const struct ash_boot *boot;

/* Marks the running test as failed; the text names what did not hold. */
void fail(const char *file, int line, const char *what, ash_word got, ash_word wanted);

#define EQ(got, wanted)                                                                            \
    do {                                                                                           \
        ash_word got_ = (ash_word)(got), wanted_ = (ash_word)(wanted);                             \
        if (got_ != wanted_) {                                                                     \
            fail(__FILE__, __LINE__, #got, got_, wanted_);                                         \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define AT_MOST(got, limit)                                                                        \
    do {                                                                                           \
        ash_word most_ = (ash_word)(got), limit_ = (ash_word)(limit);                              \
        if (most_ > limit_) {                                                                      \
            fail(__FILE__, __LINE__, #got, most_, limit_);                                         \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define AT_LEAST(got, limit)                                                                       \
    do {                                                                                           \
        ash_word least_ = (ash_word)(got), limit_ = (ash_word)(limit);                             \
        if (least_ < limit_) {                                                                     \
            fail(__FILE__, __LINE__, #got, least_, limit_);                                        \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define CHECK(condition) EQ(!(condition), 0)
#define OK(call)         EQ((call), ASH_OK)

/* An empty slot of the root CNode; all are taken back after the test. */
ash_cptr new_slot(void);
/* Makes one object from the pool; 0 if that failed (and the test has failed). */
ash_cptr make(enum ash_object_type type, ash_word parameter);
/* A badged copy with those rights. */
ash_cptr minted(ash_cptr source, ash_word rights, ash_word badge);
/* Detail words of the last failed invocation made with `invoke`. */
extern ash_word detail[2];
/* A raw method call with words and capabilities, for what the wrappers cannot say. */
ash_error invoke(ash_cptr target, ash_word method, unsigned words, const ash_word *word,
                 unsigned caps, const ash_cptr *cap);
/* Makes the page tables that `address` needs in `vspace`. */
bool make_tables(ash_cptr vspace, ash_word address);

/* A Frame of the page of device memory at `physical`, 0 if the kernel gave none away there. Several
 * in one test: in ascending order. */
ash_cptr device_frame(ash_word physical);

/* True if the slot of the root CNode holds a capability; changes nothing. */
bool full(ash_cptr slot);
/* What a refused method must not change: memory left in the pool, which slots are full. */
struct world {
    ash_word left, slots;
};
struct world world_now(void);

/* Words and capabilities of a method call, for `refuses`. */
#define WORDS(...) (const ash_word[]){__VA_ARGS__}, sizeof((const ash_word[]){__VA_ARGS__}) / 8
#define CAPS(...)  (const ash_cptr[]){__VA_ARGS__}, sizeof((const ash_cptr[]){__VA_ARGS__}) / 8
#define NONE       nullptr, 0
/* The call must end with that error, detail in mr0 (ANY: not looked at), and leave the world as it
 * was; else the test has failed and this is false. */
#define ANY (~(ash_word)0 - 77)
bool refuses(const char *file, int line, ash_cptr target, ash_word method, const ash_word *word,
             size_t words, const ash_cptr *cap, size_t caps, ash_error error, ash_word detail0);
#define REFUSES(...)                                                                               \
    do {                                                                                           \
        if (!refuses(__FILE__, __LINE__, __VA_ARGS__))                                             \
            return;                                                                                \
    } while (0)

/* A second thread in this address space. The first three words are for its entry to work with. */
struct kthread {
    ash_cptr endpoint, reply, next;
    ash_cptr thread, sched, buffer;
    struct ash_ipc_buffer *ipc;
    volatile ash_word count, value, seen[8];
};

#define KTHREADS 24u

/* Starts entry(thread) with a stack and an IPC buffer of its own; priority, hart; a SchedContext
 * with budget == period == 10 ms unless `passive`. Null if something failed. */
struct kthread *start(void (*entry)(struct kthread *), unsigned priority, unsigned hart,
                      bool passive);
/* The same without resuming it. */
struct kthread *prepare(void (*entry)(struct kthread *), unsigned priority, unsigned hart,
                        bool passive);
/* Starts a thread that begins by receiving, and takes its time away once it does. */
struct kthread *start_passive(void (*entry)(struct kthread *), unsigned priority);
/* Makes what this part needs for itself. */
bool take_threads(ash_cptr ram);
/* Deletes the threads of the test, before what they wait on: woken, they would run for ever. */
void end_threads(void);
/* Ends the calling kthread: it waits for ever. */
[[noreturn]] void park(void);
/* Waits until *word == value, for at most a second of virtual time; true if it came. */
bool wait_until(const volatile ash_word *word, ash_word value);
/* Waits until the thread is in that state, for at most a second. */
bool wait_state(const struct kthread *t, enum ash_thread_state state);
/* Its state now. */
ash_word state_of(const struct kthread *t);
/* It runs: within a second its count changes. */
bool grows(const struct kthread *t);
/* Busy for that many microseconds. */
void spin(ash_word microseconds);
/* Sleeps: lets threads of lower priority run. */
void sleep_us(ash_word microseconds);

/* Entries of threads that many tests use. */
void counter(struct kthread *t); /* counts for ever */
void echo(struct kthread *t);    /* answers with label + 1 and mr0 + 1; value: badge */
void caller(struct kthread *t);  /* one call, label and mr0 `value`; seen[0], seen[1]: info, mr0 */
void waiter(struct kthread *t);  /* waits on the notification `endpoint`; seen[0]: info */
/* An echo server that waits for its first message on an endpoint of its own. */
struct kthread *server(unsigned priority, unsigned hart, bool passive);
/* A started caller; a waiter that waits already. Both on hart 0. */
struct kthread *calling(ash_cptr endpoint, ash_word value, unsigned priority);
struct kthread *waiting(ash_cptr notification, unsigned priority);
/* Calls with label 1 and one word; returns the label of the answer. */
ash_word call1(ash_cptr target, ash_word word, struct ash_message *m);

static inline unsigned last_hart(void)
{
    return (unsigned)boot->harts - 1;
}

#endif
