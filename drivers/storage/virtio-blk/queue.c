// SPDX-License-Identifier: MIT
//
// The virtqueue's set-up and its answers. Invariant: writable[s] is nonzero exactly while slot s is
// in flight, and in_flight is the number of such slots; so an id that comes twice, comes unasked or
// points anywhere else is found by one comparison.
#include "queue.h"

static void init_slot(struct virtio_queue *queue, unsigned number)
{
    struct virtio_slot_memory *memory = &queue->memory[number];
    uint64_t address = queue->memory_address + number * VIRTIO_SLOT_BYTES;
    bool indirect = queue->chain == 1;
    unsigned first = indirect ? 0 : number * VIRTIO_CHAIN;
    struct virtio_slot *slot = &queue->slot[number];
    *slot = (struct virtio_slot){
        .table = indirect ? memory->table : &queue->descriptors[first],
        .memory = memory,
        .indirect_length = indirect ? &queue->descriptors[number].length : &queue->ignored_length,
        .status_address = address + offsetof(struct virtio_slot_memory, status),
        .head = (uint16_t)(number * queue->chain),
        .first = (uint16_t)first,
    };
    if (indirect)
        queue->descriptors[number] =
            (struct virtio_descriptor){.address = address, .flags = DESCRIPTOR_INDIRECT};
    slot->table[0] = (struct virtio_descriptor){
        .address = address + offsetof(struct virtio_slot_memory, header),
        .length = sizeof(struct virtio_request_header),
        .flags = DESCRIPTOR_NEXT,
        .next = (uint16_t)(first + 1),
    };
}

void queue_init(struct virtio_queue *queue, const struct virtio_disk *disk, uint16_t size,
                void *ring, uint64_t ring_address, void *requests, uint64_t requests_address,
                struct virtio_queue_addresses *addresses)
{
    unsigned chain = disk->indirect ? 1 : VIRTIO_CHAIN;
    unsigned slots = size / chain;
    unsigned segments = (disk->indirect ? VIRTIO_TABLE_ENTRIES : VIRTIO_CHAIN) - 2;
    *queue = (struct virtio_queue){
        .descriptors = ring,
        .available = (void *)((char *)ring + RING_AVAILABLE),
        .used = (void *)((char *)ring + RING_USED),
        .memory = requests,
        .memory_address = requests_address,
        .mask = (uint16_t)(size - 1),
        .chain = (uint16_t)chain,
        .slots = (uint16_t)(slots < VIRTIO_SLOTS ? slots : VIRTIO_SLOTS),
        .segments_most =
            (uint16_t)(segments < disk->segments_most ? segments : disk->segments_most),
        .event_index = disk->event_index,
    };
    for (unsigned slot = 0; slot < queue->slots; slot++)
        init_slot(queue, slot);
    *addresses = (struct virtio_queue_addresses){ring_address, ring_address + RING_AVAILABLE,
                                                 ring_address + RING_USED};
}

static enum queue_answer broken(struct queue_taken *taken, enum virtio_rule rule)
{
    taken->rule = rule;
    return QUEUE_BROKEN;
}

enum queue_answer queue_take(struct virtio_queue *queue, struct queue_taken *taken)
{
    uint16_t index = queue->used->index;
    uint16_t waiting = (uint16_t)(index - queue->next_used);
    if (waiting == 0)
        return QUEUE_EMPTY;
    if (waiting > queue->in_flight)
        return broken(taken, VIRTIO_USED_AHEAD);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    const volatile struct virtio_used_element *element =
        &queue->used->ring[queue->next_used & queue->mask];
    uint32_t id = element->id;
    uint32_t wrote = element->length;
    unsigned slot = queue->chain == 1 ? id : id / VIRTIO_CHAIN;
    if (slot >= queue->slots || slot * queue->chain != id)
        return broken(taken, VIRTIO_USED_ID);
    uint32_t writable = queue->writable[slot];
    if (writable == 0)
        return broken(taken, VIRTIO_USED_TWICE);
    if (wrote > writable)
        return broken(taken, VIRTIO_USED_LENGTH);
    queue->writable[slot] = 0;
    queue->in_flight--;
    queue->next_used++;
    *taken = (struct queue_taken){.slot = slot, .wrote = wrote, .writable = writable};
    return QUEUE_TOOK;
}

enum virtio_rule queue_status(struct virtio_queue *queue, const struct queue_taken *taken,
                              uint8_t *status)
{
    *status = *(volatile uint8_t *)&queue->memory[taken->slot].status;
    if (*status > VIRTIO_BLK_S_UNSUPP)
        return VIRTIO_STATUS_VALUE;
    if (*status == VIRTIO_BLK_S_OK && taken->wrote != taken->writable)
        return VIRTIO_SHORT;
    return VIRTIO_OK;
}
