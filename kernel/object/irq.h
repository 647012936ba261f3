// SPDX-License-Identifier: MIT
/* Irq: one wired interrupt source or one message, delivered to a Notification. At most one Irq
 * capability family an identity: IrqControl refuses a source that has one. */
#ifndef KERNEL_OBJECT_IRQ_H
#define KERNEL_OBJECT_IRQ_H

#include "object/capability.h"

struct hart;
struct invocation;
struct irq_file;

struct irq {
    struct object object;
    struct hart *hart;        /* where it is delivered; null while no capability exists */
    struct slot notification; /* internal slot */
    struct irq_file *file;    /* the message is one of this file's, or the notice for it */
    uint32_t vector;          /* its number there; 0: it comes from the chip */
};

extern struct irq irqs[];

static inline uint32_t irq_identity(const struct irq *irq)
{
    return (uint32_t)(irq - irqs);
}

/* Delivers what interrupts this hart. */
void irq_handle(void);
/* One interrupt, to its handler. */
void irq_deliver(const struct irq *irq);

/* Its handler is through with the last one: the next may come, or comes now. */
unsigned irq_acknowledge(struct irq *irq);

/* The empty slot that a new Irq goes to: c0 CNode, its index in message word `word`. */
unsigned irq_decode_slot(struct invocation *call, unsigned word, struct slot **slot);
/* One of (after, last] that nobody uses, in turn from *at on, or null. */
struct irq *irq_free(uint32_t after, uint32_t last, uint32_t *at);
/* One for a message of the chip, masked; or null. */
struct irq *irq_free_message(void);
void irq_make(struct irq *irq, struct slot *slot, struct slot *parent);

extern const struct object_class irq_control_class, irq_class;

#endif
