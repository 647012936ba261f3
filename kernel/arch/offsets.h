// SPDX-License-Identifier: MIT
/*
 * Offsets of the fields that assembly touches; each is asserted where its struct is defined.
 * struct thread begins with its registers: x1..x31 at 8*n, the pc at 0.
 */
#ifndef KERNEL_ARCH_OFFSETS_H
#define KERNEL_ARCH_OFFSETS_H

#define THREAD_PC      0
#define THREAD_SSTATUS 256
#define THREAD_HART    264
#define THREAD_FPU     272

#define HART_STACK 0

#endif
