// SPDX-License-Identifier: MIT
/*
 * The AIA in the device tree (bindings riscv,imsics and riscv,aplic). The IMSIC for S-mode is the
 * one whose `interrupts-extended` leads to interrupt 9 of the harts, in the order of their pages;
 * the APLIC for S-mode is the one whose `msi-parent` it is. IMSICs in several groups are not
 * supported.
 */
#include "boot/tree.h"
#include "irqchip/aia.h"
#include "irqchip/irqchip.h"
#include "panic.h"

#include <libfdt.h>

#define SUPERVISOR_EXTERNAL 9u
#define IDENTITIES_MIN      63u /* an interrupt file has no fewer */

static int imsic_node;

/* Pairs of an interrupt-controller phandle and an interrupt number. */
static const fdt32_t *harts_of(const void *tree, int node, int *count)
{
    int length = 0;
    const fdt32_t *cells = fdt_getprop(tree, node, "interrupts-extended", &length);
    *count = cells ? length / 8 : 0;
    return cells;
}

/* A node's registers, where the window reaches them. */
static bool registers(const void *tree, int node, uint64_t *start, uint64_t *size)
{
    return node >= 0 && tree_reg(tree, node, 0, start, size) && *start + *size <= WINDOW_SIZE;
}

static bool find_imsic(const void *tree)
{
    int node = -1, count;
    while ((node = fdt_node_offset_by_compatible(tree, node, "riscv,imsics")) >= 0) {
        const fdt32_t *cells = harts_of(tree, node, &count);
        if (count > 0 && fdt32_to_cpu(cells[1]) == SUPERVISOR_EXTERNAL)
            break;
    }
    imsic_node = node;
    return registers(tree, node, &aia.imsic, &aia.imsic_size) &&
           tree_u32(tree, node, "riscv,num-ids", 0) >= IDENTITIES_MIN;
}

static bool find_aplic(const void *tree)
{
    int node = -1;
    uint64_t parent = fdt_get_phandle(tree, imsic_node);
    while ((node = fdt_node_offset_by_compatible(tree, node, "riscv,aplic")) >= 0)
        if (tree_u32(tree, node, "msi-parent", 0) == parent)
            break;
    if (!registers(tree, node, &aia.aplic, &aia.aplic_size))
        return false;
    aia.sources = (uint32_t)tree_u32(tree, node, "riscv,num-sources", 0);
    return true;
}

static uint32_t less(uint64_t value, uint32_t limit)
{
    return value < limit ? (uint32_t)value : limit;
}

static void measure(const void *tree)
{
    uint64_t ids = tree_u32(tree, imsic_node, "riscv,num-ids", IDENTITIES_MIN);
    aia.notice = less(ids, IRQ_WITHOUT_CHIP - 1);
    aia.sources = less(aia.sources, aia.notice - 1);
    uint64_t guests = tree_u32(tree, imsic_node, "riscv,guest-index-bits", 0);
    if (guests > 7 || tree_u32(tree, imsic_node, "riscv,group-index-bits", 0) != 0)
        panic("the IMSICs in the device tree are in groups, or have more than 127 guest files");
    aia.page_shift = ASH_PAGE_BITS + (uint32_t)guests;
}

bool aia_find(const void *tree)
{
    aia.imsic = 0;
    if (!find_imsic(tree) || !find_aplic(tree)) {
        aia.imsic = 0;
        return false;
    }
    measure(tree);
    *aplic_register(APLIC_DOMAINCFG) = 0;
    for (uint32_t source = 1; source <= aia.sources; source++) {
        *aplic_register(APLIC_CLRIENUM) = source;
        *aplic_register(APLIC_SOURCECFG + 4ull * (source - 1)) = 0;
    }
    *aplic_register(APLIC_DOMAINCFG) = APLIC_ENABLED | APLIC_MESSAGES;
    return true;
}

void aia_add_hart(const void *tree, struct hart *hart)
{
    uint32_t phandle = tree_hart_intc(tree, hart->id);
    int count;
    const fdt32_t *cells = harts_of(tree, imsic_node, &count);
    for (int i = 0; i < count; i++) {
        if (fdt32_to_cpu(cells[2 * i]) != phandle)
            continue;
        hart->irq_context = i;
        if ((uint64_t)(i + 1) << aia.page_shift <= aia.imsic_size)
            return;
    }
    panic("hart %lu has no IMSIC in the device tree", hart->id);
}
