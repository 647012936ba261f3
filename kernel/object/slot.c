// SPDX-License-Identifier: MIT
/*
 * Deletion. A container (CNode, Thread) whose last capability goes must be emptied first, and what
 * it holds may be the last capability of another container, and so on. There is no recursion and
 * no record on the side: the walk descends from the slot to be deleted through last capabilities
 * to one that is simple, deletes that, and starts again. Between two such steps the tree is whole,
 * so the whole operation can be left at any step and be run again from the system call.
 * A container that is reached twice (it lies inside itself) is marked `dying` and not entered
 * again.
 */
#include "object/capability.h"
#include "sched/preempt.h"

static const struct object_class *class_of(const struct slot *slot)
{
    return object_classes[slot->cap.type];
}

static struct object *header_of(const struct slot *slot)
{
    return class_of(slot)->counted ? (struct object *)slot->cap.object : nullptr;
}

static void link_child(struct slot *slot, struct slot *parent)
{
    slot->parent = parent;
    slot->prev = nullptr;
    slot->next = parent ? parent->child : nullptr;
    if (slot->next)
        slot->next->prev = slot;
    if (parent)
        parent->child = slot;
}

static void unlink_from_siblings(struct slot *slot)
{
    if (slot->next)
        slot->next->prev = slot->prev;
    if (slot->prev)
        slot->prev->next = slot->next;
    else if (slot->parent)
        slot->parent->child = slot->next;
}

void slot_insert(struct slot *slot, struct capability cap, struct slot *parent)
{
    slot->cap = cap;
    slot->child = nullptr;
    link_child(slot, parent);
    struct object *object = header_of(slot);
    if (object)
        object->references++;
}

void slot_move(struct slot *to, struct slot *from)
{
    *to = *from;
    if (to->next)
        to->next->prev = to;
    if (to->prev)
        to->prev->next = to;
    else if (to->parent)
        to->parent->child = to;
    for (struct slot *child = to->child; child; child = child->next)
        child->parent = to;
    *from = (struct slot){};
}

/* Takes the slot out of the tree and empties it. It has no children. */
static void release(struct slot *slot)
{
    struct object *object = header_of(slot);
    const struct object_class *class = class_of(slot);
    if (class->detach)
        class->detach(slot);
    unlink_from_siblings(slot);
    *slot = (struct slot){};
    if (object && --object->references == 0 && class->destroy)
        class->destroy(object);
}

/* Hands the children to the parent, one at a time. */
static unsigned adopt_children(struct slot *slot)
{
    while (slot->child) {
        struct slot *child = slot->child;
        unlink_from_siblings(child);
        link_child(child, slot->parent);
        if (preemption_wanted() && slot->child)
            return PREEMPTED;
    }
    return ASH_OK;
}

/* The first full slot of the container that this last capability names, or null. A dying container
 * takes no new capabilities (invoke.c refuses), so the cursor only grows. */
static struct slot *first_inside(const struct slot *slot, struct object *object)
{
    const struct object_class *class = class_of(slot);
    if (!class->slots || object->references != 1)
        return nullptr;
    size_t count;
    struct slot *inside = class->slots(object, &count);
    while (object->cursor < count) {
        if (!slot_empty(&inside[object->cursor]))
            return &inside[object->cursor];
        object->cursor++;
        if (object->cursor % 64 == 0 && preemption_wanted())
            break;
    }
    return nullptr;
}

/* Descends from `top` to a capability that can be deleted at once; null when an interrupt waits. */
static struct slot *descend(struct slot *top)
{
    static uint32_t walks;
    uint32_t walk = ++walks ? walks : ++walks;
    struct slot *slot = top;
    for (;;) {
        struct object *object = header_of(slot);
        if (!object || object->dying == walk)
            return slot;
        struct slot *inside = first_inside(slot, object);
        if (preemption_wanted())
            return nullptr;
        if (!inside)
            return slot;
        object->dying = walk;
        if (inside == top)
            return slot;
        slot = inside;
    }
}

unsigned slot_delete(struct slot *slot)
{
    while (!slot_empty(slot)) {
        struct slot *victim = descend(slot);
        if (!victim || adopt_children(victim) != ASH_OK)
            return PREEMPTED;
        release(victim);
    }
    return ASH_OK;
}

void slot_delete_simple(struct slot *slot)
{
    while (slot_delete(slot) != ASH_OK)
        ;
}

unsigned slot_revoke(struct slot *slot)
{
    while (!slot_empty(slot) && slot->child) {
        struct slot *victim = slot->child;
        while (victim->child) {
            victim = victim->child;
            if (preemption_wanted())
                return PREEMPTED;
        }
        unsigned result = slot_delete(victim);
        if (result != ASH_OK)
            return result;
        if (preemption_wanted() && !slot_empty(slot) && slot->child)
            return PREEMPTED;
    }
    return ASH_OK;
}
