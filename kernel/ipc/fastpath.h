// SPDX-License-Identifier: MIT
/*
 * The short way of the commonest system calls: Call to, and ReplyRecv by, a server with a message
 * and no capabilities; a passive one, or one with a SchedContext of its own on the same hart.
 * arch/trap.S comes here with the registers a0..a6 as the caller left them (a0, and a6 for
 * ReplyRecv, are in its struct too) and the caller itself in the place of a7; they return the
 * thread to run next. A case that the short way does not know is left to the long one (trap.h),
 * with nothing changed.
 */
#ifndef KERNEL_IPC_FASTPATH_H
#define KERNEL_IPC_FASTPATH_H

#include <stdint.h>

struct thread;

struct thread *fastpath_call(uint64_t path, uint64_t info, uint64_t mr0, uint64_t mr1, uint64_t mr2,
                             uint64_t mr3, uint64_t unused, struct thread *caller);
struct thread *fastpath_reply_recv(uint64_t path, uint64_t info, uint64_t mr0, uint64_t mr1,
                                   uint64_t mr2, uint64_t mr3, uint64_t reply_path,
                                   struct thread *server);
/* A fault of the current thread, which fault_word and its fault endpoint describe, to a passive
 * handler. False: nothing has changed. */
bool fastpath_fault(struct thread *thread);
/* SignalWait that wakes a thread of this hart and blocks the caller: how a request, and later its
 * answer, goes from one driver to the next. False: nothing has changed. */
bool fastpath_signal_wait(struct thread *thread);
/* The first part of AckSignalWait, if the whole of it will not be refused. */
bool fastpath_acknowledge(struct thread *thread);

#endif
