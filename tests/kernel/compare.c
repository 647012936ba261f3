// SPDX-License-Identifier: MIT
#include "compare.h"
#include "host/host.h"
#include "host/tlb.h"
#include "model.h"
#include "object/cnode.h"
#include "object/ipc_objects.h"
#include "object/mapping.h"

#include <string.h>

void compare_start(struct cnode *root)
{
    model_object[model_root].kernel = (uint64_t)root;
}

static struct slot *kernel_slots(int number)
{
    const struct model_object *object = &model_object[number];
    const struct object_class *class = object_classes[object->type];
    size_t count = 1;
    struct slot *slots = class->inner ? class->inner((struct object *)object->kernel)
                                      : class->slots((struct object *)object->kernel, &count);
    host_check(count == (size_t)object->slots, "object %d has %zu slots", number, count);
    return slots;
}

/* How the kernel names an object is learnt from the first capability seen. */
static void learn(int number)
{
    for (int i = 0; i < model_nodes; i++) {
        const struct model_node *node = &model_node[i];
        if (!node->used || node->object != number)
            continue;
        if (node->holder == BURIED || !model_object[node->holder].kernel)
            continue;
        model_object[number].kernel = kernel_slots(node->holder)[node->index].cap.object;
        return;
    }
}

bool compare_is_buried(int number)
{
    const struct model_object *object = &model_object[number];
    const struct object_class *class = object_classes[object->type];
    if (!class->grave)
        return false;
    host_check(object->kernel != 0, "object %d is nowhere", number);
    return !slot_empty(&class->grave((struct object *)object->kernel)->tomb);
}

uint64_t compare_watermark(int node)
{
    const struct model_node *untyped = &model_node[node];
    host_check(model_object[untyped->holder].kernel != 0, "the Untyped is nowhere");
    return kernel_slots(untyped->holder)[untyped->index].cap.data;
}

bool compare_is_empty(int holder, int index)
{
    host_check(model_object[holder].kernel != 0, "object %d is nowhere", holder);
    return slot_empty(&kernel_slots(holder)[index]);
}

static void compare_mapping(const struct model_node *node, const struct capability *cap)
{
    host_check(mapping_present(cap) == node->mapped, "mapped: the kernel says %d",
               mapping_present(cap));
    if (node->mapped)
        host_check(mapping_address(cap) == node->address, "mapped at %#lx instead of %#lx",
                   mapping_address(cap), node->address);
}

static void compare_cap(const struct model_node *node, const struct capability *cap)
{
    const struct model_object *object = &model_object[node->object];
    switch (node->type) {
    case ASH_OBJ_FRAME:
    case ASH_OBJ_PAGE_TABLE:
        host_check(cap->object == object->physical, "a frame at %#lx instead of %#lx", cap->object,
                   object->physical);
        compare_mapping(node, cap);
        break;
    case ASH_OBJ_UNTYPED:
        host_check(cap->object == object->physical && cap->extra == object->size,
                   "an Untyped of other memory");
        host_check(node->children == 0 || cap->data == node->watermark,
                   "watermark %#lx instead of %#lx", cap->data, node->watermark);
        break;
    case ASH_OBJ_ENDPOINT:
    case ASH_OBJ_NOTIFICATION:
        host_check(cap->data == node->badge, "badge %#lx instead of %#lx", cap->data, node->badge);
        break;
    default:
        break;
    }
    if (node->type == ASH_OBJ_FRAME || node->type == ASH_OBJ_CNODE)
        host_check(cap->bits == node->bits, "size bits %u instead of %u", cap->bits, node->bits);
    host_check(cap->device == node->device, "device memory: %u", cap->device);
}

static void compare_slot(int number, const struct slot *slot)
{
    if (number == NONE) {
        host_check(slot_empty(slot), "a slot holds type %u and should be empty", slot->cap.type);
        return;
    }
    const struct model_node *node = &model_node[number];
    struct model_object *object = &model_object[node->object];
    host_check(slot->cap.type == node->type, "a slot holds type %u instead of %u", slot->cap.type,
               node->type);
    host_check(slot->cap.rights == node->rights, "rights %#x instead of %#x", slot->cap.rights,
               node->rights);
    host_check(slot->cap.object == object->kernel, "two capabilities of one object differ");
    compare_cap(node, &slot->cap);
}

