// SPDX-License-Identifier: MIT
/*
 * The system calls, one function each (abi/kernel/syscall.h is the contract). A message's first
 * four words travel in registers; the rest, and capabilities, in the thread's IPC buffer
 * (ash_ipc()).
 *
 * ash_call, ash_recv, ash_reply_recv, ash_wait, ash_signal_wait and ash_ack_signal_wait block; the
 * others do not. None allocates. The functions may be called from any thread; a thread has its own
 * IPC buffer.
 */
#ifndef ASH_SYSCALL_H
#define ASH_SYSCALL_H

#include "kernel/syscall.h"

struct ash_message {
    ash_word badge; /* out: of the sender; the signalled bits for a notification */
    ash_word info;  /* in and out: ash_info() */
    ash_word mr[4];
};

/* What tp points to. The IPC buffer's address is the first word by contract with the process
 * manager and the kernel's tests; the rest belongs to lib/. */
struct ash_thread_block {
    struct ash_ipc_buffer *ipc;
    ash_word number;       /* of the thread in its task */
    ash_cptr notification; /* parking notification */
    ash_cptr timer;        /* signals it */
    uintptr_t stack_base, stack_top;
    void *user[4]; /* for the driver kit: never touched by lib/ */
};

static inline struct ash_thread_block *ash_self(void)
{
    struct ash_thread_block *self;
    __asm__("mv %0, tp" : "=r"(self));
    return self;
}

static inline struct ash_ipc_buffer *ash_ipc(void)
{
    return ash_self()->ipc;
}

/* What a system call does not keep, besides its arguments and results. */
#define ASH_SYSCALL_CLOBBERS "t0", "t1", "t2", "t3", "t4", "t5", "t6", "memory"

static inline void ash_syscall_message(ash_word number, ash_word target, ash_cptr reply,
                                       struct ash_message *m)
{
    register ash_word a0 __asm__("a0") = target;
    register ash_word a1 __asm__("a1") = m->info;
    register ash_word a2 __asm__("a2") = m->mr[0];
    register ash_word a3 __asm__("a3") = m->mr[1];
    register ash_word a4 __asm__("a4") = m->mr[2];
    register ash_word a5 __asm__("a5") = m->mr[3];
    register ash_word a6 __asm__("a6") = reply;
    register ash_word a7 __asm__("a7") = number;
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6),
                       "+r"(a7)
                     :
                     : ASH_SYSCALL_CLOBBERS);
    m->badge = a0;
    m->info = a1;
    m->mr[0] = a2;
    m->mr[1] = a3;
    m->mr[2] = a4;
    m->mr[3] = a5;
}

/* Sends m and waits for the answer, which replaces m. Rights: WRITE and GRANT or GRANT_REPLY. */
static inline void ash_call(ash_cptr target, struct ash_message *m)
{
    ash_syscall_message(ASH_SYS_CALL, target, 0, m);
}

/* Waits for a message; `reply` (a Reply object, or 0) then holds the right to answer it. READ. */
static inline void ash_recv(ash_cptr endpoint, ash_cptr reply, struct ash_message *m)
{
    *m = (struct ash_message){};
    ash_syscall_message(ASH_SYS_RECV, endpoint, reply, m);
}

/* The same without waiting: label ASH_E_AGAIN with ASH_INFO_KERNEL if nobody sends. */
static inline void ash_nbrecv(ash_cptr endpoint, ash_cptr reply, struct ash_message *m)
{
    *m = (struct ash_message){};
    ash_syscall_message(ASH_SYS_NBRECV, endpoint, reply, m);
}

/* Answers through `reply` with m, then receives the next message into m with the same object. */
static inline void ash_reply_recv(ash_cptr endpoint, ash_cptr reply, struct ash_message *m)
{
    ash_syscall_message(ASH_SYS_REPLY_RECV, endpoint, reply, m);
}

/* Sends m to an endpoint (blocks until received) or answers through a Reply object (does not). */
static inline void ash_send(ash_cptr target, const struct ash_message *m)
{
    struct ash_message copy = *m;
    ash_syscall_message(ASH_SYS_SEND, target, 0, &copy);
}

static inline void ash_nbsend(ash_cptr target, const struct ash_message *m)
{
    struct ash_message copy = *m;
    ash_syscall_message(ASH_SYS_NBSEND, target, 0, &copy);
}

/* A system call with two arguments; returns a0, and a1 in *info. */
static inline ash_word ash_syscall_word(ash_word number, ash_word first, ash_word second,
                                        ash_word *info)
{
    register ash_word a0 __asm__("a0") = first;
    register ash_word a1 __asm__("a1") = second;
    register ash_word a7 __asm__("a7") = number;
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a7)
                     :
                     : "a2", "a3", "a4", "a5", ASH_SYSCALL_CLOBBERS);
    *info = a1;
    return a0;
}

/* Waits until the notification is signalled; returns the bits. READ. */
static inline ash_word ash_wait(ash_cptr notification)
{
    ash_word info;
    return ash_syscall_word(ASH_SYS_WAIT, notification, 0, &info);
}

/* The signalled bits, or 0 at once if there are none. */
static inline ash_word ash_poll(ash_cptr notification)
{
    ash_word info;
    ash_word bits = ash_syscall_word(ASH_SYS_POLL, notification, 0, &info);
    return info & ASH_INFO_KERNEL ? 0 : bits;
}

/* Signals the bits of the capability's badge. WRITE. */
static inline void ash_signal(ash_cptr notification)
{
    ash_word info;
    ash_syscall_word(ASH_SYS_SEND, notification, 0, &info);
}

/* Signals one notification and waits on another, in one entry. */
static inline ash_word ash_signal_wait(ash_cptr signal, ash_cptr wait)
{
    ash_word info;
    return ash_syscall_word(ASH_SYS_SIGNAL_WAIT, wait, signal, &info);
}

/* Acknowledges the Irq first, all in one entry. 0 if one of the three was refused. */
static inline ash_word ash_ack_signal_wait(ash_cptr irq, ash_cptr signal, ash_cptr wait)
{
    register ash_word a0 __asm__("a0") = wait;
    register ash_word a1 __asm__("a1") = signal;
    register ash_word a2 __asm__("a2") = irq;
    register ash_word a7 __asm__("a7") = ASH_SYS_ACK_SIGNAL_WAIT;
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a7)
                     :
                     : "a3", "a4", "a5", ASH_SYSCALL_CLOBBERS);
    return a1 & ASH_INFO_KERNEL ? 0 : a0;
}

static inline void ash_yield(void)
{
    ash_word info;
    ash_syscall_word(ASH_SYS_YIELD, 0, 0, &info);
}

/* Ticks of the timebase since some moment before boot. No system call. */
static inline ash_word ash_time(void)
{
    ash_word ticks;
    __asm__ volatile("rdtime %0" : "=r"(ticks));
    return ticks;
}

#endif
