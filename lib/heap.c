// SPDX-License-Identifier: MIT
/*
 * malloc. Blocks up to SMALL_MAX come in classes of four sizes to each power of two, from chunks
 * that are never given back; freed blocks wait in their class's list. Larger ones are mapped one by
 * one and unmapped by free. Every block is 16-byte aligned and has a header in front:
 *
 *        -16             -8            0
 *   ------+---------------+-------------+-------------------
 *         | size of block | kind, check | what malloc returned
 *   ------+---------------+-------------+-------------------
 *
 * Invariant: a free block's header says FREE, so a second free is noticed and ends the task.
 */
#include "ash/log.h"
#include "ash/memory.h"
#include "ash/thread.h"
#include "task.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 0x10000u
#define SMALL_MAX   8192u
#define CLASSES     32u
#define HEADER      16u

enum kind { USED = 0x55534544, FREE = 0x46524545, LARGE = 0x4c415247, ALIGNED = 0x414c4947 };

struct header {
    size_t size; /* of what follows; ALIGNED: bytes back to the real block */
    uint32_t kind;
    uint32_t number; /* of the class */
};
static_assert(sizeof(struct header) == HEADER);

struct free_block {
    struct free_block *next;
};

static struct {
    struct ash_mutex lock;
    struct free_block *list[CLASSES];
    char *next, *end; /* unused part of the newest chunk */
    bool fixed;       /* no more chunks can be had */
} heap;

/* 16, 32, 48, 64, then 80, 96, 112, 128, 160, 192, 224, 256, 320, ... */
static unsigned class_of(size_t size)
{
    size_t units = (size + 15) / 16;
    if (units <= 4)
        return units == 0 ? 0 : (unsigned)units - 1;
    unsigned top = 63u - (unsigned)__builtin_clzl(units - 1); /* units - 1 in [2^top, 2^(top+1)) */
    return (top - 1) * 4 + (unsigned)((units - 1) >> (top - 2) & 3);
}

static size_t class_bytes(unsigned number)
{
    if (number < 4)
        return (number + 1) * 16;
    unsigned top = number / 4 + 1;
    return ((size_t)(4 + number % 4 + 1) << (top - 2)) * 16;
}

void ash_heap_static(void *memory, size_t bytes)
{
    heap.next = (char *)(((uintptr_t)memory + 15) & ~(uintptr_t)15);
    heap.end = (char *)memory + bytes;
    heap.fixed = true;
}

static bool grow(void)
{
    void *chunk;
    if (heap.fixed || !ash_success(ash_map(CHUNK_BYTES, &chunk)))
        return false;
    heap.next = chunk;
    heap.end = heap.next + CHUNK_BYTES;
    return true;
}

static struct header *carve(unsigned number)
{
    size_t total = HEADER + class_bytes(number);
    if ((size_t)(heap.end - heap.next) < total && !grow())
        return nullptr;
    struct header *header = (struct header *)heap.next;
    heap.next += total;
    *header = (struct header){.size = class_bytes(number), .number = number};
    return header;
}

static void *small(size_t size)
{
    unsigned number = class_of(size);
    ash_mutex_lock(&heap.lock);
    struct free_block *block = heap.list[number];
    struct header *header;
    if (block) {
        heap.list[number] = block->next;
        header = (struct header *)block - 1;
    } else {
        header = carve(number);
    }
    if (header)
        header->kind = USED;
    ash_mutex_unlock(&heap.lock);
    return header ? header + 1 : nullptr;
}

static void *large(size_t size)
{
    if (size > SIZE_MAX - 2 * ASH_PAGE_SIZE || heap.fixed)
        return nullptr;
    size_t bytes = (size + HEADER + ASH_PAGE_SIZE - 1) & ~(ASH_PAGE_SIZE - 1);
    void *pages;
    if (!ash_success(ash_map(bytes, &pages)))
        return nullptr;
    struct header *header = pages;
    *header = (struct header){.size = bytes - HEADER, .kind = LARGE};
    return header + 1;
}

void *malloc(size_t size)
{
    void *block = size <= SMALL_MAX ? small(size) : large(size);
    if (!block)
        errno = ENOMEM;
    return block;
}

static struct header *header_of(void *block)
{
    struct header *header = (struct header *)block - 1;
    while (header->kind == ALIGNED)
        header = (struct header *)((char *)(header + 1) - header->size) - 1;
    return header;
}

void free(void *block)
{
    if (!block)
        return;
    struct header *header = header_of(block);
    if (header->kind == LARGE) {
        if (!ash_success(ash_unmap(header)))
            ash_panic("free: %p was not mapped by malloc", block);
        return;
    }
    if (header->kind != USED)
        ash_panic(header->kind == FREE ? "free: %p was freed before"
                                       : "free: %p is no block of malloc, or was overwritten",
                  block);
    struct free_block *freed = (struct free_block *)(header + 1);
    ash_mutex_lock(&heap.lock);
    header->kind = FREE;
    freed->next = heap.list[header->number];
    heap.list[header->number] = freed;
    ash_mutex_unlock(&heap.lock);
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    void *block = malloc(bytes);
    if (block && bytes <= SMALL_MAX) /* fresh pages are zero */
        memset(block, 0, bytes);
    return block;
}

static size_t usable(void *block)
{
    struct header *header = header_of(block);
    return header->size - (size_t)((char *)block - (char *)(header + 1));
}

void *realloc(void *block, size_t size)
{
    if (!block)
        return malloc(size);
    size_t old = usable(block);
    if (size <= old && (size > old / 2 || old <= 64))
        return block;
    void *moved = malloc(size);
    if (!moved)
        return nullptr;
    memcpy(moved, block, old < size ? old : size);
    free(block);
    return moved;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    if (alignment <= 16)
        return malloc(size);
    if ((alignment & (alignment - 1)) != 0 || size > SIZE_MAX - alignment - HEADER) {
        errno = EINVAL;
        return nullptr;
    }
    char *block = malloc(size + alignment + HEADER);
    if (!block)
        return nullptr;
    char *aligned = (char *)(((uintptr_t)block + HEADER + alignment - 1) & ~(alignment - 1));
    struct header *header = (struct header *)aligned - 1;
    *header = (struct header){.size = (size_t)(aligned - block), .kind = ALIGNED};
    return aligned;
}

void *memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}
