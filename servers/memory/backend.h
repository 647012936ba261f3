// SPDX-License-Identifier: MIT
/*
 * What the memory manager's bookkeeping needs of the kernel, and nothing else: the real kernel
 * stands behind it in the guest (kernel_backend.c), a checking model of it in the host tests.
 *
 * Capabilities are named by *slots*: numbers in the manager's own slot space. Slot s lies in the
 * CNode of page s / MM_SLOTS_PER_PAGE at index s % MM_SLOTS_PER_PAGE; slot 0 is never used.
 * Every function answers with the kernel's error and then has changed nothing.
 */
#ifndef MEMORY_BACKEND_H
#define MEMORY_BACKEND_H

#include "kernel/error.h"
#include "kernel/object.h"
#include "kernel/types.h"

typedef uint32_t mm_slot;

/* What the IOMMU refused a device. */
struct mm_fault {
    uint64_t device, address;
    unsigned cause, kind;
    bool lost; /* records after it are missing */
};

#define MM_SLOT_BITS       8u
#define MM_SLOTS_PER_PAGE  (1u << MM_SLOT_BITS)
#define MM_SLOT_PAGES      2048u        /* over 500,000 capabilities */
#define MM_SLOT_OWN_VSPACE ((mm_slot)1) /* filled before mm_init */
#define MM_SLOT_FIRST      ((mm_slot)2) /* the first that the bookkeeping may use */

/* Makes `count` objects of `untyped` in consecutive slots, all in one page of the slot space. */
[[nodiscard]] enum ash_error mm_backend_retype(mm_slot untyped, unsigned type, uint64_t size,
                                               mm_slot first, unsigned count);
[[nodiscard]] enum ash_error mm_backend_copy(mm_slot destination, mm_slot source, unsigned rights);
/* Deletes the capability (a frame's mapping goes with it). An empty slot is no error. */
void mm_backend_delete(mm_slot slot);
/* Deletes everything derived from the capability, wherever it is; memory of an Untyped is whole
 * again afterwards. */
void mm_backend_revoke(mm_slot slot);
/* ASH_E_NO_TABLE: a page table is missing on the way. */
[[nodiscard]] enum ash_error mm_backend_frame_map(mm_slot frame, mm_slot vspace, uint64_t address,
                                                  unsigned rights);
[[nodiscard]] enum ash_error mm_backend_frame_unmap(mm_slot frame);
[[nodiscard]] enum ash_error mm_backend_table_map(mm_slot table, mm_slot vspace, uint64_t address);
/* Makes page `page` of the slot space usable: its CNode is made of `untyped`, of which there may be
 * room for several. ASH_E_MEMORY: it is used up. */
[[nodiscard]] enum ash_error mm_backend_slot_page(unsigned page, mm_slot untyped);

/* Is there an IOMMU? Then an IoSpace (retyped like any object, filled like a VSpace) can be given
 * to a device, and taken away again: afterwards the device reaches nothing. ASH_E_BUSY: one of the
 * two has somebody already. */
bool mm_backend_has_iommu(void);
/* Maps the frames in `count` slots from `first` on, all of one slot page, one after the other from
 * `address` on; at most ASH_MEM_DMA_PAGES, all under one page table. ASH_E_NO_TABLE: that lacks. */
[[nodiscard]] enum ash_error mm_backend_io_map(mm_slot io_space, uint64_t address, unsigned rights,
                                               mm_slot first, unsigned count);
/* What devices did with these pages is done, and they reach them no more, when it returns. */
void mm_backend_io_unmap(mm_slot io_space, mm_slot first, unsigned count);
[[nodiscard]] enum ash_error mm_backend_attach(mm_slot io_space, uint64_t device);
void mm_backend_detach(mm_slot io_space);
/* Is the IoSpace attached, and to which device? */
[[nodiscard]] bool mm_backend_attached(mm_slot io_space, uint64_t *device);
/* The next page, by device and address, that the IOMMU would let a device use, according to the
 * tables that it uses; begins with zeros. False: there is none. */
struct mm_walk {
    uint64_t device, address, size, physical;
    bool writes;
};
[[nodiscard]] bool mm_backend_walk(struct mm_walk *at);
/* Makes the device's message of that number into an empty slot. ASH_E_METHOD: the machine does not
 * keep the messages of devices apart; ASH_E_RANGE; ASH_E_BUSY: somebody has it. */
[[nodiscard]] enum ash_error mm_backend_message(mm_slot io_space, uint64_t number, mm_slot irq);
/* Takes the oldest record of what the IOMMU refused; false: none. */
bool mm_backend_fault(struct mm_fault *fault);

/* Bytes of the Untyped that nothing is made of yet; they are at its end. */
uint64_t mm_backend_left(mm_slot untyped);

/* Where the manager maps its own things. Addresses of the own VSpace:
 * the window (RAM page at physical address P is seen at mm_backend_window(P) once its frame is
 * mapped there) and the ranges that hold the bookkeeping's growing arrays. */
void *mm_backend_window(uint64_t physical);
#define MM_ARENAS      11u
#define MM_ARENA_BYTES ((size_t)1 << 28)
void *mm_backend_arena(unsigned number);

#endif
