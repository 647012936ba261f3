// SPDX-License-Identifier: MIT
/*
 * What the files of this folder share. One pass of the checker finds every slot and every object
 * first (slots.c) and then verifies the invariants of one family of objects after the other. It
 * only reads the kernel's data; what it notes goes into a table of its own, taken at boot.
 */
#ifndef KERNEL_CHECK_CHECKS_H
#define KERNEL_CHECK_CHECKS_H

#include "object/capability.h"
#include "panic.h"

struct invocation;
struct thread;
struct thread_queue;
struct vspace;

/* Panics when an invariant does not hold: in its own words, with what was found. */
#define RULE(holds, words, ...)                                                                    \
    do {                                                                                           \
        if (!(holds)) [[clang::unlikely]]                                                          \
            panic("invariant: " words __VA_OPT__(, ) __VA_ARGS__);                                 \
    } while (0)

/* --- The table (table.c): what this pass knows about an address ------------------------------- */

struct entry {
    uint64_t key;
    uint32_t pass;           /* other than the current one: free */
    uint32_t count;          /* of an object: slots that name it */
    const struct slot *slot; /* of an object: one that names it. Of a PTE: its owner. Of a slot: its
                                parent */
    uint32_t mark;           /* enum mark, gathered on the way */
};

enum mark {
    MARK_IN_CONTAINER = 1u << 0, /* slot: lies in a live object */
    MARK_WAITS = 1u << 1,        /* thread: in the queue of an Endpoint or Notification */
    MARK_READY = 1u << 2,        /* thread: in a ready queue */
    MARK_CURRENT = 1u << 3,      /* thread: runs on a hart */
    MARK_STACKED = 1u << 4,      /* reply: in the stack of a SchedContext */
    MARK_TIMED = 1u << 5,        /* SchedContext, Timer: its timeout is in a queue */
    MARK_LISTED = 1u << 6,       /* thread: in the list of all threads */
    MARK_DERIVED = 1u << 7,      /* slot: in the derivation tree */
};

/* Addresses of different things never meet: kernel addresses of slots, objects and page-table
 * entries, physical addresses of memory objects. */
uint64_t key_of_slot(const struct slot *slot);
uint64_t key_of_object(uint8_t type, uint64_t object);
uint64_t key_of_pte(const uint64_t *entry);

/* Takes memory for as many slots as the machine's RAM makes likely. */
void table_boot(void);
/* Forgets everything. */
void table_begin(void);
struct entry *table_find(uint64_t key);
/* Finds or makes the entry; panics when the table is full. */
struct entry *table_add(uint64_t key, bool *fresh);

/* --- What there is (slots.c) ------------------------------------------------------------------ */

extern const struct slot **all_slots; /* every full slot */
extern size_t slot_count;
extern struct entry **all_objects; /* every object that a slot names, each once */
extern size_t object_count;

void slots_find(void);
/* The entry of a live object, or null. */
struct entry *live(uint8_t type, const void *object);
#define MUST_LIVE(type, object, words)                                                             \
    RULE(live((type), (object)), words " is a live object: %p", (const void *)(object))

static inline uint8_t type_of(const struct entry *entry)
{
    return entry->slot->cap.type;
}

/* --- The families ------------------------------------------------------------------------------
 */

/* derivation.c. The slots that this one is linked with; null where there is none. */
#define NEIGHBOURS 4u
void derivation_neighbours(const struct slot *slot, const struct slot *neighbour[NEIGHBOURS]);
/* The nearest Untyped above, or null. After check_derivation. */
const struct slot *derivation_untyped(const struct slot *slot);
void check_derivation(void);

void check_memory_boot(size_t objects);
void check_memory(void);  /* memory.c: objects and Untypeds */
void check_threads(void); /* threads.c */
void check_queues(void);  /* queues.c: Endpoints and Notifications */
/* One queue of threads, whoever owns it: marks each thread and lets `rule` look at it. */
void check_thread_queue(const struct thread_queue *queue, const void *owner, enum mark mark,
                        void (*rule)(const struct thread *thread, const void *owner));
void check_replies(void);   /* replies.c: Replies and what is lent through them */
void check_schedules(void); /* schedules.c: ready queues, harts */
void check_timeouts(void);  /* timeouts.c */
void check_budgets(void);   /* budgets.c */
void check_spaces(void);    /* spaces.c: VSpaces, mappings, address-space numbers */
void check_directory(void); /* directory.c: which device uses which IoSpace */
void check_kernel(void);    /* kernel.c: the kernel's own tables and registers */

/* Verifies every invariant now. `pass` numbers the passes from 1. */
void check_everything(void);
extern uint32_t check_pass;

/* provoke.c. Breaks a rule on purpose (enum ash_provocation), to prove that breaking it is fatal.
 */
unsigned check_provoke(struct invocation *call, uint64_t what);
/* spoil.c. Those that spoil data of the kernel's for the checker to find. */
unsigned check_spoil(struct invocation *call, uint64_t what);

#endif
