// SPDX-License-Identifier: MIT
/* Entries from trap.S and the way back. */
#ifndef KERNEL_TRAP_H
#define KERNEL_TRAP_H

#include <stdint.h>

struct thread;

[[noreturn]] void trap_from_user(struct thread *thread, uint64_t cause, uint64_t value);
[[noreturn]] void trap_from_kernel(uint64_t sp, uint64_t frame, uint64_t ra);
[[noreturn]] void user_return(struct thread *thread);
/* Runs whatever there is to run on this hart. The kernel lock is held. */
[[noreturn]] void leave_kernel(void);

#endif
