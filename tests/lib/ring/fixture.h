// SPDX-License-Identifier: MIT
// Memory of a link for tests: both areas, page-aligned, and the info that describes them.
#ifndef TEST_RING_FIXTURE_H
#define TEST_RING_FIXTURE_H

#include "ash/ring.h"

#include <stdlib.h>
#include <string.h>

struct test_link {
    void *requests, *answers;
    struct ash_link_info info;
};

static inline struct test_link link_make(uint32_t slots, uint32_t inline_bytes)
{
    struct test_link link;
    size_t in = ash_link_request_bytes(slots, inline_bytes);
    size_t out = ash_link_answer_bytes(slots, inline_bytes);
    link.requests = aligned_alloc(4096, in);
    link.answers = aligned_alloc(4096, out);
    memset(link.requests, 0, in);
    memset(link.answers, 0, out);
    ash_ring_format(link.requests, link.answers, ASH_LINK_DEVICE, slots, inline_bytes);
    link.info = (struct ash_link_info){.link = 1,
                                       .kind = ASH_LINK_DEVICE,
                                       .requests = (uint64_t)(uintptr_t)link.requests,
                                       .answers = (uint64_t)(uintptr_t)link.answers,
                                       .slots = slots,
                                       .inline_bytes = inline_bytes};
    return link;
}

static inline void link_free(struct test_link *link)
{
    free(link->requests);
    free(link->answers);
}

#endif
