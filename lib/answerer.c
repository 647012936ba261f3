// SPDX-License-Identifier: MIT
/*
 * The answerer's end. Invariants: owed is the number of bits in busy; sequence[slot] is the number
 * of the request last taken there, so the next one's is greater by exactly one; each taken slot is
 * completed at most once. What the last answerer of a resumed link left is taken from `left` first:
 * the owed slots whose place in the ring lies before `head`, where the ring is read on.
 */
#include "ring.h"

static uint64_t asked(const struct ash_answerer *end, unsigned slot)
{
    return atomic_load_explicit(&end->request[slot].sequence, memory_order_acquire);
}

/* How long before `head` the slot was submitted, by the requester's word; 0: not before. */
static uint32_t age(const struct ash_answerer *end, unsigned slot)
{
    uint32_t place = (uint32_t)*(const volatile uint64_t *)&end->request[slot].place;
    return (int32_t)(end->head - place) > 0 ? end->head - place : 0;
}

static void insert_left(struct ash_answerer *end, unsigned slot)
{
    uint32_t at = end->left_count++;
    for (; at > 0 && age(end, end->left[at - 1]) < age(end, slot); at--)
        end->left[at] = end->left[at - 1];
    end->left[at] = (uint16_t)slot;
}

/* The requester goes on submitting meanwhile; the tail is read first, and decides. */
static void resume(struct ash_answerer *end)
{
    end->head = atomic_load_explicit(&end->requests->submit_tail, memory_order_acquire);
    end->tail = atomic_load_explicit(&end->answers->complete_tail, memory_order_relaxed);
    for (unsigned slot = 0; slot < end->slots; slot++) {
        end->sequence[slot] =
            atomic_load_explicit(&end->answer[slot].sequence, memory_order_relaxed);
        if (asked(end, slot) != end->sequence[slot] && age(end, slot) != 0)
            insert_left(end, slot);
    }
    /* What is in `left` will be acted upon: a doorbell that was rung for it stands for no other. */
    atomic_store_explicit(&end->answers->submit_head, end->head, memory_order_release);
}

void ash_answerer_init(struct ash_answerer *end, const struct ash_link_info *info)
{
    uint32_t slots = info->slots < ASH_LINK_SLOTS_MAX ? info->slots : ASH_LINK_SLOTS_MAX;
    *end = (struct ash_answerer){
        .requests = (const struct ash_link_requests *)info->requests,
        .answers = (struct ash_link_answers *)info->answers,
        .request = (const struct ash_request *)(info->requests + 4096),
        .answer = (struct ash_answer *)(info->answers + 4096),
        .in = (const char *)(info->requests + ash_link_inline_in(slots)),
        .out = (char *)(info->answers + ash_link_inline_out(slots)),
        .slots = slots,
        .inline_bytes = info->inline_bytes,
    };
    if (info->resumed != 0)
        resume(end);
}

static int broken(struct ash_answerer *end, const char *rule)
{
    end->broken = STATUS_DEVICE_PROTOCOL_ERROR;
    end->rule = rule;
    return ASH_RING_BROKEN;
}

/* The next entry of the ring: its slot; NONE or BROKEN. */
static int next_entry(struct ash_answerer *end)
{
    uint32_t tail = atomic_load_explicit(&end->requests->submit_tail, memory_order_acquire);
    if (tail == end->head)
        return ASH_RING_NONE;
    if (tail - end->head > end->slots - end->owed)
        return broken(end, "submitted more requests than there are slots");
    unsigned slot = *(const volatile uint16_t *)&end->requests->submit[end->head % end->slots];
    return slot < end->slots ? (int)slot : broken(end, "submitted a slot that does not exist");
}

