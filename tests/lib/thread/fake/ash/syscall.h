// SPDX-License-Identifier: MIT
// What lib/mutex.c and lib/event.c need of the kernel, on threads of the developer's machine: a
// notification is a flag with a condition variable, its capability the address of one.
#ifndef ASH_SYSCALL_H
#define ASH_SYSCALL_H

#include <pthread.h>
#include <stdint.h>

typedef uint64_t ash_word;
typedef uint64_t ash_cptr;

struct fake_notification {
    pthread_mutex_t lock;
    pthread_cond_t signalled;
    bool pending;
};

struct ash_thread_block {
    ash_cptr notification;
};

struct ash_thread_block *ash_self(void);
void ash_signal(ash_cptr notification);
ash_word ash_time(void); /* microseconds */

#endif
