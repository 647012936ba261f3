// SPDX-License-Identifier: MIT
/*
 * Traps. In user mode sscratch holds the running struct thread, whose first words are its
 * registers; in the kernel sscratch is zero. The kernel runs with interrupts off, so a trap from
 * the kernel is a defect: it goes to panic with the registers as they were.
 */
#include "arch/offsets.h"

    .section .text.hot, "ax"
    .globl  trap_entry
    .balign 64
trap_entry:
    csrrw   sp, sscratch, sp
    beqz    sp, kernel_trap
    sd      ra, 8*1(sp)
    sd      gp, 8*3(sp)
    sd      tp, 8*4(sp)
    sd      t0, 8*5(sp)
    sd      t1, 8*6(sp)
    sd      t2, 8*7(sp)
    sd      s0, 8*8(sp)
    sd      s1, 8*9(sp)
    sd      a0, 8*10(sp)
    sd      a1, 8*11(sp)
    sd      a2, 8*12(sp)
    sd      a3, 8*13(sp)
    sd      a4, 8*14(sp)
    sd      a5, 8*15(sp)
    sd      a6, 8*16(sp)
    sd      a7, 8*17(sp)
    sd      s2, 8*18(sp)
    sd      s3, 8*19(sp)
    sd      s4, 8*20(sp)
    sd      s5, 8*21(sp)
    sd      s6, 8*22(sp)
    sd      s7, 8*23(sp)
    sd      s8, 8*24(sp)
    sd      s9, 8*25(sp)
    sd      s10, 8*26(sp)
    sd      s11, 8*27(sp)
    sd      t3, 8*28(sp)
    sd      t4, 8*29(sp)
    sd      t5, 8*30(sp)
    sd      t6, 8*31(sp)
    mv      a0, sp                      // the thread
    csrrw   t0, sscratch, zero          // its sp; the kernel's mark is zero
    sd      t0, 8*2(a0)
    csrr    t1, sepc
    sd      t1, THREAD_PC(a0)
    csrr    t2, sstatus
    sd      t2, THREAD_SSTATUS(a0)
    ld      tp, THREAD_HART(a0)         // tp is the struct hart everywhere in the kernel
    ld      sp, HART_STACK(tp)
    li      s0, 0                       // end of the frame-pointer chain
    csrr    a1, scause
    csrr    a2, stval
    tail    trap_from_user

// void user_return(struct thread *): leaves the kernel; never returns.
    .globl  user_return
user_return:
    ld      t1, THREAD_PC(a0)
    ld      t2, THREAD_SSTATUS(a0)
    csrw    sepc, t1
    csrw    sstatus, t2
    csrw    sscratch, a0
    ld      ra, 8*1(a0)
    ld      sp, 8*2(a0)
    ld      gp, 8*3(a0)
    ld      tp, 8*4(a0)
    ld      t0, 8*5(a0)
    ld      t1, 8*6(a0)
    ld      t2, 8*7(a0)
    ld      s0, 8*8(a0)
    ld      s1, 8*9(a0)
    ld      a1, 8*11(a0)
    ld      a2, 8*12(a0)
    ld      a3, 8*13(a0)
    ld      a4, 8*14(a0)
    ld      a5, 8*15(a0)
    ld      a6, 8*16(a0)
    ld      a7, 8*17(a0)
    ld      s2, 8*18(a0)
    ld      s3, 8*19(a0)
    ld      s4, 8*20(a0)
    ld      s5, 8*21(a0)
    ld      s6, 8*22(a0)
    ld      s7, 8*23(a0)
    ld      s8, 8*24(a0)
    ld      s9, 8*25(a0)
    ld      s10, 8*26(a0)
    ld      s11, 8*27(a0)
    ld      t3, 8*28(a0)
    ld      t4, 8*29(a0)
    ld      t5, 8*30(a0)
    ld      t6, 8*31(a0)
    ld      a0, 8*10(a0)
    sret

// A trap in the kernel itself. sp and sscratch were exchanged: put sp back, then keep every register
// as it was in panic_registers ([0] is not used) and go on with a stack of its own.
kernel_trap:
    csrrw   sp, sscratch, sp
    csrw    sscratch, t0
    lla     t0, panic_registers
    sd      t1, 8*6(t0)
    csrr    t1, sscratch
    sd      t1, 8*5(t0)
    .irp n, 1,2,3,4,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd      x\n, 8*\n(t0)
    .endr
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
