// SPDX-License-Identifier: MIT
/*
 * What the files of lib/ share and nobody else uses.
 */
#ifndef ASH_RUNTIME_H
#define ASH_RUNTIME_H

#include "ash/syscall.h"
#include "kernel/boot.h"
#include "task.h"

/* user.ld */
extern char __tls_image[], __tls_image_end[], __tls_end[], __tls_first[];
extern void (*__init_array_start[])(void), (*__init_array_end[])(void);
extern char __image_start[], __image_end[];

#define ASH_ARGUMENTS_MAX    32u
#define ASH_ROOT_STACK_BYTES 0x10000u

static inline size_t ash_tls_bytes(void)
{
    return (size_t)(__tls_end - __tls_image);
}

/* Names that compilers know. */
int __clzdi2(unsigned long value);
int __ctzdi2(unsigned long value);
int __popcountdi2(unsigned long value);
unsigned __int128 __udivti3(unsigned __int128 value, unsigned __int128 divisor);
unsigned __int128 __umodti3(unsigned __int128 value, unsigned __int128 divisor);

struct ash_start;
struct ash_birth;

/* The assembly entries and the C functions they go to. */
[[noreturn]] void _start(void);
[[noreturn]] void ash_start_c(const struct ash_start *start);
[[noreturn]] void ash_root_start_c(const struct ash_boot *boot, ash_word second);
[[noreturn]] void ash_thread_start_c(struct ash_birth *birth, struct ash_ipc_buffer *ipc,
                                     ash_word number, uintptr_t stack_base, void *block);

/* Makes a thread block of ash_tls_bytes() at `memory` (16-byte aligned) and points tp to it. */
void ash_thread_block_make(void *memory, struct ash_ipc_buffer *ipc);
void ash_run_constructors(void);
void ash_set_timebase(ash_word ticks_a_second);
void ash_log_firmware(ash_cptr firmware);

#endif
