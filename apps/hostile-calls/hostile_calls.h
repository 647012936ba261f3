// SPDX-License-Identifier: MIT
/*
 * The judge and its attackers.
 *
 *   judge      main.c, world.c: the root task's own thread; has everything, above all an
 *              Untyped `POOL` that everything else of a round is made from
 *   attackers  attack.c: threads in an address space of their own, a copy of this program, with a
 *              CSpace of their own, the cage: they issue system calls as seeds say
 *
 * The cage holds at least one capability of each kind (enum staple), also to itself, to its
 * address space and to the attackers' threads and SchedContexts. Whatever attackers destroy, the
 * judge puts back: see world.c.
 */
#ifndef HOSTILE_CALLS_H
#define HOSTILE_CALLS_H

#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/start.h"

#define ATTACKERS  6u
#define CAGE_RADIX 7u
#define CAGE_SLOTS (1u << CAGE_RADIX)

/* What the cage holds, by slot; the slots behind are the attackers'. */
enum staple {
    STAPLE_CNODE = 1,
    STAPLE_VSPACE,
    STAPLE_THREADS,
    STAPLE_SCHEDS = STAPLE_THREADS + ATTACKERS,
    STAPLE_SCHED_CONTROL = STAPLE_SCHEDS + ATTACKERS,
    STAPLE_IRQ_CONTROL,
    STAPLE_FIRMWARE, /* READ only: neither console output nor reset */
    STAPLE_ENDPOINT,
    STAPLE_ENDPOINT2,
    STAPLE_ENDPOINT_BADGED,
    STAPLE_NOTIFICATION,
    STAPLE_NOTIFICATION2,
    STAPLE_NOTIFICATION_BADGED,
    STAPLE_TIMER,
    STAPLE_FRAME,
    STAPLE_LARGE_FRAME,
    STAPLE_BUFFER,  /* the frame of an attacker's IPC buffer */
    STAPLE_VSPACE2, /* an empty one */
    STAPLE_CNODE2,  /* radix 4 */
    STAPLE_THREAD2, /* not configured */
    STAPLE_IOMMU,   /* nothing on a machine without one, and the IoSpaces below neither */
    STAPLE_REPLY,   /* from here on: what cannot be copied */
    STAPLE_REPLY2,
    STAPLE_PAGE_TABLE,
    STAPLE_PAGE_TABLE2,
    STAPLE_UNTYPED,
    STAPLE_UNTYPED2,
    STAPLE_IO_SPACE,
    STAPLE_IO_SPACE2,
    STAPLES,
};

/* A page that judge and attackers both see. */
struct shared {
    volatile ash_word calls[ATTACKERS];
    volatile ash_word methods[ATTACKERS]; /* methods that answered ASH_OK */
    volatile ash_word wrong[ATTACKERS];   /* what an attacker saw go wrong: enum wrong */
};

enum wrong { WRONG_NOTHING = 0, WRONG_FPU = 1 };

/* Addresses in the attackers' address space; SHARED also in the judge's. */
#define SHARED    ((ash_word)0x10000000)
#define BUFFERS   ((ash_word)0x10010000)
#define STACKS    ((ash_word)0x10020000)
#define ADDRESSES ((ash_word)0x60000000) /* where they map memory */

enum role { ROLE_CHAOS, ROLE_SERVER, ROLE_PASSIVE_SERVER, ROLES };

/* Where an attacker begins. Never returns. `role`: enum role. */
[[noreturn]] void attack(struct shared *shared, ash_word number_and_role, ash_word seed);

/* world.c. Makes a round's world of the pool; false after printing what failed. */
bool world_make(ash_word harts, ash_word seed, ash_word timebase);
/* Puts back what is gone from the cage, and starts attackers again that do not go on. */
void world_repair(void);
/* Takes everything away and looks whether all memory is back. */
bool world_destroy(void);
struct tally {
    ash_word calls, methods; /* as in struct shared, of all attackers */
    ash_word wrong;
};

/* Of this round so far. */
struct tally world_tally(void);
/* Takes the pool and what lasts for all rounds. */
bool world_init(const struct ash_boot *boot);
/* A millisecond or so, in which the attackers run. */
void world_sleep(void);

static inline ash_word next_random(ash_word *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545f4914f6cdd1d;
}

#endif
