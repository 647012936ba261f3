/* SPDX-License-Identifier: MIT
 *
 * What runs in the other address space: three loops that note when they were reached. The code
 * between remote_begin and remote_end is copied into a page of its own, so it is position
 * independent. A thread starts with a0 = address of the page it shares with the measuring task,
 * a1 and a2 = capabilities as said below. Registers that a system call does not name keep their
 * values across it (abi/kernel/syscall.h), so a moment read before a call is stored after it.
 *
 *   shared page:  0  `rdcycle` as the first instruction after the kernel returned
 *                 8  `rdcycle` as the last instruction before the system call before that
 */
    .section .rodata
    .balign 8
    .globl remote_begin, remote_server, remote_waiter, remote_yielder, remote_end
remote_begin:

/* Answers each call with the message it got. a1 endpoint, a2 Reply object. */
remote_server:
    mv s0, a0
    mv s1, a1
    mv s2, a2
    mv a0, s1
    mv a6, s2
    li a7, 4            /* Recv */
    ecall
1:  rdcycle t0
    sd t0, 0(s0)
    sd t1, 8(s0)
    mv a0, s1
    mv a6, s2
    li a7, 1            /* ReplyRecv */
    rdcycle t1
    ecall
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
remote_end:
