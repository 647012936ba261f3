// SPDX-License-Identifier: MIT
/*
 * 4 KiB frames. A block made into frames has one frame capability a page for as long as it stays
 * a frame block; tasks get copies. A free page may be dirty: it is cleared, through the manager's
 * window, before it is handed out. When all of a block's pages are free it goes back to the buddy
 * system at once (the kernel clears it when it is made into frames again).
 *
 * Invariants: a group is in the partial list if and only if it has free pages;
 * the first group of a block counts the free pages of the whole block.
 */
#include "mm.h"
#include <string.h>

static uint32_t head_of(uint32_t group)
{
    return group & ~((1u << mm.group[group].level) - 1);
}

static void link_partial(uint32_t number)
{
    struct mm_group *group = &mm.group[number];
    group->previous = 0;
    group->next = mm.partial;
    if (group->next != 0)
        mm.group[group->next - 1].previous = number + 1;
    mm.partial = number + 1;
}

static void unlink_partial(uint32_t number)
{
    struct mm_group *group = &mm.group[number];
    if (group->previous != 0)
        mm.group[group->previous - 1].next = group->next;
    else
        mm.partial = group->next;
    if (group->next != 0)
        mm.group[group->next - 1].previous = group->previous;
    group->next = group->previous = 0;
}

mm_slot mm_frame_slot(mm_page page)
{
    return mm.group[page / MM_GROUP_PAGES].frames + page % MM_GROUP_PAGES;
}

uint64_t mm_frame_physical(mm_page page)
{
    return mm.base + (uint64_t)page * ASH_PAGE_SIZE;
}

static uint8_t page_bit(mm_page page)
{
    return (uint8_t)(1u << page % MM_GROUP_PAGES);
}

void mm_frame_exported(mm_page page)
{
    mm.group[page / MM_GROUP_PAGES].exported |= page_bit(page);
}

void *mm_frame_window(mm_page page)
{
    struct mm_group *group = &mm.group[page / MM_GROUP_PAGES];
    void *window = mm_backend_window(mm_frame_physical(page));
    if (!(group->windowed & page_bit(page))) {
        if (mm_map_frame(mm.self, mm_frame_slot(page), (uint64_t)(uintptr_t)window,
                         ASH_MEM_READ | ASH_MEM_WRITE) != STATUS_SUCCESS)
            return nullptr;
        group->windowed |= page_bit(page);
    }
    return window;
}

static bool clear_page(mm_page page)
{
    void *window = mm_frame_window(page);
    if (window == nullptr)
        return false;
    memset(window, 0, ASH_PAGE_SIZE);
    mm.group[page / MM_GROUP_PAGES].dirty &= (uint8_t)~page_bit(page);
    return true;
}

/* The frames of a block lie in slot runs of this order. */
static unsigned run_order(unsigned level)
{
    return level + 3 < MM_SLOT_BITS ? level + 3 : MM_SLOT_BITS;
}

static void give_block_slots(uint32_t group, unsigned level, uint32_t groups)
{
    unsigned order = run_order(level);
    for (uint32_t i = 0; i < groups; i += 1u << order >> 3)
        mm_slot_give(mm.group[group + i].frames, order);
}

static void frames_begin(uint32_t group, unsigned level)
{
    for (uint32_t i = 0; i < 1u << level; i++) {
        mm_slot frames = mm.group[group + i].frames;
        mm.group[group + i] = (struct mm_group){
            .frames = frames, .state = MM_BLOCK_FRAMES, .level = (uint8_t)level, .free = 0xff};
    }
    mm.group[group].pages_free = (uint16_t)(MM_GROUP_PAGES << level);
    mm.pages_free += (uint64_t)MM_GROUP_PAGES << level;
}

/* Makes a block into frames, all free, in no list yet. */
static bool make_frames(uint32_t group, unsigned level)
{
    unsigned order = run_order(level);
    uint32_t step = 1u << order >> 3, done = 0;
    while (done < 1u << level) {
        mm_slot first = mm_slot_reserve() ? mm_slot_take(order) : 0;
        if (first == 0)
            break;
        if (mm_backend_retype(mm_block_slot(group, level), ASH_OBJ_FRAME, ASH_PAGE_BITS, first,
                              1u << order) != ASH_OK) {
            mm_slot_give(first, order);
            break;
        }
        for (uint32_t i = 0; i < step; i++)
            mm.group[group + done + i].frames = first + i * MM_GROUP_PAGES;
        done += step;
    }
    if (done == 1u << level) {
        frames_begin(group, level);
        return true;
    }
    give_block_slots(group, level, done);
    mm_block_give(group, level);
    return false;
}

static void take_page(mm_page page)
{
    uint32_t number = page / MM_GROUP_PAGES;
    mm.group[number].free &= (uint8_t)~page_bit(page);
    mm.group[head_of(number)].pages_free--;
    mm.pages_free--;
}

static void link_groups(uint32_t group, unsigned level)
{
    for (uint32_t i = 0; i < 1u << level; i++)
        if (mm.group[group + i].free != 0)
            link_partial(group + i);
}

