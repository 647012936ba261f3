// SPDX-License-Identifier: MIT
#ifndef KERNEL_IPC_SYSCALL_H
#define KERNEL_IPC_SYSCALL_H

struct thread;

/* Runs the system call that the thread's registers hold (abi/kernel/syscall.h). */
void syscall(struct thread *thread);

#endif
