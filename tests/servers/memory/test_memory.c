// SPDX-License-Identifier: MIT
/* The memory manager's bookkeeping against a model of the kernel: each promise of abi/memory.h. */
#include "ash_test.h"
#include "check.h"

enum { A = 20, B = 21, C = 22, D = 23 };

static uint64_t reply_words[64];
static struct mm_result result;

static ash_status ask(uint32_t caller, uint64_t op, const void *request, size_t bytes)
{
    return mm_operation(caller, op, request, bytes, reply_words, &result);
}
#define ASK(caller, op, ...)                                                                       \
    ask(caller, op, (const ash_word[]){__VA_ARGS__}, sizeof((const ash_word[]){__VA_ARGS__}))

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
    CHECK_STR(check_all(), "");
}

static mm_slot space_of(uint32_t task)
{
    return mm_task_find(task)->vspace;
}

static uint64_t map_pages(uint32_t task, uint64_t pages)
{
    return ASK(task, ASH_MEM_MAP, pages * ASH_PAGE_SIZE, 0) == STATUS_SUCCESS ? reply_words[0] : 0;
}

static struct ash_mem_link_create_reply make_link(uint32_t requester, uint32_t answerer)
{
    struct ash_mem_link_create_reply reply = {};
    if (ASK(ASH_TASK_IO, ASH_MEM_LINK_CREATE, requester, answerer, 0x3000, 0x2000, 8) ==
        STATUS_SUCCESS)
        memcpy(&reply, reply_words, sizeof(reply));
    return reply;
}

TEST(a_section_is_mapped_again_with_rights_of_its_own)
{
    start();
    uint64_t first = map_pages(A, 3);
    CHECK_EQ(ASK(A, ASH_MEM_MAP_AGAIN, first, ASH_MEM_READ), STATUS_SUCCESS);
    uint64_t again = reply_words[0];
    CHECK(again != 0 && again != first);
    CHECK_EQ(reply_words[1], 3 * ASH_PAGE_SIZE);
    struct fake_mapping one = fake_lookup(space_of(A), first + ASH_PAGE_SIZE),
                        two = fake_lookup(space_of(A), again + ASH_PAGE_SIZE);
    CHECK(one.present && two.present && one.physical == two.physical);
    CHECK_EQ(two.rights, ASH_MEM_READ);
    CHECK_EQ(ASK(A, ASH_MEM_PROTECT, again, ASH_PAGE_SIZE, ASH_MEM_READ | ASH_MEM_WRITE),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(A, ASH_MEM_MAP_AGAIN, first, ASH_MEM_WRITE), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(A, ASH_MEM_MAP_AGAIN, first + (1 << 20), ASH_MEM_READ), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(B, ASH_MEM_MAP_AGAIN, first, ASH_MEM_READ), STATUS_INVALID_PARAMETER);
    CHECK_STR(check_all(), "");
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, first), STATUS_SUCCESS);
    CHECK(fake_lookup(space_of(A), again).present);
    CHECK_EQ(mm_task_find(A)->pages, 3);
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, again), STATUS_SUCCESS);
    CHECK_EQ(mm_task_find(A)->pages, 0); /* the pages go with the last view */
    CHECK_STR(check_all(), "");
}

TEST(map_gives_zeroed_pages_and_unmap_takes_them_back)
{
    start();
    uint64_t before = mm.pages_free;
    uint64_t address = map_pages(A, 5);
    CHECK(address != 0);
    for (uint64_t i = 0; i < 5; i++) {
        struct fake_mapping mapping = fake_lookup(space_of(A), address + i * ASH_PAGE_SIZE);
        CHECK(mapping.present);
        for (unsigned byte = 0; byte < ASH_PAGE_SIZE; byte++)
            CHECK_EQ(fake_memory(mapping.physical)[byte], 0);
        memset(fake_memory(mapping.physical), 0xee, ASH_PAGE_SIZE);
    }
    CHECK(!fake_lookup(space_of(A), address + 5 * ASH_PAGE_SIZE).present);
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, address), STATUS_SUCCESS);
    CHECK(!fake_lookup(space_of(A), address).present);
    CHECK(mm.pages_free + MM_GROUP_PAGES >= before); /* one block may have become page tables */
    CHECK_STR(check_all(), "");
}

