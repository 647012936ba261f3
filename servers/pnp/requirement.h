// SPDX-License-Identifier: MIT
/*
 * What a device's IO_RESOURCE_REQUIREMENTS_LIST says of its interrupts. A list has alternatives,
 * the best first:
 *
 *   IO_RESOURCE_REQUIREMENTS_LIST   ListSize u32, InterfaceType, BusNumber, SlotNumber u32,
 *                                   Reserved[3] u32, AlternativeLists u32
 *   IO_RESOURCE_LIST                Version u16, Revision u16, Count u32
 *   IO_RESOURCE_DESCRIPTOR          Option u8, Type u8, ShareDisposition u8, Spare1 u8, Flags u16,
 *                                   Spare2 u16, 24 bytes by type; an interrupt: MinimumVector u32,
 *                                   MaximumVector u32, ...
 *
 * Messages ("Using Interrupt Resource Descriptors"): one descriptor a message (MSI-X), or one for
 * all, whose MinimumVector is as many below CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN as there are
 * further messages (MSI).
 *
 * Pure: no allocation, no system call. Nothing in a list is trusted.
 */
#ifndef PNP_REQUIREMENT_H
#define PNP_REQUIREMENT_H

#include <stddef.h>
#include <stdint.h>

#define PNP_WISHES 8u

/* An alternative. messages 0: the line. together: one after the other, a power of two (MSI). */
struct pnp_wish {
    uint16_t messages;
    bool together;
};

struct pnp_wishes {
    unsigned count;
    struct pnp_wish item[PNP_WISHES];
};

/* The device's interrupts, the best alternative first. Null, or the rule that the list breaks. */
[[nodiscard]] const char *pnp_requirements_wishes(const void *list, size_t size,
                                                  struct pnp_wishes *wishes);

/* Takes out what the device may not have: messages beyond `most` of each alternative, and the
 * alternatives of which no interrupt is left then. Returns the new size; 0: nothing is left, or the
 * list breaks a rule. */
[[nodiscard]] size_t pnp_requirements_limit(void *list, size_t size, unsigned most);

#endif
