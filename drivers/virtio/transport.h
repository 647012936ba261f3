// SPDX-License-Identifier: MIT
//
// Virtual I/O Device 1.2, what all devices share: the PCI transport (4.1), the order of a start
// (3.1), and the parts of a split virtqueue (2.7). Pure code: no system, all access through
// functions of the caller. All fields are little-endian, as is every hart.
//
// A start: virtio_negotiate; for each queue virtio_size_queue, virtio_set_queue_vector if there are
// messages, virtio_enable_queue; virtio_set_config_vector somewhere between; virtio_run.
//
// The device is not trusted. What it writes is read once, checked, and only then used; each routine
// says the first rule that the device broke. Every loop is bounded.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum virtio_rule {
    VIRTIO_OK,
    VIRTIO_NO_CAPABILITY,
    VIRTIO_CAPABILITY_RANGE,
    VIRTIO_RESET_STUCK,
    VIRTIO_NOT_MODERN,
    VIRTIO_UNCONFINED,
    VIRTIO_FEATURES_REFUSED,
    VIRTIO_NO_QUEUE,
    VIRTIO_QUEUE_LENGTH,
    VIRTIO_NOTIFY_RANGE,
    VIRTIO_VECTOR,
    VIRTIO_QUEUE_DISABLED,
    VIRTIO_NEEDS_RESET,
    VIRTIO_CONFIG_UNSTABLE,
    VIRTIO_CAPACITY,
    VIRTIO_BLOCK_SIZE,
    VIRTIO_SEG_MAX,
    VIRTIO_QUEUE_COUNT,
    VIRTIO_USED_AHEAD,
    VIRTIO_USED_ID,
    VIRTIO_USED_TWICE,
    VIRTIO_USED_LENGTH,
    VIRTIO_USED_NOTHING,
    VIRTIO_SHORT,
    VIRTIO_STATUS_VALUE,
    VIRTIO_RULES,
};

// The rule in words, for messages: a constant string without a full stop.
const char *virtio_rule_text(enum virtio_rule rule);

enum {
    VIRTIO_F_INDIRECT_DESC = 28,
    VIRTIO_F_EVENT_IDX = 29,
    VIRTIO_F_VERSION_1 = 32,
    VIRTIO_F_ACCESS_PLATFORM = 33,
};

#define VIRTIO_NO_VECTOR 0xffffu

// --- Registers ----------------------------------------------------------------------------------

enum virtio_region_kind { VIRTIO_COMMON, VIRTIO_NOTIFY, VIRTIO_ISR, VIRTIO_DEVICE, VIRTIO_REGIONS };

struct virtio_region {
    uint8_t bar;
    uint32_t offset, length; // inside the BAR, checked; length 0: there is none
};

struct virtio_layout {
    struct virtio_region regions[VIRTIO_REGIONS];
    uint32_t notify_multiplier;
};

// Reads bytes of configuration space. True if all were read.
typedef bool virtio_config_read(void *context, unsigned offset, void *out, size_t length);

// Walks the vendor capabilities (4.1.4) and takes the first of each kind, whose range must lie
// inside its BAR. bar_bytes are the sizes of the six BARs, 0 for those that are not memory.
// device_bytes: of the device's own configuration, 0 if the driver needs none.
enum virtio_rule virtio_find_regions(virtio_config_read *read, void *context,
                                     const uint64_t bar_bytes[6], uint32_t device_bytes,
                                     struct virtio_layout *layout);

// Access to a region's registers; offset and width (1, 2, 4) lie inside the region.
struct virtio_io {
    void *context;
    uint32_t (*read)(void *context, enum virtio_region_kind region, unsigned offset,
                     unsigned width);
    void (*write)(void *context, enum virtio_region_kind region, unsigned offset, unsigned width,
                  uint32_t value);
};

// Resets the device and waits, for a bounded number of reads, until it says so. After this it does
// no DMA.
enum virtio_rule virtio_reset(const struct virtio_io *io);

// Reset, acknowledge, features: *features is what is offered of what was wanted, of
// VIRTIO_F_VERSION_1, which must be, and of VIRTIO_F_ACCESS_PLATFORM. A device without the latter
// takes addresses for physical ones, past any IOMMU (6.1): if an IOMMU is there to confine it, it
// is refused.
enum virtio_rule virtio_negotiate(const struct virtio_io *io, uint64_t wanted, bool confined,
                                  uint64_t *features);

// The generation of the device's own configuration: fields that are read between two equal ones
// belong together (4.1.4.3.1).
uint32_t virtio_generation(const struct virtio_io *io);

#define VIRTIO_QUEUE_LEAST 8u

// Makes the queue with that number as long as the device allows, at most `most` (a power of two,
// not below VIRTIO_QUEUE_LEAST), and tells how long that is.
enum virtio_rule virtio_size_queue(const struct virtio_io *io, unsigned number, unsigned most,
                                   uint16_t *size);

// Which entry of the MSI-X table changes of the configuration, and answers of a queue, interrupt
// with. MSI-X must be on; a reset undoes it.
enum virtio_rule virtio_set_config_vector(const struct virtio_io *io, unsigned vector);
enum virtio_rule virtio_set_queue_vector(const struct virtio_io *io, unsigned number,
                                         unsigned vector);

struct virtio_queue_addresses {
    uint64_t descriptors, available, used; // logical
};

// Tells where the queue lies, and turns it on. *notify is where its notification register is,
// inside the notify region.
enum virtio_rule virtio_enable_queue(const struct virtio_io *io, const struct virtio_layout *layout,
                                     unsigned number,
                                     const struct virtio_queue_addresses *addresses,
                                     uint32_t *notify);

// Lets the device run.
enum virtio_rule virtio_run(const struct virtio_io *io);

bool virtio_needs_reset(const struct virtio_io *io);

// --- The parts of a split virtqueue -------------------------------------------------------------

struct virtio_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};
static_assert(sizeof(struct virtio_descriptor) == 16);

#define DESCRIPTOR_NEXT     1u
#define DESCRIPTOR_WRITE    2u
#define DESCRIPTOR_INDIRECT 4u

struct virtio_available {
    uint16_t flags, index;
    uint16_t ring[]; // as many as the queue is long, then used_event
};

struct virtio_used_element {
    uint32_t id, length;
};

struct virtio_used {
    uint16_t flags, index;
    struct virtio_used_element ring[]; // as many as the queue is long, then avail_event
};
