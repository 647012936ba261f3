// SPDX-License-Identifier: MIT
//
// The virtio transport: an honest device is started, a lying one refused by the name of the rule
// that it broke.
#include "ash_test.h"
#include "simulated.h"

static struct virtio_layout layout;
static struct virtio_ring ring;
static struct virtio_taken taken;

static enum virtio_rule find(uint32_t device_bytes)
{
    return virtio_find_regions(sim_config, nullptr, sim_bars, device_bytes, &layout);
}

static uint64_t features;
static bool confined;

static enum virtio_rule start(unsigned vector)
{
    uint32_t notify;
    enum virtio_rule rule = find(0);
    if (!rule)
        rule = virtio_negotiate(&sim_io, 2, confined, &features);
    virtio_ring_init(&ring, sim_memory, SIM_ADDRESS);
    if (!rule)
        rule = virtio_ring_start(&sim_io, &layout, 0, &ring, vector, &notify);
    return rule ? rule : virtio_run(&sim_io);
}

TEST(an_honest_device_runs)
{
    sim_reset();
    CHECK_EQ(start(VIRTIO_NO_VECTOR), VIRTIO_OK);
    CHECK_EQ(sim.common[0x14], 15);
    CHECK_EQ(sim.common[0x18], VIRTIO_RING_SLOTS);
    CHECK_EQ(sim.common[0x1c], 1);
    CHECK_EQ(layout.regions[VIRTIO_NOTIFY].offset, 0x3000u);
    CHECK_EQ(layout.regions[VIRTIO_DEVICE].length, 0u);
    sim_reset();
    CHECK_EQ(start(1), VIRTIO_OK);
    CHECK_EQ(sim.common[0x1a], 1);
    CHECK(!virtio_needs_reset(&sim_io));
}

TEST(only_what_is_wanted_is_taken)
{
    sim_reset();
    sim.offered |= 2;
    CHECK_EQ(start(VIRTIO_NO_VECTOR), VIRTIO_OK);
    CHECK_EQ(features, 1ull << VIRTIO_F_VERSION_1 | 2);
}

// Behind an IOMMU it would take logical addresses for physical ones.
TEST(a_device_that_cannot_be_confined)
{
    sim_reset();
    confined = true;
    CHECK_EQ(start(VIRTIO_NO_VECTOR), VIRTIO_UNCONFINED);
    CHECK(!(sim.common[0x14] & 12)); // neither features nor driver are as it may run
    sim.offered |= 1ull << VIRTIO_F_ACCESS_PLATFORM;
    CHECK_EQ(start(VIRTIO_NO_VECTOR), VIRTIO_OK);
    CHECK_EQ(features, 3ull << VIRTIO_F_VERSION_1);
    confined = false; // it is as good where there is none
    CHECK_EQ(start(VIRTIO_NO_VECTOR), VIRTIO_OK);
}

TEST(capabilities_lie)
{
    sim_reset();
    CHECK_EQ(find(4), VIRTIO_NO_CAPABILITY); // it has no configuration of its own
    sim.config[0x41] = 0x40;                 // a circle
    CHECK_EQ(find(0), VIRTIO_NO_CAPABILITY);
    sim_reset();
    sim.config[0x44] = 6; // no such BAR
    CHECK_EQ(find(0), VIRTIO_CAPABILITY_RANGE);
    sim.config[0x44] = 1; // not memory
    CHECK_EQ(find(0), VIRTIO_CAPABILITY_RANGE);
    sim_reset();
    memset(sim.config + 0x48, 0xff, 8);
    CHECK_EQ(find(0), VIRTIO_CAPABILITY_RANGE);
    sim_reset();
    sim.config[0x34] = 0xfc; // the end of the space
    sim.config[0xfc] = 9;
    CHECK_EQ(find(0), VIRTIO_CAPABILITY_RANGE);
    sim.config[0x34] = 0;
    CHECK_EQ(find(0), VIRTIO_NO_CAPABILITY);
}

static void place(unsigned at, unsigned kind, uint32_t offset, uint32_t bytes)
{
    sim_capability(at, 0, kind, offset);
    memcpy(sim.config + at + 12, &bytes, sizeof bytes);
}

