// SPDX-License-Identifier: MIT
/* What a device behind the IOMMU reaches: what its driver was granted, while it is granted. */
#include "ash_test.h"
#include "check.h"

enum { A = 20, B = 21, C = 22 };
enum { PAGES = 8, DEVICE = 5, PDO = 77, READ = 1, WRITE = 3 };

static uint64_t reply_words[64];
static struct mm_result result;

static ash_status ask(uint32_t caller, uint64_t op, const void *request, size_t bytes)
{
    return mm_operation(caller, op, request, bytes, reply_words, &result);
}
#define ASK(caller, op, ...)                                                                       \
    ask(caller, op, (const ash_word[]){__VA_ARGS__}, sizeof((const ash_word[]){__VA_ARGS__}))

static uint64_t link_ab, grant, at_a;
static unsigned writes; /* as the grant allows */

/* A asks, B answers and has the device; A's section is granted with `prot`. */
static void start(bool iommu, unsigned prot)
{
    struct mm_ram ram, device;
    fake_reset(0x80200000, 64u << 20, 0x10000000, 0x50000000);
    fake_iommu(iommu);
    fake_regions(&ram, &device);
    CHECK(mm_init(ASH_TASK_MEMORY, &ram, 1, &device, 1, 8));
    CHECK_EQ(mm_task_adopt(ASH_TASK_PROCESS, UINT32_MAX, MM_SLOT_OWN_VSPACE), STATUS_SUCCESS);
    for (uint32_t id = ASH_TASK_IO; id <= ASH_TASK_PNP; id++)
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 10000), STATUS_SUCCESS);
    for (uint32_t id = A; id <= C; id++)
        CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 1000), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_IO, ASH_MEM_LINK_CREATE, A, B, 0x3000, 0x2000, 8), STATUS_SUCCESS);
    link_ab = reply_words[0];
    CHECK_EQ(ASK(A, ASH_MEM_MAP, PAGES * ASH_PAGE_SIZE, 0), STATUS_SUCCESS);
    at_a = reply_words[0];
    writes = prot == WRITE;
    CHECK_EQ(ASK(A, ASH_MEM_GRANT, link_ab, at_a, prot | ASH_MEM_REGISTERED), STATUS_SUCCESS);
    grant = reply_words[0];
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, DEVICE, PDO), STATUS_SUCCESS);
    CHECK_EQ(reply_words[0], iommu);
    CHECK_STR(check_all(), "");
}

static uint64_t physical_at_a(unsigned page)
{
    return fake_lookup(mm_task_find(A)->vspace, at_a + page * ASH_PAGE_SIZE).physical;
}

static struct fake_mapping device_sees(uint64_t logical)
{
    return fake_lookup(fake_attached(DEVICE), logical);
}

static uint64_t dma_of_page(unsigned page)
{
    ash_status status = ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN(page, 1, writes), PDO);
    return status == STATUS_SUCCESS ? reply_words[1] : UINT64_MAX;
}

TEST(a_device_reaches_granted_pages_with_the_rights_of_the_grant)
{
    for (unsigned prot = READ; prot <= WRITE; prot += WRITE - READ) {
        start(true, prot);
        uint64_t logical = dma_of_page(0);
        CHECK(logical != physical_at_a(0));
        for (unsigned i = 0; i < PAGES; i++) {
            CHECK_EQ(dma_of_page(i), logical + i * ASH_PAGE_SIZE);
            struct fake_mapping seen = device_sees(logical + i * ASH_PAGE_SIZE);
            CHECK(seen.present && seen.physical == physical_at_a(i));
            CHECK_EQ(seen.rights & ASH_RIGHT_WRITE, prot == WRITE ? ASH_RIGHT_WRITE : 0);
        }
        CHECK(!device_sees(logical - ASH_PAGE_SIZE).present);
        CHECK(!device_sees(logical + PAGES * ASH_PAGE_SIZE).present);
        CHECK_STR(check_all(), "");
    }
}

