// SPDX-License-Identifier: MIT
/*
 * Opens: pages of a strict reach (reach.c) that a device may use now. An open of granted memory is
 * bound to the request by which the driver got it: a slot of the grant's link and the sequence
 * number that it had. It ends when the driver closes it; when the requester finds it open after the
 * answer (mm_open_end); or with its reach or its link.
 *
 * What the rings say is read here and nowhere else in the manager. Of a request that a slot holds
 * the requester can change everything at any time, of an answer the answerer: so nothing but the
 * refusal of an open, or the end of one, ever follows from it.
 *
 *   refused  unless the slot's request is owed (its sequence number is not the answer's), names the
 *            grant, covers the pages and moves data in that direction: the requester's word, which
 *            protects the requester alone
 *   ended    if the answer has the open's sequence number: the answerer's word
 *
 * An open is counted for the requester to see (uses) before the ring is looked at. So if a driver
 * answers at the same time, either the answer is seen here, and the open refused, or the count is
 * seen by whoever takes the answer.
 */
#include "link.h"
#include "mm.h"

#define INDEX_BITS 20u
#define INDEX_MASK ((1u << INDEX_BITS) - 1)

enum { MAJOR_READ = 3, MAJOR_WRITE = 4, CONTROL_INPUT_LENGTH = 1 };

struct mm_open *mm_open(uint32_t index)
{
    return mm_pool_at(&mm.opens, index);
}

/* --- The ring --------------------------------------------------------------------------------- */

static const void *ring_at(const struct mm_link *link, unsigned area, size_t offset)
{
    const struct mm_section *section = mm_section(link->section[area]);
    const char *page =
        mm_frame_window(mm_vector_get(&section->pages, (uint32_t)(offset / ASH_PAGE_SIZE)));
    return page != nullptr ? page + offset % ASH_PAGE_SIZE : nullptr;
}

static const struct ash_request *request_at(const struct mm_link *link, unsigned slot)
{
    static_assert(ASH_PAGE_SIZE % sizeof(struct ash_request) == 0);
    return ring_at(link, MM_LINK_REQUESTS, 4096 + slot * sizeof(struct ash_request));
}

static const struct ash_answer *answer_at(const struct mm_link *link, unsigned slot)
{
    static_assert(ASH_PAGE_SIZE % sizeof(struct ash_answer) == 0);
    return ring_at(link, MM_LINK_ANSWERS, 4096 + slot * sizeof(struct ash_answer));
}

/* [first, end) pages lie in those that `length` bytes from `offset` on touch. */
static bool covers(uint64_t offset, uint64_t length, uint64_t first, uint64_t end)
{
    if (length == 0 || offset > INT64_MAX || length > INT64_MAX)
        return false;
    return offset / ASH_PAGE_SIZE <= first && end <= (offset + length - 1) / ASH_PAGE_SIZE + 1;
}

static bool names(const struct ash_request *request, const struct mm_open_request *wanted)
{
    uint64_t first = wanted->first, end = first + wanted->pages;
    const volatile struct ash_request *r = request;
    if (r->grant == wanted->grant_id && covers(r->grant_offset, r->grant_length, first, end))
        return true;
    return r->input_grant == wanted->grant_id && !wanted->writes &&
           covers(r->input_offset, r->parameter[CONTROL_INPUT_LENGTH], first, end);
}

/* Data goes to memory in a read and comes from there in a write; what other requests do the grant
 * alone says. */
static bool right_way(const struct ash_request *request, bool writes)
{
    uint8_t major = *(const volatile uint8_t *)&request->major;
    return major == MAJOR_READ ? writes : major != MAJOR_WRITE || !writes;
}

static ash_status check_ring(const struct mm_link *link, const struct mm_open_request *wanted,
                             uint64_t *sequence)
{
    const struct ash_request *request = request_at(link, wanted->slot);
    const struct ash_answer *answer = answer_at(link, wanted->slot);
    if (request == nullptr || answer == nullptr)
        return STATUS_NO_MEMORY;
    *sequence = atomic_load_explicit(&request->sequence, memory_order_acquire);
    if (*sequence == atomic_load_explicit(&answer->sequence, memory_order_acquire))
        return STATUS_INVALID_DEVICE_STATE;
    return names(request, wanted) && right_way(request, wanted->writes) ? STATUS_SUCCESS
                                                                        : STATUS_ACCESS_DENIED;
}

/* --- What the requester sees ------------------------------------------------------------------ */

