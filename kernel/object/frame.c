// SPDX-License-Identifier: MIT
/*
 * Frame and PageTable: what a VSpace is built of. A capability has at most one mapping; deleting it
 * removes the mapping. Decode walks and checks everything, commit writes one entry.
 */
#include "arch/sbi.h"
#include "ipc/invoke.h"
#include "object/vspace.h"
#include "small.h"

#include <string.h>

/* --- Frame ----------------------------------------------------------------------------------- */

static uint64_t leaf_flags(uint64_t rights)
{
    uint64_t flags = PTE_V | PTE_U | PTE_A | PTE_R;
    if (rights & ASH_RIGHT_WRITE)
        flags |= PTE_W | PTE_D;
    if (rights & ASH_RIGHT_EXECUTE)
        flags |= PTE_X;
    return flags;
}

/* The entry that this capability's mapping lives in, if it is still there. */
static pte *mapped_entry(const struct capability *cap, struct vspace **vspace)
{
    *vspace = mapping_present(cap) ? mapping_vspace(cap) : nullptr;
    if (!*vspace)
        return nullptr;
    unsigned missing;
    pte *entry = vspace_entry(*vspace, mapping_address(cap), cap->bits, &missing);
    bool ours = entry && (*entry & PTE_V) && pte_target(*entry).value == cap->object;
    return ours ? entry : nullptr;
}

static void unmap_frame(struct capability *cap)
{
    struct vspace *vspace;
    pte *entry = mapped_entry(cap, &vspace);
    if (entry) {
        *entry = 0;
        vspace_flush_page(vspace, mapping_address(cap));
    }
    cap->data = cap->extra = 0;
}

static unsigned decode_rights(const struct capability *cap, struct invocation *call,
                              uint64_t rights)
{
    uint64_t known = ASH_RIGHT_READ | ASH_RIGHT_WRITE | ASH_RIGHT_EXECUTE;
    if ((rights & ~known) || !(rights & ASH_RIGHT_READ))
        return invoke_error(call, ASH_E_ARGUMENT, 1, rights);
    if ((rights & ASH_RIGHT_WRITE) && (rights & ASH_RIGHT_EXECUTE))
        return ASH_E_WX;
    if (rights & ~(uint64_t)cap->rights)
        return invoke_error(call, ASH_E_RIGHTS, rights, 0);
    return ASH_OK;
}

static unsigned decode_address(struct invocation *call, uint64_t address, unsigned bits)
{
    if (address & ((1ull << bits) - 1))
        return invoke_error(call, ASH_E_ALIGNMENT, 0, 1ull << bits);
    if (address >= ASH_USER_TOP)
        return invoke_error(call, ASH_E_RANGE, 0, ASH_USER_TOP - 1);
    return ASH_OK;
}

static unsigned map_frame(struct capability *cap, struct invocation *call)
{
    if (call->length < 2)
        return invoke_error(call, ASH_E_TRUNCATED, 2, 0);
    struct slot *target = invoke_cap_of(call, 0, ASH_OBJ_VSPACE);
    if (!target)
        return ASH_E_SOURCE;
    struct vspace *vspace = (struct vspace *)target->cap.object;
    uint64_t address = invoke_word(call, 0), rights = invoke_word(call, 1);
    unsigned error = decode_rights(cap, call, rights);
    if (error == ASH_OK)
        error = decode_address(call, address, cap->bits);
    if (error != ASH_OK)
        return error;
    struct vspace *old_space;
    pte *old = mapped_entry(cap, &old_space);
    if (old && (old_space != vspace || mapping_address(cap) != address))
        return ASH_E_BUSY;
    unsigned missing = 0;
    pte *entry = vspace_entry(vspace, address, cap->bits, &missing);
    if (!entry)
        return invoke_error(call, ASH_E_NO_TABLE, missing, 0);
    if ((*entry & PTE_V) && entry != old)
        return ASH_E_BUSY;
    *entry = pte_make((paddr){cap->object}, leaf_flags(rights));
    mapping_record(cap, vspace, address);
    vspace_flush_page(vspace, address);
    if (rights & ASH_RIGHT_EXECUTE)
        vspace_fetch_anew(vspace);
    return ASH_OK;
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
    cap->data = cap->extra = 0;
}

static unsigned map_table(struct capability *cap, struct invocation *call)
{
    if (call->length < 1)
        return invoke_error(call, ASH_E_TRUNCATED, 1, 0);
    struct slot *target = invoke_cap_of(call, 0, ASH_OBJ_VSPACE);
    if (!target)
        return ASH_E_SOURCE;
    if (mapping_present(cap))
        return ASH_E_BUSY;
    struct vspace *vspace = (struct vspace *)target->cap.object;
    uint64_t address = invoke_word(call, 0);
    unsigned error = decode_address(call, address, ASH_PAGE_BITS);
    if (error != ASH_OK)
        return error;
    unsigned missing = 0;
    if (vspace_entry(vspace, address, ASH_PAGE_BITS, &missing))
        return ASH_E_BUSY;
    pte *entry = vspace_entry(vspace, address, missing, &missing);
    if (*entry & PTE_V)
        return ASH_E_BUSY; /* a large page lies there */
    *entry = pte_make((paddr){cap->object}, PTE_V);
    cap->bits = (uint8_t)missing;
    mapping_record(cap, vspace, address & ~((1ull << missing) - 1));
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
