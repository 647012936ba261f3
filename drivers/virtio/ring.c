// SPDX-License-Identifier: MIT
//
// See ring.h.
#include "ring.h"

#define SLOT_MASK (VIRTIO_RING_SLOTS - 1)
static_assert(VIRTIO_RING_SLOTS == VIRTIO_QUEUE_LEAST); // no device has less

void virtio_ring_init(struct virtio_ring *ring, void *memory, uint64_t address)
{
    *ring = (struct virtio_ring){.memory = memory, .address = address};
}

static enum virtio_rule set_vectors(const struct virtio_io *io, unsigned number, unsigned vector)
{
    if (vector == VIRTIO_NO_VECTOR)
        return VIRTIO_OK;
    enum virtio_rule rule = virtio_set_config_vector(io, vector);
    return rule ? rule : virtio_set_queue_vector(io, number, vector);
}

enum virtio_rule virtio_ring_start(const struct virtio_io *io, const struct virtio_layout *layout,
                                   unsigned number, const struct virtio_ring *ring, unsigned vector,
                                   uint32_t *notify)
{
    uint16_t size;
    const struct virtio_queue_addresses addresses = {
        ring->address + offsetof(struct virtio_ring_memory, descriptors),
        ring->address + offsetof(struct virtio_ring_memory, available),
        ring->address + offsetof(struct virtio_ring_memory, used),
    };
    enum virtio_rule rule = virtio_size_queue(io, number, VIRTIO_RING_SLOTS, &size);
    if (!rule)
        rule = set_vectors(io, number, vector);
    return rule ? rule : virtio_enable_queue(io, layout, number, &addresses, notify);
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
    const volatile typeof(ring->memory->used) *used = &ring->memory->used;
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
