// SPDX-License-Identifier: MIT
/*
 * A long random run of requests by tasks that come and go, now and then with a kernel that fails;
 * all invariants are checked as it goes, and at the end everything has come back.
 */
#include "ash_test.h"
#include "check.h"

#define TASKS  12u
#define LINKS  16u
#define THINGS 200u

static uint64_t words[64], seed;
static struct mm_result result;
static uint32_t task_id[TASKS], next_id;
static uint64_t links[LINKS];
static struct {
    uint32_t task;
    uint64_t address;
} views[THINGS];
static struct {
    uint64_t link, grant;
} grants[THINGS];
static uint64_t untypeds[8];

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

static uint32_t some_task(void)
{
    return task_id[pick(TASKS)];
}

/* With a device, with one that is not behind the IOMMU, or not at all. */
static void allow_dma(uint32_t id)
{
    (void)ask(ASH_TASK_PNP, ASH_MEM_DMA_ALLOW, id, pick(4) != 0,
              pick(4) == 0 ? ASH_MEM_NO_DEVICE : pick(12), 1 + pick(2));
}

static void renew_task(void)
{
    uint32_t *id = &task_id[pick(TASKS)];
    if (*id != 0)
        (void)ask(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, *id, 0, 0, 0);
    *id = next_id++;
    if (ask(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, *id, pick(2000), 0, 0) != STATUS_SUCCESS)
        *id = 0;
    else
        allow_dma(*id);
}

static void renew_link(void)
{
    uint64_t *link = &links[pick(LINKS)];
    if (pick(2)) {
        (void)ask(ASH_TASK_IO, ASH_MEM_LINK_KEEP, *link, 0, 0, 0);
        (void)ask(ASH_TASK_IO, ASH_MEM_LINK_RESUME, links[pick(LINKS)], some_task(), 0, 0);
        return;
    }
    if (*link != 0)
        (void)ask(ASH_TASK_IO, pick(2) ? ASH_MEM_LINK_CLOSE : ASH_MEM_LINK_FREE, *link, 0, 0, 0);
    if (*link != 0)
        (void)ask(ASH_TASK_IO, ASH_MEM_LINK_FREE, *link, 0, 0, 0);
    *link = ask(ASH_TASK_IO, ASH_MEM_LINK_CREATE, some_task(), some_task(),
                ASH_PAGE_SIZE * (1 + pick(4)), ASH_PAGE_SIZE) == STATUS_SUCCESS
                ? words[0]
                : 0;
}

static void map_something(void)
{
    uint32_t task = some_task();
    size_t at = pick(THINGS);
    ash_status status;
    switch (pick(4)) {
    case 0:
        status = ask(task, ASH_MEM_COMMON_BUFFER, 1 + pick(200000), 0, 0, 0);
        break;
    case 1:
        status = ask(task, ASH_MEM_MAP, 1 + pick(4000000), pick(2), 0, 0);
        break;
    default:
        status = ask(task, ASH_MEM_MAP, 1 + pick(60000), pick(2), 0, 0);
    }
    if (status == STATUS_SUCCESS) {
        views[at].task = task;
        views[at].address = words[0];
        struct fake_mapping mapping = fake_lookup(mm_task_find(task)->vspace, words[0]);
        CHECK(mapping.present);
        CHECK_EQ(fake_memory(mapping.physical)[pick(4096)], 0);
        memset(fake_memory(mapping.physical), 0xdd, 4096);
    }
}

static void change_view(void)
{
    size_t at = pick(THINGS);
    uint32_t task = pick(20) ? views[at].task : some_task();
    if (pick(3) == 0)
        (void)ask(task, ASH_MEM_PROTECT, views[at].address, 4096 * pick(4), pick(20), 0);
    else
        (void)ask(task, ASH_MEM_UNMAP, views[at].address, 0, 0, 0);
}

