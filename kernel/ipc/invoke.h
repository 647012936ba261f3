// SPDX-License-Identifier: MIT
/*
 * What a method of a kernel object gets to work with. Arguments are read from the caller's
 * registers and IPC buffer; the buffer belongs to the user, so each word is read once.
 */
#ifndef KERNEL_IPC_INVOKE_H
#define KERNEL_IPC_INVOKE_H

#include "kernel/syscall.h"
#include "object/capability.h"
#include "object/thread.h"

struct invocation {
    struct thread *caller;
    unsigned length;    /* message words */
    unsigned caps;      /* capability arguments */
    uint64_t result[2]; /* mr0, mr1 of the reply, also the detail of an error */
    unsigned results;   /* words of the reply */
};

/* Message word i; 0 beyond the message (methods check call->length first). */
uint64_t invoke_word(const struct invocation *call, unsigned i);
/* The slot of capability argument i, or null. */
struct slot *invoke_cap(const struct invocation *call, unsigned i);
/* Capability argument i if it is of that type, else null; sets the detail for ASH_E_SOURCE. */
struct slot *invoke_cap_of(struct invocation *call, unsigned i, enum ash_object_type type);
/* Writes word i (>= 2 too) of the reply. */
void invoke_reply(struct invocation *call, unsigned i, uint64_t word);
/* Returns `error` with its detail. */
unsigned invoke_error(struct invocation *call, unsigned error, uint64_t detail0, uint64_t detail1);

/* For a method that is about to return PREEMPTED: the caller's registers will say this method, or
 * this message word i (one that lies in a register), when the call is run again. */
void invoke_run_again_as(const struct invocation *call, uint64_t method);
void invoke_run_again_with(const struct invocation *call, unsigned i, uint64_t word);

/* Runs the method that the caller's registers name on the capability in `slot`, and writes the
 * reply registers. Returns PREEMPTED when the system call is to be run again. */
unsigned invoke_object(struct thread *caller, struct slot *slot, uint64_t info);

/* Finds the slot a path names in a thread's CSpace (abi/kernel/types.h), full or not; null if the
 * path does not exist. */
struct slot *lookup_slot(struct thread *thread, uint64_t path);
/* The same, but null for an empty slot. */
struct slot *lookup_cap(struct thread *thread, uint64_t path);

#endif
