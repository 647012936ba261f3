// SPDX-License-Identifier: MIT
//
// Addresses and interrupts. Sizes are summed from the leaves up (children stand behind their
// parents in the array), addresses handed out from the root down. Within one bus the regions of the
// largest alignment come first, which wastes nothing among powers of two. A region outside every
// window, or two that overlap, cannot come out: a window's cursor only grows and is checked against
// its size.
//
// Memory goes below 4 GiB unless it is prefetchable, 64 bits wide and large: bridges forward only
// such regions above it.
#include "fabric.h"
#include "registers.h"

#define LARGE_BYTES     (64ull << 20)
#define SLOT_BYTES      (2ull << 20)   // what a port with a slot forwards below 4 GiB ...
#define SLOT_WIDE_BYTES (256ull << 20) // ... and above
#define IO_GRANULE      4096ull
#define MEMORY_GRANULE  (1ull << 20)
#define FIRST_ALIGNMENT 12 // log2 of PCI_PAGE
#define LAST_ALIGNMENT  63
#define REGIONS_MOST    (PCI_BARS + PCI_SPACES)

static uint64_t align_up(uint64_t number, uint64_t alignment)
{
    return (number + alignment - 1) & ~(alignment - 1);
}

// The n-th region of a function that takes room on the bus it sits on.
static struct pci_region *region_at(struct pci_function *function, unsigned n)
{
    return n < PCI_BARS ? &function->bars[n] : &function->apertures[n - PCI_BARS];
}

static bool has_window(const struct pci_fabric *fabric, enum pci_space space)
{
    for (unsigned i = 0; i < fabric->window_count; i++)
        if (fabric->windows[i].space == space)
            return true;
    return false;
}

static bool bridges_forward_64(const struct pci_fabric *fabric, const struct pci_function *function)
{
    for (int parent = function->parent; parent != PCI_NO_PARENT;
         parent = fabric->functions[parent].parent)
        if (!fabric->functions[parent].prefetch64)
            return false;
    return true;
}

static void choose_spaces(const struct pci_fabric *fabric, struct pci_function *function)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct pci_region *bar = &function->bars[i];
        if (bar->present && bar->wide && bar->prefetchable && bar->size >= LARGE_BYTES &&
            has_window(fabric, PCI_MEMORY64) && bridges_forward_64(fabric, function))
            bar->space = PCI_MEMORY64;
    }
}

// Takes room at the cursor of a window, or tells that there is none. The window's base may have any
// alignment; what is aligned is the PCI address.
static bool take(struct pci_window *window, uint64_t size, uint64_t alignment, uint64_t *address)
{
    uint64_t at = window->base + window->cursor;
    if (at > UINT64_MAX - alignment)
        return false;
    uint64_t skip = align_up(at, alignment) - at;
    uint64_t left = window->size - window->cursor;
    if (skip > left || size > left - skip)
        return false;
    *address = at + skip;
    window->cursor += skip + size;
    return true;
}

struct placement {
    struct pci_fabric *fabric;
    int parent;
    struct pci_window *windows;
    unsigned window_count;
    bool measure; // only move the cursors
};

// Takes room in a window of the region's space. On the root bus, where no bridge stands in the way,
// a register of 64 bits may lie in any memory window.
static bool take_any(const struct placement *placement, const struct pci_region *region,
                     uint64_t *address)
{
    struct pci_window *windows = placement->windows;
    uint64_t size = align_up(region->size, PCI_PAGE);
    for (unsigned i = 0; i < placement->window_count; i++)
        if (windows[i].space == region->space &&
            take(&windows[i], size, region->alignment, address))
            return true;
    if (placement->parent != PCI_NO_PARENT || !region->wide)
        return false;
    for (unsigned i = 0; i < placement->window_count; i++)
        if (windows[i].space != PCI_IO && take(&windows[i], size, region->alignment, address))
            return true;
    return false;
}

static void place_region(const struct placement *placement, struct pci_function *function,
                         struct pci_region *region)
{
    uint64_t address;
    bool fits = take_any(placement, region, &address);
    if (placement->measure)
        return;
    region->assigned = fits;
    region->address = fits ? address : 0;
    if (!fits && !function->rule)
        function->rule = PCI_NO_ROOM;
}

static void place_children(const struct placement *placement)
{
    struct pci_fabric *fabric = placement->fabric;
    for (int log2 = LAST_ALIGNMENT; log2 >= FIRST_ALIGNMENT; log2--)
        for (unsigned i = 0; i < fabric->count; i++)
            for (unsigned n = 0; n < REGIONS_MOST; n++) {
                struct pci_region *region = region_at(&fabric->functions[i], n);
                if (fabric->functions[i].parent == placement->parent && region->present &&
                    region->alignment == 1ull << log2)
                    place_region(placement, &fabric->functions[i], region);
            }
}

