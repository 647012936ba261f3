// SPDX-License-Identifier: MIT
//
// What a device may reach: pages that a request or this task itself opened to it, and common
// buffers.

#include "rt.h"

static NTSTATUS own_dma(PCHAR address, ULONG count, ULONG64 *logical)
{
    const struct ash_mem_own_dma_request request = {(uintptr_t)PAGE_ALIGN(address), count};
    struct ash_mem_dma_reply reply;
    ash_status status = ash_request(ASH_SLOT_MEMORY, ASH_MEM_OWN_DMA, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (!ash_success(status))
        return status;
    for (ULONG i = 0; i < count; i++)
        logical[i] = reply.address[i];
    return STATUS_SUCCESS;
}

NTSTATUS manager_dma_open(PDEVICE_OBJECT pdo, PMDL mdl, ULONG offset, ULONG pages,
                          BOOLEAN device_writes, ULONG64 *logical)
{
    (void)pdo, (void)device_writes;
    if (mm_backing_of(mdl) == NULL)
        return own_dma((PCHAR)MmGetMdlVirtualAddress(mdl) + offset, pages, logical);
    struct rt_grant *grant = CONTAINING_RECORD(mm_backing_of(mdl), struct rt_grant, backing);
    uint64_t found[ASH_MEM_DMA_PAGES];
    NTSTATUS status =
        rt_grant_dma(grant, (mm_backing_offset(mdl) + offset) >> PAGE_SHIFT, pages, found);
    for (ULONG i = 0; i < pages && NT_SUCCESS(status); i++)
        logical[i] = found[i];
    return status;
}

// The addresses stay valid as long as this task knows of the grant.
void manager_dma_close(PDEVICE_OBJECT pdo, PMDL mdl, ULONG offset, ULONG pages,
                       BOOLEAN device_writes)
{
    (void)pdo, (void)mdl, (void)offset, (void)pages, (void)device_writes;
}

// Drivers may name any device of the stack; the memory manager knows the lowest, the PDO.
static uint64_t device_name(PDEVICE_OBJECT device)
{
    while (io_device(device)->AttachedTo != NULL)
        device = io_device(device)->AttachedTo;
    return io_device(device)->Id;
}

static bool ask_device(PDEVICE_OBJECT pdo, uint64_t highest)
{
    const struct ash_mem_dma_info_request request = {device_name(pdo), highest};
    struct ash_mem_dma_info_reply reply = {0};
    return ash_success(ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_INFO, &request, sizeof(request),
                                   &reply, sizeof(reply))) &&
           reply.enforced != 0;
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
