// SPDX-License-Identifier: MIT
// A hostile peer: the fuzzer's bytes are written over the area of the other side, between steps of
// the end under test. Whatever they are, nothing outside the memory is touched, a submitted request
// comes back exactly once, a taken one can be answered exactly once.
#include "fixture.h"

#define SLOTS  8
#define INLINE 64

struct input {
    const uint8_t *data;
    size_t left;
};

static unsigned next(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->data++;
}

/* Writes up to 15 bytes somewhere in the area, mostly where it hurts. */
static void scribble(struct input *input, void *area, size_t bytes)
{
    static const uint16_t places[] = {0, 16, 20, 24, 28, 32, 64, 0x1000, 0x1004, 0x1040, 0x1080};
    size_t at = places[next(input) % (sizeof(places) / sizeof(places[0]))] + next(input);
    for (unsigned count = next(input) % 16; count > 0 && at < bytes; count--)
        ((uint8_t *)area)[at++] = (uint8_t)next(input);
}

static void fuzz_requester(struct input *input, struct test_link *link)
{
    struct ash_requester end;
    struct ash_answer answer;
    unsigned out = 0;
    size_t bytes = ash_link_answer_bytes(SLOTS, INLINE);
    ash_requester_init(&end, &link->info);
    while (input->left > 0) {
        unsigned step = next(input) % 5;
        int slot = -1;
        if (step == 0 && (slot = ash_requester_alloc(&end)) >= 0) {
            ash_requester_submit(&end, slot, 0);
            out++;
        } else if (step == 1 && (slot = ash_requester_take(&end, &answer)) >= 0) {
            if (out-- == 0 || answer.inline_size > INLINE)
                abort();
            ash_requester_release(&end, slot);
        } else if (step == 2) {
            ash_requester_cancel(&end, (int)next(input));
        } else if (step == 3) {
            (void)ash_requester_must_ring(&end);
            if (ash_requester_sleep(&end))
                ash_requester_awake(&end);
        } else {
            scribble(input, link->answers, bytes);
        }
    }
    atomic_store(&((struct ash_link_answers *)link->answers)->ended, STATUS_DEVICE_REMOVED);
    while (ash_requester_take(&end, &answer) >= 0)
        out--;
    if (out != 0)
        abort();
}

static void fuzz_answerer(struct input *input, struct test_link *link)
{
    struct ash_answerer end;
    struct ash_request request;
    bool owed[SLOTS] = {};
    size_t bytes = ash_link_request_bytes(SLOTS, INLINE);
    ash_answerer_init(&end, &link->info);
    while (input->left > 0) {
        unsigned step = next(input) % 5;
        int slot = -1;
        if (step == 0 && (slot = ash_answerer_take(&end, &request)) >= 0) {
            if (slot >= SLOTS || owed[slot] || request.inline_size > INLINE)
                abort();
            owed[slot] = true;
        } else if (step == 1) {
            unsigned which = next(input);
            bool good = ash_answerer_complete(&end, (int)which, &(struct ash_answer){});
            if (good != (which < SLOTS && owed[which]))
                abort();
            if (good)
                owed[which] = false;
        } else if (step == 2 && (slot = ash_answerer_cancelled(&end)) >= 0) {
            if (!owed[slot])
                abort();
        } else if (step == 3) {
            (void)ash_answerer_must_ring(&end);
            if (ash_answerer_sleep(&end))
                ash_answerer_awake(&end);
        } else {
            scribble(input, link->requests, bytes);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct test_link link = link_make(SLOTS, INLINE);
    struct input input = {data, size};
    if (next(&input) % 2 == 0)
        fuzz_requester(&input, &link);
    else
        fuzz_answerer(&input, &link);
    link_free(&link);
    return 0;
}
