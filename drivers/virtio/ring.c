// SPDX-License-Identifier: MIT
//
// A split virtqueue of VIRTIO_RING_SLOTS requests: slot s is descriptor s.
#include "transport.h"

#define DESCRIPTOR_WRITE 2u
#define SLOT_MASK        (VIRTIO_RING_SLOTS - 1)

void virtio_ring_init(struct virtio_ring *ring, void *memory, uint64_t address)
{
    *ring = (struct virtio_ring){.memory = memory, .address = address};
}

void virtio_ring_publish(struct virtio_ring *ring, unsigned slot, uint64_t address, uint32_t length,
                         bool device_writes)
{
    struct virtio_ring_memory *memory = ring->memory;
    memory->descriptors[slot] = (struct virtio_descriptor){
        .address = address, .length = length, .flags = device_writes ? DESCRIPTOR_WRITE : 0};
    ring->length[slot] = length;
    ring->in_flight++;
    memory->available.ring[ring->next_available++ & SLOT_MASK] = (uint16_t)slot;
    __atomic_store_n(&memory->available.index, ring->next_available, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static enum virtio_answer broken(struct virtio_taken *taken, enum virtio_rule rule)
{
    taken->rule = rule;
    return VIRTIO_BROKEN;
}

enum virtio_answer virtio_ring_take(struct virtio_ring *ring, struct virtio_taken *taken)
{
    const volatile struct virtio_used *used = &ring->memory->used;
    uint16_t waiting = (uint16_t)(used->index - ring->next_used);
    if (waiting == 0)
        return VIRTIO_EMPTY;
    if (waiting > ring->in_flight)
        return broken(taken, VIRTIO_USED_AHEAD);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    uint32_t slot = used->ring[ring->next_used & SLOT_MASK].id;
    uint32_t wrote = used->ring[ring->next_used & SLOT_MASK].length;
    if (slot >= VIRTIO_RING_SLOTS)
        return broken(taken, VIRTIO_USED_ID);
    if (ring->length[slot] == 0)
        return broken(taken, VIRTIO_USED_TWICE);
    if (wrote > ring->length[slot])
        return broken(taken, VIRTIO_USED_LENGTH);
    ring->length[slot] = 0;
    ring->in_flight--;
    ring->next_used++;
    *taken = (struct virtio_taken){.slot = slot, .wrote = wrote};
    return VIRTIO_TOOK;
}
