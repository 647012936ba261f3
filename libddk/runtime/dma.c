// SPDX-License-Identifier: MIT
//
// What a device may reach: pages that a request, or this task itself, opened to it, and common
// buffers. Each open of the memory manager has a record: of granted memory in the list of the
// request by which this task got it, which closes what the driver has left open when it completes;
// of own memory in one list. Where the memory manager says that addresses last (registered buffers,
// devices that are not confined) nothing is opened, and they are kept with the grant.

#include "rt.h"

#define TAG   'AMDr'
#define CHUNK ASH_MEM_DMA_PAGES // neighbours of a page are likely to be wanted next
C_ASSERT((CHUNK & (CHUNK - 1)) == 0);

static struct ki_lock lock; // of all lists of opens and of what is known of grants
static struct rt_open *own_opens;

// Drivers may name any device of the stack; the memory manager knows the lowest, the PDO.
FORCEINLINE uint64_t device_name(PDEVICE_OBJECT device)
{
    while (device != NULL && io_device(device)->AttachedTo != NULL)
        device = io_device(device)->AttachedTo;
    return device != NULL ? io_device(device)->Id : 0;
}

static bool ask_device(PDEVICE_OBJECT pdo, uint64_t highest)
{
    const struct ash_mem_dma_info_request request = {device_name(pdo), highest};
    struct ash_mem_dma_info_reply reply = {0};
    return ash_success(ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_INFO, &request, sizeof(request),
                                   &reply, sizeof(reply))) &&
           reply.enforced != 0;
}

// --- Addresses that last ---------------------------------------------------------------------

static bool is_known(const struct rt_grant *grant, const struct ash_mem_dma_open_request *wanted,
                     ULONG64 *logical)
{
    const struct rt_addresses *known =
        __atomic_load_n(&grant->known[wanted->writes], __ATOMIC_ACQUIRE);
    uint64_t first = wanted->first_page;
    if (known == NULL || known->device != wanted->device || first + wanted->pages > known->pages)
        return false;
    for (unsigned i = 0; i < wanted->pages; i++)
        if ((logical[i] = __atomic_load_n(&known->logical[first + i], __ATOMIC_RELAXED)) == 0)
            return false;
    return true;
}

// Lock held. With room for `count` pages, or NULL.
static struct rt_addresses *larger(struct rt_addresses *old, uint64_t device, uint64_t count)
{
    if (old != NULL && count <= old->pages)
        return old;
    uint64_t pages = 2 * count;
    struct rt_addresses *made =
        ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*made) + pages * sizeof(made->logical[0]), TAG);
    if (made == NULL)
        return NULL;
    *made = (struct rt_addresses){.older = old, .device = device, .pages = pages};
    for (uint64_t i = 0; old != NULL && i < old->pages; i++)
        made->logical[i] = old->logical[i];
    return made;
}

// Of one device a direction: the first that asked. Without memory they are asked for again.
static void learn(struct rt_grant *grant, const struct ash_mem_dma_open_request *wanted,
                  const uint64_t *address)
{
    struct rt_addresses **place = &grant->known[wanted->writes];
    ki_acquire(&lock);
    struct rt_addresses *known = *place;
    if (known == NULL || known->device == wanted->device)
        known = larger(known, wanted->device, (uint64_t)wanted->first_page + wanted->pages);
    else
        known = NULL;
    for (unsigned i = 0; known != NULL && i < wanted->pages; i++)
        __atomic_store_n(&known->logical[wanted->first_page + i], address[i], __ATOMIC_RELAXED);
    if (known != NULL)
        __atomic_store_n(place, known, __ATOMIC_RELEASE);
    ki_release(&lock);
}

void rt_dma_forget(struct rt_grant *grant)
{
    for (unsigned i = 0; i < ARRAYSIZE(grant->known); i++) {
        while (grant->known[i] != NULL) {
            struct rt_addresses *older = grant->known[i]->older;
            ExFreePoolWithTag(grant->known[i], TAG);
            grant->known[i] = older;
        }
    }
}

// --- Opens -----------------------------------------------------------------------------------

