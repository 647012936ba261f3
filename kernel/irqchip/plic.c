// SPDX-License-Identifier: MIT
/*
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0.0). Each hart's S-mode is
 * a context; `interrupts-extended` of the device tree lists the contexts in order as pairs of an
 * interrupt-controller phandle and an interrupt number, 9 being the supervisor external interrupt.
 *
 * A source is claimed when it interrupts and completed when it is unmasked: in between its gateway
 * lets nothing through, so nothing else need be masked. Enable bits say which sources somebody
 * listens to.
 */
#include "arch/csr.h"
#include "boot/tree.h"
#include "hart.h"
#include "irqchip/irqchip.h"
#include "small.h"

#include <libfdt.h>

#define PLIC_PRIORITY       0x0u
#define PLIC_ENABLE         0x2000u
#define PLIC_ENABLE_STRIDE  0x80u
#define PLIC_CONTEXT        0x200000u
#define PLIC_CONTEXT_STRIDE 0x1000u
#define SUPERVISOR_EXTERNAL 9u

static uint64_t base, size;
static uint32_t sources;
static bool is_supervisor[64];
static uint32_t phandle_of_context[64];
static uint32_t contexts;
static const void *device_tree;
/* The register of each hart that claims (read) and completes (written); null: it has no context. */
static volatile uint32_t *claim_register[ASH_MAX_HARTS];
static bool claimed[IRQ_SOURCES];

static volatile uint32_t *reg(uint64_t offset)
{
    return window((paddr){base + offset});
}

static volatile uint32_t *enable_word(uint32_t source, const struct hart *hart)
{
    return reg(PLIC_ENABLE + PLIC_ENABLE_STRIDE * (uint64_t)(uint32_t)hart->irq_context +
               source / 32 * 4);
}

SMALL

bool irqchip_find(const void *tree)
{
    int node = fdt_node_offset_by_compatible(tree, -1, "riscv,plic0");
    if (node < 0)
        node = fdt_node_offset_by_compatible(tree, -1, "sifive,plic-1.0.0");
    if (node < 0 || !tree_reg(tree, node, 0, &base, &size))
        return false;
    sources = (uint32_t)tree_u32(tree, node, "riscv,ndev", 0);
    if (sources >= IRQ_SOURCES)
        sources = IRQ_SOURCES - 1;
    int length = 0;
    const fdt32_t *cells = fdt_getprop(tree, node, "interrupts-extended", &length);
    contexts = cells ? (uint32_t)length / 8 : 0;
    for (uint32_t i = 0; i < contexts && i < 64; i++) {
        phandle_of_context[i] = fdt32_to_cpu(cells[2 * i]);
        is_supervisor[i] = fdt32_to_cpu(cells[2 * i + 1]) == SUPERVISOR_EXTERNAL;
    }
    device_tree = tree;
    return true;
}

void irqchip_range(uint64_t *physical, uint64_t *bytes)
{
    *physical = round_down(base, ASH_PAGE_SIZE);
    *bytes = round_up(size, ASH_PAGE_SIZE);
}

void irqchip_hart_init(struct hart *hart)
{
    uint32_t phandle = tree_hart_intc(device_tree, hart->id);
    hart->irq_context = -1;
    for (uint32_t i = 0; i < contexts && i < 64; i++)
        if (is_supervisor[i] && phandle_of_context[i] == phandle)
            hart->irq_context = (int32_t)i;
    if (hart->irq_context < 0)
        return;
    for (uint32_t word = 0; word <= sources / 32; word++)
        *enable_word(word * 32, hart) = 0;
    volatile uint32_t *context =
        reg(PLIC_CONTEXT + PLIC_CONTEXT_STRIDE * (uint64_t)(uint32_t)hart->irq_context);
    context[0] = 0; /* the threshold */
    claim_register[hart->index] = &context[1];
    csr_set("sie", SIP_EXTERNAL);
}

uint32_t irqchip_sources(void)
{
    return sources;
}

SMALL_END

/* Completion is ignored while the source is not enabled. */
static void complete(uint32_t source, const struct hart *hart)
{
    claimed[source] = false;
    *claim_register[hart->index] = source;
}

void irqchip_unmask(uint32_t source, struct hart *hart)
{
    if (claimed[source]) {
        complete(source, hart);
        return;
    }
    if (hart->irq_context < 0)
        return;
    *enable_word(source, hart) |= 1u << source % 32;
    /* last: QEMU looks for pending sources on this write, not on that of an enable bit */
    *reg(PLIC_PRIORITY + source * 4ull) = 1;
}

void irqchip_mask(uint32_t source, struct hart *hart)
{
    if (claimed[source])
        complete(source, hart);
    if (hart->irq_context >= 0)
        *enable_word(source, hart) &= ~(1u << source % 32);
}

uint32_t irqchip_claim(struct hart *hart)
{
    volatile uint32_t *claim = claim_register[hart->index];
    uint32_t source = claim ? *claim : 0;
    if (source == 0 || source > sources)
        return 0;
    claimed[source] = true;
    return source;
}
