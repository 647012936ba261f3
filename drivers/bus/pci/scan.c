// SPDX-License-Identifier: MIT
//
// The scan: a stack of buses instead of recursion. A bridge gets its bus number when it is found
// and its subordinate number when its bus is done; until then it forwards everything up to the last
// bus there is, so that what lies behind it answers.
#include "registers.h"
#include "slot.h"

static const char *const rule_text[] = {
    [PCI_OK] = "no rule broken",
    [PCI_TOO_MANY_FUNCTIONS] = "more functions than the driver has room for",
    [PCI_OUT_OF_BUSES] = "more bridges than the host has bus numbers",
    [PCI_TOO_DEEP] = "bridges are nested more than 8 deep",
    [PCI_BRIDGE_BUSES] = "a bridge does not hold the bus numbers written to it",
    [PCI_HEADER_TYPE] = "the header type is neither 0 nor 1",
    [PCI_BAR_TYPE] = "a base address register has a reserved type",
    [PCI_BAR_SIZE] = "a base address register does not decode a power of two",
    [PCI_BAR_PAIR] = "the last base address register claims to be half of a 64-bit one",
    [PCI_BAR_STUCK] = "a base address register does not hold the address written to it",
    [PCI_NO_ROOM] = "no room left in the host's windows",
    [PCI_PIN] = "the interrupt pin is none of 0 to 4",
    [PCI_MESSAGE_TABLE] = "the MSI-X table is not inside the function's memory",
    [PCI_NO_ROUTE] = "the interrupt map has no entry for the function's pin",
};

const char *pci_rule_text(enum pci_rule rule)
{
    return rule_text[rule];
}

uint32_t pci_read(const struct pci_fabric *fabric, uint16_t bdf, unsigned offset, unsigned width)
{
    return fabric->access.read(fabric->access.context, bdf, offset & ~(width - 1), width);
}

void pci_write(const struct pci_fabric *fabric, uint16_t bdf, unsigned offset, unsigned width,
               uint32_t value)
{
    fabric->access.write(fabric->access.context, bdf, offset & ~(width - 1), width, value);
}

static void broke(struct pci_function *function, enum pci_rule rule)
{
    if (!function->rule)
        function->rule = rule;
}

struct frame {
    int16_t bridge;
    uint8_t bus;
    bool multifunction;
    unsigned next, end; // device and function numbers
};

struct scan {
    struct pci_fabric *fabric;
    struct frame stack[PCI_MAX_DEPTH];
    unsigned depth, next_bus, last_bus;
    enum pci_rule rule;
};

static void scan_broke(struct scan *scan, enum pci_rule rule)
{
    if (!scan->rule)
        scan->rule = rule;
}

// A register's size: the address bits that stay zero when all ones are written.
static uint64_t size_register(struct pci_fabric *fabric, uint16_t bdf, unsigned offset, bool wide,
                              uint32_t flag_mask)
{
    pci_write(fabric, bdf, offset, 4, UINT32_MAX);
    uint64_t mask = pci_read(fabric, bdf, offset, 4) & ~flag_mask;
    pci_write(fabric, bdf, offset, 4, 0);
    if (wide) {
        pci_write(fabric, bdf, offset + 4, 4, UINT32_MAX);
        mask |= (uint64_t)pci_read(fabric, bdf, offset + 4, 4) << 32;
        pci_write(fabric, bdf, offset + 4, 4, 0);
    } else if (mask) {
        bool io16 = flag_mask == 3 && !(mask & 0xffff0000);
        mask |= io16 ? 0xffffffffffff0000 : 0xffffffff00000000;
    }
    return mask ? ~mask + 1 : 0;
}

static bool is_power_of_two(uint64_t number)
{
    return number && !(number & (number - 1));
}

// Reads one BAR; returns how many registers it takes.
static unsigned read_bar(struct pci_fabric *fabric, struct pci_function *function, unsigned index,
                         unsigned bars)
{
    unsigned offset = REG_BAR0 + index * 4;
    uint32_t flags = pci_read(fabric, function->bdf, offset, 4);
    struct pci_region *bar = &function->bars[index];
    bool io = flags & BAR_IO;
    bool wide = !io && (flags & BAR_TYPE_MASK) == BAR_TYPE_64;
    if (!io && !wide && (flags & BAR_TYPE_MASK) != BAR_TYPE_32)
        return broke(function, PCI_BAR_TYPE), 1;
    if (wide && index + 1 == bars)
        return broke(function, PCI_BAR_PAIR), 1;
    uint64_t size = size_register(fabric, function->bdf, offset, wide, io ? 3 : 15);
    if (size && !is_power_of_two(size))
        return broke(function, PCI_BAR_SIZE), wide ? 2 : 1;
    *bar = (struct pci_region){
        .space = io ? PCI_IO : PCI_MEMORY32,
        .present = size != 0,
        .wide = wide,
        .prefetchable = !io && (flags & BAR_PREFETCHABLE),
        .size = size,
        .alignment = size > PCI_PAGE ? size : PCI_PAGE,
    };
    return wide ? 2 : 1;
}

