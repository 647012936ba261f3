// SPDX-License-Identifier: MIT
//
// What this task knows of the grants that came in: mapping, forwarded grants (dma.c: addresses).
// Ids are never used again by the memory manager, so a record can be kept between requests and is
// found again by (link, id). Records without users beyond GRANTS_KEPT are given back, least used
// first. A mapping stays valid while its record has users, even if the requester closes the grant
// or dies.

#include "rt.h"

#define GRANTS_KEPT 32u
#define TAG         'narG'

static volatile bool holding; // this task has mapped a grant or learned lasting DMA addresses
static struct ki_lock lock;   // of all lists and records' contents but users and addresses

// The requester chose offset and length: nothing outside of the granted section is touched.
static PVOID map_backing(struct mm_backing *backing, ULONG64 offset, ULONG length)
{
    struct rt_grant *grant = CONTAINING_RECORD(backing, struct rt_grant, backing);
    PCHAR base = rt_grant_address(grant);
    if (base == NULL || offset > grant->bytes || length > grant->bytes - offset)
        return NULL;
    return base + offset;
}

static struct rt_grant *find(struct rt_in *in, uint64_t id)
{
    for (PLIST_ENTRY at = in->grants.Flink; at != &in->grants; at = at->Flink) {
        struct rt_grant *grant = CONTAINING_RECORD(at, struct rt_grant, entry);
        if (grant->grant != id)
            continue;
        if (at != in->grants.Flink) {
            RemoveEntryList(at);
            InsertHeadList(&in->grants, at);
        }
        return grant;
    }
    return NULL;
}

// Tells the memory manager that this task is done with it.
static void give_back(struct rt_grant *grant)
{
    for (unsigned i = 0; i < RT_FORWARDS; i++) {
        const struct ash_mem_grant_id forwarded = {grant->forward[i].out_link,
                                                   grant->forward[i].grant};
        if (grant->forward[i].out == NULL)
            continue;
        (void)ash_request(ASH_SLOT_MEMORY, ASH_MEM_GRANT_CLOSE, &forwarded, sizeof(forwarded), NULL,
                          0);
        rt_out_closed(grant->forward[i].out);
    }
    const struct ash_mem_grant_id id = {grant->link, grant->grant};
    if (grant->address != 0 || grant->opened)
        (void)ash_request(ASH_SLOT_MEMORY, ASH_MEM_GRANT_RELEASE, &id, sizeof(id), NULL, 0);
    rt_dma_forget(grant);
    ExFreePoolWithTag(grant, TAG);
}

// The least recently used record without users, taken out of the list; NULL if there is none.
static struct rt_grant *take_unused(struct rt_in *in)
{
    for (PLIST_ENTRY at = in->grants.Blink; at != &in->grants; at = at->Blink) {
        struct rt_grant *grant = CONTAINING_RECORD(at, struct rt_grant, entry);
        if (grant->users != 0)
            continue;
        RemoveEntryList(at);
        in->grant_count--;
        return grant;
    }
    return NULL;
}

// The record of that grant, taken out of the list, if nobody uses it; else NULL.
static struct rt_grant *take_idle(struct rt_in *in, uint64_t id)
{
    ki_acquire(&lock);
    struct rt_grant *grant = find(in, id);
    bool idle = grant != NULL && grant->users == 0;
    if (idle) {
        RemoveEntryList(&grant->entry);
        in->grant_count--;
    }
    ki_release(&lock);
    return idle ? grant : NULL;
}

// Closed grants that this task has mapped or knows lasting DMA addresses of keep their pages from
// being used again, and stay within reach of its device: when a requester says that it has closed
// some, and whenever a new grant comes, on any link, those without users are given back. In the
// server only, so that no link goes and no record gets a user meanwhile. How many were.
static unsigned give_back_stale(void)
{
    struct ash_mem_stale_reply reply;
    unsigned given = 0;
    if (!holding ||
        !ash_success(ash_request(ASH_SLOT_MEMORY, ASH_MEM_STALE, NULL, 0, &reply, sizeof(reply))))
        return 0;
    for (unsigned i = 0; i < reply.count && i < ASH_MEM_STALE_GRANTS; i++) {
        struct rt_in *in = rt_in_find(reply.grant[i].link);
        struct rt_grant *grant = in != NULL ? take_idle(in, reply.grant[i].grant) : NULL;
        if (grant == NULL)
            continue;
        give_back(grant);
        given++;
    }
    return given;
}

