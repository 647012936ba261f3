// SPDX-License-Identifier: MIT
//
// The walk: a stack of buses (root, then nested simple-bus nodes) instead of recursion, so the
// depth is bounded by DT_MAX_DEPTH. Addresses are translated through the ranges of every bus on the
// stack. Devicetree Specification 0.4, sections 2.3 (standard properties) and 2.4 (interrupts).
#include "tree.h"
#include "tree_cells.h"

#include <libfdt.h>

static const char *const rule_text[] = {
    [DT_OK] = "no rule broken",
    [DT_TREE_TOO_LARGE] = "the tree's total size exceeds its memory or 2 MiB",
    [DT_TREE_MISALIGNED] = "the tree or one of its blocks is not aligned (8 bytes, structure 4)",
    [DT_TREE_DAMAGED] = "the tree's structure is damaged",
    [DT_BUS_TOO_DEEP] = "simple-bus nodes are nested more than 8 deep",
    [DT_BAD_CELLS] = "#address-cells must be 1 or 2 and #size-cells 0 to 2",
    [DT_REG_LENGTH] = "the length of reg is not a multiple of its address and size cells",
    [DT_REG_COUNT] = "reg has more than 8 entries",
    [DT_REG_OVERFLOW] = "an entry of reg is empty or passes the end of the address space",
    [DT_RANGES_LENGTH] = "the length of ranges is not a multiple of its cells",
    [DT_NOT_IN_RANGES] = "reg lies outside the ranges of a bus above",
    [DT_COMPATIBLE_UNTERMINATED] = "compatible is not a list of terminated strings",
    [DT_INTERRUPTS_LENGTH] = "the length of interrupts is not a multiple of #interrupt-cells",
    [DT_INTERRUPTS_COUNT] = "more than 16 interrupts",
    [DT_NO_INTERRUPT_PARENT] = "interrupts without an interrupt-parent that exists",
    [DT_NOT_A_CONTROLLER] = "the interrupt parent is not a controller with 1 or 2 cells",
    [DT_HOST_CELLS] = "a PCI host bridge has 3 address cells and 2 size cells",
    [DT_WINDOW_COUNT] = "a PCI host bridge has more than 8 windows",
    [DT_WINDOW_SPACE] = "a window is empty, passes the end of its space, or is configuration space",
    [DT_BUS_RANGE] = "bus-range is not two ascending bus numbers below 256",
    [DT_INTERRUPT_MAP_LENGTH] = "interrupt-map ends inside an entry",
    [DT_INTERRUPT_MAP_COUNT] = "interrupt-map has more than 128 entries",
    [DT_INTERRUPT_MAP_PIN] = "interrupt-map names a pin other than 1 to 4",
};

const char *dt_rule_text(enum dt_rule rule)
{
    return rule_text[rule];
}

// libfdt loads whole cells; a block at an odd offset would trap on harts without misaligned loads.
static bool is_aligned(const void *fdt)
{
    return fdt_off_mem_rsvmap(fdt) % 8 == 0 && fdt_off_dt_struct(fdt) % 4 == 0;
}

enum dt_rule dt_open(const void *fdt, size_t bytes, const char **why)
{
    if (bytes < sizeof(struct fdt_header) || bytes > DT_MAX_TREE_BYTES)
        return DT_TREE_TOO_LARGE;
    if ((uintptr_t)fdt % 8 != 0)
        return DT_TREE_MISALIGNED;
    if (fdt_magic(fdt) == FDT_MAGIC && fdt_totalsize(fdt) > bytes)
        return DT_TREE_TOO_LARGE;
    if (fdt_magic(fdt) == FDT_MAGIC && !is_aligned(fdt))
        return DT_TREE_MISALIGNED;
    int error = fdt_check_full(fdt, bytes);
    if (error == 0)
        return DT_OK;
    *why = fdt_strerror(error);
    return DT_TREE_DAMAGED;
}

