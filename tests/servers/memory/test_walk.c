// SPDX-License-Identifier: MIT
/*
 * The proof that devices reach what was granted and nothing else (servers/memory/walk.c) finds what
 * it has to find: each wrong page here is put into an IoSpace behind the manager's back.
 */
#include "ash_test.h"
#include "check.h"
#include <stdlib.h>
#include <string.h>

enum { A = 20, B = 21, PAGES = 8, FIRST = 5, SECOND = 6, PDO = 77, OTHER_PDO = 78 };

static uint64_t reply_words[64];
static struct mm_result result;

static ash_status ask(uint32_t caller, uint64_t op, const void *request, size_t bytes)
{
    return mm_operation(caller, op, request, bytes, reply_words, &result);
}
#define ASK(caller, op, ...)                                                                       \
    ask(caller, op, (const ash_word[]){__VA_ARGS__}, sizeof((const ash_word[]){__VA_ARGS__}))

static uint64_t link_ab, at_a, logical;

/* B has two devices, and a common buffer of PAGES pages for the first. */
static void start(void)
{
    struct mm_ram ram, device;
    fake_reset(0x80200000, 64u << 20, 0x10000000, 0x50000000);
    fake_iommu(true);
    fake_regions(&ram, &device);
    CHECK(mm_init(ASH_TASK_MEMORY, &ram, 1, &device, 1, 8));
    CHECK_EQ(mm_task_adopt(ASH_TASK_PROCESS, UINT32_MAX, MM_SLOT_OWN_VSPACE), STATUS_SUCCESS);
    for (uint32_t id = ASH_TASK_IO; id <= ASH_TASK_PNP; id++)
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 10000), STATUS_SUCCESS);
    for (uint32_t id = A; id <= B; id++)
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 1000), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_CREATE, A, B, 0x3000, 0x2000, 8), STATUS_SUCCESS);
    link_ab = reply_words[0];
    CHECK_EQ(ASK(A, ASH_MEM_MAP, PAGES * ASH_PAGE_SIZE, 0), STATUS_SUCCESS);
    at_a = reply_words[0];
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, FIRST, PDO), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, SECOND, OTHER_PDO), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, PAGES * ASH_PAGE_SIZE, 0, PDO), STATUS_SUCCESS);
    logical = reply_words[2];
}

/* Nothing that a test expects if it is refused. */
static struct ash_mem_dma_walk_reply walk_wrong(void)
{
    struct ash_mem_dma_walk_reply reply = {.stale = UINT64_MAX};
    if (ask(ASH_TASK_PROCESS, ASH_MEM_DMA_WALK, "", 0) == STATUS_SUCCESS)
        memcpy(&reply, reply_words, sizeof(reply));
    return reply;
}

/* What the manager's records say agrees. */
static struct ash_mem_dma_walk_reply walk(void)
{
    struct ash_mem_dma_walk_reply reply = walk_wrong();
    if (reply.devices != 2 || check_all()[0] != '\0')
        reply.stale = UINT64_MAX;
    return reply;
}

#define FINDS(WALK, LASTING, OPENED, CLOSED, STALE, MISSING)                                       \
    do {                                                                                           \
        struct ash_mem_dma_walk_reply finds = (WALK);                                              \
        CHECK_EQ(finds.lasting, (ash_word)(LASTING));                                              \
        CHECK_EQ(finds.open, (ash_word)(OPENED));                                                  \
        CHECK_EQ(finds.closed, (ash_word)(CLOSED));                                                \
        CHECK_EQ(finds.stale, (ash_word)(STALE));                                                  \
        CHECK_EQ(finds.missing, (ash_word)(MISSING));                                              \
    } while (0)

/* A page of A, mapped for the device by a capability that the manager knows nothing of. */
static mm_slot plant(uint64_t device, uint64_t address, unsigned rights)
{
    uint32_t view;
    mm_slot slot = mm_slot_reserve() ? mm_slot_take(0) : 0;
    (void)mm_view_at(mm_task_find(A), at_a, &view);
    mm_page page = mm_vector_get(&mm_section(mm_view(view)->section)->pages, 0);
    if (mm_backend_copy(slot, mm_frame_slot(page), ASH_RIGHT_ALL) != ASH_OK ||
        mm_backend_frame_map(slot, fake_attached(device), address, rights) != ASH_OK)
        abort();
    return slot;
}

static void pull(mm_slot slot)
{
    mm_backend_delete(slot);
    mm_slot_give(slot, 0);
}

