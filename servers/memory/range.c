// SPDX-License-Identifier: MIT
/*
 * A task's views ordered by address: a treap (a binary tree by address that is a heap by random
 * priority) whose nodes know the extent of their subtree and the largest hole inside it. All
 * numbers are pages. Expected depth is O(log n).
 */
#include "mm.h"

static uint64_t end_of(const struct mm_view *view)
{
    return view->start + view->span;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void update(uint32_t node)
{
    struct mm_view *view = mm_view(node);
    const struct mm_view *left = mm_view(view->left), *right = mm_view(view->right);
    view->sub_start = left != nullptr ? left->sub_start : view->start;
    view->sub_end = right != nullptr ? right->sub_end : end_of(view);
    view->sub_gap = 0;
    if (left != nullptr)
        view->sub_gap = larger(left->sub_gap, view->start - left->sub_end);
    if (right != nullptr)
        view->sub_gap =
            larger(view->sub_gap, larger(right->sub_gap, right->sub_start - end_of(view)));
}

/* Splits the tree into what starts before `page` and the rest. */
static void split(uint32_t node, uint64_t page, uint32_t *before, uint32_t *after)
{
    if (node == 0) {
        *before = *after = 0;
        return;
    }
    struct mm_view *view = mm_view(node);
    if (view->start < page) {
        split(view->right, page, &view->right, after);
        *before = node;
    } else {
        split(view->left, page, before, &view->left);
        *after = node;
    }
    update(node);
}

/* Joins two trees; everything in `before` starts before everything in `after`. */
static uint32_t join(uint32_t before, uint32_t after)
{
    if (before == 0 || after == 0)
        return before + after;
    uint32_t node;
    if (mm_view(before)->priority > mm_view(after)->priority) {
        mm_view(before)->right = join(mm_view(before)->right, after);
        node = before;
    } else {
        mm_view(after)->left = join(before, mm_view(after)->left);
        node = after;
    }
    update(node);
    return node;
}

static uint32_t next_priority(void)
{
    static uint32_t state = 2463534242u; /* xorshift32; balance only, no secret */
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

void mm_range_insert(uint32_t *root, uint32_t node)
{
    struct mm_view *view = mm_view(node);
    uint32_t before, after;
    view->left = view->right = 0;
    view->priority = next_priority();
    update(node);
    split(*root, view->start, &before, &after);
    *root = join(join(before, node), after);
}

void mm_range_remove(uint32_t *root, uint32_t node)
{
    uint64_t start = mm_view(node)->start;
    uint32_t before, rest, gone, after;
    split(*root, start, &before, &rest);
    split(rest, start + 1, &gone, &after);
    *root = join(before, after);
}

uint32_t mm_range_find(uint32_t node, uint64_t page)
{
    while (node != 0) {
        const struct mm_view *view = mm_view(node);
        if (page < view->start)
            node = view->left;
        else if (page < end_of(view))
            return node;
        else
            node = view->right;
    }
    return 0;
}

bool mm_range_free(uint32_t node, uint64_t start, uint64_t span)
{
    while (node != 0) {
        const struct mm_view *view = mm_view(node);
        if (start + span <= view->start)
            node = view->left;
        else if (start >= end_of(view))
            node = view->right;
        else
            return false;
    }
    return true;
}

static uint64_t fit(uint64_t low, uint64_t high, uint64_t span, uint64_t align, uint64_t offset)
{
    uint64_t start = low + (align + offset % align - low % align) % align;
    return start < high && high - start >= span ? start : 0;
}

uint64_t mm_range_hole(uint32_t node, uint64_t low, uint64_t high, uint64_t span, uint64_t align,
                       uint64_t offset)
{
    if (high <= low || high - low < span)
        return 0;
    if (node == 0)
        return fit(low, high, span, align, offset);
    const struct mm_view *view = mm_view(node);
    const struct mm_view *left = mm_view(view->left), *right = mm_view(view->right);
    uint64_t found = 0;
    if (left == nullptr || left->sub_gap >= span || low + span <= left->sub_start ||
        view->start - left->sub_end >= span)
        found = mm_range_hole(view->left, low, view->start < high ? view->start : high, span, align,
                              offset);
    if (found != 0)
        return found;
    low = larger(low, end_of(view));
    if (right == nullptr || right->sub_gap >= span || low + span <= right->sub_start ||
        high >= right->sub_end + span)
        found = mm_range_hole(view->right, low, high, span, align, offset);
    return found;
}
