// SPDX-License-Identifier: MIT
/*
 * Wild accesses. Each must end in an exception, which the process manager hands to this task's
 * handler, and that jumps back here; one that does not is a hole.
 */
#include "ash/manager.h"
#include "hostile.h"
#include "process.h"
#include "task.h"
#include <setjmp.h>
#include <stdio.h>

static jmp_buf back;
static volatile unsigned faults;

[[noreturn]] static void on_fault(ash_word cause, ash_word value, ash_word pc)
{
    (void)cause;
    (void)value;
    (void)pc;
    faults++;
    longjmp(back, 1);
}

static bool set_handler(ash_word handler)
{
    const struct ash_proc_handler_request request = {.handler = handler};
    return ash_success(ash_request(ASH_SLOT_PROCESS, ASH_PROC_FAULT_HANDLER, &request,
                                   sizeof(request), nullptr, 0));
}

static bool may_read(ash_word address)
{
    if (setjmp(back) != 0)
        return false;
    (void)*(volatile unsigned char *)address;
    return true;
}

static bool may_write(ash_word address)
{
    if (setjmp(back) != 0)
        return false;
    *(volatile unsigned char *)address = 0xa5;
    return true;
}

static bool may_execute(ash_word address)
{
    if (setjmp(back) != 0)
        return false;
    ((void (*)(void))address)();
    return true;
}

static unsigned holes(const char *what, bool allowed, ash_word address)
{
    if (allowed)
        printf("hostile: could %s 0x%lx\n", what, (unsigned long)address);
    return allowed;
}

static unsigned outside(ash_word address)
{
    return holes("read", may_read(address), address) + holes("write", may_write(address), address) +
           holes("execute", may_execute(address), address);
}

/* Null, RAM and devices by their physical addresses, the kernel's half, what is not an address. */
static unsigned chosen_places(void)
{
    static const ash_word places[] = {
        0,          8,          0x1000,     0x02000000, 0x0c000000,           0x10000000,
        0x30000000, 0x80000000, 0x80200000, 0x87fff000, ASH_USER_TOP - 1,     ASH_USER_TOP,
        ~0ul,       ~4095ul,    1ul << 63,  1ul << 39,  0xffffffc000000000ul, 0xffffffff80000000ul};
    unsigned found = 0;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        found += outside(places[i]);
    return found;
}

static unsigned random_places(void)
{
    unsigned found = 0;
    for (unsigned i = 0; i < 300; i++) {
        ash_word address = random_word() | (ash_word)1 << (38 + random_below(26));
        found += outside(address);
    }
    return found;
}

/* What is the task's own, in ways it was not given. */
static unsigned own_pages(void)
{
    static const unsigned code[] = {0x00008067}; /* ret */
    static unsigned data[1] = {0x00008067};
    unsigned local = 0x00008067;
    return holes("write its code", may_write((ash_word)set_handler), (ash_word)set_handler) +
           holes("write its constants", may_write((ash_word)code), (ash_word)code) +
           holes("execute its constants", may_execute((ash_word)code), (ash_word)code) +
           holes("execute its data", may_execute((ash_word)data), (ash_word)data) +
           holes("execute its stack", may_execute((ash_word)&local), (ash_word)&local) +
           holes("write the start page", may_write(ASH_START_PAGE), ASH_START_PAGE);
}

static int accesses(void)
{
    if (!set_handler((ash_word)on_fault)) {
        printf("hostile: no handler for exceptions\n");
        return 1;
    }
    unsigned found = chosen_places() + random_places() + own_pages();
    printf("hostile: %u accesses ended in an exception, %u did not\n", faults, found);
    return found != 0;
}

static int null_jump(void)
{
    ((void (*)(void))(ash_word)random_below(1))();
    return 1;
}

static int overflow_at(volatile unsigned char *above)
{
    volatile unsigned char page[4096];
    page[0] = above[0];
    return overflow_at(page) + page[0];
}

static int stack(void)
{
    volatile unsigned char first = 1;
    return overflow_at(&first);
}

static int privileged(void)
{
    __asm__ volatile("csrw satp, zero");
    return 1;
}

static int system_call(void)
{
    struct ash_message message = {};
    ash_syscall_message(0x1000 + random_below(1000), random_word(), random_word(), &message);
    return 1;
}

const struct kind memory_kinds[] = {
    {"accesses", "reads, writes, executes what is not its own", accesses},
    {"null", "jumps to null; dies", null_jump},
    {"stack", "recurses for ever; dies", stack},
    {"privileged", "writes a register of the kernel; dies", privileged},
    {"syscall", "calls the kernel by a number that is none; dies", system_call},
    {},
};