static void read_bars(struct pci_fabric *fabric, struct pci_function *function)
{
    unsigned bars = function->bridge ? 2 : PCI_BARS;
    for (unsigned index = 0; index < bars;)
        index += read_bar(fabric, function, index, bars);
    pci_write(fabric, function->bdf, function->bridge ? REG_BRIDGE_ROM : REG_ROM, 4, 0);
}

static void read_identity(struct pci_fabric *fabric, struct pci_function *function)
{
    uint16_t bdf = function->bdf;
    uint32_t class_code = pci_read(fabric, bdf, REG_REVISION, 4);
    function->device = (uint16_t)pci_read(fabric, bdf, REG_DEVICE, 2);
    function->class_code = class_code >> 8;
    function->revision = (uint8_t)class_code;
    function->pin = (uint8_t)pci_read(fabric, bdf, REG_INTERRUPT_PIN, 1);
    if (pci_read(fabric, bdf, REG_STATUS, 2) & STATUS_CAPABILITIES)
        function->capabilities = pci_read(fabric, bdf, REG_CAPABILITIES, 1) & 0xfc;
    if (function->bridge) {
        function->prefetch64 = pci_read(fabric, bdf, REG_PREFETCH_BASE, 1) & PREFETCH_WIDE;
        return;
    }
    function->subsystem_vendor = (uint16_t)pci_read(fabric, bdf, REG_SUBSYSTEM_VENDOR, 2);
    function->subsystem = (uint16_t)pci_read(fabric, bdf, REG_SUBSYSTEM, 2);
}

// A port of a PCI Express switch or root complex has one device behind it.
static bool leads_to_one_device(const struct pci_fabric *fabric, const struct pci_function *bridge)
{
    unsigned offset = pci_find_capability(fabric, bridge, CAPABILITY_EXPRESS);
    unsigned flags = offset ? pci_read(fabric, bridge->bdf, offset + EXPRESS_FLAGS, 2) : 0;
    unsigned type = flags >> EXPRESS_TYPE_SHIFT & EXPRESS_TYPE_MASK;
    return type == EXPRESS_ROOT_PORT || type == EXPRESS_DOWNSTREAM;
}

static void enter_bridge(struct scan *scan, int16_t index)
{
    struct pci_function *bridge = &scan->fabric->functions[index];
    if (scan->depth == PCI_MAX_DEPTH)
        return broke(bridge, PCI_TOO_DEEP), scan_broke(scan, PCI_TOO_DEEP);
    if (scan->next_bus > scan->last_bus)
        return broke(bridge, PCI_OUT_OF_BUSES), scan_broke(scan, PCI_OUT_OF_BUSES);
    bridge->secondary = (uint8_t)scan->next_bus++;
    uint32_t buses =
        (uint32_t)scan->last_bus << 16 | (uint32_t)bridge->secondary << 8 | pci_bus(bridge->bdf);
    pci_write(scan->fabric, bridge->bdf, REG_PRIMARY_BUS, 4, buses);
    if ((pci_read(scan->fabric, bridge->bdf, REG_PRIMARY_BUS, 4) & 0xffffff) != buses)
        return broke(bridge, PCI_BRIDGE_BUSES);
    unsigned end = leads_to_one_device(scan->fabric, bridge) ? 8 : 256;
    scan->stack[scan->depth++] =
        (struct frame){.bridge = index, .bus = bridge->secondary, .end = end};
}

static void leave_bridge(struct scan *scan)
{
    const struct frame *frame = &scan->stack[--scan->depth];
    if (scan->depth == 0) // where the scan began
        return;
    struct pci_function *bridge = &scan->fabric->functions[frame->bridge];
    bridge->subordinate = (uint8_t)(scan->next_bus - 1);
    pci_write(scan->fabric, bridge->bdf, REG_SUBORDINATE_BUS, 1, bridge->subordinate);
}

