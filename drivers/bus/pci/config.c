// SPDX-License-Identifier: MIT
//
// One function's configuration space: capabilities, the command register, and the access that its
// driver gets. Rule of the filter: a byte is writable when it can affect only the function itself;
// whatever decides where the function decodes, whether it masters the bus or where its interrupts
// go belongs to the bus driver. Capability lists are followed for at most 48 steps.
#include "fabric.h"
#include "registers.h"

// What a bridge needs to forward.
#define COMMAND_FORWARD (COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER)

// Of the command register a function driver may set memory-write-invalidate, parity response, SERR#
// and INTx disable.
#define COMMAND_DRIVER_BITS 0x0550u

static unsigned next_capability(const struct pci_fabric *fabric,
                                const struct pci_function *function, unsigned offset)
{
    unsigned next =
        offset ? pci_read(fabric, function->bdf, offset + 1, 1) & 0xfc : function->capabilities;
    return next >= REG_HEADER_END ? next : 0;
}

unsigned pci_find_capability(const struct pci_fabric *fabric, const struct pci_function *function,
                             uint8_t id)
{
    unsigned offset = next_capability(fabric, function, 0);
    for (unsigned steps = 0; offset && steps < CAPABILITIES_MOST; steps++) {
        if (pci_read(fabric, function->bdf, offset, 1) == id)
            return offset;
        offset = next_capability(fabric, function, offset);
    }
    return 0;
}

static bool all_assigned(const struct pci_function *function, bool io, bool *any)
{
    *any = false;
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct pci_region *bar = &function->bars[i];
        if (!bar->present || (bar->space == PCI_IO) != io)
            continue;
        *any = true;
        if (!bar->assigned)
            return false;
    }
    return true;
}

bool pci_enable(const struct pci_fabric *fabric, const struct pci_function *function)
{
    bool any_io, any_memory;
    bool io = all_assigned(function, true, &any_io);
    if (!all_assigned(function, false, &any_memory))
        return false;
    uint32_t command = function->bridge ? COMMAND_FORWARD : COMMAND_MASTER;
    command |= io && any_io ? COMMAND_IO : 0;
    command |= any_memory ? COMMAND_MEMORY : 0;
    command |= function->routed ? 0 : COMMAND_INTX_DISABLE;
    pci_write(fabric, function->bdf, REG_COMMAND, 2, command);
    return true;
}

void pci_disable(const struct pci_fabric *fabric, const struct pci_function *function)
{
    pci_messages_off(fabric, function);
    pci_write(fabric, function->bdf, REG_COMMAND, 2,
              COMMAND_INTX_DISABLE | (function->bridge ? COMMAND_FORWARD : 0));
    (void)pci_read(fabric, function->bdf, REG_COMMAND, 2);
}

// Bytes of a capability that its driver may write: [from, from + count).
static bool capability_allows(const struct pci_fabric *fabric, const struct pci_function *function,
                              unsigned start, unsigned offset)
{
    unsigned inside = offset - start;
    switch (pci_read(fabric, function->bdf, start, 1)) {
    case CAPABILITY_POWER: // the control and status word
        return inside == 4 || inside == 5;
    case CAPABILITY_VPD:
    case CAPABILITY_VENDOR:
    case CAPABILITY_AF:
        return inside >= 2;
    default:
        return false;
    }
}

// The capability that the byte belongs to is the nearest one that starts at or before it.
static bool is_writable(const struct pci_fabric *fabric, const struct pci_function *function,
                        unsigned offset)
{
    if (offset < REG_HEADER_END)
        return (offset >= REG_COMMAND && offset < REG_REVISION) || offset == REG_CACHE_LINE ||
               offset == REG_CACHE_LINE + 1 || offset == REG_INTERRUPT_LINE;
    if (offset >= REG_EXTENDED)
        return false;
    unsigned nearest = 0;
    unsigned at = next_capability(fabric, function, 0);
    for (unsigned steps = 0; at && steps < CAPABILITIES_MOST; steps++) {
        if (at <= offset && at > nearest)
            nearest = at;
        at = next_capability(fabric, function, at);
    }
    return !nearest || capability_allows(fabric, function, nearest, offset);
}

static bool in_space(size_t offset, size_t length)
{
    return offset < PCI_CONFIG_SIZE && length <= PCI_CONFIG_SIZE - offset;
}

// The widest access that starts here and stays inside.
static unsigned width_at(size_t offset, size_t left)
{
    if (offset % 4 == 0 && left >= 4)
        return 4;
    return offset % 2 == 0 && left >= 2 ? 2 : 1;
}

size_t pci_read_bytes(const struct pci_fabric *fabric, const struct pci_function *function,
                      size_t offset, void *out, size_t length)
{
    if (!in_space(offset, length))
        return 0;
    uint8_t *byte = out;
    for (size_t done = 0; done < length;) {
        unsigned width = width_at(offset + done, length - done);
        uint32_t value = pci_read(fabric, function->bdf, (unsigned)(offset + done), width);
        for (unsigned i = 0; i < width; i++)
            byte[done + i] = (uint8_t)(value >> i * 8);
        done += width;
    }
    return length;
}

// The bits of the command register that the bus driver owns are kept. Status bits are cleared by
// writing one: a write to the command register alone must not carry them.
static uint32_t merge_command(const struct pci_fabric *fabric, const struct pci_function *function,
                              unsigned offset, unsigned width, uint32_t value)
{
    if (offset >= REG_STATUS)
        return value;
    uint32_t mask = COMMAND_DRIVER_BITS >> (offset - REG_COMMAND) * 8;
    if (width == 4)
        mask |= 0xffff0000;
    uint32_t current = pci_read(fabric, function->bdf, offset, width);
    return (value & mask) | (current & ~mask);
}

size_t pci_write_bytes(const struct pci_fabric *fabric, const struct pci_function *function,
                       size_t offset, const void *in, size_t length)
{
    if (!in_space(offset, length))
        return 0;
    for (size_t i = 0; i < length; i++)
        if (!is_writable(fabric, function, (unsigned)(offset + i)))
            return 0;
    const uint8_t *byte = in;
    for (size_t done = 0; done < length;) {
        unsigned at = (unsigned)(offset + done);
        unsigned width = width_at(at, length - done);
        uint32_t value = 0;
        for (unsigned i = 0; i < width; i++)
            value |= (uint32_t)byte[done + i] << i * 8;
        if (at >= REG_COMMAND && at < REG_REVISION)
            value = merge_command(fabric, function, at, width, value);
        pci_write(fabric, function->bdf, at, width, value);
        done += width;
    }
    return length;
}
