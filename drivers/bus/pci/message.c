// SPDX-License-Identifier: MIT
//
// Message-signalled interrupts of a function: PCI Local Bus 3.0 section 6.8 (MSI 6.8.1, MSI-X
// 6.8.2). The capabilities are read once, when the function is found; what does not fit into the
// function's registers is not offered. Only this driver writes to the capabilities. The MSI-X table
// lies in memory of the device that its own driver may map: what that driver writes there is
// confined by the IOMMU, which knows which messages are the device's, not by us.
#include "fabric.h"
#include "registers.h"

static struct pci_message_capability read_msi(const struct pci_fabric *fabric, uint16_t bdf,
                                              unsigned offset)
{
    uint32_t control = pci_read(fabric, bdf, offset + MSI_CONTROL, 2);
    unsigned log2 = control >> MSI_CAPABLE_SHIFT & 7;
    if (log2 > MSI_LOG2_MOST)
        return (struct pci_message_capability){};
    return (struct pci_message_capability){.kind = PCI_MSI,
                                           .offset = (uint8_t)offset,
                                           .count = (uint16_t)(1u << log2),
                                           .wide = control & MSI_WIDE};
}

static struct pci_message_capability read_msix(const struct pci_fabric *fabric,
                                               struct pci_function *function, unsigned offset)
{
    uint32_t control = pci_read(fabric, function->bdf, offset + MSIX_CONTROL, 2);
    uint32_t table = pci_read(fabric, function->bdf, offset + MSIX_TABLE, 4);
    struct pci_message_capability found = {.kind = PCI_MSIX,
                                           .offset = (uint8_t)offset,
                                           .count = (uint16_t)((control & MSIX_SIZE) + 1),
                                           .bar = table & 7,
                                           .table = table & ~7u};
    const struct pci_region *bar = found.bar < PCI_BARS ? &function->bars[found.bar] : nullptr;
    if (bar && bar->present && bar->space != PCI_IO &&
        (uint64_t)found.table + found.count * PCI_MSIX_ENTRY <= bar->size)
        return found;
    if (!function->rule)
        function->rule = PCI_MESSAGE_TABLE;
    return (struct pci_message_capability){};
}

void pci_find_messages(const struct pci_fabric *fabric, struct pci_function *function)
{
    unsigned msi = pci_find_capability(fabric, function, CAPABILITY_MSI);
    unsigned msix = pci_find_capability(fabric, function, CAPABILITY_MSIX);
    if (function->bridge && !function->slot) // nobody is interested
        return;
    if (msix)
        function->messages = read_msix(fabric, function, msix);
    if (msi && function->messages.kind == PCI_LINE)
        function->messages = read_msi(fabric, function->bdf, msi);
    pci_messages_off(fabric, function);
}

static void set_bits(const struct pci_fabric *fabric, const struct pci_function *function,
                     unsigned offset, uint32_t clear, uint32_t set)
{
    uint32_t control = pci_read(fabric, function->bdf, offset, 2);
    pci_write(fabric, function->bdf, offset, 2, (control & ~clear) | set);
}

void pci_messages_off(const struct pci_fabric *fabric, const struct pci_function *function)
{
    const struct pci_message_capability *messages = &function->messages;
    if (messages->kind == PCI_MSI)
        set_bits(fabric, function, messages->offset + MSI_CONTROL, MSI_ENABLE, 0);
    if (messages->kind == PCI_MSIX)
        set_bits(fabric, function, messages->offset + MSIX_CONTROL, MSIX_ENABLE, MSIX_MASK_ALL);
}

static void program_msi(const struct pci_fabric *fabric, const struct pci_function *function,
                        const struct pci_message *message, unsigned count)
{
    unsigned at = function->messages.offset;
    uint32_t log2 = 0;
    while (1u << (log2 + 1) <= count)
        log2++;
    pci_write(fabric, function->bdf, at + MSI_ADDRESS, 4, (uint32_t)message->address);
    if (function->messages.wide)
        pci_write(fabric, function->bdf, at + MSI_ADDRESS + 4, 4,
                  (uint32_t)(message->address >> 32));
    pci_write(fabric, function->bdf, at + (function->messages.wide ? MSI_DATA_WIDE : MSI_DATA), 2,
              message->data);
    set_bits(fabric, function, at + MSI_CONTROL, MSI_ENABLED_COUNT,
             log2 << MSI_ENABLED_SHIFT | MSI_ENABLE);
}

bool pci_messages_on(const struct pci_fabric *fabric, const struct pci_function *function,
                     const struct pci_message *list, unsigned count)
{
    const struct pci_message_capability *messages = &function->messages;
    if (count == 0 || count > messages->count)
        return false;
    if (messages->kind == PCI_MSIX)
        set_bits(fabric, function, messages->offset + MSIX_CONTROL, MSIX_MASK_ALL, MSIX_ENABLE);
    else if (!messages->wide && list->address >> 32)
        return false;
    else
        program_msi(fabric, function, list, count);
    set_bits(fabric, function, REG_COMMAND, 0, COMMAND_INTX_DISABLE);
    return true;
}