// A record behind its bridge's: a vacant one, or the next. -1: there is none.
static int16_t new_record(struct pci_fabric *fabric, int bridge)
{
    for (unsigned i = bridge == PCI_NO_PARENT ? 0 : (unsigned)bridge + 1; i < fabric->count; i++)
        if (fabric->functions[i].vacant)
            return (int16_t)i;
    return fabric->count < fabric->capacity ? (int16_t)fabric->count++ : -1;
}

// Looks at one function number. True when a function is there.
static bool probe(struct scan *scan, struct frame *frame, unsigned devfn)
{
    struct pci_fabric *fabric = scan->fabric;
    uint16_t bdf = (uint16_t)((unsigned)frame->bus << 8 | devfn);
    uint16_t vendor = (uint16_t)pci_read(fabric, bdf, REG_VENDOR, 2);
    if (vendor == 0xffff || vendor == 0)
        return false;
    int16_t index = new_record(fabric, frame->bridge);
    if (index < 0)
        return scan_broke(scan, PCI_TOO_MANY_FUNCTIONS), false;
    struct pci_function *function = &fabric->functions[index];
    *function = (struct pci_function){
        .bdf = bdf, .parent = frame->bridge, .vendor = vendor, .serial = ++fabric->last_serial};
    uint8_t header = (uint8_t)pci_read(fabric, bdf, REG_HEADER_TYPE, 1);
    if (devfn % 8 == 0)
        frame->multifunction = header & HEADER_MULTIFUNCTION;
    function->bridge = (header & HEADER_TYPE_MASK) == HEADER_BRIDGE;
    pci_write(fabric, bdf, REG_COMMAND, 2, COMMAND_INTX_DISABLE);
    if ((header & HEADER_TYPE_MASK) > HEADER_BRIDGE)
        return broke(function, PCI_HEADER_TYPE), true;
    read_identity(fabric, function);
    read_bars(fabric, function);
    function->slot = pci_slot_find(fabric, function);
    if (function->slot) // what is found now has not just come
        (void)pci_slot_take(fabric, &(struct pci_slot){.port = bdf, .at = function->slot});
    pci_find_messages(fabric, function);
    if (function->bridge)
        enter_bridge(scan, index);
    return true;
}

static void scan_devices(struct scan *scan)
{
    while (scan->depth > 0) {
        struct frame *frame = &scan->stack[scan->depth - 1];
        if (frame->next >= frame->end) {
            leave_bridge(scan);
            continue;
        }
        unsigned devfn = frame->next++;
        bool found = probe(scan, frame, devfn);
        if (devfn % 8 == 0 && (!found || !frame->multifunction))
            frame->next = devfn + 8;
    }
}

enum pci_rule pci_scan(struct pci_fabric *fabric)
{
    struct scan scan = {.fabric = fabric, .depth = 1, .next_bus = fabric->bus_first + 1u};
    scan.last_bus = fabric->bus_first + fabric->bus_count - 1;
    scan.stack[0] = (struct frame){.bridge = PCI_NO_PARENT, .bus = fabric->bus_first, .end = 256};
    fabric->count = 0;
    scan_devices(&scan);
    return scan.rule;
}

// No bus number is left for bridges behind it: next_bus lies behind last_bus.
unsigned pci_fill(struct pci_fabric *fabric, int port)
{
    const struct pci_function *bridge = &fabric->functions[port];
    struct scan scan = {.fabric = fabric, .depth = 1, .next_bus = 1, .last_bus = 0};
    scan.stack[0] = (struct frame){.bridge = PCI_NO_PARENT, .bus = bridge->secondary, .end = 8};
    uint32_t before = fabric->last_serial;
    scan.stack[0].bridge = (int16_t)port;
    if (bridge->secondary != 0)
        scan_devices(&scan);
    pci_place(fabric, port);
    return fabric->last_serial - before;
}

bool pci_is_behind(const struct pci_fabric *fabric, const struct pci_function *function, int port)
{
    int parent = function->parent;
    while (parent != PCI_NO_PARENT && parent != port)
        parent = fabric->functions[parent].parent;
    return parent == port;
}

void pci_vanish(struct pci_function *function)
{
    function->absent = true;
    function->working = false;
    function->messages.kind = PCI_LINE;
    for (unsigned i = 0; i < PCI_BARS; i++)
        function->bars[i] = (struct pci_region){};
    for (unsigned i = 0; i < PCI_SPACES; i++)
        function->apertures[i] = (struct pci_region){};
}