/* Copies the request of a slot, and owes it from here on. */
static int take_slot(struct ash_answerer *end, unsigned slot, struct ash_request *request)
{
    if (ash_bit(end->busy, slot))
        return broken(end, "submitted a slot that is not answered yet");
    const struct ash_request *from = &end->request[slot];
    uint64_t sequence = asked(end, slot);
    if (sequence != end->sequence[slot] + 1)
        return broken(end, "submitted a wrong sequence number");
    ash_ring_copy(&request->sequence + 1, &from->sequence + 1,
                  offsetof(struct ash_request, place) - sizeof(sequence));
    if (request->inline_size > end->inline_bytes)
        return broken(end, "submitted more inline data than fits");
    atomic_store_explicit(&request->sequence, sequence, memory_order_relaxed);
    end->sequence[slot] = sequence;
    atomic_store_explicit(&end->answer[slot].taken, sequence, memory_order_relaxed);
    end->owed++;
    ash_bit_set(end->busy, slot);
    ash_bit_clear(end->reported, slot);
    return (int)slot;
}

int ash_answerer_take(struct ash_answerer *end, struct ash_request *request)
{
    if (end->broken != 0)
        return ASH_RING_BROKEN;
    if (__builtin_expect(end->left_next != end->left_count, 0))
        return take_slot(end, end->left[end->left_next++], request);
    int slot = next_entry(end);
    if (slot >= 0)
        slot = take_slot(end, (unsigned)slot, request);
    if (slot >= 0)
        atomic_store_explicit(&end->answers->submit_head, ++end->head, memory_order_release);
    return slot;
}

bool ash_answerer_complete(struct ash_answerer *end, int index, const struct ash_answer *answer)
{
    unsigned slot = (unsigned)index;
    if (!ash_answerer_owes(end, slot))
        return false;
    struct ash_answer *to = &end->answer[slot];
    to->status = answer->status;
    to->inline_size = answer->inline_size;
    to->information = answer->information;
    to->result[0] = answer->result[0];
    to->result[1] = answer->result[1];
    to->completed = answer->completed;
    to->place = end->tail;
    ash_bit_clear(end->busy, slot);
    end->owed--;
    atomic_store_explicit(&to->sequence, end->sequence[slot], memory_order_release);
    end->answers->complete[end->tail++ % end->slots] = (uint16_t)slot;
    atomic_store_explicit(&end->answers->complete_tail, end->tail, memory_order_release);
    return true;
}

/* The requester does not tell how far it has taken answers, so a sleeping requester is rung once
 * for each batch; the fence makes the answer visible before `asleep` is looked at. */
bool ash_answerer_must_ring(struct ash_answerer *end)
{
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_load_explicit(&end->requests->asleep, memory_order_relaxed) != 0;
}

static int next_cancelled(struct ash_answerer *end)
{
    for (unsigned word = 0; word * 64 < end->slots; word++) {
        uint64_t bits = atomic_load_explicit(&end->requests->cancel[word], memory_order_acquire) &
                        end->busy[word] & ~end->reported[word];
        if (bits == 0)
            continue;
        unsigned slot = word * 64 + (unsigned)__builtin_ctzll(bits);
        ash_bit_set(end->reported, slot);
        return (int)slot;
    }
    return ASH_RING_NONE;
}

/* cancel_count is noted before the bits are looked at, so that a later change is seen next time. A
 * request that is cancelled before it was taken is found when it has been taken. */
int ash_answerer_cancelled(struct ash_answerer *end)
{
    uint32_t count = atomic_load_explicit(&end->requests->cancel_count, memory_order_acquire);
    bool untaken =
        atomic_load_explicit(&end->requests->submit_tail, memory_order_acquire) != end->head;
    if (count == end->cancel_seen)
        return ASH_RING_NONE;
    int slot = next_cancelled(end);
    if (slot == ASH_RING_NONE && !untaken)
        end->cancel_seen = count;
    return slot;
}

void ash_answerer_awake(struct ash_answerer *end)
{
    atomic_store_explicit(&end->answers->asleep, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
}

bool ash_answerer_sleep(struct ash_answerer *end)
{
    atomic_store_explicit(&end->answers->asleep, 1, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    bool idle =
        end->broken != 0 ||
        (end->left_next == end->left_count &&
         atomic_load_explicit(&end->requests->submit_tail, memory_order_acquire) == end->head &&
         atomic_load_explicit(&end->requests->cancel_count, memory_order_acquire) ==
             end->cancel_seen);
    if (!idle)
        ash_answerer_awake(end);
    return idle;
}
