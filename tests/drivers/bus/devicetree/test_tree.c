// SPDX-License-Identifier: MIT
//
// The device tree bus's pure half: the tree that QEMU 10's virt machine makes, and one small tree
// for each rule that a damaged one can break.
#include "ash_test.h"

#include <drivers/devicetree.h>
#include <libfdt.h>
#include <tree.h>

// clang 19 takes the bytes of #embed for signed integers.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wsign-conversion"
static const alignas(8) uint8_t virt[] = {
#embed "virt.dtb"
};
#pragma clang diagnostic pop

static alignas(8) uint8_t blob[8192];

struct outcome {
    unsigned devices, broken;
    enum dt_rule rule; // of the last broken node
    struct dt_device last;
};

static struct outcome walk_all(const void *fdt, const char *wanted, struct dt_device *found)
{
    struct outcome outcome = {};
    struct dt_walk walk;
    struct dt_device device;
    enum dt_rule rule = dt_walk_begin(&walk, fdt);
    if (rule)
        return (struct outcome){.broken = 1, .rule = rule};
    while (dt_walk_next(&walk, &device, &rule)) {
        outcome.devices += !rule;
        outcome.broken += rule != DT_OK;
        outcome.rule = rule ? rule : outcome.rule;
        outcome.last = device;
        if (wanted && !rule && dt_is_compatible(&device, wanted))
            *found = device;
    }
    return outcome;
}

static enum dt_rule read_host(const void *fdt, struct dt_host *host)
{
    struct dt_walk walk;
    struct dt_device device;
    enum dt_rule rule = dt_walk_begin(&walk, fdt);
    while (!rule && dt_walk_next(&walk, &device, &rule))
        if (!rule && dt_is_compatible(&device, "pci-host-ecam-generic"))
            return dt_read_host(&walk, &device, host);
    return rule;
}

static void cells(const char *name, const uint32_t *values, size_t count)
{
    uint32_t big[64];
    for (size_t i = 0; i < count; i++)
        big[i] = cpu_to_fdt32(values[i]);
    fdt_property(blob, name, big, (int)(count * 4));
}
#define CELLS(name, ...)                                                                           \
    cells(name, (uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4)

static void begin_tree(void)
{
    fdt_create(blob, sizeof blob);
    fdt_finish_reservemap(blob);
    fdt_begin_node(blob, "");
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 2);
}

static void add_plic(void)
{
    fdt_begin_node(blob, "plic");
    CELLS("phandle", 1);
    CELLS("#interrupt-cells", 1);
    fdt_property(blob, "interrupt-controller", "", 0);
    fdt_end_node(blob);
}

static void begin_bus(const char *name, uint32_t address_cells, uint32_t size_cells)
{
    fdt_begin_node(blob, name);
    fdt_property_string(blob, "compatible", "simple-bus");
    CELLS("#address-cells", address_cells);
    CELLS("#size-cells", size_cells);
}

static void begin_device(const char *name)
{
    fdt_begin_node(blob, name);
    fdt_property_string(blob, "compatible", "acme,widget");
}

static void finish_tree(int open_nodes)
{
    for (int i = 0; i < open_nodes; i++)
        fdt_end_node(blob);
    fdt_finish(blob);
}

static enum dt_rule open_blob(void)
{
    const char *why = nullptr;
    return dt_open(blob, sizeof blob, &why);
}

TEST(virt_lists_its_devices)
{
    const char *why = nullptr;
    CHECK_EQ(dt_open(virt, sizeof virt, &why), DT_OK);
    struct outcome outcome = walk_all(virt, nullptr, nullptr);
    CHECK_EQ(outcome.broken, 0u);
    CHECK_EQ(outcome.devices, 12u); // flash, rtc, uart, eight virtio_mmio, pci
}

TEST(virt_uart)
{
    struct dt_device uart = {};
    walk_all(virt, "ns16550a", &uart);
    CHECK_STR(uart.unit, "10000000");
    CHECK_STR(uart.name, "serial@10000000");
    CHECK_EQ(uart.memory_count, 1u);
    CHECK_EQ(uart.memory[0].base, 0x10000000u);
    CHECK_EQ(uart.memory[0].size, 0x100u);
    CHECK_EQ(uart.interrupt_count, 1u);
    CHECK_EQ(uart.interrupts[0].source, 10u);
    CHECK(!uart.interrupts[0].edge);
}

TEST(virt_flash_has_two_ranges)
{
    struct dt_device flash = {};
    walk_all(virt, "cfi-flash", &flash);
    CHECK_EQ(flash.memory_count, 2u);
    CHECK_EQ(flash.memory[1].base, 0x22000000u);
    CHECK_EQ(flash.interrupt_count, 0u);
}

