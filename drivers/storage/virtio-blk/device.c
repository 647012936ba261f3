// SPDX-License-Identifier: MIT
//
// What the device offers and how it is configured. Every loop is bounded; every number that the
// device gives is checked before it decides anything.
#include "virtio.h"

#define CONFIG_READINGS 16
#define CAPACITY_MOST   (1ull << (63 - SECTOR_SHIFT))

// struct virtio_blk_config (5.2.4).
enum {
    CONFIG_CAPACITY = 0,
    CONFIG_SEG_MAX = 12,
    CONFIG_BLOCK_SIZE = 20,
    CONFIG_QUEUES = 34,
    CONFIG_QUEUES_END = 36,
};

static bool has(const struct virtio_disk *disk, unsigned bit)
{
    return disk->features >> bit & 1;
}

static uint32_t config(const struct virtio_io *io, unsigned offset)
{
    return io->read(io->context, VIRTIO_DEVICE, offset, 4);
}

static bool read_config(const struct virtio_io *io, struct virtio_disk *disk)
{
    for (unsigned reading = 0; reading < CONFIG_READINGS; reading++) {
        uint32_t generation = virtio_generation(io);
        disk->sectors = config(io, CONFIG_CAPACITY) | (uint64_t)config(io, CONFIG_CAPACITY + 4)
                                                          << 32;
        disk->segments_most = config(io, CONFIG_SEG_MAX);
        disk->block_bytes = config(io, CONFIG_BLOCK_SIZE);
        if (has(disk, VIRTIO_BLK_F_MQ))
            disk->queues = io->read(io->context, VIRTIO_DEVICE, CONFIG_QUEUES, 2);
        if (virtio_generation(io) == generation)
            return true;
    }
    return false;
}

static enum virtio_rule check_config(struct virtio_disk *disk)
{
    if (!has(disk, VIRTIO_BLK_F_SEG_MAX))
        disk->segments_most = 1;
    if (!has(disk, VIRTIO_BLK_F_BLK_SIZE))
        disk->block_bytes = 1u << SECTOR_SHIFT;
    if (!has(disk, VIRTIO_BLK_F_MQ))
        disk->queues = 1;
    if (disk->queues == 0)
        return VIRTIO_QUEUE_COUNT;
    if (disk->sectors > CAPACITY_MOST)
        return VIRTIO_CAPACITY;
    if (disk->segments_most == 0)
        return VIRTIO_SEG_MAX;
    uint32_t block = disk->block_bytes;
    if (block < 512 || block > 65536 || block & (block - 1))
        return VIRTIO_BLOCK_SIZE;
    return VIRTIO_OK;
}

enum virtio_rule virtio_prepare(const struct virtio_io *io, const struct virtio_layout *layout,
                                bool confined, struct virtio_disk *disk)
{
    uint64_t wanted = 1ull << VIRTIO_BLK_F_SEG_MAX | 1ull << VIRTIO_BLK_F_RO |
                      1ull << VIRTIO_BLK_F_BLK_SIZE | 1ull << VIRTIO_BLK_F_FLUSH |
                      1ull << VIRTIO_F_INDIRECT_DESC | 1ull << VIRTIO_F_EVENT_IDX;
    if (layout->regions[VIRTIO_DEVICE].length >= CONFIG_QUEUES_END)
        wanted |= 1ull << VIRTIO_BLK_F_MQ;
    *disk = (struct virtio_disk){};
    enum virtio_rule rule = virtio_negotiate(io, wanted, confined, &disk->features);
    if (rule)
        return rule;
    disk->read_only = has(disk, VIRTIO_BLK_F_RO);
    disk->flush = has(disk, VIRTIO_BLK_F_FLUSH);
    disk->indirect = has(disk, VIRTIO_F_INDIRECT_DESC);
    disk->event_index = has(disk, VIRTIO_F_EVENT_IDX);
    return read_config(io, disk) ? check_config(disk) : VIRTIO_CONFIG_UNSTABLE;
}
