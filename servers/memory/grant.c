// SPDX-License-Identifier: MIT
/*
 * Grants: the right of a link's answerer to use a section, and their forwarding tree.
 *
 * A grant hangs from its section (made of it directly) or from its parent (forwarded), from its
 * link, and from its answerer. Closing takes it out of the first two. If the answerer has mapped
 * it or its device reaches pages by it the record lives on, closed ("stale"), in the answerer's
 * list only, and keeps the mapping and the section's pages until the answerer releases it or is
 * destroyed: nothing a requester does takes memory from under a request that the answerer works on.
 * What only opens keep (open.c) goes with the last of them. The mapping of a stale grant also goes
 * with its link, what the device reaches does not.
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

static void link_lists(uint32_t index, struct mm_link *link)
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
}

static void link_answerer(uint32_t index, struct mm_task *answerer)
{
    struct mm_grant *grant = mm_grant(index);
    grant->answerer = answerer->id;
    grant->answer_next = answerer->answers;
    grant->answer_previous = 0;
    if (answerer->answers != 0)
        mm_grant(answerer->answers)->answer_previous = index;
    answerer->answers = index;
    answerer->grant_count++;
}

static void unlink_answerer(struct mm_grant *grant)
{
    struct mm_task *answerer = mm_task_find(grant->answerer);
    if (answerer == nullptr)
        return;
    if (grant->answer_previous != 0)
        mm_grant(grant->answer_previous)->answer_next = grant->answer_next;
    else
        answerer->answers = grant->answer_next;
    if (grant->answer_next != 0)
        mm_grant(grant->answer_next)->answer_previous = grant->answer_previous;
    grant->answer_next = grant->answer_previous = 0;
    grant->answerer = 0;
    answerer->grant_count--;
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
    unlink_answerer(mm_grant(index));
    mm_pool_give(&mm.grants, index);
}

static ash_status create(struct mm_link *link, uint32_t link_index, const struct mm_grant *like,
                         struct ash_mem_grant_reply *reply)
{
    static uint32_t generation;
    struct mm_task *answerer = mm_task_find(link->answerer);
    struct mm_task *requester = mm_task_find(link->requester);
    if ((answerer == nullptr && !link->kept) || requester == nullptr)
        return STATUS_INVALID_HANDLE;
    if (requester->given >= MM_GRANTS_GIVEN)
        return STATUS_QUOTA_EXCEEDED;
    uint32_t index =
        mm.grants.top > INDEX_MASK && mm.grants.free == 0 ? 0 : mm_pool_take(&mm.grants);
    if (index == 0)
        return STATUS_NO_MEMORY;
    struct mm_grant *grant = mm_grant(index);
    *grant = *like;
    grant->requester = link->requester;
    grant->link = link->id;
    grant->link_index = link_index;
    grant->generation = ++generation;
    grant->live = true;
    link_lists(index, link);
    if (answerer != nullptr)
        link_answerer(index, answerer);
    requester->given++;
    reply->grant = id_of(index);
    reply->bytes = mm_section(like->section)->pages.count * ASH_PAGE_SIZE;
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
    bool registered = (prot & ASH_MEM_REGISTERED) != 0;
    prot &= ~(uint64_t)ASH_MEM_REGISTERED;
    if (view == nullptr || prot == 0 || !mm_prot_valid(prot))
        return STATUS_INVALID_PARAMETER;
    if (view->kind != MM_VIEW_OWN || mm_section(view->section)->owner != caller->id)
        return STATUS_ACCESS_DENIED;
    const struct mm_grant like = {
        .section = view->section, .prot = (unsigned)prot, .registered = registered};
    return create(mm_link(link_index), link_index, &like, reply);
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
    const struct mm_grant like = {.section = grant->section,
                                  .prot = grant->prot,
                                  .registered = grant->registered,
                                  .parent = parent};
    return create(mm_link(link_index), link_index, &like, reply);
}

/* What only opens keep goes with the last of them. */
static void drop_idle_reaches(uint32_t index)
{
    uint32_t next;
    for (uint32_t at = mm_grant(index)->reaches; at != 0; at = next) {
        next = mm_reach(at)->next;
        if (!mm_reach(at)->lasting && mm_reach(at)->opens == 0)
            mm_reach_destroy(at);
    }
}

