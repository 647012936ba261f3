// SPDX-License-Identifier: MIT
//
// PCI host bridges (pci-host-ecam-generic) and the property block. PCI Bus Binding to IEEE
// 1275-1994 revision 2.1 gives the cells: the first cell of an address holds space code (bits
// 24-25), prefetchable (bit 30), bus, device and function; Devicetree Specification 0.4,
// section 2.4.3 the interrupt map.
#include "tree_cells.h"

#include <libfdt.h>

#define PCI_ADDRESS_CELLS 3u
#define PCI_SIZE_CELLS    2u
#define SPACE_SHIFT       24
#define SPACE_MASK        3u
#define PREFETCHABLE      (1u << 30)
#define UNIT_MASK         0x00ffff00u

static enum dt_rule read_bus_range(const void *fdt, int node, struct dt_host *host)
{
    int length;
    const uint8_t *value = fdt_getprop(fdt, node, "bus-range", &length);
    host->bus_first = value && length == 8 ? dt_cell(value) : 0;
    uint32_t last = value && length == 8 ? dt_cell(value + 4) : 255;
    if ((value && length != 8) || last > 255 || host->bus_first > last)
        return DT_BUS_RANGE;
    host->bus_count = last - host->bus_first + 1;
    return DT_OK;
}

static enum dt_rule read_window(const struct dt_walk *walk, const uint8_t *entry,
                                uint32_t parent_cells, struct dt_window *window)
{
    static const uint64_t limit[] = {0, UINT32_MAX, UINT32_MAX, UINT64_MAX};
    static const enum dt_space space[] = {DT_SPACE_IO, DT_SPACE_IO, DT_SPACE_MEMORY32,
                                          DT_SPACE_MEMORY64};
    uint32_t high = dt_cell(entry);
    uint32_t code = high >> SPACE_SHIFT & SPACE_MASK;
    const uint8_t *cpu = entry + PCI_ADDRESS_CELLS * 4;
    struct dt_range range = {dt_number(cpu, parent_cells),
                             dt_number(cpu + parent_cells * 4, PCI_SIZE_CELLS)};
    uint64_t base = dt_number(entry + 4, 2);
    if (code == 0 || range.size == 0 || base > limit[code] || range.size - 1 > limit[code] - base ||
        range.base > UINT64_MAX - range.size)
        return DT_WINDOW_SPACE;
    *window = (struct dt_window){space[code], (high & PREFETCHABLE) != 0, base, 0, range.size};
    enum dt_rule rule = dt_translate(walk, &range);
    window->cpu_base = range.base;
    return rule;
}

static enum dt_rule read_windows(const struct dt_walk *walk, int node, struct dt_host *host)
{
    uint32_t parent_cells = walk->stack[walk->depth - 1].address_cells;
    uint32_t entry_bytes = (PCI_ADDRESS_CELLS + parent_cells + PCI_SIZE_CELLS) * 4;
    int length;
    const uint8_t *ranges = fdt_getprop(walk->fdt, node, "ranges", &length);
    if (!ranges || (uint32_t)length % entry_bytes != 0)
        return DT_RANGES_LENGTH;
    if ((uint32_t)length / entry_bytes > DT_MAX_WINDOWS)
        return DT_WINDOW_COUNT;
    for (const uint8_t *end = ranges + length; ranges < end; ranges += entry_bytes) {
        enum dt_rule rule =
            read_window(walk, ranges, parent_cells, &host->windows[host->window_count]);
        if (rule)
            return rule;
        host->window_count++;
    }
    return DT_OK;
}

// One entry: 3 address cells and a pin of the child, the controller's phandle, address and
// specifier.
static enum dt_rule read_route(struct dt_walk *walk, const uint8_t **at, const uint8_t *end,
                               struct dt_host *host)
{
    const size_t child_bytes = PCI_ADDRESS_CELLS * 4 + 4;
    if ((size_t)(end - *at) < child_bytes + 4)
        return DT_INTERRUPT_MAP_LENGTH;
    enum dt_rule rule = dt_find_controller(walk, dt_cell(*at + child_bytes));
    if (rule)
        return rule;
    size_t parent_bytes = 4 + (walk->controller_address_cells + walk->controller_cells) * 4;
    if ((size_t)(end - *at) < child_bytes + parent_bytes)
        return DT_INTERRUPT_MAP_LENGTH;
    if (host->route_count == DT_MAX_ROUTES)
        return DT_INTERRUPT_MAP_COUNT;
    uint32_t pin = dt_cell(*at + PCI_ADDRESS_CELLS * 4) & host->pin_mask;
    if (pin < 1 || pin > 4)
        return DT_INTERRUPT_MAP_PIN;
    const uint8_t *specifier = *at + child_bytes + 4 + walk->controller_address_cells * 4;
    host->routes[host->route_count++] =
        (struct dt_route){dt_cell(*at) & host->unit_mask, pin, dt_specifier(walk, specifier)};
    *at += child_bytes + parent_bytes;
    return DT_OK;
}

