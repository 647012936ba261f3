// SPDX-License-Identifier: MIT
/*
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0.0), between the files of
 * this folder: plic_find.c reads the device tree, plic.c drives the chip for irqchip.c.
 */
#ifndef KERNEL_IRQCHIP_PLIC_H
#define KERNEL_IRQCHIP_PLIC_H

#include "arch/memory.h"
#include "hart.h"

#define PLIC_PRIORITY       0x0u
#define PLIC_ENABLE         0x2000u
#define PLIC_ENABLE_STRIDE  0x80u
#define PLIC_CONTEXT        0x200000u
#define PLIC_CONTEXT_STRIDE 0x1000u

struct plic {
    uint64_t base, size; /* 0: there is none */
    uint32_t sources;
    /* The register of each hart that claims (read) and completes (written); null: it has no
     * context. */
    volatile uint32_t *claim[ASH_MAX_HARTS];
};
extern struct plic plic;

static inline volatile uint32_t *plic_register(uint64_t offset)
{
    return window((paddr){plic.base + offset});
}

static inline volatile uint32_t *plic_enable_word(uint32_t source, const struct hart *hart)
{
    return plic_register(PLIC_ENABLE + PLIC_ENABLE_STRIDE * (uint64_t)(uint32_t)hart->irq_context +
                         source / 32 * 4);
}

bool plic_find(const void *tree);
void plic_add_hart(const void *tree, struct hart *hart);

/* If the source is claimed: completes it, so that it can interrupt again. */
bool plic_completes(uint32_t source, const struct hart *hart);
void plic_enable(uint32_t source, const struct hart *hart);
void plic_disable(uint32_t source, const struct hart *hart);
uint32_t plic_claim(volatile uint32_t *claim);

#endif
