// SPDX-License-Identifier: MIT
//
// The pure half of taking up a fabric in use: records of an earlier scan are compared with the
// hardware. Nothing is written to a function that is confirmed.
#include "fabric.h"
#include "registers.h"

static bool same_registers(const struct pci_fabric *fabric, const struct pci_function *function)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct pci_region *bar = &function->bars[i];
        unsigned offset = REG_BAR0 + i * 4;
        uint32_t flags = bar->space == PCI_IO ? 3 : 15;
        if (!bar->assigned)
            continue;
        if ((pci_read(fabric, function->bdf, offset, 4) & ~flags) != (uint32_t)bar->address)
            return false;
        if (bar->wide &&
            pci_read(fabric, function->bdf, offset + 4, 4) != (uint32_t)(bar->address >> 32))
            return false;
    }
    return true;
}

static bool same_buses(const struct pci_fabric *fabric, const struct pci_function *function)
{
    return !function->bridge ||
           (pci_read(fabric, function->bdf, REG_SECONDARY_BUS, 1) == function->secondary &&
            pci_read(fabric, function->bdf, REG_SUBORDINATE_BUS, 1) == function->subordinate);
}

static bool same_function(const struct pci_fabric *fabric, const struct pci_function *function)
{
    uint32_t class_code = (uint32_t)function->class_code << 8 | function->revision;
    uint8_t header = (uint8_t)pci_read(fabric, function->bdf, REG_HEADER_TYPE, 1);
    return pci_read(fabric, function->bdf, REG_DEVICE, 2) == function->device &&
           pci_read(fabric, function->bdf, REG_REVISION, 4) == class_code &&
           ((header & HEADER_TYPE_MASK) == HEADER_BRIDGE) == function->bridge &&
           same_buses(fabric, function) && same_registers(fabric, function);
}

// What a damaged record could lead out of: indices of parents, and of the capability.
static bool is_sound(const struct pci_fabric *fabric, unsigned index)
{
    const struct pci_function *function = &fabric->functions[index];
    int parent = function->parent;
    bool on_bus = pci_bus(function->bdf) >= fabric->bus_first &&
                  pci_bus(function->bdf) - fabric->bus_first < (int)fabric->bus_count;
    if (function->vacant)
        return true;
    if (!on_bus || function->messages.bar >= PCI_BARS)
        return false;
    return parent == PCI_NO_PARENT ||
           (parent >= 0 && parent < (int)index && fabric->functions[parent].bridge);
}

static void take_up(struct pci_fabric *fabric, struct pci_function *function)
{
    if (function->serial > fabric->last_serial)
        fabric->last_serial = function->serial;
    if (function->absent)
        return;
    uint16_t vendor = (uint16_t)pci_read(fabric, function->bdf, REG_VENDOR, 2);
    bool same = vendor == function->vendor && same_function(fabric, function);
    if (!same && vendor != 0xffff && vendor != 0)
        pci_write(fabric, function->bdf, REG_COMMAND, 2, COMMAND_INTX_DISABLE);
    if (!same)
        pci_vanish(function);
    function->working = same && !function->bridge &&
                        (pci_read(fabric, function->bdf, REG_COMMAND, 2) & COMMAND_MASTER) != 0;
}

bool pci_take_up(struct pci_fabric *fabric)
{
    for (unsigned i = 0; i < fabric->count; i++)
        if (!is_sound(fabric, i))
            return false;
    for (unsigned i = 0; i < fabric->count; i++)
        take_up(fabric, &fabric->functions[i]);
    return true;
}
