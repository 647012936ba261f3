// SPDX-License-Identifier: MIT
//
// The split virtqueue, with one descriptor table for each of a fixed number of request slots. A
// slot is free, being filled, or in flight; it goes in flight by queue_publish and comes back
// exactly once by queue_take. Callers serialise queue_publish, queue_take and the kick decision
// with one lock; filling a slot that is not in flight needs none.
//
// With indirect descriptors slot s is ring descriptor s, which points to the slot's table for ever:
// a request costs one changed length there. Without them slot s owns the ring descriptors
// [s * 8, s * 8 + 8) as its table.
#pragma once

#include "virtio.h"

#define NO_NOTIFY 1u // of used.flags (2.7.10)

struct virtio_request_header {
    uint32_t type, reserved;
    uint64_t sector;
};

struct virtio_slot_memory {
    struct virtio_descriptor table[VIRTIO_TABLE_ENTRIES];
    struct virtio_request_header header;
    uint8_t status;
    uint8_t padding[15];
};
static_assert(sizeof(struct virtio_slot_memory) == VIRTIO_SLOT_BYTES);

// Where the parts of a ring of up to VIRTIO_QUEUE_SIZE entries lie in its page. Each part stands at
// the offset for the full size, so that a smaller ring lies there too.
#define RING_AVAILABLE (VIRTIO_QUEUE_SIZE * 16)
#define RING_USED      ((RING_AVAILABLE + 6 + VIRTIO_QUEUE_SIZE * 2 + 63) & ~63u)
static_assert(RING_USED + 6 + VIRTIO_QUEUE_SIZE * 8 <= VIRTIO_RING_BYTES);

// Where a slot's parts are.
struct virtio_slot {
    struct virtio_descriptor *table;
    struct virtio_slot_memory *memory;
    uint32_t *indirect_length; // of the table, where it is one of its own, else of nothing
    uint64_t status_address;   // logical
    uint16_t head, first;      // its descriptor in the ring; the table's entry 0
    uint32_t padding[7];       // an index is a shift
};
static_assert(sizeof(struct virtio_slot) == 64);

struct virtio_queue {
    struct virtio_descriptor *descriptors;
    struct virtio_available *available;
    volatile struct virtio_used *used;
    struct virtio_slot_memory *memory;
    uint64_t memory_address; // logical
    uint16_t mask;           // queue size - 1
    uint16_t chain;          // descriptors a slot: 1 or VIRTIO_CHAIN
    uint16_t slots;
    uint16_t segments_most; // data segments a slot can hold
    bool event_index;
    uint16_t next_available, kicked; // as the device will see them
    uint16_t next_used, in_flight;
    uint32_t ignored_length;
    uint32_t writable[VIRTIO_SLOTS]; // bytes the device may write, 0: not in flight
    struct virtio_slot slot[VIRTIO_SLOTS];
};

// Lays an empty queue of `size` ring entries into zeroed memory: VIRTIO_RING_BYTES at `ring`,
// VIRTIO_REQUESTS_BYTES at `requests`, whose logical addresses are given. Both stay the caller's.
void queue_init(struct virtio_queue *queue, const struct virtio_disk *disk, uint16_t size,
                void *ring, uint64_t ring_address, void *requests, uint64_t requests_address,
                struct virtio_queue_addresses *addresses);

// Starts filling a slot: the request's header becomes the first descriptor (its address was set by
// queue_init).
static inline void queue_begin(struct virtio_queue *queue, unsigned slot, uint32_t type,
                               uint64_t sector)
{
    struct virtio_slot_memory *memory = queue->slot[slot].memory;
    memory->header.type = type;
    memory->header.sector = sector;
    memory->status = UINT8_MAX;
}

// Adds data segment n (from 0, below segments_most). flags: DESCRIPTOR_WRITE if the device writes
// it.
static inline void queue_segment(struct virtio_queue *queue, unsigned slot, unsigned n,
                                 uint64_t address, uint32_t length, unsigned flags)
{
    const struct virtio_slot *to = &queue->slot[slot];
    to->table[n + 1] = (struct virtio_descriptor){.address = address,
                                                  .length = length,
                                                  .flags = (uint16_t)(DESCRIPTOR_NEXT | flags),
                                                  .next = (uint16_t)(to->first + n + 2)};
}

// Both in one for a single segment, which most requests have.
static inline void queue_only_segment(struct virtio_queue *queue, unsigned slot, uint64_t address,
                                      uint32_t length, unsigned flags)
{
    const struct virtio_slot *to = &queue->slot[slot];
    struct virtio_descriptor *entry = to->table;
    entry[1].address = address;
    entry[1].length = length;
    entry[1].flags = (uint16_t)(DESCRIPTOR_NEXT | flags);
    entry[1].next = (uint16_t)(to->first + 2);
    entry[2].address = to->status_address;
    entry[2].length = 1;
    entry[2].flags = DESCRIPTOR_WRITE;
    *to->indirect_length = 3 * sizeof(*entry);
}

// Ends a slot with its status byte after `segments` data segments.
static inline void queue_end(struct virtio_queue *queue, unsigned slot, unsigned segments)
{
    const struct virtio_slot *to = &queue->slot[slot];
    to->table[segments + 1] = (struct virtio_descriptor){
        .address = to->status_address, .length = 1, .flags = DESCRIPTOR_WRITE};
    *to->indirect_length = (segments + 2) * 16;
}

// Puts a filled slot in flight; data_writable is how much of the data the device may write.
static inline void queue_publish(struct virtio_queue *queue, unsigned slot, uint32_t data_writable)
{
    struct virtio_available *available = queue->available;
    uint16_t at = queue->next_available, next = (uint16_t)(at + 1);
    queue->writable[slot] = data_writable + 1;
    queue->in_flight++;
    available->ring[at & queue->mask] = queue->slot[slot].head;
    queue->next_available = next;
    __atomic_store_n(&available->index, next, __ATOMIC_RELEASE);
}

// Whether the device wants to hear of what was published since the last time this was asked
// (2.7.10).
static inline bool queue_must_kick(struct virtio_queue *queue)
{
    uint16_t before = queue->kicked;
    uint16_t now = queue->next_available;
    queue->kicked = now;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!queue->event_index)
        return !(queue->used->flags & NO_NOTIFY);
    volatile uint16_t *event = (volatile uint16_t *)&queue->used->ring[queue->mask + 1u];
    return (uint16_t)(now - *event - 1) < (uint16_t)(now - before);
}

enum queue_answer { QUEUE_EMPTY, QUEUE_TOOK, QUEUE_BROKEN };

struct queue_taken {
    unsigned slot;
    uint32_t wrote;        // bytes, not more than was writable
    uint32_t writable;     // status byte included
    enum virtio_rule rule; // when broken
};

// Takes the next answer off the used ring. A slot that was taken is free.
enum queue_answer queue_take(struct virtio_queue *queue, struct queue_taken *taken);

// Asks for an interrupt at the next answer. True when one came in the meantime: take again.
static inline bool queue_rearm(struct virtio_queue *queue)
{
    if (queue->event_index)
        __atomic_store_n(&queue->available->ring[queue->mask + 1u], queue->next_used,
                         __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return queue->used->index != queue->next_used;
}

// What the device said of a request that was taken. VIRTIO_STATUS_VALUE and VIRTIO_SHORT are broken
// rules; otherwise *status is one of VIRTIO_BLK_S_*.
enum virtio_rule queue_status(struct virtio_queue *queue, const struct queue_taken *taken,
                              uint8_t *status);