static enum dt_rule read_interrupt_map(struct dt_walk *walk, int node, struct dt_host *host)
{
    int length;
    const uint8_t *mask = fdt_getprop(walk->fdt, node, "interrupt-map-mask", &length);
    if (mask && length != 16)
        return DT_INTERRUPT_MAP_LENGTH;
    host->unit_mask = mask ? dt_cell(mask) & UNIT_MASK : UNIT_MASK;
    host->pin_mask = mask ? dt_cell(mask + 12) & 7 : 7;
    const uint8_t *map = fdt_getprop(walk->fdt, node, "interrupt-map", &length);
    if (!map)
        return DT_OK;
    enum dt_rule rule = DT_OK;
    for (const uint8_t *end = map + length; map < end && !rule;)
        rule = read_route(walk, &map, end, host);
    return rule;
}

enum dt_rule dt_read_host(struct dt_walk *walk, const struct dt_device *device,
                          struct dt_host *host)
{
    *host = (struct dt_host){};
    uint32_t address_cells, size_cells;
    if (!dt_cells(walk->fdt, device->node, "#address-cells", 0, &address_cells) ||
        !dt_cells(walk->fdt, device->node, "#size-cells", 0, &size_cells) ||
        address_cells != PCI_ADDRESS_CELLS || size_cells != PCI_SIZE_CELLS)
        return DT_HOST_CELLS;
    enum dt_rule rule = read_bus_range(walk->fdt, device->node, host);
    if (!rule)
        rule = read_windows(walk, device->node, host);
    if (!rule)
        rule = read_interrupt_map(walk, device->node, host);
    return rule;
}

// A cursor over the block that is never built as a whole: each piece is copied if it lies in the
// window.
struct block {
    size_t position, offset, length, copied;
    uint8_t *out;
};

static void put(struct block *block, const void *from, size_t bytes, size_t padded)
{
    for (size_t i = 0; i < padded; i++, block->position++) {
        if (block->position < block->offset || block->copied == block->length)
            continue;
        block->out[block->copied++] = i < bytes ? ((const uint8_t *)from)[i] : 0;
    }
}

static size_t padded_to_cell(size_t bytes)
{
    return (bytes + 3) & ~(size_t)3;
}

static size_t block_size(const void *fdt, int node)
{
    size_t total = sizeof(uint32_t);
    int property;
    fdt_for_each_property_offset(property, fdt, node)
    {
        const char *name;
        int length;
        if (fdt_getprop_by_offset(fdt, property, &name, &length))
            total += 8 + padded_to_cell(strlen(name) + 1) + padded_to_cell((size_t)length);
    }
    return total;
}

size_t dt_read_properties(const void *fdt, int node, size_t offset, void *out, size_t length,
                          size_t *total)
{
    struct block block = {.offset = offset, .length = length, .out = out};
    *total = block_size(fdt, node);
    put(&block, &(uint32_t){(uint32_t)*total}, 4, 4);
    int property;
    fdt_for_each_property_offset(property, fdt, node)
    {
        const char *name;
        int value_bytes;
        const void *value = fdt_getprop_by_offset(fdt, property, &name, &value_bytes);
        if (!value)
            continue;
        size_t name_bytes = strlen(name) + 1;
        put(&block, (uint32_t[]){(uint32_t)name_bytes, (uint32_t)value_bytes}, 8, 8);
        put(&block, name, name_bytes, padded_to_cell(name_bytes));
        put(&block, value, (size_t)value_bytes, padded_to_cell((size_t)value_bytes));
    }
    return block.copied;
}
