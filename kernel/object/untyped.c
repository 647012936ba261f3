// SPDX-License-Identifier: MIT
/*
 * Untyped: memory that can become objects. data = watermark, extra = size, cleared = pages known to
 * be clear (or to need no clearing) counted from the base.
 *
 * Invariants: base and size are multiples of a page; objects lie in [0, watermark); RAM in
 * [watermark, cleared * page) is zero; no child means watermark may go back to 0.
 *
 * Retype has three parts with preemption points: it looks whether all slots are empty, clears page
 * by page, and makes one object after the other. How far it came is kept where an interrupt finds
 * it again: pages in `cleared`, the rest in the caller's own message words, which turn into a
 * retype of what is left:
 *
 *      mr2   first slot that is not filled yet
 *      mr3   63                            32 31                         0
 *           +--------------------------------+----------------------------+
 *           | slots found empty from mr2 on  | objects still to be made   |
 *           +--------------------------------+----------------------------+
 *
 * A caller that forges the upper half only forgoes the look: no full slot is ever written over.
 */
#include "ipc/invoke.h"
#include "object/cnode.h"
#include "sched/preempt.h"

#include <string.h>

#define RETYPE_MAX   1024u
#define LOOKS_A_STEP 64u

struct retype {
    uint64_t type, parameter, first, count;
    uint64_t checked; /* of `count` slots, so many were found empty */
    struct cnode *cnode;
    uint64_t size, align;
    uint64_t start, end; /* offsets in the Untyped */
};

/* No child: all memory is free again, and what was cleared is no longer known to be clear. */
static void reset_if_free(struct slot *slot)
{
    if (!slot_has_children(slot) && slot->cap.data != 0) {
        slot->cap.data = 0;
        slot->cap.cleared = 0;
    }
}

static unsigned decode_slots(struct invocation *call, struct retype *r)
{
    struct slot *destination = invoke_cap_of(call, 0, ASH_OBJ_CNODE);
    if (!destination)
        return ASH_E_SOURCE;
    r->cnode = (struct cnode *)destination->cap.object;
    if (r->count < 1 || r->count > RETYPE_MAX || r->checked > r->count)
        return invoke_error(call, ASH_E_RANGE, 3, RETYPE_MAX);
    uint64_t mask = cnode_mask(r->cnode);
    if (r->first > mask || r->count > mask + 1 - r->first)
        return invoke_error(call, ASH_E_RANGE, 2, mask);
    return ASH_OK;
}

static void run_again_from_here(const struct invocation *call, const struct retype *r)
{
    invoke_run_again_with(call, 2, r->first);
    invoke_run_again_with(call, 3, r->checked << 32 | r->count);
}

static unsigned find_slots_empty(struct invocation *call, struct retype *r)
{
    while (r->checked < r->count) {
        uint64_t index = r->first + r->checked;
        if (!slot_empty(&r->cnode->slot[index]))
            return invoke_error(call, ASH_E_OCCUPIED, index, 0);
        if (++r->checked % LOOKS_A_STEP == 0 && preemption_wanted()) {
            run_again_from_here(call, r);
            return PREEMPTED;
        }
    }
    return ASH_OK;
}

static unsigned decode_size(struct slot *slot, struct invocation *call, struct retype *r)
{
    if (r->type >= ASH_OBJ_TYPES || !object_classes[r->type] || !object_classes[r->type]->size)
        return invoke_error(call, ASH_E_ARGUMENT, 0, 0);
    const struct object_class *class = object_classes[r->type];
    if (class->available && class->available() < r->count)
        return ASH_E_EXHAUSTED;
    bool plain = r->type == ASH_OBJ_FRAME || r->type == ASH_OBJ_UNTYPED;
    if (slot->cap.device && !plain)
        return invoke_error(call, ASH_E_ARGUMENT, 0, 1);
    r->size = class->size(r->parameter, &r->align);
    if (r->size == 0)
        return invoke_error(call, ASH_E_ARGUMENT, 1, 0);
    uint64_t base = slot->cap.object;
    r->start = round_up(base + slot->cap.data, r->align) - base;
    uint64_t stride = round_up(r->size, r->align);
    uint64_t left = r->start < slot->cap.extra ? slot->cap.extra - r->start : 0;
    if (stride == 0 || stride > left || (left - r->size) / stride < r->count - 1)
        return invoke_error(call, ASH_E_MEMORY, slot->cap.extra - slot->cap.data, 0);
    r->end = r->start + stride * (r->count - 1) + r->size;
    return ASH_OK;
}

