// SPDX-License-Identifier: MIT
//
// The pure half of the NVMe driver: what honest controllers say is understood, what lying ones say
// is refused by the name of the rule that they broke.
#include "ash_test.h"

#include <queue.h>
#include <string.h>

static struct nvme_command submission[NVME_ENTRIES];
static struct nvme_completion completion[NVME_ENTRIES];
static struct nvme_queue queue;
static struct nvme_taken taken;
static uint8_t page[NVME_PAGE];

static void begin(unsigned entries)
{
    memset(submission, 0, sizeof submission);
    memset(completion, 0, sizeof completion);
    nvme_queue_init(&queue, 3, entries, submission, completion);
}

static void fly(unsigned slot)
{
    struct nvme_command command = {.opcode = NVME_READ, .prp1 = slot};
    nvme_submit(&queue, slot, &command);
}

static unsigned answers; // since begin

static void answer_as(unsigned slot, unsigned head, unsigned id, unsigned status)
{
    unsigned at = answers % queue.entries, phase = answers / queue.entries % 2 == 0;
    completion[at] = (struct nvme_completion){.result = slot,
                                              .head = (uint16_t)head,
                                              .queue = (uint16_t)id,
                                              .id = (uint16_t)slot,
                                              .status = (uint16_t)(status << 1 | phase)};
    answers++;
}

static void answer(unsigned slot, unsigned status)
{
    answer_as(slot, queue.tail, 3, status);
}

TEST(commands_go_round_and_round)
{
    begin(8);
    answers = 0;
    for (unsigned i = 0; i < 100; i++) {
        unsigned slot = i % queue.slots;
        CHECK_EQ(nvme_take(&queue, &taken), NVME_EMPTY);
        fly(slot);
        CHECK_EQ(submission[i % 8].id, slot);
        CHECK_EQ(submission[i % 8].prp1, slot);
        CHECK_EQ(queue.tail, (i + 1) % 8);
        CHECK(nvme_is_flying(&queue, slot));
        answer(slot, i % 3 ? 0 : 0x281);
        CHECK(nvme_has_answer(&queue));
        CHECK_EQ(nvme_take(&queue, &taken), NVME_TOOK);
        CHECK_EQ(taken.slot, slot);
        CHECK_EQ(taken.status, i % 3 ? 0u : 0x281u);
        CHECK_EQ(taken.result, slot);
        CHECK_EQ(queue.in_flight, 0u);
    }
}

TEST(answers_in_any_order)
{
    begin(NVME_ENTRIES);
    answers = 0;
    for (unsigned i = 0; i < NVME_SLOTS; i++)
        fly(i);
    CHECK_EQ(queue.in_flight, NVME_SLOTS);
    for (unsigned i = NVME_SLOTS; i-- > 0;)
        answer(i, 0);
    for (unsigned i = NVME_SLOTS; i-- > 0;) {
        CHECK_EQ(nvme_take(&queue, &taken), NVME_TOOK);
        CHECK_EQ(taken.slot, i);
    }
    CHECK_EQ(nvme_take(&queue, &taken), NVME_EMPTY);
    CHECK_EQ(queue.flying, 0u);
}

static void check_lie(unsigned slot, unsigned head, unsigned id, enum nvme_rule rule)
{
    begin(8);
    answers = 0;
    fly(0);
    fly(1);
    answer_as(slot, head, id, 0);
    CHECK_EQ(nvme_take(&queue, &taken), NVME_BROKEN);
    CHECK_EQ(taken.rule, rule);
    CHECK_EQ(queue.in_flight, 2u);
    CHECK_EQ(queue.flying, 3u);
}

TEST(each_lie_by_its_name)
{
    check_lie(7, 2, 3, NVME_COMMAND_ID);
    check_lie(0xffff, 2, 3, NVME_COMMAND_ID);
    check_lie(2, 2, 3, NVME_COMMAND_TWICE);
    check_lie(0, 2, 0, NVME_QUEUE_ID);
    check_lie(0, 2, 0xffff, NVME_QUEUE_ID);
    check_lie(0, 3, 3, NVME_HEAD);
    check_lie(0, 8, 3, NVME_HEAD);
    check_lie(0, 0xffff, 3, NVME_HEAD);
    begin(8);
    answers = 0;
    fly(0);
    fly(1);
    answer(1, 0);
    answer(1, 0);
    CHECK_EQ(nvme_take(&queue, &taken), NVME_TOOK);
    CHECK_EQ(nvme_take(&queue, &taken), NVME_BROKEN);
    CHECK_EQ(taken.rule, NVME_COMMAND_TWICE);
    for (unsigned rule = NVME_OK; rule < NVME_RULES; rule++)
        CHECK(strlen(nvme_rule_text(rule)) > 10);
}

