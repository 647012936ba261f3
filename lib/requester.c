// SPDX-License-Identifier: MIT
/*
 * The requester's end. Invariants: busy is a subset of used, and out_count its size; sequence[slot]
 * is what request[slot].sequence says; a slot leaves `busy` exactly once for each submit.
 */
#include "ring.h"

void ash_requester_init(struct ash_requester *end, const struct ash_link_info *info)
{
    uint32_t slots = info->slots < ASH_LINK_SLOTS_MAX ? info->slots : ASH_LINK_SLOTS_MAX;
    *end = (struct ash_requester){
        .requests = (struct ash_link_requests *)info->requests,
        .answers = (const struct ash_link_answers *)info->answers,
        .request = (struct ash_request *)(info->requests + 4096),
        .answer = (const struct ash_answer *)(info->answers + 4096),
        .in = (char *)(info->requests + ash_link_inline_in(slots)),
        .out = (const char *)(info->answers + ash_link_inline_out(slots)),
        .slots = slots,
        .inline_bytes = info->inline_bytes,
    };
}

ash_status ash_requester_ended(const struct ash_requester *end)
{
    if (end->broken != 0)
        return end->broken;
    return atomic_load_explicit(&end->answers->ended, memory_order_acquire);
}

/* The lowest free slot, or ASH_RING_NONE. */
static int find_free(const struct ash_requester *end)
{
    for (unsigned word = 0; word * 64 < end->slots; word++) {
        uint64_t free = ~end->used[word];
        if (free == 0)
            continue;
        unsigned slot = word * 64 + (unsigned)__builtin_ctzll(free);
        return slot < end->slots ? (int)slot : ASH_RING_NONE;
    }
    return ASH_RING_NONE;
}

/* Those behind the last one that was given are the ones that were released longest ago. */
int ash_requester_alloc(struct ash_requester *end)
{
    if (ash_requester_ended(end) != 0)
        return ASH_RING_NONE;
    int slot = (int)end->next;
    if (slot >= (int)end->slots || ash_bit(end->used, (unsigned)slot))
        slot = find_free(end);
    if (slot < 0)
        return ASH_RING_NONE;
    ash_bit_set(end->used, (unsigned)slot);
    end->next = (uint32_t)slot + 1;
    return slot;
}

void ash_requester_submit(struct ash_requester *end, int index, uint64_t now)
{
    unsigned slot = (unsigned)index;
    struct ash_request *request = &end->request[slot];
    request->submitted = now;
    request->place = end->tail;
    _Atomic uint64_t *cancel = &end->requests->cancel[slot / 64];
    uint64_t bits = atomic_load_explicit(cancel, memory_order_relaxed);
    if (bits >> slot % 64 & 1)
        atomic_store_explicit(cancel, bits & ~((uint64_t)1 << slot % 64), memory_order_relaxed);
    atomic_store_explicit(&request->sequence, ++end->sequence[slot], memory_order_release);
    end->requests->submit[end->tail++ % end->slots] = (uint16_t)slot;
    ash_bit_set(end->busy, slot);
    end->out_count++;
    atomic_store_explicit(&end->requests->submit_tail, end->tail, memory_order_release);
}

void ash_requester_release(struct ash_requester *end, int index)
{
    unsigned slot = (unsigned)index;
    if (slot < end->slots && !ash_bit(end->busy, slot))
        ash_bit_clear(end->used, slot);
}

/* A doorbell rung while a request was waiting, and not yet acted upon (submit_head has not moved),
 * will still make the answerer look: it clears `asleep`, then looks, with a full fence between. One
 * rung for nothing (all was taken already) may have been heard before the request now at hand was
 * there. */
bool ash_requester_must_ring(struct ash_requester *end)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&end->answers->asleep, memory_order_acquire) == 0) {
        end->rang = false;
        return false;
    }
    uint32_t taken = atomic_load_explicit(&end->answers->submit_head, memory_order_relaxed);
    if (end->rang && end->rang_at == taken)
        return false;
    end->rang = taken != end->tail;
    end->rang_at = taken;
    return true;
}

