// SPDX-License-Identifier: MIT
// Chooses the group.
#include "ash/manager.h"
#include "ash/syscall.h"
#include "bench.h"
#include "memory.h"
#include <stdio.h>
#include <string.h>

void print_figure(const char *name, uint64_t value, const char *unit)
{
    printf("{\"name\":\"%s\",\"value\":%lu,\"unit\":\"%s\"}\n", name, (unsigned long)value, unit);
}

int complain(const char *what, ash_status status)
{
    printf("bench: %s: status 0x%08x\n", what, (unsigned)status);
    return 1;
}

int bench_boot(uint64_t at_start)
{
    print_figure("boot.instructions", at_start, "instructions");
    return 0;
}

int bench_memory(void)
{
    struct ash_mem_statistics_reply memory;
    ash_status status =
        ash_request(ASH_SLOT_MEMORY, ASH_MEM_STATISTICS, nullptr, 0, &memory, sizeof(memory));
    if (!ash_success(status))
        return complain("memory statistics", status);
    print_figure("memory.free_bytes", memory.pages_free * ASH_PAGE_SIZE, "bytes");
    print_figure("memory.page_table_bytes", memory.pages_tables * ASH_PAGE_SIZE, "bytes");
    print_figure("memory.kernel_object_bytes", memory.pages_kernel_objects * ASH_PAGE_SIZE,
                 "bytes");
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t at_start = instructions();
    const char *group = argc >= 2 ? argv[1] : "", *place = argc == 3 ? argv[2] : nullptr;
    if (strcmp(group, "boot") == 0)
        return bench_boot(at_start);
    if (strcmp(group, "memory") == 0)
        return bench_memory();
    if (strcmp(group, "blk") == 0)
        return bench_blocks(place);
    if (strcmp(group, "wall") == 0)
        return bench_wall();
    if (strcmp(group, "ddk") == 0)
        return bench_ddk();
    if (strcmp(group, "dma") == 0 && place != nullptr)
        return bench_dma(place);
    printf("usage: bench boot|memory|blk [PLACE]|wall|ddk|dma MODE\n");
    return 1;
}
