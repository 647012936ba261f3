// SPDX-License-Identifier: MIT
/*
 * The derivation tree, and deletion in steps that each take a bounded time.
 *
 * A container (CNode, Thread) whose last capability goes must be emptied first; what it holds may
 * be the last capability of another container, and so on, in any depth and in circles. So a
 * container is buried: its last capability moves into its own tomb (object/capability.h), which
 * leaves the slot it came from empty and nobody who can name the container, and the container is
 * put into the deleting thread's list. Then the list is worked off, container by container and slot
 * by slot; what is found on the way is buried in turn, never entered. There is no recursion, no
 * depth, and every step leaves the tree whole.
 *
 * Who finishes. Between two steps everything that is left to do is in the thread's list, and a
 * system call that is run again takes it up. If the thread is deleted meanwhile, its list goes over
 * to whoever empties the thread; if the buried container is found by a revocation (its tomb is a
 * child of the Untyped it came from), it goes over to the revoking thread. A thread that deletes
 * itself stays alive, without capabilities, until the rest is done (ipc/syscall.c).
 */
#include "object/capability.h"
#include "sched/preempt.h"
#include "small.h"

/* Empty slots passed over between two looks for an interrupt. */
#define EMPTY_SLOTS_A_STEP 64u

static const struct object_class *class_of(const struct slot *slot)
{
    return object_classes[slot->cap.type];
}

static struct object *header_of(const struct slot *slot)
{
    return class_of(slot)->counted ? (struct object *)slot->cap.object : nullptr;
}

/* --- The tree -------------------------------------------------------------------------------- */

static slot_link sibling(struct slot *slot)
{
    return (slot_link)slot;
}

static slot_link end_of(struct slot *parent)
{
    return (slot_link)parent | 1;
}

static struct slot *sibling_or_null(slot_link link)
{
    return slot_link_is_parent(link) ? nullptr : slot_link_target(link);
}

/* What comes before the place `link` leads back to is followed by `to` from now on. */
static void follow_by(slot_link link, slot_link to)
{
    struct slot *before = slot_link_target(link);
    if (!slot_link_is_parent(link))
        before->next = to;
    else if (before)
        before->first = sibling_or_null(to);
}

/* What comes after the place `link` leads on to is preceded by `to` from now on. */
static void precede_by(slot_link link, slot_link to)
{
    struct slot *after = slot_link_target(link);
    if (!slot_link_is_parent(link))
        after->prev = to;
    else if (after)
        after->last = sibling_or_null(to);
}

static void link_first(struct slot *slot, struct slot *parent)
{
    slot->first = slot->last = nullptr;
    slot->prev = slot->next = end_of(parent);
    if (!parent)
        return;
    if (parent->first)
        slot->next = sibling(parent->first);
    precede_by(slot->next, sibling(slot));
    parent->first = slot;
}

/* Its children come into its place. */
static void unlink(struct slot *slot)
{
    if (!slot->first) {
        follow_by(slot->prev, slot->next);
        precede_by(slot->next, slot->prev);
        return;
    }
    slot->first->prev = slot->prev;
    slot->last->next = slot->next;
    follow_by(slot->prev, sibling(slot->first));
    precede_by(slot->next, sibling(slot->last));
}

void slot_insert(struct slot *slot, struct capability cap, struct slot *parent)
{
    slot->cap = cap;
    link_first(slot, parent);
    struct object *object = header_of(slot);
    if (object)
        object->references++;
}

void slot_move(struct slot *to, struct slot *from)
{
    *to = *from;
    follow_by(to->prev, sibling(to));
    precede_by(to->next, sibling(to));
    if (to->first) {
        to->first->prev = end_of(to);
        to->last->next = end_of(to);
    }
    *from = (struct slot){};
}

/* --- Deleting one capability ------------------------------------------------------------------ */

static void release(struct slot *slot)
{
    const struct object_class *class = class_of(slot);
    struct object *object = header_of(slot);
    if (class->detach)
        class->detach(slot);
    unlink(slot);
    *slot = (struct slot){};
    if (object && --object->references == 0 && class->destroy)
        class->destroy(object);
}

/* Is it the last capability of an object? */
static bool is_last(const struct slot *slot)
{
    const struct object *object = header_of(slot);
    return object && object->references == 1;
}

/* Until the object has let go of everything the capability stays where it is, but grants nothing.
 */
static unsigned shed(struct slot *slot)
{
    const struct object_class *class = class_of(slot);
    struct object *object = (struct object *)slot->cap.object;
    object->dying = 1;
    slot->cap.rights = 0;
    return class->shed ? class->shed(object) : ASH_OK;
}

unsigned slot_delete_inner(struct slot *slot)
{
    if (slot_empty(slot))
        return ASH_OK;
    if (is_last(slot) && shed(slot) != ASH_OK)
        return PREEMPTED;
    release(slot);
    return ASH_OK;
}

/* --- Containers ------------------------------------------------------------------------------ */

SMALL

static void leave_list(struct grave *grave)
{
    *grave->link = grave->next;
    if (grave->next)
        grave->next->link = grave->link;
    grave->owner = nullptr;
}

static void enter_list(struct grave *grave, struct graves *graves)
{
    if (grave->owner)
        leave_list(grave);
    grave->owner = graves;
    grave->next = graves->first;
    grave->link = &graves->first;
    if (grave->next)
        grave->next->link = &grave->next;
    graves->first = grave;
}

