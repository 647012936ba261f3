// SPDX-License-Identifier: MIT
/* Stale grants: what an answerer has mapped stays, whatever the requester does, until it lets go.
 */
#include "ash_test.h"
#include "check.h"
#include <string.h>

enum { A = 20, B = 21, C = 22, D = 23 };
enum { PAGES = 8 };

static uint64_t reply_words[64];
static struct mm_result result;

static ash_status ask(uint32_t caller, uint64_t op, const void *request, size_t bytes)
{
    return mm_operation(caller, op, request, bytes, reply_words, &result);
}
#define ASK(caller, op, ...)                                                                       \
    ask(caller, op, (const ash_word[]){__VA_ARGS__}, sizeof((const ash_word[]){__VA_ARGS__}))

static uint64_t make_link(uint32_t requester, uint32_t answerer)
{
    ash_status status =
        ASK(ASH_TASK_IO, ASH_MEM_LINK_CREATE, requester, answerer, 0x3000, 0x2000, 8);
    return status == STATUS_SUCCESS ? reply_words[0] : 0;
}

/* A -> B -> C, a section of A, granted and forwarded; both answerers have mapped it. */
static struct {
    uint64_t one, two;            /* links */
    uint64_t grant, forwarded;    /* of them */
    uint64_t at_a, at_b, at_c;    /* addresses */
    uint64_t physical, used_less; /* sections in use without A's */
} chain;

static struct fake_mapping seen(uint32_t task, uint64_t address)
{
    return fake_lookup(mm_task_find(task)->vspace, address);
}

static uint64_t map_grant(uint32_t task, uint64_t link, uint64_t grant)
{
    ash_status status = ASK(task, ASH_MEM_GRANT_MAP, link, grant);
    return status == STATUS_SUCCESS ? reply_words[0] : 0;
}

static void start(void)
{
    struct mm_ram ram, device;
    fake_reset(0x80200000, 64u << 20, 0x10000000, 0x50000000);
    fake_regions(&ram, &device);
    CHECK(mm_init(ASH_TASK_MEMORY, &ram, 1, &device, 1, 8));
    CHECK_EQ(mm_task_adopt(ASH_TASK_PROCESS, UINT32_MAX, MM_SLOT_OWN_VSPACE), STATUS_SUCCESS);
    for (uint32_t id = ASH_TASK_IO; id <= ASH_TASK_PNP; id++)
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 10000), STATUS_SUCCESS);
    for (uint32_t id = A; id <= D; id++)
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 1000), STATUS_SUCCESS);
    chain.one = make_link(A, B);
    chain.two = make_link(B, C);
    chain.used_less = mm.sections.used;
    CHECK_EQ(ASK(A, ASH_MEM_MAP, PAGES * ASH_PAGE_SIZE, 0), STATUS_SUCCESS);
    chain.at_a = reply_words[0];
    chain.physical = seen(A, chain.at_a).physical;
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, chain.one, chain.at_a, 3), STATUS_SUCCESS);
    chain.grant = reply_words[0];
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_FORWARD, chain.one, chain.grant, chain.two), STATUS_SUCCESS);
    chain.forwarded = reply_words[0];
    chain.at_b = map_grant(B, chain.one, chain.grant);
    chain.at_c = map_grant(C, chain.two, chain.forwarded);
    CHECK_STR(check_all(), "");
}

/* The answerer sees the very pages that were granted, and they can be used. */
static void check_seen(uint32_t task, uint64_t address)
{
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK(seen(task, address + i * ASH_PAGE_SIZE).present);
        CHECK(seen(task, address + i * ASH_PAGE_SIZE).rights & ASH_RIGHT_WRITE);
    }
    CHECK_EQ(seen(task, address).physical, chain.physical);
}

static uint64_t stale_of(uint32_t task)
{
    return ask(task, ASH_MEM_STALE, "", 0) == STATUS_SUCCESS ? reply_words[0] : UINT64_MAX;
}

static void check_nothing_left(void)
{
    CHECK_EQ(mm.grants.used, 0);
    CHECK_EQ(mm.sections.used, chain.used_less);
    CHECK_STR(check_all(), "");
}

