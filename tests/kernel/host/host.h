// SPDX-License-Identifier: MIT
/*
 * The kernel on the build machine: its own sources on a fake of arch/, sbi and irqchip. The harts
 * are simulated one at a time: host_select says which one runs, and a hart runs from a trap until
 * the kernel returns to user mode or waits for an interrupt.
 */
#ifndef TESTS_KERNEL_HOST_H
#define TESTS_KERNEL_HOST_H

#include "hart.h"
#include "object/capability.h"
#include "object/thread.h"

/* Wired interrupts have the identities from 1 on, messages those behind them. */
#define HOST_SOURCES  8u
#define HOST_MESSAGES 4u

struct host {
    uint64_t time;      /* what `time` reads */
    uint64_t time_step; /* added by each read of it */
    /* A software interrupt becomes pending when sip has been read so often; 0: never. */
    uint64_t preempt_in;
};
extern struct host host;

/* Clears RAM and every hart; the first call maps the window. */
void host_reset(uint32_t harts);
/* Continues as that hart. */
void host_select(uint32_t hart);
/* A trap of the thread that is current on the selected hart. */
void host_ecall(void);
void host_trap(uint64_t cause, uint64_t value);
/* The selected hart handles what is pending, if anything is or if it idles, and chooses anew. */
void host_interrupts(void);
bool host_interrupt_pending(uint32_t hart);
/* When that hart's timer interrupts. */
uint64_t host_deadline(uint32_t hart);
void host_raise(uint32_t hart, uint64_t sip_bits);
void host_raise_source(uint32_t source);

/* A boot object: memory that is in no Untyped, a capability without a parent. There is one VSpace.
 */
struct capability host_make(enum ash_object_type type, uint64_t parameter);
/* Zeroed pages of RAM below the boot objects. */
uint64_t host_boot_pages(uint64_t pages);

/* Breaks off the test: says what is wrong. */
[[noreturn, gnu::format(printf, 1, 2)]] void host_fail(const char *format, ...);
#define host_check(condition, ...)                                                                 \
    do {                                                                                           \
        if (!(condition))                                                                          \
            host_fail(__VA_ARGS__);                                                                \
    } while (0)

#endif