TEST(without_an_iommu_logical_addresses_are_physical_ones)
{
    start(false, WRITE);
    CHECK_EQ(dma_of_page(3), physical_at_a(3));
    CHECK_EQ(ask(ASH_TASK_PNP, ASH_MEM_DMA_FAULT, "", 0), STATUS_NOT_SUPPORTED);
    start(true, WRITE);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, ASH_MEM_NO_DEVICE, PDO), STATUS_SUCCESS);
    CHECK_EQ(reply_words[0], 0);
    CHECK_EQ(dma_of_page(3), physical_at_a(3));
    CHECK_EQ(fake_attached(DEVICE), 0);
}

TEST(a_released_grant_is_out_of_reach)
{
    start(true, WRITE);
    uint64_t logical = dma_of_page(0);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, link_ab, grant), STATUS_SUCCESS);
    CHECK(device_sees(logical).present); /* a request may be under way */
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN(0, 1, 1), PDO), STATUS_INVALID_HANDLE);
    CHECK_EQ(ASK(B, ASH_MEM_GRANT_RELEASE, link_ab, grant), STATUS_SUCCESS);
    CHECK(!device_sees(logical).present);
    CHECK_STR(check_all(), "");
}

TEST(own_pages_are_reachable_until_unmapped)
{
    start(true, WRITE);
    CHECK_EQ(ASK(B, ASH_MEM_MAP, 2 * ASH_PAGE_SIZE, 0), STATUS_SUCCESS);
    uint64_t own = reply_words[0];
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, 0, own, OPEN(0, 2, 1), PDO), STATUS_SUCCESS);
    uint64_t logical = reply_words[1];
    CHECK_EQ(reply_words[2], logical + ASH_PAGE_SIZE);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, 0, own + ASH_PAGE_SIZE, OPEN(0, 1, 1), PDO), STATUS_SUCCESS);
    CHECK_EQ(reply_words[1], logical + ASH_PAGE_SIZE);
    CHECK_EQ(device_sees(logical).physical, fake_lookup(mm_task_find(B)->vspace, own).physical);
    uint64_t sections = mm.sections.used;
    CHECK_EQ(ASK(B, ASH_MEM_UNMAP, own), STATUS_SUCCESS);
    CHECK(!device_sees(logical).present);
    CHECK_EQ(mm.sections.used, sections - 1);
    CHECK_STR(check_all(), "");
}

TEST(a_common_buffer_is_contiguous_for_the_device)
{
    start(true, WRITE);
    CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, 40 * ASH_PAGE_SIZE, 0xffffffff, 0), STATUS_SUCCESS);
    uint64_t address = reply_words[0], logical = reply_words[2];
    for (unsigned i = 0; i < 40; i++)
        CHECK_EQ(device_sees(logical + i * ASH_PAGE_SIZE).physical,
                 fake_lookup(mm_task_find(B)->vspace, address + i * ASH_PAGE_SIZE).physical);
    uint64_t sections = mm.sections.used;
    CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, 40 * ASH_PAGE_SIZE, 0x10000, PDO), STATUS_NO_MEMORY);
    CHECK_EQ(mm.sections.used, sections);
    CHECK_STR(check_all(), "");
    CHECK_EQ(ASK(B, ASH_MEM_UNMAP, address), STATUS_SUCCESS);
    CHECK(!device_sees(logical).present);
}

TEST(when_dma_ends_nothing_is_left_of_it)
{
    start(true, WRITE);
    uint64_t live = 0, before = 0;
    for (unsigned round = 0; round < 5; round++) {
        uint64_t logical = dma_of_page(0);
        CHECK_EQ(ASK(B, ASH_MEM_COMMON_BUFFER, ASH_PAGE_SIZE, 0, 0), STATUS_SUCCESS);
        uint64_t common = reply_words[0];
        CHECK(device_sees(logical).present);
        CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 0, DEVICE, PDO), STATUS_SUCCESS);
        CHECK_EQ(fake_attached(DEVICE), 0);
        CHECK_EQ(ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN(0, 1, 1), PDO),
                 STATUS_ACCESS_DENIED);
        CHECK_EQ(ASK(B, ASH_MEM_UNMAP, common), STATUS_SUCCESS);
        CHECK_STR(check_all(), "");
        live = fake_live_capabilities();
        CHECK(round < 2 || live == before); /* by then all slot pages it needs exist */
        before = live;
        CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, B, 1, DEVICE, PDO), STATUS_SUCCESS);
    }
}

