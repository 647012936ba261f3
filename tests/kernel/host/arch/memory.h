// SPDX-License-Identifier: MIT
/*
 * Stands in for kernel/arch/memory.h on the build machine (same guard, included first). The
 * physical window is an area that host.c maps at a fixed address; of the physical addresses only
 * HOST_RAM .. HOST_RAM + HOST_RAM_SIZE have memory behind them, so that the kernel's touching of
 * device memory is a crash.
 */
#ifndef KERNEL_ARCH_MEMORY_H
#define KERNEL_ARCH_MEMORY_H

#include <stdint.h>

typedef struct {
    uint64_t value;
} paddr;

typedef struct {
    uint64_t value;
} uaddr;

#define WINDOW_BASE   0x200000000000ull
#define WINDOW_SIZE   (248ull << 30)
#define HOST_RAM      0x80000000ull
#define HOST_RAM_SIZE (6ull << 20)

extern uint64_t kernel_physical_base;

static inline void *window(paddr address)
{
    return (void *)(address.value + WINDOW_BASE);
}
static inline paddr window_physical(const void *pointer)
{
    return (paddr){(uint64_t)pointer - WINDOW_BASE};
}
static inline uint64_t kernel_to_physical(const void *pointer)
{
    return (uint64_t)pointer - WINDOW_BASE;
}
static inline uint64_t round_down(uint64_t value, uint64_t unit)
{
    return value & ~(unit - 1);
}
static inline uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

#endif
