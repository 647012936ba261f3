// SPDX-License-Identifier: MIT
/*
 * Wired interrupts, whatever chip delivers them (PLIC now; APLIC later). A source is enabled on one
 * hart at a time. A claimed source is masked until irqchip_unmask.
 */
#ifndef KERNEL_IRQCHIP_IRQCHIP_H
#define KERNEL_IRQCHIP_IRQCHIP_H

#include <stdint.h>

#define IRQ_SOURCES 1024u

struct hart;

/* Only while booting: finds the chip in the device tree; false if there is none. */
bool irqchip_find(const void *tree);
/* Only while booting: physical range that the kernel must map, page multiples. */
void irqchip_range(uint64_t *physical, uint64_t *size);
/* Only while booting: finds what of the chip belongs to that hart, which has an id and an index,
 * and masks everything there. */
void irqchip_add_hart(const void *tree, struct hart *hart);

/* Makes the calling hart accept external interrupts. */
void irqchip_hart_init(struct hart *hart);
uint32_t irqchip_sources(void);
void irqchip_unmask(uint32_t source, struct hart *hart);
void irqchip_mask(uint32_t source, struct hart *hart);
/* The source that interrupts this hart, now masked; 0 if none. */
uint32_t irqchip_claim(struct hart *hart);

#endif
