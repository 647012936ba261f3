// SPDX-License-Identifier: MIT
/*
 * A long random run of requests, opens, closes, answers and ends over chains of two links, by
 * requesters and drivers that lie, close, die and come back, with two devices a driver, now and
 * then with a kernel that fails. After each step check_all proves that no IoSpace holds a page that
 * no live grant and open names. Beside it runs the account of an honest observer:
 *
 *   - what is open for an owed request stays reachable whatever its requester does;
 *   - after the answer and DMA_END nothing of that request is reachable.
 */
#include "ash_test.h"
#include "check.h"
#include "link.h"
#include <string.h>

enum { APP = 20, UPPER = 21, LOWER = 22, LINKS = 2, SLOTS = 6, GRANTS = 6, OPENS = 24, PAGES = 5 };
enum { READ = 3, WRITE = 4, CONTROL = 0x0e };

static uint64_t words[64], seed;
static struct mm_result result;

/* link 0: APP -> UPPER, link 1: UPPER -> LOWER */
static uint64_t links[LINKS], grants[LINKS][GRANTS], buffers[GRANTS], opens[LINKS][OPENS];
static const uint32_t requester[LINKS] = {APP, UPPER}, answerer[LINKS] = {UPPER, LOWER};

static uint64_t pick(uint64_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % limit;
}

static ash_status ask(uint32_t caller, uint64_t op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t request[8] = {a, b, c, d};
    return mm_operation(caller, op, request, sizeof(request), words, &result);
}

static void *ring(unsigned link, unsigned area, size_t offset)
{
    uint32_t index;
    const struct mm_link *record = mm_link_find(links[link], &index);
    if (record == nullptr)
        return nullptr;
    const struct mm_section *section = mm_section(record->section[area]);
    mm_page page = mm_vector_get(&section->pages, (uint32_t)(offset / ASH_PAGE_SIZE));
    return fake_memory(mm_frame_physical(page)) + offset % ASH_PAGE_SIZE;
}
static struct ash_request *request_in(unsigned link, unsigned slot)
{
    return ring(link, MM_LINK_REQUESTS, 4096 + slot * sizeof(struct ash_request));
}
static struct ash_answer *answer_in(unsigned link, unsigned slot)
{
    return ring(link, MM_LINK_ANSWERS, 4096 + slot * sizeof(struct ash_answer));
}

/* --- Making and breaking --------------------------------------------------------------------- */

static void make_task(uint32_t id)
{
    if (mm_task_find(id) != nullptr ||
        ask(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 400, 0, 0) != STATUS_SUCCESS)
        return;
    for (unsigned i = 0; id != APP && i < 2; i++)
        (void)ask(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, id, 1,
                  pick(6) == 0 ? ASH_MEM_NO_DEVICE : id % 2 * 2 + i, 1 + i);
}

static void make_link(unsigned link)
{
    const uint64_t request[8] = {requester[link], answerer[link], 0x2000, 0x2000, SLOTS};
    uint32_t index;
    if (mm_link_find(links[link], &index) != nullptr)
        return;
    links[link] = 0;
    if (mm_operation(ASH_TASK_IO, ASH_MEM_LINK_CREATE, request, sizeof(request), words, &result) ==
        STATUS_SUCCESS)
        links[link] = words[0];
    if (links[link] != 0 && pick(4) != 0)
        (void)ask(requester[link], ASH_MEM_DMA_USE, links[link], 0, 0, 0);
}

static void make_grant(void)
{
    unsigned at = (unsigned)pick(GRANTS);
    if ((buffers[at] == 0 || pick(6) == 0) &&
        ask(APP, ASH_MEM_MAP, (3 + pick(PAGES)) * ASH_PAGE_SIZE, 0, 0, 0) == STATUS_SUCCESS)
        buffers[at] = words[0];
    if (ask(APP, ASH_MEM_GRANT, links[0], buffers[at],
            (1 + 2 * pick(2)) | (pick(6) == 0 ? ASH_MEM_REGISTERED : 0), 0) == STATUS_SUCCESS)
        grants[0][at] = words[0];
    if (pick(4) &&
        ask(UPPER, ASH_MEM_GRANT_FORWARD, links[0], grants[0][at], links[1], 0) == STATUS_SUCCESS)
        grants[1][at] = words[0];
}

/* The I/O manager answers for a dead answerer before it frees the link. */
static void end_task(uint32_t id)
{
    (void)ask(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, id, 0, 0, 0);
    for (unsigned link = 0; link < LINKS; link++)
        if (requester[link] == id || answerer[link] == id)
            (void)ask(ASH_TASK_IO, pick(2) ? ASH_MEM_LINK_CLOSE : ASH_MEM_LINK_FREE, links[link], 0,
                      0, 0);
}

/* --- Requests -------------------------------------------------------------------------------- */

