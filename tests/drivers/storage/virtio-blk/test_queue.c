// SPDX-License-Identifier: MIT
//
// The virtio-blk driver's pure half against a simulated device, honest first and lying afterwards.
#include "ash_test.h"
#include "simulated.h"

static struct sim_device device;
static struct virtio_disk disk;
static struct virtio_queue queue;

static uint32_t notify;

static enum virtio_rule bring_up(void)
{
    return sim_start(&device, &disk, &queue, &notify);
}

static void fresh(void)
{
    sim_reset(&device);
    CHECK_EQ(bring_up(), VIRTIO_OK);
}

// A read of one 4 KiB page in flight in this slot.
static void submit(unsigned slot)
{
    queue_begin(&queue, slot, VIRTIO_BLK_T_IN, 8);
    queue_segment(&queue, slot, 0, 0x80000000, 4096, DESCRIPTOR_WRITE);
    queue_end(&queue, slot, 1);
    queue_publish(&queue, slot, 4096);
}

TEST(starts_an_honest_device)
{
    fresh();
    CHECK_EQ(disk.sectors, 1000u);
    CHECK_EQ(disk.block_bytes, 512u);
    CHECK(disk.indirect && disk.event_index && disk.flush && !disk.read_only);
    CHECK_EQ(queue.mask, VIRTIO_QUEUE_SIZE - 1);
    CHECK_EQ(sim_load(device.common + 0x18, 2), VIRTIO_QUEUE_SIZE);
    CHECK_EQ(notify, 4u);
    CHECK_EQ(queue.slots, VIRTIO_SLOTS);
    CHECK_EQ(queue.segments_most, 60u);
    CHECK_EQ(device.common[SIM_STATUS], 15u);
    CHECK_EQ(sim_load(device.common + 0x28, 4), SIM_RING_ADDRESS + RING_AVAILABLE);
}

TEST(refuses_devices_that_break_the_set_up)
{
    sim_reset(&device);
    device.offered &= ~(1ull << VIRTIO_F_VERSION_1);
    CHECK_EQ(bring_up(), VIRTIO_NOT_MODERN);
    sim_reset(&device);
    device.refuse_features = true;
    CHECK_EQ(bring_up(), VIRTIO_FEATURES_REFUSED);
    sim_reset(&device);
    device.stuck_reset = true;
    device.common[SIM_STATUS] = 15;
    CHECK_EQ(bring_up(), VIRTIO_RESET_STUCK);
    sim_reset(&device);
    device.restless_generation = true;
    CHECK_EQ(bring_up(), VIRTIO_CONFIG_UNSTABLE);
    sim_reset(&device);
    device.refuse_enable = true;
    CHECK_EQ(bring_up(), VIRTIO_QUEUE_DISABLED);
    sim_reset(&device);
    device.common[0x12] = 0;
    CHECK_EQ(bring_up(), VIRTIO_NO_QUEUE);
}

TEST(refuses_configurations_that_make_no_sense)
{
    sim_reset(&device);
    memset(device.config, 0xff, 8);
    CHECK_EQ(bring_up(), VIRTIO_CAPACITY);
    sim_reset(&device);
    memcpy(device.config + 20, &(uint32_t){513}, 4);
    CHECK_EQ(bring_up(), VIRTIO_BLOCK_SIZE);
    sim_reset(&device);
    memset(device.config + 12, 0, 4);
    CHECK_EQ(bring_up(), VIRTIO_SEG_MAX);
    sim_reset(&device);
    memcpy(device.common + 0x18, &(uint16_t){100}, 2);
    CHECK_EQ(bring_up(), VIRTIO_QUEUE_LENGTH);
    sim_reset(&device);
    memcpy(device.common + 0x1e, &(uint16_t){0x7fff}, 2);
    CHECK_EQ(bring_up(), VIRTIO_NOTIFY_RANGE);
}

static enum virtio_rule offer_queues(uint16_t count)
{
    sim_reset(&device);
    device.offered |= 1ull << VIRTIO_BLK_F_MQ;
    memcpy(device.config + 34, &count, sizeof count);
    return bring_up();
}