TEST(virt_host_bridge)
{
    struct dt_host host;
    CHECK_EQ(read_host(virt, &host), DT_OK);
    CHECK_EQ(host.bus_first, 0u);
    CHECK_EQ(host.bus_count, 256u);
    CHECK_EQ(host.window_count, 3u);
    CHECK_EQ(host.windows[0].space, DT_SPACE_IO);
    CHECK_EQ(host.windows[0].bus_base, 0u);
    CHECK_EQ(host.windows[0].cpu_base, 0x3000000u);
    CHECK_EQ(host.windows[0].size, 0x10000u);
    CHECK_EQ(host.windows[1].space, DT_SPACE_MEMORY32);
    CHECK_EQ(host.windows[1].cpu_base, 0x40000000u);
    CHECK_EQ(host.windows[2].space, DT_SPACE_MEMORY64);
    CHECK_EQ(host.windows[2].bus_base, 0x400000000u);
    CHECK_EQ(host.windows[2].size, 0x400000000u);
    CHECK_EQ(host.unit_mask, 0x1800u);
    CHECK_EQ(host.pin_mask, 7u);
    CHECK_EQ(host.route_count, 16u);
    CHECK_EQ(host.routes[5].unit, 0x800u); // device 1, INTB
    CHECK_EQ(host.routes[5].pin, 2u);
    CHECK_EQ(host.routes[5].interrupt.source, 34u);
}

TEST(a_header_that_lies_about_its_size)
{
    const char *why = nullptr;
    CHECK_EQ(dt_open(virt, sizeof virt - 1, &why), DT_TREE_TOO_LARGE);
    CHECK_EQ(dt_open(virt, 8, &why), DT_TREE_TOO_LARGE);
    CHECK_EQ(dt_open(virt, DT_MAX_TREE_BYTES + 1, &why), DT_TREE_TOO_LARGE);
}

TEST(damaged_structure_names_libfdts_error)
{
    const char *why = nullptr;
    memset(blob, 0, sizeof blob);
    CHECK_EQ(dt_open(blob, sizeof blob, &why), DT_TREE_DAMAGED);
    CHECK_STR(why, "FDT_ERR_BADMAGIC");
    memcpy(blob, virt, sizeof virt);
    fdt_set_off_dt_struct(blob, 0xfffffff0);
    CHECK_EQ(dt_open(blob, sizeof blob, &why), DT_TREE_DAMAGED);
}

TEST(a_misaligned_block)
{
    const char *why = nullptr;
    memcpy(blob, virt, sizeof virt);
    fdt_set_off_dt_struct(blob, fdt_off_dt_struct(blob) + 1);
    CHECK_EQ(dt_open(blob, sizeof blob, &why), DT_TREE_MISALIGNED);
}

TEST(translation_through_two_buses)
{
    begin_tree();
    begin_bus("outer", 1, 1);
    CELLS("ranges", 0x0, 0x1, 0x40000000, 0x10000);
    begin_bus("inner", 1, 1);
    CELLS("ranges", 0x100, 0x8000, 0x1000);
    begin_device("widget@110");
    CELLS("reg", 0x110, 0x10);
    finish_tree(4);
    CHECK_EQ(open_blob(), DT_OK);
    struct outcome outcome = walk_all(blob, nullptr, nullptr);
    CHECK_EQ(outcome.devices, 1u);
    CHECK_EQ(outcome.last.memory[0].base, 0x140008010u);
    CHECK_EQ(outcome.last.memory[0].size, 0x10u);
}

TEST(disabled_and_kernel_nodes_are_skipped)
{
    begin_tree();
    begin_device("off@1000");
    CELLS("reg", 0, 0x1000, 0, 0x10);
    fdt_property_string(blob, "status", "disabled");
    fdt_end_node(blob);
    fdt_begin_node(blob, "clint@2000000");
    fdt_property_string(blob, "compatible", "riscv,clint0");
    CELLS("reg", 0, 0x2000000, 0, 0x10000);
    fdt_end_node(blob);
    fdt_begin_node(blob, "memory@80000000");
    fdt_property_string(blob, "device_type", "memory");
    fdt_property_string(blob, "compatible", "ram");
    CELLS("reg", 0, 0x80000000, 0, 0x1000);
    finish_tree(2);
    CHECK_EQ(open_blob(), DT_OK);
    struct outcome outcome = walk_all(blob, nullptr, nullptr);
    CHECK_EQ(outcome.devices, 0u);
    CHECK_EQ(outcome.broken, 0u);
}

