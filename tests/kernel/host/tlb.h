// SPDX-License-Identifier: MIT
/*
 * The hart's translation cache, as bad as the architecture allows: it keeps every translation it
 * was ever shown until the kernel flushes it (privileged specification, sfence.vma). Address-space
 * numbers are told apart. One cache: for tests with one hart.
 */
#ifndef TESTS_KERNEL_HOST_TLB_H
#define TESTS_KERNEL_HOST_TLB_H

#include <stddef.h>
#include <stdint.h>

struct translation {
    uint64_t asid, address; /* of its first byte */
    uint64_t entry;         /* the leaf */
    unsigned bits;          /* it spans 2^bits bytes */
};

void tlb_reset(void);
void tlb_show(struct translation seen);
/* ~0 stands for all. */
void tlb_flush(uint64_t address, uint64_t asid);
/* What is kept; *count of them. */
const struct translation *tlb_kept(size_t *count);

#endif
