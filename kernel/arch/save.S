// SPDX-License-Identifier: MIT
/*
 * __riscv_save_N and __riscv_restore_N of the RISC-V ELF psABI ("save-restore routines"): prologues
 * and epilogues of the code that is made small. save_N is entered with the return address in t0,
 * pushes ra and s0 to s(N-1), and may change t1; restore_N pops them and returns to ra. N is rounded
 * up to the next odd number, as the stack stays aligned to 16 bytes. From the old sp downwards: ra,
 * s0, s1, ... s11, so that frame pointers chain as elsewhere.
 */
    .section .text.save, "ax"
    .macro  entries prefix, first, second
    .globl  \prefix\first, \prefix\second
\prefix\first:
\prefix\second:
    .endm

// The large ones all push below the largest frame, then give back what was too much (t1).
    .globl  __riscv_save_12
__riscv_save_12:
    addi    sp, sp, -112
    li      t1, 0
    sd      s11, 8(sp)
    j       push_10
    entries __riscv_save_, 11, 10
    addi    sp, sp, -112
    li      t1, 16
push_10:
    sd      s10, 16(sp)
    sd      s9, 24(sp)
    j       push_8
    entries __riscv_save_, 9, 8
    addi    sp, sp, -112
    li      t1, 32
push_8:
    sd      s8, 32(sp)
    sd      s7, 40(sp)
    j       push_6
    entries __riscv_save_, 7, 6
    addi    sp, sp, -112
    li      t1, 48
push_6:
    sd      s6, 48(sp)
    sd      s5, 56(sp)
    j       push_4
    entries __riscv_save_, 5, 4
    addi    sp, sp, -112
    li      t1, 64
push_4:
    sd      s4, 64(sp)
    sd      s3, 72(sp)
    sd      s2, 80(sp)
    sd      s1, 88(sp)
    sd      s0, 96(sp)
    sd      ra, 104(sp)
    add     sp, sp, t1
    jr      t0
    entries __riscv_save_, 3, 2
    addi    sp, sp, -32
    sd      s2, 0(sp)
    sd      s1, 8(sp)
    sd      s0, 16(sp)
    sd      ra, 24(sp)
    jr      t0
    entries __riscv_save_, 1, 0
    addi    sp, sp, -16
    sd      s0, 0(sp)
    sd      ra, 8(sp)
    jr      t0

    .globl  __riscv_restore_12
__riscv_restore_12:
    ld      s11, 8(sp)
    addi    sp, sp, 16
    entries __riscv_restore_, 11, 10
    ld      s10, 0(sp)
    ld      s9, 8(sp)
    addi    sp, sp, 16
    entries __riscv_restore_, 9, 8
    ld      s8, 0(sp)
    ld      s7, 8(sp)
    addi    sp, sp, 16
    entries __riscv_restore_, 7, 6
    ld      s6, 0(sp)
    ld      s5, 8(sp)
    addi    sp, sp, 16
    entries __riscv_restore_, 5, 4
    ld      s4, 0(sp)
    ld      s3, 8(sp)
    addi    sp, sp, 16
    entries __riscv_restore_, 3, 2
    ld      s2, 0(sp)
    ld      s1, 8(sp)
    addi    sp, sp, 16
    entries __riscv_restore_, 1, 0
    ld      s0, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret
