// SPDX-License-Identifier: MIT
/*
 * Capabilities, the slots that hold them, and the derivation tree.
 *
 * Invariants.
 *  - A slot is empty (type NULL, no links) or holds one capability and is linked into the tree.
 *  - The tree: a slot's parent is the slot its capability was derived from (copied, minted, retyped
 *    out of). `first` and `last` are the newest and the oldest slot derived from this one, siblings
 *    are doubly linked by next and prev, and what lies beyond either end of them is the parent:
 *
 *                      +--------+
 *          +---------->| parent |<----------+     A link with bit 0 set (^) leads to the parent,
 *          |     first +--------+ last      |     or nowhere for a root of the tree.
 *          | ^      /            \        ^ |
 *        prev   +-----+ next  +-----+   next      No slot but the two at the ends knows its parent,
 *          +----|  b  |------>|  a  |-----+       so a slot is taken out or moved, with however
 *               +-----+ prev  +-----+             many children, by changing six links at most.
 *
 *    Revoking a slot deletes everything below it. Deleting a slot in the middle puts its children
 *    in its place.
 *  - Objects with a header count the slots that name them; the last one to go destroys the object.
 *  - An Untyped is never copied; the memory of all its children lies inside it and below its
 *    watermark, and no child means that all of it is free.
 */
#ifndef KERNEL_OBJECT_CAPABILITY_H
#define KERNEL_OBJECT_CAPABILITY_H

#include "arch/memory.h"
#include "kernel/error.h"
#include "kernel/object.h"

#include <stddef.h>

struct capability {
    uint8_t type;     /* enum ash_object_type */
    uint8_t rights;   /* enum ash_right */
    uint8_t bits;     /* Frame: size bits. CNode: radix. */
    uint8_t device;   /* Untyped, Frame: device memory, never cleared */
    uint32_t cleared; /* Untyped: pages from its base that need no clearing any more */
    uint64_t object;  /* kernel address of the object, or physical address (Untyped, Frame) */
    uint64_t data;    /* badge; Untyped: watermark in bytes; Frame, PageTable: mapping */
    uint64_t extra;   /* Untyped: size in bytes; Frame: address space of the mapping */
};

/* A sibling, or with bit 0 set the parent (null for a root). */
typedef uintptr_t slot_link;

struct slot {
    struct capability cap;
    slot_link next, prev;
    struct slot *first, *last;
};
static_assert(sizeof(struct slot) == 64);

/* The header of every object that counts its capabilities. */
struct object {
    uint32_t references;
    uint32_t dying;  /* its last capability is being deleted: it takes no methods any more */
    uint32_t cursor; /* of a container that is being emptied: slots below it are empty already */
    uint32_t reserved;
};

/*
 * A container (CNode, Thread) whose last capability was deleted is emptied before it is destroyed.
 * Meanwhile the capability lies in the container's own tomb, where nobody can name it but its
 * memory stays in use, and the container in the list of the thread that empties it.
 */
struct grave {
    struct slot tomb;
    struct graves *owner; /* the list it is in; null: not being emptied */
    struct grave *next, **link;
};

struct graves {
    struct grave *first;
};

/* What a method got to work with; see ipc/invoke.c. */
struct invocation;

/* Result of a method or a deletion: an enum ash_error, or this: an interrupt waits, nothing is
 * lost, run the same system call again. */
#define PREEMPTED 0x100u

struct object_class {
    const char *name;
    /* Runs a method: decodes, then commits. */
    unsigned (*invoke)(struct slot *slot, uint64_t method, struct invocation *call);
    /* Undoes what this one capability stands for (a mapping). */
    void (*detach)(struct slot *slot);
    /* The last capability is going: lets go of whatever there may be many of (waiting threads), in
     * steps: ASH_OK or PREEMPTED. */
    unsigned (*shed)(struct object *object);
    /* The last capability is gone: unbinds. Its slots are already empty. Never takes long. */
    void (*destroy)(struct object *object);
    /* Container: its slots, where it is buried, and what must end at once (null: nothing). */
    struct slot *(*slots)(struct object *object, size_t *count);
    struct grave *(*grave)(struct object *object);
    void (*stop)(struct object *object);
    /* Thread: the containers that it empties. */
    struct graves *(*graves)(struct object *object);
    /* Timer, Irq: the one slot inside, which never holds a container. */
    struct slot *(*inner)(struct object *object);
    /* Bytes and alignment of an object of that size parameter; 0 bytes: cannot be made. */
    uint64_t (*size)(uint64_t parameter, uint64_t *align);
    /* How many more can be made for want of something other than memory; null: any number. */
    uint64_t (*available)(void);
    /* Makes the object in cleared memory and fills the capability. */
    void (*create)(struct capability *cap, paddr memory, uint64_t parameter);
    bool counted; /* has a struct object header */
    bool copyable;
};

/* Row i describes enum ash_object_type i. */
extern const struct object_class *const object_classes[ASH_OBJ_TYPES];

static inline bool slot_empty(const struct slot *slot)
{
    return slot->cap.type == ASH_OBJ_NULL;
}

static inline bool slot_has_children(const struct slot *slot)
{
    return slot->first != nullptr;
}

/* Walking the tree: the next sibling or null; the parent if this is the last sibling. */
static inline bool slot_link_is_parent(slot_link link)
{
    return link & 1;
}
static inline struct slot *slot_link_target(slot_link link)
{
    return (struct slot *)(link & ~(slot_link)1);
}

/* Puts a capability into an empty slot as a child of `parent` (null: a root of the tree). */
void slot_insert(struct slot *slot, struct capability cap, struct slot *parent);
/* Moves a capability to an empty slot with its place in the tree. */
void slot_move(struct slot *to, struct slot *from);

/*
 * Deletion. `graves` belongs to the thread whose system call this is; whatever is buried on the way
 * goes there, and on PREEMPTED stays there. Each call makes at least one step of progress.
 *
 * slot_delete: the capability, and with its last capability the object; *emptied tells (also on
 *   PREEMPTED) that the slot is empty and only graves are left to do.
 * slot_revoke: every capability derived from this one.
 * slot_delete_inner: a capability that never is a container's.
 * graves_empty: what is left of a deletion that was preempted.
 */
[[nodiscard]] unsigned slot_delete(struct slot *slot, struct graves *graves, bool *emptied);
[[nodiscard]] unsigned slot_revoke(struct slot *slot, struct graves *graves);
[[nodiscard]] unsigned slot_delete_inner(struct slot *slot);
[[nodiscard]] unsigned graves_empty(struct graves *graves);

#endif