bool dt_cells(const void *fdt, int node, const char *name, uint32_t fallback, uint32_t *out)
{
    int length;
    const void *value = fdt_getprop(fdt, node, name, &length);
    *out = value ? dt_cell(value) : fallback;
    return value ? length == 4 : length == -FDT_ERR_NOTFOUND;
}

static enum dt_rule push_bus(struct dt_walk *walk, int node)
{
    if (walk->depth == DT_MAX_DEPTH)
        return DT_BUS_TOO_DEEP;
    struct dt_bus bus = {.node = node, .child = -1};
    bool readable = dt_cells(walk->fdt, node, "#address-cells", 2, &bus.address_cells) &&
                    dt_cells(walk->fdt, node, "#size-cells", 1, &bus.size_cells);
    if (!readable || bus.address_cells < 1 || bus.address_cells > 2 || bus.size_cells > 2)
        return DT_BAD_CELLS;
    walk->stack[walk->depth++] = bus;
    return DT_OK;
}

enum dt_rule dt_walk_begin(struct dt_walk *walk, const void *fdt)
{
    *walk = (struct dt_walk){.fdt = fdt};
    return push_bus(walk, 0);
}

static bool has(const void *fdt, int node, const char *property)
{
    return fdt_getprop(fdt, node, property, nullptr) != nullptr;
}

static bool is_enabled(const void *fdt, int node)
{
    int length;
    const char *status = fdt_getprop(fdt, node, "status", &length);
    return !status || fdt_stringlist_contains(status, length, "okay") ||
           fdt_stringlist_contains(status, length, "ok");
}

// What the kernel or the firmware drives, told by a word that no device type shares. The IOMMU
// (riscv,iommu) is a device all the same: the PnP manager takes its interrupt.
static bool is_kernels(const void *fdt, int node)
{
    static const char *const owned[] = {
        "riscv,clint0",      "sifive,clint0",
        "riscv,aclint-mswi", "riscv,aclint-mtimer",
        "riscv,aclint-sswi", "riscv,pci-iommu",
        "riscv,imsics",      "riscv,aplic",
        "riscv,plic0",       "sifive,plic-1.0.0",
        "thead,c900-clint",  "sifive,test0",
        "sifive,test1",      "syscon",
        "qemu,fw-cfg-mmio",
    };
    int length;
    const char *type = fdt_getprop(fdt, node, "device_type", &length);
    if (has(fdt, node, "interrupt-controller") ||
        (type && !fdt_stringlist_contains(type, length, "pci")))
        return true;
    const char *list = fdt_getprop(fdt, node, "compatible", &length);
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        if (fdt_stringlist_contains(list, length, owned[i]))
            return true;
    return false;
}

// One step through the ranges of `bus`: from the addresses of its children to those of its parent.
static enum dt_rule translate_step(const void *fdt, const struct dt_bus *bus, uint32_t parent_cells,
                                   struct dt_range *range)
{
    int length;
    const uint8_t *entry = fdt_getprop(fdt, bus->node, "ranges", &length);
    if (!entry)
        return DT_NOT_IN_RANGES;
    if (length == 0)
        return DT_OK;
    uint32_t cells = bus->address_cells + parent_cells + bus->size_cells;
    if ((uint32_t)length % (cells * 4) != 0)
        return DT_RANGES_LENGTH;
    for (const uint8_t *end = entry + length; entry < end; entry += cells * 4) {
        uint64_t child = dt_number(entry, bus->address_cells);
        uint64_t parent = dt_number(entry + bus->address_cells * 4, parent_cells);
        uint64_t size = dt_number(entry + (bus->address_cells + parent_cells) * 4, bus->size_cells);
        if (range->base < child || range->base - child >= size ||
            range->size > size - (range->base - child))
            continue;
        if (parent > UINT64_MAX - size)
            return DT_REG_OVERFLOW;
        range->base = parent + (range->base - child);
        return DT_OK;
    }
    return DT_NOT_IN_RANGES;
}