static void submit(unsigned link)
{
    static const uint8_t majors[] = {READ, READ, WRITE, CONTROL};
    unsigned slot = (unsigned)pick(SLOTS);
    struct ash_request *request = request_in(link, slot);
    const struct ash_answer *answer = answer_in(link, slot);
    if (request == nullptr || request->sequence != answer->sequence)
        return;
    request->major = majors[pick(4)];
    request->grant = grants[link][pick(GRANTS)];
    request->grant_offset = pick(3 * ASH_PAGE_SIZE);
    request->grant_length = (uint32_t)(1 + pick(2 * ASH_PAGE_SIZE));
    request->input_grant = request->major == CONTROL ? grants[link][pick(GRANTS)] : 0;
    request->input_offset = pick(2 * ASH_PAGE_SIZE);
    request->parameter[1] = pick(ASH_PAGE_SIZE);
    request->sequence++;
}

static void answer(unsigned link)
{
    unsigned slot = (unsigned)pick(SLOTS);
    const struct ash_request *request = request_in(link, slot);
    if (request != nullptr)
        answer_in(link, slot)->sequence = request->sequence;
}

/* Now and then a requester writes what it likes. */
static void scribble(unsigned link)
{
    struct ash_request *request = request_in(link, (unsigned)pick(SLOTS));
    if (request == nullptr)
        return;
    uint64_t *word = (uint64_t *)(void *)request + pick(sizeof(*request) / 8);
    *word = pick(2) ? pick(10) : pick(UINT64_MAX);
}

/* Mostly what the request is about, sometimes anything. */
static void open_pages(unsigned link)
{
    unsigned slot = (unsigned)pick(SLOTS), at = (unsigned)pick(OPENS);
    const struct ash_request *request = request_in(link, slot);
    if (request == nullptr)
        return;
    bool honest = pick(4) != 0;
    uint64_t grant = honest ? request->grant : grants[link][pick(GRANTS)];
    uint64_t first = honest ? request->grant_offset / ASH_PAGE_SIZE % 1000 : pick(PAGES);
    uint64_t last = request->grant_offset + request->grant_length - 1;
    uint64_t pages = honest ? last / ASH_PAGE_SIZE % 1000 - first + 1 : 1 + pick(3);
    bool writes = honest && request->major == READ ? true : pick(2);
    uint64_t pdo = 1 + pick(2);
    if (ask(answerer[link], ASH_MEM_DMA_OPEN, links[link], grant,
            OPEN_FOR(slot, first, pages & 0xff, writes), pdo) != STATUS_SUCCESS)
        return;
    const struct mm_task *device = mm_io_device(mm_task_find(answerer[link]), pdo);
    CHECK(device->vspace == 0 || words[1] + pages * ASH_PAGE_SIZE - 1 <= device->highest);
    if (words[0] != 0)
        opens[link][at] = words[0];
}

/* How much is reachable by opens of that slot's request. */
static unsigned bound(unsigned link, unsigned slot)
{
    uint32_t index, count = 0;
    const struct mm_link *record = mm_link_find(links[link], &index);
    for (uint32_t at = record != nullptr ? record->opens : 0; at != 0; at = mm_open(at)->link_next)
        count += mm_open(at)->slot == slot;
    return count;
}

static unsigned owed_opens(unsigned link, unsigned slot)
{
    uint32_t index, count = 0;
    const struct mm_link *record = mm_link_find(links[link], &index);
    for (uint32_t at = record != nullptr ? record->opens : 0; at != 0; at = mm_open(at)->link_next)
        count +=
            mm_open(at)->slot == slot && mm_open(at)->sequence != answer_in(link, slot)->sequence;
    return count;
}

/* What the requester may do about a slot: only what is answered goes. */
static void end_slot(unsigned link)
{
    unsigned slot = (unsigned)pick(SLOTS), owed = owed_opens(link, slot);
    if (ask(requester[link], ASH_MEM_DMA_END, links[link], slot, 0, 0) != STATUS_SUCCESS)
        return;
    CHECK_EQ(words[0], owed);
    CHECK_EQ(bound(link, slot), owed);
}

/* Nothing that a requester does to a grant or its memory ends an open of an owed request. */
static void attack(void)
{
    unsigned link = (unsigned)pick(LINKS), at = (unsigned)pick(GRANTS), before[LINKS][SLOTS];
    for (unsigned i = 0; i < LINKS * SLOTS; i++)
        before[i / SLOTS][i % SLOTS] = bound(i / SLOTS, i % SLOTS);
    switch (pick(3)) {
    case 0:
        (void)ask(requester[link], ASH_MEM_GRANT_CLOSE, links[link], grants[link][at], 0, 0);
        break;
    case 1:
        (void)ask(APP, ASH_MEM_UNMAP, buffers[at], 0, 0, 0);
        buffers[at] = 0;
        break;
    default:
        if (pick(8) == 0)
            (void)ask(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, APP, 0, 0, 0);
    }
    for (unsigned i = 0; i < LINKS * SLOTS; i++)
        CHECK_EQ(bound(i / SLOTS, i % SLOTS), before[i / SLOTS][i % SLOTS]);
}

