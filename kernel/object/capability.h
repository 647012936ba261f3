// SPDX-License-Identifier: MIT
/*
 * Capabilities, the slots that hold them, and the derivation tree.
 *
 * Invariants.
 *  - A slot is empty (type NULL, no links) or holds one capability and is linked into the tree.
 *  - The tree: `parent` is the slot this capability was derived from (copied, minted, retyped out
 *    of); `child` the newest slot derived from this one; siblings are doubly linked by next/prev.
 *    Revoking a slot deletes everything below it. Deleting a slot in the middle hands its children
 *    to its parent.
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

struct slot {
    struct capability cap;
    struct slot *parent, *child, *next, *prev;
};
static_assert(sizeof(struct slot) == 64);

/* The header of every object that counts its capabilities. */
struct object {
    uint32_t references;
    uint32_t dying;  /* not 0: its slots are being emptied; the number of the walk that came last */
    uint32_t cursor; /* slots below it are empty already */
    uint32_t reserved;
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
    /* The last capability is gone: leaves queues, unbinds. Its slots are already empty. */
    void (*destroy)(struct object *object);
    /* The slots inside the object (CNode, Thread), or null. */
    struct slot *(*slots)(struct object *object, size_t *count);
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

/* Puts a capability into an empty slot as a child of `parent` (null: a root of the tree). */
void slot_insert(struct slot *slot, struct capability cap, struct slot *parent);
/* Moves a capability to an empty slot with its place in the tree. */
void slot_move(struct slot *to, struct slot *from);
/* Deletes the capability; destroys the object with its last one. ASH_OK or PREEMPTED. */
[[nodiscard]] unsigned slot_delete(struct slot *slot);
/* Deletes every capability derived from this one. ASH_OK or PREEMPTED. */
[[nodiscard]] unsigned slot_revoke(struct slot *slot);
/* Deletes a capability that can be no container's last one (internal slots): never preempted. */
void slot_delete_simple(struct slot *slot);

#endif
