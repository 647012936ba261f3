// SPDX-License-Identifier: MIT
//
// Pool. Blocks below a page come from slabs of one size class (16-byte header in front, canary
// behind; a cache-aligned one has a second header in front of its body, which leads to the first);
// larger ones are whole pages, described in a table beside, so that they are page aligned.
// A block in use has ALLOCATED_MAGIC in its header and CANARY after its last byte: freeing anything
// else is a bug check that says what was wrong.

#include "../io/io.h"
#include "../vf/vf.h"
#include "ex.h"

#define ALLOCATED_MAGIC 0x416c6c6fu
#define FREED_MAGIC     0x46726565u
#define ALIGNED_MAGIC   0x416c676eu
#define CACHE_LINE      64u
#define CANARY          0xC5u
#define CANARY_BYTES    8u
#define CLASSES         12u
#define SLAB_PAGES      4u
#define LARGE_BUCKETS   64u
#define CLASSES_ROUNDED 16u

struct block {
    ULONG Magic;
    ULONG Tag;
    USHORT Bytes; // asked for
    USHORT Class;
    USHORT Kind;  // EX_POOL_*
    USHORT Shift; // of an aligned body, to the body of the block it lies in
};
struct free_block {
    struct block Header;
    struct free_block *Next;
};
struct large {
    struct large *Next;
    PVOID Address;
    SIZE_T Pages;
    SIZE_T Bytes;
    ULONG Tag;
    ULONG Kind;
};

// The low bits of a slab's address are its class.
#define SLABS_A_PAGE 510u
struct slabs {
    struct slabs *Next;
    ULONG64 Count;
    ULONG_PTR Slab[SLABS_A_PAGE];
};
C_ASSERT(sizeof(struct slabs) == PAGE_SIZE);

static const USHORT class_bytes[CLASSES] = {48,  64,  96,  128,  192,  256,
                                            384, 512, 768, 1024, 2048, 4096};
static struct free_block *free_lists[CLASSES];
static struct large *large_blocks[LARGE_BUCKETS];
static struct slabs *slabs;
static struct ki_lock lock;
static SIZE_T used_bytes, used_blocks;
C_ASSERT(sizeof(struct block) == 16);

static ULONG class_of(SIZE_T gross)
{
    ULONG class = 0;
    while (class_bytes[class] < gross)
        class ++;
    return class;
}

// Slabs, so that what is in use can be found. Lock held. False without memory.
static bool remember(char *slab, ULONG class)
{
    if (slabs == NULL || slabs->Count == SLABS_A_PAGE) {
        struct slabs *page = port_pages_alloc(1);
        if (page == NULL)
            return false;
        page->Next = slabs;
        slabs = page;
    }
    slabs->Slab[slabs->Count++] = (ULONG_PTR)slab | class;
    return true;
}

static bool refill(ULONG class)
{
    char *slab = port_pages_alloc(SLAB_PAGES);
    if (slab == NULL)
        return false;
    SIZE_T size = class_bytes[class];
    ki_acquire(&lock);
    if (!remember(slab, class)) {
        ki_release(&lock);
        port_pages_free(slab, SLAB_PAGES);
        return false;
    }
    for (SIZE_T offset = 0; offset + size <= SLAB_PAGES * PAGE_SIZE; offset += size) {
        struct free_block *block = (struct free_block *)(void *)(slab + offset);
        if (BYTE_OFFSET(&block->Header + 1) == 0)
            continue; // a page-aligned body would look like a large block
        block->Header.Magic = FREED_MAGIC;
        block->Next = free_lists[class];
        free_lists[class] = block;
        port_poison(block + 1, size - sizeof(*block));
    }
    ki_release(&lock);
    return true;
}

static struct free_block *take(ULONG class)
{
    ki_acquire(&lock);
    struct free_block *block = free_lists[class];
    if (block != NULL) {
        if (block->Header.Magic != FREED_MAGIC)
            ki_violation(BAD_POOL_HEADER, "pool: a freed block was written to", (ULONG_PTR)block,
                         block->Header.Tag);
        free_lists[class] = block->Next;
    }
    ki_release(&lock);
    return block;
}

static PVOID allocate_small(SIZE_T bytes, ULONG tag, ULONG kind)
{
    ULONG class = class_of(bytes + sizeof(struct block) + CANARY_BYTES);
    struct free_block *block;
    while ((block = take(class)) == NULL)
        if (!refill(class))
            return NULL;
    PUCHAR body = (PUCHAR)(&block->Header + 1);
    port_unpoison(body, bytes + CANARY_BYTES);
    memset(body + bytes, CANARY, CANARY_BYTES);
    port_poison(body + bytes, CANARY_BYTES);
    block->Header =
        (struct block){ALLOCATED_MAGIC, tag, (USHORT)bytes, (USHORT) class, (USHORT)kind, 0};
    __atomic_fetch_add(&used_bytes, bytes, __ATOMIC_RELAXED);
    __atomic_fetch_add(&used_blocks, 1, __ATOMIC_RELAXED);
    return body;
}

