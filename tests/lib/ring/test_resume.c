// SPDX-License-Identifier: MIT
// A link whose answerer died and has another one: what was owed, what was said, what comes after.
#include "ash_test.h"
#include "pair.h"

static void resume(struct pair *pair)
{
    struct ash_link_info info = pair->link.info;
    info.resumed = 1;
    ash_answerer_init(&pair->answerer, &info);
}

static void expect_taken(struct pair *pair, uint64_t value)
{
    struct ash_request request;
    int slot = ash_answerer_take(&pair->answerer, &request);
    CHECK(slot >= 0);
    CHECK_EQ(request.parameter[0], value);
}

/* Slots come round, so what is oldest is neither the lowest slot nor still in the ring. */
TEST(a_resumed_link_begins_with_what_was_owed_oldest_first)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    struct ash_answer answer;
    (void)submit(&pair, 0);
    (void)submit(&pair, 1);
    int old = ash_answerer_take(&pair.answerer, &request), late;
    for (uint64_t i = 2; i < 40; i++) {
        int slot = ash_answerer_take(&pair.answerer, &request);
        CHECK(complete(&pair, slot, 0));
        CHECK_EQ(ash_requester_take(&pair.requester, &answer), slot);
        ash_requester_release(&pair.requester, slot);
        (void)submit(&pair, i);
    }
    late = submit(&pair, 40);
    CHECK(old >= 0 && late >= 0);
    resume(&pair);
    CHECK(ash_answerer_asked(&pair.answerer) && !ash_answerer_sleep(&pair.answerer));
    expect_taken(&pair, 0);
    expect_taken(&pair, 39);
    (void)submit(&pair, 41);
    expect_taken(&pair, 40);
    expect_taken(&pair, 41);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), ASH_RING_NONE);
    CHECK(complete(&pair, old, 7));
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), old);
    CHECK_EQ(answer.information, 7);
    link_free(&pair.link);
}

/* The doorbell that was rung for what is left does not stand for what comes later. */
TEST(a_resumed_link_hears_the_next_doorbell)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    const struct ash_ledger ledger = ledger_of(&pair);
    ash_ledger_repair(&ledger);
    (void)submit(&pair, 1);
    CHECK(ash_requester_must_ring(&pair.requester));
    resume(&pair);
    CHECK(ash_answerer_take(&pair.answerer, &request) >= 0);
    CHECK(ash_answerer_sleep(&pair.answerer));
    (void)submit(&pair, 2);
    CHECK(ash_requester_must_ring(&pair.requester));
    link_free(&pair.link);
}

/* The requester has numbered the request and not yet put it into the ring. */
TEST(what_is_submitted_during_the_resumption_is_taken_once)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    int slot = submit(&pair, 5);
    atomic_store(&requests(&pair)->submit_tail, 0);
    resume(&pair);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), ASH_RING_NONE);
    atomic_store(&requests(&pair)->submit_tail, 1);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), ASH_RING_NONE);
    link_free(&pair.link);
}

/* It died between the answer and its place in the ring. */
TEST(an_answer_that_was_given_and_not_told_is_told)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    struct ash_answer answer;
    for (int i = 0; i < 9; i++) {
        int slot = submit(&pair, 1);
        CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot);
        CHECK(complete(&pair, slot, 50));
        CHECK_EQ(ash_requester_take(&pair.requester, &answer), slot);
        ash_requester_release(&pair.requester, slot);
    }
    const struct ash_ledger ledger = ledger_of(&pair);
    ash_ledger_repair(&ledger); /* nothing to tell */
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), ASH_RING_NONE);
    int slot = submit(&pair, 2), other = submit(&pair, 3);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot);
    CHECK(complete(&pair, slot, 60));
    atomic_store(&answers(&pair)->complete_tail, 9);
    answers(&pair)->complete[9 % 4] = 77;
    ash_ledger_repair(&ledger);
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), slot);
    CHECK_EQ(answer.information, 60);
    CHECK_EQ(atomic_load(&answers(&pair)->asleep), 1);
    ash_ledger_answer(&ledger, (unsigned)other, STATUS_DEVICE_REMOVED);
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), other);
    CHECK_EQ(answer.status, STATUS_DEVICE_REMOVED);
    resume(&pair);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), ASH_RING_NONE);
    link_free(&pair.link);
}

/* It counted wrongly, and gave each answer the same place. */
TEST(answers_that_were_told_of_at_one_place_are_all_told)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    struct ash_answer answer;
    const struct ash_ledger ledger = ledger_of(&pair);
    int slot[3];
    for (int i = 0; i < 3; i++)
        slot[i] = submit(&pair, 1);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot[i]);
        pair.answerer.tail = 0;
        CHECK(complete(&pair, slot[i], 60));
        atomic_store(&answers(&pair)->complete_tail, 0);
    }
    ash_ledger_repair(&ledger);
    for (int i = 0; i < 3; i++)
        CHECK(ash_requester_take(&pair.requester, &answer) >= 0);
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), ASH_RING_NONE);
    CHECK_EQ(ash_ledger_count(&ledger), 0);
    link_free(&pair.link);
}
