// SPDX-License-Identifier: MIT
/* Irq: one wired interrupt source or one message, delivered to a Notification. At most one Irq
 * capability family an identity: IrqControl refuses a source that has one. */
#ifndef KERNEL_OBJECT_IRQ_H
#define KERNEL_OBJECT_IRQ_H

#include "object/capability.h"

/* Delivers what interrupts this hart. */
void irq_handle(void);

extern const struct object_class irq_control_class, irq_class;

#endif
