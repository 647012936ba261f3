// SPDX-License-Identifier: MIT
/*
 * The Advanced Interrupt Architecture (AIA 1.0), between the files of this folder: aia_find.c reads
 * the device tree, aia.c drives the chips for irqchip.c.
 *
 *   device --- message ------------------+
 *                                        v
 *   device ~~~ wire ~~~> APLIC --- message ---> IMSIC of a hart (a page) ---> external interrupt
 *
 * The APLIC gives source n the identity n. The last identity is the kernel's own.
 */
#ifndef KERNEL_IRQCHIP_AIA_H
#define KERNEL_IRQCHIP_AIA_H

#include "arch/memory.h"
#include "hart.h"

/* Registers of an APLIC's domain, 32 bits each; [source - 1] where there is one a source. */
#define APLIC_DOMAINCFG 0x0u
#define APLIC_SOURCECFG 0x4u
#define APLIC_SETIPNUM  0x1cdcu
#define APLIC_SETIENUM  0x1edcu
#define APLIC_CLRIENUM  0x1fdcu
#define APLIC_TARGET    0x3004u

#define APLIC_ENABLED    (1u << 8) /* domaincfg */
#define APLIC_MESSAGES   (1u << 2)
#define APLIC_EDGE       4u  /* sourcecfg: rises */
#define APLIC_LEVEL      6u  /* is high */
#define APLIC_HART_SHIFT 18u /* target */

/* Registers of a hart's IMSIC, through siselect and sireg. Of the arrays only those with even
 * numbers exist, for 64 identities each. */
#define IMSIC_DELIVERY  0x70u
#define IMSIC_THRESHOLD 0x72u
#define IMSIC_PENDING   0x80u
#define IMSIC_ENABLED   0xc0u

struct aia {
    uint64_t aplic, aplic_size;
    uint64_t imsic, imsic_size; /* the pages of the harts one behind the other; 0: there is none */
    uint32_t page_shift;        /* from one hart's to the next's */
    uint32_t sources;           /* the last wired one */
    uint32_t notice;            /* the kernel's identity, the last one */
};
extern struct aia aia;

static inline volatile uint32_t *aplic_register(uint64_t offset)
{
    return window((paddr){aia.aplic + offset});
}

/* The hart's own page of the IMSIC. */
static inline uint64_t aia_page(const struct hart *hart)
{
    return aia.imsic + ((uint64_t)(uint32_t)hart->irq_context << aia.page_shift);
}

bool aia_find(const void *tree);
void aia_add_hart(const void *tree, struct hart *hart);

void aia_raise(uint32_t identity, const struct hart *hart);
void aia_hart_init(const struct hart *hart);
void aia_connect(uint32_t source, bool edge, const struct hart *hart);
[[nodiscard]] bool aia_unmask(uint32_t identity, struct hart *hart);
void aia_mask(uint32_t identity);
uint32_t aia_claim(const struct hart *hart);

#endif
