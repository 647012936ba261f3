// SPDX-License-Identifier: MIT
/*
 * Message-signalled interrupts of devices. A device gets its messages before START: the kernel's
 * Irqs, made from the device's IoSpace where it is behind the IOMMU (then it can raise no others,
 * whatever its driver writes into it), else from IrqControl. They stay the device's until it is
 * removed or started anew; a driver connects and disconnects as often as it likes.
 *
 * Vectors of messages (of translated resources) are numbers of this manager's, above every wired
 * source.
 */
#ifndef PNP_MESSAGE_H
#define PNP_MESSAGE_H

#include "node.h"

#define PNP_MESSAGE_VECTOR 0x1000u /* of the first; a wired source is at most 1023 */
#define PNP_MESSAGES       192u

/* How many the device's INF allows it (Interrupt Management\\MessageSignaledInterruptProperties).
 */
unsigned pnp_messages_limit(const struct pnp_node *node);
/* What PnP decided for a device whose resources are being assigned: puts messages in the place of
 * its line in node->assigned and node->translated, if its INF and its requirements allow that and
 * the machine has them. Its task may use its memory already. */
void pnp_messages_assign(struct pnp_node *node);
/* Takes all of it back: node->assigned is what the bus driver said again. */
void pnp_messages_release(struct pnp_node *node);

/* Has the device a message with that vector? */
bool pnp_message_has(const struct pnp_node *node, ash_word vector);
[[nodiscard]] ash_status pnp_message_connect(const struct pnp_node *node, ash_word task,
                                             ash_word vector, ash_cptr notification,
                                             ash_cptr *capability);
[[nodiscard]] ash_status pnp_message_disconnect(const struct pnp_node *node, ash_word task,
                                                ash_word vector);
/* Nobody hears them any more; the device keeps them. */
void pnp_messages_node_gone(const struct pnp_node *node);
void pnp_messages_task_gone(ash_word task);
/* The index-th message of the device. */
[[nodiscard]] ash_status pnp_message_query(const struct pnp_node *node, ash_word index,
                                           struct ash_pnp_message_reply *reply);

#endif
