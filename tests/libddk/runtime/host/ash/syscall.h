// SPDX-License-Identifier: MIT
// Stands for lib/include/ash/syscall.h where the runtime is compiled for the developer's machine:
// the calls are functions of the test.
#ifndef ASH_SYSCALL_H
#define ASH_SYSCALL_H

#include "kernel/syscall.h"
#include "kernel/types.h"

#include <stdint.h>
#include <stdlib.h>

struct ash_message {
    ash_word badge, info, mr[4];
};

struct ash_thread_block {
    struct ash_ipc_buffer *ipc;
    ash_word number;
    ash_cptr notification, timer;
    uintptr_t stack_base, stack_top;
    void *user[4];
};

static inline struct ash_thread_block *ash_self(void)
{
    abort();
}

static inline struct ash_ipc_buffer *ash_ipc(void)
{
    abort();
}

void ash_signal(ash_cptr target);
void ash_call(ash_cptr target, struct ash_message *message);
ash_word ash_wait(ash_cptr notification);
ash_word ash_signal_wait(ash_cptr signal, ash_cptr wait);
ash_word ash_ack_signal_wait(ash_cptr irq, ash_cptr signal, ash_cptr wait);

#endif