KI_COLD void rt_grants_closed(void)
{
    while (give_back_stale() == ASH_MEM_STALE_GRANTS)
        ;
}

void rt_grants_are_held(void)
{
    holding = true;
}

static struct rt_grant *new_grant(struct rt_in *in, uint64_t id)
{
    struct rt_grant *grant = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*grant), TAG);
    if (grant == NULL)
        return NULL;
    grant->backing.Map = map_backing;
    grant->in = in;
    grant->link = in->info.link;
    grant->grant = id;
    return grant;
}

struct rt_grant *rt_grant_find(struct rt_in *in, uint64_t id)
{
    struct rt_grant *unused = NULL;
    ki_acquire(&lock);
    struct rt_grant *grant = find(in, id);
    if (grant != NULL)
        InterlockedIncrement(&grant->users);
    else if (in->grant_count >= GRANTS_KEPT)
        unused = take_unused(in);
    ki_release(&lock);
    if (unused != NULL)
        give_back(unused);
    if (grant != NULL)
        return grant;
    (void)give_back_stale();
    if ((grant = new_grant(in, id)) == NULL)
        return NULL;
    grant->users = 1; // only the server makes records, so nobody made the same one meanwhile
    ki_acquire(&lock);
    InsertHeadList(&in->grants, &grant->entry);
    in->grant_count++;
    ki_release(&lock);
    return grant;
}

void rt_grant_put(struct rt_grant *grant)
{
    InterlockedDecrement(&grant->users);
}

void rt_grants_drop(struct rt_in *in)
{
    for (;;) {
        ki_acquire(&lock);
        struct rt_grant *grant = take_unused(in);
        ki_release(&lock);
        if (grant == NULL)
            return;
        give_back(grant);
    }
}

PVOID rt_grant_address(struct rt_grant *grant)
{
    struct ash_mem_map_reply reply;
    uint64_t address = __atomic_load_n(&grant->address, __ATOMIC_ACQUIRE);
    if (address != 0)
        return (PVOID)address;
    const struct ash_mem_grant_id id = {grant->link, grant->grant};
    if (!ash_success(ash_request(ASH_SLOT_MEMORY, ASH_MEM_GRANT_MAP, &id, sizeof(id), &reply,
                                 sizeof(reply))))
        return NULL;
    holding = true;
    grant->bytes = reply.bytes; // mapping twice gives the same answer
    __atomic_store_n(&grant->address, reply.address, __ATOMIC_RELEASE);
    return (PVOID)reply.address;
}

static struct rt_forward *find_forward(struct rt_grant *grant, const struct rt_out *out)
{
    for (unsigned i = 0; i < RT_FORWARDS; i++)
        if (grant->forward[i].out == out)
            return &grant->forward[i];
    return NULL;
}

NTSTATUS rt_grant_forward(struct rt_grant *grant, struct rt_out *out, uint64_t *id)
{
    struct ash_mem_grant_reply reply;
    ki_acquire(&lock);
    const struct rt_forward *known = find_forward(grant, out);
    if (known != NULL)
        *id = known->grant;
    ki_release(&lock);
    if (known != NULL)
        return STATUS_SUCCESS;
    const struct ash_mem_forward_request request = {grant->link, grant->grant, out->info.link};
    ash_status status = ash_request(ASH_SLOT_MEMORY, ASH_MEM_GRANT_FORWARD, &request,
                                    sizeof(request), &reply, sizeof(reply));
    if (!ash_success(status))
        return status;
    *id = reply.grant;
    ki_acquire(&lock);
    struct rt_forward *place = find_forward(grant, NULL);
    if (place != NULL)
        *place = (struct rt_forward){out, out->info.link, reply.grant};
    ki_release(&lock);
    return STATUS_SUCCESS; // without a place it is closed with the grant it came from
}
