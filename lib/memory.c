// SPDX-License-Identifier: MIT
/* Pages of the own task. */
#include "ash/memory.h"
#include "ash/manager.h"
#include "memory.h"

static ash_status map(size_t bytes, ash_word flags, void **address)
{
    struct ash_mem_map_request request = {.bytes = bytes, .flags = flags};
    struct ash_mem_map_reply reply;
    ash_status status =
        ash_request(ASH_SLOT_MEMORY, ASH_MEM_MAP, &request, sizeof(request), &reply, sizeof(reply));
    if (ash_success(status))
        *address = (void *)reply.address;
    return status;
}

ash_status ash_map(size_t bytes, void **address)
{
    return map(bytes, 0, address);
}

ash_status ash_map_guarded(size_t bytes, void **address)
{
    return map(bytes, ASH_MEM_GUARD, address);
}

ash_status ash_map_again(void *address, unsigned prot, void **again)
{
    const struct ash_mem_map_again_request request = {(ash_word)address, prot};
    struct ash_mem_map_reply reply;
    ash_status status = ash_request(ASH_SLOT_MEMORY, ASH_MEM_MAP_AGAIN, &request, sizeof(request),
                                    &reply, sizeof(reply));
    *again = ash_success(status) ? (void *)reply.address : nullptr;
    return status;
}

ash_status ash_unmap(void *address)
{
    struct ash_mem_view_request request = {.address = (ash_word)address};
    return ash_request(ASH_SLOT_MEMORY, ASH_MEM_UNMAP, &request, sizeof(request), nullptr, 0);
}

ash_status ash_protect(void *address, size_t bytes, unsigned prot)
{
    struct ash_mem_protect_request request = {(ash_word)address, bytes, prot};
    return ash_request(ASH_SLOT_MEMORY, ASH_MEM_PROTECT, &request, sizeof(request), nullptr, 0);
}