/* A stale grant that holds nothing any more is forgotten; any other is left alone. */
void mm_grant_settle(uint32_t index)
{
    struct mm_grant *grant = mm_grant(index);
    if (!grant->closed)
        return;
    drop_idle_reaches(index);
    if (grant->reaches != 0 || grant->view != 0)
        return;
    struct mm_task *answerer = mm_task_find(grant->answerer);
    if (answerer != nullptr)
        answerer->stale--;
    forget(index);
}

void mm_grant_view_gone(uint32_t index)
{
    mm_grant(index)->view = 0;
    mm_grant_settle(index);
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
    struct mm_task *answerer = mm_task_find(grant->answerer);
    if (answerer != nullptr)
        answerer->stale++;
    mm_grant_settle(index);
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

/* May the answerer's device have these pages? */
static ash_status check_open(const struct mm_task *caller, const struct mm_grant *grant,
                             const struct ash_mem_dma_open_request *request)
{
    uint32_t count = mm_section(grant->section)->pages.count;
    if (grant->closed)
        return STATUS_INVALID_HANDLE;
    if (request->first_page >= count || request->pages > count - request->first_page)
        return STATUS_INVALID_PARAMETER;
    if (request->writes != 0 && (grant->prot & ASH_MEM_WRITE) == 0)
        return STATUS_ACCESS_DENIED;
    return caller->stale >= MM_GRANTS_STALE ? STATUS_QUOTA_EXCEEDED : STATUS_SUCCESS;
}

ash_status mm_grant_open(struct mm_task *caller, struct mm_task *device,
                         const struct ash_mem_dma_open_request *request,
                         struct ash_mem_dma_open_reply *reply)
{
    uint32_t index, at;
    ash_status status = answerer_grant(caller, request->link, request->grant, &index);
    if (ash_success(status))
        status = check_open(caller, mm_grant(index), request);
    if (ash_success(status))
        status = mm_reach_of_grant(device, index, request->writes != 0, &at);
    if (!ash_success(status))
        return status;
    const struct mm_reach *reach = mm_reach(at);
    const struct mm_open_request wanted = {.reach = at,
                                           .first = request->first_page,
                                           .pages = request->pages,
                                           .link = mm_grant(index)->link_index,
                                           .slot = request->slot,
                                           .grant_id = request->grant,
                                           .writes = request->writes != 0};
    if (!reach->lasting)
        status = mm_open_make(caller, &wanted, &reply->id);
    for (uint32_t i = 0; i < request->pages && ash_success(status); i++)
        reply->address[i] = mm_reach_logical(reach, request->first_page + i);
    return status;
}

static void release(uint32_t index)
{
    struct mm_grant *grant = mm_grant(index);
    uint32_t section = grant->section;
    while (grant->reaches != 0)
        mm_reach_destroy(grant->reaches);
    if (grant->view != 0)
        mm_view_destroy(grant->view); /* settles the grant through mm_grant_view_gone */
    else
        mm_grant_settle(index);
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

/* What the answerer and its devices have of them goes; what the requester gave stays given. */
void mm_grant_vacate(struct mm_link *link)
{
    for (uint32_t at = link->grants; at != 0; at = mm_grant(at)->link_next) {
        struct mm_grant *grant = mm_grant(at);
        while (grant->reaches != 0)
            mm_reach_destroy(grant->reaches);
        if (grant->view != 0)
            mm_view_destroy(grant->view);
        unlink_answerer(grant);
    }
}

void mm_grant_adopt(struct mm_link *link, struct mm_task *answerer)
{
    for (uint32_t at = link->grants; at != 0; at = mm_grant(at)->link_next)
        link_answerer(at, answerer);
}
