// SPDX-License-Identifier: MIT
/* Which physical memory the kernel may touch: what live objects cover, and the IPC buffers. Memory
 * of an object that died is littered, so that the next one must be cleared. */
#ifndef TESTS_KERNEL_SHADOW_H
#define TESTS_KERNEL_SHADOW_H

#include <stdint.h>

void shadow_poison(uint64_t physical, uint64_t size);
void shadow_unpoison(uint64_t physical, uint64_t size);

#endif
