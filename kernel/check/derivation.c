// SPDX-License-Identifier: MIT
/*
 * The derivation tree (object/capability.h): `first` and `last` are the newest and the oldest slot
 * derived from this one, siblings are doubly linked, and beyond either end of them lies the parent.
 * A child names what its parent names, with no more rights, or lies in the parent's memory.
 */
#include "check/checks.h"

void derivation_neighbours(const struct slot *slot, const struct slot *neighbour[NEIGHBOURS])
{
    neighbour[0] = slot_link_target(slot->next);
    neighbour[1] = slot_link_target(slot->prev);
    neighbour[2] = slot->first;
    neighbour[3] = slot->last;
}

static const struct slot *parent_of(const struct slot *slot)
{
    return table_find(key_of_slot(slot))->slot;
}

const struct slot *derivation_untyped(const struct slot *slot)
{
    do
        slot = parent_of(slot);
    while (slot && slot->cap.type != ASH_OBJ_UNTYPED);
    return slot;
}

/* Notes the parent of each. `end`: what lies beyond the siblings at either end. Returns the last
 * sibling from `first` on. */
static const struct slot *check_siblings(const struct slot *first, slot_link end)
{
    const struct slot *parent = slot_link_target(end);
    slot_link before = end;
    for (const struct slot *slot = first;; slot = slot_link_target(slot->next)) {
        struct entry *entry = table_find(key_of_slot(slot));
        RULE(entry && !(entry->mark & MARK_DERIVED), "a slot is in one place of the tree: %p",
             (const void *)slot);
        entry->mark |= MARK_DERIVED;
        entry->slot = parent;
        RULE(slot->prev == before, "siblings are doubly linked: %p and what comes before it",
             (const void *)slot);
        before = (slot_link)slot;
        if (!slot_link_is_parent(slot->next)) {
            RULE(slot_link_target(slot->next), "a sibling is a slot: next of %p",
                 (const void *)slot);
            continue;
        }
        RULE(slot->next == end, "beyond the oldest sibling lies the parent: %p",
             (const void *)slot);
        return slot;
    }
}

static void check_children(const struct slot *slot)
{
    RULE(!slot->first == !slot->last, "a slot has a newest and an oldest child or neither: %p",
         (const void *)slot);
    if (slot->first)
        RULE(check_siblings(slot->first, (slot_link)slot | 1) == slot->last,
             "`last` is the oldest slot derived: %p", (const void *)slot);
}

/* A copy: the same object, no more rights, the badge it has or gets once. */
static void check_copy(const struct slot *slot, const struct slot *parent)
{
    const struct capability *cap = &slot->cap, *from = &parent->cap;
    bool badged = cap->type == ASH_OBJ_ENDPOINT || cap->type == ASH_OBJ_NOTIFICATION;
    RULE(object_classes[cap->type]->copyable, "an Untyped, PageTable or Reply is never copied: %p",
         (const void *)slot);
    RULE(cap->type == from->type && cap->object == from->object && cap->device == from->device,
         "a capability names what it was derived from: slot %p (type %u), parent of type %u",
         (const void *)slot, cap->type, from->type);
    RULE((cap->rights & ~from->rights) == 0,
         "a derived capability has no more rights: slot %p has %x, its parent %x",
         (const void *)slot, cap->rights, from->rights);
    RULE(cap->bits == from->bits, "a copy is as large as the original: slot %p",
         (const void *)slot);
    if (badged)
        RULE(from->data == 0 || cap->data == from->data, "a badge never changes: slot %p",
             (const void *)slot);
}

static void check_child(const struct slot *slot)
{
    const struct slot *parent = parent_of(slot);
    if (!parent || parent->cap.type == ASH_OBJ_UNTYPED)
        return; /* memory.c */
    if ((parent->cap.type == ASH_OBJ_IRQ_CONTROL || parent->cap.type == ASH_OBJ_IO_SPACE) &&
        slot->cap.type == ASH_OBJ_IRQ)
        return;
    check_copy(slot, parent);
}

/* Nobody below is nobody's child: roots, and what lost its parent together. */
static bool begins_roots(const struct slot *slot)
{
    return slot->prev == 1;
}

/* From a root over all below it; no more steps than there are slots, or there is a circle. */
static size_t count_below(const struct slot *root)
{
    const struct slot *slot = root;
    size_t count = 0;
    for (;;) {
        RULE(++count <= slot_count, "the derivation tree has no circle: below %p",
             (const void *)root);
        if (slot->first) {
            slot = slot->first;
            continue;
        }
        while (slot != root && slot_link_is_parent(slot->next))
            slot = slot_link_target(slot->next);
        if (slot == root)
            return count;
        slot = slot_link_target(slot->next);
    }
}

void check_derivation(void)
{
    size_t reached = 0;
    for (size_t i = 0; i < slot_count; i++) {
        check_children(all_slots[i]);
        if (begins_roots(all_slots[i]))
            check_siblings(all_slots[i], 1);
    }
    for (size_t i = 0; i < slot_count; i++) {
        RULE(table_find(key_of_slot(all_slots[i]))->mark & MARK_DERIVED,
             "a slot is in one place of the tree: %p", (const void *)all_slots[i]);
        check_child(all_slots[i]);
    }
    for (size_t i = 0; i < slot_count; i++)
        if (!parent_of(all_slots[i]))
            reached += count_below(all_slots[i]);
    RULE(reached == slot_count, "every slot hangs below one root: %lu of %lu do", reached,
         slot_count);
}
