// SPDX-License-Identifier: MIT
// Both ends of a link, and requests that carry a number.
#ifndef TEST_RING_PAIR_H
#define TEST_RING_PAIR_H

#include "fixture.h"

struct pair {
    struct test_link link;
    struct ash_requester requester;
    struct ash_answerer answerer;
};

static inline struct pair pair_make(uint32_t slots)
{
    struct pair pair = {.link = link_make(slots, 64)};
    ash_requester_init(&pair.requester, &pair.link.info);
    ash_answerer_init(&pair.answerer, &pair.link.info);
    return pair;
}

static inline struct ash_link_answers *answers(struct pair *pair)
{
    return pair->link.answers;
}

static inline struct ash_link_requests *requests(struct pair *pair)
{
    return pair->link.requests;
}

static inline struct ash_answer *answer_slot(struct pair *pair, unsigned slot)
{
    return (struct ash_answer *)((char *)pair->link.answers + 4096) + slot;
}

static inline int submit(struct pair *pair, uint64_t value)
{
    int slot = ash_requester_alloc(&pair->requester);
    if (slot < 0)
        return slot;
    struct ash_request *request = ash_requester_request(&pair->requester, slot);
    request->major = 3;
    request->inline_size = 8;
    request->parameter[0] = value;
    memcpy(ash_requester_inline(&pair->requester, slot), &value, 8);
    ash_requester_submit(&pair->requester, slot, 5);
    return slot;
}

static inline bool complete(struct pair *pair, int slot, uint64_t value)
{
    memcpy(ash_answerer_output(&pair->answerer, slot), &value, 8);
    struct ash_answer answer = {.status = 0, .information = value, .inline_size = 8};
    return ash_answerer_complete(&pair->answerer, slot, &answer);
}

static inline struct ash_ledger ledger_of(struct pair *pair)
{
    return (struct ash_ledger){pair->link.requests, pair->link.answers, pair->link.info.slots,
                               pair->link.info.inline_bytes};
}

#endif
