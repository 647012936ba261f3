// SPDX-License-Identifier: MIT
//
// Finding and starting the device, in the order of virtio 1.2 section 3.1.1: reset, acknowledge,
// features, configuration, queue, run. Every loop is bounded; every number that the device gives is
// checked before it decides anything.
#include "virtio.h"

#define CAPABILITY_POINTER 0x34
#define CAPABILITIES_MOST  48
#define CAPABILITY_VENDOR  0x09
#define RESET_READS        100000
#define CONFIG_READINGS    16
#define CAPACITY_MOST      (1ull << (63 - SECTOR_SHIFT))
#define QUEUE_LENGTH_LEAST 8u // one chain
#define QUEUE_LENGTH_MOST  32768u

// struct virtio_pci_cap (4.1.4), the part that all kinds share.
struct vendor_capability {
    uint8_t id, next, length, kind, bar, identity, padding[2];
    uint32_t offset, bytes;
};
static_assert(sizeof(struct vendor_capability) == 16);

// struct virtio_pci_common_cfg (4.1.4.3).
enum {
    COMMON_FEATURE_SELECT = 0x00,
    COMMON_FEATURES = 0x04,
    COMMON_GUEST_SELECT = 0x08,
    COMMON_GUEST_FEATURES = 0x0c,
    COMMON_CONFIG_VECTOR = 0x10,
    COMMON_QUEUES = 0x12,
    COMMON_STATUS = 0x14,
    COMMON_GENERATION = 0x15,
    COMMON_QUEUE_SELECT = 0x16,
    COMMON_QUEUE_SIZE = 0x18,
    COMMON_QUEUE_VECTOR = 0x1a,
    COMMON_QUEUE_ENABLE = 0x1c,
    COMMON_QUEUE_NOTIFY_OFF = 0x1e,
    COMMON_QUEUE_DESCRIPTORS = 0x20,
    COMMON_QUEUE_AVAILABLE = 0x28,
    COMMON_QUEUE_USED = 0x30,
    COMMON_BYTES = 0x38,
};

enum {
    STATUS_ACKNOWLEDGE = 1,
    STATUS_DRIVER = 2,
    STATUS_DRIVER_OK = 4,
    STATUS_FEATURES_OK = 8,
    STATUS_NEEDS_RESET = 64,
};

// struct virtio_blk_config (5.2.4).
enum { CONFIG_CAPACITY = 0, CONFIG_SEG_MAX = 12, CONFIG_BLOCK_SIZE = 20, CONFIG_BYTES = 24 };

static bool region_fits(const struct virtio_region *region, uint32_t least,
                        const uint64_t bar_bytes[6])
{
    return region->bar < 6 && region->length >= least &&
           (uint64_t)region->offset + region->length <= bar_bytes[region->bar] &&
           region->offset % 4 == 0;
}

// The kinds of 4.1.4 are numbered from 1 in the order of enum virtio_region_kind.
static enum virtio_rule take_capability(virtio_config_read *read, void *context, unsigned at,
                                        const uint64_t bar_bytes[6], struct virtio_layout *layout,
                                        unsigned *found)
{
    static const uint32_t least[] = {COMMON_BYTES, 2, 1, CONFIG_BYTES};
    struct vendor_capability capability;
    if (!read(context, at, &capability, sizeof capability))
        return VIRTIO_CAPABILITY_RANGE;
    unsigned kind = capability.kind - 1u;
    if (capability.id != CAPABILITY_VENDOR || kind >= VIRTIO_REGIONS || *found & 1u << kind)
        return VIRTIO_OK;
    struct virtio_region region = {capability.bar, capability.offset, capability.bytes};
    if (!region_fits(&region, least[kind], bar_bytes))
        return VIRTIO_CAPABILITY_RANGE;
    if (kind == VIRTIO_NOTIFY && !read(context, at + sizeof capability, &layout->notify_multiplier,
                                       sizeof layout->notify_multiplier))
        return VIRTIO_CAPABILITY_RANGE;
    layout->regions[kind] = region;
    *found |= 1u << kind;
    return VIRTIO_OK;
}