static uint64_t largest_alignment(struct pci_fabric *fabric, int parent, enum pci_space space)
{
    uint64_t largest = 0;
    for (unsigned i = 0; i < fabric->count; i++)
        for (unsigned n = 0; n < REGIONS_MOST; n++) {
            const struct pci_region *region = region_at(&fabric->functions[i], n);
            if (fabric->functions[i].parent == parent && region->present &&
                region->space == space && region->alignment > largest)
                largest = region->alignment;
        }
    return largest;
}

// What a bridge shall forward at least, for a card that may come.
static uint64_t reserved(const struct pci_fabric *fabric, const struct pci_function *bridge,
                         int space)
{
    if (!bridge->slot || space == PCI_IO)
        return 0;
    if (space == PCI_MEMORY32)
        return SLOT_BYTES;
    return bridge->prefetch64 && bridges_forward_64(fabric, bridge) &&
                   has_window(fabric, PCI_MEMORY64)
               ? SLOT_WIDE_BYTES
               : 0;
}

static uint64_t largest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

// How much a bridge must forward, found by placing its children in endless windows.
static void measure_bridge(struct pci_fabric *fabric, int index, bool reserve)
{
    struct pci_function *bridge = &fabric->functions[index];
    for (int space = PCI_IO; space < PCI_SPACES; space++) {
        struct pci_window endless = {.space = (enum pci_space)space, .size = 1ull << 62};
        place_children(&(struct placement){fabric, index, &endless, 1, true});
        uint64_t granule = space == PCI_IO ? IO_GRANULE : MEMORY_GRANULE;
        uint64_t alignment = largest_alignment(fabric, index, (enum pci_space)space);
        uint64_t least = reserve ? reserved(fabric, bridge, space) : 0;
        uint64_t size = largest(align_up(endless.cursor, granule), least);
        bridge->apertures[space] = (struct pci_region){
            .space = (enum pci_space)space,
            .present = size != 0,
            .size = size,
            .alignment = largest(largest(alignment, granule), least),
        };
    }
}

static void place_behind(struct pci_fabric *fabric, int index)
{
    struct pci_window windows[PCI_SPACES];
    unsigned count = 0;
    for (int space = PCI_IO; space < PCI_SPACES; space++) {
        const struct pci_region *aperture = &fabric->functions[index].apertures[space];
        if (aperture->assigned)
            windows[count++] = (struct pci_window){
                .space = (enum pci_space)space, .base = aperture->address, .size = aperture->size};
    }
    place_children(&(struct placement){fabric, index, windows, count, false});
}

static void program_bars(const struct pci_fabric *fabric, struct pci_function *function)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct pci_region *bar = &function->bars[i];
        if (!bar->assigned)
            continue;
        unsigned offset = REG_BAR0 + i * 4;
        uint32_t low = (uint32_t)bar->address;
        uint32_t flags = bar->space == PCI_IO ? 3 : 15;
        pci_write(fabric, function->bdf, offset, 4, low);
        bool holds = (pci_read(fabric, function->bdf, offset, 4) & ~flags) == low;
        if (bar->wide) {
            uint32_t high = (uint32_t)(bar->address >> 32);
            pci_write(fabric, function->bdf, offset + 4, 4, high);
            holds = holds && pci_read(fabric, function->bdf, offset + 4, 4) == high;
        }
        bar->assigned = holds;
        if (!holds && !function->rule)
            function->rule = PCI_BAR_STUCK;
    }
}