static void compare_thread(const struct model_object *object)
{
    const struct thread *thread = thread_from(object->kernel);
    host_check((thread->state == ASH_THREAD_RUNNING) == object->running, "thread state %u",
               thread->state);
    uint64_t sched = object->sched == NONE ? 0 : model_object[object->sched].kernel;
    uint64_t bound = object->notification == NONE ? 0 : model_object[object->notification].kernel;
    host_check((uint64_t)thread->sched == sched, "the thread's SchedContext is another");
    host_check((uint64_t)thread->bound == bound, "the thread's Notification is another");
}

static void compare_sched(const struct model_object *object)
{
    const struct sched_context *sched = (const struct sched_context *)object->kernel;
    const struct thread *thread = sched->thread;
    uint64_t own = thread ? (uint64_t)&thread->object : 0;
    uint64_t due = object->thread == NONE ? 0 : model_object[object->thread].kernel;
    host_check(own == due, "the SchedContext's thread is another");
    host_check((sched->hart != nullptr) == object->configured, "configured: %d",
               sched->hart != nullptr);
}

/* The part that user space controls, entry by entry, and the tables below. */
static void compare_table(const uint64_t *kernel, const struct model_object *object,
                          unsigned entries)
{
    host_check(memcmp(kernel, object->table, entries * sizeof(uint64_t)) == 0,
               "page table entries differ");
    for (unsigned i = 0; i < entries; i++) {
        uint64_t entry = object->table[i];
        if (!(entry & PTE_V) || (entry & PTE_LEAF))
            continue;
        int below = model_table_at(entry);
        host_check(below != NONE, "an entry points to a table that is gone");
        compare_table(window(pte_target(entry)), &model_object[below], 512);
    }
}

/* The number of an address space that has been loaded on this hart, else 0. */
static uint64_t loaded_asid(int vspace)
{
    const struct vspace *kernel = (const struct vspace *)model_object[vspace].kernel;
    if (!model_object[vspace].live || !kernel || !(kernel->hart_mask & 1))
        return 0;
    return kernel->satp >> SATP_ASID_SHIFT & SATP_ASID_MASK;
}

static int vspace_with(uint64_t asid)
{
    for (int i = 0; i < model_objects; i++)
        if (model_object[i].type == ASH_OBJ_VSPACE && loaded_asid(i) == asid)
            return i;
    return NONE;
}

static void check_kept(void)
{
    size_t count;
    const struct translation *kept = tlb_kept(&count);
    for (size_t i = 0; i < count; i++) {
        int vspace = vspace_with(kept[i].asid);
        host_check(vspace != NONE, "translations of an address space that is gone are kept");
        unsigned missing;
        const uint64_t *entry = model_entry(vspace, kept[i].address, kept[i].bits, &missing);
        host_check(entry && *entry == kept[i].entry,
                   "the hart keeps a translation of %#lx that is out of date", kept[i].address);
    }
}

void compare_translations(void)
{
    check_kept();
    for (int i = 0; i < model_nodes; i++) {
        const struct model_node *node = &model_node[i];
        const uint64_t *entry = node->used && node->type == ASH_OBJ_FRAME && node->mapped
                                    ? model_mapped_entry(node)
                                    : nullptr;
        if (entry && loaded_asid(node->vspace) != 0)
            tlb_show(
                (struct translation){loaded_asid(node->vspace), node->address, *entry, node->bits});
    }
}

static void compare_object(int number)
{
    struct model_object *object = &model_object[number];
    const struct object_class *class = object_classes[object->type];
    if (class->counted)
        host_check(((struct object *)object->kernel)->references == (uint32_t)object->references,
                   "%s: %u references instead of %d", class->name,
                   ((struct object *)object->kernel)->references, object->references);
    if (object->type == ASH_OBJ_THREAD)
        compare_thread(object);
    if (object->type == ASH_OBJ_SCHED_CONTEXT)
        compare_sched(object);
    if (object->type == ASH_OBJ_VSPACE)
        compare_table(((struct vspace *)object->kernel)->root, object, VSPACE_USER_ENTRIES);
    if (object->slots == 0)
        return;
    const struct slot *slots = kernel_slots(number);
    for (int i = 0; i < object->slots; i++)
        compare_slot(model_at(number, (uint64_t)i), &slots[i]);
}

void compare_learn(void)
{
    bool grown = true;
    while (grown) {
        grown = false;
        for (int i = 0; i < model_objects; i++)
            if (model_object[i].live && !model_object[i].kernel) {
                learn(i);
                grown = grown || model_object[i].kernel != 0;
            }
    }
}

void compare_all(void)
{
    compare_learn();
    for (int i = 0; i < model_objects; i++)
        if (model_object[i].live && model_object[i].kernel)
            compare_object(i);
}
