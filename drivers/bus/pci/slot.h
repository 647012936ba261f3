// SPDX-License-Identifier: MIT
//
// A hot-plug slot of a PCI Express port: its registers, and what follows from what they say.
// PCI Express Base 5.0, section 6.7. Nothing that they say is trusted: a slot that lies gets its
// power switched off, at most, and every question to it ends.
#pragma once

#include "fabric.h"

enum pci_slot_state {
    PCI_SLOT_OFF,     // without power, or nobody knows what is in it
    PCI_SLOT_ON,      // what is in it was found
    PCI_SLOT_REFUSED, // as OFF, until somebody presses its button, or takes the card out
};

struct pci_slot {
    uint16_t port; // its function number
    uint8_t at;    // the express capability
    bool power, latch, indicator;
    bool completes; // says when a command has been done
    enum pci_slot_state state;
    unsigned failures; // in a row: the card was gone again before it was found
};

enum pci_slot_action {
    PCI_SLOT_NOTHING,
    PCI_SLOT_FILL,    // a card is in: power, look, then pci_slot_filled
    PCI_SLOT_EMPTY,   // the card has gone: forget it, power off
    PCI_SLOT_FAULTED, // its power has failed: the same
    PCI_SLOT_CHANGED, // another card is in its place: forget the old one; then ask again, `first`
    PCI_SLOT_EJECT,   // somebody wants to take it out
};

// The offset of the port's express capability if it leads to a slot that can be hot-plugged, else
// 0.
uint8_t pci_slot_find(const struct pci_fabric *fabric, const struct pci_function *port);

// `on`: the card in it is known already.
void pci_slot_open(const struct pci_fabric *fabric, const struct pci_function *port, bool on,
                   struct pci_slot *slot);

// The status register. Any IRQL.
uint16_t pci_slot_status(const struct pci_fabric *fabric, const struct pci_slot *slot);

// The same, and the events that it tells of are over.
uint16_t pci_slot_take(const struct pci_fabric *fabric, const struct pci_slot *slot);

// What is to be done about this status. `first`: a card that is in counts as one that has just
// come. Changes the state for EMPTY, FAULTED and CHANGED; the others' outcome is told below.
enum pci_slot_action pci_slot_next(struct pci_slot *slot, uint16_t status, bool first);

// FILL has come to its end: functions were found, or none; or the card had moved meanwhile, which
// is FILLed again so many times.
void pci_slot_filled(struct pci_slot *slot, bool found, bool moved);

// Commands. The last one must be over, as pci_slot_idle says; a slot that never says so is not
// waited for longer than a second.
bool pci_slot_idle(const struct pci_fabric *fabric, const struct pci_slot *slot);
void pci_slot_power(const struct pci_fabric *fabric, struct pci_slot *slot, bool on);
void pci_slot_listen(const struct pci_fabric *fabric, const struct pci_slot *slot, bool on);
