// SPDX-License-Identifier: MIT
/*
 * The kernel and the model side by side: the same start, the same calls, the same answers.
 *
 * The caller is a boot thread that runs all the time. Its CSpace is a CNode of 64 slots; the last
 * one leads to a CNode where the test keeps what the calls may not touch, among it the Untypeds
 * that all others are derived from: revoking them at the end must leave nothing behind.
 * The caller's hart keeps every translation that the page tables ever offered, until it is flushed.
 * Memory that no live object covers is poisoned, so an access of the kernel to it is a crash; so is
 * the memory of Frames but for the IPC buffers in them.
 */
#ifndef TESTS_KERNEL_BESIDE_H
#define TESTS_KERNEL_BESIDE_H

#include "model.h"

#define BESIDE_RADIX   6u
#define BESIDE_PRIVATE 63u /* slot of the test's own CNode */

struct beside_call {
    uint64_t path, method;
    unsigned length, caps;
    uint64_t word[8];
    ash_cptr cap[ASH_MSG_CAPS];
    /* An interrupt comes at the n-th preemption point (0: none), then `abandon` says whether the
     * caller does something else instead of repeating the call. */
    unsigned preempt;
    bool abandon;
};

/* A message with capabilities to a partner that wants them from `index` on in a CNode. */
struct beside_transfer {
    bool grant; /* through an Endpoint capability with that right */
    unsigned caps;
    ash_cptr cap[ASH_MSG_CAPS];
    uint64_t cnode, index;
};

void beside_start(void);
/* False: not sent, it is none of this test. */
bool beside_transfer(const struct beside_transfer *transfer);
/* Issues the call to both and compares the answers. False: not issued, it is none of this test. */
bool beside_call(const struct beside_call *call);
/* Every slot, table and binding is what the model says. */
void beside_compare(void);
/* Revokes everything; nothing may be left. */
void beside_end(void);

#endif