enum dt_rule dt_translate(const struct dt_walk *walk, struct dt_range *range)
{
    for (unsigned level = walk->depth - 1; level > 0; level--) {
        enum dt_rule rule = translate_step(walk->fdt, &walk->stack[level],
                                           walk->stack[level - 1].address_cells, range);
        if (rule)
            return rule;
    }
    return DT_OK;
}

static enum dt_rule read_reg(const struct dt_walk *walk, struct dt_device *device)
{
    const struct dt_bus *bus = &walk->stack[walk->depth - 1];
    uint32_t cells = bus->address_cells + bus->size_cells;
    int length;
    const uint8_t *entry = fdt_getprop(walk->fdt, device->node, "reg", &length);
    if (length == 0 || (uint32_t)length % (cells * 4) != 0)
        return DT_REG_LENGTH;
    uint32_t count = (uint32_t)length / (cells * 4);
    if (count > DT_MAX_MEMORY)
        return DT_REG_COUNT;
    for (uint32_t i = 0; i < count; i++, entry += cells * 4) {
        struct dt_range range = {dt_number(entry, bus->address_cells),
                                 dt_number(entry + bus->address_cells * 4, bus->size_cells)};
        if (range.size == 0 || range.base > UINT64_MAX - range.size)
            return DT_REG_OVERFLOW;
        enum dt_rule rule = dt_translate(walk, &range);
        if (rule)
            return rule;
        device->memory[device->memory_count++] = range;
    }
    return DT_OK;
}

static enum dt_rule read_compatible(const void *fdt, struct dt_device *device)
{
    int length;
    device->compatible = fdt_getprop(fdt, device->node, "compatible", &length);
    if (length <= 0 || device->compatible[length - 1] != 0)
        return DT_COMPATIBLE_UNTERMINATED;
    for (int at = 0; at < length; at += (int)strlen(device->compatible + at) + 1)
        if (device->compatible[at] == 0)
            return DT_COMPATIBLE_UNTERMINATED;
    device->compatible_bytes = (size_t)length;
    return DT_OK;
}

static enum dt_rule read_device(struct dt_walk *walk, struct dt_device *device)
{
    const char *at = strchr(device->name, '@');
    device->unit = at && at[1] ? at + 1 : device->name;
    enum dt_rule rule = read_compatible(walk->fdt, device);
    if (!rule)
        rule = read_reg(walk, device);
    if (!rule)
        rule = dt_read_interrupts(walk, device);
    return rule;
}

// Moves to the next child of the innermost bus, leaving buses that are done. Negative at the end.
static int step(struct dt_walk *walk)
{
    while (walk->depth > 0) {
        struct dt_bus *bus = &walk->stack[walk->depth - 1];
        bus->child = bus->child < 0 ? fdt_first_subnode(walk->fdt, bus->node)
                                    : fdt_next_subnode(walk->fdt, bus->child);
        if (bus->child >= 0)
            return bus->child;
        walk->depth--;
    }
    return -1;
}

bool dt_walk_next(struct dt_walk *walk, struct dt_device *device, enum dt_rule *rule)
{
    const void *fdt = walk->fdt;
    for (int node = step(walk); node >= 0; node = step(walk)) {
        if (!is_enabled(fdt, node) || !has(fdt, node, "compatible"))
            continue;
        *device = (struct dt_device){.node = node, .name = fdt_get_name(fdt, node, nullptr)};
        if (fdt_node_check_compatible(fdt, node, "simple-bus") == 0) {
            *rule = push_bus(walk, node);
            if (*rule)
                return true;
        } else if (has(fdt, node, "reg") && !is_kernels(fdt, node)) {
            *rule = read_device(walk, device);
            return true;
        }
    }
    return false;
}

bool dt_is_compatible(const struct dt_device *device, const char *name)
{
    return fdt_stringlist_contains(device->compatible, (int)device->compatible_bytes, name) != 0;
}
