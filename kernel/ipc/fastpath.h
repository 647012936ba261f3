// SPDX-License-Identifier: MIT
/* The short way of the commonest system calls. */
#ifndef KERNEL_IPC_FASTPATH_H
#define KERNEL_IPC_FASTPATH_H

struct thread;

/* Call to, and ReplyRecv by, a passive server, with at most four words and no capabilities. True:
 * done, the hart's current thread is the one to run. False: nothing has changed, take the long way,
 * which decides every case this one does not know. */
bool fastpath_call(struct thread *caller);
bool fastpath_reply_recv(struct thread *server);
/* SignalWait that wakes a thread of this hart and blocks the caller: how a request, and later its
 * answer, goes from one driver to the next. */
bool fastpath_signal_wait(struct thread *thread);

#endif
