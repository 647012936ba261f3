// SPDX-License-Identifier: MIT
/*
 * Attacks on the kernel's latency: system calls whose work an unprivileged task can make as long as
 * it likes. Each is prepared, struck while a timer of a higher-priority thread in another address
 * space fires at moments swept over it, and undone by revoking ATTACK_POOL (which is an attack
 * too).
 */
#ifndef KBENCH_ATTACK_H
#define KBENCH_ATTACK_H

#include "kbench.h"

#define POOL_BYTES ((ash_word)96 << 20)

struct attack {
    const char *name;
    void (*prepare)(void);
    void (*strike)(void);
    unsigned rounds;
};

/* The rows of one file, ended by a row without name. */
extern const struct attack capability_attacks[], memory_attacks[], thread_attacks[],
    message_attacks[];

/* --- latency.c: what attacks are made of; all of it goes with the pool ------------------------ */

/* Untyped memory for the attack. */
ash_cptr pool(void);
/* A slot of the root CNode. */
[[nodiscard]] ash_cptr pool_slot(void);
/* Objects in consecutive slots of a CNode, or one in a slot of the root CNode. */
void pool_make_in(enum ash_object_type type, ash_word parameter, ash_cptr cnode, ash_word first,
                  ash_word count);
[[nodiscard]] ash_cptr pool_make(enum ash_object_type type, ash_word parameter);
/* A new CNode in the root CNode, and the path of one of its slots. */
[[nodiscard]] ash_cptr pool_cnode(unsigned radix);
static inline ash_cptr in_cnode(ash_cptr cnode, ash_word index)
{
    return ash_cptr_in(cnode, ASH_BOOT_CNODE_RADIX, index);
}
/* The number of the round that runs, from 0. */
unsigned attack_round(void);
/* When the prober's timer fires next. */
ash_word probe_deadline(void);

#endif
