// SPDX-License-Identifier: MIT
//
// Taking completions. Invariant: bit s of `flying` is set exactly while slot s is in flight; so an
// ID that comes twice, comes unasked or names no slot is found by one look.
#include "queue.h"

void nvme_queue_init(struct nvme_queue *queue, unsigned id, unsigned entries, void *submission,
                     void *completion)
{
    *queue = (struct nvme_queue){
        .submission = submission,
        .completion = completion,
        .id = (uint16_t)id,
        .entries = (uint16_t)entries,
        .slots = (uint16_t)(entries - 1),
        .phase = 1,
    };
}

static enum nvme_answer broken(struct nvme_taken *taken, enum nvme_rule rule)
{
    taken->rule = rule;
    return NVME_BROKEN;
}

// The controller's head moves forward, over commands that it was given, and never past the tail.
static bool head_is_possible(const struct nvme_queue *queue, unsigned head)
{
    unsigned given = (queue->tail + queue->entries - queue->head) % queue->entries;
    unsigned moved = (head + queue->entries - queue->head) % queue->entries;
    return head < queue->entries && moved <= given;
}

static void advance(struct nvme_queue *queue)
{
    if (++queue->next == queue->entries) {
        queue->next = 0;
        queue->phase ^= 1;
    }
}

enum nvme_answer nvme_take(struct nvme_queue *queue, struct nvme_taken *taken)
{
    if (!queue->completion)
        return NVME_EMPTY;
    const volatile struct nvme_completion *entry = &queue->completion[queue->next];
    uint16_t field = entry->status;
    if ((field & 1) != queue->phase)
        return NVME_EMPTY;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    unsigned slot = entry->id, head = entry->head;
    if (entry->queue != queue->id)
        return broken(taken, NVME_QUEUE_ID);
    if (slot >= queue->slots)
        return broken(taken, NVME_COMMAND_ID);
    if (!nvme_is_flying(queue, slot))
        return broken(taken, NVME_COMMAND_TWICE);
    if (!head_is_possible(queue, head))
        return broken(taken, NVME_HEAD);
    queue->flying &= ~(1ull << slot);
    queue->in_flight--;
    queue->head = (uint16_t)head;
    *taken =
        (struct nvme_taken){.slot = slot, .status = nvme_status_of(field), .result = entry->result};
    advance(queue);
    return NVME_TOOK;
}
