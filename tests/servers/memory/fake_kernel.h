// SPDX-License-Identifier: MIT
/*
 * A model of the kernel behind servers/memory/backend.h. It keeps the derivation tree, watermarks,
 * mappings and page tables, refuses what the kernel refuses, and aborts on what the bookkeeping
 * must never ask (an occupied destination, a slot page that does not exist).
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include "mm.h"

/* Fresh machine: `bytes` of RAM at `physical`, device memory at `device`. Fills the regions. */
void fake_reset(uint64_t physical, uint64_t bytes, uint64_t device, uint64_t device_bytes);
void fake_regions(struct mm_ram *ram, struct mm_ram *device);

/* Makes the n-th next retype or copy fail (0: the next one); ~0: none. */
void fake_fail_after(uint64_t calls);

struct fake_mapping {
    uint64_t physical, address;
    unsigned bits, rights;
    bool present;
    uint64_t space;
};
/* The page mapped at `address` in the VSpace. */
struct fake_mapping fake_lookup(mm_slot vspace, uint64_t address);
uint64_t fake_mappings(mm_slot vspace);
/* The next page mapped anywhere, whoever mapped it; *at is 0 at first. And what `space` says there
 * of one VSpace or IoSpace. */
bool fake_next_mapping(uint32_t *at, struct fake_mapping *mapping);
uint64_t fake_space(mm_slot vspace);
unsigned char *fake_memory(uint64_t physical);
/* Takes a capability out of a slot as a message does; returns a handle for fake_derived_alive. */
uint32_t fake_receive(mm_slot slot);
bool fake_received_alive(uint32_t handle);
uint64_t fake_live_capabilities(void);
/* From now on there is an IOMMU; the IoSpace that is attached to a device, or 0; a fault record. */
void fake_iommu(bool there);
mm_slot fake_attached(uint64_t device);
bool fake_io_mapped(mm_slot frame);
void fake_fault(const struct mm_fault *fault);
uint64_t fake_calls(void);

#endif