TEST(dirty_pages_are_cleared_before_reuse)
{
    start();
    uint64_t keep = map_pages(A, 1);
    for (unsigned round = 0; round < 20; round++) {
        uint64_t address = map_pages(B, 3);
        CHECK(address != 0 && keep != 0);
        for (uint64_t i = 0; i < 3; i++) {
            uint64_t physical = fake_lookup(space_of(B), address + i * ASH_PAGE_SIZE).physical;
            CHECK_EQ(fake_memory(physical)[round], 0);
            memset(fake_memory(physical), 0xee, ASH_PAGE_SIZE);
        }
        CHECK_EQ(ASK(B, ASH_MEM_UNMAP, address), STATUS_SUCCESS);
    }
}

TEST(quota_is_the_limit)
{
    start();
    CHECK(map_pages(A, 990) != 0);
    CHECK_EQ(ASK(A, ASH_MEM_MAP, 11 * ASH_PAGE_SIZE, 0), STATUS_QUOTA_EXCEEDED);
    CHECK(map_pages(A, 10) != 0);
    CHECK_EQ(ASK(A, ASH_MEM_MAP, 1, 0), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_INFO, A), STATUS_SUCCESS);
    CHECK_EQ(reply_words[0], 1000);
    CHECK_STR(check_all(), "");
}

TEST(guard_pages_stay_free)
{
    start();
    CHECK_EQ(ASK(A, ASH_MEM_MAP, ASH_PAGE_SIZE, ASH_MEM_GUARD), STATUS_SUCCESS);
    uint64_t first = reply_words[0];
    CHECK_EQ(ASK(A, ASH_MEM_MAP, ASH_PAGE_SIZE, ASH_MEM_GUARD), STATUS_SUCCESS);
    CHECK(reply_words[0] >= first + 2 * ASH_PAGE_SIZE);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_MAP, A, first + ASH_PAGE_SIZE, ASH_PAGE_SIZE,
                 ASH_MEM_READ, 0, 0),
             STATUS_CONFLICTING_ADDRESSES);
}

TEST(protect_never_allows_write_and_execute)
{
    start();
    uint64_t address = map_pages(A, 4);
    CHECK_EQ(ASK(A, ASH_MEM_PROTECT, address, 4096, ASH_MEM_WRITE | ASH_MEM_EXECUTE | ASH_MEM_READ),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(A, ASH_MEM_PROTECT, address + 4096, 8192, 0), STATUS_SUCCESS);
    CHECK(fake_lookup(space_of(A), address).present);
    CHECK(!fake_lookup(space_of(A), address + 4096).present);
    CHECK(!fake_lookup(space_of(A), address + 8192).present);
    CHECK_EQ(ASK(A, ASH_MEM_PROTECT, address + 4096, 4096, ASH_MEM_READ | ASH_MEM_EXECUTE),
             STATUS_SUCCESS);
    CHECK(fake_lookup(space_of(A), address + 4096).present);
    CHECK_EQ(ASK(A, ASH_MEM_PROTECT, address + 12288, 8192, ASH_MEM_READ),
             STATUS_INVALID_PARAMETER);
}

TEST(managers_operations_are_refused_to_others)
{
    start();
    CHECK_EQ(ASK(A, ASH_MEM_TASK_CREATE, 99, 10), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(A, ASH_MEM_LINK_CREATE, A, B, 4096, 4096, 0), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_DMA_ALLOW, A, 1, ASH_MEM_NO_DEVICE, 7), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(77, ASH_MEM_MAP, 4096, 0), STATUS_ACCESS_DENIED);
    CHECK_EQ(ask(A, 999, "", 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ask(A, ASH_MEM_MAP, "", 0), STATUS_INVALID_PARAMETER);
}

