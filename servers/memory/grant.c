// SPDX-License-Identifier: MIT
/*
 * Grants: the right of a link's answerer to use a section, and their forwarding tree.
 *
 * A grant hangs from its section (made of it directly) or from its parent (forwarded), from its
 * link, and from its answerer. Closing takes it out of the first two. If the answerer has mapped
 * it or knows its DMA addresses the record lives on, closed ("stale"), in the answerer's list only,
 * and keeps the mapping and the section's pages until the answerer releases it or is destroyed:
 * nothing a requester does takes memory from under a request that the answerer works on. The
 * mapping of a stale grant also goes with its link, the DMA addresses do not.
 * Ids carry a number that is not used twice, so that a stale id never names another grant.
 */
#include "mm.h"

#define INDEX_BITS 20u
#define INDEX_MASK ((1u << INDEX_BITS) - 1)

struct mm_grant *mm_grant(uint32_t index)
{
    return mm_pool_at(&mm.grants, index);
}

static uint64_t id_of(uint32_t index)
{
    return (uint64_t)mm_grant(index)->generation << INDEX_BITS | index;
}

/* The live grant of that link and id; 0 if there is none. */
static uint32_t find(uint64_t link, uint64_t id)
{
    uint32_t index = (uint32_t)(id & INDEX_MASK);
    struct mm_grant *grant = mm_grant(index);
    if (grant == nullptr || !grant->live || grant->link != link || id_of(index) != id)
        return 0;
    return index;
}

static uint32_t *family_list(const struct mm_grant *grant)
{
    return grant->parent != 0 ? &mm_grant(grant->parent)->children
                              : &mm_section(grant->section)->grants;
}

static void link_lists(uint32_t index, struct mm_link *link, struct mm_task *answerer)
{
    struct mm_grant *grant = mm_grant(index);
    uint32_t *family = family_list(grant);
    grant->sibling_next = *family;
    if (*family != 0)
        mm_grant(*family)->sibling_previous = index;
    *family = index;
    grant->link_next = link->grants;
    if (link->grants != 0)
        mm_grant(link->grants)->link_previous = index;
    link->grants = index;
    grant->answer_next = answerer->answers;
    if (answerer->answers != 0)
        mm_grant(answerer->answers)->answer_previous = index;
    answerer->answers = index;
    answerer->grant_count++;
}

static void unlink_family_and_link(struct mm_grant *grant)
{
    if (grant->sibling_previous != 0)
        mm_grant(grant->sibling_previous)->sibling_next = grant->sibling_next;
    else
        *family_list(grant) = grant->sibling_next;
    if (grant->sibling_next != 0)
        mm_grant(grant->sibling_next)->sibling_previous = grant->sibling_previous;
    if (grant->link_previous != 0)
        mm_grant(grant->link_previous)->link_next = grant->link_next;
    else
        mm_link(grant->link_index)->grants = grant->link_next;
    if (grant->link_next != 0)
        mm_grant(grant->link_next)->link_previous = grant->link_previous;
}

static void forget(uint32_t index)
{
    struct mm_grant *grant = mm_grant(index);
    struct mm_task *answerer = mm_task_find(grant->answerer);
    if (grant->answer_previous != 0)
        mm_grant(grant->answer_previous)->answer_next = grant->answer_next;
    else
        answerer->answers = grant->answer_next;
    if (grant->answer_next != 0)
        mm_grant(grant->answer_next)->answer_previous = grant->answer_previous;
    answerer->grant_count--;
    mm_pool_give(&mm.grants, index);
}

static ash_status create(struct mm_link *link, uint32_t link_index, uint32_t section,
                         uint32_t parent, unsigned prot, struct ash_mem_grant_reply *reply)
{
    static uint32_t generation;
    struct mm_task *answerer = mm_task_find(link->answerer);
    struct mm_task *requester = mm_task_find(link->requester);
    if (answerer == nullptr || requester == nullptr)
        return STATUS_INVALID_HANDLE;
    if (requester->given >= MM_GRANTS_GIVEN)
        return STATUS_QUOTA_EXCEEDED;
    uint32_t index =
        mm.grants.top > INDEX_MASK && mm.grants.free == 0 ? 0 : mm_pool_take(&mm.grants);
    if (index == 0)
        return STATUS_NO_MEMORY;
    *mm_grant(index) = (struct mm_grant){.section = section,
                                         .prot = prot,
                                         .requester = link->requester,
                                         .answerer = link->answerer,
                                         .link = link->id,
                                         .link_index = link_index,
                                         .parent = parent,
                                         .generation = ++generation,
                                         .live = true};
    link_lists(index, link, answerer);
    requester->given++;
    reply->grant = id_of(index);
    reply->bytes = mm_section(section)->pages.count * ASH_PAGE_SIZE;
    return STATUS_SUCCESS;
}