static void make_grant(void)
{
    size_t from = pick(THINGS), at = pick(THINGS);
    uint64_t link = links[pick(LINKS)];
    uint32_t index;
    const struct mm_link *record = mm_link_find(link, &index);
    uint32_t caller = record != nullptr && pick(10) ? record->requester : some_task();
    ash_status status = pick(2) ? ask(views[from].task, ASH_MEM_GRANT, link, views[from].address,
                                      (1 + pick(3)) | (pick(3) ? ASH_MEM_REGISTERED : 0), 0)
                                : ask(caller, ASH_MEM_GRANT_FORWARD, grants[from].link,
                                      grants[from].grant, link, 0);
    if (status == STATUS_SUCCESS) {
        grants[at].link = link;
        grants[at].grant = words[0];
    }
}

/* Where the answerer sees that grant; false if it has not mapped it. */
static bool mapped_at(uint64_t link, uint64_t id, uint32_t *task, uint64_t *address)
{
    const struct mm_grant *grant = mm_grant((uint32_t)id & 0xfffff);
    if (grant == nullptr || !grant->live || grant->link != link || grant->view == 0 ||
        grant->generation != id >> 20)
        return false;
    *task = grant->answerer;
    *address = mm_view(grant->view)->address;
    return true;
}

static void release_stale(void)
{
    uint32_t task = some_task();
    if (task == 0)
        return;
    uint32_t before = mm_task_find(task)->stale;
    CHECK_EQ(ask(task, ASH_MEM_STALE, 0, 0, 0, 0), STATUS_SUCCESS);
    struct ash_mem_stale_reply reply;
    memcpy(&reply, words, sizeof(reply));
    CHECK_EQ(reply.count, before < ASH_MEM_STALE_GRANTS ? before : ASH_MEM_STALE_GRANTS);
    for (uint64_t i = 0; i < reply.count; i++)
        CHECK_EQ(ask(task, ASH_MEM_GRANT_RELEASE, reply.grant[i].link, reply.grant[i].grant, 0, 0),
                 STATUS_SUCCESS);
    CHECK_EQ(mm_task_find(task)->stale, before - reply.count);
}

/* No mapping of the answerer goes when the requester closes the grant. */
static void close_grant(uint32_t caller, uint64_t link, uint64_t grant)
{
    uint32_t task = 0;
    uint64_t address = 0;
    bool mapped = mapped_at(link, grant, &task, &address);
    (void)ask(caller, ASH_MEM_GRANT_CLOSE, link, grant, 0, 0);
    uint32_t still = 0;
    uint64_t there = 0;
    CHECK_EQ(mapped_at(link, grant, &still, &there), mapped);
    CHECK(still == task && there == address);
}

static void use_grant(void)
{
    static const uint64_t ops[] = {ASH_MEM_GRANT_MAP, ASH_MEM_DMA_OPEN, ASH_MEM_GRANT_RELEASE,
                                   ASH_MEM_GRANT_CLOSE};
    size_t at = pick(THINGS);
    uint32_t index;
    const struct mm_link *link = mm_link_find(grants[at].link, &index);
    uint64_t op = ops[pick(4)];
    uint32_t caller = some_task();
    if (link != nullptr && pick(8))
        caller = op == ASH_MEM_GRANT_CLOSE ? link->requester : link->answerer;
    if (op == ASH_MEM_GRANT_CLOSE)
        close_grant(caller, grants[at].link, grants[at].grant);
    else
        (void)ask(caller, op, grants[at].link, grants[at].grant,
                  OPEN(pick(3), 1 + pick(3), pick(2)), 1 + pick(2));
}

static void use_untyped(void)
{
    uint64_t *id = &untypeds[pick(8)];
    if (*id != 0)
        CHECK_EQ(ask(ASH_TASK_PROCESS, ASH_MEM_UNTYPED_FREE, *id, 0, 0, 0), STATUS_SUCCESS);
    *id = 0;
    if (ask(ASH_TASK_PROCESS, ASH_MEM_UNTYPED, 1 + pick(400000), 0, 0, 0) == STATUS_SUCCESS)
        *id = words[0]; /* the capability stays: as after a message that could not deliver it */
}