TEST(task_map_at_an_address_with_mirror)
{
    start();
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_MAP, A, 0x100000, 0x3000,
                 ASH_MEM_READ | ASH_MEM_EXECUTE, 0, 1),
             STATUS_SUCCESS);
    uint64_t mirror = reply_words[2];
    CHECK_EQ(reply_words[0], 0x100000);
    CHECK_EQ(fake_lookup(space_of(A), 0x102000).physical,
             fake_lookup(MM_SLOT_OWN_VSPACE, mirror + 0x2000).physical);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_UNMAP, mirror), STATUS_SUCCESS);
    CHECK(fake_lookup(space_of(A), 0x100000).present);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_MAP, A, 0x101000, 0x1000, ASH_MEM_READ, 0, 0),
             STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_MAP, A, 0, 0x1000, ASH_MEM_READ, 0, 2),
             STATUS_INVALID_PARAMETER);
    CHECK_STR(check_all(), "");
}

TEST(exported_frames_are_revoked_before_reuse)
{
    start();
    uint64_t address = map_pages(A, 2);
    CHECK(map_pages(A, 1) != 0); /* keeps the block */
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_FRAME, A, address + 4096), STATUS_SUCCESS);
    uint32_t received = fake_receive(result.send);
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, address), STATUS_SUCCESS);
    CHECK(!fake_received_alive(received));
}

TEST(untyped_is_moved_out_and_revoked_back)
{
    start();
    uint64_t before = mm.pages_free;
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_UNTYPED, 100000), STATUS_SUCCESS);
    uint64_t id = reply_words[0];
    CHECK(reply_words[1] >= 100000);
    uint32_t received = fake_receive(result.send);
    CHECK_EQ(mm.pages_objects, 32);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_UNTYPED_FREE, id), STATUS_SUCCESS);
    CHECK(!fake_received_alive(received));
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_UNTYPED_FREE, id), STATUS_INVALID_HANDLE);
    CHECK_EQ(mm.pages_free, before);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_UNTYPED, 1u << 30), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_UNTYPED, 64u << 20), STATUS_NO_MEMORY);
}

TEST(link_areas_are_mapped_with_the_right_side_writable)
{
    start();
    struct ash_mem_link_create_reply link = make_link(A, B);
    CHECK(link.link != 0);
    CHECK(fake_lookup(space_of(A), link.requester_request).rights & ASH_RIGHT_WRITE);
    CHECK(!(fake_lookup(space_of(A), link.requester_answer).rights & ASH_RIGHT_WRITE));
    CHECK(!(fake_lookup(space_of(B), link.answerer_request).rights & ASH_RIGHT_WRITE));
    CHECK(fake_lookup(space_of(B), link.answerer_answer).rights & ASH_RIGHT_WRITE);
    CHECK_EQ(fake_lookup(space_of(ASH_TASK_IO), link.io_answer).physical,
             fake_lookup(space_of(A), link.requester_answer).physical);
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, link.requester_request), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, A), STATUS_SUCCESS);
    CHECK(fake_lookup(space_of(B), link.answerer_request).present);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_CLOSE, link.link), STATUS_SUCCESS);
    CHECK(!fake_lookup(space_of(B), link.answerer_request).present);
    CHECK(fake_lookup(space_of(ASH_TASK_IO), link.io_request).present);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_FREE, link.link), STATUS_SUCCESS);
    CHECK(!fake_lookup(space_of(ASH_TASK_IO), link.io_request).present);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_FREE, link.link), STATUS_INVALID_HANDLE);
    CHECK_STR(check_all(), "");
}

TEST(link_with_io_as_requester_uses_one_view)
{
    start();
    struct ash_mem_link_create_reply link = make_link(ASH_TASK_IO, B);
    CHECK_EQ(link.io_request, link.requester_request);
    CHECK(fake_lookup(space_of(B), link.answerer_request).present);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_FREE, link.link), STATUS_SUCCESS);
    CHECK_STR(check_all(), "");
}

