// SPDX-License-Identifier: MIT
/*
 * The two ends of a link (abi/link.h draws it and states the rules), and how the I/O manager reads
 * it. Pure: no system call, no memory of its own, works on any memory; so it is tested on the host.
 *
 * A requester:   slot = alloc; fill request(slot), inline_in(slot); submit(slot); ... ;
 *                if (must_ring) signal the doorbell
 *                take(&answer) -> slot; read inline_out(slot); release(slot)
 * An answerer:   take(&request) -> slot; input(slot, ...); ... fill output(slot); complete(slot,
 * ...); if (must_ring) signal the doorbell;  cancelled() -> slot to cancel To sleep:      sleep()
 * -> true: wait on the notification; then awake().
 *
 * Neither end is thread-safe: the caller serialises calls on one end. Nothing the other side wrote
 * is used before it was copied and checked; what the other side can still change afterwards is only
 * the inline data, which the caller copies once.
 */
#ifndef ASH_RING_H
#define ASH_RING_H

#include "link.h"
#include "status.h"

enum {
    ASH_RING_NONE = -1,   /* nothing there */
    ASH_RING_BROKEN = -2, /* the other side broke a rule: see `broken` */
};

#define ASH_RING_WORDS (ASH_LINK_SLOTS_MAX / 64)

/* --- Making
 * ------------------------------------------------------------------------------------------ */

/* Fills the headers of two zeroed areas of ash_link_request_bytes/answer_bytes. By the I/O manager.
 */
void ash_ring_format(void *requests, void *answers, uint32_t kind, uint32_t slots,
                     uint32_t inline_bytes);

/* --- The requester's end
 * --------------------------------------------------------------------------------- */

struct ash_requester {
    struct ash_link_requests *requests;
    const struct ash_link_answers *answers;
    struct ash_request *request;
    const struct ash_answer *answer;
    char *in;
    const char *out;
    uint32_t slots, inline_bytes;
    uint32_t tail;      /* of the submit ring */
    uint32_t head;      /* of the complete ring */
    uint32_t out_count; /* submitted, not taken */
    uint32_t rang_at;   /* submit_head when the doorbell was last rung */
    uint32_t next;      /* slot to be tried first */
    bool rang;
    ash_status broken;             /* STATUS_DEVICE_PROTOCOL_ERROR once the answerer broke a rule */
    const char *rule;              /* which */
    uint64_t used[ASH_RING_WORDS]; /* allocated slots */
    uint64_t busy[ASH_RING_WORDS]; /* of these: submitted, not taken */
    uint64_t sequence[ASH_LINK_SLOTS_MAX];
};

/* For a link that is new: nothing was ever submitted. slots and inline_bytes are those of `info`.
 */
void ash_requester_init(struct ash_requester *end, const struct ash_link_info *info);

/* A free slot, or ASH_RING_NONE when all are in use, or the link is broken or ended. */
int ash_requester_alloc(struct ash_requester *end);

/* The request to fill; everything but `sequence`. inline_size bytes of ash_requester_inline count.
 */
static inline struct ash_request *ash_requester_request(struct ash_requester *end, int slot)
{
    return &end->request[slot];
}
static inline void *ash_requester_inline(struct ash_requester *end, int slot)
{
    return end->in + (size_t)slot * end->inline_bytes;
}

/* From here on the answerer owes an answer. `now` goes to request.submitted. */
void ash_requester_submit(struct ash_requester *end, int slot, uint64_t now);

/* Gives an allocated slot back: unsubmitted, or taken. */
void ash_requester_release(struct ash_requester *end, int slot);

/* Does the answerer need a doorbell now? Call after the last submit or cancel of a batch; a true
 * answer is to be followed by the signal. */
bool ash_requester_must_ring(struct ash_requester *end);

/* Does the I/O manager not know that something is owed? Call after must_ring; a true answer is to
 * be followed by ASH_IO_OWED. */
static inline bool ash_requester_unwatched(const struct ash_requester *end)
{
    return atomic_load_explicit(&end->answers->unwatched, memory_order_relaxed) != 0;
}

/* The next answer: its slot, with the answer copied and checked, or ASH_RING_NONE. When the link is
 * broken or ended the slots still out come with that status, one after the other, and information
 * 0. The slot is to be released after its inline data was read. */
int ash_requester_take(struct ash_requester *end, struct ash_answer *answer);

/* Inline data out of a taken slot: answer.inline_size bytes; the answerer may still change them. */
static inline const void *ash_requester_output(const struct ash_requester *end, int slot)
{
    return end->out + (size_t)slot * end->inline_bytes;
}

/* Asks to cancel a submitted request; it is answered as any other. Then see must_ring. */
void ash_requester_cancel(struct ash_requester *end, int slot);

/* Grants of the link were closed: the answerer gives back what it has of them and no request of its
 * uses. Then see must_ring. */
void ash_requester_look_again(struct ash_requester *end);

/* 0, or why the link takes no more requests: `broken`, or the status it was ended with. */
ash_status ash_requester_ended(const struct ash_requester *end);

/* Announces sleep; false if an answer is there after all (then it is awake again). */
bool ash_requester_sleep(struct ash_requester *end);
void ash_requester_awake(struct ash_requester *end);