static void use_device(void)
{
    uint32_t task = some_task();
    uint64_t start = 0x10000000 + pick(64) * 0x80000, bytes = 1 + pick(0x800000);
    if (pick(2))
        (void)ask(ASH_TASK_PNP, ASH_MEM_DEVICE_ALLOW, task, start, bytes, 0);
    else
        (void)ask(ASH_TASK_PNP, ASH_MEM_DEVICE_REVOKE, task, start, bytes, 0);
    (void)ask(task, ASH_MEM_MAP_DEVICE, start + pick(bytes), 1 + pick(0x200000), 0, 0);
}

static void step(void)
{
    switch (pick(16)) {
    case 0:
        if (pick(8) == 0)
            renew_task();
        return;
    case 1:
        if (pick(4) == 0)
            renew_link();
        return;
    case 2:
    case 3:
    case 4:
        map_something();
        return;
    case 5:
    case 6:
    case 7:
        change_view();
        return;
    case 8:
    case 9:
    case 10:
        make_grant();
        return;
    case 11:
    case 12:
    case 13:
        if (pick(10))
            use_grant();
        else
            release_stale();
        return;
    case 14:
        if (pick(4))
            use_untyped();
        else if (some_task() != 0)
            allow_dma(some_task());
        return;
    default:
        use_device();
    }
}

static void begin(uint64_t start)
{
    struct mm_ram ram, device;
    seed = start;
    next_id = 100;
    memset(task_id, 0, sizeof(task_id));
    memset(links, 0, sizeof(links));
    memset(views, 0, sizeof(views));
    memset(grants, 0, sizeof(grants));
    memset(untypeds, 0, sizeof(untypeds));
    fake_reset(0x80203000, 24u << 20, 0x10000000, 0x10000000);
    fake_iommu(start % 2 != 0);
    fake_regions(&ram, &device);
    CHECK(mm_init(ASH_TASK_MEMORY, &ram, 1, &device, 1, 8));
    CHECK_EQ(mm_task_adopt(ASH_TASK_PROCESS, UINT32_MAX, MM_SLOT_OWN_VSPACE), STATUS_SUCCESS);
    for (uint32_t id = ASH_TASK_IO; id <= ASH_TASK_PNP; id++)
        CHECK_EQ(ask(ASH_TASK_PROCESS, ASH_MEM_TASK_CREATE, id, 10000, 0, 0), STATUS_SUCCESS);
    for (unsigned i = 0; i < TASKS; i++)
        renew_task();
}

static void finish(void)
{
    fake_fail_after(UINT64_MAX);
    for (unsigned i = 0; i < LINKS; i++)
        if (links[i] != 0)
            CHECK_EQ(ask(ASH_TASK_IO, ASH_MEM_LINK_FREE, links[i], 0, 0, 0), STATUS_SUCCESS);
    for (unsigned i = 0; i < TASKS; i++)
        if (task_id[i] != 0)
            CHECK_EQ(ask(ASH_TASK_PROCESS, ASH_MEM_TASK_DESTROY, task_id[i], 0, 0, 0),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < 8; i++)
        if (untypeds[i] != 0)
            CHECK_EQ(ask(ASH_TASK_PROCESS, ASH_MEM_UNTYPED_FREE, untypeds[i], 0, 0, 0),
                     STATUS_SUCCESS);
    CHECK_STR(check_all(), "");
    CHECK_EQ(mm.sections.used, 0);
    CHECK_EQ(mm.views.used, 0);
    CHECK_EQ(mm.grants.used, 0);
    CHECK_EQ(mm.vectors.used, 0);
    CHECK_EQ(mm.ranges.used, 0);
    CHECK_EQ(mm.reaches.used, 0);
    CHECK_EQ(mm.opens.used, 0);
    CHECK_EQ(mm.links.used, 0);
}

TEST(random_requests_keep_every_invariant)
{
    for (uint64_t round = 1; round <= 4; round++) {
        begin(round * 0x9e3779b97f4a7c15u);
        for (unsigned i = 0; i < 20000 && !ash_test_failed(); i++) {
            if (round % 2 == 0 && i % 97 == 0)
                fake_fail_after(pick(40));
            step();
            if (i % 200 == 0)
                CHECK_STR(check_all(), "");
        }
        finish();
        if (ash_test_failed())
            return;
    }
}
