// SPDX-License-Identifier: MIT
/*
 * Traps. In user mode sscratch holds the running struct thread, whose first words are its
 * registers; in the kernel sscratch is zero. The kernel runs with interrupts off, so a trap from
 * the kernel is a defect: it goes to panic with the registers as they were.
 *
 * What is saved, and when. The kernel's C code keeps gp, s0..s11 as every C code does, so a system
 * call need not save them before it is known that another thread runs next: then they still are
 * what they were in user mode. A system call does not keep t0..t6 for the caller, so they are never
 * saved; they come back as zero, or with what the thread had in them earlier.
 *
 *   system call, lock free      ra sp tp pc        then C; the rest at `leave`, if another is next
 *   system call, lock taken     all but t0..t6     because its hart may be told to leave the thread
 *   interrupt, exception        everything
 *
 * The lock is taken here and given back here, after the last register was saved: from then on
 * another hart may run the thread. All C functions below return the thread to run next.
 */
#include "arch/offsets.h"

// sd or ld of registers to or from the struct thread that \base points to.
.macro each op, base, registers:vararg
    .irp n, \registers
    \op     x\n, 8*\n(\base)
    .endr
.endm
#define ARGUMENTS 10, 11, 12, 13, 14, 15, 16, 17
#define KEPT_BY_C 3, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27

.macro unlock
    lla     t0, kernel_lock_word
    li      t1, ~LOCK_HELD
    amoand.w.rl zero, t1, LOCK_WORD(t0)
.endm

    .section .text.hot, "ax"
    .globl  trap_entry
    .balign 64
trap_entry:
    csrrw   sp, sscratch, sp
    beqz    sp, kernel_trap
    each    sd, sp, 1, 4, 5
    csrr    t0, scause
    addi    t0, t0, -SCAUSE_ECALL
    bnez    t0, interrupt_or_exception
    csrrw   t0, sscratch, zero          // the thread's sp; the kernel's mark is zero
    csrr    t1, sepc
    sd      t0, 8*2(sp)
    addi    t1, t1, 4                   // past the ecall
    sd      t1, THREAD_PC(sp)
    ld      tp, THREAD_HART(sp)         // tp is the struct hart everywhere in the kernel
    lla     t0, kernel_lock_word
    li      t1, LOCK_HELD
    amoor.w.aq t1, t1, LOCK_WORD(t0)
    bnez    t1, wait_for_lock
    sd      sp, HART_TRAPPED(tp)
    sd      a0, 8*10(sp)
    bnez    a7, not_call                // ASH_SYS_CALL is 0
    mv      a7, sp
    ld      sp, HART_STACK(tp)
    jal     fastpath_call
    ld      a1, HART_TRAPPED(tp)
    beq     a0, a1, return_to_caller

// a0: the thread to run, or null; a1: the one that trapped. The lock is held.
leave:
    each    sd, a1, KEPT_BY_C
leave_saved:
    beqz    a0, nobody
    unlock
    ld      t1, THREAD_PC(a0)
    csrw    sscratch, a0
    csrw    sepc, t1
    each    ld, a0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
                    24, 25, 26, 27, 28, 29, 30, 31
    ld      a0, 8*10(a0)
    sret

not_call:
    li      t0, 1                       // ASH_SYS_REPLY_RECV
    bne     a7, t0, other_call
    sd      a6, 8*16(sp)
    mv      a7, sp
    ld      sp, HART_STACK(tp)
    jal     fastpath_reply_recv
    ld      a1, HART_TRAPPED(tp)
    bne     a0, a1, leave
return_to_caller:
    unlock
    ld      t1, THREAD_PC(a0)
    csrw    sscratch, a0
    csrw    sepc, t1
    each    ld, a0, 1, 2, 4, 11, 12, 13, 14, 15, 16, 17
    .irp n, 5, 6, 7, 28, 29, 30, 31
    li      x\n, 0
    .endr
    ld      a0, 8*10(a0)
    sret

other_call:
    each    sd, sp, 11, 12, 13, 14, 15, 16, 17
    mv      a0, sp
    ld      sp, HART_STACK(tp)
    jal     syscall
    ld      a1, HART_TRAPPED(tp)
    beq     a0, a1, return_to_caller
    j       leave

// Another hart has the lock: it may want this one to leave the thread, so the thread is made whole,
// as if it had not made the call yet. t1: the word that it found.
wait_for_lock:
    each    sd, sp, ARGUMENTS, KEPT_BY_C
    mv      a0, sp
    mv      a1, t1
    ld      sp, HART_STACK(tp)
    jal     syscall_after_waiting
    j       leave_saved

interrupt_or_exception:
    each    sd, sp, ARGUMENTS, KEPT_BY_C, 6, 7, 28, 29, 30, 31
    csrrw   t0, sscratch, zero
    csrr    t1, sepc
    sd      t0, 8*2(sp)
    sd      t1, THREAD_PC(sp)
    ld      tp, THREAD_HART(sp)
    mv      a0, sp
    ld      sp, HART_STACK(tp)
    csrr    a1, scause
    csrr    a2, stval
    lla     t0, kernel_lock_word
    li      t1, LOCK_HELD
    amoor.w.aq a3, t1, LOCK_WORD(t0)
    bnez    a3, trap_lock_taken
    bgez    a1, exception               // interrupts have the sign bit
    jal     trap_interrupt
    j       leave_saved
exception:
    jal     trap_exception
    j       leave_saved
trap_lock_taken:
    jal     trap_after_waiting
    j       leave_saved

// void leave_kernel(void): runs whatever there is to run on this hart. The lock is held.
    .globl  leave_kernel
leave_kernel:
    jal     choose_thread
    j       leave_saved
nobody:
    jal     idle
    j       leave_saved

// A trap in the kernel itself. sp and sscratch were exchanged: put sp back, then keep every register
// as it was in panic_registers ([0] is not used) and go on with a stack of its own.
kernel_trap:
    csrrw   sp, sscratch, sp
    csrw    sscratch, t0
    lla     t0, panic_registers
    sd      t1, 8*6(t0)
    csrr    t1, sscratch
    sd      t1, 8*5(t0)
    each    sd, t0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
                    24, 25, 26, 27, 28, 29, 30, 31
    csrw    sscratch, zero
    mv      a0, t0
    lla     sp, panic_stack_top
    tail    trap_from_kernel

// void fpu_save(struct thread *), void fpu_load(struct thread *): f0..f31 and fcsr.
    .option push
    .option arch, +d
    .globl  fpu_save
fpu_save:
    addi    a0, a0, THREAD_FPU
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fsd     f\n, 8*\n(a0)
    .endr
    frcsr   t0
    sd      t0, 256(a0)
    ret
    .globl  fpu_load
fpu_load:
    addi    a0, a0, THREAD_FPU
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fld     f\n, 8*\n(a0)
    .endr
    ld      t0, 256(a0)
    fscsr   t0
    ret
    .option pop

    .bss
    .balign 16
panic_registers:
    .skip   8*32
    .skip   4096
panic_stack_top:
