// SPDX-License-Identifier: MIT
/* Strict grants: what a device reaches during a request, and not a moment longer. */
#include "ash_test.h"
#include "check.h"
#include "link.h"
#include <string.h>

enum { A = 20, B = 21, C = 22 };
enum { PAGES = 8, SLOTS = 8, READ = 1, BOTH = 3, MAJOR_READ = 3, MAJOR_WRITE = 4 };
enum { FIRST = 5, SECOND = 6, PDO = 77, OTHER_PDO = 78 }; /* devices and their names */

static uint64_t reply_words[64];
static struct mm_result result;

static ash_status ask(uint32_t caller, uint64_t op, const void *request, size_t bytes)
{
    return mm_operation(caller, op, request, bytes, reply_words, &result);
}
#define ASK(caller, op, ...)                                                                       \
    ask(caller, op, (const ash_word[]){__VA_ARGS__}, sizeof((const ash_word[]){__VA_ARGS__}))

static uint64_t link_ab, grant, at_a;
static const _Atomic uint16_t *uses;

static void *ring(unsigned area, size_t offset)
{
    uint32_t index;
    const struct mm_link *link = mm_link_find(link_ab, &index);
    const struct mm_section *section = mm_section(link->section[area]);
    mm_page page = mm_vector_get(&section->pages, (uint32_t)(offset / ASH_PAGE_SIZE));
    return fake_memory(mm_frame_physical(page)) + offset % ASH_PAGE_SIZE;
}
static struct ash_request *request_in(unsigned slot)
{
    return ring(MM_LINK_REQUESTS, 4096 + slot * sizeof(struct ash_request));
}
static struct ash_answer *answer_in(unsigned slot)
{
    return ring(MM_LINK_ANSWERS, 4096 + slot * sizeof(struct ash_answer));
}

static void check(void)
{
    CHECK_STR(check_all(), "");
}

/* A asks for `bytes` bytes at `offset` of its section. */
static void submit(unsigned slot, uint8_t major, uint64_t offset, uint32_t bytes)
{
    struct ash_request *request = request_in(slot);
    request->major = major;
    request->grant = grant;
    request->grant_offset = offset;
    request->grant_length = bytes;
    request->sequence++;
}
static void answer(unsigned slot)
{
    answer_in(slot)->sequence = request_in(slot)->sequence;
}

/* A asks, B answers and has both devices; A's section is granted with `prot`. */
static void start(unsigned prot)
{
    struct mm_ram ram, device;
    fake_reset(0x80200000, 64u << 20, 0x10000000, 0x50000000);
    fake_iommu(true);
    fake_regions(&ram, &device);
    CHECK(mm_init(ASH_TASK_MEMORY, &ram, 1, &device, 1, 8));
    CHECK_EQ(mm_task_adopt(ASH_TASK_PROCESS, UINT32_MAX, MM_SLOT_OWN_VSPACE), STATUS_SUCCESS);
    for (uint32_t id = ASH_TASK_IO; id <= ASH_TASK_PNP; id++)
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 10000), STATUS_SUCCESS);
    for (uint32_t id = A; id <= C; id++)
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 2000), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_CREATE, A, B, 0x2000, 0x2000, SLOTS), STATUS_SUCCESS);
    link_ab = reply_words[0];
    CHECK_EQ(ASK(A, ASH_MEM_MAP, PAGES * ASH_PAGE_SIZE, 0), STATUS_SUCCESS);
    at_a = reply_words[0];
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, link_ab, at_a, prot), STATUS_SUCCESS);
    grant = reply_words[0];
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, FIRST, PDO), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, SECOND, OTHER_PDO), STATUS_SUCCESS);
    CHECK_EQ(ASK(A, ASH_MEM_DMA_USE, link_ab), STATUS_SUCCESS);
    struct fake_mapping seen = fake_lookup(mm_task_find(A)->vspace, reply_words[0]);
    CHECK(seen.present && (seen.rights & ASH_RIGHT_WRITE) == 0);
    uses = (const _Atomic uint16_t *)(const void *)fake_memory(seen.physical);
    CHECK_STR(check_all(), "");
}

static ash_status open_at(unsigned slot, unsigned first, unsigned pages, unsigned writes,
                          uint64_t *logical, uint64_t *id)
{
    ash_status status =
        ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN_FOR(slot, first, pages, writes), PDO);
    *id = status == STATUS_SUCCESS ? reply_words[0] : 0;
    *logical = status == STATUS_SUCCESS ? reply_words[1] : 0;
    check();
    return status;
}

static struct fake_mapping device_sees(uint64_t logical)
{
    return fake_lookup(fake_attached(FIRST), logical);
}

static bool reaches(uint64_t logical, unsigned page)
{
    struct fake_mapping seen = device_sees(logical);
    uint64_t there = fake_lookup(mm_task_find(A)->vspace, at_a + page * ASH_PAGE_SIZE).physical;
    return seen.present && seen.physical == there;
}

static ash_status close_open(uint64_t id)
{
    ash_status status = ASK(B, ASH_MEM_DMA_CLOSE, id);
    check();
    return status;
}

static uint64_t end(unsigned slot)
{
    ash_status status = ASK(A, ASH_MEM_DMA_END, link_ab, slot);
    check();
    return status == STATUS_SUCCESS ? reply_words[0] : UINT64_MAX;
}

TEST(pages_are_reachable_from_open_to_close)
{
    uint64_t logical, id;
    start(BOTH);
    submit(1, MAJOR_READ, 2 * ASH_PAGE_SIZE + 100, ASH_PAGE_SIZE);
    CHECK_EQ(open_at(1, 2, 2, 1, &logical, &id), STATUS_SUCCESS);
    CHECK(id != 0 && uses[1] == 1);
    CHECK_EQ(result.bytes, 3 * sizeof(ash_word));
    CHECK(reaches(logical, 2) && reaches(logical + ASH_PAGE_SIZE, 3));
    CHECK(device_sees(logical).rights & ASH_RIGHT_WRITE);
    CHECK(!device_sees(logical - ASH_PAGE_SIZE).present);
    CHECK(!device_sees(logical + 2 * ASH_PAGE_SIZE).present);
    uint64_t calls = fake_calls();
    CHECK_EQ(close_open(id), STATUS_SUCCESS);
    CHECK_EQ(fake_calls(), calls + 1); /* one unmap, one wait for the IOMMU */
    CHECK(!device_sees(logical).present && uses[1] == 0);
    CHECK_EQ(close_open(id), STATUS_INVALID_HANDLE);
    uint64_t again, second;
    CHECK_EQ(open_at(1, 2, 2, 1, &again, &second), STATUS_SUCCESS);
    CHECK(again == logical && second != id); /* what is kept is the knowledge */
}

TEST(a_device_that_reads_cannot_write)
{
    uint64_t logical, id;
    start(BOTH);
    submit(0, MAJOR_WRITE, 0, ASH_PAGE_SIZE);
    CHECK_EQ(open_at(0, 0, 1, 1, &logical, &id), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_at(0, 0, 1, 0, &logical, &id), STATUS_SUCCESS);
    CHECK(reaches(logical, 0) && (device_sees(logical).rights & ASH_RIGHT_WRITE) == 0);
    submit(1, MAJOR_READ, 0, ASH_PAGE_SIZE); /* the same page, the other way at the same time */
    CHECK_EQ(open_at(1, 0, 1, 0, &logical, &id), STATUS_ACCESS_DENIED);
    uint64_t other;
    CHECK_EQ(open_at(1, 0, 1, 1, &other, &id), STATUS_SUCCESS);
    CHECK(other != logical && (device_sees(other).rights & ASH_RIGHT_WRITE) != 0);
    start(READ);
    submit(2, 0x0e, 0, ASH_PAGE_SIZE); /* a control request: the grant decides */
    CHECK_EQ(open_at(2, 0, 1, 1, &logical, &id), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_at(2, 0, 1, 0, &logical, &id), STATUS_SUCCESS);
}

TEST(only_what_the_request_names_can_be_opened)
{
    uint64_t logical, id;
    start(BOTH);
    CHECK_EQ(open_at(3, 0, 1, 1, &logical, &id), STATUS_INVALID_DEVICE_STATE); /* nothing is owed */
    submit(3, MAJOR_READ, ASH_PAGE_SIZE + 1, 2 * ASH_PAGE_SIZE - 2);           /* pages 1 and 2 */
    CHECK_EQ(open_at(3, 0, 1, 1, &logical, &id), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_at(3, 1, 3, 1, &logical, &id), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_at(2, 1, 1, 1, &logical, &id), STATUS_INVALID_DEVICE_STATE);
    CHECK_EQ(open_at(SLOTS, 1, 1, 1, &logical, &id), STATUS_INVALID_PARAMETER);
    request_in(3)->grant = grant + 1;
    CHECK_EQ(open_at(3, 1, 1, 1, &logical, &id), STATUS_ACCESS_DENIED);
    request_in(3)->grant = grant;
    request_in(3)->grant_offset = UINT64_MAX - 100;
    CHECK_EQ(open_at(3, 1, 1, 1, &logical, &id), STATUS_ACCESS_DENIED);
    request_in(3)->grant_offset = ASH_PAGE_SIZE + 1;
    CHECK_EQ(open_at(3, 1, 2, 1, &logical, &id), STATUS_SUCCESS);
    answer(3);
    CHECK_EQ(open_at(3, 1, 2, 1, &logical, &id), STATUS_INVALID_DEVICE_STATE);
    CHECK_EQ(uses[3], 1);
    CHECK_EQ(ASK(C, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN_FOR(3, 1, 1, 1), PDO),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(C, ASH_MEM_DMA_END, link_ab, 3), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(C, ASH_MEM_DMA_USE, link_ab), STATUS_ACCESS_DENIED);
}

