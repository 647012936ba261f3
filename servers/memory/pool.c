// SPDX-License-Identifier: MIT
/*
 * Growing arrays in the manager's own address space, and pools of fixed-size records in them.
 * Records never move; a pool grows by whole pages and keeps them. Record 0 is never handed out.
 */
#include "mm.h"
#include <string.h>

bool mm_arena_back(struct mm_arena *arena, size_t bytes)
{
    if (bytes > MM_ARENA_BYTES)
        return false;
    while (arena->backed < bytes) {
        if (!mm_frame_for_manager(arena->base + arena->backed))
            return false;
        arena->backed += ASH_PAGE_SIZE;
    }
    return true;
}

void mm_pool_init(struct mm_pool *pool, unsigned arena, size_t element)
{
    *pool = (struct mm_pool){
        .arena = {.base = mm_backend_arena(arena)}, .element = (uint32_t)element, .top = 1};
}

static char *pool_record(const struct mm_pool *pool, uint32_t index)
{
    return pool->arena.base + (size_t)index * pool->element;
}

uint32_t mm_pool_take(struct mm_pool *pool)
{
    uint32_t index = pool->free;
    if (index != 0) {
        memcpy(&pool->free, pool_record(pool, index), sizeof(pool->free));
    } else {
        if (!mm_arena_back(&pool->arena, ((size_t)pool->top + 1) * pool->element))
            return 0;
        index = pool->top++;
    }
    memset(pool_record(pool, index), 0, pool->element);
    pool->used++;
    return index;
}

void mm_pool_give(struct mm_pool *pool, uint32_t index)
{
    char *record = pool_record(pool, index);
    memset(record, 0, pool->element);
    memcpy(record, &pool->free, sizeof(pool->free));
    pool->free = index;
    pool->used--;
}

void *mm_pool_at(const struct mm_pool *pool, uint32_t index)
{
    if (index == 0 || index >= pool->top)
        return nullptr;
    return pool_record(pool, index);
}
