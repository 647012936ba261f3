// SPDX-License-Identifier: MIT
/*
 * The PLIC in the device tree: `interrupts-extended` lists its contexts in order as pairs of an
 * interrupt-controller phandle and an interrupt number, 9 being the supervisor external interrupt.
 */
#include "boot/tree.h"
#include "irqchip/irqchip.h"
#include "irqchip/plic.h"

#include <libfdt.h>

#define SUPERVISOR_EXTERNAL 9u
#define CONTEXTS            64u

static int node;

bool plic_find(const void *tree)
{
    node = fdt_node_offset_by_compatible(tree, -1, "riscv,plic0");
    if (node < 0)
        node = fdt_node_offset_by_compatible(tree, -1, "sifive,plic-1.0.0");
    if (node < 0 || !tree_reg(tree, node, 0, &plic.base, &plic.size))
        return false;
    plic.sources = (uint32_t)tree_u32(tree, node, "riscv,ndev", 0);
    if (plic.sources >= IRQ_IDENTITIES)
        plic.sources = IRQ_IDENTITIES - 1;
    return true;
}

static int32_t context_of(const void *tree, const struct hart *hart)
{
    uint32_t phandle = tree_hart_intc(tree, hart->id);
    int length = 0;
    const fdt32_t *cells = fdt_getprop(tree, node, "interrupts-extended", &length);
    int32_t count = cells ? length / 8 : 0, found = -1;
    for (int32_t i = 0; i < count && i < (int32_t)CONTEXTS; i++)
        if (fdt32_to_cpu(cells[2 * i]) == phandle &&
            fdt32_to_cpu(cells[2 * i + 1]) == SUPERVISOR_EXTERNAL)
            found = i;
    return found;
}

void plic_add_hart(const void *tree, struct hart *hart)
{
    hart->irq_context = context_of(tree, hart);
    if (hart->irq_context < 0)
        return;
    for (uint32_t word = 0; word <= plic.sources / 32; word++)
        *plic_enable_word(word * 32, hart) = 0;
    volatile uint32_t *context =
        plic_register(PLIC_CONTEXT + PLIC_CONTEXT_STRIDE * (uint64_t)(uint32_t)hart->irq_context);
    context[0] = 0; /* the threshold */
    plic.claim[hart->index] = &context[1];
}