/* The open link whose requester the caller is. */
static ash_status requester_link(const struct mm_task *caller, uint64_t id, uint32_t *index)
{
    struct mm_link *link = mm_link_find(id, index);
    if (link == nullptr || link->closed)
        return STATUS_INVALID_HANDLE;
    return link->requester == caller->id ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

ash_status mm_grant_create(struct mm_task *caller, uint64_t link, uint64_t address, uint64_t prot,
                           struct ash_mem_grant_reply *reply)
{
    uint32_t link_index;
    ash_status status = requester_link(caller, link, &link_index);
    if (!ash_success(status))
        return status;
    struct mm_view *view = mm_view_at(caller, address, nullptr);
    if (view == nullptr || prot == 0 || !mm_prot_valid(prot))
        return STATUS_INVALID_PARAMETER;
    if (view->kind != MM_VIEW_OWN || mm_section(view->section)->owner != caller->id)
        return STATUS_ACCESS_DENIED;
    return create(mm_link(link_index), link_index, view->section, 0, (unsigned)prot, reply);
}

ash_status mm_grant_forward(struct mm_task *caller, const struct ash_mem_forward_request *request,
                            struct ash_mem_grant_reply *reply)
{
    uint32_t link_index, parent = find(request->link, request->grant);
    if (parent == 0 || mm_grant(parent)->closed)
        return STATUS_INVALID_HANDLE;
    if (mm_grant(parent)->answerer != caller->id)
        return STATUS_ACCESS_DENIED;
    ash_status status = requester_link(caller, request->to_link, &link_index);
    if (!ash_success(status))
        return status;
    const struct mm_grant *grant = mm_grant(parent);
    return create(mm_link(link_index), link_index, grant->section, parent, grant->prot, reply);
}

/* A stale grant that holds nothing any more is forgotten; any other is left alone. */
static void settle(uint32_t index)
{
    struct mm_grant *grant = mm_grant(index);
    if (!grant->closed || grant->dma || grant->view != 0)
        return;
    mm_task_find(grant->answerer)->stale--;
    forget(index);
}

void mm_grant_view_gone(uint32_t index)
{
    mm_grant(index)->view = 0;
    settle(index);
}

static void close_leaf(uint32_t index)
{
    struct mm_grant *grant = mm_grant(index);
    unlink_family_and_link(grant);
    struct mm_task *requester = mm_task_find(grant->requester);
    if (requester != nullptr)
        requester->given--;
    grant->closed = true;
    grant->parent = grant->sibling_next = grant->sibling_previous = 0;
    mm_task_find(grant->answerer)->stale++;
    settle(index);
}

void mm_grant_close_tree(uint32_t root)
{
    for (;;) {
        uint32_t leaf = root;
        while (mm_grant(leaf)->children != 0)
            leaf = mm_grant(leaf)->children;
        close_leaf(leaf);
        if (leaf == root)
            return;
    }
}

ash_status mm_grant_close(struct mm_task *caller, uint64_t link, uint64_t id)
{
    uint32_t index = find(link, id);
    if (index == 0 || mm_grant(index)->closed)
        return STATUS_INVALID_HANDLE;
    if (mm_grant(index)->requester != caller->id)
        return STATUS_ACCESS_DENIED;
    mm_grant_close_tree(index);
    return STATUS_SUCCESS;
}

static ash_status answerer_grant(const struct mm_task *caller, uint64_t link, uint64_t id,
                                 uint32_t *index)
{
    *index = find(link, id);
    if (*index == 0)
        return STATUS_INVALID_HANDLE;
    return mm_grant(*index)->answerer == caller->id ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

ash_status mm_grant_map(struct mm_task *caller, uint64_t link, uint64_t id,
                        struct ash_mem_map_reply *reply)
{
    uint32_t index;
    ash_status status = answerer_grant(caller, link, id, &index);
    if (!ash_success(status))
        return status;
    struct mm_grant *grant = mm_grant(index);
    if (grant->closed)
        return STATUS_INVALID_HANDLE;
    if (grant->view == 0) {
        if (caller->stale >= MM_GRANTS_STALE)
            return STATUS_QUOTA_EXCEEDED;
        struct mm_view_request request = {
            .task = caller, .prot = grant->prot, .most = grant->prot, .kind = MM_VIEW_GRANT};
        status = mm_view_create(&request, grant->section, &grant->view);
        if (!ash_success(status))
            return status;
        mm_view(grant->view)->grant = index;
    }
    reply->address = mm_view(grant->view)->address;
    reply->bytes = mm_section(grant->section)->pages.count * ASH_PAGE_SIZE;
    return STATUS_SUCCESS;
}

/* The device may reach what the grant lets its driver reach, from now until the grant is released.
 */
static ash_status begin_dma(const struct mm_task *caller, struct mm_grant *grant)
{
    if (grant->dma)
        return STATUS_SUCCESS;
    if (caller->stale >= MM_GRANTS_STALE)
        return STATUS_QUOTA_EXCEEDED;
    ash_status status = STATUS_SUCCESS;
    if (caller->io != 0)
        status = mm_io_view(caller, grant->section, grant->prot, &grant->io_view);
    if (!ash_success(status))
        return status;
    mm_section(grant->section)->holders++;
    grant->dma = true;
    return STATUS_SUCCESS;
}

ash_status mm_grant_dma(struct mm_task *caller, const struct ash_mem_dma_request *request,
                        struct ash_mem_dma_reply *reply)
{
    uint32_t index;
    ash_status status = answerer_grant(caller, request->link, request->grant, &index);
    if (!ash_success(status))
        return status;
    struct mm_grant *grant = mm_grant(index);
    const struct mm_section *section = mm_section(grant->section);
    if (grant->closed)
        return STATUS_INVALID_HANDLE;
    if (!caller->dma_allowed)
        return STATUS_ACCESS_DENIED;
    if (request->pages == 0 || request->pages > ASH_MEM_DMA_PAGES ||
        request->first_page >= section->pages.count ||
        request->pages > section->pages.count - request->first_page)
        return STATUS_INVALID_PARAMETER;
    status = begin_dma(caller, grant);
    if (!ash_success(status))
        return status;
    reply->pages = request->pages;
    reply->stale = caller->stale;
    for (uint32_t i = 0; i < request->pages; i++)
        reply->address[i] = mm_io_logical(grant->io_view, grant->section, request->first_page + i);
    return STATUS_SUCCESS;
}

static void end_dma(struct mm_grant *grant)
{
    if (grant->io_view != 0)
        mm_view_destroy(grant->io_view);
    if (grant->dma)
        mm_section(grant->section)->holders--;
    grant->io_view = 0;
    grant->dma = false;
}

void mm_grant_dma_end(struct mm_task *task)
{
    uint32_t next;
    for (uint32_t at = task->answers; at != 0; at = next) {
        struct mm_grant *grant = mm_grant(at);
        uint32_t section = grant->section;
        next = grant->answer_next;
        if (!grant->dma)
            continue;
        end_dma(grant);
        settle(at);
        mm_section_settle(section);
    }
}

static void release(uint32_t index)
{
    struct mm_grant *grant = mm_grant(index);
    uint32_t section = grant->section;
    end_dma(grant);
    if (grant->view != 0)
        mm_view_destroy(grant->view); /* settles the grant through mm_grant_view_gone */
    else
        settle(index);
    mm_section_settle(section);
}

void mm_grant_link_gone(const struct mm_link *link)
{
    const struct mm_task *answerer = mm_task_find(link->answerer);
    uint32_t next;
    for (uint32_t at = answerer != nullptr ? answerer->answers : 0; at != 0; at = next) {
        const struct mm_grant *grant = mm_grant(at);
        uint32_t section = grant->section;
        next = grant->answer_next;
        if (grant->link != link->id || grant->view == 0)
            continue;
        mm_view_destroy(grant->view);
        mm_section_settle(section);
    }
}

void mm_grant_stale(const struct mm_task *caller, struct ash_mem_stale_reply *reply)
{
    reply->count = 0;
    for (uint32_t at = caller->answers; at != 0; at = mm_grant(at)->answer_next) {
        const struct mm_grant *grant = mm_grant(at);
        if (!grant->closed)
            continue;
        reply->grant[reply->count++] = (struct ash_mem_grant_id){grant->link, id_of(at)};
        if (reply->count == ASH_MEM_STALE_GRANTS || reply->count == caller->stale)
            return;
    }
}

ash_status mm_grant_release(struct mm_task *caller, uint64_t link, uint64_t id)
{
    uint32_t index;
    ash_status status = answerer_grant(caller, link, id, &index);
    if (ash_success(status))
        release(index);
    return status;
}

/* The task does not run and its device is quiesced: what it could reach no longer matters. */
void mm_grant_task_gone(struct mm_task *task)
{
    while (task->answers != 0) {
        uint32_t index = task->answers;
        if (!mm_grant(index)->closed)
            mm_grant_close_tree(index); /* leaves the record if it is mapped or used for DMA */
        if (task->answers == index)
            release(index);
    }
}
