// SPDX-License-Identifier: MIT
/*
 * Reaches: what one device may see of one section, on behalf of one grant or of its driver's own
 * memory, in one direction. A reach has logical addresses for the whole section, and copies of its
 * frame capabilities; what of it is mapped in the device's IoSpace is another matter:
 *
 *   lasting    all of it, for as long as the reach lives: registered buffers, common buffers
 *   strict     the pages that an open names (open.c), each counted: mapped while its count is not 0
 *   no view    the device is not confined: addresses are physical ones, and the reach only keeps
 *              the pages from being used for anything else
 *
 * Invariants. A reach is in its device's list, and in that of its grant or, without one, of its
 * section. A strict reach's page is mapped exactly while uses[page] is not 0. A section with a
 * reach is not given back. The rights are those of the direction: a device that only reads has
 * read-only pages; there are no pages that can be written but not read.
 */
#include "mm.h"

#define AT_ONCE     ASH_MEM_DMA_PAGES
#define TABLE_PAGES 512u /* that one page table maps */
#define TABLE_TRIES 3u

struct mm_reach *mm_reach(uint32_t index)
{
    return mm_pool_at(&mm.reaches, index);
}

static unsigned rights_of(const struct mm_reach *reach)
{
    return reach->writes ? ASH_MEM_READ | ASH_MEM_WRITE : ASH_MEM_READ;
}

/* --- Pages of its view in the IoSpace --------------------------------------------------------- */

/* As many as one call takes: they lie in one page of slots and under one page table. */
static uint32_t batch(uint64_t address, uint32_t first, uint32_t count)
{
    uint32_t slots = MM_RUN_MAX - first % MM_RUN_MAX;
    uint32_t table = TABLE_PAGES - (uint32_t)(address / ASH_PAGE_SIZE % TABLE_PAGES);
    count = count < AT_ONCE ? count : AT_ONCE;
    count = count < slots ? count : slots;
    return count < table ? count : table;
}

static ash_status map_batch(struct mm_task *device, const struct mm_view *view, uint32_t first,
                            uint32_t count, unsigned rights)
{
    uint64_t address = view->address + first * ASH_PAGE_SIZE;
    enum ash_error error = ASH_OK;
    for (unsigned try = 0; try < TABLE_TRIES; try++) {
        mm_slot table;
        error =
            mm_backend_io_map(device->vspace, address, rights, mm_view_slot(view, first), count);
        if (error != ASH_E_NO_TABLE)
            break;
        if (!mm_table_make(device, ASH_OBJ_PAGE_TABLE, &table))
            return STATUS_NO_MEMORY;
        error = mm_backend_table_map(table, device->vspace, address);
        if (error != ASH_OK)
            break;
    }
    return mm_status(error);
}

/* They are out of the device's reach, and what it did with them is done, when this returns. */
static void unmap(const struct mm_reach *reach, uint32_t first, uint32_t count)
{
    const struct mm_view *view = mm_view(reach->view);
    const struct mm_task *device = mm_task_find(reach->device);
    while (count != 0) {
        uint32_t now = batch(view->address + first * ASH_PAGE_SIZE, first, count);
        mm_backend_io_unmap(device->vspace, mm_view_slot(view, first), now);
        first += now;
        count -= now;
    }
}

static ash_status map(const struct mm_reach *reach, uint32_t first, uint32_t count)
{
    const struct mm_view *view = mm_view(reach->view);
    struct mm_task *device = mm_task_find(reach->device);
    for (uint32_t at = first, left = count; left != 0;) {
        uint32_t now = batch(view->address + at * ASH_PAGE_SIZE, at, left);
        ash_status status = map_batch(device, view, at, now, rights_of(reach));
        if (!ash_success(status)) {
            unmap(reach, first, at - first);
            return status;
        }
        at += now;
        left -= now;
    }
    return STATUS_SUCCESS;
}

/* --- Making and ending ------------------------------------------------------------------------ */

static uint32_t *list_of(const struct mm_reach *reach)
{
    return reach->grant != 0 ? &mm_grant(reach->grant)->reaches
                             : &mm_section(reach->section)->reaches;
}

static void link_reach(uint32_t index)
{
    struct mm_reach *reach = mm_reach(index);
    struct mm_task *device = mm_task_find(reach->device);
    reach->next = *list_of(reach);
    *list_of(reach) = index;
    reach->device_next = device->reaches;
    if (device->reaches != 0)
        mm_reach(device->reaches)->device_previous = index;
    device->reaches = index;
    mm_section(reach->section)->holders++;
}

static void unlink_reach(uint32_t index)
{
    struct mm_reach *reach = mm_reach(index);
    uint32_t *at = list_of(reach);
    while (*at != index)
        at = &mm_reach(*at)->next;
    *at = reach->next;
    if (reach->device_previous != 0)
        mm_reach(reach->device_previous)->device_next = reach->device_next;
    else
        mm_task_find(reach->device)->reaches = reach->device_next;
    if (reach->device_next != 0)
        mm_reach(reach->device_next)->device_previous = reach->device_previous;
    mm_section(reach->section)->holders--;
}

