// SPDX-License-Identifier: MIT
/*
 * Links: two sections that belong to the I/O manager, one written by the requester, one by the
 * answerer; and, if the requester asks for it, a page that this manager alone writes. Either side's
 * mappings go when it is destroyed or when the link is closed; the I/O manager's stay until it
 * frees the link. An id carries a number that is not used twice.
 * A kept link outlives its answerer: until another task resumes it, it has grants and no answerer.
 */
#include "link.h"
#include "mm.h"

#define INDEX_BITS 16u
#define INDEX_MASK ((1u << INDEX_BITS) - 1)

struct mm_link *mm_link(uint32_t index)
{
    return mm_pool_at(&mm.links, index);
}

struct mm_link *mm_link_find(uint64_t id, uint32_t *index)
{
    *index = (uint32_t)(id & INDEX_MASK);
    struct mm_link *link = mm_link(*index);
    return link != nullptr && link->live && link->id == id ? link : nullptr;
}

static ash_status map_area(struct mm_task *task, uint32_t link, uint32_t section, unsigned prot,
                           uint32_t *view)
{
    struct mm_view_request request = {
        .task = task, .prot = prot, .most = prot, .kind = MM_VIEW_LINK};
    ash_status status = mm_view_create(&request, section, view);
    if (ash_success(status))
        mm_view(*view)->grant = link;
    return status;
}

static void drop(uint32_t *view)
{
    if (*view != 0)
        mm_view_destroy(*view); /* clears *view through mm_link_view_gone */
}

static void free_link(uint32_t index)
{
    struct mm_link *link = mm_link(index);
    mm_open_link_gone(link);
    mm_grant_link_gone(link);
    link->uses = nullptr;
    for (unsigned area = 0; area < MM_LINK_AREAS; area++) {
        drop(&link->answerer_view[area]);
        drop(&link->requester_view[area]);
        drop(&link->io_view[area]);
        if (link->section[area] != 0) {
            mm_section_close(link->section[area]);
            mm_section_settle(link->section[area]);
        }
    }
    mm_pool_give(&mm.links, index);
}

static ash_status build(uint32_t index, struct mm_task *io, struct mm_task *requester,
                        struct mm_task *answerer, const uint64_t bytes[2])
{
    const unsigned both = ASH_MEM_READ | ASH_MEM_WRITE;
    ash_status status = STATUS_SUCCESS;
    for (unsigned area = 0; area < 2 && ash_success(status); area++) {
        struct mm_link *link = mm_link(index);
        unsigned requester_prot = area == 0 ? both : ASH_MEM_READ;
        unsigned answerer_prot = area == 0 ? ASH_MEM_READ : both;
        status =
            mm_section_create(io, (uint32_t)(bytes[area] / ASH_PAGE_SIZE), &link->section[area]);
        if (!ash_success(status))
            break;
        mm_section(link->section[area])->link = true;
        status = map_area(io, index, link->section[area], both, &link->io_view[area]);
        if (ash_success(status) && requester != io)
            status = map_area(requester, index, link->section[area], requester_prot,
                              &link->requester_view[area]);
        if (ash_success(status) && answerer != io)
            status = map_area(answerer, index, link->section[area], answerer_prot,
                              &link->answerer_view[area]);
    }
    return status;
}

static ash_word address_of(uint32_t view, uint32_t otherwise)
{
    return mm_view(view != 0 ? view : otherwise)->address;
}

static void tell(const struct mm_link *link, struct ash_mem_link_create_reply *reply)
{
    *reply = (struct ash_mem_link_create_reply){
        .link = link->id,
        .io_request = address_of(link->io_view[0], 0),
        .io_answer = address_of(link->io_view[1], 0),
        .requester_request = address_of(link->requester_view[0], link->io_view[0]),
        .requester_answer = address_of(link->requester_view[1], link->io_view[1]),
        .answerer_request = address_of(link->answerer_view[0], link->io_view[0]),
        .answerer_answer = address_of(link->answerer_view[1], link->io_view[1]),
    };
}

/* Whole pages, with room for the slots behind the first. */
static bool bytes_valid(uint64_t bytes, uint64_t slots, size_t each)
{
    return bytes != 0 && bytes % ASH_PAGE_SIZE == 0 && bytes < (uint64_t)1 << 30 &&
           slots <= ASH_LINK_SLOTS_MAX && (slots == 0 || 4096 + slots * each <= bytes);
}