TEST(grants_forward_and_close_down_the_tree)
{
    start();
    uint64_t one = make_link(A, B).link, two = make_link(B, C).link, three = make_link(C, D).link;
    uint64_t address = map_pages(A, 16);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, one, address, ASH_MEM_READ), STATUS_SUCCESS);
    uint64_t first = reply_words[0];
    CHECK_EQ(reply_words[1], 16 * ASH_PAGE_SIZE);
    CHECK_EQ(ASK(C, ASH_MEM_GRANT_FORWARD, one, first, three), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_FORWARD, one, first, three), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_FORWARD, one, first, two), STATUS_SUCCESS);
    uint64_t second = reply_words[0];
    CHECK_EQ(ASK(C, ASH_MEM_GRANT_FORWARD, two, second, three), STATUS_SUCCESS);
    uint64_t third = reply_words[0];
    CHECK_EQ(ASK(D, ASH_MEM_GRANT_MAP, three, third), STATUS_SUCCESS);
    uint64_t seen = reply_words[0];
    CHECK_EQ(fake_lookup(space_of(D), seen).physical, fake_lookup(space_of(A), address).physical);
    CHECK(!(fake_lookup(space_of(D), seen).rights & ASH_RIGHT_WRITE));
    CHECK_EQ(ASK(D, ASH_MEM_GRANT_MAP, three, third), STATUS_SUCCESS);
    CHECK_EQ(reply_words[0], seen); /* mapped once */
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_CLOSE, one, first), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, one, first), STATUS_SUCCESS);
    CHECK(fake_lookup(space_of(D), seen).present); /* until D is done with it */
    CHECK_EQ(ASK(D, ASH_MEM_GRANT_MAP, three, third), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(C, ASH_MEM_GRANT_CLOSE, two, second), STATUS_INVALID_HANDLE);
    CHECK_EQ(mm.grants.used, 1);
    CHECK_EQ(ASK(D, ASH_MEM_GRANT_RELEASE, three, third), STATUS_SUCCESS);
    CHECK(!fake_lookup(space_of(D), seen).present);
    CHECK_EQ(mm.grants.used, 0);
    CHECK_STR(check_all(), "");
}

TEST(a_task_cannot_fill_the_manager_with_grants)
{
    start();
    uint64_t link = make_link(A, B).link, address = map_pages(A, 1);
    for (unsigned i = 0; i < MM_GRANTS_GIVEN; i++)
        CHECK_EQ(ASK(A, ASH_MEM_GRANT, link, address, 1), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, link, address, 1), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, link, reply_words[0]), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_CLOSE, link), STATUS_SUCCESS);
    CHECK_EQ(mm_task_find(A)->given, 0);
    CHECK_STR(check_all(), "");
}

TEST(closing_a_link_closes_what_was_forwarded)
{
    start();
    uint64_t one = make_link(A, B).link, two = make_link(B, C).link;
    uint64_t address = map_pages(A, 1);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, one, address, 3), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_FORWARD, one, reply_words[0], two), STATUS_SUCCESS);
    uint64_t forwarded = reply_words[0];
    CHECK_EQ(ASK(C, ASH_MEM_GRANT_MAP, two, forwarded), STATUS_SUCCESS);
    uint64_t seen = reply_words[0];
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_CLOSE, one), STATUS_SUCCESS);
    CHECK(fake_lookup(space_of(C), seen).present);
    CHECK_EQ(ASK(C, ASH_MEM_GRANT_MAP, two, forwarded), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, one, address, 3), STATUS_INVALID_HANDLE);
    CHECK_STR(check_all(), "");
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_FREE, one), STATUS_SUCCESS);
    CHECK(fake_lookup(space_of(C), seen).present); /* of the other link */
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_FREE, two), STATUS_SUCCESS);
    CHECK(!fake_lookup(space_of(C), seen).present);
    CHECK_EQ(mm.grants.used, 0);
    CHECK_STR(check_all(), "");
}

