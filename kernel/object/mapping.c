// SPDX-License-Identifier: MIT
#include "object/mapping.h"
#include "ipc/invoke.h"

void mapping_record(struct capability *cap, const struct vspace *vspace, uint64_t address)
{
    cap->data = address | 1;
    cap->extra = asids[vspace->asid].generation * ASIDS + vspace->asid;
}

bool mapping_present(const struct capability *cap)
{
    return cap->data & 1;
}
uint64_t mapping_address(const struct capability *cap)
{
    return cap->data & ~1ull;
}

struct vspace *mapping_vspace(const struct capability *cap)
{
    const struct asid_entry *entry = &asids[cap->extra % ASIDS];
    return entry->generation == cap->extra / ASIDS ? entry->vspace : nullptr;
}

struct vspace *mapping_target(struct invocation *call)
{
    struct slot *slot = invoke_cap_of(call, 0, ASH_OBJ_VSPACE);
    if (!slot) [[clang::unlikely]]
        slot = invoke_cap_of(call, 0, ASH_OBJ_IO_SPACE);
    return slot ? (struct vspace *)slot->cap.object : nullptr;
}

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

static unsigned decode_rights(const struct capability *cap, struct invocation *call,
                              const struct vspace *vspace, uint64_t rights)
{
    uint64_t known =
        ASH_RIGHT_READ | ASH_RIGHT_WRITE | (vspace->for_device ? 0 : ASH_RIGHT_EXECUTE);
    if ((rights & ~known) || !(rights & ASH_RIGHT_READ))
        return invoke_error(call, ASH_E_ARGUMENT, 1, rights);
    if ((rights & ASH_RIGHT_WRITE) && (rights & ASH_RIGHT_EXECUTE))
        return ASH_E_WX;
    if (rights & ~(uint64_t)cap->rights)
        return invoke_error(call, ASH_E_RIGHTS, rights, 0);
    return ASH_OK;
}

static unsigned decode_address(struct invocation *call, const struct vspace *vspace,
                               uint64_t address, unsigned bits)
{
    uint64_t size = 1ull << bits;
    if (address & (size - 1))
        return invoke_error(call, ASH_E_ALIGNMENT, 0, size);
    if (address >= ASH_USER_TOP)
        return invoke_error(call, ASH_E_RANGE, 0, ASH_USER_TOP - 1);
    if (vspace->for_device && (ASH_IO_MESSAGE_PAGE & ~(size - 1)) == address)
        return invoke_error(call, ASH_E_RANGE, 0, ASH_IO_MESSAGE_PAGE - 1);
    return ASH_OK;
}

[[gnu::always_inline]] static inline unsigned
decode_mapping(const struct capability *cap, struct invocation *call, struct vspace *vspace,
               uint64_t address, uint64_t rights, pte **entry)
{
    unsigned error = decode_rights(cap, call, vspace, rights);
    if (error == ASH_OK)
        error = decode_address(call, vspace, address, cap->bits);
    if (error != ASH_OK)
        return error;
    struct vspace *old_space;
    const pte *old = mapped_entry(cap, &old_space);
    if (old && (old_space != vspace || mapping_address(cap) != address))
        return ASH_E_BUSY;
    unsigned missing = 0;
    *entry = vspace_entry(vspace, address, cap->bits, &missing);
    if (!*entry)
        return invoke_error(call, ASH_E_NO_TABLE, missing, 0);
    return (**entry & PTE_V) && *entry != old ? ASH_E_BUSY : ASH_OK;
}

/* A hart may have kept that there was nothing; an IOMMU never does. */
[[gnu::always_inline]] static inline void commit_mapping(struct capability *cap,
                                                         struct vspace *vspace, uint64_t address,
                                                         uint64_t rights, pte *entry)
{
    bool anew = !vspace->for_device || (*entry & PTE_V);
    *entry = pte_make((paddr){cap->object}, leaf_flags(rights));
    mapping_record(cap, vspace, address);
    if (anew)
        vspace_flush_page(vspace, address);
    if (rights & ASH_RIGHT_EXECUTE)
        vspace_fetch_anew(vspace);
}

unsigned mapping_decode(const struct capability *cap, struct invocation *call,
                        struct vspace *vspace, uint64_t address, uint64_t rights, pte **entry)
{
    return decode_mapping(cap, call, vspace, address, rights, entry);
}

void mapping_commit(struct capability *cap, struct vspace *vspace, uint64_t address,
                    uint64_t rights, pte *entry)
{
    commit_mapping(cap, vspace, address, rights, entry);
}

unsigned mapping_make(struct capability *cap, struct invocation *call, struct vspace *vspace,
                      uint64_t address, uint64_t rights)
{
    pte *entry;
    unsigned error = decode_mapping(cap, call, vspace, address, rights, &entry);
    if (error == ASH_OK)
        commit_mapping(cap, vspace, address, rights, entry);
    return error;
}

bool mapping_clear(const struct capability *cap)
{
    struct vspace *vspace;
    pte *entry = mapped_entry(cap, &vspace);
    if (entry)
        *entry = 0;
    return entry;
}

void mapping_forget(struct capability *cap)
{
    cap->data = cap->extra = 0;
}
