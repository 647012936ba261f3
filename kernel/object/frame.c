// SPDX-License-Identifier: MIT
/*
 * Frame and PageTable: what a VSpace or IoSpace is built of. A capability has at most one mapping;
 * deleting it removes the mapping. Decode walks and checks everything, commit writes one entry.
 */
#include "ipc/invoke.h"
#include "object/mapping.h"
#include "small.h"

#include <string.h>

/* --- Frame ----------------------------------------------------------------------------------- */

/* The IOMMU may hold a large page as many small ones. */
static void unmap_frame(struct capability *cap)
{
    if (mapping_clear(cap)) {
        const struct vspace *vspace = mapping_vspace(cap);
        if (vspace->for_device && cap->bits != ASH_PAGE_BITS)
            vspace_flush(vspace);
        else
            vspace_flush_page(vspace, mapping_address(cap));
    }
    mapping_forget(cap);
}

static unsigned map_frame(struct capability *cap, struct invocation *call)
{
    if (call->length < 2)
        return invoke_error(call, ASH_E_TRUNCATED, 2, 0);
    struct vspace *vspace = mapping_target(call);
    if (!vspace)
        return ASH_E_SOURCE;
    uint64_t address = invoke_word(call, 0), rights = invoke_word(call, 1);
    return mapping_make(cap, call, vspace, address, rights);
}

static unsigned invoke_frame(struct slot *slot, uint64_t method, struct invocation *call)
{
    switch (method) {
    case ASH_FRAME_MAP:
        return map_frame(&slot->cap, call);
    case ASH_FRAME_UNMAP:
        if (!mapping_present(&slot->cap))
            return ASH_E_NOT_BOUND;
        unmap_frame(&slot->cap);
        return ASH_OK;
    case ASH_FRAME_ADDRESS:
        invoke_reply(call, 0, slot->cap.object);
        invoke_reply(call, 1, slot->cap.bits);
        return ASH_OK;
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
}

static void detach_frame(struct slot *slot)
{
    unmap_frame(&slot->cap);
}

static uint64_t frame_size(uint64_t parameter, uint64_t *align)
{
    bool known = parameter == ASH_PAGE_BITS || parameter == ASH_MEGAPAGE_BITS ||
                 parameter == ASH_GIGAPAGE_BITS;
    *align = known ? 1ull << parameter : 1;
    return known ? 1ull << parameter : 0;
}

static void create_frame(struct capability *cap, paddr memory, uint64_t parameter)
{
    cap->object = memory.value;
    cap->bits = (uint8_t)parameter;
    if (cap->device)
        cap->rights = ASH_RIGHT_READ | ASH_RIGHT_WRITE;
}

const struct object_class frame_class = {
    .name = "Frame",
    .invoke = invoke_frame,
    .detach = detach_frame,
    .size = frame_size,
    .create = create_frame,
    .copyable = true,
};

/* --- PageTable ------------------------------------------------------------------------------- */

SMALL

/* Level bits of the entry that points to this table: 30 or 21, kept in cap->bits while mapped. */
static void unmap_table(struct capability *cap)
{
    struct vspace *vspace = mapping_present(cap) ? mapping_vspace(cap) : nullptr;
    unsigned missing;
    pte *entry = vspace ? vspace_entry(vspace, mapping_address(cap), cap->bits, &missing) : nullptr;
    pte *table = window((paddr){cap->object});
    if (entry && (*entry & PTE_V) && pte_target(*entry).value == cap->object) {
        *entry = 0;
        vspace_flush(vspace);
    }
    memset(table, 0, ASH_PAGE_SIZE);
    mapping_forget(cap);
}

static unsigned map_table(struct capability *cap, struct invocation *call)
{
    if (call->length < 1)
        return invoke_error(call, ASH_E_TRUNCATED, 1, 0);
    struct vspace *vspace = mapping_target(call);
    if (!vspace)
        return ASH_E_SOURCE;
    if (mapping_present(cap))
        return ASH_E_BUSY;
    uint64_t address = invoke_word(call, 0);
    if (address & (ASH_PAGE_SIZE - 1))
        return invoke_error(call, ASH_E_ALIGNMENT, 0, ASH_PAGE_SIZE);
    if (address >= ASH_USER_TOP)
        return invoke_error(call, ASH_E_RANGE, 0, ASH_USER_TOP - 1);
    unsigned missing = 0;
    if (vspace_entry(vspace, address, ASH_PAGE_BITS, &missing))
        return ASH_E_BUSY;
    pte *entry = vspace_entry(vspace, address, missing, &missing);
    if (*entry & PTE_V)
        return ASH_E_BUSY; /* a large page lies there */
    *entry = pte_make((paddr){cap->object}, PTE_V);
    cap->bits = (uint8_t)missing;
    mapping_record(cap, vspace, address & ~((1ull << missing) - 1));
    if (!vspace->for_device)
        vspace_flush_page(vspace, address);
    return ASH_OK;
}

static unsigned invoke_table(struct slot *slot, uint64_t method, struct invocation *call)
{
    switch (method) {
    case ASH_PAGE_TABLE_MAP:
        return map_table(&slot->cap, call);
    case ASH_PAGE_TABLE_UNMAP:
        if (!mapping_present(&slot->cap))
            return ASH_E_NOT_BOUND;
        unmap_table(&slot->cap);
        return ASH_OK;
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
}

static void detach_table(struct slot *slot)
{
    unmap_table(&slot->cap);
}

static uint64_t table_size(uint64_t parameter, uint64_t *align)
{
    (void)parameter;
    return *align = ASH_PAGE_SIZE;
}

static void create_table(struct capability *cap, paddr memory, uint64_t parameter)
{
    (void)parameter;
    cap->object = memory.value;
}

/* Not copyable: two capabilities to one table would disagree about where it is mapped. */
const struct object_class page_table_class = {
    .name = "PageTable",
    .invoke = invoke_table,
    .detach = detach_table,
    .size = table_size,
    .create = create_table,
};

SMALL_END
