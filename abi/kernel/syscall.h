// SPDX-License-Identifier: MIT
/*
 * System calls. Number in a7. A system call keeps ra, sp, gp, tp, s0..s11 and the floating-point
 * registers, as a function does. What it leaves in t0..t6 and in those of a0..a7 that are not
 * results means nothing (and is nothing of the kernel's or of another thread's).
 *
 *   in      Call     Send/NBSend  Recv/NBRecv   ReplyRecv      Wait/Poll  SignalWait
 *   a0      cptr     cptr         endpoint      endpoint       ntfn       ntfn to wait on
 *   a1      info     info         -             info           -          ntfn to signal
 *   a2..a5  mr0..3   mr0..3       -             mr0..3         -          - (AckSignalWait: a2 Irq)
 *   a6      -        -            reply object  reply object   -          -
 *
 *   out     Call / Recv / NBRecv / ReplyRecv    Wait / Poll / SignalWait   Send/NBSend
 *   a0      badge of the sender (0 for Call)    the signalled bits         0
 *   a1      info                                info (label: error)        info (label: error)
 *   a2..a5  mr0..3
 *
 * info:   63            12 11  9 8  7 6      0
 *        +----------------+-----+----+--------+
 *        |     label      |  0  |caps| length |
 *        +----------------+-----+----+--------+
 * length counts message words (mr0..mr3 in registers, the rest at the same index in the IPC
 * buffer's msg[]); caps counts capabilities named in (or received as told by) the IPC buffer.
 *
 * Call on a kernel object runs one of its methods (label = method) and the reply's label is an
 * enum ash_error. Call, Send, NBSend on an Endpoint send a message. Send on a Notification signals.
 * A passive server (no SchedContext) takes only calls: Send and NBSend to it fail (NOT_BOUND).
 * Send or NBSend on a Reply object answers the caller it holds (nobody: nothing happens).
 * Recv on a thread with a bound Notification also returns when that is signalled: the badge is
 * then the signalled bits and the label ASH_LABEL_NOTIFICATION.
 * If the named capability does not exist or has not the right, label is the error and
 * bit 11 of info (ASH_INFO_KERNEL) is set, so that it cannot be confused with a peer's answer.
 */
#ifndef ABI_KERNEL_SYSCALL_H
#define ABI_KERNEL_SYSCALL_H

#include "types.h"

enum ash_syscall {
    ASH_SYS_CALL = 0,
    ASH_SYS_REPLY_RECV = 1,
    ASH_SYS_SEND = 2,
    ASH_SYS_NBSEND = 3,
    ASH_SYS_RECV = 4,
    ASH_SYS_NBRECV = 5,
    ASH_SYS_WAIT = 6,
    ASH_SYS_POLL = 7,
    ASH_SYS_YIELD = 8,
    ASH_SYS_SIGNAL_WAIT = 9,      /* signal one notification, then wait on another: one entry */
    ASH_SYS_NULL = 10,            /* enters and leaves; for measurement */
    ASH_SYS_ACK_SIGNAL_WAIT = 11, /* Irq.ack, then SignalWait; refused, nothing has happened */
};

#define ASH_MSG_WORDS     64u
#define ASH_MSG_CAPS      3u
#define ASH_MSG_REGISTERS 4u

#define ASH_INFO_LENGTH_MASK 0x7fu
#define ASH_INFO_CAPS_SHIFT  7u
#define ASH_INFO_CAPS_MASK   0x3u
#define ASH_INFO_KERNEL      ((ash_word)1 << 11)
#define ASH_INFO_LABEL_SHIFT 12u

#define ASH_LABEL_NOTIFICATION ((ash_word)0xfffff)

static inline ash_word ash_info(ash_word label, unsigned length, unsigned caps)
{
    return label << ASH_INFO_LABEL_SHIFT | (ash_word)caps << ASH_INFO_CAPS_SHIFT | length;
}
static inline ash_word ash_info_label(ash_word info)
{
    return info >> ASH_INFO_LABEL_SHIFT;
}
static inline unsigned ash_info_length(ash_word info)
{
    return (unsigned)(info & ASH_INFO_LENGTH_MASK);
}
static inline unsigned ash_info_caps(ash_word info)
{
    return (unsigned)(info >> ASH_INFO_CAPS_SHIFT & ASH_INFO_CAPS_MASK);
}

/*
 * The IPC buffer: one page-aligned kilobyte of a thread's own memory that the kernel reads and
 * writes for it. caps[] names capabilities to send; received ones are put into consecutive slots
 * of the CNode at receive_cnode (a path in the receiver's CSpace) from receive_index on; the
 * receiver keeps those slots empty, else the capability is not delivered and the count is less.
 */
struct ash_ipc_buffer {
    ash_word msg[ASH_MSG_WORDS];
    ash_cptr caps[ASH_MSG_CAPS];
    ash_cptr receive_cnode;
    ash_word receive_index;
    ash_word user[8]; /* for the run-time library: never touched by the kernel */
};
static_assert(sizeof(struct ash_ipc_buffer) == 8 * (64 + 3 + 2 + 8));

/*
 * A fault is a message to the thread's fault endpoint, sent as by Call; an answer restarts the
 * thread (label 0) or leaves it stopped (any other label).
 */
enum ash_fault {
    ASH_FAULT_EXCEPTION = 1, /* mr0 pc, mr1 scause, mr2 stval, mr3 sp */
    ASH_FAULT_SYSCALL = 2,   /* mr0 pc, mr1 number: no such system call */
};

#endif
