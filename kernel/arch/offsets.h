// SPDX-License-Identifier: MIT
/*
 * Numbers that assembly needs; each is asserted where its struct is defined.
 * struct thread begins with its registers: x1..x31 at 8*n, the pc at 0.
 */
#ifndef KERNEL_ARCH_OFFSETS_H
#define KERNEL_ARCH_OFFSETS_H

#define THREAD_PC   0
#define THREAD_HART 256
#define THREAD_FPU  384

#define HART_STACK   0
#define HART_TRAPPED 8

#define LOCK_WORD 0
#define LOCK_HELD 1

#define SCAUSE_ECALL 8

#endif
