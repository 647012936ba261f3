// SPDX-License-Identifier: MIT
/* The IOMMU of the model in fake_kernel.c: device ID -> IoSpace, pages mapped and unmapped there.
 */
#include "fake_internal.h"
#include <string.h>

#define DEVICES 16u
static bool iommu;
static mm_slot attached[DEVICES];
static uint64_t numbers; /* of messages that were made, of whichever device */
static struct mm_fault pending;
static bool fault_pending;

void fake_iommu(bool there)
{
    iommu = there;
    fault_pending = false;
    numbers = 0;
    memset(attached, 0, sizeof(attached));
}

mm_slot fake_attached(uint64_t device)
{
    return attached[device];
}

void fake_fault(const struct mm_fault *fault)
{
    pending = *fault;
    fault_pending = true;
}

enum ash_error mm_backend_message(mm_slot io_space, uint64_t number, mm_slot)
{
    bool known = false;
    for (unsigned i = 0; i < DEVICES; i++)
        known |= io_space != 0 && attached[i] == io_space;
    if (!known || number == 0 || number > 63)
        return ASH_E_RANGE;
    if (numbers >> number & 1)
        return ASH_E_BUSY;
    numbers |= (uint64_t)1 << number;
    return ASH_OK;
}

bool mm_backend_has_iommu(void)
{
    return iommu;
}

enum ash_error mm_backend_attach(mm_slot io_space, uint64_t device)
{
    fake_call_count++;
    if (fake_at(io_space)->type != ASH_OBJ_IO_SPACE)
        fake_broken("no IoSpace", io_space);
    if (device >= DEVICES)
        return ASH_E_RANGE;
    if (attached[device] != 0)
        return ASH_E_BUSY;
    attached[device] = io_space;
    return ASH_OK;
}

void mm_backend_detach(mm_slot io_space)
{
    fake_call_count++;
    for (unsigned i = 0; i < DEVICES; i++)
        if (attached[i] == io_space)
            attached[i] = 0;
}

enum ash_error mm_backend_io_map(mm_slot io_space, uint64_t address, unsigned rights, mm_slot first,
                                 unsigned count)
{
    if (fake_at(io_space)->type != ASH_OBJ_IO_SPACE || count == 0 || count > 32)
        fake_broken("io_map into no IoSpace, or of no or too many pages", io_space);
    if (first / MM_SLOTS_PER_PAGE != (first + count - 1) / MM_SLOTS_PER_PAGE)
        fake_broken("io_map of slots of two CNodes", first);
    if ((address >> 21) != (address + (count - 1) * ASH_PAGE_SIZE) >> 21)
        fake_broken("io_map under two page tables", address);
    if (address <= ASH_IO_MESSAGE_PAGE && address + count * ASH_PAGE_SIZE > ASH_IO_MESSAGE_PAGE)
        return ASH_E_RANGE;
    for (unsigned i = 0; i < count; i++) {
        if (fake_io_mapped(first + i))
            fake_broken("io_map of what is mapped", first + i);
        enum ash_error error =
            mm_backend_frame_map(first + i, io_space, address + i * ASH_PAGE_SIZE, rights);
        if (error != ASH_OK && i != 0)
            fake_broken("io_map fails in the middle", i);
        if (error != ASH_OK)
            return error;
    }
    return ASH_OK;
}

bool fake_io_mapped(mm_slot frame)
{
    return fake_at(frame)->mapped;
}

void mm_backend_io_unmap(mm_slot io_space, mm_slot first, unsigned count)
{
    fake_call_count++;
    if (count == 0 || count > 32 ||
        first / MM_SLOTS_PER_PAGE != (first + count - 1) / MM_SLOTS_PER_PAGE)
        fake_broken("io_unmap of no, too many or too widely spread slots", first);
    for (unsigned i = 0; i < count; i++)
        if (fake_at(first + i)->mapped && fake_at(first + i)->space == fake_at(io_space)->physical)
            fake_unmap(fake_at(first + i));
}

bool mm_backend_attached(mm_slot io_space, uint64_t *device)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        if (io_space == 0 || attached[i] != io_space)
            continue;
        *device = i;
        return true;
    }
    return false;
}

/* The first page from `address` on in that IoSpace. */
static bool next_in(mm_slot io_space, uint64_t address, struct fake_mapping *next)
{
    struct fake_mapping seen;
    bool found = false;
    for (uint32_t at = 0; fake_next_mapping(&at, &seen);) {
        if (seen.space != fake_space(io_space) || seen.address < address ||
            (found && seen.address > next->address))
            continue;
        *next = seen;
        found = true;
    }
    return found;
}

bool mm_backend_walk(struct mm_walk *at)
{
    uint64_t from = at->address + at->size;
    struct fake_mapping next;
    for (; at->device < DEVICES; at->device++, from = 0) {
        if (attached[at->device] == 0 || !next_in(attached[at->device], from, &next))
            continue;
        *at = (struct mm_walk){at->device, next.address, (uint64_t)1 << next.bits, next.physical,
                               (next.rights & ASH_RIGHT_WRITE) != 0};
        return true;
    }
    return false;
}

bool mm_backend_fault(struct mm_fault *fault)
{
    bool found = fault_pending;
    *fault = pending;
    fault_pending = false;
    return found;
}
