// SPDX-License-Identifier: MIT
/* Turning the IOMMU on: specification 1.0, "Guidelines for initialization". */
#include "boot/boot.h"
#include "boot/tree.h"
#include "iommu/iommu.h"
#include "iommu/registers.h"
#include "panic.h"

#include <libfdt.h>

static volatile uint32_t *reg32(uint32_t offset)
{
    return (volatile uint32_t *)(iommu.registers + offset);
}

static volatile uint64_t *reg64(uint32_t offset)
{
    return (volatile uint64_t *)(iommu.registers + offset);
}

bool iommu_find(const void *tree)
{
    int node = fdt_node_offset_by_compatible(tree, -1, "riscv,iommu");
    return node >= 0 && tree_reg(tree, node, 0, &iommu.physical, &iommu.size) && iommu.size >= 4096;
}

void iommu_range(uint64_t *physical, uint64_t *size)
{
    *physical = round_down(iommu.physical, ASH_PAGE_SIZE);
    *size = round_up(iommu.size, ASH_PAGE_SIZE);
}

static bool wait_for(uint32_t offset, uint32_t mask, uint32_t value)
{
    for (unsigned i = 0; i < 1000000; i++)
        if ((*reg32(offset) & mask) == value)
            return true;
    return false;
}

static uint64_t page_number(const void *page)
{
    return window_physical(page).value >> 12;
}

/* log2 of the number of entries, less 1, beside the page: each queue is one page. */
static bool start_queues(void)
{
    iommu.commands = boot_pages(1, ASH_PAGE_SIZE);
    iommu.faults = boot_pages(1, ASH_PAGE_SIZE);
    *reg64(IOMMU_CQB) = page_number(iommu.commands) << 10 | (8 - 1);
    *reg32(IOMMU_CQT) = 0;
    *reg32(IOMMU_CQCSR) = QUEUE_ON;
    *reg64(IOMMU_FQB) = page_number(iommu.faults) << 10 | (7 - 1);
    *reg32(IOMMU_FQH) = 0;
    *reg32(IOMMU_FQCSR) = QUEUE_ON | QUEUE_INTERRUPT;
    return wait_for(IOMMU_CQCSR, QUEUE_ACTIVE, QUEUE_ACTIVE) &&
           wait_for(IOMMU_FQCSR, QUEUE_ACTIVE, QUEUE_ACTIVE);
}

/* PCI's 16 bits of device ID reach two entries of the root at most. */
static bool start_directory(void)
{
    uint64_t *root = boot_pages(1, ASH_PAGE_SIZE);
    iommu.leaf_bits = iommu.capabilities & CAPABILITIES_MSI_FLAT ? EXTENDED_BITS : BASE_BITS;
    iommu.middle = boot_pages(2, ASH_PAGE_SIZE);
    root[0] = page_number(iommu.middle) << 10 | DIRECTORY_V;
    if (iommu.leaf_bits == EXTENDED_BITS)
        root[1] = page_number(iommu.middle + 512) << 10 | DIRECTORY_V;
    *reg64(IOMMU_DDTP) = page_number(root) << 10 | DDTP_3LVL;
    return wait_for(IOMMU_DDTP, DDTP_BUSY, 0) && (*reg64(IOMMU_DDTP) & 15) == DDTP_3LVL;
}

/* What is missing, or null. */
static const char *unusable(void)
{
    if ((iommu.capabilities & CAPABILITIES_VERSION) != VERSION_1_0)
        return "it is not of version 1.0";
    if (!(iommu.capabilities & CAPABILITIES_SV39X4))
        return "it has no Sv39x4";
    if (CAPABILITIES_IGS(iommu.capabilities) == IGS_MSI)
        return "it has no wired interrupts";
    return nullptr;
}

void iommu_boot(void)
{
    if (iommu.size == 0)
        return;
    iommu.registers = window((paddr){iommu.physical});
    iommu.capabilities = *reg64(IOMMU_CAPABILITIES);
    const char *reason = unusable();
    if (!reason) {
        *reg32(IOMMU_FCTL) |= FCTL_WSI;
        *reg64(IOMMU_ICVEC) = 0; /* every cause: the first of its interrupts */
        iommu.works = start_queues() && start_directory();
        if (!iommu.works)
            reason = "it does not turn on";
    }
    if (reason)
        print("IOMMU: left off, which blocks the devices behind it: %s\n", reason);
}
