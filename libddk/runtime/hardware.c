// SPDX-License-Identifier: MIT
//
// Device memory from the memory manager.

#include "rt.h"

PVOID manager_map_device(ULONG64 physical, SIZE_T bytes)
{
    const struct ash_mem_device_request request = {physical, bytes};
    struct ash_mem_map_reply reply;
    if (!ash_success(ash_request(ASH_SLOT_MEMORY, ASH_MEM_MAP_DEVICE, &request, sizeof(request),
                                 &reply, sizeof(reply))))
        return NULL;
    return (PVOID)reply.address;
}

void manager_unmap_device(PVOID address, SIZE_T bytes)
{
    (void)bytes;
    (void)ash_unmap(address);
}