/* Addresses for the whole section; mapped if it is lasting. */
static ash_status make_view(struct mm_task *device, struct mm_reach *reach)
{
    uint32_t pages = mm_section(reach->section)->pages.count;
    uint64_t address = mm_io_place(device, pages);
    struct mm_view_request request = {.task = device,
                                      .address = address,
                                      .most = rights_of(reach),
                                      .guard = true,
                                      .kind = MM_VIEW_IO};
    if (address == 0)
        return STATUS_CONFLICTING_ADDRESSES;
    if (!reach->lasting && !mm_vector_init(&reach->uses, pages))
        return STATUS_NO_MEMORY;
    ash_status status = mm_view_create(&request, reach->section, &reach->view);
    if (ash_success(status) && reach->lasting) {
        status = map(reach, 0, pages);
        if (!ash_success(status))
            mm_view_destroy(reach->view);
    }
    if (!ash_success(status) && !reach->lasting)
        mm_vector_fini(&reach->uses);
    return status;
}

static ash_status make(struct mm_task *device, const struct mm_reach *like, uint32_t *result)
{
    uint32_t index = mm_pool_take(&mm.reaches);
    if (index == 0)
        return STATUS_NO_MEMORY;
    struct mm_reach *reach = mm_reach(index);
    *reach = *like;
    reach->device = device->id;
    reach->lasting |= device->vspace == 0;
    ash_status status = device->vspace != 0 ? make_view(device, reach) : STATUS_SUCCESS;
    if (!ash_success(status)) {
        mm_pool_give(&mm.reaches, index);
        return status;
    }
    link_reach(index);
    *result = index;
    return STATUS_SUCCESS;
}

/* Made before the device was known to produce only shorter addresses, it is of no use. */
static bool fits(const struct mm_reach *reach, const struct mm_task *device)
{
    const struct mm_view *view = mm_view(reach->view);
    return view == nullptr || view->address + view->elements * ASH_PAGE_SIZE - 1 <= device->highest;
}

/* A lasting one serves every purpose. */
static uint32_t find(uint32_t list, const struct mm_task *device, const struct mm_reach *like)
{
    uint32_t found = 0;
    for (uint32_t at = list; at != 0; at = mm_reach(at)->next) {
        const struct mm_reach *reach = mm_reach(at);
        if (reach->device != device->id || reach->writes != like->writes || !fits(reach, device))
            continue;
        if (reach->lasting)
            return at;
        if (!like->lasting)
            found = at;
    }
    return found;
}

ash_status mm_reach_of_grant(struct mm_task *device, uint32_t grant, bool writes, uint32_t *result)
{
    const struct mm_grant *of = mm_grant(grant);
    const struct mm_reach like = {
        .section = of->section, .grant = grant, .writes = writes, .lasting = of->registered};
    *result = find(of->reaches, device, &like);
    return *result != 0 ? STATUS_SUCCESS : make(device, &like, result);
}

ash_status mm_reach_of_own(struct mm_task *device, uint32_t section, bool writes, bool lasting,
                           uint32_t *result)
{
    const struct mm_reach like = {.section = section, .writes = writes, .lasting = lasting};
    *result = find(mm_section(section)->reaches, device, &like);
    return *result != 0 ? STATUS_SUCCESS : make(device, &like, result);
}

void mm_reach_destroy(uint32_t index)
{
    struct mm_reach *reach = mm_reach(index);
    while (reach->opens != 0)
        mm_open_close(reach->opens);
    if (reach->view != 0 && reach->lasting)
        unmap(reach, 0, mm_view(reach->view)->elements);
    if (reach->view != 0)
        mm_view_destroy(reach->view);
    mm_vector_fini(&reach->uses);
    unlink_reach(index);
    mm_pool_give(&mm.reaches, index);
}

uint64_t mm_reach_logical(const struct mm_reach *reach, uint32_t page)
{
    if (reach->view != 0)
        return mm_view(reach->view)->address + page * ASH_PAGE_SIZE;
    return mm_frame_physical(mm_vector_get(&mm_section(reach->section)->pages, page));
}

/* --- Counting --------------------------------------------------------------------------------- */

/* Takes one from each count; pages whose count is 0 then go, runs of them at once. */
static void count_down(struct mm_reach *reach, uint32_t first, uint32_t end)
{
    uint32_t run = 0;
    for (uint32_t i = first; i < end; i++) {
        if (--*mm_vector_place(&reach->uses, i) == 0) {
            run++;
            continue;
        }
        unmap(reach, i - run, run);
        run = 0;
    }
    unmap(reach, end - run, run);
}

ash_status mm_reach_enter(struct mm_reach *reach, uint32_t first, uint32_t pages)
{
    uint32_t end = first + pages, run = 0;
    ash_status status = STATUS_SUCCESS;
    for (uint32_t i = first; i < end; i++) {
        if ((*mm_vector_place(&reach->uses, i))++ == 0) {
            run++;
            continue;
        }
        status = map(reach, i - run, run);
        run = 0;
        if (!ash_success(status)) {
            count_down(reach, first, i + 1);
            return status;
        }
    }
    status = map(reach, end - run, run);
    if (!ash_success(status))
        count_down(reach, first, end); /* what is not mapped is passed over */
    return status;
}

void mm_reach_leave(struct mm_reach *reach, uint32_t first, uint32_t pages)
{
    count_down(reach, first, first + pages);
}