enum virtio_rule virtio_find_regions(virtio_config_read *read, void *context,
                                     const uint64_t bar_bytes[6], struct virtio_layout *layout)
{
    *layout = (struct virtio_layout){};
    unsigned found = 0;
    uint8_t at = 0;
    if (!read(context, CAPABILITY_POINTER, &at, 1))
        return VIRTIO_NO_CAPABILITY;
    for (unsigned steps = 0; at >= 0x40 && steps < CAPABILITIES_MOST; steps++) {
        enum virtio_rule rule =
            take_capability(read, context, at & 0xfcu, bar_bytes, layout, &found);
        if (rule)
            return rule;
        if (!read(context, (at & 0xfcu) + 1, &at, 1))
            return VIRTIO_NO_CAPABILITY;
    }
    return found == (1u << VIRTIO_REGIONS) - 1 ? VIRTIO_OK : VIRTIO_NO_CAPABILITY;
}

static uint32_t common(const struct virtio_io *io, unsigned offset, unsigned width)
{
    return io->read(io->context, VIRTIO_COMMON, offset, width);
}

static void set_common(const struct virtio_io *io, unsigned offset, unsigned width, uint32_t value)
{
    io->write(io->context, VIRTIO_COMMON, offset, width, value);
}

static void set_common64(const struct virtio_io *io, unsigned offset, uint64_t value)
{
    set_common(io, offset, 4, (uint32_t)value);
    set_common(io, offset + 4, 4, (uint32_t)(value >> 32));
}

static void add_status(const struct virtio_io *io, uint32_t bits)
{
    set_common(io, COMMON_STATUS, 1, common(io, COMMON_STATUS, 1) | bits);
}

enum virtio_rule virtio_reset(const struct virtio_io *io)
{
    set_common(io, COMMON_STATUS, 1, 0);
    for (unsigned reads = 0; reads < RESET_READS; reads++)
        if (common(io, COMMON_STATUS, 1) == 0)
            return VIRTIO_OK;
    return VIRTIO_RESET_STUCK;
}

static uint64_t offered_features(const struct virtio_io *io)
{
    set_common(io, COMMON_FEATURE_SELECT, 4, 0);
    uint64_t low = common(io, COMMON_FEATURES, 4);
    set_common(io, COMMON_FEATURE_SELECT, 4, 1);
    return low | (uint64_t)common(io, COMMON_FEATURES, 4) << 32;
}

static bool has(uint64_t features, unsigned bit)
{
    return features >> bit & 1;
}

static enum virtio_rule negotiate(const struct virtio_io *io, struct virtio_disk *disk)
{
    const uint64_t wanted = 1ull << VIRTIO_BLK_F_SEG_MAX | 1ull << VIRTIO_BLK_F_RO |
                            1ull << VIRTIO_BLK_F_BLK_SIZE | 1ull << VIRTIO_BLK_F_FLUSH |
                            1ull << VIRTIO_F_INDIRECT_DESC | 1ull << VIRTIO_F_EVENT_IDX |
                            1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_ACCESS_PLATFORM;
    disk->features = offered_features(io) & wanted;
    if (!has(disk->features, VIRTIO_F_VERSION_1))
        return VIRTIO_NOT_MODERN;
    for (unsigned half = 0; half < 2; half++) {
        set_common(io, COMMON_GUEST_SELECT, 4, half);
        set_common(io, COMMON_GUEST_FEATURES, 4, (uint32_t)(disk->features >> half * 32));
    }
    add_status(io, STATUS_FEATURES_OK);
    if (!(common(io, COMMON_STATUS, 1) & STATUS_FEATURES_OK))
        return VIRTIO_FEATURES_REFUSED;
    disk->read_only = has(disk->features, VIRTIO_BLK_F_RO);
    disk->flush = has(disk->features, VIRTIO_BLK_F_FLUSH);
    disk->indirect = has(disk->features, VIRTIO_F_INDIRECT_DESC);
    disk->event_index = has(disk->features, VIRTIO_F_EVENT_IDX);
    return VIRTIO_OK;
}

static uint32_t config(const struct virtio_io *io, unsigned offset)
{
    return io->read(io->context, VIRTIO_DEVICE, offset, 4);
}

// The fields belong together only when the generation is the same before and after (4.1.4.3.1).
static bool read_config(const struct virtio_io *io, struct virtio_disk *disk)
{
    for (unsigned reading = 0; reading < CONFIG_READINGS; reading++) {
        uint32_t generation = common(io, COMMON_GENERATION, 1);
        disk->sectors = config(io, CONFIG_CAPACITY) | (uint64_t)config(io, CONFIG_CAPACITY + 4)
                                                          << 32;
        disk->segments_most = config(io, CONFIG_SEG_MAX);
        disk->block_bytes = config(io, CONFIG_BLOCK_SIZE);
        if (common(io, COMMON_GENERATION, 1) == generation)
            return true;
    }
    return false;
}

