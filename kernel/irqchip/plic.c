// SPDX-License-Identifier: MIT
/*
 * Each hart's S-mode is a context. A source is claimed when it interrupts and completed when it is
 * unmasked: in between its gateway lets nothing through, so nothing else need be masked. Enable
 * bits say which sources somebody listens to.
 */
#include "irqchip/plic.h"
#include "irqchip/irqchip.h"

struct plic plic;

static bool claimed[IRQ_IDENTITIES];

/* Completion is ignored while the source is not enabled. */
bool plic_completes(uint32_t source, const struct hart *hart)
{
    if (!claimed[source])
        return false;
    claimed[source] = false;
    *plic.claim[hart->index] = source;
    return true;
}

void plic_enable(uint32_t source, const struct hart *hart)
{
    if (hart->irq_context < 0)
        return;
    *plic_enable_word(source, hart) |= 1u << source % 32;
    /* last: QEMU looks for pending sources on this write, not on that of an enable bit */
    *plic_register(PLIC_PRIORITY + source * 4ull) = 1;
}

void plic_disable(uint32_t source, const struct hart *hart)
{
    (void)plic_completes(source, hart);
    if (hart->irq_context >= 0)
        *plic_enable_word(source, hart) &= ~(1u << source % 32);
}

uint32_t plic_claim(volatile uint32_t *claim)
{
    uint32_t source = *claim;
    if (source == 0 || source > plic.sources)
        return 0;
    claimed[source] = true;
    return source;
}