TEST(several_queues)
{
    fresh();
    CHECK_EQ(disk.queues, 1u);
    CHECK_EQ(offer_queues(4), VIRTIO_OK);
    CHECK_EQ(disk.queues, 4u);
    CHECK(disk.features >> VIRTIO_BLK_F_MQ & 1);
    CHECK_EQ(offer_queues(0), VIRTIO_QUEUE_COUNT);
    CHECK_EQ(offer_queues(UINT16_MAX), VIRTIO_OK);
    struct virtio_io io = sim_io(&device);
    uint16_t size;
    CHECK_EQ(virtio_size_queue(&io, 1, VIRTIO_QUEUE_SIZE, &size), VIRTIO_NO_QUEUE); // it lied
}

// The number lies behind what every device's configuration holds.
TEST(a_short_configuration_says_nothing_of_queues)
{
    sim_reset(&device);
    device.offered |= 1ull << VIRTIO_BLK_F_MQ;
    struct virtio_io io = sim_io(&device);
    struct virtio_layout layout = sim_layout();
    layout.regions[VIRTIO_DEVICE].length = VIRTIO_BLK_CONFIG_BYTES;
    CHECK_EQ(virtio_prepare(&io, &layout, false, &disk), VIRTIO_OK);
    CHECK_EQ(disk.queues, 1u);
    CHECK(!(disk.features >> VIRTIO_BLK_F_MQ & 1));
}

TEST(one_read_by_table)
{
    fresh();
    submit(5);
    CHECK_EQ(sim_available(&device)->index, 1u);
    CHECK_EQ(sim_available(&device)->ring[0], 5u);
    const struct virtio_descriptor *entry = &queue.descriptors[5];
    CHECK_EQ(entry->address, SIM_SLOTS_ADDRESS + 5 * VIRTIO_SLOT_BYTES);
    CHECK_EQ(entry->length, 3u * 16);
    CHECK_EQ(entry->flags, DESCRIPTOR_INDIRECT);
    const struct virtio_descriptor *table = queue.memory[5].table;
    CHECK_EQ(table[0].address, SIM_SLOTS_ADDRESS + 5 * VIRTIO_SLOT_BYTES + 992);
    CHECK_EQ(table[0].flags, DESCRIPTOR_NEXT);
    CHECK_EQ(table[0].next, 1u);
    CHECK_EQ(table[1].flags, DESCRIPTOR_NEXT | DESCRIPTOR_WRITE);
    CHECK_EQ(table[1].next, 2u);
    CHECK_EQ(table[2].address, SIM_SLOTS_ADDRESS + 5 * VIRTIO_SLOT_BYTES + 1008);
    CHECK_EQ(table[2].flags, DESCRIPTOR_WRITE);
    CHECK_EQ(queue.memory[5].header.sector, 8u);
    queue.memory[5].status = VIRTIO_BLK_S_OK;
    sim_answer(&device, queue.mask, 5, 4097);
    struct queue_taken taken;
    uint8_t status;
    CHECK_EQ(queue_take(&queue, &taken), QUEUE_TOOK);
    CHECK_EQ(taken.slot, 5u);
    CHECK_EQ(queue_status(&queue, &taken, &status), VIRTIO_OK);
    CHECK_EQ(status, VIRTIO_BLK_S_OK);
    CHECK_EQ(queue_take(&queue, &taken), QUEUE_EMPTY);
    CHECK_EQ(queue.in_flight, 0u);
}

TEST(chains_where_tables_are_not_offered)
{
    sim_reset(&device);
    device.offered &= ~(1ull << VIRTIO_F_INDIRECT_DESC);
    CHECK_EQ(bring_up(), VIRTIO_OK);
    CHECK_EQ(queue.slots, VIRTIO_QUEUE_SIZE / VIRTIO_CHAIN);
    CHECK_EQ(queue.segments_most, VIRTIO_CHAIN - 2);
    submit(3);
    CHECK_EQ(sim_available(&device)->ring[0], 24u);
    CHECK_EQ(queue.descriptors[24].next, 25u);
    CHECK_EQ(queue.descriptors[25].next, 26u);
    CHECK_EQ(queue.descriptors[26].flags, DESCRIPTOR_WRITE);
    struct queue_taken taken;
    sim_answer(&device, queue.mask, 25, 4097);
    CHECK_EQ(queue_take(&queue, &taken), QUEUE_BROKEN);
    CHECK_EQ(taken.rule, VIRTIO_USED_ID);
}