// A device on the root whose reg has these cells.
static enum dt_rule reg_rule(const uint32_t *reg, size_t count)
{
    begin_tree();
    begin_device("widget@0");
    cells("reg", reg, count);
    finish_tree(2);
    return open_blob() ? open_blob() : walk_all(blob, nullptr, nullptr).rule;
}

TEST(reg_rules)
{
    CHECK_EQ(reg_rule((uint32_t[]){0, 1, 0}, 3), DT_REG_LENGTH);
    CHECK_EQ(reg_rule(nullptr, 0), DT_REG_LENGTH);
    CHECK_EQ(reg_rule((uint32_t[]){0, 1, 0, 0}, 4), DT_REG_OVERFLOW);
    CHECK_EQ(reg_rule((uint32_t[]){0xffffffff, 0xfffffff0, 0, 0x20}, 4), DT_REG_OVERFLOW);
    uint32_t many[36];
    for (uint32_t i = 0; i < 36; i++)
        many[i] = i % 4 == 3;
    CHECK_EQ(reg_rule(many, 36), DT_REG_COUNT);
    CHECK_EQ(reg_rule(many, 32), DT_OK);
}

TEST(ranges_rules)
{
    begin_tree();
    begin_bus("bus", 1, 1);
    CELLS("ranges", 0, 0, 0x1000);
    begin_device("widget@0");
    CELLS("reg", 0, 0x10);
    finish_tree(3);
    CHECK_EQ(walk_all(blob, nullptr, nullptr).rule, DT_RANGES_LENGTH);

    begin_tree();
    begin_bus("bus", 1, 1);
    CELLS("ranges", 0x1000, 0, 0x1000, 0x1000);
    begin_device("widget@1ff8");
    CELLS("reg", 0x1ff8, 0x10); // its last 8 bytes lie outside
    finish_tree(3);
    CHECK_EQ(walk_all(blob, nullptr, nullptr).rule, DT_NOT_IN_RANGES);

    begin_tree();
    begin_bus("bus", 1, 1); // no ranges at all: not reachable
    begin_device("widget@0");
    CELLS("reg", 0, 0x10);
    finish_tree(3);
    CHECK_EQ(walk_all(blob, nullptr, nullptr).rule, DT_NOT_IN_RANGES);
}

TEST(buses_nested_too_deep)
{
    begin_tree();
    for (int i = 0; i < 9; i++) {
        begin_bus("bus", 2, 2);
        fdt_property(blob, "ranges", "", 0);
    }
    finish_tree(10);
    CHECK_EQ(open_blob(), DT_OK);
    CHECK_EQ(walk_all(blob, nullptr, nullptr).rule, DT_BUS_TOO_DEEP);
}

TEST(cells_out_of_bounds)
{
    begin_tree();
    begin_bus("bus", 3, 1);
    finish_tree(2);
    CHECK_EQ(walk_all(blob, nullptr, nullptr).rule, DT_BAD_CELLS);
}

TEST(a_damaged_node_does_not_hide_the_next)
{
    begin_tree();
    begin_device("bad@0");
    CELLS("reg", 1);
    fdt_end_node(blob);
    begin_device("good@1000");
    CELLS("reg", 0, 0x1000, 0, 0x10);
    finish_tree(2);
    struct outcome outcome = walk_all(blob, nullptr, nullptr);
    CHECK_EQ(outcome.broken, 1u);
    CHECK_EQ(outcome.devices, 1u);
}

static enum dt_rule interrupt_rule(const char *property, const uint32_t *value, size_t count,
                                   uint32_t parent)
{
    begin_tree();
    add_plic();
    begin_device("widget@0");
    CELLS("reg", 0, 0, 0, 0x10);
    CELLS("interrupt-parent", parent);
    cells(property, value, count);
    finish_tree(2);
    return walk_all(blob, nullptr, nullptr).rule;
}

TEST(interrupt_rules)
{
    uint32_t many[17] = {};
    CHECK_EQ(interrupt_rule("interrupts", many, 2, 1), DT_OK);
    CHECK_EQ(interrupt_rule("interrupts", many, 17, 1), DT_INTERRUPTS_COUNT);
    CHECK_EQ(interrupt_rule("interrupts", many, 1, 99), DT_NO_INTERRUPT_PARENT);
    CHECK_EQ(interrupt_rule("interrupts-extended", (uint32_t[]){1, 7, 1}, 3, 1),
             DT_INTERRUPTS_LENGTH);
    CHECK_EQ(interrupt_rule("interrupts-extended", (uint32_t[]){1, 7}, 2, 1), DT_OK);
}

TEST(interrupt_parent_must_be_a_controller)
{
    begin_tree();
    begin_device("widget@0");
    CELLS("phandle", 5);
    CELLS("reg", 0, 0, 0, 0x10);
    CELLS("interrupt-parent", 5);
    CELLS("interrupts", 3);
    finish_tree(2);
    CHECK_EQ(walk_all(blob, nullptr, nullptr).rule, DT_NOT_A_CONTROLLER);
}

TEST(compatible_must_end)
{
    begin_tree();
    fdt_begin_node(blob, "widget@0");
    fdt_property(blob, "compatible", "abc", 3);
    CELLS("reg", 0, 0, 0, 0x10);
    finish_tree(2);
    CHECK_EQ(walk_all(blob, nullptr, nullptr).rule, DT_COMPATIBLE_UNTERMINATED);
}

static void begin_host(void)
{
    begin_tree();
    add_plic();
    fdt_begin_node(blob, "pci@30000000");
    fdt_property_string(blob, "compatible", "pci-host-ecam-generic");
    fdt_property_string(blob, "device_type", "pci");
    CELLS("reg", 0, 0x30000000, 0, 0x1000000);
    CELLS("#address-cells", 3);
    CELLS("#size-cells", 2);
}

TEST(host_bridge_rules)
{
    struct dt_host host;
    begin_host();
    finish_tree(2);
    CHECK_EQ(read_host(blob, &host), DT_RANGES_LENGTH);

    begin_host();
    CELLS("ranges", 0, 0, 0, 0, 0x1000, 0, 0x1000); // configuration space
    finish_tree(2);
    CHECK_EQ(read_host(blob, &host), DT_WINDOW_SPACE);

    begin_host();
    CELLS("ranges", 0x2000000, 0, 0xfffff000, 0, 0x1000, 0, 0x2000); // passes 4 GiB
    finish_tree(2);
    CHECK_EQ(read_host(blob, &host), DT_WINDOW_SPACE);

    begin_host();
    CELLS("ranges", 0x2000000, 0, 0, 0, 0x1000, 0, 0x2000);
    CELLS("bus-range", 4, 3);
    finish_tree(2);
    CHECK_EQ(read_host(blob, &host), DT_BUS_RANGE);
}

TEST(interrupt_map_rules)
{
    struct dt_host host;
    begin_host();
    CELLS("ranges", 0x2000000, 0, 0, 0, 0x1000, 0, 0x2000);
    CELLS("interrupt-map", 0, 0, 0, 1, 1);
    finish_tree(2);
    CHECK_EQ(read_host(blob, &host), DT_INTERRUPT_MAP_LENGTH);

    begin_host();
    CELLS("ranges", 0x2000000, 0, 0, 0, 0x1000, 0, 0x2000);
    CELLS("interrupt-map", 0, 0, 0, 5, 1, 32);
    finish_tree(2);
    CHECK_EQ(read_host(blob, &host), DT_INTERRUPT_MAP_PIN);

    begin_host();
    CELLS("ranges", 0x2000000, 0, 0, 0, 0x1000, 0, 0x2000);
    CELLS("interrupt-map", 0, 0, 0, 1, 2, 32);
    finish_tree(2);
    CHECK_EQ(read_host(blob, &host), DT_NO_INTERRUPT_PARENT);
}

TEST(property_block_in_pieces)
{
    struct dt_device rtc = {};
    walk_all(virt, "google,goldfish-rtc", &rtc);
    static uint8_t whole[512], pieces[512];
    size_t total, copied = dt_read_properties(virt, rtc.node, 0, whole, sizeof whole, &total);
    CHECK_EQ(copied, total);
    uint32_t first[3];
    memcpy(first, whole, sizeof first);
    CHECK_EQ(first[0], total);
    CHECK_STR((char *)whole + 12, "interrupts");
    CHECK_EQ(first[1], strlen("interrupts") + 1);
    CHECK_EQ(first[2], 4u);
    for (size_t at = 0; at < total; at += 7) {
        size_t rest;
        size_t wanted = total - at < 7 ? total - at : 7;
        CHECK_EQ(dt_read_properties(virt, rtc.node, at, pieces + at, 7, &rest), wanted);
    }
    CHECK_MEM(whole, pieces, total);
    CHECK_EQ(dt_read_properties(virt, rtc.node, total, pieces, 7, &total), 0u);
}

TEST(every_byte_of_the_tree_changed)
{
    static alignas(8) uint8_t copy[sizeof virt];
    const char *why = nullptr;
    for (size_t i = 0; i < sizeof virt; i++) {
        memcpy(copy, virt, sizeof virt);
        copy[i] ^= 0xff;
        if (dt_open(copy, sizeof copy, &why))
            continue;
        struct dt_host host;
        walk_all(copy, nullptr, nullptr);
        (void)read_host(copy, &host);
    }
}
