// SPDX-License-Identifier: MIT
/*
 * The kernel's view of memory.
 *
 *   user            0x0000_0000_0000_0000 .. 0x0000_003f_ffff_ffff   root entries   0..255
 *   physical window 0xffff_ffc0_0000_0000 + physical address, RW     root entries 256..503
 *   kernel image    0xffff_ffff_8000_0000, W^X per section           root entry   510
 *
 * The window covers RAM and the interrupt controllers, but not the 2 MiB pages that hold the kernel
 * image: text and read-only data have no writable alias.
 * Physical and user-virtual addresses are types of their own, so that neither is used as a pointer.
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

#define WINDOW_BASE       0xffffffc000000000ull
#define WINDOW_SIZE       (248ull << 30)
#define KERNEL_IMAGE_BASE 0xffffffff80000000ull

/* Physical address at which the image lies; set by head.S before any C code runs. */
extern uint64_t kernel_physical_base;

static inline void *window(paddr address)
{
    return (void *)(address.value + WINDOW_BASE);
}

static inline paddr window_physical(const void *pointer)
{
    return (paddr){(uint64_t)pointer - WINDOW_BASE};
}

/* Works for addresses in the window and in the kernel image. */
static inline uint64_t kernel_to_physical(const void *pointer)
{
    uint64_t address = (uint64_t)pointer;
    if (address >= KERNEL_IMAGE_BASE)
        return address - KERNEL_IMAGE_BASE + kernel_physical_base;
    return address - WINDOW_BASE;
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
