// SPDX-License-Identifier: MIT
/*
 * The memory manager's task: takes over what root left (abi/boot_protocol.h), then serves requests.
 * It calls nobody but the kernel, so no other manager can keep it waiting.
 */
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/memory.h"
#include "ash/server.h"
#include "boot_protocol.h"
#include "kernel_backend.h"

static ash_status handle(struct ash_server *, struct ash_caller *caller)
{
    struct mm_result result;
    ash_status status = mm_operation((uint32_t)caller->task, caller->op, caller->request,
                                     caller->bytes, caller->reply, &result);
    caller->reply_bytes = result.bytes;
    if (ash_success(status) && result.send != 0) {
        caller->reply_caps = 1;
        caller->reply_cap[0] = mm_slot_path(result.send);
    }
    return status;
}

static ash_status make_reply(ash_cptr *slot)
{
    *slot = ASH_MEMORY_BOOT_REPLY;
    return STATUS_SUCCESS;
}

struct regions {
    struct mm_ram ram[ASH_MEMORY_BOOT_REGIONS], device[ASH_MEMORY_BOOT_REGIONS];
    unsigned ram_count, device_count;
};

static const struct ash_memory_region *largest_ram(const struct ash_memory_boot *boot)
{
    const struct ash_memory_region *best = nullptr;
    for (ash_word i = 0; i < boot->regions; i++)
        if (boot->region[i].kind == ASH_REGION_RAM &&
            (best == nullptr || boot->region[i].bytes > best->bytes))
            best = &boot->region[i];
    return best;
}

/* Moves the regions' Untypeds into the slot space, from *slot on. */
static void take_regions(const struct ash_memory_boot *boot, struct regions *regions, mm_slot *slot)
{
    for (ash_word i = 0; i < boot->regions; i++) {
        const struct ash_memory_region *region = &boot->region[i];
        if (!mm_backend_adopt(*slot, region->slot))
            ash_panic("root left no Untyped for region %u", (unsigned)i);
        struct mm_ram taken = {region->physical, region->bytes, (*slot)++};
        if (region->kind != ASH_REGION_RAM) {
            regions->device[regions->device_count++] = taken;
            continue;
        }
        uint64_t left = mm_backend_left(taken.untyped) & ~(ASH_PAGE_SIZE - 1);
        taken.physical += taken.bytes - left;
        taken.bytes = left;
        if (left != 0)
            regions->ram[regions->ram_count++] = taken;
    }
}

static void take_over(const struct ash_memory_boot *boot)
{
    static struct regions regions;
    const struct ash_memory_region *largest = largest_ram(boot);
    if (boot->magic != ASH_MEMORY_BOOT_MAGIC || boot->regions > ASH_MEMORY_BOOT_REGIONS ||
        largest == nullptr)
        ash_panic("the boot page is not one, or names no RAM");
    if (!mm_backend_begin(largest->slot))
        ash_panic("no memory for the first capabilities");
    mm_slot slot = MM_SLOT_FIRST;
    if (!mm_backend_adopt(MM_SLOT_OWN_VSPACE, ASH_MEMORY_BOOT_VSPACE) ||
        !mm_backend_adopt(slot, ASH_MEMORY_BOOT_PROCESS_VSPACE))
        ash_panic("root left no VSpace capability");
    mm_slot process = slot++;
    take_regions(boot, &regions, &slot);
    if (!mm_init(ASH_TASK_MEMORY, regions.ram, regions.ram_count, regions.device,
                 regions.device_count, slot))
        ash_panic("too little memory to begin with");
    if (mm_task_adopt(ASH_TASK_PROCESS, UINT32_MAX, process) != STATUS_SUCCESS)
        ash_panic("cannot take over the process manager's address space");
    mm.pages_total = boot->ram_pages;
}

/* Every operation goes the same way; mm_operation knows which exist. */
static struct ash_operation operations[ASH_SERVER_OPS - 1];

int main(void)
{
    static char heap[4096]; /* the runtime may not ask this manager for memory */
    ash_heap_static(heap, sizeof(heap));
    take_over((const struct ash_memory_boot *)ASH_BOOT_PAGE);
    for (unsigned op = 1; op < ASH_SERVER_OPS; op++)
        operations[op - 1] = (struct ash_operation){.op = op, .handler = handle};
    static struct ash_server server = {.endpoint = ASH_MEMORY_BOOT_ENDPOINT,
                                       .operations = operations,
                                       .operation_count = ASH_SERVER_OPS - 1,
                                       .make_reply = make_reply};
    ash_server_init(&server);
    ash_server_run(&server);
}
