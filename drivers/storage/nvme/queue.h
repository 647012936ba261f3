// SPDX-License-Identifier: MIT
//
// A pair of queues. A command has the ID of its slot; a slot is free or in flight, goes in flight
// by nvme_submit and comes back exactly once by nvme_take. There are fewer slots than entries, so
// neither queue can run full. Callers serialise all of it with one lock.
#pragma once

#include "nvme.h"

#define NVME_ENTRIES 64u // of both queues, where the controller has so many
#define NVME_SLOTS   (NVME_ENTRIES - 1)

struct nvme_queue {
    struct nvme_command *submission;
    volatile struct nvme_completion *completion;
    uint16_t id, entries, slots;
    uint16_t tail;      // of the submission queue, ours
    uint16_t head;      // of the submission queue, as the controller last said
    uint16_t next;      // of the completion queue, ours
    uint16_t phase;     // of a new entry there
    uint16_t in_flight; // number of bits in flying
    uint64_t flying;    // a bit a slot
};

// An empty pair with this ID: both rings zeroed memory of `entries` (2 to NVME_ENTRIES) entries.
void nvme_queue_init(struct nvme_queue *queue, unsigned id, unsigned entries, void *submission,
                     void *completion);

// Puts a command, which gets the slot's ID, into the ring. The doorbell is the caller's: it gets
// queue->tail.
static inline void nvme_submit(struct nvme_queue *queue, unsigned slot,
                               struct nvme_command *command)
{
    command->id = (uint16_t)slot;
    queue->flying |= 1ull << slot;
    queue->in_flight++;
    queue->submission[queue->tail] = *command;
    queue->tail = queue->tail + 1u == queue->entries ? 0 : (uint16_t)(queue->tail + 1);
}

enum nvme_answer { NVME_EMPTY, NVME_TOOK, NVME_BROKEN };

struct nvme_taken {
    unsigned slot, status;
    uint32_t result;
    enum nvme_rule rule; // when broken
};

// Takes the next completion. A slot that was taken is free. The doorbell, once for several, is the
// caller's: it gets queue->next.
enum nvme_answer nvme_take(struct nvme_queue *queue, struct nvme_taken *taken);

// Whether a completion is there; without a lock it is a hint. A queue without rings has none.
static inline bool nvme_has_answer(const struct nvme_queue *queue)
{
    return queue->completion && (queue->completion[queue->next].status & 1) == queue->phase;
}

static inline bool nvme_is_flying(const struct nvme_queue *queue, unsigned slot)
{
    return queue->flying >> slot & 1;
}

// Takes a slot out of the queue's hands, of a controller that is quiet. True if it was in flight.
static inline bool nvme_reclaim(struct nvme_queue *queue, unsigned slot)
{
    bool flying = nvme_is_flying(queue, slot);
    queue->flying &= ~(1ull << slot);
    queue->in_flight = (uint16_t)(queue->in_flight - flying);
    return flying;
}
