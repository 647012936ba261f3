// SPDX-License-Identifier: MIT
/*
 * The IOMMU's device directory (iommu/iommu.h): a device's context is valid exactly while an
 * IoSpace says that it is attached to it, and leads to that IoSpace's tables under its number; a
 * page of the directory belongs to one of the IoSpaces attached in it; the root and the middle
 * level change nothing but that.
 */
#include "check/checks.h"
#include "iommu/iommu.h"
#include "iommu/registers.h"
#include "object/io_space.h"

static const struct iommu_tables *tables_of(const struct io_space *io)
{
    return (const struct iommu_tables *)io->space.root;
}

static uint64_t page_number(const void *page)
{
    return window_physical(page).value >> 12;
}

static const uint64_t *page_of(uint32_t device)
{
    uint64_t entry = iommu.middle[device >> iommu.leaf_bits];
    return entry & DIRECTORY_V ? window((paddr){entry >> 10 << 12}) : nullptr;
}

static void check_attached(const struct io_space *io)
{
    const void *at = io;
    const uint64_t *page = page_of(io->device);
    RULE(page, "an attached device has a page in the directory: %p, device %u", at, io->device);
    uint32_t words = 512u >> iommu.leaf_bits;
    const uint64_t *context = page + (io->device & ((1u << iommu.leaf_bits) - 1)) * words;
    RULE(context[CONTEXT_TC] == CONTEXT_V, "an attached device has a valid context: %p", at);
    RULE(context[CONTEXT_IOHGATP] == (MODE_SV39X4 | (uint64_t)io->space.asid << GSCID_SHIFT |
                                      page_number(tables_of(io)->root)),
         "a context leads to the tables of the IoSpace under its number: %p", at);
    RULE(context[CONTEXT_FSC] == 0 && context[CONTEXT_TA] == 0,
         "a device's addresses are translated once: %p", at);
}

static void check_messages(const struct io_space *io)
{
    const struct irq_file *file = &io->messages;
    const void *at = io;
    uint64_t may = 0;
    for (uint32_t i = 0; i < IRQ_FILE_VECTORS; i++) {
        const struct irq *irq = &irqs[file->irq[i]];
        if (file->irq[i] == 0)
            continue;
        RULE(irq->file == file && irq->vector == i, "a message and its Irq name each other: %p, %u",
             at, i);
        may |= 1ull << i;
    }
    RULE(file->notice == 0 || irqs[file->notice].file == file, "a notice is its file's: %p", at);
    RULE((file->open & ~may) == 0, "only a message that has an Irq may come: %p", at);
}

/* How many contexts of the page are valid, and whether it is that of one of them. */
static uint32_t check_page(const uint64_t *page)
{
    uint32_t valid = 0;
    bool owned = false;
    for (uint32_t i = 0; i < 512; i += 512u >> iommu.leaf_bits) {
        if (!(page[i + CONTEXT_TC] & CONTEXT_V))
            continue;
        valid++;
        const struct iommu_tables *tables =
            window((paddr){(page[i + CONTEXT_IOHGATP] & PPN_MASK) << 12});
        owned |= page == tables->directory;
    }
    RULE(owned, "a page of the directory belongs to an IoSpace attached in it: %p",
         (const void *)page);
    return valid;
}

void check_directory(void)
{
    if (!iommu_works())
        return;
    uint32_t attached = 0, valid = 0;
    for (size_t i = 0; i < object_count; i++) {
        if (type_of(all_objects[i]) != ASH_OBJ_IO_SPACE)
            continue;
        const struct io_space *io = (const void *)all_objects[i]->slot->cap.object;
        check_messages(io);
        if (!io->attached)
            continue;
        check_attached(io);
        attached++;
    }
    for (uint32_t device = 0; device < IOMMU_DEVICES; device += 1u << iommu.leaf_bits)
        if (page_of(device))
            valid += check_page(page_of(device));
    RULE(attached == valid, "no context is valid but of an attached device: %u, %u", attached,
         valid);
}