TEST(an_old_phase_is_no_answer)
{
    begin(2);
    answers = 0;
    for (unsigned i = 0; i < 2; i++) {
        fly(0);
        answer(0, 0);
        CHECK_EQ(nvme_take(&queue, &taken), NVME_TOOK);
    }
    fly(0); // the entry still holds the answer of the first round
    CHECK_EQ(nvme_take(&queue, &taken), NVME_EMPTY);
    CHECK(nvme_reclaim(&queue, 0));
    CHECK(!nvme_reclaim(&queue, 0));
    CHECK_EQ(queue.in_flight, 0u);
}

// --- Registers ----------------------------------------------------------------------------------

#define CAP_GOOD (0x7ffull | 0x14ull << 24 | 1ull << 37)

TEST(capabilities)
{
    struct nvme_capabilities capabilities;
    CHECK_EQ(nvme_read_capabilities(CAP_GOOD, 0x2000, &capabilities), NVME_OK);
    CHECK_EQ(capabilities.entries_most, 2048u);
    CHECK_EQ(capabilities.doorbell_bytes, 4u);
    CHECK_EQ(capabilities.ready_ms, 10000u);
    CHECK_EQ(nvme_queues_in_window(&capabilities, 0x2000), 511u);
    CHECK_EQ(nvme_doorbell(&capabilities, 0, false), 0x1000u);
    CHECK_EQ(nvme_doorbell(&capabilities, 2, true), 0x1014u);
    CHECK_EQ(nvme_read_capabilities(UINT64_MAX, 0x2000, &capabilities), NVME_ABSENT);
    CHECK_EQ(nvme_read_capabilities(0x7ff, 0x2000, &capabilities), NVME_NO_NVM_COMMANDS);
    CHECK_EQ(nvme_read_capabilities(CAP_GOOD | 1ull << 48, 0x2000, &capabilities), NVME_PAGE_SIZE);
    CHECK_EQ(nvme_read_capabilities(CAP_GOOD & ~0x7ffull, 0x2000, &capabilities),
             NVME_QUEUE_ENTRIES);
    CHECK_EQ(nvme_read_capabilities(CAP_GOOD | 10ull << 32, 0x2000, &capabilities),
             NVME_DOORBELL_RANGE);
    CHECK_EQ(nvme_read_capabilities(CAP_GOOD, 0x1000, &capabilities), NVME_DOORBELL_RANGE);
    CHECK_EQ(nvme_queues_granted(0x00030007), 4u);
    CHECK_EQ(nvme_queues_granted(0), 1u);
}

// --- Identify -----------------------------------------------------------------------------------

static void put(unsigned at, uint64_t value, unsigned bytes)
{
    memcpy(page + at, &value, bytes);
}

static void good_controller(void)
{
    static const char serial[20] = "serial number       ";
    memset(page, 0, sizeof page);
    memcpy(page + 4, serial, sizeof serial);
    memcpy(page + 24, "A model\x01\xff             ", 20);
    page[77] = 7;
    page[512] = 0x66;
    page[513] = 0x44;
    page[525] = 1;
}

TEST(what_a_controller_says)
{
    struct nvme_controller_facts facts;
    good_controller();
    CHECK_EQ(nvme_read_controller(page, &facts), NVME_OK);
    CHECK_STR(facts.serial, "serial number");
    CHECK_STR(facts.model, "A model");
    CHECK_EQ(facts.transfer_pages, 128u);
    CHECK(facts.write_cache);
    page[77] = 0;
    CHECK_EQ(nvme_read_controller(page, &facts), NVME_OK);
    CHECK_EQ(facts.transfer_pages, UINT32_MAX);
    page[77] = 255;
    CHECK_EQ(nvme_read_controller(page, &facts), NVME_OK);
    CHECK_EQ(facts.transfer_pages, UINT32_MAX);
    page[512] = 0x77;
    CHECK_EQ(nvme_read_controller(page, &facts), NVME_ENTRY_SIZE);
    good_controller();
    page[513] = 0x33;
    CHECK_EQ(nvme_read_controller(page, &facts), NVME_ENTRY_SIZE);
}

static void good_namespace(void)
{
    memset(page, 0, sizeof page);
    put(0, 1000, 8);
    page[25] = 1;
    page[26] = 1;
    put(46, 256, 2);
    put(128, 9u << 16, 4);
    put(132, 12u << 16, 4);
}