// A bridge window is closed by a base above its limit.
static void program_apertures(const struct pci_fabric *fabric, const struct pci_function *bridge)
{
    const struct pci_region *io = &bridge->apertures[PCI_IO];
    const struct pci_region *memory = &bridge->apertures[PCI_MEMORY32];
    const struct pci_region *wide = &bridge->apertures[PCI_MEMORY64];
    uint64_t io_base = io->assigned ? io->address : 0xf000;
    uint64_t io_last = io->assigned ? io->address + io->size - 1 : 0;
    uint64_t memory_base = memory->assigned ? memory->address : 0xfff00000;
    uint64_t memory_last = memory->assigned ? memory->address + memory->size - 1 : 0;
    uint64_t wide_base = wide->assigned ? wide->address : 0xfff00000;
    uint64_t wide_last = wide->assigned ? wide->address + wide->size - 1 : 0;
    pci_write(fabric, bridge->bdf, REG_IO_BASE, 1, io_base >> 8 & 0xf0);
    pci_write(fabric, bridge->bdf, REG_IO_LIMIT, 1, io_last >> 8 & 0xf0);
    pci_write(fabric, bridge->bdf, REG_IO_BASE_HIGH, 2, io_base >> 16 & 0xffff);
    pci_write(fabric, bridge->bdf, REG_IO_LIMIT_HIGH, 2, io_last >> 16 & 0xffff);
    pci_write(fabric, bridge->bdf, REG_MEMORY_BASE, 2, memory_base >> 16 & 0xfff0);
    pci_write(fabric, bridge->bdf, REG_MEMORY_LIMIT, 2, memory_last >> 16 & 0xfff0);
    pci_write(fabric, bridge->bdf, REG_PREFETCH_BASE, 2, wide_base >> 16 & 0xfff0);
    pci_write(fabric, bridge->bdf, REG_PREFETCH_LIMIT, 2, wide_last >> 16 & 0xfff0);
    pci_write(fabric, bridge->bdf, REG_PREFETCH_BASE_HIGH, 4, (uint32_t)(wide_base >> 32));
    pci_write(fabric, bridge->bdf, REG_PREFETCH_LIMIT_HIGH, 4, (uint32_t)(wide_last >> 32));
    pci_write(fabric, bridge->bdf, REG_COMMAND, 2,
              COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_INTX_DISABLE);
}

// A bridge passes its secondary bus's pins on, turned by the device number (PCI-to-PCI Bridge 1.2,
// section 9.1), until the root bus, where the interrupt map is asked.
static void route(const struct pci_fabric *fabric, struct pci_function *function)
{
    if (function->pin == 0)
        return;
    if (function->pin > 4) {
        function->rule = function->rule ? function->rule : PCI_PIN;
        return;
    }
    const struct pci_function *at = function;
    unsigned pin = function->pin;
    for (; at->parent != PCI_NO_PARENT; at = &fabric->functions[at->parent])
        pin = (pin - 1 + pci_device(at->bdf)) % 4 + 1;
    uint32_t unit = (uint32_t)at->bdf << 8 & fabric->unit_mask;
    for (unsigned i = 0; i < fabric->route_count && !function->routed; i++) {
        const struct pci_route *entry = &fabric->routes[i];
        if (entry->unit != unit || entry->pin != (pin & fabric->pin_mask))
            continue;
        function->source = entry->source;
        function->routed = true;
    }
    if (!function->routed && !function->rule)
        function->rule = PCI_NO_ROUTE;
}

// False: a bridge does not get what it shall forward.
static bool place_all(struct pci_fabric *fabric, bool reserve)
{
    bool all = true;
    for (unsigned i = 0; i < fabric->window_count; i++) // address 0 means "none" to many devices
        fabric->windows[i].cursor = fabric->windows[i].base == 0 ? PCI_PAGE : 0;
    for (int i = (int)fabric->count - 1; i >= 0; i--)
        if (fabric->functions[i].bridge)
            measure_bridge(fabric, i, reserve);
    place_children(
        &(struct placement){fabric, PCI_NO_PARENT, fabric->windows, fabric->window_count, false});
    for (unsigned i = 0; i < fabric->count; i++) {
        if (fabric->functions[i].bridge)
            place_behind(fabric, (int)i);
        for (unsigned n = 0; n < REGIONS_MOST; n++) {
            const struct pci_region *region = region_at(&fabric->functions[i], n);
            all = all && (!region->present || region->assigned);
        }
    }
    return all;
}

static void forget_room(struct pci_fabric *fabric)
{
    for (unsigned i = 0; i < fabric->count; i++)
        if (fabric->functions[i].rule == PCI_NO_ROOM)
            fabric->functions[i].rule = PCI_OK;
}

void pci_assign(struct pci_fabric *fabric)
{
    for (unsigned i = 0; i < fabric->count; i++)
        choose_spaces(fabric, &fabric->functions[i]);
    if (!place_all(fabric, true)) {
        forget_room(fabric);
        (void)place_all(fabric, false);
    }
    for (unsigned i = 0; i < fabric->count; i++) {
        struct pci_function *function = &fabric->functions[i];
        program_bars(fabric, function);
        if (function->bridge)
            program_apertures(fabric, function);
        route(fabric, function);
    }
}

void pci_place(struct pci_fabric *fabric, int port)
{
    for (unsigned i = 0; i < fabric->count; i++)
        if (fabric->functions[i].parent == port)
            choose_spaces(fabric, &fabric->functions[i]);
    place_behind(fabric, port);
    for (unsigned i = 0; i < fabric->count; i++) {
        struct pci_function *function = &fabric->functions[i];
        if (function->parent != port || function->absent)
            continue;
        program_bars(fabric, function);
        route(fabric, function);
    }
}
