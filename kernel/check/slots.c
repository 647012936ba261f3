// SPDX-License-Identifier: MIT
/*
 * Finds every full slot: from the slots of all threads along the links of the derivation tree and
 * into every object that holds slots. Capabilities and objects that nothing of this reaches can be
 * reached by no system call either.
 *
 * Verifies (object/capability.h): a slot is empty (type NULL, no links) or holds one capability;
 * linked slots lie in live objects; objects with a header count the slots that name them.
 */
#include "check/checks.h"
#include "object/thread.h"

const struct slot **all_slots;
struct entry **all_objects;
size_t slot_count, object_count;

static void note(const struct slot *slot, bool in_container)
{
    bool fresh;
    struct entry *entry = table_add(key_of_slot(slot), &fresh);
    if (fresh)
        all_slots[slot_count++] = slot;
    if (in_container)
        entry->mark |= MARK_IN_CONTAINER;
}

static bool blank(const struct slot *slot)
{
    const uint64_t *word = (const uint64_t *)slot;
    for (size_t i = 0; i < sizeof(*slot) / sizeof(*word); i++)
        if (word[i] != 0)
            return false;
    return true;
}

static void note_inside(const struct slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slot_empty(&slots[i]))
            RULE(blank(&slots[i]), "an empty slot has no links: %p", (const void *)&slots[i]);
        else
            note(&slots[i], true);
    }
}

static void note_object(const struct slot *slot)
{
    const struct object_class *class = object_classes[slot->cap.type];
    /* An Untyped has one capability, and often the address of the Untyped around it. */
    bool untyped = slot->cap.type == ASH_OBJ_UNTYPED;
    uint64_t object = untyped ? (uint64_t)slot : slot->cap.object;
    bool fresh;
    struct entry *entry = table_add(key_of_object(slot->cap.type, object), &fresh);
    entry->count++;
    if (!fresh)
        return;
    entry->slot = slot;
    all_objects[object_count++] = entry;
    if (class->inner)
        note_inside(class->inner((struct object *)slot->cap.object), 1);
    if (!class->slots)
        return;
    size_t count;
    const struct slot *slots = class->slots((struct object *)slot->cap.object, &count);
    note_inside(slots, count);
    note_inside(&class->grave((struct object *)slot->cap.object)->tomb, 1);
}

static void follow(const struct slot *slot)
{
    RULE(slot->cap.type != ASH_OBJ_NULL && slot->cap.type < ASH_OBJ_TYPES,
         "a linked slot holds a capability: %p is of type %u", (const void *)slot, slot->cap.type);
    note_object(slot);
    const struct slot *neighbour[NEIGHBOURS];
    derivation_neighbours(slot, neighbour);
    for (unsigned i = 0; i < NEIGHBOURS; i++)
        if (neighbour[i])
            note(neighbour[i], false);
}

static void check_counts(void)
{
    for (size_t i = 0; i < object_count; i++) {
        const struct capability *cap = &all_objects[i]->slot->cap;
        const struct object_class *class = object_classes[cap->type];
        if (!class->counted)
            continue;
        uint32_t references = ((const struct object *)cap->object)->references;
        RULE(references == all_objects[i]->count,
             "objects count the slots that name them: %s %p counts %u, %u name it", class->name,
             (const void *)cap->object, references, all_objects[i]->count);
    }
}

static void note_thread(const struct thread *thread)
{
    note_inside(thread->slot, THREAD_SLOTS);
    note_inside(&thread->grave.tomb, 1);
}

void slots_find(void)
{
    slot_count = object_count = 0;
    for (const struct thread *thread = all_threads; thread; thread = thread->all_next)
        note_thread(thread);
    for (size_t i = 0; i < slot_count; i++)
        follow(all_slots[i]);
    for (size_t i = 0; i < slot_count; i++)
        RULE(table_find(key_of_slot(all_slots[i]))->mark & MARK_IN_CONTAINER,
             "a linked slot lies in a live object: %p (type %u) does not",
             (const void *)all_slots[i], all_slots[i]->cap.type);
    check_counts();
}

struct entry *live(uint8_t type, const void *object)
{
    if (!object)
        return nullptr;
    uint64_t address = (uint64_t)object;
    if (type == ASH_OBJ_THREAD)
        address += offsetof(struct thread, object);
    return table_find(key_of_object(type, address));
}