static void release_both(void)
{
    CHECK_EQ(stale_of(C), 1);
    CHECK(reply_words[1] == chain.two && reply_words[2] == chain.forwarded);
    CHECK_EQ(ASK(C, ASH_MEM_GRANT_RELEASE, chain.two, chain.forwarded), STATUS_SUCCESS);
    CHECK(!seen(C, chain.at_c).present);
    check_seen(B, chain.at_b);
    CHECK_EQ(stale_of(C), 0);
    CHECK_STR(check_all(), "");
    CHECK_EQ(stale_of(B), 1);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_RELEASE, chain.one, chain.grant), STATUS_SUCCESS);
    CHECK(!seen(B, chain.at_b).present);
    CHECK_EQ(stale_of(B), 0);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_RELEASE, chain.one, chain.grant), STATUS_INVALID_HANDLE);
}

TEST(a_closed_grant_stays_mapped_until_released)
{
    start();
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, chain.one, chain.grant), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, chain.one, chain.grant), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_CLOSE, chain.two, chain.forwarded), STATUS_INVALID_HANDLE);
    check_seen(B, chain.at_b);
    check_seen(C, chain.at_c);
    CHECK_EQ(mm_task_find(A)->given, 0);
    CHECK_STR(check_all(), "");
    release_both();
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, chain.at_a), STATUS_SUCCESS);
    check_nothing_left();
}

TEST(an_unmapped_section_is_charged_to_its_owner_until_released)
{
    start();
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, chain.at_a), STATUS_SUCCESS);
    CHECK(!seen(A, chain.at_a).present);
    check_seen(B, chain.at_b);
    check_seen(C, chain.at_c);
    CHECK_EQ(mm_task_find(A)->pages, PAGES);
    CHECK_EQ(ASK(A, ASH_MEM_MAP, (1001 - PAGES) * ASH_PAGE_SIZE, 0), STATUS_QUOTA_EXCEEDED);
    uint64_t free = mm.pages_free;
    release_both();
    CHECK_EQ(mm_task_find(A)->pages, 0);
    CHECK_EQ(mm.pages_free, free + PAGES);
    check_nothing_left();
}

TEST(pages_of_a_dead_owner_stay_mapped_until_released)
{
    start();
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, A), STATUS_SUCCESS);
    check_seen(B, chain.at_b);
    check_seen(C, chain.at_c);
    CHECK_STR(check_all(), "");
    uint64_t free = mm.pages_free;
    release_both();
    CHECK_EQ(mm.pages_free, free + PAGES);
    check_nothing_left();
}

TEST(an_answerer_that_dies_keeps_nothing)
{
    start();
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, B), STATUS_SUCCESS);
    check_seen(C, chain.at_c); /* the one in the middle is gone, the request below goes on */
    CHECK_EQ(mm.grants.used, 1);
    CHECK_STR(check_all(), "");
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, chain.at_a), STATUS_SUCCESS);
    check_seen(C, chain.at_c);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, C), STATUS_SUCCESS);
    check_nothing_left();
}

TEST(a_stale_grant_of_a_dead_answerer_is_gone)
{
    start();
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, chain.one, chain.grant), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, C), STATUS_SUCCESS);
    check_seen(B, chain.at_b);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, B), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, chain.at_a), STATUS_SUCCESS);
    check_nothing_left();
}

TEST(unmapping_the_view_releases_a_stale_grant)
{
    start();
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, A), STATUS_SUCCESS);
    CHECK_EQ(ASK(C, ASH_MEM_UNMAP, chain.at_c), STATUS_SUCCESS);
    CHECK_EQ(stale_of(C), 0);
    CHECK_EQ(ASK(B, ASH_MEM_UNMAP, chain.at_b), STATUS_SUCCESS);
    check_nothing_left();
}