/* Makes [.., end) of the Untyped clear; PREEMPTED keeps what was done. */
static unsigned clear_until(struct slot *slot, const struct invocation *call,
                            const struct retype *r)
{
    if (slot->cap.device || r->type == ASH_OBJ_UNTYPED)
        return ASH_OK;
    uint64_t pages = round_up(r->end, ASH_PAGE_SIZE) / ASH_PAGE_SIZE;
    uint64_t first = r->start / ASH_PAGE_SIZE;
    if (slot->cap.cleared < first && slot_has_children(slot)) {
        /* An alignment gap is given up at once: somebody could take it while we are interrupted.
         * Without children the watermark would go back to 0; then the gap is cleared as well. */
        slot->cap.data = r->start;
        slot->cap.cleared = (uint32_t)first;
    }
    while (slot->cap.cleared < pages) {
        paddr page = {slot->cap.object + (uint64_t)slot->cap.cleared * ASH_PAGE_SIZE};
        memset(window(page), 0, ASH_PAGE_SIZE);
        slot->cap.cleared++;
        if (slot->cap.cleared < pages && preemption_wanted()) {
            run_again_from_here(call, r);
            return PREEMPTED;
        }
    }
    return ASH_OK;
}

static void make_one(struct slot *slot, const struct retype *r)
{
    paddr memory = {slot->cap.object + r->start};
    struct capability cap = {.type = (uint8_t)r->type,
                             .rights = ASH_RIGHT_ALL,
                             .device = slot->cap.device,
                             .object = memory.value};
    object_classes[r->type]->create(&cap, memory, r->parameter);
    slot_insert(&r->cnode->slot[r->first], cap, slot);
    slot->cap.data = r->start + r->size;
    uint64_t pages = slot->cap.data / ASH_PAGE_SIZE;
    if (r->type == ASH_OBJ_UNTYPED && slot->cap.cleared < pages && !slot->cap.device)
        slot->cap.cleared = (uint32_t)pages; /* below the watermark nothing needs to be clear */
}

/* Only a slot that was filled while an interrupt was served can be full here. */
static unsigned commit(struct slot *slot, struct invocation *call, struct retype *r)
{
    uint64_t stride = round_up(r->size, r->align);
    while (r->count > 0) {
        if (!slot_empty(&r->cnode->slot[r->first]))
            return invoke_error(call, ASH_E_OCCUPIED, r->first, 0);
        make_one(slot, r);
        r->start += stride;
        r->first++;
        r->checked = --r->count;
        if (r->count > 0 && preemption_wanted()) {
            run_again_from_here(call, r);
            return PREEMPTED;
        }
    }
    return ASH_OK;
}

static unsigned retype(struct slot *slot, struct invocation *call)
{
    if (call->length < 4)
        return invoke_error(call, ASH_E_TRUNCATED, 4, 0);
    struct retype r = {.type = invoke_word(call, 0),
                       .parameter = invoke_word(call, 1),
                       .first = invoke_word(call, 2),
                       .count = (uint32_t)invoke_word(call, 3),
                       .checked = invoke_word(call, 3) >> 32};
    unsigned error = decode_slots(call, &r);
    if (error == ASH_OK)
        error = find_slots_empty(call, &r);
    if (error != ASH_OK)
        return error;
    reset_if_free(slot);
    error = decode_size(slot, call, &r);
    if (error == ASH_OK)
        error = clear_until(slot, call, &r);
    return error == ASH_OK ? commit(slot, call, &r) : error;
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    if (method == ASH_UNTYPED_RETYPE)
        return retype(slot, call);
    if (method != ASH_UNTYPED_INFO)
        return invoke_error(call, ASH_E_METHOD, method, 0);
    reset_if_free(slot);
    invoke_reply(call, 0, slot->cap.extra - slot->cap.data);
    invoke_reply(call, 1, slot->cap.extra);
    invoke_reply(call, 2, slot->cap.device);
    return ASH_OK;
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    *align = ASH_PAGE_SIZE;
    return parameter % ASH_PAGE_SIZE == 0 && parameter < (1ull << 43) ? parameter : 0;
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    cap->object = memory.value;
    cap->extra = parameter;
}

const struct object_class untyped_class = {
    .name = "Untyped",
    .invoke = invoke,
    .size = size,
    .create = create,
};
