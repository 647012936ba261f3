// SPDX-License-Identifier: MIT
//
// Finding and starting a device, in the order of virtio 1.2 section 3.1.1.
#include "transport.h"

#define CAPABILITY_POINTER 0x34
#define CAPABILITIES_MOST  48
#define CAPABILITY_VENDOR  0x09
#define RESET_READS        100000
#define QUEUE_LENGTH_MOST  32768u // 2.7

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

static const char *const rule_text[VIRTIO_RULES] = {
    [VIRTIO_OK] = "no rule broken",
    [VIRTIO_NO_CAPABILITY] =
        "a modern device has common, notify and ISR capabilities, and one of its kind",
    [VIRTIO_CAPABILITY_RANGE] = "a capability's range lies outside its BAR or is too small",
    [VIRTIO_RESET_STUCK] = "the device does not finish its reset",
    [VIRTIO_NOT_MODERN] = "the device does not offer VIRTIO_F_VERSION_1",
    [VIRTIO_UNCONFINED] = "the device passes the IOMMU by: no VIRTIO_F_ACCESS_PLATFORM is offered",
    [VIRTIO_FEATURES_REFUSED] = "the device refuses a subset of the features it offered",
    [VIRTIO_NO_QUEUE] = "the device has no such queue",
    [VIRTIO_QUEUE_LENGTH] = "the queue's size is not a power of two from 8 to 32768",
    [VIRTIO_NOTIFY_RANGE] = "the queue's notification register lies outside its region",
    [VIRTIO_VECTOR] = "an interrupt vector is not held by the device",
    [VIRTIO_QUEUE_DISABLED] = "the queue does not report itself enabled",
    [VIRTIO_NEEDS_RESET] = "the device asks for a reset",
    [VIRTIO_CONFIG_UNSTABLE] = "the configuration changes at every reading",
    [VIRTIO_CAPACITY] = "the capacity exceeds 2^63 bytes",
    [VIRTIO_BLOCK_SIZE] = "blk_size is not a power of two from 512 to 65536",
    [VIRTIO_SEG_MAX] = "seg_max is zero",
    [VIRTIO_QUEUE_COUNT] = "num_queues is zero",
    [VIRTIO_USED_AHEAD] = "the used index is ahead of the requests in flight",
    [VIRTIO_USED_ID] = "a used id is not the head of a descriptor chain",
    [VIRTIO_USED_TWICE] = "a used id is not in flight",
    [VIRTIO_USED_LENGTH] = "the device claims to have written more than it was lent",
    [VIRTIO_USED_NOTHING] = "the device gives a buffer back without having written",
    [VIRTIO_SHORT] = "a read was called complete with bytes missing",
    [VIRTIO_STATUS_VALUE] = "a request's status is none of 0, 1, 2",
};

const char *virtio_rule_text(enum virtio_rule rule)
{
    return rule_text[rule < VIRTIO_RULES ? rule : VIRTIO_OK];
}

// --- Capabilities -------------------------------------------------------------------------------

static bool region_fits(const struct virtio_region *region, uint32_t least,
                        const uint64_t bar_bytes[6])
{
    return region->bar < 6 && region->length >= least &&
           (uint64_t)region->offset + region->length <= bar_bytes[region->bar] &&
           region->offset % 4 == 0;
}

struct search {
    virtio_config_read *read;
    void *context;
    const uint64_t *bar_bytes;
    uint32_t least[VIRTIO_REGIONS];
    unsigned found; // a bit a kind
};

// The kinds of 4.1.4 are numbered from 1 in the order of enum virtio_region_kind.
static enum virtio_rule take_capability(struct search *search, unsigned at,
                                        struct virtio_layout *layout)
{
    struct vendor_capability capability;
    if (!search->read(search->context, at, &capability, sizeof capability))
        return VIRTIO_CAPABILITY_RANGE;
    unsigned kind = capability.kind - 1u;
    if (capability.id != CAPABILITY_VENDOR || kind >= VIRTIO_REGIONS || search->found & 1u << kind)
        return VIRTIO_OK;
    if (search->least[kind] == 0)
        return VIRTIO_OK; // not needed
    struct virtio_region region = {capability.bar, capability.offset, capability.bytes};
    if (!region_fits(&region, search->least[kind], search->bar_bytes))
        return VIRTIO_CAPABILITY_RANGE;
    if (kind == VIRTIO_NOTIFY &&
        !search->read(search->context, at + sizeof capability, &layout->notify_multiplier,
                      sizeof layout->notify_multiplier))
        return VIRTIO_CAPABILITY_RANGE;
    layout->regions[kind] = region;
    search->found |= 1u << kind;
    return VIRTIO_OK;
}

