// SPDX-License-Identifier: MIT
#include "boot/tree.h"

#include <libfdt.h>
#include <string.h>

#define TREE_SIZE_MAX (2u << 20)

const char *tree_check(const void *tree)
{
    if (fdt_magic(tree) != FDT_MAGIC)
        return "the device tree does not begin with the magic number 0xd00dfeed";
    if (fdt_totalsize(tree) > TREE_SIZE_MAX)
        return "the device tree is larger than 2 MiB";
    if (fdt_check_header(tree) != 0)
        return "the header of the device tree is inconsistent";
    if (fdt_off_mem_rsvmap(tree) % 8 != 0 || fdt_off_dt_struct(tree) % 4 != 0)
        return "a block of the device tree is not aligned";
    if (fdt_check_full(tree, fdt_totalsize(tree)) != 0)
        return "the structure block of the device tree is damaged";
    if (fdt_path_offset(tree, "/cpus") < 0)
        return "the device tree has no node /cpus";
    return nullptr;
}

uint64_t tree_u32(const void *tree, int node, const char *name, uint64_t fallback)
{
    int length;
    const fdt32_t *value = fdt_getprop(tree, node, name, &length);
    return value && length == 4 ? fdt32_to_cpu(*value) : fallback;
}

static uint64_t cells(const fdt32_t *value, unsigned count)
{
    uint64_t result = 0;
    for (unsigned i = 0; i < count; i++)
        result = result << 32 | fdt32_to_cpu(value[i]);
    return result;
}

bool tree_reg(const void *tree, int node, unsigned i, uint64_t *start, uint64_t *size)
{
    int parent = fdt_parent_offset(tree, node);
    int address_cells = parent < 0 ? -1 : fdt_address_cells(tree, parent);
    int size_cells = parent < 0 ? -1 : fdt_size_cells(tree, parent);
    if (address_cells < 1 || address_cells > 2 || size_cells < 0 || size_cells > 2)
        return false;
    int length;
    const fdt32_t *reg = fdt_getprop(tree, node, "reg", &length);
    unsigned stride = (unsigned)(address_cells + size_cells);
    if (!reg || (unsigned)length / 4 < stride * (i + 1))
        return false;
    *start = cells(reg + stride * i, (unsigned)address_cells);
    *size = cells(reg + stride * i + address_cells, (unsigned)size_cells);
    return *start + *size >= *start;
}

static bool enabled(const void *tree, int node)
{
    const char *status = fdt_getprop(tree, node, "status", nullptr);
    return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

/* "sstc" as an entry of riscv,isa-extensions, or as a word of riscv,isa. */
static bool extension(const void *tree, int node, const char *name)
{
    if (fdt_stringlist_search(tree, node, "riscv,isa-extensions", name) >= 0)
        return true;
    const char *isa = fdt_getprop(tree, node, "riscv,isa", nullptr);
    size_t length = strlen(name);
    for (const char *p = isa ? strchr(isa, '_') : nullptr; p; p = strchr(p + 1, '_'))
        if (strncmp(p + 1, name, length) == 0 && (p[1 + length] == '_' || p[1 + length] == 0))
            return true;
    return false;
}

static bool is_cpu(const void *tree, int node)
{
    const char *type = fdt_getprop(tree, node, "device_type", nullptr);
    return type && strcmp(type, "cpu") == 0;
}

static bool cpu_id(const void *tree, int node, uint64_t *id)
{
    uint64_t size;
    return is_cpu(tree, node) && tree_reg(tree, node, 0, id, &size);
}

unsigned tree_harts(const void *tree, struct tree_hart *harts, unsigned max)
{
    int cpus = fdt_path_offset(tree, "/cpus"), node;
    unsigned count = 0;
    fdt_for_each_subnode(node, tree, cpus)
    {
        uint64_t id;
        const char *mmu = fdt_getprop(tree, node, "mmu-type", nullptr);
        bool usable = enabled(tree, node) && mmu && strcmp(mmu, "riscv,none") != 0;
        if (count < max && usable && cpu_id(tree, node, &id) && id < TREE_HARTS)
            harts[count++] = (struct tree_hart){id, extension(tree, node, "sstc")};
    }
    return count;
}

uint32_t tree_hart_intc(const void *tree, uint64_t hart_id)
{
    int cpus = fdt_path_offset(tree, "/cpus"), node;
    fdt_for_each_subnode(node, tree, cpus)
    {
        uint64_t id;
        if (!cpu_id(tree, node, &id) || id != hart_id)
            continue;
        int intc = fdt_subnode_offset(tree, node, "interrupt-controller");
        return intc < 0 ? 0 : fdt_get_phandle(tree, intc);
    }
    return 0;
}

uint64_t tree_timebase(const void *tree)
{
    int cpus = fdt_path_offset(tree, "/cpus"), node;
    uint64_t frequency = tree_u32(tree, cpus, "timebase-frequency", 0);
    fdt_for_each_subnode(node, tree, cpus)
    {
        if (frequency == 0)
            frequency = tree_u32(tree, node, "timebase-frequency", 0);
    }
    return frequency ? frequency : 10000000;
}

static unsigned add_reg(const void *tree, int node, struct tree_range *ranges, unsigned count,
                        unsigned max)
{
    uint64_t start, size;
    for (unsigned i = 0; count < max && tree_reg(tree, node, i, &start, &size); i++)
        if (size > 0)
            ranges[count++] = (struct tree_range){start, start + size};
    return count;
}

unsigned tree_memory(const void *tree, struct tree_range *ranges, unsigned max)
{
    unsigned count = 0;
    int node;
    fdt_for_each_subnode(node, tree, 0)
    {
        const char *type = fdt_getprop(tree, node, "device_type", nullptr);
        if (type && strcmp(type, "memory") == 0 && enabled(tree, node))
            count = add_reg(tree, node, ranges, count, max);
    }
    return count;
}

unsigned tree_reserved(const void *tree, struct tree_range *ranges, unsigned max)
{
    unsigned count = 0;
    int entries = fdt_num_mem_rsv(tree);
    for (int i = 0; i < entries && count < max; i++) {
        uint64_t start, size;
        if (fdt_get_mem_rsv(tree, i, &start, &size) == 0 && size > 0)
            ranges[count++] = (struct tree_range){start, start + size};
    }
    int parent = fdt_path_offset(tree, "/reserved-memory"), node;
    if (parent >= 0) {
        fdt_for_each_subnode(node, tree, parent)
        {
            if (enabled(tree, node))
                count = add_reg(tree, node, ranges, count, max);
        }
    }
    return count;
}

static bool address_property(const void *tree, int node, const char *name, uint64_t *value)
{
    int length;
    const fdt32_t *property = fdt_getprop(tree, node, name, &length);
    if (!property || (length != 4 && length != 8))
        return false;
    *value = cells(property, (unsigned)length / 4);
    return true;
}

bool tree_package(const void *tree, struct tree_range *range)
{
    int chosen = fdt_path_offset(tree, "/chosen");
    return chosen >= 0 && address_property(tree, chosen, "linux,initrd-start", &range->start) &&
           address_property(tree, chosen, "linux,initrd-end", &range->end) &&
           range->end > range->start;
}

const char *tree_command_line(const void *tree)
{
    int chosen = fdt_path_offset(tree, "/chosen"), length = 0;
    const char *line = chosen < 0 ? nullptr : fdt_getprop(tree, chosen, "bootargs", &length);
    return line && length > 0 && line[length - 1] == 0 ? line : "";
}
