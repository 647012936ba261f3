// SPDX-License-Identifier: MIT
// Stands for lib/include/ash/syscall.h where the runtime's decoding is compiled for the developer's
// machine: the names that inline functions of lib/ want, none of which is reached there.
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

static inline void ash_signal(ash_cptr target)
{
    (void)target;
    abort();
}

static inline void ash_call(ash_cptr target, struct ash_message *message)
{
    (void)target, (void)message;
    abort();
}

#endif
