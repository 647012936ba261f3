// SPDX-License-Identifier: MIT
// The rules of a link, one test each.
#include "ash_test.h"
#include "pair.h"

TEST(a_request_goes_and_comes_back)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    struct ash_answer answer;
    int slot = submit(&pair, 77);
    CHECK(slot >= 0);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot);
    CHECK_EQ(request.parameter[0], 77);
    CHECK_EQ(request.submitted, 5);
    uint64_t value;
    memcpy(&value, ash_answerer_input(&pair.answerer, slot), 8);
    CHECK_EQ(value, 77);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), ASH_RING_NONE);
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), ASH_RING_NONE);
    CHECK(complete(&pair, slot, 99));
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), slot);
    CHECK_EQ(answer.information, 99);
    memcpy(&value, ash_requester_output(&pair.requester, slot), 8);
    CHECK_EQ(value, 99);
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), ASH_RING_NONE);
    link_free(&pair.link);
}

TEST(slots_run_out_and_come_back)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    struct ash_answer answer;
    for (int round = 0; round < 50; round++) {
        for (uint64_t i = 0; i < 4; i++)
            CHECK(submit(&pair, i) >= 0);
        CHECK_EQ(submit(&pair, 9), ASH_RING_NONE);
        int taken[4];
        for (int i = 0; i < 4; i++)
            taken[i] = ash_answerer_take(&pair.answerer, &request);
        for (int i = 3; i >= 0; i--)
            CHECK(complete(&pair, taken[i], 1));
        for (int i = 3; i >= 0; i--) {
            CHECK_EQ(ash_requester_take(&pair.requester, &answer), taken[i]);
            ash_requester_release(&pair.requester, taken[i]);
        }
    }
    link_free(&pair.link);
}

TEST(a_taken_slot_is_not_reused_before_it_is_released)
{
    struct pair pair = pair_make(1);
    struct ash_request request;
    struct ash_answer answer;
    int slot = submit(&pair, 1);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot);
    CHECK(complete(&pair, slot, 1));
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), slot);
    CHECK_EQ(submit(&pair, 2), ASH_RING_NONE);
    ash_requester_release(&pair.requester, slot);
    CHECK_EQ(submit(&pair, 2), slot);
    ash_requester_release(&pair.requester, slot); /* submitted: not to be released */
    CHECK_EQ(ash_requester_alloc(&pair.requester), ASH_RING_NONE);
    link_free(&pair.link);
}

TEST(an_answer_is_given_once)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    int slot = submit(&pair, 1);
    CHECK(!complete(&pair, slot, 1)); /* not taken yet */
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot);
    CHECK(complete(&pair, slot, 1));
    CHECK(!complete(&pair, slot, 1));
    CHECK(!ash_answerer_complete(&pair.answerer, 200, &(struct ash_answer){}));
    CHECK(!ash_answerer_complete(&pair.answerer, -1, &(struct ash_answer){}));
    link_free(&pair.link);
}

TEST(doorbells_ring_only_for_sleepers)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    submit(&pair, 1);
    CHECK(!ash_requester_must_ring(&pair.requester));
    CHECK(!ash_answerer_sleep(&pair.answerer)); /* a request is there */
    CHECK(ash_answerer_take(&pair.answerer, &request) >= 0);
    CHECK(ash_answerer_sleep(&pair.answerer));
    submit(&pair, 2);
    CHECK(ash_requester_must_ring(&pair.requester));
    submit(&pair, 3);
    CHECK(!ash_requester_must_ring(&pair.requester)); /* it was rung and has not looked yet */
    ash_answerer_awake(&pair.answerer);
    CHECK(ash_answerer_take(&pair.answerer, &request) >= 0);
    CHECK(ash_answerer_take(&pair.answerer, &request) >= 0);
    CHECK(ash_answerer_sleep(&pair.answerer));
    submit(&pair, 4);
    CHECK(ash_requester_must_ring(&pair.requester)); /* asleep again */
    CHECK(ash_requester_sleep(&pair.requester));
    CHECK(complete(&pair, 0, 1));
    CHECK(ash_answerer_must_ring(&pair.answerer));
    CHECK(!ash_requester_sleep(&pair.requester));
    CHECK(!ash_answerer_must_ring(&pair.answerer));
    link_free(&pair.link);
}