ash_status mm_link_create(struct mm_task *io, const struct ash_mem_link_create_request *request,
                          struct ash_mem_link_create_reply *reply)
{
    static uint64_t generation;
    struct mm_task *requester = mm_task_find((uint32_t)request->requester);
    struct mm_task *answerer = mm_task_find((uint32_t)request->answerer);
    if (requester == nullptr || answerer == nullptr || requester == answerer ||
        !bytes_valid(request->request_bytes, request->slots, sizeof(struct ash_request)) ||
        !bytes_valid(request->answer_bytes, request->slots, sizeof(struct ash_answer)))
        return STATUS_INVALID_PARAMETER;
    uint32_t index = mm.links.top > INDEX_MASK && mm.links.free == 0 ? 0 : mm_pool_take(&mm.links);
    if (index == 0)
        return STATUS_NO_MEMORY;
    *mm_link(index) = (struct mm_link){.id = ++generation << INDEX_BITS | index,
                                       .requester = requester->id,
                                       .answerer = answerer->id,
                                       .slots = (uint32_t)request->slots,
                                       .live = true};
    const uint64_t bytes[2] = {request->request_bytes, request->answer_bytes};
    ash_status status = build(index, io, requester, answerer, bytes);
    if (ash_success(status))
        tell(mm_link(index), reply);
    else
        free_link(index);
    return status;
}

static void close_grants(const struct mm_link *link)
{
    while (link->grants != 0)
        mm_grant_close_tree(link->grants);
}

static void close_link(struct mm_link *link)
{
    link->closed = true;
    close_grants(link);
    for (unsigned area = 0; area < MM_LINK_AREAS; area++) {
        drop(&link->requester_view[area]);
        drop(&link->answerer_view[area]);
    }
}

/* A section like the others, of the same owner; the requester sees it, the manager writes it. */
ash_status mm_link_uses(uint32_t index)
{
    struct mm_link *link = mm_link(index);
    uint32_t section, owner = mm_section(link->section[MM_LINK_REQUESTS])->owner;
    struct mm_task *io = mm_task_find(owner), *requester = mm_task_find(link->requester);
    if (io == nullptr || requester == nullptr)
        return STATUS_INVALID_HANDLE;
    ash_status status = mm_section_create(io, 1, &section);
    if (!ash_success(status))
        return status;
    mm_section(section)->link = true;
    void *page = mm_frame_window(mm_vector_get(&mm_section(section)->pages, 0));
    status = page == nullptr ? STATUS_NO_MEMORY
                             : map_area(requester, index, section, ASH_MEM_READ,
                                        &link->requester_view[MM_LINK_USES]);
    if (!ash_success(status)) {
        mm_section_close(section);
        mm_section_settle(section);
        return status;
    }
    link->section[MM_LINK_USES] = section;
    link->uses = page;
    return status;
}

ash_status mm_link_close(uint64_t id)
{
    uint32_t index;
    struct mm_link *link = mm_link_find(id, &index);
    if (link == nullptr)
        return STATUS_INVALID_HANDLE;
    close_link(link);
    return STATUS_SUCCESS;
}

ash_status mm_link_free(uint64_t id)
{
    uint32_t index;
    struct mm_link *link = mm_link_find(id, &index);
    if (link == nullptr)
        return STATUS_INVALID_HANDLE;
    close_link(link);
    free_link(index);
    return STATUS_SUCCESS;
}

ash_status mm_link_keep(uint64_t id)
{
    uint32_t index;
    struct mm_link *link = mm_link_find(id, &index);
    if (link == nullptr || link->closed || mm_task_find(link->answerer) == nullptr)
        return STATUS_INVALID_HANDLE;
    link->kept = true;
    return STATUS_SUCCESS;
}

ash_status mm_link_resume(uint64_t id, uint64_t answerer, struct ash_mem_link_create_reply *reply)
{
    uint32_t index;
    struct mm_link *link = mm_link_find(id, &index);
    struct mm_task *task = mm_task_find((uint32_t)answerer);
    if (link == nullptr || link->closed || link->answerer != 0)
        return STATUS_INVALID_HANDLE;
    if (task == nullptr || link->requester == task->id)
        return STATUS_INVALID_PARAMETER;
    const unsigned prot[2] = {ASH_MEM_READ, ASH_MEM_READ | ASH_MEM_WRITE};
    for (unsigned area = 0; area < 2; area++) {
        ash_status status =
            map_area(task, index, link->section[area], prot[area], &link->answerer_view[area]);
        if (ash_success(status))
            continue;
        drop(&link->answerer_view[MM_LINK_REQUESTS]);
        return status;
    }
    link->answerer = task->id;
    link->kept = false;
    mm_grant_adopt(link, task);
    tell(link, reply);
    return STATUS_SUCCESS;
}

void mm_link_task_gone(struct mm_task *task)
{
    for (uint32_t i = 1; i < mm.links.top; i++) {
        struct mm_link *link = mm_link(i);
        if (!link->live || (link->requester != task->id && link->answerer != task->id))
            continue;
        if (link->kept && link->answerer == task->id) {
            mm_grant_vacate(link);
            link->answerer = 0;
        } else {
            close_grants(link);
        }
    }
}

void mm_link_view_gone(uint32_t view)
{
    struct mm_link *link = mm_link(mm_view(view)->grant);
    for (unsigned area = 0; area < MM_LINK_AREAS; area++) {
        if (link->io_view[area] == view)
            link->io_view[area] = 0;
        if (link->requester_view[area] == view)
            link->requester_view[area] = 0;
        if (link->answerer_view[area] == view)
            link->answerer_view[area] = 0;
    }
}
