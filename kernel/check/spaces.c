// SPDX-License-Identifier: MIT
/*
 * Address spaces (object/vspace.h, object/io_space.h, object/mapping.h): every mapping that a Frame
 * or PageTable capability records and that is still there is the entry it says, with no more rights
 * than the capability; every valid entry of user space has such an owner, but for what the kernel
 * mapped for the root task at boot; asids[n] names the VSpace or IoSpace that owns n.
 */
#include "boot/boot.h"
#include "check/check.h"
#include "check/checks.h"
#include "iommu/iommu.h"
#include "object/mapping.h"
#include "small.h"

#include <string.h>

/* A leaf of user memory: for user mode, accessed (and dirty if writable) beforehand, never writable
 * and executable. */
static void check_leaf(const struct capability *cap, pte entry, unsigned bits)
{
    const void *at = (const void *)mapping_address(cap);
    RULE((entry & PTE_U) && (entry & PTE_A) && (entry & PTE_R) &&
             (!(entry & PTE_W) || (entry & PTE_D)),
         "a user page is readable by user mode, accessed and dirty beforehand: %p", at);
    RULE(!(entry & PTE_W) || !(entry & PTE_X), "never writable and executable: %p", at);
    RULE(!(entry & PTE_W) || (cap->rights & ASH_RIGHT_WRITE), "a mapping has no more rights: %p",
         at);
    RULE(!(entry & PTE_X) || (cap->rights & ASH_RIGHT_EXECUTE), "a mapping has no more rights: %p",
         at);
    RULE(pte_target(entry).value % (1ull << bits) == 0, "a page is aligned to its size: %p", at);
}

static uint8_t space_type(const struct vspace *vspace)
{
    return vspace->for_device ? ASH_OBJ_IO_SPACE : ASH_OBJ_VSPACE;
}

/* Notes who owns the entry that this capability says it is mapped by. A page table above it may be
 * gone or another one: then the mapping went with it. */
static void note_mapping(const struct slot *slot)
{
    const struct capability *cap = &slot->cap;
    if (!mapping_present(cap))
        return;
    struct vspace *vspace = mapping_vspace(cap);
    RULE(mapping_address(cap) < ASH_USER_TOP, "user memory lies below the top: slot %p",
         (const void *)slot);
    if (!vspace)
        return;
    MUST_LIVE(space_type(vspace), vspace, "the VSpace or IoSpace of a mapping");
    RULE(cap->type != ASH_OBJ_FRAME || !vspace->for_device ||
             (ASH_IO_MESSAGE_PAGE & ~((1ull << cap->bits) - 1)) != mapping_address(cap),
         "nothing is mapped where a device's messages go: slot %p", (const void *)slot);
    unsigned missing;
    const pte *entry = vspace_entry(vspace, mapping_address(cap), cap->bits, &missing);
    if (!entry || !(*entry & PTE_V) || pte_target(*entry).value != cap->object)
        return;
    bool leaf = *entry & PTE_LEAF;
    RULE(leaf == (cap->type == ASH_OBJ_FRAME),
         "Frames are mapped by leaves, tables by branches: %p", (const void *)entry);
    if (leaf)
        check_leaf(cap, *entry, cap->bits);
    bool fresh;
    table_add(key_of_pte(entry), &fresh)->slot = slot;
}

/* RAM, and what of it became Untyped: the lists of boot are given away with boot. */
static struct tree_range ram[BOOT_RANGES], given[BOOT_RANGES];

INIT void check_boot_end(void)
{
    memcpy(ram, all_ram, all_ram_count * sizeof(*ram));
    memcpy(given, free_ram, free_ram_count * sizeof(*given));
}

static bool in_ranges(const struct tree_range *ranges, uint64_t physical)
{
    for (unsigned i = 0; i < BOOT_RANGES; i++)
        if (physical >= ranges[i].start && physical < ranges[i].end)
            return true;
    return false;
}

/* Memory that the kernel kept for itself at boot. */
static bool kept_at_boot(uint64_t physical)
{
    return in_ranges(ram, physical) && !in_ranges(given, physical);
}

static void check_owned(const pte *entry, uint64_t address, bool of_boot)
{
    if (table_find(key_of_pte(entry)))
        return;
    RULE(of_boot && kept_at_boot(pte_target(*entry).value),
         "every entry of user space is owned by a capability: address %p, target %p",
         (const void *)address, (const void *)pte_target(*entry).value);
}

