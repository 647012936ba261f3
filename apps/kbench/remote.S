/* SPDX-License-Identifier: MIT
 *
 * What runs in the other address space: loops that note when they were reached, and the one
 * instruction that faults. The code between remote_begin and remote_end is copied into a page of
 * its own, so it is position independent. A thread starts with a0 = address of the page it shares
 * with the measuring task, a1 and a2 = capabilities as said below. Only registers that every
 * system call keeps (abi/kernel/syscall.h) hold anything across one.
 *
 *   shared page:  0  `rdcycle` as the first instruction after the kernel returned
 *                 8  `rdcycle` before the system call that answers: a store and the call follow it
 */
    .section .rodata
    .balign 8
    .globl remote_begin, remote_server, remote_server_fpu, remote_waiter, remote_yielder
    .globl remote_handler, remote_caller, remote_counter, remote_prober, remote_fault, remote_fault_site, remote_end
    .option norvc
remote_begin:

/* Answers each call with the words it got. a1 endpoint, a2 Reply object. */
remote_server:
    mv s0, a0
    mv s1, a1
    mv s2, a2
    mv a6, s2
    mv a0, s1
    li a7, 4            /* Recv */
    ecall
    rdcycle t0
1:  sd t0, 0(s0)
    andi a1, a1, ~0x180 /* no capabilities back */
    mv a0, s1
    mv a6, s2
    li a7, 1            /* ReplyRecv */
    rdcycle t0
    sd t0, 8(s0)
    ecall
    rdcycle t0
    j 1b

/* The same, with floating-point values of its own that change in every round. */
remote_server_fpu:
    mv s0, a0
    mv s1, a1
    mv s2, a2
    fmv.d.x fs0, zero
    mv a6, s2
    mv a0, s1
    li a7, 4            /* Recv */
    ecall
    rdcycle t0
1:  sd t0, 0(s0)
    fcvt.d.l fs1, t0
    fadd.d fs0, fs0, fs1
    mv a0, s1
    mv a6, s2
    li a7, 1            /* ReplyRecv */
    rdcycle t0
    sd t0, 8(s0)
    ecall
    rdcycle t0
    j 1b

/* Waits for signals. a1 Notification. */
remote_waiter:
    mv s0, a0
    mv s1, a1
1:  mv a0, s1
    li a7, 6            /* Wait */
    ecall
    rdcycle t0
    sd t0, 0(s0)
    j 1b

/* Gives the processor away for ever. */
remote_yielder:
    mv s0, a0
1:  li a7, 8            /* Yield */
    ecall
    rdcycle t0
    sd t0, 0(s0)
    j 1b

/* Receives faults, mends the instruction at remote_fault_site (it is `rdcycle a1` then) and
 * restarts it. a1 endpoint, a2 Reply object; s3 address of that instruction, writable. */
remote_handler:
    mv s0, a0
    mv s1, a1
    mv s2, a2
    ld s3, 16(s0)
    lla t0, 2f
    lwu s4, (t0)
    mv a6, s2
    mv a0, s1
    li a7, 4            /* Recv */
    ecall
    rdcycle t0
1:  sd t0, 0(s0)
    sw s4, (s3)
    fence.i
    li a1, 0            /* label 0: restart */
    mv a0, s1
    mv a6, s2
    li a7, 1            /* ReplyRecv */
    rdcycle t0
    sd t0, 8(s0)
    ecall
    rdcycle t0
    j 1b
2:  rdcycle a1

/* Calls for ever, and counts the answers in the first word. a1 endpoint. */
remote_caller:
    mv s0, a0
    mv s1, a1
    li s2, 0
1:  mv a0, s1
    li a1, 0
    li a7, 0            /* Call */
    ecall
    addi s2, s2, 1
    sd s2, 0(s0)
    j 1b

/* Counts turns of a loop of 512 instructions, without the kernel. */
remote_counter:
    mv s0, a0
    li s2, 0
1:  li t0, 255
2:  addi t0, t0, -1
    bnez t0, 2b
    addi s2, s2, 1
    sd s2, 0(s0)
    j 1b

/* Measures how long after its timer's deadline it runs, again and again: struct probe of kbench.h
 * lies in the second half of the shared page. a1 Notification, a2 Timer that signals it. It has
 * live floating-point values, as the worst handler may. */
remote_prober:
    li t0, -4096
    and s0, a0, t0
    li t0, 2048
    add s0, s0, t0
    mv s1, a1
    mv s2, a2
1:  mv a0, s1
    li a7, 6            /* Wait */
    ecall
    rdcycle s3
    fadd.d fs0, fs0, fs0
    ld t0, 0(s0)        /* deadline; 0: none, it is to begin */
    beqz t0, 2f
    ld t1, 8(s0)        /* instructions a tick */
    mul t0, t0, t1
    ld t1, 16(s0)       /* rdcycle at tick 0 */
    add t0, t0, t1
    sub t0, s3, t0
    ld t1, 24(s0)       /* worst */
    bgeu t1, t0, 3f
    sd t0, 24(s0)
3:  ld t0, 32(s0)       /* count */
    addi t0, t0, 1
    sd t0, 32(s0)
2:  ld t0, 40(s0)       /* goes on? */
    beqz t0, 1b
    ld t0, 48(s0)       /* ticks to the next deadline: one more each time */
    addi t0, t0, 1
    ld t1, 64(s0)       /* the most */
    bgeu t1, t0, 4f
    ld t0, 56(s0)       /* the least */
4:  sd t0, 48(s0)
    rdtime t1
    add a2, t1, t0
    sd a2, 0(s0)
    mv a0, s2
    li a1, (57 << 12) + 1 /* Timer.set, one word */
    li a7, 0            /* Call */
    ecall
    j 1b

/* struct moments remote_fault(void): before the fault, and after it was answered. */
remote_fault:
    rdcycle a0
remote_fault_site:
    ld a1, 0(zero)      /* nothing is mapped at 0 */
    ret
remote_end:
