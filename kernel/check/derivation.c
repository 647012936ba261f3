// SPDX-License-Identifier: MIT
/*
 * The derivation tree (object/capability.h): `parent` is the slot this capability was derived from,
 * `child` the newest slot derived from this one, siblings are doubly linked. A child names what its
 * parent names, with no more rights, or lies in the parent's memory.
 */
#include "check/checks.h"

void derivation_neighbours(const struct slot *slot, const struct slot *neighbour[NEIGHBOURS])
{
    neighbour[0] = slot->parent;
    neighbour[1] = slot->child;
    neighbour[2] = slot->next;
    neighbour[3] = slot->prev;
}

const struct slot *derivation_untyped(const struct slot *slot)
{
    do
        slot = slot->parent;
    while (slot && slot->cap.type != ASH_OBJ_UNTYPED);
    return slot;
}

static void check_links(const struct slot *slot)
{
    const void *at = slot;
    if (slot->next)
        RULE(slot->next->prev == slot && slot->next->parent == slot->parent,
             "siblings are doubly linked: %p and its next", at);
    if (slot->prev)
        RULE(slot->prev->next == slot && slot->prev->parent == slot->parent,
             "siblings are doubly linked: %p and its previous", at);
    if (slot->parent && !slot->prev)
        RULE(slot->parent->child == slot, "`child` is the newest slot derived: parent of %p", at);
    if (!slot->parent)
        RULE(!slot->next && !slot->prev, "a root of the tree has no siblings: %p", at);
    if (slot->child)
        RULE(slot->child->parent == slot && !slot->child->prev,
             "`parent` is the slot derived from: child of %p", at);
}

/* A copy: the same object, no more rights, the badge it has or gets once. */
static void check_copy(const struct slot *slot)
{
    const struct capability *cap = &slot->cap, *from = &slot->parent->cap;
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
    const struct slot *parent = slot->parent;
    if (!parent || parent->cap.type == ASH_OBJ_UNTYPED)
        return; /* memory.c */
    if (parent->cap.type == ASH_OBJ_IRQ_CONTROL && slot->cap.type == ASH_OBJ_IRQ)
        return;
    check_copy(slot);
}

/* From a root over all below it; no more steps than there are slots, or there is a circle. */
static size_t count_below(const struct slot *root)
{
    const struct slot *slot = root;
    size_t count = 0;
    for (;;) {
        RULE(++count <= slot_count, "the derivation tree has no circle: below %p",
             (const void *)root);
        if (slot->child) {
            slot = slot->child;
            continue;
        }
        while (slot != root && !slot->next)
            slot = slot->parent;
        if (slot == root)
            return count;
        slot = slot->next;
    }
}

void check_derivation(void)
{
    size_t reached = 0;
    for (size_t i = 0; i < slot_count; i++) {
        check_links(all_slots[i]);
        check_child(all_slots[i]);
    }
    for (size_t i = 0; i < slot_count; i++)
        if (!all_slots[i]->parent)
            reached += count_below(all_slots[i]);
    RULE(reached == slot_count, "every slot hangs below one root: %lu of %lu do", reached,
         slot_count);
}
