// SPDX-License-Identifier: MIT
/*
 * How often something may interrupt of which nothing comes. Work that came of nothing is paid from
 * a credit, which comes back at a SHARE-th of the time that passes: once it is used up, the next
 * interrupt waits until it is there again. Work that led to something costs nothing and gives
 * credit back, so that a device which is merely busy, or interrupts once too often now and then, is
 * never held back: each request that is completed pays for an interrupt for nothing. What only
 * interrupts has a SHARE-th of the processor, and a thousand turns a second. Much of what a turn
 * costs others cannot be timed where it is served: the kernel, switches of threads, under an
 * emulator the chips.
 *
 * Times are in units of 100 ns. Invariant: credit <= ASH_MODERATION_FULL.
 */
#ifndef ASH_MODERATION_H
#define ASH_MODERATION_H

#include <stdint.h>

#define ASH_MODERATION_FULL  10000 /* 1 ms of work may come at once */
#define ASH_MODERATION_SHARE 32    /* of the time, on the whole: 3 % */
#define ASH_MODERATION_GAIN  400   /* 40 us: what work that led to something allows */
#define ASH_MODERATION_ENTRY 320   /* 32 us: besides its own time, so a thousand a second at most */
/* Work is timed by the clock: a thread that could not run meanwhile pays at most this, 100 us. */
#define ASH_MODERATION_MOST 1000

struct ash_moderation {
    int64_t credit;
    uint64_t at; /* when it last was what it is */
};

#define ASH_MODERATION_START ((struct ash_moderation){.credit = ASH_MODERATION_FULL})

static inline bool ash_moderation_full(const struct ash_moderation *moderation)
{
    return moderation->credit == ASH_MODERATION_FULL;
}

static inline void ash_moderation_add(struct ash_moderation *moderation, uint64_t credit)
{
    const uint64_t room = (uint64_t)(ASH_MODERATION_FULL - moderation->credit);
    moderation->credit += (int64_t)(credit < room ? credit : room);
}

/* Something came of it. */
static inline void ash_moderation_gain(struct ash_moderation *moderation)
{
    ash_moderation_add(moderation, ASH_MODERATION_GAIN);
}

/* Nothing came of what took that long. Returns when the next one may come: at most `now` if it may
 * at once. */
static inline uint64_t ash_moderation_charge(struct ash_moderation *moderation, uint64_t now,
                                             uint64_t work)
{
    if (now > moderation->at)
        ash_moderation_add(moderation, (now - moderation->at) / ASH_MODERATION_SHARE);
    moderation->at = now;
    if (work > ASH_MODERATION_MOST)
        work = ASH_MODERATION_MOST;
    moderation->credit -= (int64_t)(work + ASH_MODERATION_ENTRY);
    if (moderation->credit >= 0)
        return now;
    return now + (uint64_t)-moderation->credit * ASH_MODERATION_SHARE;
}

#endif
