// SPDX-License-Identifier: MIT
//
// A split virtqueue of VIRTIO_RING_SLOTS requests that are one descriptor each, for devices of few
// requests: slot s is descriptor s. Callers serialise. Pure code, as transport.h.
#pragma once

#include "transport.h"

#define VIRTIO_RING_SLOTS 8u // a power of two
#define VIRTIO_RING_BYTES 4096u

struct virtio_ring_memory {
    struct virtio_descriptor descriptors[VIRTIO_RING_SLOTS];
    struct {
        uint16_t flags, index, ring[VIRTIO_RING_SLOTS];
    } available;
    alignas(64) struct {
        uint16_t flags, index;
        struct virtio_used_element ring[VIRTIO_RING_SLOTS];
    } used;
};
static_assert(sizeof(struct virtio_ring_memory) <= VIRTIO_RING_BYTES);

// Invariant: length[s] is not 0 exactly while slot s is in flight.
struct virtio_ring {
    struct virtio_ring_memory *memory;
    uint64_t address; // logical
    uint16_t next_available, next_used, in_flight;
    uint32_t length[VIRTIO_RING_SLOTS];
};

// An empty queue in zeroed memory.
void virtio_ring_init(struct virtio_ring *ring, void *memory, uint64_t address);

// Makes it the device's queue with that number. vector: of the MSI-X table, for the configuration
// as well, or VIRTIO_NO_VECTOR. *notify as virtio_enable_queue has it.
enum virtio_rule virtio_ring_start(const struct virtio_io *io, const struct virtio_layout *layout,
                                   unsigned number, const struct virtio_ring *ring, unsigned vector,
                                   uint32_t *notify);

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