TEST(all_slots_at_once_and_the_ring_wraps)
{
    fresh();
    struct queue_taken taken;
    for (unsigned round = 0; round < 3000; round++) {
        for (unsigned slot = 0; slot < queue.slots; slot++)
            submit(slot);
        CHECK_EQ(queue.in_flight, VIRTIO_SLOTS);
        for (unsigned slot = queue.slots; slot-- > 0;)
            sim_answer(&device, queue.mask, slot, 1);
        for (unsigned slot = queue.slots; slot-- > 0;) {
            CHECK_EQ(queue_take(&queue, &taken), QUEUE_TOOK);
            CHECK_EQ(taken.slot, slot);
        }
        CHECK_EQ(queue_take(&queue, &taken), QUEUE_EMPTY);
    }
}

TEST(kicks_only_when_asked)
{
    fresh();
    volatile uint16_t *event = (void *)&sim_used(&device)->ring[queue.mask + 1u];
    submit(0);
    CHECK(queue_must_kick(&queue)); // event 0: at the first
    submit(1);
    CHECK(!queue_must_kick(&queue));
    *event = 3;
    submit(2);
    CHECK(!queue_must_kick(&queue));
    submit(3);
    CHECK(queue_must_kick(&queue));
}

TEST(kicks_by_flag_without_event_index)
{
    sim_reset(&device);
    device.offered &= ~(1ull << VIRTIO_F_EVENT_IDX);
    CHECK_EQ(bring_up(), VIRTIO_OK);
    submit(0);
    CHECK(queue_must_kick(&queue));
    sim_used(&device)->flags = NO_NOTIFY;
    submit(1);
    CHECK(!queue_must_kick(&queue));
}

TEST(rearming_sees_an_answer_that_raced)
{
    fresh();
    submit(0);
    CHECK(!queue_rearm(&queue));
    sim_answer(&device, queue.mask, 0, 4097);
    CHECK(queue_rearm(&queue));
    CHECK_EQ(sim_available(&device)->ring[queue.mask + 1u], 0u);
}

static enum virtio_rule lie(uint32_t id, uint32_t wrote)
{
    struct queue_taken taken = {};
    sim_answer(&device, queue.mask, id, wrote);
    return queue_take(&queue, &taken) == QUEUE_BROKEN ? taken.rule : VIRTIO_OK;
}

TEST(lies_of_the_used_ring)
{
    fresh();
    CHECK_EQ(lie(0, 1), VIRTIO_USED_AHEAD); // nothing is in flight
    fresh();
    submit(0);
    sim_used(&device)->index = 0x8000;
    CHECK_EQ(lie(0, 1), VIRTIO_USED_AHEAD);
    fresh();
    submit(0);
    CHECK_EQ(lie(64, 1), VIRTIO_USED_ID);
    fresh();
    submit(0);
    CHECK_EQ(lie(UINT32_MAX, 1), VIRTIO_USED_ID);
    fresh();
    submit(0);
    CHECK_EQ(lie(0, 4098), VIRTIO_USED_LENGTH);
    fresh();
    submit(0);
    submit(1);
    CHECK_EQ(lie(0, 4097), VIRTIO_OK);
    CHECK_EQ(lie(0, 4097), VIRTIO_USED_TWICE);
}

static enum virtio_rule status_lie(uint8_t value, uint32_t wrote)
{
    struct queue_taken taken;
    uint8_t status;
    fresh();
    submit(0);
    queue.memory[0].status = value;
    sim_answer(&device, queue.mask, 0, wrote);
    return queue_take(&queue, &taken) == QUEUE_TOOK ? queue_status(&queue, &taken, &status)
                                                    : taken.rule;
}

TEST(lies_of_the_status)
{
    CHECK_EQ(status_lie(VIRTIO_BLK_S_OK, 4097), VIRTIO_OK);
    CHECK_EQ(status_lie(VIRTIO_BLK_S_IOERR, 1), VIRTIO_OK);
    CHECK_EQ(status_lie(VIRTIO_BLK_S_OK, 100), VIRTIO_SHORT);
    CHECK_EQ(status_lie(3, 4097), VIRTIO_STATUS_VALUE);
    CHECK_EQ(status_lie(UINT8_MAX, 4097), VIRTIO_STATUS_VALUE); // never written
}