static bool take_partial(mm_page *page)
{
    if (mm.partial == 0)
        return false;
    uint32_t number = mm.partial - 1;
    struct mm_group *group = &mm.group[number];
    *page = number * MM_GROUP_PAGES + (uint32_t)__builtin_ctz(group->free);
    if ((group->dirty & page_bit(*page)) && !clear_page(*page))
        return false;
    take_page(*page);
    if (group->free == 0)
        unlink_partial(number);
    return true;
}

static bool take_single(mm_page *page)
{
    if (mm.partial == 0) {
        uint32_t group = mm_slot_reserve() ? mm_block_take(0) : MM_NO_GROUP;
        if (group == MM_NO_GROUP || !make_frames(group, 0))
            return false;
        link_partial(group);
    }
    return take_partial(page);
}

/* Takes a whole block for up to `want` pages, at least 8; 0: no block left. */
static uint32_t take_run(struct mm_vector *pages, uint32_t at, uint32_t want)
{
    unsigned level = mm_order(want / MM_GROUP_PAGES + 1) - 1;
    level = level > MM_SLOT_BITS - 3 ? MM_SLOT_BITS - 3 : level;
    for (;; level--) {
        uint32_t group = mm_slot_reserve() ? mm_block_take(level) : MM_NO_GROUP;
        if (group != MM_NO_GROUP && make_frames(group, level)) {
            uint32_t count = MM_GROUP_PAGES << level;
            for (uint32_t i = 0; i < count; i++) {
                take_page(group * MM_GROUP_PAGES + i);
                mm_vector_set(pages, at + i, group * MM_GROUP_PAGES + i);
            }
            return count;
        }
        if (level == 0)
            return 0;
    }
}

static void give_all(struct mm_vector *pages, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        mm_frame_give(mm_vector_get(pages, i));
    mm_vector_fini(pages);
}

ash_status mm_frame_take(struct mm_vector *pages, uint32_t count)
{
    if (!mm_vector_init(pages, count))
        return STATUS_NO_MEMORY;
    for (uint32_t at = 0; at < count;) {
        uint32_t run = count - at >= MM_GROUP_PAGES ? take_run(pages, at, count - at) : 0;
        mm_page page;
        if (run == 0 && take_single(&page)) {
            mm_vector_set(pages, at, page);
            run = 1;
        }
        if (run == 0) {
            give_all(pages, at);
            return STATUS_NO_MEMORY;
        }
        at += run;
    }
    return STATUS_SUCCESS;
}

ash_status mm_frame_take_contiguous(struct mm_vector *pages, uint32_t count, uint64_t highest)
{
    unsigned level = mm_block_level((uint64_t)count * ASH_PAGE_SIZE);
    if (level >= MM_LEVELS || !mm_vector_init(pages, count))
        return STATUS_NO_MEMORY;
    uint32_t group = mm_slot_reserve() ? mm_block_take_below(level, highest) : MM_NO_GROUP;
    if (group == MM_NO_GROUP || !make_frames(group, level)) {
        mm_vector_fini(pages);
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        take_page(group * MM_GROUP_PAGES + i);
        mm_vector_set(pages, i, group * MM_GROUP_PAGES + i);
    }
    link_groups(group, level);
    return STATUS_SUCCESS;
}

static void give_block(uint32_t head)
{
    unsigned level = mm.group[head].level;
    for (uint32_t i = 0; i < 1u << level; i++)
        unlink_partial(head + i);
    mm.pages_free -= (uint64_t)MM_GROUP_PAGES << level;
    mm_block_give(head, level);
    give_block_slots(head, level, 1u << level);
}

void mm_frame_give(mm_page page)
{
    uint32_t number = page / MM_GROUP_PAGES, head = head_of(number);
    struct mm_group *group = &mm.group[number];
    if (group->exported & page_bit(page)) {
        mm_backend_revoke(mm_frame_slot(page));
        group->exported &= (uint8_t)~page_bit(page);
    }
    if (group->free == 0)
        link_partial(number);
    group->free |= page_bit(page);
    group->dirty |= page_bit(page);
    mm.pages_free++;
    if (++mm.group[head].pages_free == MM_GROUP_PAGES << group->level)
        give_block(head);
}

/* A page of the manager's own: from the start region before there are blocks, then a frame. */
bool mm_frame_for_manager(void *address)
{
    mm_slot frame;
    mm_page page;
    if (mm.boot.bytes != 0) {
        if (!mm_boot_make(ASH_OBJ_FRAME, ASH_PAGE_BITS, &frame))
            return false;
    } else {
        if (!take_single(&page))
            return false;
        frame = mm_frame_slot(page);
        mm.pages_own++;
        struct mm_group *group = &mm.group[page / MM_GROUP_PAGES];
        if (group->windowed & page_bit(page)) { /* it was cleared there, and maps only once */
            if (mm_backend_frame_unmap(frame) != ASH_OK)
                return false;
            group->windowed &= (uint8_t)~page_bit(page);
        }
    }
    return mm_map_frame(mm.self, frame, (uint64_t)(uintptr_t)address,
                        ASH_MEM_READ | ASH_MEM_WRITE) == STATUS_SUCCESS;
}