/* It is rung for that, and for nothing else does it look again. */
TEST(an_answerer_that_sleeps_learns_that_grants_were_closed)
{
    struct pair pair = pair_make(4);
    CHECK(ash_answerer_sleep(&pair.answerer));
    ash_requester_look_again(&pair.requester);
    CHECK(ash_requester_must_ring(&pair.requester));
    ash_answerer_awake(&pair.answerer);
    CHECK(ash_answerer_cancels(&pair.answerer));
    CHECK(!ash_answerer_sleep(&pair.answerer));
    CHECK_EQ(ash_answerer_cancelled(&pair.answerer), ASH_RING_NONE);
    CHECK(!ash_answerer_cancels(&pair.answerer));
    CHECK(ash_answerer_sleep(&pair.answerer));
    link_free(&pair.link);
}

TEST(cancels_are_seen_once_and_vanish_with_the_request)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    struct ash_answer answer;
    int a = submit(&pair, 1), b = submit(&pair, 2);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), a);
    ash_requester_cancel(&pair.requester, a);
    ash_requester_cancel(&pair.requester, b); /* before it was taken */
    CHECK_EQ(ash_answerer_cancelled(&pair.answerer), a);
    CHECK_EQ(ash_answerer_cancelled(&pair.answerer), ASH_RING_NONE);
    CHECK(!ash_answerer_sleep(&pair.answerer));
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), b);
    CHECK_EQ(ash_answerer_cancelled(&pair.answerer), b);
    CHECK_EQ(ash_answerer_cancelled(&pair.answerer), ASH_RING_NONE);
    CHECK(ash_answerer_sleep(&pair.answerer));
    CHECK(complete(&pair, a, 1));
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), a);
    ash_requester_release(&pair.requester, a);
    int c = submit(&pair, 3);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), c);
    ash_requester_cancel(&pair.requester, 3); /* never submitted */
    CHECK_EQ(ash_answerer_cancelled(&pair.answerer), ASH_RING_NONE);
    int d = submit(&pair, 4);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), d);
    CHECK_EQ(submit(&pair, 5), a); /* the same slot: not cancelled */
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), a);
    CHECK_EQ(ash_answerer_cancelled(&pair.answerer), ASH_RING_NONE);
    link_free(&pair.link);
}

/* --- Hostile answerers --------------------------------------------------------------------------
 */

/* Every request still out must come back exactly once with the error, and no new one goes. */
static void expect_broken(struct pair *pair, unsigned out)
{
    struct ash_answer answer;
    for (unsigned i = 0; i < out; i++) {
        int slot = ash_requester_take(&pair->requester, &answer);
        CHECK(slot >= 0);
        CHECK_EQ(answer.status, STATUS_DEVICE_PROTOCOL_ERROR);
        CHECK_EQ(answer.information, 0);
    }
    CHECK_EQ(ash_requester_take(&pair->requester, &answer), ASH_RING_NONE);
    CHECK_EQ(ash_requester_alloc(&pair->requester), ASH_RING_NONE);
    CHECK(pair->requester.rule != nullptr);
    link_free(&pair->link);
}

static void push_completion(struct pair *pair, uint16_t slot)
{
    uint32_t tail = answers(pair)->complete_tail;
    answers(pair)->complete[tail % pair->link.info.slots] = slot;
    answers(pair)->complete_tail = tail + 1;
}

TEST(answer_for_a_slot_that_does_not_exist)
{
    struct pair pair = pair_make(4);
    submit(&pair, 1);
    submit(&pair, 2);
    push_completion(&pair, 4);
    expect_broken(&pair, 2);
}

TEST(answer_for_a_slot_that_is_free)
{
    struct pair pair = pair_make(4);
    submit(&pair, 1);
    push_completion(&pair, 3);
    expect_broken(&pair, 1);
}

TEST(answer_with_a_wrong_sequence)
{
    struct pair pair = pair_make(4);
    int slot = submit(&pair, 1);
    answer_slot(&pair, (unsigned)slot)->sequence = 17;
    push_completion(&pair, (uint16_t)slot);
    expect_broken(&pair, 1);
}

TEST(answer_twice)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    struct ash_answer answer;
    int slot = submit(&pair, 1);
    submit(&pair, 2);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot);
    CHECK(complete(&pair, slot, 1));
    push_completion(&pair, (uint16_t)slot);
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), slot);
    CHECK_EQ(answer.status, 0);
    expect_broken(&pair, 1);
}

TEST(answer_with_too_much_inline_data)
{
    struct pair pair = pair_make(4);
    int slot = submit(&pair, 1);
    answer_slot(&pair, (unsigned)slot)->inline_size = 65;
    answer_slot(&pair, (unsigned)slot)->sequence = 1;
    push_completion(&pair, (uint16_t)slot);
    expect_broken(&pair, 1);
}

TEST(more_answers_than_requests)
{
    struct pair pair = pair_make(4);
    submit(&pair, 1);
    answers(&pair)->complete_tail = 1000;
    expect_broken(&pair, 1);
}

/* --- Hostile requesters -------------------------------------------------------------------------
 */

