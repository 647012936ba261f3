// SPDX-License-Identifier: MIT
/*
 * The messages that one device can raise: what an IOMMU writes when the device writes to its
 * message page (a memory-resident interrupt file, AIA 1.0 section 9.3), and the Irqs made of them.
 *
 *   device -- n to the message page --> IOMMU: pending |= 1 << n
 *                                              enabled & 1 << n?  -- notice --> IMSIC of hart 0
 *
 * Invariants.
 *  - What comes to nobody or is masked is not in `open`, and only what is in `open` is delivered.
 *    The IOMMU's own word repeats it, so that the IOMMU stays silent about the rest; but the word
 * is not believed (QEMU 10.0 lets a device that writes 64 + n set bit n of it).
 *  - irq[n] and irqs[irq[n]].file, .vector name each other; notice is an identity of the chip that
 *    nobody else has, or 0 before the first Irq was made.
 */
#ifndef KERNEL_OBJECT_IRQ_FILE_H
#define KERNEL_OBJECT_IRQ_FILE_H

#include "object/irq.h"

#define IRQ_FILE_VECTORS 64u /* 1 .. 63; there is no message 0 */

struct irq_file {
    volatile uint64_t *pending, *enabled; /* the IOMMU's words */
    uint64_t open;
    uint32_t notice;
    uint32_t idle;                  /* notices of nothing since the last acknowledgement */
    uint16_t irq[IRQ_FILE_VECTORS]; /* identities; 0: nobody's */
};

/* Some message of the file came. Delivers one; if there are more, it raises the notice again. */
void irq_file_notice(const struct irq *notice);

/* As those of irqchip.h. */
[[nodiscard]] bool irq_file_unmask(const struct irq *irq);
void irq_file_mask(const struct irq *irq);

/* Its vector is nobody's again. */
void irq_file_leave(struct irq *irq);
/* The file goes. Irqs that were made of it stay, but nothing interrupts them any more. */
void irq_file_end(struct irq_file *file);

/* IoSpace.get_message; `slot` holds the IoSpace. *first: the notice was chosen now. */
unsigned irq_file_get(struct irq_file *file, struct slot *slot, struct invocation *call,
                      bool *first);

#endif
