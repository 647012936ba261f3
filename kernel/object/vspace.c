// SPDX-License-Identifier: MIT
/* VSpace. Sv39: privileged specification, chapter 12.4. */
#include "object/vspace.h"
#include "arch/sbi.h"
#include "iommu/iommu.h"
#include "ipc/invoke.h"
#include "small.h"

#include <string.h>

struct asid_entry asids[ASIDS];
pte *kernel_root;
static uint32_t asids_used, first_free, never_used = 1;
uint64_t hardware_asids = 1;

static void load(uint64_t satp)
{
    if (this_hart->satp == satp)
        return;
    this_hart->satp = satp;
    csr_write("satp", satp);
    if (hardware_asids == 1)
        tlb_flush_all();
}

void vspace_activate_kernel(void)
{
    load(SATP_SV39 | kernel_to_physical(kernel_root) >> 12);
}

void vspace_activate_first(struct thread *thread)
{
    const struct capability *cap = &thread->slot[THREAD_SLOT_VSPACE].cap;
    if (cap->type != ASH_OBJ_VSPACE) {
        vspace_activate_kernel();
        return;
    }
    struct hart *hart = this_hart;
    if (hart->switch_with_care & HART_STALE) {
        hart->switch_with_care &= (uint8_t)~HART_STALE;
        tlb_flush_all();
        fence_instructions();
    }
    struct vspace *vspace = (struct vspace *)cap->object;
    vspace->hart_mask |= 1u << hart->index;
    load(vspace->satp);
}

static unsigned level_bits(unsigned level)
{
    return 12 + 9 * level;
}

pte *vspace_entry(struct vspace *vspace, uint64_t address, unsigned bits, unsigned *missing)
{
    pte *table = vspace->root;
    for (unsigned level = 2;; level--) {
        pte *entry = &table[address >> level_bits(level) & 511];
        if (level_bits(level) == bits)
            return entry;
        if (!(*entry & PTE_V) || (*entry & PTE_LEAF)) {
            *missing = level_bits(level);
            return nullptr;
        }
        table = window(pte_target(*entry));
    }
}

static bool runs_in(const struct hart *hart, const struct vspace *vspace)
{
    if (!hart->current)
        return false;
    const struct capability *cap = &hart->current->slot[THREAD_SLOT_VSPACE].cap;
    return cap->type == ASH_OBJ_VSPACE && (const struct vspace *)cap->object == vspace;
}

/* The other harts of the set that run a thread of `vspace` now, by hart id. The rest of the set
 * only get a mark: they cannot use a translation before they have activated an address space again.
 */
static uint64_t other_harts(const struct vspace *vspace, uint32_t set)
{
    uint64_t ids = 0;
    for (uint32_t i = 0; i < hart_count; i++) {
        if (i == this_hart->index || !(set >> i & 1))
            continue;
        if (runs_in(&harts[i], vspace))
            ids |= 1ull << harts[i].id;
        else
            harts[i].switch_with_care |= HART_STALE;
    }
    return ids;
}

/* Not in line: a hart's pages need no more registers for a device's sake. */
[[gnu::noinline]] static void flush_device_page(const struct vspace *vspace, uint64_t address)
{
    iommu_forget_page(vspace->asid, address);
    iommu_finish();
}

void vspace_flush_page(const struct vspace *vspace, uint64_t address)
{
    if (vspace->for_device) [[clang::unlikely]] {
        flush_device_page(vspace, address);
        return;
    }
    uint64_t asid = hardware_asids > 1 ? vspace->asid : 0;
    tlb_flush_page(address, asid);
    uint64_t others = other_harts(vspace, vspace->hart_mask);
    if (others)
        sbi_remote_sfence_page(others, 0, address, asid);
}

void vspace_flush(const struct vspace *vspace)
{
    if (vspace->for_device) {
        iommu_forget_all(vspace->asid);
        return;
    }
    uint64_t asid = hardware_asids > 1 ? vspace->asid : 0;
    tlb_flush_asid(asid);
    uint64_t others = other_harts(vspace, vspace->hart_mask);
    if (others)
        sbi_remote_sfence_asid(others, 0, asid);
}

void vspace_fetch_anew(const struct vspace *vspace)
{
    fence_instructions();
    uint64_t others = other_harts(vspace, ~0u);
    if (others)
        sbi_remote_fence_i(others, 0);
}

SMALL

static uint64_t root_satp_part(const struct vspace *vspace)
{
    return window_physical(vspace->root).value >> 12;
}

/* No thread names it any more, but a hart may still have it loaded (idle ones do). */
static void leave_everywhere(const struct vspace *vspace)
{
    for (uint32_t i = 0; i < hart_count; i++) {
        struct hart *hart = &harts[i];
        if ((hart->satp & ((1ull << 44) - 1)) != root_satp_part(vspace))
            continue;
        if (hart == this_hart)
            vspace_activate_kernel();
        else if (hart->current)
            thread_stall(hart->current);
        else
            hart_stall(hart);
    }
}

/* Numbers 1 .. limit-1 are for VSpaces and IoSpaces; 0 means none. */
static uint32_t number_limit(void)
{
    return hardware_asids > 1 && hardware_asids < ASIDS ? (uint32_t)hardware_asids : ASIDS;
}

uint64_t vspace_numbers_left(void)
{
    return number_limit() - 1 - asids_used;
}

void vspace_take_number(struct vspace *vspace)
{
    asids_used++;
    vspace->asid = first_free;
    if (vspace->asid == 0)
        vspace->asid = never_used++;
    else
        first_free = asids[vspace->asid].next_free;
    asids[vspace->asid].vspace = vspace;
}

void vspace_give_back_number(struct vspace *vspace)
{
    struct asid_entry *entry = &asids[vspace->asid];
    entry->vspace = nullptr;
    entry->generation++;
    entry->next_free = first_free;
    first_free = vspace->asid;
    asids_used--;
}

static void destroy(struct object *object)
{
    struct vspace *vspace = (struct vspace *)object;
    leave_everywhere(vspace);
    vspace_flush(vspace);
    vspace_give_back_number(vspace);
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    (void)slot;
    return invoke_error(call, ASH_E_METHOD, method, 0);
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    (void)parameter;
    *align = ASH_PAGE_SIZE;
    return ASH_PAGE_SIZE + 64;
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    (void)parameter;
    pte *root = window(memory);
    struct vspace *vspace = (struct vspace *)(root + ROOT_ENTRIES);
    for (unsigned i = VSPACE_USER_ENTRIES; i < ROOT_ENTRIES; i++)
        root[i] = kernel_root[i];
    vspace->root = root;
    vspace_take_number(vspace);
    uint64_t asid = hardware_asids > 1 ? vspace->asid : 0;
    vspace->satp = SATP_SV39 | asid << SATP_ASID_SHIFT | memory.value >> 12;
    cap->object = (uint64_t)vspace;
}

const struct object_class vspace_class = {
    .name = "VSpace",
    .invoke = invoke,
    .destroy = destroy,
    .size = size,
    .create = create,
    .available = vspace_numbers_left,
    .counted = true,
    .copyable = true,
};

SMALL_END
