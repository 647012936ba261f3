// SPDX-License-Identifier: MIT
/*
 * VSpace: a root page table and, in the cache line behind it, the object header.
 *
 * Address-space numbers. asids[n] names the VSpace that owns n; `generation` grows whenever a
 * number changes hands, and a Frame capability records (number, generation) of its mapping, so a
 * mapping made in a VSpace that is gone is recognised as gone. IoSpaces (io_space.h) begin with a
 * struct vspace and have numbers of the same store.
 */
#ifndef KERNEL_OBJECT_VSPACE_H
#define KERNEL_OBJECT_VSPACE_H

#include "object/thread.h"

#define ROOT_ENTRIES        512u
#define VSPACE_USER_ENTRIES 256u
#define ASIDS               1024u

typedef uint64_t pte;

#define PTE_V    (1ull << 0)
#define PTE_R    (1ull << 1)
#define PTE_W    (1ull << 2)
#define PTE_X    (1ull << 3)
#define PTE_U    (1ull << 4)
#define PTE_A    (1ull << 6)
#define PTE_D    (1ull << 7)
#define PTE_LEAF (PTE_R | PTE_W | PTE_X)

static inline pte pte_make(paddr target, uint64_t flags)
{
    return target.value >> 12 << 10 | flags;
}
static inline paddr pte_target(pte entry)
{
    return (paddr){(entry >> 10 & ((1ull << 44) - 1)) << 12};
}

struct vspace {
    struct object object;
    uint32_t asid;
    uint32_t hart_mask; /* harts that may hold translations of it */
    pte *root;
    uint64_t satp;   /* what the register holds for it */
    bool for_device; /* it is an IoSpace: the IOMMU uses it, under the same number */
};

struct asid_entry {
    struct vspace *vspace;
    uint64_t generation;
    uint32_t next_free; /* once it was used and is free again */
};

extern struct asid_entry asids[ASIDS];
extern pte *kernel_root;
extern uint64_t hardware_asids; /* how many the harts tell apart; 1: none */
extern const struct object_class vspace_class, page_table_class, frame_class;

/* Loads the thread's address space (the kernel's own if it has none). `thread->hart` still says
 * where it ran last. */
void vspace_activate_first(struct thread *thread);
void vspace_activate_kernel(void);

/* Is there nothing to do but to load satp? It has run here before, so the space knows this hart. */
static inline bool vspace_activates_simply(const struct hart *hart, const struct thread *thread)
{
    return !hart->switch_with_care && thread->hart == hart &&
           thread->slot[THREAD_SLOT_VSPACE].cap.object != 0;
}

static inline void vspace_activate_simply(struct hart *hart, const struct thread *thread)
{
    const struct vspace *vspace =
        (const struct vspace *)thread->slot[THREAD_SLOT_VSPACE].cap.object;
    if (hart->satp != vspace->satp) {
        hart->satp = vspace->satp;
        csr_write("satp", vspace->satp);
    }
}

/* The entry for `address` at the level whose entries span 2^bits bytes; null if a table above it is
 * missing, and then *missing is the span of the missing entry. */
pte *vspace_entry(struct vspace *vspace, uint64_t address, unsigned bits, unsigned *missing);

/* Numbers: how many are left, taking one (there is one), giving it back. */
uint64_t vspace_numbers_left(void);
void vspace_take_number(struct vspace *vspace);
void vspace_give_back_number(struct vspace *vspace);

/* Removes translations of one page, or of the whole space, wherever they may be held: on every
 * hart, or in the IOMMU. */
void vspace_flush_page(const struct vspace *vspace, uint64_t address);
void vspace_flush(const struct vspace *vspace);
/* Instructions were written where a page of it was just mapped executable. */
void vspace_fetch_anew(const struct vspace *vspace);

#endif
