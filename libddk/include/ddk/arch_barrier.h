// SPDX-License-Identifier: MIT
//
// Ordering between device accesses and memory: on RISC-V with fence between the I/O and memory
// classes (RISC-V unprivileged specification, section "RVWMO and I/O"); elsewhere (host tests) with
// a full barrier.

#ifndef DDK_ARCH_BARRIER_H
#define DDK_ARCH_BARRIER_H

#ifdef __riscv
#define DDK_AFTER_DEVICE_READ()   __asm__ volatile("fence i, ir" ::: "memory")
#define DDK_BEFORE_DEVICE_WRITE() __asm__ volatile("fence w, o" ::: "memory")
#else
#define DDK_AFTER_DEVICE_READ()   __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define DDK_BEFORE_DEVICE_WRITE() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

#endif
