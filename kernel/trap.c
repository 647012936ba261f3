// SPDX-License-Identifier: MIT
/*
 * From a trap to its handler. A hart that had to wait for the lock looks first whether the thread
 * that trapped is still its current one: if another hart took it away, its registers are saved and
 * its instruction will be run again.
 */
#include "trap.h"
#include "arch/csr.h"
#include "arch/fpu.h"
#include "check/check.h"
#include "hart.h"
#include "object/irq.h"
#include "object/thread.h"
#include "panic.h"
#include "sched/sched.h"

static void handle_interrupts(void)
{
    uint64_t pending = csr_read("sip") & csr_read("sie");
    if (pending & SIP_SOFTWARE)
        csr_clear("sip", SIP_SOFTWARE);
    if (pending & SIP_TIMER)
        sched_timer();
    if (pending & SIP_EXTERNAL)
        irq_handle();
}

/* Not in line: those who need no other thread keep no registers for its sake. */
[[gnu::noinline]] struct thread *choose_thread(void)
{
    schedule();
    check_leave();
    return this_hart->current;
}

struct thread *idle(void)
{
    struct hart *hart = this_hart;
    while (!hart->current) {
        kernel_unlock();
        wait_for_interrupt();
        kernel_lock();
        handle_interrupts();
        (void)choose_thread();
    }
    return hart->current;
}

struct thread *syscall_after_waiting(struct thread *thread, uint64_t lock_word)
{
    thread->reg[REG_PC] -= 4;
    kernel_lock_wait((uint32_t)lock_word);
    if (this_hart->current != thread)
        return next_thread();
    thread->reg[REG_PC] += 4;
    return syscall(thread);
}

struct thread *trap_interrupt(void)
{
    handle_interrupts();
    return next_thread();
}

struct thread *trap_exception(struct thread *thread, uint64_t cause, uint64_t value)
{
    if (cause != SCAUSE_ILLEGAL || !fpu_enable(thread)) {
        uint64_t word[4] = {thread->reg[REG_PC], cause, value, thread->reg[REG_SP]};
        thread_fault(thread, ASH_FAULT_EXCEPTION, word);
    }
    return next_thread();
}

struct thread *trap_after_waiting(struct thread *thread, uint64_t cause, uint64_t value,
                                  uint64_t lock_word)
{
    kernel_lock_wait((uint32_t)lock_word);
    if (this_hart->current != thread)
        return next_thread();
    return cause & SCAUSE_INTERRUPT ? trap_interrupt() : trap_exception(thread, cause, value);
}