TEST(freeing_the_link_ends_the_mapping_but_not_the_dma_addresses)
{
    start();
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, C, 1, ASH_MEM_NO_DEVICE, 7), STATUS_SUCCESS);
    CHECK_EQ(ASK(C, ASH_MEM_DMA_OPEN, chain.two, chain.forwarded, OPEN(0, 1, 1), 0),
             STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, A), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_CLOSE, chain.one), STATUS_SUCCESS);
    check_seen(B, chain.at_b);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_FREE, chain.one), STATUS_SUCCESS);
    CHECK(!seen(B, chain.at_b).present);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_FREE, chain.two), STATUS_SUCCESS);
    CHECK(!seen(C, chain.at_c).present);
    CHECK_EQ(mm.grants.used, 1);
    CHECK_EQ(mm.sections.used, 1); /* both links' areas are gone as well */
    CHECK_STR(check_all(), "");
    CHECK_EQ(ASK(C, ASH_MEM_GRANT_RELEASE, chain.two, chain.forwarded), STATUS_SUCCESS);
    CHECK_EQ(mm.sections.used, 0);
    CHECK_EQ(mm.grants.used, 0);
    CHECK_STR(check_all(), "");
}

TEST(nothing_new_is_had_of_a_stale_grant)
{
    start();
    uint64_t three = make_link(C, D);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, C, 1, ASH_MEM_NO_DEVICE, 7), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, chain.one, chain.grant), STATUS_SUCCESS);
    CHECK_EQ(ASK(C, ASH_MEM_GRANT_MAP, chain.two, chain.forwarded), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(C, ASH_MEM_DMA_OPEN, chain.two, chain.forwarded, OPEN(0, 1, 1), 0),
             STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(C, ASH_MEM_GRANT_FORWARD, chain.two, chain.forwarded, three),
             STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_RELEASE, chain.one, chain.grant), STATUS_ACCESS_DENIED);
    CHECK_STR(check_all(), "");
}

TEST(a_task_cannot_fill_the_manager_with_stale_grants)
{
    start();
    ash_status status = STATUS_SUCCESS;
    unsigned held = 1; /* the one that is mapped already, closed first */
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, chain.one, chain.grant), STATUS_SUCCESS);
    for (; held <= MM_GRANTS_STALE; held++) {
        CHECK_EQ(ASK(A, ASH_MEM_GRANT, chain.one, chain.at_a, 1), STATUS_SUCCESS);
        uint64_t grant = reply_words[0];
        status = ASK(B, ASH_MEM_GRANT_MAP, chain.one, grant);
        if (status != STATUS_SUCCESS)
            break;
        CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, chain.one, grant), STATUS_SUCCESS);
    }
    CHECK_EQ(status, STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(held, MM_GRANTS_STALE);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_RELEASE, chain.one, chain.grant), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, chain.one, chain.at_a, 1), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_MAP, chain.one, reply_words[0]), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, B), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, C), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, chain.at_a), STATUS_SUCCESS);
    check_nothing_left();
}

static uint64_t give(uint64_t link)
{
    return ASK(A, ASH_MEM_GRANT, link, chain.at_a, 1) == STATUS_SUCCESS ? reply_words[0] : 0;
}

/* The answerer dies and another one comes: what the requester gave stays given, and only that. */
TEST(a_kept_link_and_its_grants_outlive_the_answerer)
{
    struct ash_mem_link_create_reply resumed;
    start();
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_RESUME, chain.one, D), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_KEEP, chain.one), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, B), STATUS_SUCCESS);
    CHECK_STR(check_all(), "");
    CHECK_EQ(map_grant(C, chain.two, chain.forwarded), 0); /* that was B's to give */
    uint64_t meanwhile = give(chain.one), closed = give(chain.one);
    CHECK(meanwhile != 0 && closed != 0);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, chain.one, closed), STATUS_SUCCESS);
    CHECK_EQ(map_grant(D, chain.one, chain.grant), 0);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_RESUME, chain.one, A), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_RESUME, chain.one, D), STATUS_SUCCESS);
    memcpy(&resumed, reply_words, sizeof(resumed));
    CHECK(!(seen(D, resumed.answerer_request).rights & ASH_RIGHT_WRITE));
    CHECK(seen(D, resumed.answerer_answer).rights & ASH_RIGHT_WRITE);
    CHECK(seen(A, resumed.requester_request).present);
    CHECK_EQ(seen(D, map_grant(D, chain.one, chain.grant)).physical, chain.physical);
    CHECK_EQ(seen(D, map_grant(D, chain.one, meanwhile)).physical, chain.physical);
    CHECK_EQ(map_grant(D, chain.one, closed), 0);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, D), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, chain.one, chain.grant), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_FREE, chain.one), STATUS_SUCCESS);
    CHECK_STR(check_all(), "");
}