// The body begins at the next cache line, and its second header lies before it.
static PVOID allocate_aligned(SIZE_T bytes, ULONG tag, ULONG kind)
{
    PUCHAR outer = allocate_small(bytes + CACHE_LINE, tag, kind);
    if (outer == NULL)
        return NULL;
    PUCHAR body = (PUCHAR)(((ULONG_PTR)outer & ~(ULONG_PTR)(CACHE_LINE - 1)) + CACHE_LINE);
    struct block *header = (struct block *)(void *)body - 1;
    *header =
        (struct block){ALIGNED_MAGIC, tag, (USHORT)bytes, 0, (USHORT)kind, (USHORT)(body - outer)};
    memset(body + bytes, CANARY, CANARY_BYTES);
    port_poison(body + bytes, CANARY_BYTES);
    return body;
}

static struct large **large_bucket(const void *address)
{
    return &large_blocks[((ULONG_PTR)address >> PAGE_SHIFT) % LARGE_BUCKETS];
}

static PVOID allocate_large(SIZE_T bytes, ULONG tag, ULONG kind)
{
    struct large *large;
    if (bytes > MAXLONGLONG / 2 || (large = allocate_small(sizeof(*large), 'greL', 0)) == NULL)
        return NULL;
    SIZE_T pages = BYTES_TO_PAGES(bytes);
    PVOID address = port_pages_alloc(pages);
    if (address == NULL) {
        ex_pool_free(large, 0);
        return NULL;
    }
    struct large **bucket = large_bucket(address);
    ki_acquire(&lock);
    *large = (struct large){*bucket, address, pages, bytes, tag, kind};
    *bucket = large;
    ki_release(&lock);
    __atomic_fetch_add(&used_bytes, bytes, __ATOMIC_RELAXED);
    return address;
}

PVOID ex_pool_allocate_kind(SIZE_T bytes, ULONG tag, ULONG kind)
{
    if ((vf_flags & VF_SPECIAL_POOL) != 0 && (kind & EX_POOL_DRIVER) != 0)
        return ex_special_allocate(bytes, tag, kind);
    if (bytes >= PAGE_SIZE / 2 + PAGE_SIZE / 4)
        return allocate_large(bytes, tag, kind);
    return (kind & EX_POOL_CACHE_ALIGNED) != 0 ? allocate_aligned(bytes, tag, kind)
                                               : allocate_small(bytes, tag, kind);
}

PVOID ex_pool_allocate(SIZE_T bytes, ULONG tag)
{
    return ex_pool_allocate_kind(bytes, tag, 0);
}

static void check_tag(ULONG tag, ULONG allocated, const void *p)
{
    if (tag != 0 && tag != allocated)
        ki_die(BAD_POOL_CALLER, (ULONG_PTR)p, tag, allocated, 0,
               "pool: freed with another tag than it was allocated with");
}

static void free_large(PVOID p, ULONG tag)
{
    struct large **link = large_bucket(p);
    ki_acquire(&lock);
    while (*link != NULL && (*link)->Address != p)
        link = &(*link)->Next;
    struct large *large = *link;
    if (large != NULL)
        *link = large->Next;
    ki_release(&lock);
    if (large == NULL)
        ki_violation(BAD_POOL_CALLER, "pool: freed address is no allocation", (ULONG_PTR)p, tag);
    check_tag(tag, large->Tag, p);
    __atomic_fetch_sub(&used_bytes, large->Bytes, __ATOMIC_RELAXED);
    port_pages_free(p, large->Pages);
    ex_pool_free(large, 0);
}

static void check_canary(PUCHAR body, const struct block *header)
{
    port_unpoison(body + header->Bytes, CANARY_BYTES);
    for (ULONG i = 0; i < CANARY_BYTES; i++)
        if (body[header->Bytes + i] != CANARY)
            ki_die(BAD_POOL_HEADER, (ULONG_PTR)body, header->Tag, header->Bytes, i,
                   "pool: the driver wrote past the end of a block");
}

static struct block *check_header(PVOID p, ULONG tag)
{
    struct block *header = (struct block *)p - 1;
    port_unpoison(header, sizeof(*header)); // that of an aligned body is poisoned once it is freed
    bool allocated = header->Magic == ALLOCATED_MAGIC && header->Class < CLASSES;
    if (!allocated && header->Magic != ALIGNED_MAGIC)
        ki_violation(BAD_POOL_CALLER,
                     header->Magic == FREED_MAGIC ? "pool: block freed twice"
                                                  : "pool: freed address is no allocation",
                     (ULONG_PTR)p, tag);
    return header;
}

