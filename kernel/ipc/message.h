// SPDX-License-Identifier: MIT
/* Moving a message from one thread's registers and IPC buffer to another's. */
#ifndef KERNEL_IPC_MESSAGE_H
#define KERNEL_IPC_MESSAGE_H

#include "object/thread.h"

/* The sender's message (or fault), with sender->badge, into the receiver's registers and buffer;
 * capabilities too if sender->send_grant. What does not fit is cut, never blocks. */
void message_transfer(struct thread *sender, struct thread *receiver);
/* The result of a wait: bits in a0, label in a1. */
void message_signals(struct thread *receiver, uint64_t bits, uint64_t label);

#endif