enum virtio_rule virtio_find_regions(virtio_config_read *read, void *context,
                                     const uint64_t bar_bytes[6], uint32_t device_bytes,
                                     struct virtio_layout *layout)
{
    struct search search = {read, context, bar_bytes, {COMMON_BYTES, 2, 1, device_bytes}, 0};
    unsigned needed = (1u << VIRTIO_REGIONS) - 1 - (device_bytes == 0 ? 1u << VIRTIO_DEVICE : 0);
    uint8_t at = 0;
    *layout = (struct virtio_layout){};
    if (!read(context, CAPABILITY_POINTER, &at, 1))
        return VIRTIO_NO_CAPABILITY;
    for (unsigned steps = 0; at >= 0x40 && steps < CAPABILITIES_MOST; steps++) {
        enum virtio_rule rule = take_capability(&search, at & 0xfcu, layout);
        if (rule)
            return rule;
        if (!read(context, (at & 0xfcu) + 1, &at, 1))
            return VIRTIO_NO_CAPABILITY;
    }
    return search.found == needed ? VIRTIO_OK : VIRTIO_NO_CAPABILITY;
}

// --- Registers ----------------------------------------------------------------------------------

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

enum virtio_rule virtio_negotiate(const struct virtio_io *io, uint64_t wanted, bool confined,
                                  uint64_t *features)
{
    wanted |= 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_ACCESS_PLATFORM;
    enum virtio_rule rule = virtio_reset(io);
    if (rule)
        return rule;
    add_status(io, STATUS_ACKNOWLEDGE);
    add_status(io, STATUS_DRIVER);
    *features = offered_features(io) & wanted;
    if (!has(*features, VIRTIO_F_VERSION_1))
        return VIRTIO_NOT_MODERN;
    if (confined && !has(*features, VIRTIO_F_ACCESS_PLATFORM))
        return VIRTIO_UNCONFINED;
    for (unsigned half = 0; half < 2; half++) {
        set_common(io, COMMON_GUEST_SELECT, 4, half);
        set_common(io, COMMON_GUEST_FEATURES, 4, (uint32_t)(*features >> half * 32));
    }
    add_status(io, STATUS_FEATURES_OK);
    return common(io, COMMON_STATUS, 1) & STATUS_FEATURES_OK ? VIRTIO_OK : VIRTIO_FEATURES_REFUSED;
}

uint32_t virtio_generation(const struct virtio_io *io)
{
    return common(io, COMMON_GENERATION, 1);
}

enum virtio_rule virtio_size_queue(const struct virtio_io *io, unsigned number, unsigned most,
                                   uint16_t *size)
{
    if (common(io, COMMON_QUEUES, 2) <= number)
        return VIRTIO_NO_QUEUE;
    set_common(io, COMMON_QUEUE_SELECT, 2, number);
    uint32_t offered = common(io, COMMON_QUEUE_SIZE, 2);
    if (offered == 0)
        return VIRTIO_NO_QUEUE;
    if (offered < VIRTIO_QUEUE_LEAST || offered > QUEUE_LENGTH_MOST || offered & (offered - 1))
        return VIRTIO_QUEUE_LENGTH;
    *size = (uint16_t)(offered < most ? offered : most);
    set_common(io, COMMON_QUEUE_SIZE, 2, *size);
    return VIRTIO_OK;
}

static enum virtio_rule set_vector(const struct virtio_io *io, unsigned offset, unsigned vector)
{
    set_common(io, offset, 2, vector);
    return common(io, offset, 2) == vector ? VIRTIO_OK : VIRTIO_VECTOR;
}

enum virtio_rule virtio_set_config_vector(const struct virtio_io *io, unsigned vector)
{
    return set_vector(io, COMMON_CONFIG_VECTOR, vector);
}

enum virtio_rule virtio_set_queue_vector(const struct virtio_io *io, unsigned number,
                                         unsigned vector)
{
    set_common(io, COMMON_QUEUE_SELECT, 2, number);
    return set_vector(io, COMMON_QUEUE_VECTOR, vector);
}

enum virtio_rule virtio_enable_queue(const struct virtio_io *io, const struct virtio_layout *layout,
                                     unsigned number,
                                     const struct virtio_queue_addresses *addresses,
                                     uint32_t *notify)
{
    set_common(io, COMMON_QUEUE_SELECT, 2, number);
    set_common64(io, COMMON_QUEUE_DESCRIPTORS, addresses->descriptors);
    set_common64(io, COMMON_QUEUE_AVAILABLE, addresses->available);
    set_common64(io, COMMON_QUEUE_USED, addresses->used);
    uint64_t at = (uint64_t)common(io, COMMON_QUEUE_NOTIFY_OFF, 2) * layout->notify_multiplier;
    if (at + 2 > layout->regions[VIRTIO_NOTIFY].length || at % 2)
        return VIRTIO_NOTIFY_RANGE;
    *notify = (uint32_t)at;
    set_common(io, COMMON_QUEUE_ENABLE, 2, 1);
    return common(io, COMMON_QUEUE_ENABLE, 2) == 1 ? VIRTIO_OK : VIRTIO_QUEUE_DISABLED;
}

bool virtio_needs_reset(const struct virtio_io *io)
{
    return (common(io, COMMON_STATUS, 1) & STATUS_NEEDS_RESET) != 0;
}

enum virtio_rule virtio_run(const struct virtio_io *io)
{
    add_status(io, STATUS_DRIVER_OK);
    return virtio_needs_reset(io) ? VIRTIO_NEEDS_RESET : VIRTIO_OK;
}