TEST(pages_known_to_a_device_are_kept_until_released)
{
    start();
    uint64_t link = make_link(A, B).link, address = map_pages(A, 40);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, link, address, 3), STATUS_SUCCESS);
    uint64_t grant = reply_words[0];
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link, grant, OPEN(0, 1, 1), 7), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, ASH_MEM_NO_DEVICE, 7), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link, grant, OPEN(30, 11, 1), 7), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link, grant, OPEN(0, 33, 1), 7), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link, grant, OPEN(30, 10, 1), 7), STATUS_SUCCESS);
    CHECK_EQ(reply_words[0], 0); /* nothing to be closed */
    CHECK_EQ(result.bytes, 11 * sizeof(ash_word));
    CHECK_EQ(reply_words[1], fake_lookup(space_of(A), address + 30 * ASH_PAGE_SIZE).physical);
    uint64_t free = mm.pages_free;
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, A), STATUS_SUCCESS);
    CHECK_EQ(mm.sections.used,
             2 + 1); /* the link's two areas, and the pages the device may reach */
    CHECK_STR(check_all(), "");
    CHECK_EQ(ask(B, ASH_MEM_STALE, "", 0), STATUS_SUCCESS);
    CHECK_EQ(reply_words[0], 1);
    CHECK_EQ(reply_words[2], grant);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_RELEASE, link, grant), STATUS_SUCCESS);
    CHECK_EQ(ask(B, ASH_MEM_STALE, "", 0), STATUS_SUCCESS);
    CHECK_EQ(reply_words[0], 0);
    CHECK_EQ(mm.sections.used, 2);
    CHECK(mm.pages_free >= free + 40);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_RELEASE, link, grant), STATUS_INVALID_HANDLE);
    CHECK_STR(check_all(), "");
}

TEST(destroying_the_device_task_ends_its_hold)
{
    start();
    uint64_t link = make_link(A, B).link, address = map_pages(A, 4);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, ASH_MEM_NO_DEVICE, 7), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, link, address, 3), STATUS_SUCCESS);
    uint64_t grant = reply_words[0];
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link, grant, OPEN(0, 4, 1), 7), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, link, grant), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, address), STATUS_SUCCESS);
    CHECK_EQ(mm.sections.used, 3);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, B), STATUS_SUCCESS);
    CHECK_EQ(mm.sections.used, 2);
    CHECK_EQ(mm.grants.used, 0);
    CHECK_STR(check_all(), "");
}

TEST(common_buffers_are_contiguous)
{
    start();
    CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, 68 << 10, 0, 0), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, ASH_MEM_NO_DEVICE, 7), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, 68 << 10, 0xffffffff, 0), STATUS_SUCCESS);
    for (uint64_t i = 0; i < 17; i++)
        CHECK_EQ(fake_lookup(space_of(B), reply_words[0] + i * ASH_PAGE_SIZE).physical,
                 reply_words[2] + i * ASH_PAGE_SIZE);
    CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, 4096, 0x7fffffff, 0), STATUS_NO_MEMORY);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, 0, reply_words[0], OPEN(0, 1, 1), 7),
             STATUS_INVALID_PARAMETER);
    CHECK_STR(check_all(), "");
}

TEST(device_memory_only_where_allowed)
{
    start();
    CHECK_EQ(ASK(A, ASH_MEM_MAP_DEVICE, 0x10001000, 0x1000), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DEVICE_ALLOW, A, 0x80300000, 0x1000),
             STATUS_INVALID_PARAMETER); /* RAM */
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DEVICE_ALLOW, A, 0x10001000, 0x100), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_MAP_DEVICE, 0x10001010, 0x20), STATUS_SUCCESS);
    CHECK_EQ(fake_lookup(space_of(A), reply_words[0]).physical, 0x10001010);
    uint64_t address = reply_words[0];
    CHECK_EQ(ASK(A, ASH_MEM_MAP_DEVICE, 0x10001f00, 0x200), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DEVICE_REVOKE, A, 0x10001000, 0x100), STATUS_SUCCESS);
    CHECK(!fake_lookup(space_of(A), address).present);
    CHECK_EQ(ASK(A, ASH_MEM_MAP_DEVICE, 0x10001010, 0x20), STATUS_ACCESS_DENIED);
    CHECK_STR(check_all(), "");
}

