// SPDX-License-Identifier: MIT
/*
 * Memory (object/untyped.c): objects lie in [0, watermark) of the Untyped they came from, no two
 * live objects overlap, and RAM in [watermark, cleared * page) is zero (a page a pass is looked
 * at).
 *
 * All objects are sorted by address; an Untyped comes before what lies in it, so one sweep with a
 * chain of open Untypeds sees every overlap, and compares nesting with the derivation tree.
 */
#include "boot/boot.h"
#include "check/checks.h"
#include "object/cnode.h"
#include "object/vspace.h"
#include "small.h"

struct range {
    uint64_t start, end;
    const struct slot *slot;
    struct range *outer; /* the open Untyped around it */
};

static struct range *ranges;
static size_t range_count, range_max;

/* Physical bytes of an object; false if it takes none from an Untyped. */
static bool extent(const struct capability *cap, uint64_t *start, uint64_t *end)
{
    const struct object_class *class = object_classes[cap->type];
    uint64_t align, parameter = cap->bits;
    *start = cap->object;
    switch (cap->type) {
    case ASH_OBJ_UNTYPED:
        parameter = cap->extra;
        break;
    case ASH_OBJ_FRAME:
    case ASH_OBJ_PAGE_TABLE:
        break;
    case ASH_OBJ_THREAD:
        *start = kernel_to_physical(thread_from(cap->object));
        break;
    case ASH_OBJ_VSPACE:
    case ASH_OBJ_IO_SPACE:
        *start = kernel_to_physical(((const struct vspace *)cap->object)->root);
        break;
    default:
        if (!class->size)
            return false;
        *start = kernel_to_physical((const void *)cap->object);
    }
    *end = *start + class->size(parameter, &align);
    return true;
}

static bool untyped(const struct range *range)
{
    return range->slot->cap.type == ASH_OBJ_UNTYPED;
}

/* The order of the sweep: by address, the larger first, and what contains before the contained. */
static bool before(const struct range *a, const struct range *b)
{
    if (a->start != b->start)
        return a->start < b->start;
    if (a->end != b->end)
        return a->end > b->end;
    if (untyped(a) != untyped(b))
        return untyped(a);
    for (const struct slot *up = b->slot; untyped(b) && up; up = derivation_untyped(up))
        if (up == a->slot)
            return true;
    return false;
}

static void sift_down(size_t at, size_t count)
{
    struct range moving = ranges[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&ranges[child], &ranges[child + 1]))
            child++;
        if (!before(&moving, &ranges[child]))
            break;
        ranges[at] = ranges[child];
    }
    ranges[at] = moving;
}

static void sort(void)
{
    for (size_t i = range_count / 2; i-- > 0;)
        sift_down(i, range_count);
    for (size_t last = range_count; last-- > 1;) {
        struct range largest = ranges[0];
        ranges[0] = ranges[last];
        ranges[last] = largest;
        sift_down(0, last);
    }
}

static void collect(void)
{
    range_count = 0;
    for (size_t i = 0; i < object_count; i++) {
        struct range range = {.slot = all_objects[i]->slot};
        if (!extent(&range.slot->cap, &range.start, &range.end))
            continue;
        kernel_assert(range_count < range_max);
        ranges[range_count++] = range;
    }
}

static void check_place(const struct range *range, const struct range *open)
{
    const struct slot *from = derivation_untyped(range->slot);
    const struct capability *cap = &range->slot->cap;
    RULE(from == (open ? open->slot : nullptr),
         "an object lies in the memory of the Untyped it came from: type %u at %p, from %p, in %p",
         cap->type, (const void *)range->start, (const void *)(from ? from->cap.object : 0),
         (const void *)(open ? open->start : 0));
    if (!from)
        return;
    RULE(range->end <= from->cap.object + from->cap.data,
         "objects lie below the watermark: type %u at %p, Untyped %p", cap->type,
         (const void *)range->start, (const void *)from->cap.object);
    RULE(cap->device == from->cap.device, "what is made of device memory is device memory: %p",
         (const void *)range->start);
}

static void sweep(void)
{
    struct range *open = nullptr;
    uint64_t taken = 0;
    for (size_t i = 0; i < range_count; i++) {
        struct range *range = &ranges[i];
        while (open && open->end <= range->start)
            open = open->outer;
        RULE(!open || range->end <= open->end, "no two live objects overlap: type %u at %p",
             range->slot->cap.type, (const void *)range->start);
        check_place(range, open);
        if (untyped(range)) {
            range->outer = open;
            open = range;
            continue;
        }
        RULE(range->start >= taken, "no two live objects overlap: type %u at %p",
             range->slot->cap.type, (const void *)range->start);
        taken = range->end;
    }
}

static void check_clear(uint64_t from, uint64_t to)
{
    for (uint64_t at = round_up(from, 8); at < to; at += 8)
        RULE(*(const uint64_t *)window((paddr){at}) == 0,
             "RAM between the watermark and `cleared` is zero: %p", (const void *)at);
}

/* The rest of the page of the watermark, and another page, a different one each time. */
static void check_untyped(const struct capability *cap)
{
    RULE(cap->object % ASH_PAGE_SIZE == 0 && cap->extra % ASH_PAGE_SIZE == 0 && cap->extra > 0,
         "base and size of an Untyped are multiples of a page: %p", (const void *)cap->object);
    RULE(cap->data <= cap->extra && cap->cleared <= cap->extra / ASH_PAGE_SIZE,
         "the watermark lies in the Untyped: %p", (const void *)cap->object);
    uint64_t first = round_up(cap->data, ASH_PAGE_SIZE) / ASH_PAGE_SIZE;
    if (cap->device || cap->cleared < first)
        return;
    check_clear(cap->object + cap->data, cap->object + first * ASH_PAGE_SIZE);
    uint64_t pages = cap->cleared - first;
    if (pages == 0)
        return;
    uint64_t page = cap->object + (first + check_pass * 7919ull % pages) * ASH_PAGE_SIZE;
    check_clear(page, page + ASH_PAGE_SIZE);
}

void check_memory(void)
{
    collect();
    sort();
    sweep();
    for (size_t i = 0; i < range_count; i++)
        if (untyped(&ranges[i]))
            check_untyped(&ranges[i].slot->cap);
}

INIT void check_memory_boot(size_t objects)
{
    range_max = objects;
    ranges = boot_pages(round_up(objects * sizeof(*ranges), ASH_PAGE_SIZE) / ASH_PAGE_SIZE,
                        ASH_PAGE_SIZE);
}