static void count(const struct mm_link *link, unsigned slot, int change)
{
    if (link->uses == nullptr)
        return;
    /* Nobody else writes it. */
    int old = atomic_load_explicit(&link->uses[slot], memory_order_relaxed);
    atomic_store_explicit(&link->uses[slot], (uint16_t)(old + change), memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
}

/* Opens that there are already are counted as well. */
static void count_all(const struct mm_link *link)
{
    for (uint32_t at = link->opens; at != 0; at = mm_open(at)->link_next)
        count(link, mm_open(at)->slot, 1);
}

ash_status mm_open_uses(const struct mm_task *caller, uint64_t id, struct ash_mem_map_reply *reply)
{
    uint32_t index;
    struct mm_link *link = mm_link_find(id, &index);
    if (link == nullptr || link->closed)
        return STATUS_INVALID_HANDLE;
    if (link->requester != caller->id)
        return STATUS_ACCESS_DENIED;
    if (link->uses == nullptr) {
        ash_status status = mm_link_uses(index);
        if (!ash_success(status))
            return status;
        count_all(link);
    }
    reply->address = mm_view(link->requester_view[MM_LINK_USES])->address;
    reply->bytes = ASH_PAGE_SIZE;
    return STATUS_SUCCESS;
}

/* --- Lists ------------------------------------------------------------------------------------ */

static void link_open(uint32_t index)
{
    struct mm_open *open = mm_open(index);
    struct mm_reach *reach = mm_reach(open->reach);
    open->reach_next = reach->opens;
    if (reach->opens != 0)
        mm_open(reach->opens)->reach_previous = index;
    reach->opens = index;
    if (open->link == 0)
        return;
    struct mm_link *link = mm_link(open->link);
    open->link_next = link->opens;
    if (link->opens != 0)
        mm_open(link->opens)->link_previous = index;
    link->opens = index;
}

static void unlink_open(const struct mm_open *open)
{
    if (open->reach_previous != 0)
        mm_open(open->reach_previous)->reach_next = open->reach_next;
    else
        mm_reach(open->reach)->opens = open->reach_next;
    if (open->reach_next != 0)
        mm_open(open->reach_next)->reach_previous = open->reach_previous;
    if (open->link == 0)
        return;
    if (open->link_previous != 0)
        mm_open(open->link_previous)->link_next = open->link_next;
    else
        mm_link(open->link)->opens = open->link_next;
    if (open->link_next != 0)
        mm_open(open->link_next)->link_previous = open->link_previous;
}

/* --- Opening and closing ---------------------------------------------------------------------- */

static ash_status take(struct mm_task *caller, const struct mm_open_request *wanted,
                       uint64_t sequence, uint64_t *id)
{
    static uint64_t generation;
    if (caller->opens >= MM_OPENS)
        return STATUS_QUOTA_EXCEEDED;
    uint32_t index = mm.opens.top > INDEX_MASK && mm.opens.free == 0 ? 0 : mm_pool_take(&mm.opens);
    if (index == 0)
        return STATUS_NO_MEMORY;
    ash_status status = mm_reach_enter(mm_reach(wanted->reach), wanted->first, wanted->pages);
    if (!ash_success(status)) {
        mm_pool_give(&mm.opens, index);
        return status;
    }
    *mm_open(index) = (struct mm_open){.reach = wanted->reach,
                                       .first = wanted->first,
                                       .pages = wanted->pages,
                                       .task = caller->id,
                                       .link = wanted->link,
                                       .slot = wanted->slot,
                                       .sequence = sequence,
                                       .generation = ++generation};
    link_open(index);
    caller->opens++;
    *id = generation << INDEX_BITS | index;
    return STATUS_SUCCESS;
}

ash_status mm_open_make(struct mm_task *caller, const struct mm_open_request *wanted, uint64_t *id)
{
    uint64_t sequence = 0;
    if (wanted->link == 0)
        return take(caller, wanted, sequence, id);
    const struct mm_link *link = mm_link(wanted->link);
    if (link->closed || wanted->slot >= link->slots)
        return link->closed ? STATUS_INVALID_HANDLE : STATUS_INVALID_PARAMETER;
    count(link, wanted->slot, 1);
    ash_status status = check_ring(link, wanted, &sequence);
    if (ash_success(status))
        status = take(caller, wanted, sequence, id);
    if (!ash_success(status))
        count(link, wanted->slot, -1);
    return status;
}

/* The device does not reach the pages any more when the count says so. */
void mm_open_close(uint32_t index)
{
    struct mm_open open = *mm_open(index);
    mm_reach_leave(mm_reach(open.reach), open.first, open.pages);
    unlink_open(&open);
    if (open.link != 0)
        count(mm_link(open.link), open.slot, -1);
    mm_task_find(open.task)->opens--;
    mm_pool_give(&mm.opens, index);
}

/* The last open of a closed grant may have been what kept it. */
static void close_and_settle(uint32_t index)
{
    uint32_t reach = mm_open(index)->reach;
    uint32_t grant = mm_reach(reach)->grant, section = mm_reach(reach)->section;
    mm_open_close(index);
    if (grant != 0)
        mm_grant_settle(grant);
    mm_section_settle(section);
}

ash_status mm_open_close_id(const struct mm_task *caller, uint64_t id)
{
    uint32_t index = (uint32_t)(id & INDEX_MASK);
    const struct mm_open *open = mm_open(index);
    if (open == nullptr || open->task != caller->id || open->generation != id >> INDEX_BITS)
        return STATUS_INVALID_HANDLE;
    close_and_settle(index);
    return STATUS_SUCCESS;
}

void mm_open_link_gone(const struct mm_link *link)
{
    while (link->opens != 0)
        close_and_settle(link->opens);
}

static bool answered(const struct mm_link *link, const struct mm_open *open)
{
    const struct ash_answer *answer = answer_at(link, open->slot);
    return answer != nullptr &&
           atomic_load_explicit(&answer->sequence, memory_order_acquire) == open->sequence;
}

ash_status mm_open_end(const struct mm_task *caller, uint64_t id, uint64_t slot,
                       struct ash_mem_dma_end_reply *reply)
{
    uint32_t index, next;
    const struct mm_link *link = mm_link_find(id, &index);
    if (link == nullptr)
        return STATUS_INVALID_HANDLE;
    if (link->requester != caller->id)
        return STATUS_ACCESS_DENIED;
    for (uint32_t at = link->opens; at != 0; at = next) {
        const struct mm_open *open = mm_open(at);
        next = open->link_next;
        if (open->slot != slot)
            continue;
        if (answered(link, open))
            close_and_settle(at);
        else
            reply->left++;
    }
    return STATUS_SUCCESS;
}
