// SPDX-License-Identifier: MIT
/*
 * Threads that talk to each other on the kernel's own code, and what must be true of it:
 *  - every message, fault and answer carries a word that no other has; it arrives once at most, at
 *    a thread that waited for it, with the badge it was sent with; who is told that his message was
 *    taken was heard;
 *  - bits that were signalled are pending or were delivered, once;
 *  - in any window of one period no SchedContext is used for more than its budget;
 *  - timers fire; and all that kernel/check says.
 * Time passes only in conversation_advance, and the harness notes who uses it.
 */
#ifndef TESTS_KERNEL_CONVERSATION_H
#define TESTS_KERNEL_CONVERSATION_H

#include "kernel/object.h"
#include "kernel/syscall.h"

#define HARTS         2u
#define THREADS       6u
#define SCHEDS        5u
#define ENDPOINTS     3u
#define NOTIFICATIONS 3u
#define REPLIES       4u
#define TIMERS        2u

/* Slots of the one CNode that all use. Endpoint e has capabilities of badges 0 (all rights), 1
 * (write, grant reply) and 2 (write); Notification n of badges 0 and 1 << n + 1. */
enum {
    SLOT_THREAD = 1,
    SLOT_SCHED = 8,
    SLOT_ENDPOINT = 16,     /* 4 each */
    SLOT_NOTIFICATION = 32, /* 2 each */
    SLOT_REPLY = 40,
    SLOT_TIMER = 45,
    SLOT_CONTROL = 48,
    SLOT_CNODE = 49,
    SLOT_ALARM = 50, /* the manager waits on it */
    SLOT_TIMED = 52, /* two badges of Notification 0, for the timers */
};

struct message {
    uint64_t label;
    unsigned length, caps;
    uint64_t word[8];
    uint64_t cap[3];
};

void conversation_start(void);
/* The thread that runs on a hart makes a system call, or faults; false if the hart idles. */
bool conversation_syscall(unsigned hart, uint64_t number, uint64_t a0, uint64_t a1);
bool conversation_fault(unsigned hart);
/* The manager, above all others, calls a method. Returns the answer's label. An interrupt comes at
 * every preempt-th preemption point (0: none). */
uint64_t conversation_manage(uint64_t path, const struct message *call, unsigned preempt);
void conversation_advance(uint64_t ticks);
/* All that kernel/check says; it is asked every few steps anyway. */
void conversation_check(void);

#endif
