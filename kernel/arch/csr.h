// SPDX-License-Identifier: MIT
/* Control and status registers of S-mode (RISC-V privileged specification, chapter 10). */
#ifndef KERNEL_ARCH_CSR_H
#define KERNEL_ARCH_CSR_H

#include "arch/csr_bits.h"

#include <stdint.h>

#define csr_read(name)                                                                             \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("csrr %0, " name : "=r"(value_)::"memory");                               \
        value_;                                                                                    \
    })
#define csr_write(name, value)                                                                     \
    __asm__ volatile("csrw " name ", %0" ::"rK"((uint64_t)(value)) : "memory")
#define csr_swap(name, value)                                                                      \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("csrrw %0, " name ", %1"                                                  \
                         : "=r"(value_)                                                            \
                         : "rK"((uint64_t)(value))                                                 \
                         : "memory");                                                              \
        value_;                                                                                    \
    })
#define csr_set(name, bits)                                                                        \
    __asm__ volatile("csrs " name ", %0" ::"rK"((uint64_t)(bits)) : "memory")
#define csr_clear(name, bits)                                                                      \
    __asm__ volatile("csrc " name ", %0" ::"rK"((uint64_t)(bits)) : "memory")

/* stimecmp (Sstc) by number: assemblers without the extension know no name for it. */
#define CSR_STIMECMP "0x14d"

static inline uint64_t time_now(void)
{
    return csr_read("time");
}

struct hart;

/* tp points to this hart's struct. It never changes in the kernel after a hart has entered it, so
 * the compiler may reuse the read. */
static inline struct hart *hart_self(void)
{
    struct hart *hart;
    __asm__("mv %0, tp" : "=r"(hart));
    return hart;
}
#define this_hart hart_self()

static inline void wait_for_interrupt(void)
{
    __asm__ volatile("wfi");
}

/* Instructions fetched from here on are those that memory holds now. */
static inline void fence_instructions(void)
{
    __asm__ volatile("fence.i" ::: "memory");
}
static inline void fence_all(void)
{
    __asm__ volatile("fence rw, rw" ::: "memory");
}
/* Memory and registers of devices in program order, for them as for us. */
static inline void fence_device(void)
{
    __asm__ volatile("fence iorw, iorw" ::: "memory");
}
static inline void tlb_flush_all(void)
{
    __asm__ volatile("sfence.vma" ::: "memory");
}
static inline void tlb_flush_asid(uint64_t asid)
{
    __asm__ volatile("sfence.vma zero, %0" ::"r"(asid) : "memory");
}
static inline void tlb_flush_page(uint64_t address, uint64_t asid)
{
    __asm__ volatile("sfence.vma %0, %1" ::"r"(address), "r"(asid) : "memory");
}

#endif
