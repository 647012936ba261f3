// SPDX-License-Identifier: MIT
//
// The pure half of the device tree bus: which nodes of a flattened device tree are devices, and
// what each of them owns. It reads the blob in place through libfdt and never writes it, allocates
// nothing, and holds no pointer that outlives the blob. Every function may be called on any bytes
// that dt_open accepted; a damaged property ends in the rule that it broke, never in a wrong
// address.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DT_MAX_TREE_BYTES (2u << 20)
#define DT_MAX_DEPTH      8u  // nested simple-bus nodes, the root included
#define DT_MAX_MEMORY     8u  // entries of one reg property
#define DT_MAX_INTERRUPTS 16u // interrupts of one device
#define DT_MAX_WINDOWS    8u  // entries of a host bridge's ranges
#define DT_MAX_ROUTES     128u

enum dt_rule {
    DT_OK,
    DT_TREE_TOO_LARGE,
    DT_TREE_MISALIGNED,
    DT_TREE_DAMAGED,
    DT_BUS_TOO_DEEP,
    DT_BAD_CELLS,
    DT_REG_LENGTH,
    DT_REG_COUNT,
    DT_REG_OVERFLOW,
    DT_RANGES_LENGTH,
    DT_NOT_IN_RANGES,
    DT_COMPATIBLE_UNTERMINATED,
    DT_INTERRUPTS_LENGTH,
    DT_INTERRUPTS_COUNT,
    DT_NO_INTERRUPT_PARENT,
    DT_NOT_A_CONTROLLER,
    DT_HOST_CELLS,
    DT_WINDOW_COUNT,
    DT_WINDOW_SPACE,
    DT_BUS_RANGE,
    DT_INTERRUPT_MAP_LENGTH,
    DT_INTERRUPT_MAP_COUNT,
    DT_INTERRUPT_MAP_PIN,
};

// The rule in words, for messages: a constant string without a full stop.
const char *dt_rule_text(enum dt_rule rule);

struct dt_range {
    uint64_t base; // as a hart sees it
    uint64_t size; // bytes, never zero, base + size does not wrap
};

struct dt_interrupt {
    uint32_t source; // the input of the platform's interrupt controller
    bool edge;
};

struct dt_device {
    int node;                // libfdt offset
    const char *name;        // node name with unit address, in the blob
    const char *unit;        // what follows the '@', or the whole name
    const char *compatible;  // string list in the blob, each string terminated
    size_t compatible_bytes; // > 0
    unsigned memory_count;   // >= 1
    struct dt_range memory[DT_MAX_MEMORY];
    unsigned interrupt_count;
    struct dt_interrupt interrupts[DT_MAX_INTERRUPTS];
};

struct dt_bus {
    int node;
    int child; // the child that was returned last, negative before the first
    uint32_t address_cells;
    uint32_t size_cells;
};

struct dt_walk {
    const void *fdt;
    unsigned depth; // buses on the stack; 0 when the walk is over
    struct dt_bus stack[DT_MAX_DEPTH];
    uint32_t controller_phandle; // the last interrupt parent looked up, 0 for none
    uint32_t controller_cells;
    uint32_t controller_address_cells;
};

// Checks the whole structure of a tree of at most `bytes` bytes. `why` gets libfdt's word when the
// rule is DT_TREE_DAMAGED, else it stays as it is. Nothing below may be called for a tree that did
// not pass.
enum dt_rule dt_open(const void *fdt, size_t bytes, const char **why);

// Starts a walk at the root. The walk borrows the blob.
enum dt_rule dt_walk_begin(struct dt_walk *walk, const void *fdt);

// The next node that is an enabled device on the root or on a simple-bus: it has compatible and
// reg, and is none of those that the kernel owns (harts, memory, interrupt controllers, timers,
// IOMMU, reset). False at the end. When `*rule` is not DT_OK, `device->node` and `name` tell the
// damaged node, the rest is void, and the walk may go on.
bool dt_walk_next(struct dt_walk *walk, struct dt_device *device, enum dt_rule *rule);

// Whether the device's compatible list holds `name`.
bool dt_is_compatible(const struct dt_device *device, const char *name);

enum dt_space { DT_SPACE_IO, DT_SPACE_MEMORY32, DT_SPACE_MEMORY64 };

struct dt_window {
    enum dt_space space;
    bool prefetchable;
    uint64_t bus_base; // PCI address
    uint64_t cpu_base;
    uint64_t size;
};

struct dt_route {
    uint32_t unit; // first cell of the PCI unit address, masked with the map's mask
    uint32_t pin;  // 1-4
    struct dt_interrupt interrupt;
};

struct dt_host {
    uint32_t bus_first, bus_count;
    unsigned window_count;
    struct dt_window windows[DT_MAX_WINDOWS];
    uint32_t unit_mask, pin_mask;
    unsigned route_count;
    struct dt_route routes[DT_MAX_ROUTES];
};

// What a pci-host-ecam-generic node says beyond reg. `device` must be the one that the walk
// returned last.
enum dt_rule dt_read_host(struct dt_walk *walk, const struct dt_device *device,
                          struct dt_host *host);

// Copies bytes [offset, offset + length) of the node's property block (abi/drivers/devicetree.h) to
// `out` and returns how many; the block's whole size goes to `*total`. Zero when offset is at or
// past the end.
size_t dt_read_properties(const void *fdt, int node, size_t offset, void *out, size_t length,
                          size_t *total);