static int broken(struct ash_requester *end, const char *rule)
{
    end->broken = STATUS_DEVICE_PROTOCOL_ERROR;
    end->rule = rule;
    return ASH_RING_BROKEN;
}

/* Takes the slot out of those that are owed. */
static int settle(struct ash_requester *end, unsigned slot)
{
    ash_bit_clear(end->busy, slot);
    end->out_count--;
    return (int)slot;
}

/* The next entry of the complete ring, checked. */
static int take_entry(struct ash_requester *end, struct ash_answer *answer)
{
    uint32_t tail = atomic_load_explicit(&end->answers->complete_tail, memory_order_acquire);
    if (tail == end->head)
        return ASH_RING_NONE;
    if (tail - end->head > end->out_count)
        return broken(end, "completed more requests than were submitted");
    unsigned slot = *(const volatile uint16_t *)&end->answers->complete[end->head % end->slots];
    if (slot >= end->slots)
        return broken(end, "completed a slot that does not exist");
    if (!ash_bit(end->busy, slot))
        return broken(end, "completed a request twice, or one that was never submitted");
    const struct ash_answer *from = &end->answer[slot];
    uint64_t sequence = atomic_load_explicit(&from->sequence, memory_order_acquire);
    if (sequence != end->sequence[slot])
        return broken(end, "answered with a wrong sequence number");
    ash_ring_copy(&answer->sequence + 1, &from->sequence + 1,
                  offsetof(struct ash_answer, completed) - sizeof(sequence));
    if (answer->inline_size > end->inline_bytes)
        return broken(end, "answered with more inline data than fits");
    end->head++;
    return settle(end, slot);
}

/* After the end of the link: what the I/O manager or the answerer has answered counts, the rest
 * gets the status of the end. */
static int take_remaining(struct ash_requester *end, ash_status status, struct ash_answer *answer)
{
    for (unsigned slot = 0; slot < end->slots; slot++) {
        if (!ash_bit(end->busy, slot))
            continue;
        const struct ash_answer *from = &end->answer[slot];
        bool answered =
            end->broken == 0 &&
            atomic_load_explicit(&from->sequence, memory_order_acquire) == end->sequence[slot];
        if (answered)
            ash_ring_copy(answer, from, sizeof(*answer));
        if (!answered || answer->inline_size > end->inline_bytes)
            *answer = (struct ash_answer){.status = status};
        return settle(end, slot);
    }
    return ASH_RING_NONE;
}

int ash_requester_take(struct ash_requester *end, struct ash_answer *answer)
{
    if (end->out_count == 0)
        return ASH_RING_NONE;
    int slot = end->broken == 0 ? take_entry(end, answer) : ASH_RING_BROKEN;
    if (slot >= 0)
        return slot;
    ash_status status = ash_requester_ended(end);
    return status != 0 ? take_remaining(end, status, answer) : ASH_RING_NONE;
}

void ash_requester_look_again(struct ash_requester *end)
{
    uint32_t count = atomic_load_explicit(&end->requests->cancel_count, memory_order_relaxed);
    atomic_store_explicit(&end->requests->cancel_count, count + 1, memory_order_release);
    end->rang = false; /* a doorbell before this was not for it */
}

void ash_requester_cancel(struct ash_requester *end, int index)
{
    unsigned slot = (unsigned)index;
    if (slot >= end->slots || !ash_bit(end->busy, slot))
        return;
    _Atomic uint64_t *cancel = &end->requests->cancel[slot / 64];
    uint64_t bits = atomic_load_explicit(cancel, memory_order_relaxed);
    atomic_store_explicit(cancel, bits | (uint64_t)1 << slot % 64, memory_order_release);
    ash_requester_look_again(end);
}

void ash_requester_awake(struct ash_requester *end)
{
    atomic_store_explicit(&end->requests->asleep, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
}

bool ash_requester_sleep(struct ash_requester *end)
{
    atomic_store_explicit(&end->requests->asleep, 1, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    bool idle =
        atomic_load_explicit(&end->answers->complete_tail, memory_order_acquire) == end->head &&
        (end->out_count == 0 || ash_requester_ended(end) == 0);
    if (!idle)
        ash_requester_awake(end);
    return idle;
}
