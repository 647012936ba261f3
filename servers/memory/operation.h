// SPDX-License-Identifier: MIT
/* The handlers of requests: `in` is the copied request; `out` the reply, zero before as far as the
 * table says, whose length a handler may change (result->bytes). */
#ifndef MEMORY_OPERATION_H
#define MEMORY_OPERATION_H

#include "mm.h"

#define MM_READ_WRITE ((unsigned)(ASH_MEM_READ | ASH_MEM_WRITE))

#define MM_HANDLER(name)                                                                           \
    ash_status name([[maybe_unused]] struct mm_task *caller, [[maybe_unused]] const void *in,      \
                    [[maybe_unused]] void *out, [[maybe_unused]] struct mm_result *result)

MM_HANDLER(mm_do_dma_open);
MM_HANDLER(mm_do_dma_close);
MM_HANDLER(mm_do_dma_use);
MM_HANDLER(mm_do_dma_end);
MM_HANDLER(mm_do_common_buffer);
MM_HANDLER(mm_do_dma_allow);
MM_HANDLER(mm_do_dma_info);
MM_HANDLER(mm_do_dma_fault);
MM_HANDLER(mm_do_dma_message); /* message.c */
MM_HANDLER(mm_do_dma_walk);    /* walk.c */

static inline bool mm_pages_of(uint64_t bytes, uint32_t *pages)
{
    if (bytes == 0 || bytes > (uint64_t)1 << 40)
        return false;
    *pages = (uint32_t)((bytes + ASH_PAGE_SIZE - 1) / ASH_PAGE_SIZE);
    return true;
}

#endif
