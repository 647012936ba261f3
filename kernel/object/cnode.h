// SPDX-License-Identifier: MIT
/* CNode: 2^radix slots behind a header of two slots' size. */
#ifndef KERNEL_OBJECT_CNODE_H
#define KERNEL_OBJECT_CNODE_H

#include "object/capability.h"

struct cnode {
    struct object object;
    uint32_t radix;
    uint32_t reserved;
    struct grave grave;
    uint64_t unused[2];
    struct slot slot[];
};
static_assert(sizeof(struct cnode) == 128);

#define CNODE_RADIX_MAX 16u

static inline uint64_t cnode_mask(const struct cnode *cnode)
{
    return ((uint64_t)1 << cnode->radix) - 1;
}

#endif