TEST(what_was_granted_has_a_name)
{
    start();
    FINDS(walk(), PAGES, 0, 0, 0, 0);
    CHECK_EQ(ASK(B, ASH_MEM_MAP, 3 * ASH_PAGE_SIZE, 0), STATUS_SUCCESS);
    uint64_t own = reply_words[0];
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, 0, own, OPEN(1, 2, 1), PDO), STATUS_SUCCESS);
    uint64_t id = reply_words[0];
    FINDS(walk(), PAGES, 2, 0, 0, 0);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, link_ab, at_a, ASH_MEM_READ | ASH_MEM_REGISTERED),
             STATUS_SUCCESS);
    uint64_t grant = reply_words[0];
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN(0, 1, 0), OTHER_PDO), STATUS_SUCCESS);
    FINDS(walk(), 2 * PAGES, 2, 0, 0, 0);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, link_ab, grant), STATUS_SUCCESS);
    FINDS(walk(), PAGES, 2, PAGES, 0, 0);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_CLOSE, id), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_RELEASE, link_ab, grant), STATUS_SUCCESS);
    FINDS(walk(), PAGES, 0, 0, 0, 0);
}

TEST(a_planted_page_is_found)
{
    const unsigned both = ASH_RIGHT_READ | ASH_RIGHT_WRITE;
    start();
    /* where nothing of the device is, but a table; where another device has its buffer, if tables
     * are there; on a guard page */
    const uint64_t places[] = {logical + 64 * ASH_PAGE_SIZE, logical - ASH_PAGE_SIZE,
                               logical + PAGES * ASH_PAGE_SIZE};
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        mm_slot planted = plant(FIRST, places[i], i == 0 ? ASH_RIGHT_READ : both);
        struct ash_mem_dma_walk_reply found = walk_wrong();
        CHECK_EQ(found.stale, 1);
        CHECK_EQ(found.device, FIRST);
        CHECK_EQ(found.address, places[i]);
        FINDS(found, PAGES, 0, 0, 1, 0);
        pull(planted);
        FINDS(walk(), PAGES, 0, 0, 0, 0);
    }
}

/* Where nothing is open now: in a reach that lives, by the page that was open there. */
TEST(a_page_that_stayed_behind_is_found)
{
    start();
    CHECK_EQ(ASK(B, ASH_MEM_MAP, 3 * ASH_PAGE_SIZE, 0), STATUS_SUCCESS);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, 0, reply_words[0], OPEN(1, 1, 1), PDO), STATUS_SUCCESS);
    uint64_t id = reply_words[0], address = reply_words[1];
    uint32_t view;
    CHECK_EQ(ASK(B, ASH_MEM_DMA_CLOSE, id), STATUS_SUCCESS);
    FINDS(walk(), PAGES, 0, 0, 0, 0);
    const struct mm_task *record = mm_io_device(mm_task_find(B), PDO);
    view = mm_range_find(record->views, address / ASH_PAGE_SIZE);
    mm_slot slot = mm_view_slot(mm_view(view), 1);
    CHECK_EQ(mm_backend_frame_map(slot, record->vspace, address, ASH_RIGHT_READ), ASH_OK);
    FINDS(walk_wrong(), PAGES, 0, 0, 1, 0);
    CHECK_EQ(mm_backend_frame_unmap(slot), ASH_OK);
    FINDS(walk(), PAGES, 0, 0, 0, 0);
}

TEST(a_lasting_page_that_is_not_there_is_missed)
{
    start();
    const struct mm_task *record = mm_io_device(mm_task_find(B), PDO);
    uint32_t view = mm_range_find(record->views, logical / ASH_PAGE_SIZE);
    CHECK_EQ(mm_backend_frame_unmap(mm_view_slot(mm_view(view), 2)), ASH_OK);
    FINDS(walk_wrong(), PAGES - 1, 0, 0, 0, 1);
    /* another page in its place is no more what was granted */
    mm_slot planted = plant(FIRST, logical + 2 * ASH_PAGE_SIZE, ASH_RIGHT_READ);
    FINDS(walk_wrong(), PAGES - 1, 0, 0, 1, 1);
    pull(planted);
}

TEST(only_the_process_manager_may_look)
{
    start();
    CHECK_EQ(ask(A, ASH_MEM_DMA_WALK, "", 0), STATUS_ACCESS_DENIED);
    CHECK_EQ(ask(ASH_TASK_IO, ASH_MEM_DMA_WALK, "", 0), STATUS_ACCESS_DENIED);
    fake_iommu(false);
    CHECK_EQ(ask(ASH_TASK_PROCESS, ASH_MEM_DMA_WALK, "", 0), STATUS_NOT_SUPPORTED);
}
