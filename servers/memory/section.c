// SPDX-License-Identifier: MIT
/*
 * Sections and their views. Each view has a copy of the frame capability of every page, so that
 * deleting the copies unmaps it, and nothing the task does can keep a page alive.
 */
#include "mm.h"

#define LOWEST_PAGE ((uint64_t)1) /* page 0 stays unmapped */
#define CHOSEN_HIGH ((uint64_t)0x3f00000000 / ASH_PAGE_SIZE)
#define SECTION_MAX (1u << 18) /* pages */

struct mm_section *mm_section(uint32_t index)
{
    return mm_pool_at(&mm.sections, index);
}

struct mm_view *mm_view(uint32_t index)
{
    return mm_pool_at(&mm.views, index);
}

struct mm_view *mm_view_at(struct mm_task *task, uint64_t address, uint32_t *index)
{
    uint32_t found = mm_range_find(task->views, address / ASH_PAGE_SIZE);
    struct mm_view *view = mm_view(found);
    if (view == nullptr || address < view->address)
        return nullptr;
    if (index != nullptr)
        *index = found;
    return view;
}

static void link_section(struct mm_task *owner, uint32_t index)
{
    struct mm_section *section = mm_section(index);
    section->owner = owner->id;
    section->next = owner->sections;
    if (section->next != 0)
        mm_section(section->next)->previous = index;
    owner->sections = index;
    owner->section_count++;
    owner->pages += section->pages.count;
}

static void unlink_section(uint32_t index)
{
    struct mm_section *section = mm_section(index);
    struct mm_task *owner = mm_task_find(section->owner);
    if (owner == nullptr)
        return;
    if (section->previous != 0)
        mm_section(section->previous)->next = section->next;
    else
        owner->sections = section->next;
    if (section->next != 0)
        mm_section(section->next)->previous = section->previous;
    owner->section_count--;
    owner->pages -= section->pages.count;
    section->owner = 0;
}

static ash_status check_quota(const struct mm_task *owner, uint32_t pages)
{
    if (pages == 0 || pages > SECTION_MAX)
        return STATUS_INVALID_PARAMETER;
    return pages > owner->quota - owner->pages ? STATUS_QUOTA_EXCEEDED : STATUS_SUCCESS;
}

static ash_status finish_section(struct mm_task *owner, const struct mm_vector *pages,
                                 uint32_t *section)
{
    *section = mm_pool_take(&mm.sections);
    if (*section == 0) {
        struct mm_vector copy = *pages;
        for (uint32_t i = 0; i < copy.count; i++)
            mm_frame_give(mm_vector_get(&copy, i));
        mm_vector_fini(&copy);
        return STATUS_NO_MEMORY;
    }
    mm_section(*section)->pages = *pages;
    link_section(owner, *section);
    return STATUS_SUCCESS;
}

ash_status mm_section_create(struct mm_task *owner, uint32_t pages, uint32_t *section)
{
    struct mm_vector taken;
    ash_status status = check_quota(owner, pages);
    if (ash_success(status))
        status = mm_frame_take(&taken, pages);
    return ash_success(status) ? finish_section(owner, &taken, section) : status;
}

ash_status mm_section_create_contiguous(struct mm_task *owner, uint32_t pages, uint64_t highest,
                                        uint32_t *section)
{
    struct mm_vector taken;
    ash_status status = check_quota(owner, pages);
    if (ash_success(status))
        status = mm_frame_take_contiguous(&taken, pages, highest);
    return ash_success(status) ? finish_section(owner, &taken, section) : status;
}

void mm_section_settle(uint32_t index)
{
    struct mm_section *section = mm_section(index);
    if (!section->closed || section->views != 0 || section->holders != 0)
        return;
    unlink_section(index);
    for (uint32_t i = 0; i < section->pages.count; i++)
        mm_frame_give(mm_vector_get(&section->pages, i));
    mm_vector_fini(&section->pages);
    mm_pool_give(&mm.sections, index);
}

/* Nobody can begin to use it any more: its grants close. The caller settles it. */
void mm_section_close(uint32_t index)
{
    struct mm_section *section = mm_section(index);
    section->closed = true;
    while (section->grants != 0)
        mm_grant_close_tree(section->grants);
}

static void link_view(uint32_t index, uint32_t of)
{
    struct mm_view *view = mm_view(index);
    struct mm_section *section = mm_section(of);
    view->section = of;
    view->next = section->views;
    if (view->next != 0)
        mm_view(view->next)->previous = index;
    section->views = index;
}

static void unlink_view(uint32_t index)
{
    struct mm_view *view = mm_view(index);
    if (view->section == 0)
        return;
    if (view->previous != 0)
        mm_view(view->previous)->next = view->next;
    else
        mm_section(view->section)->views = view->next;
    if (view->next != 0)
        mm_view(view->next)->previous = view->previous;
}

