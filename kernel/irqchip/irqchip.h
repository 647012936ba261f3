// SPDX-License-Identifier: MIT
/*
 * Interrupts, whatever chip delivers them: a PLIC (plic.c), or an APLIC that sends messages to the
 * IMSIC of a hart, which takes messages of devices as well (aia.c). The device tree decides.
 *
 * An interrupt has an identity from 1 on: wired ones their source number, the numbers above are for
 * messages. It goes to one hart at a time. A claimed one is masked until irqchip_unmask.
 */
#ifndef KERNEL_IRQCHIP_IRQCHIP_H
#define KERNEL_IRQCHIP_IRQCHIP_H

#include <stdint.h>

#define IRQ_IDENTITIES 1024u
/* What the chips tell apart is below; the rest is for messages that come through an IOMMU. */
#define IRQ_WITHOUT_CHIP 512u

struct hart;

/* Only while booting: finds the chip in the device tree; false if there is none. */
bool irqchip_find(const void *tree);
/* Only while booting: the i-th physical range that the kernel must map, page multiples; size 0: no
 * more. The first one is the kernel's alone; who may write to the others can raise messages. */
void irqchip_range(unsigned i, uint64_t *physical, uint64_t *size);
/* Only while booting: finds what of the chip belongs to that hart, which has an id and an index,
 * and masks everything there. */
void irqchip_add_hart(const void *tree, struct hart *hart);

/* Makes the calling hart accept external interrupts. */
void irqchip_hart_init(struct hart *hart);
/* The last wired source; the identities behind it up to the last message (the same: there are no
 * messages) can be given to devices. */
uint32_t irqchip_sources(void);
uint32_t irqchip_last_message(void);
/* Where a device writes an identity of that hart's to raise it. */
uint64_t irqchip_message_address(const struct hart *hart);

/* Raises a message on that hart. */
void irqchip_raise(uint32_t identity, const struct hart *hart);

/* Before the first irqchip_unmask of a wired source: what its wire means, and whose it is. */
void irqchip_connect(uint32_t source, bool edge, struct hart *hart);
/* True: it came while it was masked. Then it is masked again and the caller handles it. */
[[nodiscard]] bool irqchip_unmask(uint32_t identity, struct hart *hart);
/* Until irqchip_unmask it does not come; what came meanwhile is forgotten, or comes then. */
void irqchip_mask(uint32_t identity, struct hart *hart);
/* What interrupts the calling hart, now masked; 0 if nothing. */
uint32_t irqchip_claim(struct hart *hart);

#endif
