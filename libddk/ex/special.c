// SPDX-License-Identifier: MIT
//
// Special pool: a block has pages of its own, between pages that nobody may touch. It ends at the
// end of its pages (or starts at their start, to find underruns), and what is left of them has a
// pattern that is checked when it is freed. Freed pages stay closed until QUARANTINE newer ones
// came, so that a use after the free is a fault. Which block such a fault is about is known here.

#include "../vf/vf.h"
#include "ex.h"

#define TAG        'cepS'
#define SLACK      0x5au
#define FRESH      0xcdu // what an allocation that nobody zeroes holds
#define QUARANTINE 64u
#define GUARD      PAGE_SIZE
#define FAULT_TEXT 192

struct special {
    struct special *Next;
    PUCHAR Pages;
    SIZE_T Count;
    PUCHAR Body;
    SIZE_T Bytes;
    ULONG Tag;
    ULONG Kind;
};
static struct special *blocks; // in use
static struct special *freed[QUARANTINE];
static ULONG next_freed;
static struct ki_lock lock;
static volatile LONG count;
static char text[FAULT_TEXT]; // one fault ends the task

PVOID ex_special_allocate(SIZE_T bytes, ULONG tag, ULONG kind)
{
    SIZE_T alignment = (kind & EX_POOL_CACHE_ALIGNED) != 0 ? 64 : 16;
    SIZE_T pages = BYTES_TO_PAGES(bytes + (bytes == 0)), slack = pages * PAGE_SIZE - bytes;
    struct special *new = ex_pool_allocate(sizeof(*new), TAG);
    PUCHAR memory = new != NULL ? port_pages_guarded(pages) : NULL;
    if (memory == NULL) {
        if (new != NULL)
            ex_pool_free(new, TAG);
        return NULL;
    }
    SIZE_T offset = vf_options.Underrun ? 0 : slack & ~(alignment - 1);
    memset(memory, SLACK, pages * PAGE_SIZE);
    memset(memory + offset, FRESH, bytes);
    *new = (struct special){NULL, memory, pages, memory + offset, bytes, tag, kind};
    ki_acquire(&lock);
    new->Next = blocks;
    blocks = new;
    count++;
    ki_release(&lock);
    return new->Body;
}

static struct special **find(const void *p)
{
    struct special **link = &blocks;
    while (*link != NULL && (*link)->Body != p)
        link = &(*link)->Next;
    return link;
}

bool ex_special_find(const void *p, SIZE_T *bytes, ULONG *kind)
{
    if (count == 0)
        return false;
    ki_acquire(&lock);
    const struct special *block = *find(p);
    if (block != NULL) {
        *bytes = block->Bytes;
        *kind = block->Kind;
    }
    ki_release(&lock);
    return block != NULL;
}

static void check_slack(const struct special *block)
{
    PUCHAR end = block->Pages + block->Count * PAGE_SIZE;
    for (PUCHAR at = block->Pages; at < end; at++) {
        if (at == block->Body)
            at += block->Bytes;
        if (at < end && *at != SLACK)
            ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x52, (ULONG_PTR)block->Body, (ULONG_PTR)at,
                   block->Bytes,
                   at < block->Body ? "pool: the driver wrote in front of a block"
                                    : "pool: the driver wrote past the end of a block");
    }
}

static void quarantine(struct special *block)
{
    port_pages_close(block->Pages, block->Count);
    ki_acquire(&lock);
    struct special *oldest = freed[next_freed % QUARANTINE];
    freed[next_freed++ % QUARANTINE] = block;
    ki_release(&lock);
    if (oldest == NULL)
        return;
    port_pages_guarded_free(oldest->Pages, oldest->Count);
    ex_pool_free(oldest, TAG);
}

void ex_special_free(PVOID p, ULONG tag)
{
    ki_acquire(&lock);
    struct special **link = find(p), *block = *link;
    *link = block->Next;
    count--;
    ki_release(&lock);
    if (tag != 0 && tag != block->Tag)
        ki_die(BAD_POOL_CALLER, (ULONG_PTR)p, tag, block->Tag, 0,
               "pool: freed with another tag than it was allocated with");
    check_slack(block);
    quarantine(block);
}

bool ex_special_was_freed(const void *p)
{
    for (ULONG i = 0; i < QUARANTINE; i++)
        if (freed[i] != NULL && freed[i]->Body == p)
            return true;
    return false;
}

static const struct special *around(const struct special *block, ULONG_PTR address)
{
    ULONG_PTR first = (ULONG_PTR)block->Pages - GUARD;
    return address - first < block->Count * PAGE_SIZE + 2 * GUARD ? block : NULL;
}

void ex_special_fault(ULONG_PTR address, bool write, ULONG_PTR pc, const char *task)
{
    const struct special *block = NULL;
    bool gone = false;
    for (const struct special *at = blocks; at != NULL && block == NULL; at = at->Next)
        block = around(at, address);
    for (ULONG i = 0; i < QUARANTINE && block == NULL; i++) {
        block = freed[i] != NULL ? around(freed[i], address) : NULL;
        gone = block != NULL;
    }
    if (block == NULL)
        return;
    const char *what = gone                               ? "use of a freed block"
                       : address < (ULONG_PTR)block->Body ? "underrun of a block"
                                                          : "overrun of a block";
    (void)DdkFormat(text, sizeof(text),
                    "pool: %s of %llu bytes, tag %.4s, by a %s at pc 0x%llx task %s", what,
                    (ULONG64)block->Bytes, (const char *)&block->Tag, write ? "write" : "read",
                    (ULONG64)pc, task);
    ki_die(gone ? PAGE_FAULT_IN_FREED_SPECIAL_POOL : PAGE_FAULT_BEYOND_END_OF_ALLOCATION, address,
           write, pc, 0, text);
}

void ex_special_leaks(void (*visit)(const struct ex_leak *leak, void *context), void *context)
{
    for (const struct special *at = blocks; at != NULL; at = at->Next) {
        struct ex_leak leak = {at->Tag, at->Bytes, (at->Kind & EX_POOL_PAGED) != 0};
        visit(&leak, context);
    }
}
