// SPDX-License-Identifier: MIT
/*
 * CNode methods: every change of the derivation tree that user space can ask for. Decode finds
 * and checks both slots; commit links. The destination is a slot of the invoked CNode, the source
 * any path of the caller's.
 *
 * A delete that an interrupt stops after its slot is empty becomes the method `finish`, so that it
 * cannot delete what somebody puts into the slot meanwhile. */
#include "object/cnode.h"
#include "ipc/invoke.h"

static unsigned decode_destination(struct cnode *cnode, struct invocation *call,
                                   struct slot **destination)
{
    uint64_t index = invoke_word(call, 0);
    if (index > cnode_mask(cnode))
        return invoke_error(call, ASH_E_RANGE, 0, cnode_mask(cnode));
    *destination = &cnode->slot[index];
    return slot_empty(*destination) ? ASH_OK : invoke_error(call, ASH_E_OCCUPIED, index, 0);
}

static unsigned decode_source(struct invocation *call, struct slot **source)
{
    *source = lookup_cap(call->caller, invoke_word(call, 1));
    return *source ? ASH_OK : invoke_error(call, ASH_E_SOURCE, 1, 0);
}

/* A copied Frame or PageTable starts unmapped; a copied Endpoint keeps its badge. */
static struct capability derive(const struct slot *source, uint64_t rights)
{
    struct capability cap = source->cap;
    cap.rights = (uint8_t)(cap.rights & rights);
    if (cap.type == ASH_OBJ_FRAME || cap.type == ASH_OBJ_PAGE_TABLE)
        cap.data = cap.extra = 0;
    return cap;
}

static unsigned copy(struct cnode *cnode, struct invocation *call)
{
    struct slot *to = nullptr, *from = nullptr;
    unsigned error = decode_destination(cnode, call, &to);
    if (error == ASH_OK)
        error = decode_source(call, &from);
    if (error != ASH_OK)
        return error;
    if (!object_classes[from->cap.type]->copyable)
        return invoke_error(call, ASH_E_SOURCE, 1, from->cap.type);
    slot_insert(to, derive(from, invoke_word(call, 2)), from);
    return ASH_OK;
}

static unsigned mint(struct cnode *cnode, struct invocation *call)
{
    struct slot *to = nullptr, *from = nullptr;
    unsigned error = decode_destination(cnode, call, &to);
    if (error == ASH_OK)
        error = decode_source(call, &from);
    if (error != ASH_OK)
        return error;
    bool kind = from->cap.type == ASH_OBJ_ENDPOINT || from->cap.type == ASH_OBJ_NOTIFICATION;
    if (!kind || from->cap.data != 0)
        return invoke_error(call, ASH_E_SOURCE, 1, from->cap.type);
    struct capability cap = derive(from, invoke_word(call, 2));
    cap.data = invoke_word(call, 3);
    slot_insert(to, cap, from);
    return ASH_OK;
}

static unsigned move(struct cnode *cnode, struct invocation *call)
{
    struct slot *to = nullptr, *from = nullptr;
    unsigned error = decode_destination(cnode, call, &to);
    if (error == ASH_OK)
        error = decode_source(call, &from);
    if (error == ASH_OK)
        slot_move(to, from);
    return error;
}

static unsigned delete_or_revoke(struct cnode *cnode, struct invocation *call, bool revoke)
{
    uint64_t index = invoke_word(call, 0);
    if (index > cnode_mask(cnode))
        return invoke_error(call, ASH_E_RANGE, 0, cnode_mask(cnode));
    struct slot *slot = &cnode->slot[index];
    struct graves *graves = &call->caller->graves;
    bool emptied;
    unsigned result = revoke ? slot_revoke(slot, graves) : slot_delete(slot, graves, &emptied);
    if (revoke)
        emptied = slot_empty(slot); /* by deleting the CNode it lies in */
    if (result == PREEMPTED && emptied)
        invoke_run_again_as(call, ASH_CNODE_FINISH);
    return result;
}

static unsigned words_needed(uint64_t method)
{
    switch (method) {
    case ASH_CNODE_COPY:
        return 3;
    case ASH_CNODE_MINT:
        return 4;
    case ASH_CNODE_MOVE:
        return 2;
    case ASH_CNODE_FINISH:
        return 0;
    default:
        return 1;
    }
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    struct cnode *cnode = (struct cnode *)slot->cap.object;
    if ((method < ASH_CNODE_COPY || method > ASH_CNODE_REVOKE) && method != ASH_CNODE_FINISH)
        return invoke_error(call, ASH_E_METHOD, method, 0);
    if (call->length < words_needed(method))
        return invoke_error(call, ASH_E_TRUNCATED, words_needed(method), 0);
    switch (method) {
    case ASH_CNODE_COPY:
        return copy(cnode, call);
    case ASH_CNODE_MINT:
        return mint(cnode, call);
    case ASH_CNODE_MOVE:
        return move(cnode, call);
    case ASH_CNODE_FINISH:
        return graves_empty(&call->caller->graves);
    default:
        return delete_or_revoke(cnode, call, method == ASH_CNODE_REVOKE);
    }
}

static struct slot *slots(struct object *object, size_t *count)
{
    struct cnode *cnode = (struct cnode *)object;
    *count = (size_t)1 << cnode->radix;
    return cnode->slot;
}

static struct grave *grave(struct object *object)
{
    return &((struct cnode *)object)->grave;
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    *align = sizeof(struct slot);
    if (parameter < 1 || parameter > CNODE_RADIX_MAX)
        return 0;
    return sizeof(struct cnode) + (sizeof(struct slot) << parameter);
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    struct cnode *cnode = window(memory);
    cnode->radix = (uint32_t)parameter;
    cap->object = (uint64_t)cnode;
    cap->bits = (uint8_t)parameter;
}

const struct object_class cnode_class = {
    .name = "CNode",
    .invoke = invoke,
    .slots = slots,
    .grave = grave,
    .size = size,
    .create = create,
    .counted = true,
    .copyable = true,
};