static bool is_tomb(const struct slot *slot)
{
    const struct object_class *class = class_of(slot);
    return class->grave && slot == &class->grave((struct object *)slot->cap.object)->tomb;
}

static bool is_last_of_container(const struct slot *slot)
{
    return class_of(slot)->grave && is_last(slot);
}

/* Is it the grave of the thread whose list this is? */
static bool is_own(const struct grave *grave, const struct graves *graves)
{
    const struct object_class *class = class_of(&grave->tomb);
    return class->graves && class->graves((struct object *)grave->tomb.cap.object) == graves;
}

/* Also takes a buried container over from another list. */
static struct slot *bury(struct slot *slot, struct graves *graves)
{
    const struct object_class *class = class_of(slot);
    struct object *object = (struct object *)slot->cap.object;
    struct grave *grave = class->grave(object);
    if (slot != &grave->tomb)
        slot_move(&grave->tomb, slot);
    object->dying = 1;
    enter_list(grave, graves);
    if (class->stop && !is_own(grave, graves))
        class->stop(object);
    return &grave->tomb;
}

static unsigned dispose_last(struct slot *slot, struct graves *graves)
{
    const struct object_class *class = class_of(slot);
    if (class->grave) {
        bury(slot, graves);
        return ASH_OK;
    }
    if (class->inner &&
        slot_delete_inner(class->inner((struct object *)slot->cap.object)) != ASH_OK)
        return PREEMPTED;
    if (shed(slot) != ASH_OK)
        return PREEMPTED;
    release(slot);
    return ASH_OK;
}

SMALL_END

static unsigned dispose(struct slot *slot, struct graves *graves)
{
    if (is_last(slot))
        return dispose_last(slot, graves);
    release(slot);
    return ASH_OK;
}

SMALL

/* Moves the container's cursor past empty slots; the full slot there, or null. */
static struct slot *next_full(struct object *object, struct slot *slots, size_t count)
{
    for (unsigned n = 0; n < EMPTY_SLOTS_A_STEP && object->cursor < count; n++) {
        if (!slot_empty(&slots[object->cursor]))
            return &slots[object->cursor];
        object->cursor++;
    }
    return nullptr;
}

static unsigned empty_a_little(struct grave *grave, struct graves *graves)
{
    const struct object_class *class = class_of(&grave->tomb);
    struct object *object = (struct object *)grave->tomb.cap.object;
    size_t count;
    struct slot *slots = class->slots(object, &count);
    struct slot *full = next_full(object, slots, count);
    if (full)
        return dispose(full, graves);
    if (object->cursor < count)
        return ASH_OK;
    struct graves *inherited = class->graves ? class->graves(object) : nullptr;
    if (inherited && inherited != graves && inherited->first) {
        enter_list(inherited->first, graves);
        return ASH_OK;
    }
    leave_list(grave);
    release(&grave->tomb);
    return ASH_OK;
}

/* The newest, but the thread itself last. */
static struct grave *next_grave(const struct graves *graves)
{
    struct grave *grave = graves->first;
    return grave && grave->next && is_own(grave, graves) ? grave->next : grave;
}

unsigned graves_empty(struct graves *graves)
{
    struct grave *grave;
    while ((grave = next_grave(graves)) && !slot_empty(&grave->tomb)) {
        unsigned result = empty_a_little(grave, graves);
        if (result != ASH_OK)
            return result;
        if (graves->first && preemption_wanted())
            return PREEMPTED;
    }
    return ASH_OK;
}

SMALL_END

unsigned slot_delete(struct slot *slot, struct graves *graves, bool *emptied)
{
    unsigned result = slot_empty(slot) ? ASH_OK : dispose(slot, graves);
    *emptied = result == ASH_OK;
    return result == ASH_OK ? graves_empty(graves) : result;
}

SMALL

/* --- Revocation ------------------------------------------------------------------------------ */

static void move_behind_siblings(struct slot *child, struct slot *parent)
{
    unlink(child);
    child->next = end_of(parent);
    child->prev = parent->last ? sibling(parent->last) : end_of(parent);
    follow_by(child->prev, sibling(child));
    parent->last = child;
}

static bool is_buried_by(const struct slot *slot, const struct graves *graves)
{
    return is_tomb(slot) &&
           class_of(slot)->grave((struct object *)slot->cap.object)->owner == graves;
}

/* Everything derived from it but what this thread has buried. Children of a deleted child come into
 * its place, so the first child is all there is to look at. */
static unsigned delete_children(struct slot *slot, struct graves *graves)
{
    struct slot *child;
    while ((child = slot->first) && !is_buried_by(child, graves)) {
        unsigned result = ASH_OK;
        if (is_last_of_container(child))
            move_behind_siblings(bury(child, graves), slot);
        else
            result = dispose(child, graves);
        if (result != ASH_OK)
            return result;
        if (preemption_wanted())
            return PREEMPTED;
    }
    return ASH_OK;
}

/* Graves are last: one of them may be that of the container in which the slot itself lies. */
unsigned slot_revoke(struct slot *slot, struct graves *graves)
{
    do {
        unsigned result = delete_children(slot, graves);
        if (result == ASH_OK)
            result = graves_empty(graves);
        if (result != ASH_OK)
            return result;
    } while (slot->first);
    return ASH_OK;
}

SMALL_END
