// SPDX-License-Identifier: MIT
/* A hart with a context of the PLIC has its interrupts from there, any other from its IMSIC. */
#include "irqchip/irqchip.h"
#include "irqchip/aia.h"
#include "irqchip/plic.h"
#include "small.h"

SMALL

void irqchip_hart_init(struct hart *hart)
{
    if (plic.claim[hart->index])
        csr_set("sie", SIP_EXTERNAL);
    else if (aia.imsic)
        aia_hart_init(hart);
}

uint32_t irqchip_sources(void)
{
    return aia.imsic ? aia.sources : plic.sources;
}

uint32_t irqchip_last_message(void)
{
    return aia.imsic ? aia.notice - 1 : plic.sources;
}

uint64_t irqchip_message_address(const struct hart *hart)
{
    return aia_page(hart);
}

void irqchip_raise(uint32_t identity, const struct hart *hart)
{
    aia_raise(identity, hart);
}

void irqchip_connect(uint32_t source, bool edge, struct hart *hart)
{
    if (aia.imsic)
        aia_connect(source, edge, hart);
}

SMALL_END

bool irqchip_unmask(uint32_t identity, struct hart *hart)
{
    if (plic_completes(identity, hart))
        return false;
    if (aia.imsic)
        return aia_unmask(identity, hart);
    plic_enable(identity, hart);
    return false;
}

void irqchip_mask(uint32_t identity, struct hart *hart)
{
    if (aia.imsic)
        aia_mask(identity);
    else
        plic_disable(identity, hart);
}

uint32_t irqchip_claim(struct hart *hart)
{
    volatile uint32_t *claim = plic.claim[hart->index];
    return claim ? plic_claim(claim) : aia_claim(hart);
}
