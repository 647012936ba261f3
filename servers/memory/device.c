// SPDX-License-Identifier: MIT
/*
 * Device memory. It is cut into segments, ordered by address, exactly where somebody wants to map
 * it: a segment is untouched (WHOLE), made into 4 KiB frames (SMALL), or into 2 MiB frames (MEGA).
 * A MEGA segment that no view uses can be made SMALL when a part of it is wanted. Each segment has
 * at most MM_RUN_MAX frames.
 *
 * A task maps only ranges that lie inside one range the plug-and-play manager allowed it.
 */
#include "mm.h"

#define MEGA ((uint64_t)1 << ASH_MEGAPAGE_BITS)

static struct mm_segment *segment_at(uint32_t index)
{
    return mm_pool_at(&mm.segments, index);
}

void mm_device_add(const struct mm_ram *device)
{
    uint32_t index = mm_pool_take(&mm.segments), *place = &mm.segment_first;
    if (index == 0)
        return;
    *segment_at(index) = (struct mm_segment){.start = device->physical,
                                             .end = device->physical + device->bytes,
                                             .untyped = device->untyped};
    while (*place != 0 && segment_at(*place)->start < device->physical)
        place = &segment_at(*place)->next;
    segment_at(index)->next = *place;
    *place = index;
}

/* The segment that holds the address, or 0. */
static uint32_t find(uint64_t physical)
{
    for (uint32_t at = mm.segment_first; at != 0; at = segment_at(at)->next)
        if (physical >= segment_at(at)->start && physical < segment_at(at)->end)
            return at;
    return 0;
}

/* Cuts an untouched segment at `physical`, which lies strictly inside it. */
static ash_status cut(uint32_t index, uint64_t physical)
{
    uint32_t right = mm_pool_take(&mm.segments);
    mm_slot pair = mm_slot_reserve() ? mm_slot_take(1) : 0;
    if (right == 0 || pair == 0)
        goto fail;
    struct mm_segment *segment = segment_at(index);
    if (mm_backend_retype(segment->untyped, ASH_OBJ_UNTYPED, physical - segment->start, pair, 1) !=
        ASH_OK)
        goto fail;
    if (mm_backend_retype(segment->untyped, ASH_OBJ_UNTYPED, segment->end - physical, pair + 1,
                          1) != ASH_OK) {
        mm_backend_revoke(segment->untyped);
        goto fail;
    }
    *segment_at(right) = (struct mm_segment){
        .start = physical, .end = segment->end, .untyped = pair + 1, .next = segment->next};
    segment->end = physical;
    segment->untyped = pair;
    segment->next = right;
    return STATUS_SUCCESS;
fail:
    if (right != 0)
        mm_pool_give(&mm.segments, right);
    if (pair != 0)
        mm_slot_give(pair, 1);
    return STATUS_NO_MEMORY;
}

static uint32_t frames_of(const struct mm_segment *segment)
{
    uint64_t bytes = segment->end - segment->start;
    return (uint32_t)(bytes / (segment->shape == MM_SEGMENT_MEGA ? MEGA : ASH_PAGE_SIZE));
}

static ash_status make_frames(struct mm_segment *segment, uint8_t shape)
{
    segment->shape = shape;
    uint32_t count = frames_of(segment);
    mm_slot first = mm_slot_reserve() ? mm_slot_take(mm_order(count)) : 0;
    enum ash_error error = ASH_E_EXHAUSTED;
    if (first != 0)
        error = mm_backend_retype(segment->untyped, ASH_OBJ_FRAME,
                                  shape == MM_SEGMENT_MEGA ? ASH_MEGAPAGE_BITS : ASH_PAGE_BITS,
                                  first, count);
    if (error != ASH_OK) {
        if (first != 0)
            mm_slot_give(first, mm_order(count));
        segment->shape = MM_SEGMENT_WHOLE;
        return mm_status(error);
    }
    segment->frames = first;
    return STATUS_SUCCESS;
}

