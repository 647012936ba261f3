// SPDX-License-Identifier: MIT
/*
 * The proof that devices reach what was granted and nothing else: every page that the IOMMU would
 * let a device use, as it finds it in its own tables, against what names pages. What the records
 * say is mapped is not believed for it; only what lives is asked: common buffers, grants, opens.
 * For tests (abi/process.h, ASH_PROC_DMA_WALK). It takes time: all of what can be mapped is gone
 * through.
 */
#include "operation.h"

/* The record of the device that has this ID at the IOMMU; null: none. */
static const struct mm_task *record_of(uint64_t device)
{
    for (unsigned i = 0; i < MM_TASKS; i++) {
        const struct mm_task *record = &mm.task[i];
        uint64_t attached;
        if ((record->id & MM_TASK_IO) != 0 && record->vspace != 0 &&
            mm_backend_attached(record->vspace, &attached) && attached == device)
            return record;
    }
    return nullptr;
}

/* The reach whose addresses hold this one, and which of its pages it is. */
static const struct mm_reach *reach_at(const struct mm_task *record, uint64_t address,
                                       uint32_t *page)
{
    uint32_t index = mm_range_find(record->views, address / ASH_PAGE_SIZE);
    const struct mm_view *view = mm_view(index);
    if (view == nullptr || view->kind != MM_VIEW_IO || address < view->address)
        return nullptr;
    *page = (uint32_t)((address - view->address) / ASH_PAGE_SIZE);
    for (uint32_t at = record->reaches; at != 0; at = mm_reach(at)->device_next)
        if (mm_reach(at)->view == index)
            return mm_reach(at);
    return nullptr;
}

static bool is_open(const struct mm_task *record, const struct mm_reach *reach, uint32_t page)
{
    for (uint32_t at = reach->opens; at != 0; at = mm_open(at)->reach_next) {
        const struct mm_open *open = mm_open(at);
        bool bound =
            reach->grant == 0 ? open->link == 0 : open->link != 0 && mm_link(open->link)->live;
        if (open->task == record->driver && bound && page >= open->first &&
            page - open->first < open->pages)
            return true;
    }
    return false;
}

/* Does what the reach was made for live, and is it this driver's? */
static bool is_named(const struct mm_task *record, const struct mm_reach *reach)
{
    const struct mm_section *section = mm_section(reach->section);
    if (reach->grant == 0)
        return section->owner == record->driver && !section->closed;
    const struct mm_grant *grant = mm_grant(reach->grant);
    return grant->live && grant->section == reach->section && grant->answerer == record->driver &&
           grant->registered == reach->lasting &&
           (!reach->writes || (grant->prot & ASH_MEM_WRITE) != 0);
}

enum name { NOTHING, LASTING, OPEN, CLOSED };

static enum name name_of_page(const struct mm_task *record, const struct mm_reach *reach,
                              uint32_t page)
{
    if (!is_named(record, reach))
        return NOTHING;
    if (!reach->lasting)
        return is_open(record, reach, page) ? OPEN : NOTHING;
    return reach->grant != 0 && mm_grant(reach->grant)->closed ? CLOSED : LASTING;
}

/* What gives the device this page, there, with these rights? */
static enum name name_of(const struct mm_task *record, const struct mm_walk *at)
{
    uint32_t page;
    const struct mm_reach *reach = record != nullptr && at->size == ASH_PAGE_SIZE
                                       ? reach_at(record, at->address, &page)
                                       : nullptr;
    if (reach == nullptr || (at->writes && !reach->writes))
        return NOTHING;
    const struct mm_vector *pages = &mm_section(reach->section)->pages;
    if (page >= pages->count || mm_frame_physical(mm_vector_get(pages, page)) != at->physical)
        return NOTHING;
    return name_of_page(record, reach, page);
}

static void note(struct ash_mem_dma_walk_reply *reply, const struct mm_walk *at, enum name name)
{
    switch (name) {
    case LASTING:
        reply->lasting++;
        break;
    case OPEN:
        reply->open++;
        break;
    case CLOSED:
        reply->closed++;
        break;
    default:
        reply->stale++;
        reply->device = at->device;
        reply->address = at->address;
    }
}

/* How many pages of that reach something names. */
static uint64_t expected_of(const struct mm_task *record, const struct mm_reach *reach)
{
    uint64_t count = 0;
    for (uint32_t page = 0; page < mm_section(reach->section)->pages.count; page++)
        count += name_of_page(record, reach, page) != NOTHING;
    return count;
}

static uint64_t expected(ash_word *devices)
{
    uint64_t count = 0, device;
    for (unsigned i = 0; i < MM_TASKS; i++) {
        const struct mm_task *record = &mm.task[i];
        if ((record->id & MM_TASK_IO) == 0 || record->vspace == 0 ||
            !mm_backend_attached(record->vspace, &device))
            continue;
        ++*devices;
        for (uint32_t at = record->reaches; at != 0; at = mm_reach(at)->device_next)
            count += expected_of(record, mm_reach(at));
    }
    return count;
}

MM_HANDLER(mm_do_dma_walk)
{
    struct ash_mem_dma_walk_reply *reply = out;
    const struct mm_task *record = nullptr;
    struct mm_walk at = {};
    uint64_t device = UINT64_MAX;
    if (!mm_backend_has_iommu())
        return STATUS_NOT_SUPPORTED;
    while (mm_backend_walk(&at)) {
        if (at.device != device)
            record = record_of(at.device);
        device = at.device;
        note(reply, &at, name_of(record, &at));
    }
    reply->missing = expected(&reply->devices) - reply->lasting - reply->open - reply->closed;
    return STATUS_SUCCESS;
}
