// SPDX-License-Identifier: MIT
/*
 * Rules broken on purpose: each provocation must end in a panic that names a pc. One that comes
 * back answers ASH_OK, and the test that asked for it has failed.
 */
#include "arch/memory.h"
#include "check/checks.h"
#include "ipc/invoke.h"

#include <limits.h>

/* Volatile, so that the compiler does not foresee the result. */
static void overflow(void)
{
    static volatile int largest = INT_MAX;
    volatile int sum = largest + 1;
    (void)sum;
}

static void out_of_bounds(void)
{
    static volatile unsigned index = 4;
    static volatile char four[4];
    four[index] = 1;
}

static void store(volatile uint64_t *address)
{
    *address = *address;
}

unsigned check_provoke(struct invocation *call, uint64_t what)
{
    extern char _text_start[], _rodata_start[], _data_start[];
    switch (what) {
    case ASH_PROVOKE_OVERFLOW:
        overflow();
        break;
    case ASH_PROVOKE_BOUNDS:
        out_of_bounds();
        break;
    case ASH_PROVOKE_STORE_TEXT:
        store((volatile uint64_t *)_text_start);
        break;
    case ASH_PROVOKE_STORE_RODATA:
        store((volatile uint64_t *)_rodata_start);
        break;
    case ASH_PROVOKE_STORE_WINDOW: /* the same bytes through the physical window */
        store(window((paddr){kernel_to_physical(_text_start)}));
        break;
    case ASH_PROVOKE_EXECUTE_DATA:
        __asm__ volatile("jalr %0" ::"r"(_data_start) : "ra", "memory");
        break;
    case ASH_PROVOKE_EXECUTE_USER:
        __asm__ volatile("jalr %0" ::"r"(call->caller->reg[REG_PC]) : "ra", "memory");
        break;
    case ASH_PROVOKE_LOAD_USER:
        (void)*(volatile uint64_t *)(call->caller->reg[REG_SP] & ~7ull);
        break;
    case ASH_PROVOKE_LOAD_EXECUTABLE_USER:
        (void)*(volatile uint64_t *)(call->caller->reg[REG_PC] & ~7ull);
        break;
    default:
        return check_spoil(call, what);
    }
    return ASH_OK;
}