TEST(a_dead_driver_s_device_reaches_nothing)
{
    start(true, WRITE);
    (void)dma_of_page(0);
    CHECK_EQ(ASK(A, ASH_MEM_GRANT_CLOSE, link_ab, grant), STATUS_SUCCESS);
    CHECK_EQ(ASK(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, B), STATUS_SUCCESS);
    CHECK_EQ(fake_attached(DEVICE), 0);
    CHECK_EQ(mm.grants.used, 0);
    CHECK_STR(check_all(), "");
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, C, 1, DEVICE, PDO), STATUS_SUCCESS);
    CHECK(fake_attached(DEVICE) != 0);
}

TEST(one_device_one_task)
{
    start(true, WRITE);
    uint64_t live = fake_live_capabilities();
    CHECK(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, C, 1, DEVICE, PDO) != STATUS_SUCCESS);
    CHECK_EQ(mm_task_find(C)->io, 0);
    CHECK_EQ(fake_live_capabilities(), live);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, C, 1, 1000, PDO), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(C, ASH_MEM_DMA_ALLOW, C, 1, DEVICE + 1, PDO), STATUS_ACCESS_DENIED);
    CHECK_STR(check_all(), "");
}

TEST(faults_are_for_the_plug_and_play_manager)
{
    start(true, WRITE);
    CHECK_EQ(ask(B, ASH_MEM_DMA_FAULT, "", 0), STATUS_ACCESS_DENIED);
    CHECK_EQ(ask(ASH_TASK_PNP, ASH_MEM_DMA_FAULT, "", 0), STATUS_SUCCESS);
    CHECK_EQ(reply_words[0], 0);
    const struct mm_fault fault = {DEVICE, 0x1234000, 23, 3, true};
    fake_fault(&fault);
    CHECK_EQ(ask(ASH_TASK_PNP, ASH_MEM_DMA_FAULT, "", 0), STATUS_SUCCESS);
    const uint64_t want[] = {1, DEVICE, 0x1234000, 23, 3, 1};
    CHECK_MEM(reply_words, want, sizeof(want));
}

TEST(messages_are_made_of_the_device_s_own)
{
    start(true, WRITE);
    CHECK_EQ(ASK(B, ASH_MEM_DMA_MESSAGE, B, PDO, 1), STATUS_ACCESS_DENIED);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_MESSAGE, 999, PDO, 1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_MESSAGE, C, PDO, 1), STATUS_NOT_SUPPORTED);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_MESSAGE, B, PDO, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(result.send, 0);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_MESSAGE, B, PDO, 1), STATUS_SUCCESS);
    CHECK(result.send != 0);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_MESSAGE, B, PDO, 1), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_MESSAGE, B, PDO, 63), STATUS_SUCCESS);
    CHECK_STR(check_all(), "");
    start(false, WRITE); /* not behind an IOMMU: IrqControl has them */
    CHECK_EQ(ASK(ASH_TASK_PNP, ASH_MEM_DMA_MESSAGE, B, PDO, 1), STATUS_NOT_SUPPORTED);
}

/* Every step of beginning DMA can lack memory: then nothing has changed. */
TEST(lack_of_memory_changes_nothing)
{
    bool done = false;
    for (uint64_t n = 0; !done && n < 200; n++) {
        start(true, WRITE);
        fake_fail_after(n);
        ash_status status = ASK(B, ASH_MEM_DMA_OPEN, link_ab, grant, OPEN(0, PAGES, 1), PDO);
        fake_fail_after(UINT64_MAX);
        CHECK_STR(check_all(), "");
        done = status == STATUS_SUCCESS;
        CHECK_EQ(mm_grant(1)->reaches != 0, done);
    }
    CHECK(done);
}