static void rarely(void)
{
    static const uint32_t ids[] = {APP, UPPER, LOWER};
    unsigned link = (unsigned)pick(LINKS);
    uint32_t id = ids[pick(3)];
    switch (pick(6)) {
    case 0:
        end_task(id);
        break;
    case 1:
        (void)ask(ASH_TASK_IO, ASH_MEM_LINK_CLOSE, links[link], 0, 0, 0);
        if (pick(2))
            (void)ask(ASH_TASK_IO, ASH_MEM_LINK_FREE, links[link], 0, 0, 0);
        break;
    case 2:
        (void)ask(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, id, pick(2), id % 2 * 2 + pick(2), pick(3));
        break;
    case 3:
        (void)ask(id, ASH_MEM_DMA_INFO, 1 + pick(2), (uint64_t)1 << (20 + pick(30)), 0, 0);
        break;
    case 4:
        (void)ask(answerer[link], ASH_MEM_GRANT_RELEASE, links[link], grants[link][pick(GRANTS)], 0,
                  0);
        break;
    default:
        if (ask(id, ASH_MEM_COMMON_BUFFER, 1 + pick(40000), 0, 1 + pick(2), 0) == STATUS_SUCCESS)
            (void)ask(id, ASH_MEM_UNMAP, words[0], 0, 0, 0);
    }
}

static void step(void)
{
    unsigned link = (unsigned)pick(LINKS);
    switch (pick(12)) {
    case 0:
        make_grant();
        return;
    case 1:
    case 2:
    case 3:
        submit(link);
        return;
    case 4:
    case 5:
    case 6:
        open_pages(link);
        return;
    case 7:
        (void)ask(answerer[link], ASH_MEM_DMA_CLOSE, opens[link][pick(OPENS)], 0, 0, 0);
        return;
    case 8:
        answer(link);
        return;
    case 9:
        end_slot(link);
        return;
    case 10:
        if (pick(2))
            scribble(link);
        else
            attack();
        return;
    default:
        if (pick(12) == 0)
            rarely();
        for (uint32_t id = APP; id <= LOWER; id++)
            make_task(id);
        make_link(link);
    }
}

static void begin(uint64_t start)
{
    struct mm_ram ram, device;
    seed = start;
    memset(links, 0, sizeof(links));
    memset(grants, 0, sizeof(grants));
    memset(buffers, 0, sizeof(buffers));
    memset(opens, 0, sizeof(opens));
    fake_reset(0x80200000, 8u << 20, 0x10000000, 0x1000000);
    fake_iommu(true);
    fake_regions(&ram, &device);
    CHECK(mm_init(ASH_TASK_MEMORY, &ram, 1, &device, 1, 8));
    CHECK_EQ(mm_task_adopt(ASH_TASK_PROCESS, UINT32_MAX, MM_SLOT_OWN_VSPACE), STATUS_SUCCESS);
    for (uint32_t id = ASH_TASK_IO; id <= ASH_TASK_PNP; id++)
        CHECK_EQ(ask(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 1000, 0, 0), STATUS_SUCCESS);
}

static void finish(void)
{
    fake_fail_after(UINT64_MAX);
    for (uint32_t id = APP; id <= LOWER; id++)
        (void)ask(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, id, 0, 0, 0);
    for (unsigned link = 0; link < LINKS; link++)
        (void)ask(ASH_TASK_IO, ASH_MEM_LINK_FREE, links[link], 0, 0, 0);
    CHECK_STR(check_all(), "");
    CHECK_EQ(mm.opens.used, 0);
    CHECK_EQ(mm.reaches.used, 0);
    CHECK_EQ(mm.grants.used, 0);
    CHECK_EQ(mm.sections.used, 0);
    CHECK_EQ(mm.views.used, 0);
    CHECK_EQ(mm.vectors.used, 0);
}

TEST(no_io_space_holds_what_nothing_names)
{
    uint64_t most = 0, attached = 0;
    for (uint64_t round = 1; round <= 6; round++) {
        begin(round * 0x9e3779b97f4a7c15u);
        for (unsigned i = 0; i < 4000 && !ash_test_failed(); i++) {
            if (round % 2 == 0 && i % 31 == 0)
                fake_fail_after(pick(20));
            step();
            CHECK_STR(check_all(), "");
            most = mm.opens.used > most ? mm.opens.used : most;
            attached += fake_attached(0) != 0;
        }
        finish();
        if (ash_test_failed())
            return;
    }
    CHECK(most >= 8); /* the run was about something */
    CHECK(attached != 0);
}
