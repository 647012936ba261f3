// SPDX-License-Identifier: MIT
/*
 * From a trap to its handler and back to user mode. The order on entry matters: answer stalls, take
 * the lock, and only then look whether the thread that trapped is still this hart's current: if
 * another hart took it away, its registers are saved and its instruction will be run again.
 */
#include "trap.h"
#include "arch/csr.h"
#include "arch/fpu.h"
#include "check/check.h"
#include "hart.h"
#include "ipc/syscall.h"
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

[[gnu::noinline]] static void idle(struct hart *hart)
{
    while (!hart->current) {
        kernel_unlock();
        wait_for_interrupt();
        hart_answer_stall();
        kernel_lock();
        handle_interrupts();
        schedule();
    }
}

/* In line: its caller's registers need not be saved, nobody returns to it. */
[[noreturn, gnu::always_inline]] static inline void run_next(struct hart *hart)
{
    if (hart->reschedule || !hart->current)
        schedule();
    if (!hart->current)
        idle(hart);
    check_leave();
    struct thread *thread = hart->current;
    kernel_unlock();
    user_return(thread);
}

void leave_kernel(void)
{
    run_next(this_hart);
}

static void handle_exception(struct thread *thread, uint64_t cause, uint64_t value)
{
    if (cause == SCAUSE_ECALL_USER) {
        syscall(thread);
        return;
    }
    if (cause == SCAUSE_ILLEGAL && fpu_enable(thread))
        return;
    uint64_t word[4] = {thread->reg[REG_PC], cause, value, thread->reg[REG_SP]};
    thread_fault(thread, ASH_FAULT_EXCEPTION, word);
}

void trap_from_user(struct thread *thread, uint64_t cause, uint64_t value)
{
    struct hart *hart = this_hart;
    hart_answer_stall();
    kernel_lock();
    if (hart->current == thread) {
        if (cause & SCAUSE_INTERRUPT)
            handle_interrupts();
        else
            handle_exception(thread, cause, value);
    }
    run_next(hart);
}