TEST(control_input_is_read_only_for_the_device)
{
    uint64_t logical, id;
    start(BOTH);
    submit(0, 0x0e, 0, ASH_PAGE_SIZE);
    request_in(0)->grant = 0;
    request_in(0)->input_grant = grant;
    request_in(0)->input_offset = 3 * ASH_PAGE_SIZE;
    request_in(0)->parameter[1] = 100;
    CHECK_EQ(open_at(0, 3, 1, 1, &logical, &id), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_at(0, 4, 1, 0, &logical, &id), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_at(0, 3, 1, 0, &logical, &id), STATUS_SUCCESS);
}

TEST(two_requests_may_share_a_page)
{
    uint64_t logical, first, second;
    start(BOTH);
    submit(0, MAJOR_READ, 0, 3 * ASH_PAGE_SIZE);
    submit(1, MAJOR_READ, 2 * ASH_PAGE_SIZE, 512);
    CHECK_EQ(open_at(0, 0, 3, 1, &logical, &first), STATUS_SUCCESS);
    CHECK_EQ(open_at(1, 2, 1, 1, &logical, &second), STATUS_SUCCESS);
    CHECK_EQ(close_open(first), STATUS_SUCCESS);
    CHECK(reaches(logical, 2) && !device_sees(logical - ASH_PAGE_SIZE).present);
    CHECK_EQ(close_open(second), STATUS_SUCCESS);
    CHECK(!device_sees(logical).present);
}

TEST(a_driver_that_does_not_close_is_overruled)
{
    uint64_t logical, id, other, other_id;
    start(BOTH);
    submit(0, MAJOR_READ, 0, ASH_PAGE_SIZE);
    submit(1, MAJOR_READ, ASH_PAGE_SIZE, ASH_PAGE_SIZE);
    CHECK_EQ(open_at(0, 0, 1, 1, &logical, &id), STATUS_SUCCESS);
    CHECK_EQ(open_at(0, 0, 1, 1, &logical, &id), STATUS_SUCCESS);
    CHECK_EQ(open_at(1, 1, 1, 1, &other, &other_id), STATUS_SUCCESS);
    CHECK_EQ(uses[0], 2);
    answer(0);
    CHECK_EQ(end(0), 0);
    CHECK(!device_sees(logical).present && uses[0] == 0);
    CHECK(reaches(other, 1)); /* the driver works on that one */
    CHECK_EQ(close_open(id), STATUS_INVALID_HANDLE);
    CHECK_EQ(close_open(other_id), STATUS_SUCCESS);
}

TEST(a_requester_takes_nothing_from_a_driver_at_work)
{
    uint64_t logical, id;
    start(BOTH);
    submit(0, MAJOR_READ, 0, ASH_PAGE_SIZE);
    CHECK_EQ(open_at(0, 0, 1, 1, &logical, &id), STATUS_SUCCESS);
    CHECK_EQ(end(0), 1);
    request_in(0)->sequence--; /* what the requester writes proves nothing */
    CHECK_EQ(end(0), 1);
    request_in(0)->sequence = 0;
    memset(request_in(0), 0, sizeof(struct ash_request));
    CHECK_EQ(end(0), 1);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, link_ab, grant), STATUS_SUCCESS);
    CHECK(reaches(logical, 0));
    uint64_t physical = device_sees(logical).physical, free = mm.pages_free;
    CHECK_EQ(ASK(A, ASH_MEM_UNMAP, at_a), STATUS_SUCCESS);
    CHECK_EQ(device_sees(logical).physical, physical);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, A), STATUS_SUCCESS);
    CHECK_EQ(device_sees(logical).physical, physical);
    CHECK_STR(check_all(), "");
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN_FOR(0, 0, 1, 1), PDO),
             STATUS_INVALID_HANDLE);
    CHECK_EQ(close_open(id), STATUS_SUCCESS);
    CHECK(!device_sees(logical).present);
    CHECK_EQ(mm.grants.used, 0); /* with its last open a closed grant goes, and with it the pages */
    CHECK(mm.pages_free >= free + PAGES);
}