static enum virtio_rule check_config(struct virtio_disk *disk)
{
    if (!has(disk->features, VIRTIO_BLK_F_SEG_MAX))
        disk->segments_most = 1;
    if (!has(disk->features, VIRTIO_BLK_F_BLK_SIZE))
        disk->block_bytes = 1u << SECTOR_SHIFT;
    if (disk->sectors > CAPACITY_MOST)
        return VIRTIO_CAPACITY;
    if (disk->segments_most == 0)
        return VIRTIO_SEG_MAX;
    uint32_t block = disk->block_bytes;
    if (block < 512 || block > 65536 || block & (block - 1))
        return VIRTIO_BLOCK_SIZE;
    return VIRTIO_OK;
}

static enum virtio_rule size_queue(const struct virtio_io *io, struct virtio_disk *disk)
{
    if (common(io, COMMON_QUEUES, 2) == 0)
        return VIRTIO_NO_QUEUE;
    set_common(io, COMMON_QUEUE_SELECT, 2, 0);
    uint32_t most = common(io, COMMON_QUEUE_SIZE, 2);
    if (most == 0)
        return VIRTIO_NO_QUEUE;
    if (most < QUEUE_LENGTH_LEAST || most > QUEUE_LENGTH_MOST || most & (most - 1))
        return VIRTIO_QUEUE_LENGTH;
    disk->queue_size = (uint16_t)(most < VIRTIO_QUEUE_SIZE ? most : VIRTIO_QUEUE_SIZE);
    return VIRTIO_OK;
}

enum virtio_rule virtio_prepare(const struct virtio_io *io, struct virtio_disk *disk)
{
    *disk = (struct virtio_disk){};
    enum virtio_rule rule = virtio_reset(io);
    if (rule)
        return rule;
    add_status(io, STATUS_ACKNOWLEDGE);
    add_status(io, STATUS_DRIVER);
    rule = negotiate(io, disk);
    if (!rule && !read_config(io, disk))
        rule = VIRTIO_CONFIG_UNSTABLE;
    if (!rule)
        rule = check_config(disk);
    if (!rule)
        rule = size_queue(io, disk);
    return rule;
}

enum virtio_rule virtio_set_vectors(const struct virtio_io *io, uint16_t config_vector,
                                    uint16_t queue_vector)
{
    set_common(io, COMMON_CONFIG_VECTOR, 2, config_vector);
    if (common(io, COMMON_CONFIG_VECTOR, 2) != config_vector)
        return VIRTIO_VECTOR;
    set_common(io, COMMON_QUEUE_SELECT, 2, 0);
    set_common(io, COMMON_QUEUE_VECTOR, 2, queue_vector);
    return common(io, COMMON_QUEUE_VECTOR, 2) == queue_vector ? VIRTIO_OK : VIRTIO_VECTOR;
}

enum virtio_rule virtio_start(const struct virtio_io *io, const struct virtio_layout *layout,
                              const struct virtio_queue_addresses *addresses,
                              struct virtio_disk *disk)
{
    set_common(io, COMMON_QUEUE_SELECT, 2, 0);
    set_common(io, COMMON_QUEUE_SIZE, 2, disk->queue_size);
    set_common64(io, COMMON_QUEUE_DESCRIPTORS, addresses->descriptors);
    set_common64(io, COMMON_QUEUE_AVAILABLE, addresses->available);
    set_common64(io, COMMON_QUEUE_USED, addresses->used);
    uint64_t notify = (uint64_t)common(io, COMMON_QUEUE_NOTIFY_OFF, 2) * layout->notify_multiplier;
    if (notify + 2 > layout->regions[VIRTIO_NOTIFY].length || notify % 2)
        return VIRTIO_NOTIFY_RANGE;
    disk->notify_offset = (uint32_t)notify;
    set_common(io, COMMON_QUEUE_ENABLE, 2, 1);
    if (common(io, COMMON_QUEUE_ENABLE, 2) != 1)
        return VIRTIO_QUEUE_DISABLED;
    add_status(io, STATUS_DRIVER_OK);
    return common(io, COMMON_STATUS, 1) & STATUS_NEEDS_RESET ? VIRTIO_NEEDS_RESET : VIRTIO_OK;
}
