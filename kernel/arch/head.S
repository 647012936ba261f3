// SPDX-License-Identifier: MIT
/*
 * Power-on. The firmware enters at _head in S-mode, MMU off, a0 = hart id, a1 = device tree.
 * The first bytes are the Linux Image header, so that every boot loader knows how to load it.
 *
 * One hart (whichever came first) fills boot_root: the physical window by gigapages and the kernel
 * image by 2 MiB pages, and turns the MMU on; the jump to high addresses is the page fault that
 * the next fetch takes, since stvec already holds the high address. boot_main() then replaces
 * boot_root by tables with final rights. Other harts enter at _secondary with those tables.
 * All but the header and the way of the other harts is given away when boot is over (arrival.c).
 */
#include "arch/offsets.h"

    .section .head, "ax"
    .globl _head
_head:
    .option push
    .option norvc                       // the header's fields have fixed places
    j       first_hart
    .option pop
    .word   0
    .dword  0x200000                    // text_offset: 2 MiB above the start of RAM
    .dword  _image_end - _head          // image size including bss
    .dword  0                           // flags: little endian
    .word   2                           // header version 0.2
    .word   0
    .dword  0
    .ascii  "RISCV\0\0\0"
    .ascii  "RSC\x05"
    .word   0

    .section .init.text, "ax"
first_hart:
    csrw    sie, zero
    csrw    sip, zero
    lla     t0, _bss_start
    lla     t1, _image_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b

    lla     s0, _head                   // physical base of the image
    lla     t0, kernel_physical_base
    sd      s0, 0(t0)

    // Physical window: root entries 256..503, gigapages, read-write.
    lla     s1, boot_root
    li      t0, 256
    li      t1, 504
    li      t2, 0xc7                    // D A W R V
1:  slli    t3, t0, 3
    add     t3, t3, s1
    sd      t2, 0(t3)
    li      t4, 0x10000000              // next gigabyte: physical page number + 2^18, shifted by 10
    add     t2, t2, t4
    addi    t0, t0, 1
    bltu    t0, t1, 1b

    // Kernel image: root entry 510 -> boot_middle, eight 2 MiB pages with all rights.
    lla     t0, boot_middle
    srli    t1, t0, 12
    slli    t1, t1, 10
    ori     t1, t1, 1
    li      t3, 510 * 8
    add     t3, t3, s1
    sd      t1, 0(t3)
    srli    t1, s0, 12
    slli    t1, t1, 10
    ori     t1, t1, 0xcf
    li      t2, 8
    li      t4, 0x80000                 // 2 MiB in a page-table entry
1:  sd      t1, 0(t0)
    add     t1, t1, t4
    addi    t0, t0, 8
    addi    t2, t2, -1
    bnez    t2, 1b

    srli    t0, s1, 12
    li      t1, 8
    slli    t1, t1, 60
    or      t0, t0, t1
    lla     t1, high
    li      t2, 0xffffffff80000000
    sub     t1, t1, s0
    add     t1, t1, t2
    csrw    stvec, t1
    sfence.vma
    csrw    satp, t0
    // Not reached on purpose: the fetch faults and goes on at `high`.
1:  j       1b

    .balign 4
high:
    lla     t0, trap_entry
    csrw    stvec, t0
    csrw    sscratch, zero
    lla     sp, boot_stack_top
    lla     tp, harts                   // tp is the struct hart everywhere in the kernel
    li      s0, 0
    tail    boot_main

// void boot_end(pte *image, pte *window): goes on in hand_over, on this hart's stack. The stack of
// boot, this code and what called it are then no more.
    .globl  boot_end
boot_end:
    ld      sp, HART_STACK(tp)
    tail    hand_over

// Another hart, started through SBI HSM: MMU off, a0 = hart id, a1 = physical struct boot_hart.
    .section .text.secondary, "ax"
    .globl  _secondary
    .balign 4
_secondary:
    csrw    sie, zero
    csrw    sip, zero
    ld      t0, 0(a1)                   // satp of the kernel's root table
    ld      t1, 8(a1)                   // high address to go on at
    ld      s1, 16(a1)                  // struct hart
    csrw    stvec, t1
    sfence.vma
    csrw    satp, t0
1:  j       1b

    .globl  secondary_high
    .balign 4
secondary_high:
    lla     t0, trap_entry
    csrw    stvec, t0
    csrw    sscratch, zero
    ld      sp, HART_STACK(s1)
    mv      tp, s1
    li      s0, 0
    mv      a0, s1
    tail    hart_arrives

    .section .init.bss, "aw", @nobits
    .balign 4096
    .globl  boot_root
boot_root:
    .skip   4096
boot_middle:
    .skip   4096
    .balign 16
    .skip   8192
    .globl  boot_stack_top
boot_stack_top:
