// SPDX-License-Identifier: MIT
//
// The PCI bus's pure half against a simulated configuration space laid out like QEMU's virt
// machine.
#include "ash_test.h"
#include "simulated.h"

static struct sim sim;
static struct pci_function functions[SIM_FUNCTIONS];
static struct pci_fabric fabric;

static void reset(void)
{
    memset(&sim, 0, sizeof sim);
    fabric = (struct pci_fabric){
        .access = {&sim, sim_read, sim_write},
        .bus_count = 256,
        .window_count = 3,
        .windows = {{.space = PCI_IO, .base = 0, .size = 0x10000},
                    {.space = PCI_MEMORY32, .base = 0x40000000, .size = 0x40000000},
                    {.space = PCI_MEMORY64, .base = 0x400000000, .size = 0x400000000}},
        .unit_mask = 0x1800,
        .pin_mask = 7,
        .route_count = 16,
        .functions = functions,
        .capacity = SIM_FUNCTIONS,
    };
    for (unsigned i = 0; i < 16; i++)
        fabric.routes[i] = (struct pci_route){
            .unit = i / 4 << 11, .pin = (uint8_t)(i % 4 + 1), .source = 32 + (i / 4 + i % 4) % 4};
}

// A virtio-blk function as QEMU shows it: BAR1 MSI-X, BAR4 64-bit prefetchable, INTA.
static struct sim_function *add_disk(int bridge, uint8_t devfn)
{
    struct sim_function *disk = sim_add(&sim, bridge, devfn, 0x1af4, 0x1042, 0);
    sim_set(disk, REG_REVISION, 4, 0x01000001);
    sim_set(disk, REG_SUBSYSTEM_VENDOR, 2, 0x1af4);
    sim_set(disk, REG_SUBSYSTEM, 2, 0x1100);
    sim_set(disk, REG_INTERRUPT_PIN, 1, 1);
    sim_set(disk, REG_STATUS, 2, STATUS_CAPABILITIES);
    sim_set(disk, REG_CAPABILITIES, 1, 0x98);
    sim_set(disk, 0x98, 4, 0x00048411);              // MSI-X of five entries, next 0x84
    sim_set(disk, 0x9c, 4, 1);                       // its table begins BAR 1
    sim_set(disk, 0x84, 4, 0x00144009 | 0x05000000); // vendor, next 0x40
    sim_set(disk, 0x40, 2, 0x0001);                  // power, the last
    sim_allow(disk, 0x40, 8, UINT64_MAX);
    sim_allow(disk, 0x48, 8, UINT64_MAX);
    sim_allow(disk, 0x86, 8, UINT64_MAX);
    sim_allow(disk, 0x9a, 2, 0xc000);
    sim_bar32(disk, 1, 0x1000, 0);
    sim_bar64(disk, 4, 0x4000, BAR_PREFETCHABLE);
    return disk;
}

static enum pci_rule run(void)
{
    enum pci_rule rule = pci_scan(&fabric);
    pci_assign(&fabric);
    return rule;
}

static bool overlap(const struct pci_region *a, const struct pci_region *b)
{
    bool same = (a->space == PCI_IO) == (b->space == PCI_IO);
    return same && a->address < b->address + b->size && b->address < a->address + a->size;
}

static void check_no_overlap(void)
{
    for (unsigned i = 0; i < fabric.count; i++)
        for (unsigned j = 0; j < fabric.count; j++)
            for (unsigned k = 0; k < PCI_BARS * PCI_BARS; k++) {
                const struct pci_region *a = &functions[i].bars[k % PCI_BARS];
                const struct pci_region *b = &functions[j].bars[k / PCI_BARS];
                if (a == b || !a->assigned || !b->assigned)
                    continue;
                CHECK(!overlap(a, b));
                CHECK(a->address % a->size == 0);
                CHECK(a->address % PCI_PAGE == 0);
            }
}

TEST(one_disk)
{
    reset();
    const struct sim_function *disk = add_disk(-1, 1 << 3);
    CHECK_EQ(run(), PCI_OK);
    CHECK_EQ(fabric.count, 1u);
    CHECK_EQ(functions[0].bdf, 1u << 3);
    CHECK_EQ(functions[0].device, 0x1042u);
    CHECK_EQ(functions[0].class_code, 0x010000u);
    CHECK_EQ(functions[0].revision, 1u);
    CHECK_EQ(functions[0].subsystem, 0x1100u);
    CHECK_EQ(functions[0].rule, PCI_OK);
    CHECK_EQ(functions[0].bars[1].size, 0x1000u);
    CHECK_EQ(functions[0].bars[4].size, 0x4000u);
    CHECK_EQ(functions[0].bars[4].address, 0x40000000u);
    CHECK_EQ(functions[0].bars[1].address, 0x40004000u);
    CHECK_EQ(sim_get(disk, REG_BAR0 + 16, 4), 0x4000000cu);
    CHECK_EQ(functions[0].source, 33u); // device 1, INTA
}

TEST(off_until_started)
{
    reset();
    const struct sim_function *disk = add_disk(-1, 1 << 3);
    sim_set(&sim.functions[0], REG_COMMAND, 2, 7); // the firmware left it on
    run();
    CHECK_EQ(sim_get(disk, REG_COMMAND, 2), COMMAND_INTX_DISABLE);
    CHECK(pci_enable(&fabric, &functions[0]));
    CHECK_EQ(sim_get(disk, REG_COMMAND, 2), COMMAND_MEMORY | COMMAND_MASTER);
    pci_disable(&fabric, &functions[0]);
    CHECK_EQ(sim_get(disk, REG_COMMAND, 2), COMMAND_INTX_DISABLE);
}

TEST(functions_of_one_device)
{
    reset();
    add_disk(-1, 2 << 3)->bytes[REG_HEADER_TYPE] = HEADER_MULTIFUNCTION;
    add_disk(-1, 2 << 3 | 5);
    add_disk(-1, 3 << 3);
    add_disk(-1, 3 << 3 | 1); // not found: function 0 does not claim more
    run();
    CHECK_EQ(fabric.count, 3u);
    check_no_overlap();
}

TEST(bridges_within_bridges)
{
    reset();
    int port = sim_add_port(&sim, -1, 4 << 3);
    int inner = sim_add_port(&sim, port, 0);
    add_disk(inner, 0);
    add_disk(-1, 5 << 3);
    CHECK_EQ(run(), PCI_OK);
    CHECK_EQ(fabric.count, 4u);
    CHECK_EQ(functions[0].secondary, 1u);
    CHECK_EQ(functions[0].subordinate, 2u);
    CHECK_EQ(functions[1].secondary, 2u);
    CHECK_EQ(functions[2].bdf, 2u << 8);
    CHECK_EQ(sim_get(&sim.functions[port], REG_SUBORDINATE_BUS, 1), 2u);
    const struct pci_region *outer = &functions[0].apertures[PCI_MEMORY32];
    const struct pci_region *bar = &functions[2].bars[4];
    CHECK(bar->assigned);
    CHECK(bar->address >= outer->address &&
          bar->address + bar->size <= outer->address + outer->size);
    CHECK_EQ(outer->size, 0x100000u);
    uint32_t window = sim_get(&sim.functions[port], REG_MEMORY_BASE, 4);
    CHECK_EQ((uint64_t)(window & 0xfff0) << 16, outer->address);
    CHECK_EQ((window & 0xfff00000) | 0xfffff, outer->address + outer->size - 1);
    CHECK_EQ(sim_get(&sim.functions[port], REG_IO_BASE, 2), 0x00f0u); // closed
    CHECK_EQ(sim_get(&sim.functions[port], REG_PREFETCH_BASE, 4), 0x0001fff1u);
    check_no_overlap();
}

TEST(pins_turn_at_each_bridge)
{
    reset();
    int port = sim_add_port(&sim, -1, 2 << 3);
    add_disk(port, 0)->bytes[REG_INTERRUPT_PIN] = 2;
    run();
    // INTB of device 0 stays INTB on the port, which is device 2 of the root: (2 + 1) % 4 = 3.
    CHECK_EQ(functions[1].source, 35u);
}

TEST(large_registers_go_above_4_gib)
{
    reset();
    struct sim_function *card = sim_add(&sim, -1, 1 << 3, 0x1234, 1, 0);
    sim_bar64(card, 0, 1ull << 32, BAR_PREFETCHABLE);
    sim_bar64(card, 2, 1ull << 31, 0); // does not fit below, may fall back on the root bus
    sim_bar32(card, 4, 1u << 20, 0);
    run();
    CHECK_EQ(functions[0].rule, PCI_OK);
    CHECK_EQ(functions[0].bars[0].address, 0x400000000u);
    CHECK_EQ(functions[0].bars[2].address, 0x500000000u);
    CHECK_EQ(functions[0].bars[4].address, 0x40000000u);
    check_no_overlap();
}

TEST(a_large_register_behind_a_bridge)
{
    reset();
    int port = sim_add_port(&sim, -1, 1 << 3);
    struct sim_function *card = sim_add(&sim, port, 0, 0x1234, 1, 0);
    sim_bar64(card, 0, 1ull << 30, BAR_PREFETCHABLE);
    sim_bar32(card, 2, 256, BAR_IO);
    run();
    CHECK_EQ(functions[1].bars[0].address, 0x400000000u);
    CHECK_EQ(sim_get(&sim.functions[port], REG_PREFETCH_BASE, 4), 0x3ff10001u);
    CHECK_EQ(sim_get(&sim.functions[port], REG_PREFETCH_BASE_HIGH, 4), 4u);
    CHECK_EQ(functions[1].bars[2].address, 0x1000u);
    CHECK_EQ(sim_get(&sim.functions[port], REG_IO_BASE, 2), 0x1010u);
}

TEST(small_registers_do_not_share_a_page)
{
    reset();
    for (uint8_t i = 1; i < 6; i++)
        sim_bar32(sim_add(&sim, -1, (uint8_t)(i << 3), 0x1234, i, 0), 0, 64, 0);
    run();
    for (unsigned i = 1; i < 5; i++)
        CHECK_EQ(functions[i].bars[0].address - functions[i - 1].bars[0].address, PCI_PAGE);
}

TEST(no_room)
{
    reset();
    fabric.windows[1].size = 0x3000;
    fabric.window_count = 2;
    sim_bar32(sim_add(&sim, -1, 1 << 3, 0x1234, 1, 0), 0, 0x2000, 0);
    sim_bar32(sim_add(&sim, -1, 2 << 3, 0x1234, 2, 0), 0, 0x2000, 0);
    sim_bar32(sim_add(&sim, -1, 3 << 3, 0x1234, 3, 0), 0, 0x1000, 0);
    run();
    CHECK_EQ(functions[0].rule, PCI_OK);
    CHECK_EQ(functions[1].rule, PCI_NO_ROOM);
    CHECK_EQ(functions[2].rule, PCI_OK);
    CHECK(!pci_enable(&fabric, &functions[1]));
    CHECK(pci_enable(&fabric, &functions[2]));
}

TEST(hostile_registers)
{
    reset();
    struct sim_function *card = sim_add(&sim, -1, 1 << 3, 0x1234, 1, 0);
    sim_allow(card, REG_BAR0, 4, 0xf0f00000); // not a power of two
    struct sim_function *pair = sim_add(&sim, -1, 2 << 3, 0x1234, 2, 0);
    sim_set(pair, REG_BAR0 + 20, 4, BAR_TYPE_64);
    struct sim_function *type = sim_add(&sim, -1, 3 << 3, 0x1234, 3, 0);
    sim_set(type, REG_BAR0, 4, 6);
    sim_add(&sim, -1, 4 << 3, 0x1234, 4, 2);
    sim_add(&sim, -1, 5 << 3, 0x1234, 5, 0)->bytes[REG_INTERRUPT_PIN] = 9;
    run();
    CHECK_EQ(functions[0].rule, PCI_BAR_SIZE);
    CHECK_EQ(functions[1].rule, PCI_BAR_PAIR);
    CHECK_EQ(functions[2].rule, PCI_BAR_TYPE);
    CHECK_EQ(functions[3].rule, PCI_HEADER_TYPE);
    CHECK_EQ(functions[4].rule, PCI_PIN);
    CHECK(!functions[0].bars[0].assigned);
}

TEST(a_bridge_that_forgets_its_buses)
{
    reset();
    int port = sim_add_port(&sim, -1, 1 << 3);
    sim_allow(&sim.functions[port], REG_PRIMARY_BUS, 3, 0);
    add_disk(port, 0);
    CHECK_EQ(run(), PCI_OK);
    CHECK_EQ(fabric.count, 1u);
    CHECK_EQ(functions[0].rule, PCI_BRIDGE_BUSES);
}

TEST(bus_numbers_run_out)
{
    reset();
    fabric.bus_count = 2;
    int port = sim_add_port(&sim, -1, 1 << 3);
    sim_add_port(&sim, port, 0);
    sim_add_port(&sim, -1, 2 << 3);
    CHECK_EQ(run(), PCI_OUT_OF_BUSES);
    CHECK_EQ(fabric.count, 3u);
}

TEST(bridges_nested_too_deep)
{
    reset();
    int port = -1;
    for (unsigned i = 0; i < 9; i++)
        port = sim_add_port(&sim, port, 0);
    CHECK_EQ(run(), PCI_TOO_DEEP);
}

TEST(more_functions_than_room)
{
    reset();
    fabric.capacity = 1;
    add_disk(-1, 1 << 3);
    add_disk(-1, 2 << 3);
    CHECK_EQ(run(), PCI_TOO_MANY_FUNCTIONS);
    CHECK_EQ(fabric.count, 1u);
}

TEST(a_capability_list_that_loops)
{
    reset();
    struct sim_function *disk = add_disk(-1, 1 << 3);
    sim_set(disk, 0x40, 2, 0x9801);
    run();
    CHECK_EQ(pci_find_capability(&fabric, &functions[0], 0x55), 0u);
    CHECK_EQ(pci_find_capability(&fabric, &functions[0], CAPABILITY_VENDOR), 0x84u);
}

TEST(a_driver_reads_everything)
{
    reset();
    add_disk(-1, 1 << 3);
    run();
    uint8_t bytes[7];
    CHECK_EQ(pci_read_bytes(&fabric, &functions[0], 0, bytes, 7), 7u);
    CHECK_MEM(bytes, sim.functions[0].bytes, 7);
    CHECK_EQ(pci_read_bytes(&fabric, &functions[0], 4095, bytes, 1), 1u);
    CHECK_EQ(pci_read_bytes(&fabric, &functions[0], 4095, bytes, 2), 0u);
    CHECK_EQ(pci_read_bytes(&fabric, &functions[0], SIZE_MAX, bytes, 2), 0u);
}

static size_t write32(unsigned offset, uint32_t value)
{
    return pci_write_bytes(&fabric, &functions[0], offset, &value, 4);
}

TEST(a_driver_writes_only_its_own)
{
    reset();
    const struct sim_function *disk = add_disk(-1, 1 << 3);
    run();
    CHECK_EQ(write32(REG_BAR0 + 4, 0), 0u);
    CHECK_EQ(write32(REG_ROM, 1), 0u);
    CHECK_EQ(write32(0x98, UINT32_MAX), 0u); // MSI-X
    CHECK_EQ(write32(0x100, 0), 0u);
    CHECK_EQ(write32(0x84, 0), 0u);          // a capability's header
    CHECK_EQ(write32(0x88, 0x12345678), 4u); // a vendor capability's body
    CHECK_EQ(sim_get(disk, 0x88, 4), 0x12345678u);
    CHECK_EQ(pci_write_bytes(&fabric, &functions[0], 0x44, "\3\0", 2), 2u); // power state
}

TEST(the_command_register_is_shared)
{
    reset();
    const struct sim_function *disk = add_disk(-1, 1 << 3);
    run();
    CHECK_EQ(pci_write_bytes(&fabric, &functions[0], REG_COMMAND, "\x57\x01", 2), 2u);
    CHECK_EQ(sim_get(disk, REG_COMMAND, 2), 0x0150u); // no decoding, no mastering
    CHECK(pci_enable(&fabric, &functions[0]));
    CHECK_EQ(pci_write_bytes(&fabric, &functions[0], REG_COMMAND, "\0\0", 2), 2u);
    CHECK_EQ(sim_get(disk, REG_COMMAND, 2), COMMAND_MEMORY | COMMAND_MASTER);
}

TEST(msix_is_found_and_switched)
{
    reset();
    const struct sim_function *disk = add_disk(-1, 1 << 3);
    sim_set(&sim.functions[0], 0x9a, 2, 0x8004); // the firmware left it on
    run();
    const struct pci_message_capability *messages = &functions[0].messages;
    CHECK_EQ(messages->kind, PCI_MSIX);
    CHECK_EQ(messages->count, 5u);
    CHECK_EQ(messages->bar, 1u);
    CHECK_EQ(messages->table, 0u);
    CHECK_EQ(sim_get(disk, 0x9a, 2), 0x4004u); // off, all masked
    const struct pci_message list[6] = {{0xfffff000, 1}};
    CHECK(!pci_messages_on(&fabric, &functions[0], list, 0));
    CHECK(!pci_messages_on(&fabric, &functions[0], list, 6));
    CHECK_EQ(sim_get(disk, 0x9a, 2), 0x4004u);
    CHECK(pci_enable(&fabric, &functions[0]));
    CHECK(pci_messages_on(&fabric, &functions[0], list, 5));
    CHECK_EQ(sim_get(disk, 0x9a, 2), 0x8004u);
    CHECK(sim_get(disk, REG_COMMAND, 2) & COMMAND_INTX_DISABLE);
    pci_disable(&fabric, &functions[0]);
    CHECK_EQ(sim_get(disk, 0x9a, 2), 0x4004u);
}

TEST(an_msix_table_outside_of_the_registers_is_not_used)
{
    static const uint32_t tables[] = {0xfc1, 0x1001, 0, 2, 6, 7, 0xfffffff9};
    for (unsigned i = 0; i < sizeof tables / sizeof *tables; i++) {
        reset();
        sim_set(add_disk(-1, 1 << 3), 0x9c, 4, tables[i]);
        run();
        CHECK_EQ(functions[0].messages.kind, PCI_LINE);
        CHECK_EQ(functions[0].rule, PCI_MESSAGE_TABLE);
    }
}

// MSI with 2^3 messages; its registers hold what is written.
static struct sim_function *add_msi(uint32_t control)
{
    struct sim_function *function = sim_add(&sim, -1, 1 << 3, 0x1234, 0x11e8, 0);
    sim_set(function, REG_STATUS, 2, STATUS_CAPABILITIES);
    sim_set(function, REG_CAPABILITIES, 1, 0x40);
    sim_set(function, 0x40, 2, CAPABILITY_MSI);
    sim_set(function, 0x42, 2, control);
    sim_allow(function, 0x42, 2, 0x0071);
    sim_allow(function, 0x44, 8, UINT64_MAX);
    sim_allow(function, 0x4c, 4, UINT32_MAX);
    return function;
}

TEST(msi_is_programmed_in_configuration_space)
{
    reset();
    const struct sim_function *function = add_msi(MSI_WIDE | 3 << 1 | MSI_ENABLE);
    run();
    CHECK_EQ(functions[0].messages.kind, PCI_MSI);
    CHECK_EQ(functions[0].messages.count, 8u);
    CHECK_EQ(sim_get(function, 0x42, 2) & MSI_ENABLE, 0u);
    const struct pci_message list[4] = {{0x1fffff000, 4}, {0x1fffff000, 5}};
    CHECK(pci_messages_on(&fabric, &functions[0], list, 4));
    CHECK_EQ(sim_get(function, 0x44, 4), 0xfffff000u);
    CHECK_EQ(sim_get(function, 0x48, 4), 1u);
    CHECK_EQ(sim_get(function, 0x4c, 2), 4u);
    CHECK_EQ(sim_get(function, 0x42, 2), (uint32_t)(MSI_WIDE | 3 << 1 | 2 << 4 | MSI_ENABLE));
    pci_disable(&fabric, &functions[0]);
    CHECK_EQ(sim_get(function, 0x42, 2) & MSI_ENABLE, 0u);
}

TEST(msi_of_32_bits_cannot_reach_beyond_them)
{
    reset();
    const struct sim_function *function = add_msi(0);
    run();
    const struct pci_message far = {0x100000000, 4}, near = {0x28000000, 100};
    CHECK(!pci_messages_on(&fabric, &functions[0], &far, 1));
    CHECK(pci_messages_on(&fabric, &functions[0], &near, 1));
    CHECK_EQ(sim_get(function, 0x44, 4), 0x28000000u);
    CHECK_EQ(sim_get(function, 0x48, 2), 100u);
    CHECK_EQ(sim_get(function, 0x42, 2), (uint32_t)MSI_ENABLE);
}

TEST(msi_with_a_reserved_count_is_not_used)
{
    reset();
    (void)add_msi(7 << 1);
    run();
    CHECK_EQ(functions[0].messages.kind, PCI_LINE);
}

// Whatever its driver writes to configuration space, its messages stay the bus driver's.
TEST(a_driver_cannot_write_the_message_capabilities)
{
    static const uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
    reset();
    add_disk(-1, 1 << 3);
    run();
    for (unsigned offset = 0x98; offset < 0xa4; offset++)
        CHECK_EQ(pci_write_bytes(&fabric, &functions[0], offset, ones, 1), 0u);
    reset();
    (void)add_msi(MSI_WIDE);
    run();
    for (unsigned offset = 0x40; offset < 0x50; offset++)
        CHECK_EQ(pci_write_bytes(&fabric, &functions[0], offset, ones, 1), 0u);
}

TEST(a_bus_in_use_is_taken_up)
{
    static struct pci_function kept[SIM_FUNCTIONS];
    static unsigned char before[sizeof sim];
    reset();
    (void)add_disk(-1, 1 << 3);
    struct sim_function *gone = add_disk(-1, 2 << 3);
    struct sim_function *changed = add_disk(-1, 3 << 3);
    CHECK_EQ(run(), PCI_OK);
    for (unsigned i = 0; i < fabric.count; i++)
        CHECK(pci_enable(&fabric, &functions[i]));
    memcpy(kept, functions, sizeof kept);
    memcpy(before, &sim, sizeof sim);
    CHECK(pci_take_up(&fabric));
    CHECK_MEM(before, (const unsigned char *)&sim, sizeof sim); // nothing is written to what works
    for (unsigned i = 0; i < fabric.count; i++)
        CHECK(functions[i].working && !functions[i].absent);
    memcpy(functions, kept, sizeof kept);
    gone->devfn = 9 << 3;
    sim_set(changed, REG_DEVICE, 2, 0x1043);
    CHECK(pci_take_up(&fabric));
    CHECK(functions[0].working && !functions[0].absent);
    CHECK(functions[1].absent && functions[2].absent && !functions[2].working);
    CHECK_EQ(sim_get(changed, REG_COMMAND, 2), COMMAND_INTX_DISABLE);
}

TEST(a_moved_register_or_a_damaged_record_is_not_taken_up)
{
    reset();
    struct sim_function *disk = add_disk(-1, 1 << 3);
    CHECK_EQ(run(), PCI_OK);
    sim_set(disk, REG_BAR0 + 4, 4, 0x70000000);
    CHECK(pci_take_up(&fabric));
    CHECK(functions[0].absent);
    functions[0].parent = 0; // its own bridge
    CHECK(!pci_take_up(&fabric));
    functions[0].parent = PCI_NO_PARENT;
    functions[0].messages.bar = PCI_BARS;
    CHECK(!pci_take_up(&fabric));
}