static void expect_refused(struct pair *pair)
{
    struct ash_request request;
    CHECK_EQ(ash_answerer_take(&pair->answerer, &request), ASH_RING_BROKEN);
    CHECK_EQ(ash_answerer_take(&pair->answerer, &request), ASH_RING_BROKEN);
    CHECK(pair->answerer.rule != nullptr);
    link_free(&pair->link);
}

TEST(request_in_a_slot_that_does_not_exist)
{
    struct pair pair = pair_make(4);
    requests(&pair)->submit[0] = 4;
    requests(&pair)->submit_tail = 1;
    expect_refused(&pair);
}

TEST(request_without_a_new_sequence)
{
    struct pair pair = pair_make(4);
    requests(&pair)->submit[0] = 1;
    requests(&pair)->submit_tail = 1;
    expect_refused(&pair);
}

TEST(request_in_a_slot_that_is_owed)
{
    struct pair pair = pair_make(4);
    struct ash_request request;
    int slot = submit(&pair, 1);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot);
    requests(&pair)->submit[1] = (uint16_t)slot;
    requests(&pair)->submit_tail = 2;
    expect_refused(&pair);
}

TEST(request_with_too_much_inline_data)
{
    struct pair pair = pair_make(4);
    int slot = submit(&pair, 1);
    ash_requester_request(&pair.requester, slot)->inline_size = 65;
    expect_refused(&pair);
}

TEST(more_requests_than_slots)
{
    struct pair pair = pair_make(4);
    requests(&pair)->submit_tail = 5;
    expect_refused(&pair);
}

/* --- The ledger
 * ----------------------------------------------------------------------------------- */

TEST(the_ledger_knows_what_is_owed)
{
    struct pair pair = pair_make(4);
    struct ash_ledger ledger = ledger_of(&pair);
    struct ash_request request;
    int slot = submit(&pair, 31);
    CHECK_EQ(ash_ledger_count(&ledger), 1);
    CHECK(ash_ledger_owed(&ledger, (unsigned)slot, &request));
    CHECK_EQ(request.parameter[0], 31);
    CHECK(!ash_ledger_owed(&ledger, 3, &request));
    CHECK(!ash_ledger_owed(&ledger, 1000, &request));
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), slot);
    CHECK_EQ(ash_ledger_count(&ledger), 1);
    struct ash_answer answer;
    CHECK(!ash_ledger_answered(&ledger, (unsigned)slot, &request, &answer));
    CHECK(complete(&pair, slot, 1));
    CHECK_EQ(ash_ledger_count(&ledger), 0);
    CHECK(ash_ledger_answered(&ledger, (unsigned)slot, &request, &answer));
    CHECK_EQ(request.parameter[0], 31);
    CHECK(!ash_ledger_answered(&ledger, 3, &request, &answer));
    CHECK(!ash_ledger_answered(&ledger, 1000, &request, &answer));
    link_free(&pair.link);
}

TEST(the_end_answers_everything_once)
{
    struct pair pair = pair_make(4);
    struct ash_ledger ledger = ledger_of(&pair);
    struct ash_request request;
    struct ash_answer answer;
    int done = submit(&pair, 1);
    submit(&pair, 2);
    submit(&pair, 3);
    CHECK_EQ(ash_answerer_take(&pair.answerer, &request), done);
    CHECK(complete(&pair, done, 8));
    CHECK(ash_requester_take(&pair.requester, &answer) == done);
    ash_ledger_end(&ledger, STATUS_DEVICE_REMOVED);
    CHECK_EQ(ash_ledger_count(&ledger), 0);
    CHECK(!ash_requester_sleep(&pair.requester));
    CHECK_EQ(ash_requester_alloc(&pair.requester), ASH_RING_NONE);
    for (int i = 0; i < 2; i++) {
        CHECK(ash_requester_take(&pair.requester, &answer) >= 0);
        CHECK_EQ(answer.status, STATUS_DEVICE_REMOVED);
    }
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), ASH_RING_NONE);
    CHECK(ash_requester_sleep(&pair.requester));
    link_free(&pair.link);
}

TEST(a_request_that_crossed_the_end_completes_too)
{
    struct pair pair = pair_make(4);
    struct ash_ledger ledger = ledger_of(&pair);
    struct ash_answer answer;
    int slot = ash_requester_alloc(&pair.requester);
    ash_ledger_end(&ledger, STATUS_DEVICE_REMOVED);
    ash_requester_submit(&pair.requester, slot, 0);
    CHECK_EQ(ash_requester_take(&pair.requester, &answer), slot);
    CHECK_EQ(answer.status, STATUS_DEVICE_REMOVED);
    link_free(&pair.link);
}
