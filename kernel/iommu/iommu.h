// SPDX-License-Identifier: MIT
/*
 * The RISC-V IOMMU (RISC-V IOMMU Architecture Specification 1.0), as far as the kernel drives it:
 * which device uses which tables, invalidation, faults. What the tables hold is
 * object/io_space.c's.
 *
 * Invariants.
 *  - The IOMMU is in 3LVL mode from boot on: a device without a valid context reaches nothing.
 *  - A device's context is valid exactly while it is attached. The directory page it lies in
 * belongs to the tables of one of the devices attached in that page.
 *  - When a function that takes something away returns, no device uses it any more, and every
 *    access that used it is done.
 */
#ifndef KERNEL_IOMMU_IOMMU_H
#define KERNEL_IOMMU_IOMMU_H

#include "arch/memory.h"

#define IOMMU_ROOT_ENTRIES 2048u

/* What the IOMMU reads about one device: six pages, aligned to 16 KiB. */
struct iommu_tables {
    uint64_t root[IOMMU_ROOT_ENTRIES]; /* second stage, Sv39x4 */
    uint64_t message_table[64];        /* MSI page table: one entry of two words, the rest zero */
    uint64_t message_file[64];         /* memory-resident interrupt file: pairs pending, enabled */
    uint64_t owner[384];               /* the IoSpace object itself */
    uint64_t directory[512];           /* device contexts of 64 (128) neighbouring IDs, if in use */
};
static_assert(sizeof(struct iommu_tables) == 6 * 4096);

struct iommu_fault {
    uint32_t device;
    uint32_t cause; /* CAUSE */
    uint32_t kind;  /* TTYP */
    bool lost;      /* records that should have followed are missing */
    uint64_t address;
};

/* --- At boot --------------------------------------------------------------------------------- */

/* Finds the IOMMU in the device tree; false if there is none. */
bool iommu_find(const void *tree);
/* Physical range of its registers, page multiples; size 0 without one. */
void iommu_range(uint64_t *physical, uint64_t *size);
/* Takes five pages from boot_pages and turns it on, all devices blocked. What it cannot use it
 * leaves off, which blocks all devices too, and says why. */
void iommu_boot(void);

/* --- Later ----------------------------------------------------------------------------------- */

/* Is there one that works? Nothing below may be called otherwise. */
bool iommu_works(void);
uint64_t iommu_capabilities(void);
/* Device IDs are 0 .. this - 1. */
uint64_t iommu_devices(void);

bool iommu_attached(uint32_t device);
/* `number` tags the translations (GSCID). The device was not attached. */
void iommu_attach(uint32_t device, struct iommu_tables *tables, uint32_t number);
/* The device and these tables have nothing to do with each other any more. */
void iommu_detach(uint32_t device, struct iommu_tables *tables, uint32_t number);

/* The root table by which the IOMMU translates for the device, as its directory says. Null: none,
 * nor for those whose ID differs in the low *neighbours bits only. */
const uint64_t *iommu_root(uint32_t device, unsigned *neighbours);

/* Can a device be given messages of its own? */
bool iommu_has_messages(void);
/* From now on the message n that the device of these tables writes to the message page becomes bit
 * n of the first word of message_file; if it is set in the second, `notice` is written to that
 * address. */
void iommu_messages(struct iommu_tables *tables, uint32_t number, uint64_t address,
                    uint32_t notice);

/* Entries of the tables with that number were cleared or changed: forgets one page (in steps: any
 * number of iommu_forget_page, then iommu_finish), or all of them at once. */
void iommu_forget_page(uint32_t number, uint64_t address);
void iommu_finish(void);
void iommu_forget_all(uint32_t number);

/* Takes the oldest record of the fault queue; false if there is none. */
bool iommu_next_fault(struct iommu_fault *fault);

#endif
