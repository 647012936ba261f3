// SPDX-License-Identifier: MIT
/*
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0.0). Each hart's S-mode is
 * a context.
 *
 * A source is claimed when it interrupts and completed when it is unmasked: in between its gateway
 * lets nothing through, so nothing else need be masked. Enable bits say which sources somebody
 * listens to.
 */
#include "irqchip/plic.h"
#include "arch/csr.h"
#include "irqchip/irqchip.h"
#include "small.h"

struct plic plic;

static bool claimed[IRQ_SOURCES];

SMALL

void irqchip_hart_init(struct hart *hart)
{
    if (plic.claim[hart->index])
        csr_set("sie", SIP_EXTERNAL);
}

uint32_t irqchip_sources(void)
{
    return plic.sources;
}

SMALL_END

/* Completion is ignored while the source is not enabled. */
static void complete(uint32_t source, const struct hart *hart)
{
    claimed[source] = false;
    *plic.claim[hart->index] = source;
}

void irqchip_unmask(uint32_t source, struct hart *hart)
{
    if (claimed[source]) {
        complete(source, hart);
        return;
    }
    if (hart->irq_context < 0)
        return;
    *plic_enable_word(source, hart) |= 1u << source % 32;
    /* last: QEMU looks for pending sources on this write, not on that of an enable bit */
    *plic_register(PLIC_PRIORITY + source * 4ull) = 1;
}

void irqchip_mask(uint32_t source, struct hart *hart)
{
    if (claimed[source])
        complete(source, hart);
    if (hart->irq_context >= 0)
        *plic_enable_word(source, hart) &= ~(1u << source % 32);
}

uint32_t irqchip_claim(struct hart *hart)
{
    volatile uint32_t *claim = plic.claim[hart->index];
    uint32_t source = claim ? *claim : 0;
    if (source == 0 || source > plic.sources)
        return 0;
    claimed[source] = true;
    return source;
}
