// SPDX-License-Identifier: MIT
/*
 * What arch/trap.S calls, with the kernel lock held, and the way out. Each function returns the
 * thread that this hart is to run next; null: nobody, go to idle(). The system calls that have
 * functions of their own are in ipc/fastpath.h.
 */
#ifndef KERNEL_TRAP_H
#define KERNEL_TRAP_H

#include "check/check.h"
#include "hart.h"

struct thread;

/* A system call whose arguments are in the thread's registers; the pc is past the ecall. */
struct thread *syscall(struct thread *thread);
/* The same for one whose number is known. */
struct thread *syscall_call(struct thread *thread);
struct thread *syscall_reply_recv(struct thread *thread);
/* A system call that found the lock taken: waits for its turn, and does nothing if the thread
 * was taken away meanwhile; it will make the call again. */
struct thread *syscall_after_waiting(struct thread *thread, uint64_t lock_word);
/* Interrupts, and exceptions of the thread; and either of them that found the lock taken: waits for
 * its turn, and does nothing if the thread was taken away meanwhile. */
struct thread *trap_interrupt(void);
struct thread *trap_exception(struct thread *thread, uint64_t cause, uint64_t value);
struct thread *trap_after_waiting(struct thread *thread, uint64_t cause, uint64_t value,
                                  uint64_t lock_word);
/* registers[1..31]: x1..x31 as they were. */
[[noreturn]] void trap_from_kernel(const uint64_t registers[32]);
/* After a change that may call for another thread on this hart. */
struct thread *choose_thread(void);
static inline struct thread *next_thread(void)
{
    const struct hart *hart = this_hart;
    if (hart->reschedule || !hart->current)
        return choose_thread();
    check_leave();
    return hart->current;
}

/* Waits, without the lock, until there is a thread to run. */
struct thread *idle(void);
/* Runs whatever there is to run on this hart. The kernel lock is held. */
[[noreturn]] void leave_kernel(void);

#endif
