// SPDX-License-Identifier: MIT
//
// Virtual I/O Device 1.2: the wire formats of the split virtqueue (section 2.7), of the PCI
// transport (4.1) and of the block device (5.2), and what the pure half of the driver keeps. All
// fields are little-endian, as is every hart this driver runs on.
//
//  One request slot, 1 KiB of common buffer:
//
//      +0     descriptor table: header, data segments, status   (62 entries of 16 bytes)
//      +992   request header: type, reserved, sector            (16 bytes)
//      +1008  status byte                                       (device writes)
//
// The device is not trusted. What it writes (used ring, status bytes, configuration) is read once,
// checked, and only then used; the first rule it breaks is kept and ends its service.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define VIRTIO_PAGE           4096u
#define VIRTIO_SLOTS          64u
#define VIRTIO_QUEUE_SIZE     128u // what the driver asks for; the device may offer less
#define VIRTIO_SLOT_BYTES     1024u
#define VIRTIO_TABLE_ENTRIES  62u
#define VIRTIO_CHAIN          8u // descriptors of a slot where tables are not offered
#define VIRTIO_RING_BYTES     VIRTIO_PAGE
#define VIRTIO_REQUESTS_BYTES (VIRTIO_SLOTS * VIRTIO_SLOT_BYTES)
#define SECTOR_SHIFT          9

enum virtio_rule {
    VIRTIO_OK,
    VIRTIO_NO_CAPABILITY,
    VIRTIO_CAPABILITY_RANGE,
    VIRTIO_RESET_STUCK,
    VIRTIO_NOT_MODERN,
    VIRTIO_FEATURES_REFUSED,
    VIRTIO_CONFIG_UNSTABLE,
    VIRTIO_CAPACITY,
    VIRTIO_BLOCK_SIZE,
    VIRTIO_SEG_MAX,
    VIRTIO_NO_QUEUE,
    VIRTIO_QUEUE_LENGTH,
    VIRTIO_NOTIFY_RANGE,
    VIRTIO_QUEUE_DISABLED,
    VIRTIO_VECTOR,
    VIRTIO_NEEDS_RESET,
    VIRTIO_USED_AHEAD,
    VIRTIO_USED_ID,
    VIRTIO_USED_TWICE,
    VIRTIO_USED_LENGTH,
    VIRTIO_SHORT,
    VIRTIO_STATUS_VALUE,
};

// The rule in words, for messages: a constant string without a full stop.
const char *virtio_rule_text(enum virtio_rule rule);

enum {
    VIRTIO_BLK_F_SEG_MAX = 2,
    VIRTIO_BLK_F_RO = 5,
    VIRTIO_BLK_F_BLK_SIZE = 6,
    VIRTIO_BLK_F_FLUSH = 9,
    VIRTIO_F_INDIRECT_DESC = 28,
    VIRTIO_F_EVENT_IDX = 29,
    VIRTIO_F_VERSION_1 = 32,
    VIRTIO_F_ACCESS_PLATFORM = 33,
};

enum { VIRTIO_BLK_T_IN = 0, VIRTIO_BLK_T_OUT = 1, VIRTIO_BLK_T_FLUSH = 4 };
enum { VIRTIO_BLK_S_OK = 0, VIRTIO_BLK_S_IOERR = 1, VIRTIO_BLK_S_UNSUPP = 2 };

// --- The device's registers ---------------------------------------------------------------------

enum virtio_region_kind { VIRTIO_COMMON, VIRTIO_NOTIFY, VIRTIO_ISR, VIRTIO_DEVICE, VIRTIO_REGIONS };

struct virtio_region {
    uint8_t bar;
    uint32_t offset, length; // inside the BAR, checked
};

struct virtio_layout {
    struct virtio_region regions[VIRTIO_REGIONS];
    uint32_t notify_multiplier;
};

// Reads bytes of configuration space. True if all were read.
typedef bool virtio_config_read(void *context, unsigned offset, void *out, size_t length);

// Walks the vendor capabilities (4.1.4) and takes the first of each kind whose range lies inside
// its BAR. bar_bytes are the sizes of the six BARs, 0 for those that are not memory.
enum virtio_rule virtio_find_regions(virtio_config_read *read, void *context,
                                     const uint64_t bar_bytes[6], struct virtio_layout *layout);

// Access to a region's registers; offset and width (1, 2, 4) lie inside the region.
struct virtio_io {
    void *context;
    uint32_t (*read)(void *context, enum virtio_region_kind region, unsigned offset,
                     unsigned width);
    void (*write)(void *context, enum virtio_region_kind region, unsigned offset, unsigned width,
                  uint32_t value);
};

struct virtio_disk {
    uint64_t features; // negotiated
    uint64_t sectors;  // of 512 bytes
    uint32_t block_bytes;
    uint32_t segments_most; // of one request
    bool read_only, flush, indirect, event_index;
    uint16_t queue_size;
    uint32_t notify_offset; // inside the notify region
};

struct virtio_queue_addresses {
    uint64_t descriptors, available, used; // logical
};

// Resets the device and waits, for a bounded number of reads, until it says so. After this it does
// no DMA.
enum virtio_rule virtio_reset(const struct virtio_io *io);

// Reset, features, configuration, queue size: everything until the memory of the queue is needed.
enum virtio_rule virtio_prepare(const struct virtio_io *io, struct virtio_disk *disk);

// Which entries of the MSI-X table changes of the configuration and the queue interrupt with; MSI-X
// must be on. Between virtio_prepare and virtio_start; a reset undoes it.
enum virtio_rule virtio_set_vectors(const struct virtio_io *io, uint16_t config_vector,
                                    uint16_t queue_vector);

// Tells where the queue lies and lets the device run. The queue's notification register is inside
// the notify region of `layout` afterwards.
enum virtio_rule virtio_start(const struct virtio_io *io, const struct virtio_layout *layout,
                              const struct virtio_queue_addresses *addresses,
                              struct virtio_disk *disk);
