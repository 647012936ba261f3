// SPDX-License-Identifier: MIT
/*
 * Stands in for kernel/arch/csr.h on the build machine (same guard, included first): the registers
 * of S-mode are variables of host.c, one set a hart; TLB flushes go to the model of tlb.c.
 */
#ifndef KERNEL_ARCH_CSR_H
#define KERNEL_ARCH_CSR_H

#include "arch/csr_bits.h"

#include <stdint.h>

struct hart;

extern struct hart *host_hart;
#define this_hart host_hart

enum host_csr {
    HOST_CSR_TIME,
    HOST_CSR_SIP,
    HOST_CSR_SIE,
    HOST_CSR_SATP,
    HOST_CSR_SSTATUS,
    HOST_CSR_STIMECMP,
    HOST_CSR_OTHER,
};

uint64_t host_csr_read(enum host_csr csr);
void host_csr_write(enum host_csr csr, uint64_t value);
void host_flush(uint64_t address, uint64_t asid);
void wait_for_interrupt(void);

#define CSR_STIMECMP "0x14d"

[[gnu::always_inline]] static inline enum host_csr host_csr_named(const char *name)
{
    if (__builtin_strcmp(name, "time") == 0)
        return HOST_CSR_TIME;
    if (__builtin_strcmp(name, "sip") == 0)
        return HOST_CSR_SIP;
    if (__builtin_strcmp(name, "sie") == 0)
        return HOST_CSR_SIE;
    if (__builtin_strcmp(name, "satp") == 0)
        return HOST_CSR_SATP;
    if (__builtin_strcmp(name, "sstatus") == 0)
        return HOST_CSR_SSTATUS;
    if (__builtin_strcmp(name, CSR_STIMECMP) == 0)
        return HOST_CSR_STIMECMP;
    return HOST_CSR_OTHER;
}

#define csr_read(name)         host_csr_read(host_csr_named(name))
#define csr_write(name, value) host_csr_write(host_csr_named(name), (uint64_t)(value))
#define csr_set(name, bits)                                                                        \
    host_csr_write(host_csr_named(name), host_csr_read(host_csr_named(name)) | (uint64_t)(bits))
#define csr_clear(name, bits)                                                                      \
    host_csr_write(host_csr_named(name), host_csr_read(host_csr_named(name)) & ~(uint64_t)(bits))

static inline uint64_t time_now(void)
{
    return csr_read("time");
}
static inline void fence_instructions(void)
{
}
static inline void fence_all(void)
{
}
static inline void fence_device(void)
{
}
static inline void tlb_flush_all(void)
{
    host_flush(~0ull, ~0ull);
}
static inline void tlb_flush_asid(uint64_t asid)
{
    host_flush(~0ull, asid);
}
static inline void tlb_flush_page(uint64_t address, uint64_t asid)
{
    host_flush(address, asid);
}

#endif