static void free_small(PVOID p, ULONG tag)
{
    struct block *header = check_header(p, tag);
    check_tag(tag, header->Tag, p);
    check_canary(p, header);
    if (header->Magic == ALIGNED_MAGIC) {
        header->Magic = FREED_MAGIC;
        p = (PUCHAR)p - header->Shift;
        header = check_header(p, tag);
        port_unpoison((PUCHAR)p + header->Bytes, CANARY_BYTES);
    }
    struct free_block *block = (struct free_block *)(void *)header;
    ULONG class = header->Class;
    __atomic_fetch_sub(&used_bytes, header->Bytes, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&used_blocks, 1, __ATOMIC_RELAXED);
    ki_acquire(&lock);
    header->Magic = FREED_MAGIC;
    block->Next = free_lists[class];
    free_lists[class] = block;
    port_poison(block + 1, class_bytes[class] - sizeof(*block));
    ki_release(&lock);
}

void ex_pool_free(PVOID p, ULONG tag)
{
    SIZE_T bytes;
    ULONG kind;
    if (ex_special_find(p, &bytes, &kind)) {
        ex_special_free(p, tag);
        return;
    }
    if (((ULONG_PTR)p & 15) != 0)
        ki_violation(BAD_POOL_CALLER, "pool: freed address is no allocation", (ULONG_PTR)p, tag);
    if (BYTE_OFFSET(p) == 0)
        free_large(p, tag);
    else
        free_small(p, tag);
}

static SIZE_T large_size(PVOID p, ULONG *kind)
{
    ki_acquire(&lock);
    struct large *large = *large_bucket(p);
    while (large != NULL && large->Address != p)
        large = large->Next;
    SIZE_T bytes = large != NULL ? large->Bytes : 0;
    *kind = large != NULL ? large->Kind : 0;
    ki_release(&lock);
    return bytes;
}

// Something that is no block of the pool may be an IRP.
static void check_irp(PVOID p)
{
    const IRP *irp = p;
    struct block *header = (struct block *)p - 1;
    port_unpoison(header, sizeof(*header));
    if (header->Magic == ALLOCATED_MAGIC || header->Magic == ALIGNED_MAGIC ||
        header->Magic == FREED_MAGIC || irp->Type != IO_TYPE_IRP ||
        irp->Size != IoSizeOfIrp(irp->StackCount) || (irp->AllocationFlags & IO_IRP_KIT) == 0)
        return;
    ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x105, (ULONG_PTR)p, 0, 0,
           "the driver uses ExFreePool instead of IoFreeIrp to release the IRP");
}

void ex_pool_check_free(PVOID p, ULONG tag)
{
    ULONG kind;
    SIZE_T bytes;
    if (((ULONG_PTR)p & 15) != 0)
        return; // ex_pool_free says what is wrong
    if (ex_special_was_freed(p))
        ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x13, 0, (ULONG_PTR)p, 0,
               "pool: block freed twice");
    if (ex_special_find(p, &bytes, &kind)) {
        // found
    } else if (BYTE_OFFSET(p) == 0) {
        bytes = large_size(p, &kind);
    } else {
        check_irp(p);
        const struct block *header = check_header(p, tag);
        bytes = header->Bytes;
        kind = header->Kind;
    }
    if ((kind & EX_POOL_PAGED) != 0)
        ki_require_irql(APC_LEVEL, "pool: paged pool freed above APC_LEVEL");
    ki_check_freed(p, bytes);
    vf_live_check(p, bytes);
    vf_forget(p, bytes);
}

static void visit_slab(ULONG_PTR slab, void (*visit)(const struct ex_leak *leak, void *context),
                       void *context)
{
    SIZE_T size = class_bytes[slab % CLASSES_ROUNDED];
    slab -= slab % CLASSES_ROUNDED;
    for (SIZE_T offset = 0; offset + size <= SLAB_PAGES * PAGE_SIZE; offset += size) {
        const struct block *block = (const struct block *)(slab + offset);
        if (block->Magic != ALLOCATED_MAGIC || (block->Kind & EX_POOL_DRIVER) == 0)
            continue;
        struct ex_leak leak = {block->Tag, block->Bytes, (block->Kind & EX_POOL_PAGED) != 0};
        visit(&leak, context);
    }
}

void ex_pool_leaks(void (*visit)(const struct ex_leak *leak, void *context), void *context)
{
    for (const struct slabs *page = slabs; page != NULL; page = page->Next)
        for (ULONG i = 0; i < page->Count; i++)
            visit_slab(page->Slab[i], visit, context);
    for (ULONG i = 0; i < LARGE_BUCKETS; i++)
        for (const struct large *at = large_blocks[i]; at != NULL; at = at->Next) {
            struct ex_leak leak = {at->Tag, at->Bytes, (at->Kind & EX_POOL_PAGED) != 0};
            if ((at->Kind & EX_POOL_DRIVER) != 0)
                visit(&leak, context);
        }
    ex_special_leaks(visit, context);
}

void ex_pool_usage(SIZE_T *bytes, SIZE_T *blocks)
{
    *bytes = __atomic_load_n(&used_bytes, __ATOMIC_RELAXED);
    *blocks = __atomic_load_n(&used_blocks, __ATOMIC_RELAXED);
}
