// SPDX-License-Identifier: MIT
/* Entries from trap.S and the way back. */
#ifndef KERNEL_TRAP_H
#define KERNEL_TRAP_H

#include <stdint.h>

struct thread;

[[noreturn]] void trap_from_user(struct thread *thread, uint64_t cause, uint64_t value);
/* registers[1..31]: x1..x31 as they were. */
[[noreturn]] void trap_from_kernel(const uint64_t registers[32]);
[[noreturn]] void user_return(struct thread *thread);
/* Runs whatever there is to run on this hart. The kernel lock is held. */
[[noreturn]] void leave_kernel(void);

#endif