TEST(opens_end_with_the_grant_s_release_the_link_and_the_device)
{
    uint64_t logical, id;
    for (unsigned how = 0; how < 4; how++) {
        start(BOTH);
        submit(0, MAJOR_READ, 0, ASH_PAGE_SIZE);
        CHECK_EQ(open_at(0, 0, 1, 1, &logical, &id), STATUS_SUCCESS);
        mm_slot space = fake_attached(FIRST);
        if (how == 0)
            CHECK_EQ(ASK(B, ASH_MEM_GRANT_RELEASE, link_ab, grant), STATUS_SUCCESS);
        if (how == 1)
            CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_FREE, link_ab), STATUS_SUCCESS);
        if (how == 2)
            CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 0, FIRST, PDO), STATUS_SUCCESS);
        if (how == 3)
            CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, B), STATUS_SUCCESS);
        CHECK_EQ(mm.opens.used, 0);
        CHECK_STR(check_all(), "");
        CHECK(how >= 2 ? fake_attached(FIRST) == 0
                       : fake_attached(FIRST) == space && !device_sees(logical).present);
        CHECK(how == 1 || uses[0] == 0);
        CHECK_EQ(close_open(id), how == 3 ? STATUS_ACCESS_DENIED : STATUS_INVALID_HANDLE);
    }
}

TEST(a_closed_link_opens_nothing_more)
{
    uint64_t logical, id;
    start(BOTH);
    submit(0, MAJOR_READ, 0, ASH_PAGE_SIZE);
    submit(1, MAJOR_READ, 0, ASH_PAGE_SIZE);
    CHECK_EQ(open_at(0, 0, 1, 1, &logical, &id), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_CLOSE, link_ab), STATUS_SUCCESS);
    CHECK(reaches(logical, 0)); /* a request may be under way */
    uint64_t again, second;
    CHECK_EQ(open_at(1, 0, 1, 1, &again, &second), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(A, ASH_MEM_DMA_USE, link_ab), STATUS_INVALID_HANDLE);
    CHECK_EQ(close_open(id), STATUS_SUCCESS);
    CHECK(!device_sees(logical).present);
}

TEST(each_device_of_a_task_has_its_own)
{
    uint64_t logical, id;
    start(BOTH);
    submit(0, MAJOR_READ, 0, ASH_PAGE_SIZE);
    CHECK_EQ(open_at(0, 0, 1, 1, &logical, &id), STATUS_SUCCESS);
    CHECK(reaches(logical, 0));
    CHECK_EQ(fake_mappings(fake_attached(SECOND)), 0);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN_FOR(0, 0, 1, 1), OTHER_PDO),
             STATUS_SUCCESS);
    uint64_t second = reply_words[0];
    CHECK_EQ(fake_mappings(fake_attached(SECOND)), 1);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN_FOR(0, 0, 1, 1), 79),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 0, FIRST, PDO), STATUS_SUCCESS);
    CHECK_EQ(fake_attached(FIRST), 0);
    CHECK_EQ(fake_mappings(fake_attached(SECOND)), 1);
    CHECK_EQ(close_open(id), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_INFO, OTHER_PDO, 0), STATUS_SUCCESS);
    CHECK(reply_words[0] == 1 && reply_words[1] == 1);
    CHECK_EQ(close_open(second), STATUS_SUCCESS);
    CHECK_EQ(fake_mappings(fake_attached(SECOND)), 0);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 0, 0, 0), STATUS_SUCCESS);
    CHECK_EQ(fake_attached(SECOND), 0);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_INFO, OTHER_PDO, 0), STATUS_SUCCESS);
    CHECK_EQ(reply_words[0], 0);
}

