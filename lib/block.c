// SPDX-License-Identifier: MIT
/* The thread block: thread-local storage that begins with struct ash_thread_block (user.ld). */
#include "runtime.h"

#include <string.h>

[[gnu::section(".tdata.ash_thread"),
  gnu::used]] static _Thread_local struct ash_thread_block ash_thread_block = {
    .number = ~(ash_word)0}; /* initialised, so that it lies in .tdata */

void ash_thread_block_make(void *memory, struct ash_ipc_buffer *ipc)
{
    size_t initialised = (size_t)(__tls_image_end - __tls_image);
    memcpy(memory, __tls_image, initialised);
    memset((char *)memory + initialised, 0, ash_tls_bytes() - initialised);
    struct ash_thread_block *self = memory;
    *self = (struct ash_thread_block){.ipc = ipc};
    __asm__ volatile("mv tp, %0" ::"r"(memory) : "memory");
}

void ash_run_constructors(void)
{
    for (void (**entry)(void) = __init_array_start; entry < __init_array_end; entry++)
        (*entry)();
}