/* Chooses or checks the place of a view of `pages` pages; fills start, span and address. */
ash_status mm_view_place(const struct mm_view_request *request, uint64_t pages, uint64_t align,
                         uint64_t offset, struct mm_view *view)
{
    uint64_t guard = request->guard ? 1 : 0;
    uint64_t address = request->address;
    view->span = pages + 2 * guard;
    if (address == 0) {
        view->start = mm_range_hole(request->task->views, request->task->low, CHOSEN_HIGH,
                                    view->span, align, align + offset - guard);
        if (view->start == 0)
            return STATUS_CONFLICTING_ADDRESSES;
    } else {
        view->start = address / ASH_PAGE_SIZE - guard;
        if (address % ASH_PAGE_SIZE != 0 || address / ASH_PAGE_SIZE < LOWEST_PAGE + guard ||
            address >= ASH_USER_TOP || pages > (ASH_USER_TOP - address) / ASH_PAGE_SIZE)
            return STATUS_INVALID_PARAMETER;
        if (!mm_range_free(request->task->views, view->start, view->span))
            return STATUS_CONFLICTING_ADDRESSES;
    }
    view->address = (view->start + guard) * ASH_PAGE_SIZE;
    view->kind = request->kind;
    view->prot = request->most;
    view->task = request->task->id;
    return STATUS_SUCCESS;
}

/* Copies and maps every page; *filled tells how many copies exist. */
static ash_status fill_view(struct mm_view *view, const struct mm_view_request *request,
                            const struct mm_section *section, uint32_t *filled)
{
    ash_status status = STATUS_SUCCESS;
    for (uint32_t i = 0; i < view->elements && ash_success(status); i++) {
        mm_slot slot = mm_view_slot(view, i);
        mm_slot master = mm_frame_slot(mm_vector_get(&section->pages, i));
        status = mm_status(mm_backend_copy(slot, master, request->most));
        if (!ash_success(status))
            break;
        *filled = i + 1;
        if (request->prot != 0)
            status =
                mm_map_frame(request->task, slot, view->address + i * ASH_PAGE_SIZE, request->prot);
    }
    return status;
}

ash_status mm_view_create(const struct mm_view_request *request, uint32_t section, uint32_t *result)
{
    uint32_t index = mm_pool_take(&mm.views), filled = 0;
    if (index == 0)
        return STATUS_NO_MEMORY;
    struct mm_view *view = mm_view(index);
    const struct mm_section *of = mm_section(section);
    ash_status status = mm_view_place(request, of->pages.count, 1, 0, view);
    if (ash_success(status))
        status = mm_map_runs(view, of->pages.count);
    if (ash_success(status)) {
        status = fill_view(view, request, of, &filled);
        if (!ash_success(status))
            mm_map_runs_undo(view, filled);
    }
    if (!ash_success(status)) {
        mm_pool_give(&mm.views, index);
        return status;
    }
    mm_range_insert(&request->task->views, index);
    link_view(index, section);
    *result = index;
    return STATUS_SUCCESS;
}

/* The mapping is gone when this returns; the section stays until mm_section_settle. */
void mm_view_destroy(uint32_t index)
{
    struct mm_view *view = mm_view(index);
    struct mm_task *task = mm_task_find(view->task);
    if (view->kind == MM_VIEW_DEVICE)
        mm_device_view_gone(view);
    else if (view->kind == MM_VIEW_LINK)
        mm_link_view_gone(index);
    else if (view->kind == MM_VIEW_GRANT)
        mm_grant_view_gone(view->grant);
    mm_map_runs_undo(view, view->elements);
    mm_range_remove(&task->views, index);
    unlink_view(index);
    mm_pool_give(&mm.views, index);
}

ash_status mm_view_protect(struct mm_view *view, uint32_t first, uint32_t count, unsigned prot)
{
    struct mm_task *task = mm_task_find(view->task);
    if ((prot & ~view->prot) != 0)
        return STATUS_ACCESS_DENIED;
    for (uint32_t i = first; i < first + count; i++) {
        mm_slot slot = mm_view_slot(view, i);
        enum ash_error unmapped = prot == 0 ? mm_backend_frame_unmap(slot) : ASH_OK;
        if (unmapped != ASH_OK && unmapped != ASH_E_NOT_BOUND)
            return mm_status(unmapped);
        if (prot == 0)
            continue;
        ash_status status = mm_map_frame(task, slot, view->address + i * ASH_PAGE_SIZE, prot);
        if (!ash_success(status))
            return status;
    }
    return STATUS_SUCCESS;
}