TEST(what_a_namespace_says)
{
    struct nvme_namespace space;
    good_namespace();
    CHECK_EQ(nvme_read_namespace(page, 5, &space), NVME_OK);
    CHECK_EQ(space.id, 5u);
    CHECK_EQ(space.blocks, 1000u);
    CHECK_EQ(space.block_shift, 12u);
    CHECK_EQ(space.boundary, 256u);
    CHECK(space.usable && !space.read_only);
    page[99] = 1;
    put(132, 12u << 16 | 8, 4);
    CHECK_EQ(nvme_read_namespace(page, 5, &space), NVME_OK);
    CHECK(!space.usable && space.read_only);
    page[26] = 2;
    CHECK_EQ(nvme_read_namespace(page, 5, &space), NVME_FORMAT_INDEX);
    good_namespace();
    put(132, 8u << 16, 4);
    CHECK_EQ(nvme_read_namespace(page, 5, &space), NVME_BLOCK_SIZE);
    put(132, 255u << 16, 4);
    CHECK_EQ(nvme_read_namespace(page, 5, &space), NVME_BLOCK_SIZE);
    good_namespace();
    put(0, 1ull << 52, 8);
    CHECK_EQ(nvme_read_namespace(page, 5, &space), NVME_CAPACITY);
    put(0, 0, 8);
    CHECK_EQ(nvme_read_namespace(page, 5, &space), NVME_OK);
    CHECK(!space.usable);
}

TEST(the_list_of_namespaces)
{
    uint32_t ids[4];
    unsigned count;
    memset(page, 0, sizeof page);
    put(0, 1 | 7ull << 32, 8);
    put(8, 0xfffffffd, 4);
    CHECK_EQ(nvme_read_list(page, ids, 4, &count), NVME_OK);
    CHECK_EQ(count, 3u);
    CHECK(ids[0] == 1 && ids[1] == 7 && ids[2] == 0xfffffffd);
    CHECK_EQ(nvme_read_list(page, ids, 2, &count), NVME_OK);
    CHECK_EQ(count, 2u);
    put(8, 7, 4);
    CHECK_EQ(nvme_read_list(page, ids, 4, &count), NVME_LIST_ORDER);
    put(8, UINT32_MAX, 4);
    CHECK_EQ(nvme_read_list(page, ids, 4, &count), NVME_LIST_ORDER);
}

// --- PRPs ---------------------------------------------------------------------------------------

static uint64_t list[NVME_PRPS_MOST];
static struct nvme_prps prps;
static struct nvme_command command;

TEST(prps_of_one_two_and_many_pages)
{
    nvme_prps_begin(&prps, list, 0x9000);
    CHECK(nvme_prps_add(&prps, 0x10204, 512));
    nvme_prps_end(&prps, &command);
    CHECK(command.prp1 == 0x10204 && command.prp2 == 0);
    nvme_prps_begin(&prps, list, 0x9000);
    CHECK(nvme_prps_add(&prps, 0x10f00, 512));
    nvme_prps_end(&prps, &command);
    CHECK(command.prp1 == 0x10f00 && command.prp2 == 0x11000);
    CHECK_EQ(prps.bytes, 512u);
    nvme_prps_begin(&prps, list, 0x9000);
    CHECK(nvme_prps_add(&prps, 0x10f00, 256));
    CHECK(nvme_prps_add(&prps, 0x40000, 8192));
    CHECK(nvme_prps_add(&prps, 0x20000, 100));
    nvme_prps_end(&prps, &command);
    CHECK(command.prp1 == 0x10f00 && command.prp2 == 0x9000);
    CHECK(list[0] == 0x40000 && list[1] == 0x41000 && list[2] == 0x20000);
    CHECK_EQ(prps.bytes, 256u + 8192 + 100);
}

TEST(prps_end_where_the_rules_do)
{
    nvme_prps_begin(&prps, list, 0x9000);
    CHECK(!nvme_prps_add(&prps, 0x10202, 512)); // no multiple of four
    CHECK_EQ(prps.bytes, 0u);
    CHECK(nvme_prps_add(&prps, 0x10000, 512));
    CHECK(!nvme_prps_add(&prps, 0x20000, 512)); // the one before ends within its page
    nvme_prps_begin(&prps, list, 0x9000);
    CHECK(nvme_prps_add(&prps, 0x10000, 4096));
    CHECK(!nvme_prps_add(&prps, 0x20200, 512)); // not the first, and has an offset
    CHECK_EQ(prps.bytes, 4096u);
    nvme_prps_begin(&prps, list, 0x9000);
    CHECK(!nvme_prps_add(&prps, 0x10000, (NVME_PRPS_MOST + 2) * 4096)); // one page too many
    CHECK_EQ(prps.bytes, (NVME_PRPS_MOST + 1) * 4096);
    CHECK_EQ(list[NVME_PRPS_MOST - 1], 0x10000 + NVME_PRPS_MOST * 4096);
}
