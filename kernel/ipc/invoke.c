// SPDX-License-Identifier: MIT
#include "ipc/invoke.h"
#include "object/cnode.h"

struct slot *lookup_slot(struct thread *thread, uint64_t path)
{
    struct slot *slot = &thread->slot[THREAD_SLOT_CSPACE];
    for (unsigned depth = 0; slot->cap.type == ASH_OBJ_CNODE && depth < 64; depth++) {
        struct cnode *cnode = (struct cnode *)slot->cap.object;
        slot = &cnode->slot[path & cnode_mask(cnode)];
        path >>= cnode->radix;
        if (path == 0)
            return slot;
        path--;
    }
    return nullptr;
}

struct slot *lookup_cap(struct thread *thread, uint64_t path)
{
    struct slot *slot = lookup_slot(thread, path);
    return slot && !slot_empty(slot) ? slot : nullptr;
}

uint64_t invoke_word(const struct invocation *call, unsigned i)
{
    if (i >= call->length)
        return 0;
    if (i < ASH_MSG_REGISTERS)
        return call->caller->reg[REG_A2 + i];
    const volatile struct ash_ipc_buffer *buffer = thread_buffer(call->caller);
    return buffer ? buffer->msg[i] : 0;
}

struct slot *invoke_cap(const struct invocation *call, unsigned i)
{
    const volatile struct ash_ipc_buffer *buffer = thread_buffer(call->caller);
    if (i >= call->caps || !buffer)
        return nullptr;
    return lookup_cap(call->caller, buffer->caps[i]);
}

struct slot *invoke_cap_of(struct invocation *call, unsigned i, enum ash_object_type type)
{
    struct slot *slot = invoke_cap(call, i);
    if (slot && slot->cap.type == type)
        return slot;
    call->result[0] = i;
    call->result[1] = type;
    return nullptr;
}

void invoke_reply(struct invocation *call, unsigned i, uint64_t word)
{
    if (i < 2)
        call->result[i] = word;
    else if (i < ASH_MSG_REGISTERS)
        call->caller->reg[REG_A2 + i] = word;
    volatile struct ash_ipc_buffer *buffer = thread_buffer(call->caller);
    if (i >= ASH_MSG_REGISTERS && i < ASH_MSG_WORDS && buffer)
        buffer->msg[i] = word;
    if (i >= call->results)
        call->results = i + 1;
}

unsigned invoke_error(struct invocation *call, unsigned error, uint64_t detail0, uint64_t detail1)
{
    call->result[0] = detail0;
    call->result[1] = detail1;
    return error;
}

void invoke_run_again_as(const struct invocation *call, uint64_t method)
{
    call->caller->reg[REG_A1] = ash_info(method, call->length, call->caps);
}

void invoke_run_again_with(const struct invocation *call, unsigned i, uint64_t word)
{
    if (i < ASH_MSG_REGISTERS)
        call->caller->reg[REG_A2 + i] = word;
}

unsigned invoke_object(struct thread *caller, struct slot *slot, uint64_t info)
{
    struct invocation call = {
        .caller = caller, .length = ash_info_length(info), .caps = ash_info_caps(info)};
    if (call.length > ASH_MSG_WORDS)
        call.length = ASH_MSG_WORDS;
    const struct object_class *class = object_classes[slot->cap.type];
    uint64_t method = ash_info_label(info);
    unsigned error;
    if (class->counted && ((struct object *)slot->cap.object)->dying)
        error = ASH_E_DELETED;
    else if (!class->invoke)
        error = invoke_error(&call, ASH_E_METHOD, method, 0);
    else
        error = class->invoke(slot, method, &call);
    if (error == PREEMPTED)
        return PREEMPTED;
    if (error != ASH_OK && call.results < 2)
        call.results = 2;
    caller->reg[REG_A0] = 0;
    caller->reg[REG_A1] = ash_info(error, call.results, 0) | (error ? ASH_INFO_KERNEL : 0);
    caller->reg[REG_A2] = call.result[0];
    caller->reg[REG_A2 + 1] = call.result[1];
    return ASH_OK;
}
