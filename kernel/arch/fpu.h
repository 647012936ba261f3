// SPDX-License-Identifier: MIT
/*
 * Floating-point state. A thread starts with the unit off; its first use traps and turns it on.
 * Registers are saved when a thread that dirtied them is switched out, and loaded when a thread
 * that uses the unit is switched in and this hart does not still hold its values.
 */
#ifndef KERNEL_ARCH_FPU_H
#define KERNEL_ARCH_FPU_H

struct thread;

void fpu_save(struct thread *thread);
void fpu_load(struct thread *thread);
/* On switching from / to a thread on this hart. */
void fpu_leave(struct thread *thread);
void fpu_enter(struct thread *thread);
/* First use: true if the unit was off and is on now. */
bool fpu_enable(struct thread *thread);
/* The thread's memory goes away. */
void fpu_forget(const struct thread *thread);

#endif
