// SPDX-License-Identifier: MIT
/*
 * Capability slots in power-of-two runs. Each slot page (one CNode) has a bitmap of used slots and
 * the order of its largest aligned free run; pages are chained by that order, so that taking and
 * giving look at one page only.
 *
 * A CNode for a new page is made of a block, and making a block may take slots: mm_slot_reserve
 * therefore keeps two entirely free pages, and mm_slot_take never grows.
 */
#include "mm.h"

#define WORDS       (MM_SLOTS_PER_PAGE / 64)
#define ORDERS      (MM_SLOT_BITS + 2) /* 0: full; k + 1: largest free run has order k */
#define BLOCK_LEVEL 1u                 /* CNodes are made of blocks of 64 KiB */

static struct slot_page {
    uint64_t used[WORDS];
    uint16_t next, previous; /* page number + 1 */
    uint8_t rank;
} page_of[MM_SLOT_PAGES];
static uint16_t first_of_rank[ORDERS];
static unsigned pages, pages_free;
static uint32_t slots_used;
static mm_slot block; /* what the next CNode is made of */

static uint64_t run_mask(unsigned order)
{
    return order >= 6 ? ~(uint64_t)0 : ((uint64_t)1 << (1u << order)) - 1;
}

static bool run_free(const struct slot_page *page, unsigned first, unsigned order)
{
    if (order < 6)
        return (page->used[first / 64] & run_mask(order) << first % 64) == 0;
    for (unsigned word = first / 64; word < (first + (1u << order)) / 64; word++)
        if (page->used[word] != 0)
            return false;
    return true;
}

static unsigned find_run(const struct slot_page *page, unsigned order)
{
    for (unsigned first = 0; first < MM_SLOTS_PER_PAGE; first += 1u << order)
        if (run_free(page, first, order))
            return first;
    return MM_SLOTS_PER_PAGE;
}

static void unlink_page(struct slot_page *page)
{
    if (page->previous != 0)
        page_of[page->previous - 1].next = page->next;
    else
        first_of_rank[page->rank] = page->next;
    if (page->next != 0)
        page_of[page->next - 1].previous = page->previous;
    pages_free -= page->rank == ORDERS - 1;
}

static void link_page(struct slot_page *page, unsigned rank)
{
    uint16_t number = (uint16_t)(page - page_of + 1);
    page->rank = (uint8_t)rank;
    page->previous = 0;
    page->next = first_of_rank[rank];
    if (page->next != 0)
        page_of[page->next - 1].previous = number;
    first_of_rank[rank] = number;
    pages_free += rank == ORDERS - 1;
}

/* The rank cannot rise by taking nor fall by giving: `from` says where to begin looking. */
static void rerank(struct slot_page *page, unsigned from)
{
    unsigned rank = from;
    while (rank > 0 && find_run(page, rank - 1) == MM_SLOTS_PER_PAGE)
        rank--;
    if (rank != page->rank) {
        unlink_page(page);
        link_page(page, rank);
    }
}

static void mark(struct slot_page *page, unsigned first, unsigned order, bool use)
{
    unsigned last = order < 6 ? first : first + (1u << order) - 64;
    for (unsigned at = first; at <= last; at += 64) {
        uint64_t bits = run_mask(order) << at % 64;
        page->used[at / 64] = use ? page->used[at / 64] | bits : page->used[at / 64] & ~bits;
    }
}

static void add_page(void)
{
    page_of[pages] = (struct slot_page){};
    link_page(&page_of[pages++], ORDERS - 1);
}

void mm_slot_init(mm_slot first)
{
    pages = pages_free = 0;
    slots_used = 0;
    block = 0;
    for (unsigned rank = 0; rank < ORDERS; rank++)
        first_of_rank[rank] = 0;
    add_page();
    for (mm_slot slot = 0; slot < first; slot++)
        mark(&page_of[0], slot, 0, true);
    rerank(&page_of[0], ORDERS - 1);
}

unsigned mm_order(uint32_t count)
{
    return count <= 1 ? 0 : 32u - (unsigned)__builtin_clz(count - 1);
}

mm_slot mm_slot_take(unsigned order)
{
    unsigned rank = order + 1;
    while (rank < ORDERS && first_of_rank[rank] == 0)
        rank++;
    if (rank >= ORDERS)
        return 0;
    struct slot_page *page = &page_of[first_of_rank[rank] - 1];
    unsigned first = find_run(page, order);
    mark(page, first, order, true);
    rerank(page, page->rank);
    slots_used += 1u << order;
    return (mm_slot)((unsigned)(page - page_of) * MM_SLOTS_PER_PAGE + first);
}

void mm_slot_give(mm_slot first, unsigned order)
{
    struct slot_page *page = &page_of[first / MM_SLOTS_PER_PAGE];
    mark(page, first % MM_SLOTS_PER_PAGE, order, false);
    rerank(page, ORDERS - 1);
    slots_used -= 1u << order;
}

uint32_t mm_slot_used(void)
{
    return slots_used;
}

static bool grow_at_boot(void)
{
    if (mm_backend_slot_page(pages, mm.boot.untyped) != ASH_OK)
        return false;
    mm_boot_account();
    add_page();
    return true;
}

/* How large a CNode is only the kernel knows: a block serves until it says that it is full. */
static bool grow(void)
{
    if (block != 0 && mm_backend_slot_page(pages, block) == ASH_OK) {
        add_page();
        return true;
    }
    if (mm.boot.bytes != 0)
        return grow_at_boot();
    uint32_t group = mm_block_take(BLOCK_LEVEL);
    if (group == MM_NO_GROUP)
        return false;
    if (mm_backend_slot_page(pages, mm_block_slot(group, BLOCK_LEVEL)) != ASH_OK) {
        mm_block_give(group, BLOCK_LEVEL);
        return false;
    }
    block = mm_block_slot(group, BLOCK_LEVEL);
    mm.pages_own += (uint64_t)MM_GROUP_PAGES << BLOCK_LEVEL;
    add_page();
    return true;
}

bool mm_slot_reserve(void)
{
    while (pages_free < 2 && pages < MM_SLOT_PAGES)
        if (!grow())
            break;
    return pages_free > 0;
}