TEST(large_device_ranges_use_large_frames)
{
    start();
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DEVICE_ALLOW, A, 0x30000000, 0x10000000), STATUS_SUCCESS);
    uint64_t calls = fake_calls();
    CHECK_EQ(ASK(A, ASH_MEM_MAP_DEVICE, 0x30000000, 0x10000000), STATUS_SUCCESS);
    CHECK(fake_calls() - calls < 400);
    uint64_t address = reply_words[0];
    CHECK_EQ(fake_lookup(space_of(A), address + 0x8123456).physical, 0x38123456);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DEVICE_ALLOW, B, 0x30100000, 0x1000), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_MAP_DEVICE, 0x30100000, 0x1000), STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, address), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_MAP_DEVICE, 0x30100000, 0x1000), STATUS_SUCCESS);
    CHECK_EQ(fake_lookup(space_of(B), reply_words[0]).physical, 0x30100000);
    CHECK_EQ(ASK(A, ASH_MEM_MAP_DEVICE, 0x300ff000, 0x3000), STATUS_SUCCESS);
    CHECK_EQ(fake_lookup(space_of(A), reply_words[0] + 0x2fff).physical, 0x30101fff);
    CHECK_STR(check_all(), "");
}

TEST(out_of_memory_changes_nothing)
{
    start();
    for (uint32_t id = 30; id < 34; id++)
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 100000), STATUS_SUCCESS);
    uint64_t total = 0;
    for (uint64_t pages = 4096; pages > 0; pages /= 2)
        while (map_pages(30, pages) != 0)
            total += pages;
    CHECK(total > 14000);
    CHECK_EQ(ASK(31, ASH_MEM_MAP, 4096, 0), STATUS_NO_MEMORY);
    CHECK_STR(check_all(), "");
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, 30), STATUS_SUCCESS);
    CHECK(map_pages(31, 14000) != 0);
    CHECK_STR(check_all(), "");
}

TEST(every_kernel_failure_is_undone)
{
    for (uint64_t fail = 0; fail < 60; fail++) {
        start();
        uint64_t link = make_link(A, B).link, used = mm.sections.used;
        fake_fail_after(fail);
        uint64_t address = map_pages(A, 20);
        CHECK_STR(check_all(), "");
        if (address == 0) {
            CHECK_EQ(mm.sections.used, used);
            continue;
        }
        bool granted = ASK(A, ASH_MEM_GRANT, link, address, 3) == STATUS_SUCCESS &&
                       ASK(B, ASH_MEM_GRANT_MAP, link, reply_words[0]) == STATUS_SUCCESS;
        fake_fail_after(UINT64_MAX);
        CHECK_STR(check_all(), "");
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, A), STATUS_SUCCESS);
        CHECK_STR(check_all(), "");
        if (fail > 50)
            CHECK(granted);
    }
}

TEST(task_ids_are_unique_and_destroy_gives_everything_back)
{
    start();
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, A, 5), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, 50), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, ASH_TASK_PROCESS),
             STATUS_INVALID_PARAMETER);
    uint64_t capabilities = 0, free = 0;
    for (unsigned round = 0; round < 12; round++) {
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, 60, 500), STATUS_SUCCESS);
        for (unsigned i = 0; i < 30; i++)
            CHECK(map_pages(60, i % 7 + 1) != 0);
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, 60), STATUS_SUCCESS);
        if (round > 8) { /* the manager's own window has its page tables by now */
            CHECK_EQ(mm.pages_free, free);
            CHECK_EQ(fake_live_capabilities(), capabilities);
        }
        free = mm.pages_free;
        capabilities = fake_live_capabilities();
    }
}
