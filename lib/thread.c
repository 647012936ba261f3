// SPDX-License-Identifier: MIT
/*
 * Threads and parking. A new thread's block (TLS) lies at the top of its stack; it is made by the
 * thread itself, before it runs any C that looks at tp.
 */
#include "ash/thread.h"
#include "ash/invoke.h"
#include "ash/manager.h"
#include "process.h"
#include "runtime.h"

#include <stdlib.h>

#define DEFAULT_STACK 0x10000u

struct ash_birth {
    void (*entry)(void *argument);
    void *argument;
};

[[gnu::used]] void ash_thread_start_c(struct ash_birth *birth, struct ash_ipc_buffer *ipc,
                                      ash_word number, uintptr_t stack_base, void *block)
{
    ash_thread_block_make(block, ipc);
    struct ash_thread_block *self = ash_self();
    self->number = number;
    self->notification = ASH_SLOT_THREADS + 2 * number;
    self->timer = self->notification + 1;
    self->stack_base = stack_base;
    self->stack_top = (uintptr_t)block;
    struct ash_birth copy = *birth;
    free(birth);
    copy.entry(copy.argument);
    ash_thread_exit();
}

/* Makes room for the block above the stack. */
[[gnu::naked, noreturn]] static void thread_start(void)
{
    __asm__("la t0, __tls_end\n"
            "la t1, __tls_image\n"
            "sub t0, t0, t1\n"
            "sub sp, sp, t0\n"
            "andi sp, sp, -64\n"
            "mv a4, sp\n"
            "mv a2, tp\n"
            "mv a3, gp\n"
            "mv s0, zero\n"
            "mv ra, zero\n"
            "tail ash_thread_start_c\n");
}

ash_status ash_thread_create(void (*entry)(void *argument), void *argument,
                             const struct ash_thread_options *options, unsigned *number)
{
    struct ash_birth *birth = malloc(sizeof(*birth));
    if (!birth)
        return STATUS_NO_MEMORY;
    *birth = (struct ash_birth){entry, argument};
    size_t stack = options->stack_bytes != 0 ? options->stack_bytes : DEFAULT_STACK;
    struct ash_proc_thread_create_request request = {
        .entry = (ash_word)thread_start,
        .argument = (ash_word)birth,
        .stack_bytes = stack + ash_tls_bytes(),
        .priority = options->priority,
        .budget_us = options->budget_us,
        .period_us = options->period_us,
    };
    struct ash_proc_thread_create_reply reply;
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_THREAD_CREATE, &request,
                                    sizeof(request), &reply, sizeof(reply));
    if (!ash_success(status))
        free(birth);
    else if (number)
        *number = (unsigned)reply.thread;
    return status;
}

void ash_thread_exit(void)
{
    struct ash_proc_thread_request request = {.thread = ash_self()->number};
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_THREAD_EXIT, &request, sizeof(request), nullptr,
                      0);
    for (;;)
        __asm__ volatile("unimp");
}

ash_status ash_thread_priority(unsigned number, unsigned priority)
{
    struct ash_proc_priority_request request = {.thread = number, .priority = priority};
    return ash_request(ASH_SLOT_PROCESS, ASH_PROC_THREAD_PRIORITY, &request, sizeof(request),
                       nullptr, 0);
}

/* A timer signal left over from an earlier wait only makes one wait return early, which callers
 * have to expect anyway. */
bool ash_park(ash_word deadline)
{
    struct ash_thread_block *self = ash_self();
    if (deadline == ASH_FOREVER) {
        while (!(ash_wait(self->notification) & ASH_PARK_SIGNAL))
            ;
        return true;
    }
    ash_word bits = ash_poll(self->notification);
    if (bits & ASH_PARK_SIGNAL)
        return true;
    if (ash_time() >= deadline || ash_timer_set(self->timer, deadline) != ASH_OK)
        return false;
    do
        bits = ash_wait(self->notification);
    while (!(bits & ASH_PARK_SIGNAL) && ash_time() < deadline);
    bool pending;
    if (bits & ASH_PARK_SIGNAL)
        (void)ash_timer_cancel(self->timer, &pending);
    return bits & ASH_PARK_SIGNAL;
}

void ash_sleep_until(ash_word deadline)
{
    while (ash_time() < deadline)
        ash_park(deadline);
}
