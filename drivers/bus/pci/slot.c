// SPDX-License-Identifier: MIT
//
// The pure half of hot-plug. A port that answers all ones has gone itself: that is no event.
#include "slot.h"

#include "registers.h"

#define FAILURES_MOST 8u
#define GONE          0xffffu

uint8_t pci_slot_find(const struct pci_fabric *fabric, const struct pci_function *port)
{
    unsigned at = port->bridge ? pci_find_capability(fabric, port, CAPABILITY_EXPRESS) : 0;
    if (!at || at + SLOT_STATUS + 2 > REG_EXTENDED)
        return 0;
    unsigned flags = pci_read(fabric, port->bdf, at + EXPRESS_FLAGS, 2);
    unsigned type = flags >> EXPRESS_TYPE_SHIFT & EXPRESS_TYPE_MASK;
    uint32_t capabilities = pci_read(fabric, port->bdf, at + SLOT_CAPABILITIES, 4);
    bool is_port = type == EXPRESS_ROOT_PORT || type == EXPRESS_DOWNSTREAM;
    return is_port && flags & EXPRESS_SLOT && capabilities & SLOT_HOT_PLUG ? (uint8_t)at : 0;
}

void pci_slot_open(const struct pci_fabric *fabric, const struct pci_function *port, bool on,
                   struct pci_slot *slot)
{
    uint32_t capabilities = pci_read(fabric, port->bdf, port->slot + SLOT_CAPABILITIES, 4);
    *slot = (struct pci_slot){.port = port->bdf,
                              .at = port->slot,
                              .power = capabilities & SLOT_HAS_POWER,
                              .latch = capabilities & SLOT_HAS_LATCH,
                              .indicator = capabilities & SLOT_HAS_INDICATOR,
                              .completes = !(capabilities & SLOT_NO_COMPLETION),
                              .state = on ? PCI_SLOT_ON : PCI_SLOT_OFF};
}

uint16_t pci_slot_status(const struct pci_fabric *fabric, const struct pci_slot *slot)
{
    uint16_t status = (uint16_t)pci_read(fabric, slot->port, slot->at + SLOT_STATUS, 2);
    return status == GONE ? 0 : status;
}

uint16_t pci_slot_take(const struct pci_fabric *fabric, const struct pci_slot *slot)
{
    uint16_t status = pci_slot_status(fabric, slot);
    if (status & SLOT_EVENTS)
        pci_write(fabric, slot->port, slot->at + SLOT_STATUS, 2, status & SLOT_EVENTS);
    return status;
}

static enum pci_slot_action leave(struct pci_slot *slot, bool there, bool fault)
{
    slot->state = fault ? PCI_SLOT_REFUSED : PCI_SLOT_OFF;
    if (fault)
        return PCI_SLOT_FAULTED;
    return there ? PCI_SLOT_CHANGED : PCI_SLOT_EMPTY;
}

enum pci_slot_action pci_slot_next(struct pci_slot *slot, uint16_t status, bool first)
{
    bool there = status & SLOT_PRESENT && !(slot->latch && status & SLOT_LATCH_OPEN);
    bool moved = status & (SLOT_PRESENCE | SLOT_LATCH);
    bool button = status & SLOT_BUTTON;
    bool fault = slot->power && status & SLOT_FAULT;
    if (slot->state == PCI_SLOT_ON) {
        if (!there || moved || fault)
            return leave(slot, there, fault);
        return button ? PCI_SLOT_EJECT : PCI_SLOT_NOTHING;
    }
    if (slot->state == PCI_SLOT_REFUSED && (!there || button)) {
        slot->state = PCI_SLOT_OFF;
        slot->failures = 0;
    }
    bool wanted = moved || button || first || slot->failures > 0;
    return slot->state == PCI_SLOT_OFF && there && wanted ? PCI_SLOT_FILL : PCI_SLOT_NOTHING;
}

void pci_slot_filled(struct pci_slot *slot, bool found, bool moved)
{
    slot->failures = found && !moved ? 0 : slot->failures + 1;
    if (found && !moved)
        slot->state = PCI_SLOT_ON;
    else
        slot->state = slot->failures < FAILURES_MOST ? PCI_SLOT_OFF : PCI_SLOT_REFUSED;
}

bool pci_slot_idle(const struct pci_fabric *fabric, const struct pci_slot *slot)
{
    return !slot->completes || pci_slot_status(fabric, slot) & SLOT_COMPLETED;
}

static void command(const struct pci_fabric *fabric, const struct pci_slot *slot, uint16_t clear,
                    uint16_t set)
{
    uint16_t control = (uint16_t)pci_read(fabric, slot->port, slot->at + SLOT_CONTROL, 2);
    pci_write(fabric, slot->port, slot->at + SLOT_STATUS, 2, SLOT_COMPLETED);
    pci_write(fabric, slot->port, slot->at + SLOT_CONTROL, 2, (control & ~clear) | set);
}

void pci_slot_power(const struct pci_fabric *fabric, struct pci_slot *slot, bool on)
{
    uint16_t clear = slot->power ? CONTROL_POWER_OFF : 0, set = on ? 0 : clear;
    if (slot->indicator) {
        clear |= CONTROL_INDICATOR;
        set |= on ? CONTROL_INDICATOR_ON : CONTROL_INDICATOR_OFF;
    }
    command(fabric, slot, clear, set);
}

void pci_slot_listen(const struct pci_fabric *fabric, const struct pci_slot *slot, bool on)
{
    command(fabric, slot, CONTROL_INTERRUPT | CONTROL_EVENTS,
            on ? CONTROL_INTERRUPT | CONTROL_EVENTS : 0);
}