TEST(own_memory_is_opened_without_a_request)
{
    start(BOTH);
    CHECK_EQ(ASK(B, ASH_MEM_MAP, 4 * ASH_PAGE_SIZE, 0), STATUS_SUCCESS);
    uint64_t own = reply_words[0];
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, 0, own + ASH_PAGE_SIZE, OPEN(1, 2, 0), PDO), STATUS_SUCCESS);
    uint64_t id = reply_words[0], logical = reply_words[1];
    CHECK_EQ(reply_words[2], logical + ASH_PAGE_SIZE);
    CHECK_EQ(device_sees(logical).physical,
             fake_lookup(mm_task_find(B)->vspace, own + 2 * ASH_PAGE_SIZE).physical);
    CHECK_EQ(fake_mappings(fake_attached(FIRST)), 2);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, 0, own, OPEN(3, 2, 0), PDO), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, 0, own + 64 * ASH_PAGE_SIZE, OPEN(0, 1, 0), PDO),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(A, ASH_MEM_DMA_OPEN, 0, at_a, OPEN(0, 1, 0), PDO), STATUS_ACCESS_DENIED);
    CHECK_STR(check_all(), "");
    CHECK_EQ(close_open(id), STATUS_SUCCESS);
    CHECK_EQ(fake_mappings(fake_attached(FIRST)), 0);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, 0, own, OPEN(0, 4, 1), PDO), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_UNMAP, own), STATUS_SUCCESS);
    CHECK_EQ(fake_mappings(fake_attached(FIRST)), 0);
    CHECK_EQ(mm.opens.used, 0);
    CHECK_STR(check_all(), "");
}

TEST(short_addresses_are_chosen_low)
{
    uint64_t logical, id;
    static const uint64_t limits[] = {0xfffffff, 0xffffff, 0x7fffffff, 0xffffffff};
    for (unsigned i = 0; i < 4; i++) {
        start(BOTH);
        CHECK_EQ(ASK(B, ASH_MEM_DMA_INFO, PDO, limits[i]), STATUS_SUCCESS);
        submit(0, MAJOR_READ, 0, PAGES * ASH_PAGE_SIZE);
        CHECK_EQ(open_at(0, 0, PAGES, 1, &logical, &id), STATUS_SUCCESS);
        CHECK(logical != 0 && logical + PAGES * ASH_PAGE_SIZE - 1 <= limits[i]);
        CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, 0x20000, 0, PDO), STATUS_SUCCESS);
        CHECK(reply_words[2] + 0x20000 - 1 <= limits[i]);
        CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, 0x20000, 0xffffff, PDO), STATUS_SUCCESS);
        CHECK(reply_words[2] + 0x20000 - 1 <= 0xffffff);
        CHECK_STR(check_all(), "");
        uint64_t sections = mm.sections.used;
        CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, 0x20000, 0x1ffff, PDO), STATUS_NO_MEMORY);
        CHECK_EQ(mm.sections.used, sections);
        CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, 0x20000, 0, OTHER_PDO), STATUS_SUCCESS);
        CHECK(reply_words[2] >= 0x60000000); /* the limit is one device's */
    }
}

TEST(the_message_page_is_nobody_s_memory)
{
    struct mm_task *device;
    start(BOTH);
    device = mm_io_device(mm_task_find(B), PDO);
    for (uint64_t pages = 1; pages < (uint64_t)1 << 25; pages *= 2) {
        uint64_t at = mm_io_place(device, pages);
        CHECK(at != 0);
        CHECK(at > ASH_IO_MESSAGE_PAGE || at + pages * ASH_PAGE_SIZE <= ASH_IO_MESSAGE_PAGE);
    }
}

/* Each step of opening can lack memory: then nothing has changed. */
TEST(lack_of_memory_opens_nothing)
{
    uint64_t logical, id;
    bool done = false;
    for (uint64_t n = 0; !done && n < 200; n++) {
        start(BOTH);
        submit(0, MAJOR_READ, 0, PAGES * ASH_PAGE_SIZE);
        fake_fail_after(n);
        done = open_at(0, 0, PAGES, 1, &logical, &id) == STATUS_SUCCESS;
        fake_fail_after(UINT64_MAX);
        CHECK_EQ(mm.opens.used, done);
        CHECK_EQ(uses[0], done);
    }
    CHECK(done);
}

TEST(a_driver_cannot_fill_the_manager_with_opens)
{
    uint64_t logical, id;
    start(BOTH);
    submit(0, MAJOR_READ, 0, ASH_PAGE_SIZE);
    for (unsigned i = 0; i < MM_OPENS; i++)
        CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN(0, 1, 1), PDO), STATUS_SUCCESS);
    CHECK_EQ(open_at(0, 0, 1, 1, &logical, &id), STATUS_QUOTA_EXCEEDED);
    answer(0);
    CHECK_EQ(end(0), 0);
    CHECK_EQ(mm.opens.used, 0);
}
