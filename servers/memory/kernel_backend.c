// SPDX-License-Identifier: MIT
/*
 * The kernel behind backend.h. The slot space is two levels of CNodes:
 *
 *   own CNode (radix 10)         directory (radix 8)      slot page (radix 8)
 *   256 + page / 256      --->   page % 256        --->   slot % 256
 *
 * A directory is made with the first of its pages. The own address space above what root mapped:
 *   WINDOW + (physical - mm.base): the window;  ARENAS + n * MM_ARENA_BYTES: arena n.
 */
#include "kernel_backend.h"
#include "ash/invoke.h"
#include "boot_protocol.h"

#define DIRECTORY_BITS  8u
#define DIRECTORY_PAGES (1u << DIRECTORY_BITS)
#define WINDOW          ((uint64_t)0x1000000000)
#define ARENAS          ((uint64_t)0x3000000000)

static ash_cptr directory_path(unsigned page)
{
    return MM_DIRECTORY_SLOT + page / DIRECTORY_PAGES;
}

static ash_cptr page_path(mm_slot slot)
{
    unsigned page = slot / MM_SLOTS_PER_PAGE;
    return ash_cptr_in(directory_path(page), ASH_TASK_RADIX, page % DIRECTORY_PAGES);
}

ash_cptr mm_slot_path(mm_slot slot)
{
    unsigned page = slot / MM_SLOTS_PER_PAGE;
    ash_cptr inner = ash_cptr_in(page % DIRECTORY_PAGES, DIRECTORY_BITS, slot % MM_SLOTS_PER_PAGE);
    return ash_cptr_in(directory_path(page), ASH_TASK_RADIX, inner);
}

enum ash_error mm_backend_retype(mm_slot untyped, unsigned type, uint64_t size, mm_slot first,
                                 unsigned count)
{
    return ash_untyped_retype(mm_slot_path(untyped), type, size, page_path(first),
                              first % MM_SLOTS_PER_PAGE, count);
}

enum ash_error mm_backend_copy(mm_slot destination, mm_slot source, unsigned rights)
{
    return ash_cnode_copy(page_path(destination), destination % MM_SLOTS_PER_PAGE,
                          mm_slot_path(source), rights);
}

void mm_backend_delete(mm_slot slot)
{
    (void)ash_cnode_delete(page_path(slot), slot % MM_SLOTS_PER_PAGE); /* empty: nothing to do */
}

void mm_backend_revoke(mm_slot slot)
{
    (void)ash_cnode_revoke(page_path(slot), slot % MM_SLOTS_PER_PAGE);
}

enum ash_error mm_backend_frame_map(mm_slot frame, mm_slot vspace, uint64_t address,
                                    unsigned rights)
{
    return ash_frame_map(mm_slot_path(frame), mm_slot_path(vspace), address, rights);
}

enum ash_error mm_backend_frame_unmap(mm_slot frame)
{
    return ash_frame_unmap(mm_slot_path(frame));
}

enum ash_error mm_backend_table_map(mm_slot table, mm_slot vspace, uint64_t address)
{
    return ash_page_table_map(mm_slot_path(table), mm_slot_path(vspace), address);
}

static enum ash_error make_page(unsigned page, ash_cptr untyped)
{
    if (page % DIRECTORY_PAGES == 0) {
        enum ash_error error = ash_untyped_retype(untyped, ASH_OBJ_CNODE, DIRECTORY_BITS,
                                                  ASH_SLOT_CNODE, directory_path(page), 1);
        if (error != ASH_OK && error != ASH_E_OCCUPIED)
            return error;
    }
    return ash_untyped_retype(untyped, ASH_OBJ_CNODE, MM_SLOT_BITS, directory_path(page),
                              page % DIRECTORY_PAGES, 1);
}

enum ash_error mm_backend_slot_page(unsigned page, mm_slot untyped)
{
    return make_page(page, mm_slot_path(untyped));
}

bool mm_backend_has_iommu(void)
{
    struct ash_message m = {};
    return ash_invoke(ASH_MEMORY_BOOT_IOMMU, ASH_IOMMU_INFO, 0, 0, &m) == ASH_OK;
}

