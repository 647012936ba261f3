// SPDX-License-Identifier: MIT
//
// A virtio block device without hardware: its registers, and an honest reading of the available
// ring that follows descriptors as a device would. Tests then let it lie.
#pragma once

#include <queue.h>
#include <string.h>

#define SIM_RING_ADDRESS  0x10000u
#define SIM_SLOTS_ADDRESS 0x20000u
#define SIM_COMMON_BYTES  0x38u
#define SIM_FEATURES_OK   8u
#define SIM_STATUS        0x14u
#define SIM_GENERATION    0x15u

struct sim_device {
    alignas(4096) uint8_t ring[VIRTIO_RING_BYTES];
    uint8_t slots[VIRTIO_REQUESTS_BYTES];
    uint8_t common[SIM_COMMON_BYTES];
    uint8_t config[36];
    uint64_t offered;
    bool confined; // by an IOMMU
    bool refuse_features, stuck_reset, restless_generation, refuse_enable;
    uint16_t seen; // of the available ring
};

static inline uint32_t sim_load(const uint8_t *at, unsigned width)
{
    uint32_t value = 0;
    memcpy(&value, at, width);
    return value;
}

static inline uint32_t sim_read(void *context, enum virtio_region_kind region, unsigned offset,
                                unsigned width)
{
    struct sim_device *device = context;
    if (region == VIRTIO_DEVICE)
        return sim_load(device->config + offset, width);
    if (offset == 4)
        return (uint32_t)(device->offered >> 32 * sim_load(device->common, 4));
    if (offset == SIM_GENERATION && device->restless_generation)
        device->common[SIM_GENERATION]++;
    return sim_load(device->common + offset, width);
}

static inline void sim_write(void *context, enum virtio_region_kind region, unsigned offset,
                             unsigned width, uint32_t value)
{
    struct sim_device *device = context;
    if (region != VIRTIO_COMMON || (offset == SIM_STATUS && device->stuck_reset) ||
        (offset == 0x1c && device->refuse_enable))
        return;
    if (offset == SIM_STATUS && device->refuse_features)
        value &= ~SIM_FEATURES_OK;
    memcpy(device->common + offset, &value, width);
}

static inline struct virtio_io sim_io(struct sim_device *device)
{
    return (struct virtio_io){device, sim_read, sim_write};
}

// A device that offers everything, with a disk of 1000 sectors.
static inline void sim_reset(struct sim_device *device)
{
    memset(device, 0, sizeof *device);
    device->offered = 1ull << VIRTIO_BLK_F_SEG_MAX | 1ull << VIRTIO_BLK_F_BLK_SIZE |
                      1ull << VIRTIO_BLK_F_FLUSH | 1ull << VIRTIO_F_INDIRECT_DESC |
                      1ull << VIRTIO_F_EVENT_IDX | 1ull << VIRTIO_F_VERSION_1;
    memcpy(device->config, &(uint64_t){1000}, 8);
    memcpy(device->config + 12, &(uint32_t){254}, 4);
    memcpy(device->config + 20, &(uint32_t){512}, 4);
    device->common[0x12] = 1;
    memcpy(device->common + 0x18, &(uint16_t){256}, 2);
    device->common[0x1e] = 1;
}

static inline struct virtio_layout sim_layout(void)
{
    return (struct virtio_layout){
        .regions = {{4, 0, 0x38}, {4, 0x3000, 0x1000}, {4, 0x1000, 1}, {4, 0x2000, 0x60}},
        .notify_multiplier = 4};
}

static inline struct virtio_used *sim_used(struct sim_device *device)
{
    return (void *)(device->ring + RING_USED);
}

static inline struct virtio_available *sim_available(struct sim_device *device)
{
    return (void *)(device->ring + RING_AVAILABLE);
}

// Puts an answer on the used ring, true or not.
static inline void sim_answer(struct sim_device *device, uint16_t mask, uint32_t id, uint32_t wrote)
{
    struct virtio_used *used = sim_used(device);
    used->ring[used->index & mask] = (struct virtio_used_element){id, wrote};
    used->index++;
}

// Starts the device as the driver does.
static inline enum virtio_rule sim_start(struct sim_device *device, struct virtio_disk *disk,
                                         struct virtio_queue *queue, uint32_t *notify)
{
    struct virtio_io io = sim_io(device);
    struct virtio_layout layout = sim_layout();
    struct virtio_queue_addresses addresses;
    uint16_t size;
    enum virtio_rule rule = virtio_prepare(&io, &layout, device->confined, disk);
    if (!rule)
        rule = virtio_size_queue(&io, 0, VIRTIO_QUEUE_SIZE, &size);
    if (rule)
        return rule;
    queue_init(queue, disk, size, device->ring, SIM_RING_ADDRESS, device->slots, SIM_SLOTS_ADDRESS,
               &addresses);
    rule = virtio_enable_queue(&io, &layout, 0, &addresses, notify);
    return rule ? rule : virtio_run(&io);
}
