// SPDX-License-Identifier: MIT
//
// Virtual I/O Device 1.2, what all devices share: the PCI transport (4.1), the order of a start
// (3.1), and a split virtqueue (2.7) whose requests are one descriptor each. Pure code: no system,
// all access through functions of the caller. All fields are little-endian, as is every hart.
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
    VIRTIO_FEATURES_REFUSED,
    VIRTIO_NO_QUEUE,
    VIRTIO_QUEUE_LENGTH,
    VIRTIO_NOTIFY_RANGE,
    VIRTIO_VECTOR,
    VIRTIO_QUEUE_DISABLED,
    VIRTIO_NEEDS_RESET,
    VIRTIO_USED_AHEAD,
    VIRTIO_USED_ID,
    VIRTIO_USED_TWICE,
    VIRTIO_USED_LENGTH,
    VIRTIO_USED_NOTHING,
    VIRTIO_RULES,
};

// The rule in words, for messages: a constant string without a full stop.
const char *virtio_rule_text(enum virtio_rule rule);

enum { VIRTIO_F_VERSION_1 = 32, VIRTIO_F_ACCESS_PLATFORM = 33 };

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

// Reset, acknowledge, features: *features is what was wanted and is offered. VERSION_1 must be.
enum virtio_rule virtio_negotiate(const struct virtio_io *io, uint64_t wanted, uint64_t *features);

struct virtio_ring;

// Tells where the queue with that number lies, and turns it on. *notify is where its notification
// register is in the notify region. vector: of the MSI-X table, or VIRTIO_NO_VECTOR.
enum virtio_rule virtio_start_queue(const struct virtio_io *io, const struct virtio_layout *layout,
                                    unsigned number, const struct virtio_ring *ring,
                                    unsigned vector, uint32_t *notify);

// Lets the device run.
enum virtio_rule virtio_run(const struct virtio_io *io);

bool virtio_needs_reset(const struct virtio_io *io);

// --- The queue ----------------------------------------------------------------------------------

#define VIRTIO_RING_SLOTS 8u // a power of two
#define VIRTIO_RING_BYTES 4096u

struct virtio_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

struct virtio_available {
    uint16_t flags, index, ring[VIRTIO_RING_SLOTS];
};

struct virtio_used {
    uint16_t flags, index;
    struct {
        uint32_t id, length;
    } ring[VIRTIO_RING_SLOTS];
};

struct virtio_ring_memory {
    struct virtio_descriptor descriptors[VIRTIO_RING_SLOTS];
    struct virtio_available available;
    alignas(64) struct virtio_used used;
};
static_assert(sizeof(struct virtio_ring_memory) <= VIRTIO_RING_BYTES);

// Callers serialise. Invariant: length[s] is not 0 exactly while slot s is in flight.
struct virtio_ring {
    struct virtio_ring_memory *memory;
    uint64_t address; // logical
    uint16_t next_available, next_used, in_flight;
    uint32_t length[VIRTIO_RING_SLOTS];
};

// An empty queue in zeroed memory.
void virtio_ring_init(struct virtio_ring *ring, void *memory, uint64_t address);

// Lends the device `length` bytes (at least one), to write to (or to read). The slot is not in
// flight. The notification register is the caller's: it gets the queue's number.
void virtio_ring_publish(struct virtio_ring *ring, unsigned slot, uint64_t address, uint32_t length,
                         bool device_writes);

enum virtio_answer { VIRTIO_EMPTY, VIRTIO_TOOK, VIRTIO_BROKEN };

struct virtio_taken {
    unsigned slot;
    uint32_t wrote; // not more than was lent
    enum virtio_rule rule;
};

// Takes the next answer. A slot that was taken is free.
enum virtio_answer virtio_ring_take(struct virtio_ring *ring, struct virtio_taken *taken);
