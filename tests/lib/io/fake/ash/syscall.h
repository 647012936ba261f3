// SPDX-License-Identifier: MIT
// In place of lib/include/ash/syscall.h in host tests: the kernel is test_file.c.
#ifndef ASH_SYSCALL_H
#define ASH_SYSCALL_H

#include "kernel/syscall.h"

struct ash_message {
    ash_word badge, info, mr[4];
};

struct ash_thread_block {
    ash_cptr notification;
};
/* The one thread of the test. */
static inline struct ash_thread_block *ash_self(void)
{
    static struct ash_thread_block self = {6};
    return &self;
}
struct ash_ipc_buffer *ash_ipc(void);
ash_word ash_time(void);
/* Lets the other tasks run; the bits are of no interest. */
ash_word ash_wait(ash_cptr notification);
ash_word ash_signal_wait(ash_cptr signal, ash_cptr wait);
void ash_signal(ash_cptr notification);
/* Every kernel method succeeds. */
static inline void ash_call(ash_cptr, struct ash_message *m)
{
    m->info = 0;
}

#endif