static NTSTATUS ask(const struct ash_mem_dma_open_request *wanted,
                    struct ash_mem_dma_open_reply *reply)
{
    reply->id = 0;
    return ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_OPEN, wanted, sizeof(*wanted), reply,
                       (1u + wanted->pages) * sizeof(ash_word));
}

static void tell_close(uint64_t id)
{
    const struct ash_mem_dma_close_request request = {id};
    (void)ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_CLOSE, &request, sizeof(request), NULL, 0);
}

static struct rt_open *new_open(struct rt_request *request)
{
    if (request != NULL &&
        InterlockedCompareExchange64((volatile LONG64 *)&request->open.id, -1, 0) == 0)
        return &request->open;
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(struct rt_open), TAG);
}

static void free_open(struct rt_request *request, struct rt_open *open)
{
    if (request != NULL && open == &request->open)
        __atomic_store_n(&open->id, 0, __ATOMIC_RELEASE);
    else
        ExFreePoolWithTag(open, TAG);
}

static struct rt_open **list_of(struct rt_request *request)
{
    return request != NULL ? &request->opens : &own_opens;
}

static NTSTATUS remember(struct rt_request *request, const struct ash_mem_dma_open_request *wanted,
                         uint64_t page, uint64_t id)
{
    struct rt_open *open = new_open(request);
    if (open == NULL) {
        tell_close(id);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *open = (struct rt_open){NULL, id, wanted->device, page, wanted->pages, wanted->writes};
    ki_acquire(&lock);
    open->next = *list_of(request);
    *list_of(request) = open;
    ki_release(&lock);
    return STATUS_SUCCESS;
}

// The pages around the wanted ones as well, as far as the section goes.
static void learn_more(struct rt_grant *grant, struct ash_mem_dma_open_request wanted)
{
    struct ash_mem_dma_open_reply reply;
    uint32_t first = wanted.first_page & ~(CHUNK - 1);
    if (wanted.first_page + wanted.pages > first + CHUNK)
        return;
    wanted.first_page = first;
    wanted.pages = CHUNK;
    if (NT_SUCCESS(ask(&wanted, &reply)) && reply.id == 0)
        learn(grant, &wanted, reply.address);
}

static NTSTATUS open_granted(struct rt_request *request, struct ash_mem_dma_open_request *wanted,
                             ULONG64 *logical)
{
    struct rt_grant *grant = request->grant;
    struct ash_mem_dma_open_reply reply;
    if (grant == NULL)
        return STATUS_INVALID_DEVICE_REQUEST; // completed: the memory is not this task's any more
    if (is_known(grant, wanted, logical))
        return STATUS_SUCCESS;
    wanted->link = grant->link;
    wanted->grant = grant->grant;
    wanted->slot = (uint16_t)request->slot;
    grant->opened = true;
    NTSTATUS status = ask(wanted, &reply);
    if (!NT_SUCCESS(status))
        return status;
    memcpy(logical, reply.address, wanted->pages * sizeof(*logical));
    if (reply.id != 0)
        return remember(request, wanted, wanted->first_page, reply.id);
    rt_grants_are_held();
    learn(grant, wanted, reply.address);
    learn_more(grant, *wanted);
    return STATUS_SUCCESS;
}

static NTSTATUS open_own(PCHAR address, struct ash_mem_dma_open_request *wanted, ULONG64 *logical)
{
    struct ash_mem_dma_open_reply reply;
    wanted->grant = (uintptr_t)PAGE_ALIGN(address);
    NTSTATUS status = ask(wanted, &reply);
    if (!NT_SUCCESS(status))
        return status;
    memcpy(logical, reply.address, wanted->pages * sizeof(*logical));
    return reply.id != 0 ? remember(NULL, wanted, wanted->grant >> PAGE_SHIFT, reply.id)
                         : STATUS_SUCCESS;
}

ULONG64 manager_dma_lasting(PDEVICE_OBJECT pdo, PMDL mdl, PVOID va, BOOLEAN device_writes)
{
    const struct rt_request *request = rt_request_of(mdl);
    if (request == NULL || request->grant == NULL)
        return 0;
    const struct rt_addresses *known =
        __atomic_load_n(&request->grant->known[device_writes != FALSE], __ATOMIC_ACQUIRE);
    ULONG64 page = ((ULONG_PTR)va - MM_BACKING_BASE) >> PAGE_SHIFT;
    if (known == NULL || page >= known->pages || known->device != device_name(pdo))
        return 0;
    return __atomic_load_n(&known->logical[page], __ATOMIC_RELAXED);
}

NTSTATUS manager_dma_open(PDEVICE_OBJECT pdo, PMDL mdl, ULONG offset, ULONG pages,
                          BOOLEAN device_writes, ULONG64 *logical)
{
    struct rt_request *request = rt_request_of(mdl);
    if (pages == 0 || pages > ASH_MEM_DMA_PAGES)
        return STATUS_INVALID_PARAMETER;
    struct ash_mem_dma_open_request wanted = {
        .pages = (uint8_t)pages, .writes = device_writes != FALSE, .device = device_name(pdo)};
    if (request == NULL)
        return open_own((PCHAR)MmGetMdlVirtualAddress(mdl) + offset, &wanted, logical);
    wanted.first_page = (uint32_t)((mm_backing_offset(mdl) + offset) >> PAGE_SHIFT);
    return open_granted(request, &wanted, logical);
}

static struct rt_open *take_open(struct rt_request *request, const struct rt_open *like)
{
    ki_acquire(&lock);
    struct rt_open **at = list_of(request);
    while (*at != NULL && ((*at)->page != like->page || (*at)->pages != like->pages ||
                           (*at)->device != like->device || (*at)->writes != like->writes))
        at = &(*at)->next;
    struct rt_open *open = *at;
    if (open != NULL)
        *at = open->next;
    ki_release(&lock);
    return open;
}

void manager_dma_close(PDEVICE_OBJECT pdo, PMDL mdl, ULONG offset, ULONG pages,
                       BOOLEAN device_writes)
{
    struct rt_request *request = rt_request_of(mdl);
    if (*list_of(request) == NULL)
        return; // the addresses last
    uint64_t at = request != NULL ? mm_backing_offset(mdl) : (uintptr_t)MmGetMdlVirtualAddress(mdl);
    const struct rt_open like = {.device = device_name(pdo),
                                 .page = (at + offset) >> PAGE_SHIFT,
                                 .pages = pages,
                                 .writes = device_writes != FALSE};
    struct rt_open *open = take_open(request, &like);
    if (open == NULL)
        return;
    tell_close(open->id);
    free_open(request, open);
}

// Before the answer: the requester looks whether anything is still open.
void rt_dma_close_all(struct rt_request *request)
{
    while (request->opens != NULL) {
        struct rt_open *open = request->opens;
        request->opens = open->next;
        tell_close(open->id);
        free_open(request, open);
    }
}

bool manager_dma_enforced(PDEVICE_OBJECT pdo)
{
    return ask_device(pdo, 0);
}

void manager_dma_limit(PDEVICE_OBJECT pdo, ULONG64 highest)
{
    (void)ask_device(pdo, highest);
}

PVOID manager_dma_common(PDEVICE_OBJECT pdo, ULONG bytes, ULONG64 highest, ULONG64 *logical)
{
    const struct ash_mem_common_request request = {bytes, highest, device_name(pdo)};
    struct ash_mem_common_reply reply;
    if (!ash_success(ash_request(ASH_SLOT_MEMORY, ASH_MEM_COMMON_BUFFER, &request, sizeof(request),
                                 &reply, sizeof(reply))))
        return NULL;
    *logical = reply.logical;
    return (PVOID)reply.address;
}

void manager_dma_common_free(PVOID address, ULONG bytes)
{
    (void)bytes;
    (void)ash_unmap(address);
}

void manager_dma_settings(PDEVICE_OBJECT pdo, struct hal_dma_settings *settings)
{
    const struct ash_pnp_dma_settings_request request = {device_name(pdo)};
    struct ash_pnp_dma_settings_reply reply = {0};
    if (!ash_success(ash_request(ASH_SLOT_PNP, ASH_PNP_DMA_SETTINGS, &request, sizeof(request),
                                 &reply, sizeof(reply))))
        return;
    settings->Copying = reply.copying != 0;
    settings->MapRegisters = (ULONG)reply.map_registers;
}