static void check_table(const pte *table, unsigned entries, uint64_t base, unsigned bits,
                        bool of_boot);

static void check_entry(const pte *entry, uint64_t address, unsigned bits, bool of_boot)
{
    check_owned(entry, address, of_boot);
    if (*entry & PTE_LEAF)
        return;
    RULE(bits > ASH_PAGE_BITS && (*entry & ((1u << 10) - 1)) == PTE_V,
         "a branch has no rights and leads one level down: %p", (const void *)address);
    check_table(window(pte_target(*entry)), ROOT_ENTRIES, address, bits - 9, of_boot);
}

/* Two levels below itself at most. */
static void check_table(const pte *table, unsigned entries, uint64_t base, unsigned bits,
                        bool of_boot)
{
    for (uint64_t i = 0; i < entries; i++)
        if (table[i] & PTE_V)
            check_entry(&table[i], base + (i << bits), bits, of_boot);
        else
            RULE(table[i] == 0, "an entry that maps nothing is 0: %p",
                 (const void *)(base + (i << bits)));
}

static void check_number(const struct vspace *vspace)
{
    RULE(vspace->asid > 0 && vspace->asid < ASIDS && asids[vspace->asid].vspace == vspace,
         "asids[n] names the VSpace that owns n: %p, %u", (const void *)vspace, vspace->asid);
}

/* Sv39x4 has more entries than 38 bits of address reach. */
static void check_io_space(const struct vspace *vspace)
{
    check_number(vspace);
    RULE(vspace->for_device, "an IoSpace is for a device: %p", (const void *)vspace);
    check_table(vspace->root, VSPACE_USER_ENTRIES, 0, ASH_GIGAPAGE_BITS, false);
    for (unsigned i = VSPACE_USER_ENTRIES; i < IOMMU_ROOT_ENTRIES; i++)
        RULE(vspace->root[i] == 0, "an IoSpace maps nothing beyond 38 bits: %p",
             (const void *)vspace);
}

static void check_space(const struct vspace *vspace)
{
    const void *at = vspace;
    bool of_boot = kept_at_boot(kernel_to_physical(vspace));
    uint64_t root = kernel_to_physical(vspace->root);
    uint64_t asid = hardware_asids > 1 ? vspace->asid : 0;
    check_number(vspace);
    RULE(!vspace->for_device, "a VSpace is for threads: %p", at);
    RULE(vspace->satp == (SATP_SV39 | asid << SATP_ASID_SHIFT | root >> 12),
         "`satp` is what the register holds for it: %p", at);
    for (unsigned i = VSPACE_USER_ENTRIES; i < ROOT_ENTRIES; i++)
        RULE(vspace->root[i] == kernel_root[i],
             "the upper half of every root table is the kernel's: %p, entry %u", at, i);
    check_table(vspace->root, VSPACE_USER_ENTRIES, 0, ASH_GIGAPAGE_BITS, of_boot);
}

static void check_numbers(size_t spaces)
{
    size_t owned = 0;
    for (uint32_t i = 0; i < ASIDS; i++) {
        if (!asids[i].vspace)
            continue;
        MUST_LIVE(space_type(asids[i].vspace), asids[i].vspace,
                  "the owner of an address-space number");
        owned++;
    }
    bool limited = hardware_asids > 1 && hardware_asids < ASIDS;
    uint64_t numbers = (limited ? hardware_asids : ASIDS) - 1;
    RULE(owned == spaces && vspace_class.available() == numbers - owned,
         "a number is free or owned by one VSpace: %lu owned, %lu VSpaces, %lu free of %lu", owned,
         spaces, vspace_class.available(), numbers);
}

void check_spaces(void)
{
    size_t spaces = 0;
    for (size_t i = 0; i < slot_count; i++)
        if (all_slots[i]->cap.type == ASH_OBJ_FRAME || all_slots[i]->cap.type == ASH_OBJ_PAGE_TABLE)
            note_mapping(all_slots[i]);
    for (size_t i = 0; i < object_count; i++) {
        const void *object = (const void *)all_objects[i]->slot->cap.object;
        if (type_of(all_objects[i]) == ASH_OBJ_VSPACE)
            check_space(object);
        else if (type_of(all_objects[i]) == ASH_OBJ_IO_SPACE)
            check_io_space(object);
        else
            continue;
        spaces++;
    }
    check_numbers(spaces);
    check_directory();
}
