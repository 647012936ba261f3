// SPDX-License-Identifier: MIT
//
// memset(a0 to, a1 byte, a2 count): 64 bytes a turn. picolibc's, built for size, takes 16; requests and
// replies are cleared often enough for the difference to show in every I/O.
    .text
    .globl memset
    .type memset, @function
    .balign 8
memset:
    mv      t0, a0
    li      t1, 8
    bltu    a2, t1, .Lbytes
    beqz    a1, .Lspread
    andi    a1, a1, 0xff            // the byte in all eight places
    slli    t2, a1, 8
    or      a1, a1, t2
    slli    t2, a1, 16
    or      a1, a1, t2
    slli    t2, a1, 32
    or      a1, a1, t2
.Lspread:
    andi    t2, t0, 7
    bnez    t2, .Lalign
.Laligned:
    andi    t2, a2, -64
    beqz    t2, .Lwords
    add     t2, t0, t2
.Lblocks:
    sd      a1, 0(t0)
    sd      a1, 8(t0)
    sd      a1, 16(t0)
    sd      a1, 24(t0)
    sd      a1, 32(t0)
    sd      a1, 40(t0)
    sd      a1, 48(t0)
    sd      a1, 56(t0)
    addi    t0, t0, 64
    bltu    t0, t2, .Lblocks
    andi    a2, a2, 63
.Lwords:
    andi    t2, a2, -8
    beqz    t2, .Lbytes
    add     t2, t0, t2
.Lword:
    sd      a1, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t2, .Lword
    andi    a2, a2, 7
.Lbytes:
    beqz    a2, .Ldone
    add     t2, t0, a2
.Lbyte:
    sb      a1, 0(t0)
    addi    t0, t0, 1
    bltu    t0, t2, .Lbyte
.Ldone:
    ret
.Lalign:                            // up to the next multiple of 8; at least 8 bytes are left
    sb      a1, 0(t0)
    addi    t0, t0, 1
    addi    a2, a2, -1
    andi    t2, t0, 7
    bnez    t2, .Lalign
    bltu    a2, t1, .Lbytes
    j       .Laligned
    .size memset, . - memset
    .section .note.GNU-stack, "", @progbits