static void unmake_frames(struct mm_segment *segment)
{
    mm_backend_revoke(segment->untyped);
    mm_slot_give(segment->frames, mm_order(frames_of(segment)));
    segment->frames = 0;
    segment->shape = MM_SEGMENT_WHOLE;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Where the piece of [at, end) that begins at `at` ends, and which frames suit it. */
static uint64_t piece_end(uint64_t at, uint64_t end, uint8_t *shape)
{
    uint64_t mega = (at + MEGA - 1) & ~(MEGA - 1);
    if (mega == at && end - at >= MEGA) {
        *shape = MM_SEGMENT_MEGA;
        return lesser(end & ~(MEGA - 1), at + MM_RUN_MAX * MEGA);
    }
    *shape = MM_SEGMENT_SMALL;
    uint64_t stop = mega > at && mega < end && end - mega >= MEGA ? mega : end;
    return lesser(stop, at + MM_RUN_MAX * ASH_PAGE_SIZE);
}

/* Makes [at, end) begin with a segment that has frames and does not reach past `end`. */
static ash_status shape_segment(uint64_t at, uint64_t end, uint32_t *index)
{
    ash_status status = STATUS_SUCCESS;
    if ((*index = find(at)) == 0)
        return STATUS_INVALID_PARAMETER; /* no device memory */
    struct mm_segment *segment = segment_at(*index);
    if (segment->shape == MM_SEGMENT_MEGA &&
        (at % MEGA != 0 || (segment->end > end && end % MEGA != 0))) {
        if (segment->users != 0)
            return STATUS_CONFLICTING_ADDRESSES;
        unmake_frames(segment);
    }
    if (segment->shape != MM_SEGMENT_WHOLE)
        return STATUS_SUCCESS;
    if (segment->start < at) {
        if (!ash_success(status = cut(*index, at)))
            return status;
        segment = segment_at(*index = segment->next);
    }
    uint8_t shape;
    uint64_t stop = piece_end(at, lesser(end, segment->end), &shape);
    if (stop < segment->end)
        status = cut(*index, stop);
    return ash_success(status) ? make_frames(segment, shape) : status;
}

/* The frame that maps `physical`, and how many bytes it spans. */
static mm_slot frame_at(uint64_t physical, uint64_t *bytes, uint32_t *index)
{
    *index = find(physical);
    const struct mm_segment *segment = segment_at(*index);
    *bytes = segment->shape == MM_SEGMENT_MEGA ? MEGA : ASH_PAGE_SIZE;
    return segment->frames + (uint32_t)((physical - segment->start) / *bytes);
}

static ash_status prepare(uint64_t start, uint64_t end, uint32_t *elements)
{
    *elements = 0;
    for (uint64_t at = start; at < end;) {
        uint32_t index;
        ash_status status = shape_segment(at, end, &index);
        if (!ash_success(status))
            return status;
        const struct mm_segment *segment = segment_at(index);
        uint64_t stop = lesser(end, segment->end);
        *elements +=
            (uint32_t)((stop - at) / (segment->shape == MM_SEGMENT_MEGA ? MEGA : ASH_PAGE_SIZE));
        at = stop;
    }
    return STATUS_SUCCESS;
}

static ash_status fill(struct mm_task *task, struct mm_view *view, uint32_t *filled)
{
    const unsigned prot = ASH_MEM_READ | ASH_MEM_WRITE;
    ash_status status = STATUS_SUCCESS;
    uint64_t bytes;
    for (uint64_t at = view->device_start; at < view->device_end; at += bytes) {
        uint32_t index;
        mm_slot master = frame_at(at, &bytes, &index), slot = mm_view_slot(view, *filled);
        status = mm_status(mm_backend_copy(slot, master, prot));
        if (!ash_success(status))
            break;
        ++*filled;
        status = mm_map_frame(task, slot, view->address + (at - view->device_start), prot);
        if (!ash_success(status))
            break;
    }
    return status;
}

static void count_users(const struct mm_view *view, bool more)
{
    for (uint32_t at = mm.segment_first; at != 0; at = segment_at(at)->next) {
        struct mm_segment *segment = segment_at(at);
        if (segment->start < view->device_end && segment->end > view->device_start)
            segment->users += more ? 1 : UINT32_MAX;
    }
}

static bool allowed(const struct mm_task *task, uint64_t start, uint64_t end)
{
    for (uint32_t at = task->devices; at != 0;) {
        const struct mm_range *range = mm_pool_at(&mm.ranges, at);
        if (start >= range->start && end <= range->end)
            return true;
        at = range->next;
    }
    return false;
}

static bool page_range(uint64_t physical, uint64_t bytes, uint64_t *start, uint64_t *end)
{
    if (bytes == 0 || bytes > (uint64_t)1 << 40 || physical >= (uint64_t)1 << 56)
        return false;
    *start = physical & ~(ASH_PAGE_SIZE - 1);
    *end = (physical + bytes + ASH_PAGE_SIZE - 1) & ~(ASH_PAGE_SIZE - 1);
    return true;
}

ash_status mm_device_map(struct mm_task *task, uint64_t physical, uint64_t bytes,
                         struct ash_mem_map_reply *reply)
{
    uint64_t start, end;
    uint32_t elements, filled = 0;
    if (!page_range(physical, bytes, &start, &end))
        return STATUS_INVALID_PARAMETER;
    if (!allowed(task, start, end))
        return STATUS_ACCESS_DENIED;
    ash_status status = prepare(start, end, &elements);
    uint32_t index = ash_success(status) ? mm_pool_take(&mm.views) : 0;
    if (index == 0)
        return ash_success(status) ? STATUS_NO_MEMORY : status;
    struct mm_view *view = mm_view(index);
    struct mm_view_request request = {
        .task = task, .most = ASH_MEM_READ | ASH_MEM_WRITE, .kind = MM_VIEW_DEVICE};
    status = mm_view_place(&request, (end - start) / ASH_PAGE_SIZE, MEGA / ASH_PAGE_SIZE,
                           start % MEGA / ASH_PAGE_SIZE, view);
    view->device_start = start;
    view->device_end = end;
    if (ash_success(status))
        status = mm_map_runs(view, elements);
    if (ash_success(status) && !ash_success(status = fill(task, view, &filled)))
        mm_map_runs_undo(view, filled);
    if (!ash_success(status)) {
        mm_pool_give(&mm.views, index);
        return status;
    }
    mm_range_insert(&task->views, index);
    count_users(view, true);
    *reply = (struct ash_mem_map_reply){view->address + physical % ASH_PAGE_SIZE, end - start};
    return STATUS_SUCCESS;
}

void mm_device_view_gone(const struct mm_view *view)
{
    count_users(view, false);
}

ash_status mm_device_allow(uint32_t id, uint64_t physical, uint64_t bytes)
{
    uint64_t start, end;
    struct mm_task *task = mm_task_find(id);
    if (task == nullptr || !page_range(physical, bytes, &start, &end))
        return STATUS_INVALID_PARAMETER;
    for (uint64_t at = start; at < end;) {
        uint32_t segment = find(at);
        if (segment == 0)
            return STATUS_INVALID_PARAMETER; /* not device memory */
        at = segment_at(segment)->end;
    }
    uint32_t index = mm_pool_take(&mm.ranges);
    if (index == 0)
        return STATUS_NO_MEMORY;
    *(struct mm_range *)mm_pool_at(&mm.ranges, index) =
        (struct mm_range){start, end, task->devices};
    task->devices = index;
    return STATUS_SUCCESS;
}

/* Removes the task's views of device memory that touch [start, end). */
static void unmap_device(struct mm_task *task, uint64_t start, uint64_t end)
{
    for (uint32_t i = 1; i < mm.views.top; i++) {
        const struct mm_view *view = mm_view(i);
        if (view->task == task->id && view->kind == MM_VIEW_DEVICE && view->elements != 0 &&
            view->device_start < end && view->device_end > start)
            mm_view_destroy(i);
    }
}

ash_status mm_device_revoke(uint32_t id, uint64_t physical, uint64_t bytes)
{
    uint64_t start, end;
    struct mm_task *task = mm_task_find(id);
    if (task == nullptr || !page_range(physical, bytes, &start, &end))
        return STATUS_INVALID_PARAMETER;
    for (uint32_t *place = &task->devices; *place != 0;) {
        struct mm_range *range = mm_pool_at(&mm.ranges, *place);
        if (range->start == start && range->end == end) {
            uint32_t gone = *place;
            *place = range->next;
            mm_pool_give(&mm.ranges, gone);
            unmap_device(task, start, end);
            return STATUS_SUCCESS;
        }
        place = &range->next;
    }
    return STATUS_INVALID_PARAMETER; /* never allowed */
}

void mm_device_task_gone(struct mm_task *task)
{
    while (task->devices != 0) {
        uint32_t gone = task->devices;
        task->devices = ((struct mm_range *)mm_pool_at(&mm.ranges, gone))->next;
        mm_pool_give(&mm.ranges, gone);
    }
}
