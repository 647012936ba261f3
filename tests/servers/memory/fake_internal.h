// SPDX-License-Identifier: MIT
/* Shared by the files of the model. */
#ifndef MEMORY_FAKE_INTERNAL_H
#define MEMORY_FAKE_INTERNAL_H

#include "fake_kernel.h"

/* Room for mappings; a power of two. */
#ifndef FAKE_HASH
#define FAKE_HASH (1u << 17)
#endif

struct capability {
    uint8_t type, rights, bits, mapped_rights;
    bool device, mapped, pinned; /* pinned: a slot page is made of it */
    uint64_t physical, size, watermark, address, space;
    uint32_t parent, child, next, previous;
};

extern uint64_t fake_call_count;
/* Aborts if the slot does not exist. */
struct capability *fake_at(mm_slot slot);
void fake_unmap(struct capability *cap);
[[noreturn]] void fake_broken(const char *rule, uint64_t detail);

#endif