TEST(regions_of_its_own)
{
    sim_reset();
    sim.config[0x69] = 0x7c;
    place(0x7c, 4, 0x2000, 0x18);
    CHECK_EQ(find(24), VIRTIO_OK);
    CHECK_EQ(layout.regions[VIRTIO_DEVICE].offset, 0x2000u);
    CHECK_EQ(layout.notify_multiplier, 4u);
    CHECK_EQ(find(28), VIRTIO_CAPABILITY_RANGE); // smaller than is needed
    place(0x7c, 4, 0x3ff0, 0x18);                // passes the BAR's end
    CHECK_EQ(find(24), VIRTIO_CAPABILITY_RANGE);
    place(0x7c, 4, 0xfffffffc, 0x18);
    CHECK_EQ(find(24), VIRTIO_CAPABILITY_RANGE);
    place(0x7c, 1, 0, 0x1000); // a second common, none of its own
    CHECK_EQ(find(24), VIRTIO_NO_CAPABILITY);
}

static void check_start(enum virtio_rule rule)
{
    CHECK_EQ(start(VIRTIO_NO_VECTOR), rule);
    sim_reset();
}

TEST(registers_lie)
{
    sim_reset();
    sim.stuck = true;
    sim.common[0x14] = 1;
    check_start(VIRTIO_RESET_STUCK);
    sim.offered = 1;
    check_start(VIRTIO_NOT_MODERN);
    sim.refuse = true;
    check_start(VIRTIO_FEATURES_REFUSED);
    sim.common[0x12] = 0;
    check_start(VIRTIO_NO_QUEUE);
    sim.common[0x18] = 0;
    check_start(VIRTIO_NO_QUEUE);
    sim.common[0x18] = 4;
    check_start(VIRTIO_QUEUE_LENGTH);
    sim.common[0x18] = 24;
    check_start(VIRTIO_QUEUE_LENGTH);
    sim.common[0x1f] = 0xff;
    check_start(VIRTIO_NOTIFY_RANGE);
    for (unsigned rule = VIRTIO_OK; rule < VIRTIO_RULES; rule++)
        CHECK(strlen(virtio_rule_text(rule)) > 10);
}

static struct virtio_ring_memory *memory(void)
{
    return (void *)sim_memory;
}

static void answer(uint32_t id, uint32_t length)
{
    typeof(memory()->used) *used = &memory()->used;
    used->ring[used->index % VIRTIO_RING_SLOTS].id = id;
    used->ring[used->index % VIRTIO_RING_SLOTS].length = length;
    used->index++;
}

TEST(buffers_go_round)
{
    sim_reset();
    virtio_ring_init(&ring, sim_memory, SIM_ADDRESS);
    for (unsigned i = 0; i < 70000; i++) {
        unsigned slot = i % VIRTIO_RING_SLOTS;
        virtio_ring_publish(&ring, slot, 0x5000, 100, i % 2);
        CHECK_EQ(memory()->available.ring[i % VIRTIO_RING_SLOTS], slot);
        CHECK_EQ(memory()->descriptors[slot].flags, i % 2 ? 2 : 0);
        CHECK_EQ(virtio_ring_take(&ring, &taken), VIRTIO_EMPTY);
        answer(slot, i % 101);
        CHECK_EQ(virtio_ring_take(&ring, &taken), VIRTIO_TOOK);
        CHECK(taken.slot == slot && taken.wrote == i % 101);
    }
}

static void check_lie(uint32_t id, uint32_t length, enum virtio_rule rule)
{
    sim_reset();
    virtio_ring_init(&ring, sim_memory, SIM_ADDRESS);
    virtio_ring_publish(&ring, 3, 0x5000, 100, true);
    answer(id, length);
    CHECK_EQ(virtio_ring_take(&ring, &taken), VIRTIO_BROKEN);
    CHECK_EQ(taken.rule, rule);
    CHECK_EQ(ring.in_flight, 1u);
}

TEST(used_rings_lie)
{
    check_lie(8, 1, VIRTIO_USED_ID);
    check_lie(UINT32_MAX, 1, VIRTIO_USED_ID);
    check_lie(2, 1, VIRTIO_USED_TWICE);
    check_lie(3, 101, VIRTIO_USED_LENGTH);
    check_lie(3, UINT32_MAX, VIRTIO_USED_LENGTH);
    sim_reset();
    virtio_ring_init(&ring, sim_memory, SIM_ADDRESS);
    virtio_ring_publish(&ring, 3, 0x5000, 100, true);
    memory()->used.index = 2;
    CHECK_EQ(virtio_ring_take(&ring, &taken), VIRTIO_BROKEN);
    CHECK_EQ(taken.rule, VIRTIO_USED_AHEAD);
    memory()->used.index = UINT16_MAX;
    CHECK_EQ(virtio_ring_take(&ring, &taken), VIRTIO_BROKEN);
    CHECK_EQ(taken.rule, VIRTIO_USED_AHEAD);
}