enum ash_error mm_backend_attach(mm_slot io_space, uint64_t device)
{
    return ash_iommu_attach(ASH_MEMORY_BOOT_IOMMU, mm_slot_path(io_space), device);
}

void mm_backend_detach(mm_slot io_space)
{
    (void)ash_io_space_detach(mm_slot_path(io_space)); /* not attached: nothing to do */
}

enum ash_error mm_backend_io_map(mm_slot io_space, uint64_t address, unsigned rights, mm_slot first,
                                 unsigned count)
{
    return ash_io_space_map(mm_slot_path(io_space), address, rights, page_path(first),
                            first % MM_SLOTS_PER_PAGE, count);
}

void mm_backend_io_unmap(mm_slot io_space, mm_slot first, unsigned count)
{
    (void)ash_io_space_unmap(mm_slot_path(io_space), page_path(first), first % MM_SLOTS_PER_PAGE,
                             count); /* what is not mapped is passed over */
}

bool mm_backend_attached(mm_slot io_space, uint64_t *device)
{
    struct ash_message m = {};
    if (ash_invoke(mm_slot_path(io_space), ASH_IO_SPACE_INFO, 0, 0, &m) != ASH_OK || m.mr[0] == 0)
        return false;
    *device = m.mr[1];
    return true;
}

/* Entries of page tables: privileged specification, Sv39 */
#define ENTRY_WRITABLE   4u
#define ENTRY_PAGE(word) ((word) << 10 >> 20 << 12)

static uint64_t next_multiple(uint64_t value, unsigned bits)
{
    return ((value >> bits) + 1) << bits;
}

bool mm_backend_walk(struct mm_walk *at)
{
    uint64_t address = at->address + at->size;
    for (;;) {
        struct ash_iommu_look look;
        enum ash_error error = ash_iommu_look(ASH_MEMORY_BOOT_IOMMU, at->device, address, &look);
        if (error != ASH_OK && address == 0)
            return false; /* no further device */
        if (error == ASH_OK && look.attached && look.entry != 0) {
            uint64_t size = (uint64_t)1 << look.bits;
            *at = (struct mm_walk){at->device, address & ~(size - 1), size, ENTRY_PAGE(look.entry),
                                   (look.entry & ENTRY_WRITABLE) != 0};
            return true;
        }
        if (error == ASH_OK && look.attached) {
            address = next_multiple(address, look.bits);
        } else { /* behind the device's last address, or not attached */
            at->device = next_multiple(at->device, error == ASH_OK ? look.bits : 0);
            address = 0;
        }
    }
}

enum ash_error mm_backend_message(mm_slot io_space, uint64_t number, mm_slot irq)
{
    return ash_io_space_get_message(mm_slot_path(io_space), number, page_path(irq),
                                    irq % MM_SLOTS_PER_PAGE);
}

bool mm_backend_fault(struct mm_fault *fault)
{
    bool found;
    struct ash_iommu_fault record;
    if (ash_iommu_fault(ASH_MEMORY_BOOT_IOMMU, &found, &record) != ASH_OK || !found)
        return false;
    *fault =
        (struct mm_fault){record.device, record.address, record.cause, record.kind, record.lost};
    return true;
}

uint64_t mm_backend_left(mm_slot untyped)
{
    struct ash_untyped_info info;
    return ash_untyped_info(mm_slot_path(untyped), &info) == ASH_OK ? info.left : 0;
}

void *mm_backend_window(uint64_t physical)
{
    return (void *)(uintptr_t)(WINDOW + (physical - mm.base));
}

void *mm_backend_arena(unsigned number)
{
    return (void *)(uintptr_t)(ARENAS + number * MM_ARENA_BYTES);
}

bool mm_backend_begin(ash_cptr untyped)
{
    return make_page(0, untyped) == ASH_OK;
}

bool mm_backend_adopt(mm_slot slot, ash_cptr from)
{
    return ash_cnode_move(page_path(slot), slot % MM_SLOTS_PER_PAGE, from) == ASH_OK;
}
