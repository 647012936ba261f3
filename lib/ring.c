// SPDX-License-Identifier: MIT
/*
 * The ledger: both areas of a link as the I/O manager sees them. It trusts neither side: slots and
 * sizes are its own, everything read is copied once.
 */
#include "ring.h"

void ash_ring_format(void *requests, void *answers, uint32_t kind, uint32_t slots,
                     uint32_t inline_bytes)
{
    struct ash_link_requests *r = requests;
    struct ash_link_answers *a = answers;
    r->magic = a->magic = ASH_LINK_MAGIC;
    r->slots = a->slots = slots;
    r->inline_bytes = a->inline_bytes = inline_bytes;
    r->kind = a->kind = kind;
}

static const struct ash_request *request_of(const struct ash_ledger *ledger, unsigned slot)
{
    return (const struct ash_request *)((const char *)ledger->requests + 4096) + slot;
}

static struct ash_answer *answer_of(const struct ash_ledger *ledger, unsigned slot)
{
    return (struct ash_answer *)((char *)ledger->answers + 4096) + slot;
}

static uint64_t asked(const struct ash_ledger *ledger, unsigned slot)
{
    return atomic_load_explicit(&request_of(ledger, slot)->sequence, memory_order_acquire);
}

bool ash_ledger_owed(const struct ash_ledger *ledger, unsigned slot, struct ash_request *request)
{
    if (slot >= ledger->slots)
        return false;
    const struct ash_request *from = request_of(ledger, slot);
    uint64_t answered =
        atomic_load_explicit(&answer_of(ledger, slot)->sequence, memory_order_acquire);
    uint64_t asked = atomic_load_explicit(&from->sequence, memory_order_acquire);
    if (asked == answered)
        return false;
    ash_ring_copy(request, from, sizeof(*request));
    return true;
}

bool ash_ledger_answered(const struct ash_ledger *ledger, unsigned slot,
                         struct ash_request *request, struct ash_answer *answer)
{
    if (slot >= ledger->slots)
        return false;
    ash_ring_copy(answer, answer_of(ledger, slot), sizeof(*answer));
    ash_ring_copy(request, request_of(ledger, slot), sizeof(*request));
    return request->sequence != 0 && request->sequence == answer->sequence;
}

bool ash_ledger_taken(const struct ash_ledger *ledger, unsigned slot)
{
    const struct ash_answer *answer = answer_of(ledger, slot);
    return slot < ledger->slots &&
           atomic_load_explicit(&answer->taken, memory_order_acquire) == asked(ledger, slot);
}

unsigned ash_ledger_count(const struct ash_ledger *ledger)
{
    unsigned owed = 0;
    for (unsigned slot = 0; slot < ledger->slots; slot++)
        owed += atomic_load_explicit(&answer_of(ledger, slot)->sequence, memory_order_acquire) !=
                atomic_load_explicit(&request_of(ledger, slot)->sequence, memory_order_acquire);
    return owed;
}

static void tell(const struct ash_ledger *ledger, unsigned slot)
{
    struct ash_link_answers *answers = ledger->answers;
    uint32_t tail = atomic_load_explicit(&answers->complete_tail, memory_order_relaxed);
    answers->complete[tail % ledger->slots] = (uint16_t)slot;
    atomic_store_explicit(&answers->complete_tail, tail + 1, memory_order_release);
}

static void give(const struct ash_ledger *ledger, unsigned slot, ash_status status)
{
    struct ash_answer *answer = answer_of(ledger, slot);
    answer->status = status;
    answer->inline_size = 0;
    answer->information = 0;
    answer->result[0] = answer->result[1] = 0;
    answer->place = atomic_load_explicit(&ledger->answers->complete_tail, memory_order_relaxed);
    atomic_store_explicit(&answer->sequence, asked(ledger, slot), memory_order_release);
}

void ash_ledger_answer(const struct ash_ledger *ledger, unsigned slot, ash_status status)
{
    give(ledger, slot, status);
    tell(ledger, slot);
}

/* An answerer answers under a lock, so at most one answer lacks its entry in the ring; but one that
 * is out of its mind may have given any number of them the same place and told of none. */
void ash_ledger_repair(const struct ash_ledger *ledger)
{
    struct ash_link_answers *answers = ledger->answers;
    uint32_t tail = atomic_load_explicit(&answers->complete_tail, memory_order_acquire);
    for (unsigned slot = 0; slot < ledger->slots; slot++) {
        const struct ash_answer *answer = answer_of(ledger, slot);
        uint64_t sequence = atomic_load_explicit(&answer->sequence, memory_order_acquire);
        if (sequence == 0 || sequence != asked(ledger, slot) || (uint32_t)answer->place != tail)
            continue;
        tell(ledger, slot);
    }
    atomic_store_explicit(&answers->asleep, 1, memory_order_seq_cst);
}

/* `ended` goes first: a request submitted after this pass is the requester's own to complete. */
void ash_ledger_end(const struct ash_ledger *ledger, ash_status status)
{
    atomic_store_explicit(&ledger->answers->ended, status, memory_order_seq_cst);
    atomic_thread_fence(memory_order_seq_cst);
    for (unsigned slot = 0; slot < ledger->slots; slot++) {
        const struct ash_answer *answer = answer_of(ledger, slot);
        if (asked(ledger, slot) != atomic_load_explicit(&answer->sequence, memory_order_relaxed))
            give(ledger, slot, status);
    }
}
