// SPDX-License-Identifier: MIT
/*
 * Vectors of 32-bit values with a fixed count. One value lies in the vector itself; more lie in
 * 64-way nodes of 256 bytes, at most three deep (2^18 values: 1 GiB of pages).
 */
#include "mm.h"

#define NODE_BITS   6u
#define NODE_VALUES (1u << NODE_BITS)
#define COUNT_MAX   (1u << 3 * NODE_BITS)

static uint32_t *node_values(uint32_t node)
{
    return mm_pool_at(&mm.vectors, node);
}

static unsigned vector_depth(uint32_t count)
{
    unsigned depth = 0;
    for (uint32_t reach = 1; reach < count; reach <<= NODE_BITS)
        depth++;
    return depth;
}

/* The node of `depth` 1 that holds the value, made on the way if `make`; 0: no memory. */
static uint32_t vector_leaf(const struct mm_vector *vector, uint32_t index, bool make)
{
    uint32_t node = vector->root;
    for (unsigned depth = vector_depth(vector->count); depth > 1; depth--) {
        uint32_t *place = &node_values(node)[index >> (depth - 1) * NODE_BITS & (NODE_VALUES - 1)];
        if (*place == 0 && make) {
            uint32_t made = mm_pool_take(&mm.vectors);
            if (made == 0)
                return 0;
            *place = made;
        }
        node = *place;
        if (node == 0)
            return 0;
    }
    return node;
}

bool mm_vector_init(struct mm_vector *vector, uint32_t count)
{
    *vector = (struct mm_vector){.count = count};
    if (count <= 1)
        return true;
    if (count > COUNT_MAX || (vector->root = mm_pool_take(&mm.vectors)) == 0)
        return false;
    for (uint32_t index = 0; index < count; index += NODE_VALUES) {
        if (vector_leaf(vector, index, true) == 0) {
            mm_vector_fini(vector);
            return false;
        }
    }
    return true;
}

uint32_t *mm_vector_place(struct mm_vector *vector, uint32_t index)
{
    if (vector->count <= 1)
        return &vector->root;
    return &node_values(vector_leaf(vector, index, false))[index & (NODE_VALUES - 1)];
}

uint32_t mm_vector_get(const struct mm_vector *vector, uint32_t index)
{
    if (vector->count <= 1)
        return vector->root;
    return node_values(vector_leaf(vector, index, false))[index & (NODE_VALUES - 1)];
}

void mm_vector_set(struct mm_vector *vector, uint32_t index, uint32_t value)
{
    if (vector->count <= 1)
        vector->root = value;
    else
        node_values(vector_leaf(vector, index, false))[index & (NODE_VALUES - 1)] = value;
}

/* Frees the nodes one level below `node`, down to `depth` 1. */
static void vector_free(uint32_t node, unsigned depth)
{
    for (unsigned i = 0; depth > 1 && i < NODE_VALUES; i++) {
        uint32_t child = node_values(node)[i];
        if (child != 0)
            vector_free(child, depth - 1);
    }
    mm_pool_give(&mm.vectors, node);
}

void mm_vector_fini(struct mm_vector *vector)
{
    if (vector->count > 1 && vector->root != 0)
        vector_free(vector->root, vector_depth(vector->count));
    *vector = (struct mm_vector){};
}