/* --- The answerer's end
 * ------------------------------------------------------------------------------------ */

struct ash_answerer {
    const struct ash_link_requests *requests;
    struct ash_link_answers *answers;
    const struct ash_request *request;
    struct ash_answer *answer;
    const char *in;
    char *out;
    uint32_t slots, inline_bytes;
    uint32_t head; /* of the submit ring */
    uint32_t tail; /* of the complete ring */
    uint32_t owed;
    uint32_t cancel_seen;
    ash_status broken;
    const char *rule;
    uint64_t busy[ASH_RING_WORDS];         /* taken, not completed */
    uint64_t reported[ASH_RING_WORDS];     /* of these: reported as cancelled */
    uint64_t sequence[ASH_LINK_SLOTS_MAX]; /* of the last request taken in that slot */
    /* Of a resumed link. */
    uint16_t left[ASH_LINK_SLOTS_MAX]; /* owed by the answerer before, oldest first ... */
    uint32_t left_count, left_next;    /* ... of which so many are taken */
};

/* For a link that is new, nothing was ever taken; for one that is resumed, what the answerer before
 * owed comes first, in the order of its submission. */
void ash_answerer_init(struct ash_answerer *end, const struct ash_link_info *info);

/* The next request: its slot, with the request copied and checked; or NONE or BROKEN (then nothing
 * is taken any more, `rule` says why; requests taken before may still be completed). */
int ash_answerer_take(struct ash_answerer *end, struct ash_request *request);

/* Is there a request to be taken? Has a cancellation been asked for, or may one be left? Then the
 * two above and below tell. */
static inline bool ash_answerer_asked(const struct ash_answerer *end)
{
    return end->left_next != end->left_count ||
           atomic_load_explicit(&end->requests->submit_tail, memory_order_acquire) != end->head;
}
static inline bool ash_answerer_cancels(const struct ash_answerer *end)
{
    return atomic_load_explicit(&end->requests->cancel_count, memory_order_acquire) !=
           end->cancel_seen;
}

/* Inline data in of a taken slot: request.inline_size bytes, to be copied once. */
static inline const void *ash_answerer_input(const struct ash_answerer *end, int slot)
{
    return end->in + (size_t)slot * end->inline_bytes;
}
/* Where inline data out is written before ash_answerer_complete. */
static inline void *ash_answerer_output(struct ash_answerer *end, int slot)
{
    return end->out + (size_t)slot * end->inline_bytes;
}

/* Is an answer owed for the slot? */
static inline bool ash_answerer_owes(const struct ash_answerer *end, unsigned slot)
{
    return slot < end->slots && (end->busy[slot / 64] >> slot % 64 & 1) != 0;
}

/* Answers. answer: status, inline_size, information, result[], completed; its sequence is ignored.
 * False, and nothing happens, if no answer is owed for the slot. */
bool ash_answerer_complete(struct ash_answerer *end, int slot, const struct ash_answer *answer);

/* Does the requester need a doorbell now? Call after the last complete of a batch; a true answer is
 * to be followed by the signal. */
bool ash_answerer_must_ring(struct ash_answerer *end);

/* A slot whose cancellation was asked for and not yet reported, or NONE. Cheap when nothing
 * changed. */
int ash_answerer_cancelled(struct ash_answerer *end);

/* Announces sleep; false if a request or a cancellation is there after all (then it is awake). */
bool ash_answerer_sleep(struct ash_answerer *end);
void ash_answerer_awake(struct ash_answerer *end);

/* --- The ledger: both areas, by the I/O manager
 * ---------------------------------------------------------- */

struct ash_ledger {
    const struct ash_link_requests *requests; /* start of the request area */
    struct ash_link_answers *answers;         /* start of the answer area */
    uint32_t slots, inline_bytes; /* as the I/O manager knows them, not as written there */
};

/* Is an answer owed for that slot? Then the request is copied (its content is the requester's
 * word). */
bool ash_ledger_owed(const struct ash_ledger *ledger, unsigned slot, struct ash_request *request);
/* The last request of a slot that was answered, and the answer; false if none is, or owed again. */
bool ash_ledger_answered(const struct ash_ledger *ledger, unsigned slot,
                         struct ash_request *request, struct ash_answer *answer);
/* Has the answerer, by its own word, taken the request that is in the slot now? */
bool ash_ledger_taken(const struct ash_ledger *ledger, unsigned slot);
unsigned ash_ledger_count(const struct ash_ledger *ledger);

/* For an answerer that can write no more. Answers one slot that is owed, and tells the requester
 * so. */
void ash_ledger_answer(const struct ash_ledger *ledger, unsigned slot, ash_status status);
/* Tells the requester of the answer that the answerer had given and not yet told of, if there is
 * one; and has the requester ring when it submits. */
void ash_ledger_repair(const struct ash_ledger *ledger);

/* Ends the link for an answerer that can write no more: answers all that is owed with `status`, and
 * stores it in `ended`. Then the requester is to be rung. */
void ash_ledger_end(const struct ash_ledger *ledger, ash_status status);

#endif
