// SPDX-License-Identifier: MIT
//
// Interrupts of platform devices. Every interrupt parent is taken for the platform's one controller
// (PLIC, or the supervisor's APLIC): the source number is its input. Devicetree Specification 0.4,
// section 2.4.
#include "tree_cells.h"

#include <libfdt.h>

// The second cell of an APLIC specifier: 1 and 2 are edges, 4 and 8 levels.
#define TRIGGER_EDGE_MASK 3u

enum dt_rule dt_find_controller(struct dt_walk *walk, uint32_t phandle)
{
    if (phandle != 0 && phandle == walk->controller_phandle)
        return DT_OK;
    int node = fdt_node_offset_by_phandle(walk->fdt, phandle);
    if (node < 0)
        return DT_NO_INTERRUPT_PARENT;
    uint32_t cells, address_cells;
    if (!fdt_getprop(walk->fdt, node, "interrupt-controller", nullptr) ||
        !dt_cells(walk->fdt, node, "#interrupt-cells", 0, &cells) || cells < 1 || cells > 2 ||
        !dt_cells(walk->fdt, node, "#address-cells", 0, &address_cells) || address_cells > 2)
        return DT_NOT_A_CONTROLLER;
    walk->controller_phandle = phandle;
    walk->controller_cells = cells;
    walk->controller_address_cells = address_cells;
    return DT_OK;
}

struct dt_interrupt dt_specifier(const struct dt_walk *walk, const uint8_t *at)
{
    bool edge = walk->controller_cells == 2 && (dt_cell(at + 4) & TRIGGER_EDGE_MASK) != 0;
    return (struct dt_interrupt){.source = dt_cell(at), .edge = edge};
}

// interrupt-parent is inherited from the buses above.
static uint32_t inherited_parent(const struct dt_walk *walk, int node)
{
    for (unsigned level = walk->depth;; level--) {
        int length;
        const void *value = fdt_getprop(walk->fdt, node, "interrupt-parent", &length);
        if (value)
            return length == 4 ? dt_cell(value) : 0;
        if (level == 0)
            return 0;
        node = walk->stack[level - 1].node;
    }
}

static enum dt_rule add_interrupt(struct dt_walk *walk, struct dt_device *device, const uint8_t *at)
{
    if (device->interrupt_count == DT_MAX_INTERRUPTS)
        return DT_INTERRUPTS_COUNT;
    device->interrupts[device->interrupt_count++] = dt_specifier(walk, at);
    return DT_OK;
}

static enum dt_rule read_extended(struct dt_walk *walk, struct dt_device *device, const uint8_t *at,
                                  size_t length)
{
    while (length > 0) {
        if (length < 4)
            return DT_INTERRUPTS_LENGTH;
        enum dt_rule rule = dt_find_controller(walk, dt_cell(at));
        if (rule)
            return rule;
        size_t entry = 4 + walk->controller_cells * 4;
        if (length < entry)
            return DT_INTERRUPTS_LENGTH;
        rule = add_interrupt(walk, device, at + 4);
        if (rule)
            return rule;
        at += entry;
        length -= entry;
    }
    return DT_OK;
}

enum dt_rule dt_read_interrupts(struct dt_walk *walk, struct dt_device *device)
{
    int length;
    const uint8_t *at = fdt_getprop(walk->fdt, device->node, "interrupts-extended", &length);
    if (at)
        return read_extended(walk, device, at, (size_t)length);
    at = fdt_getprop(walk->fdt, device->node, "interrupts", &length);
    if (!at)
        return DT_OK;
    enum dt_rule rule = dt_find_controller(walk, inherited_parent(walk, device->node));
    if (rule)
        return rule;
    size_t entry = walk->controller_cells * 4;
    if ((size_t)length % entry != 0)
        return DT_INTERRUPTS_LENGTH;
    for (size_t done = 0; done < (size_t)length && !rule; done += entry)
        rule = add_interrupt(walk, device, at + done);
    return rule;
}
