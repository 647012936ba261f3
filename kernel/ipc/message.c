// SPDX-License-Identifier: MIT
#include "ipc/message.h"
#include "ipc/invoke.h"
#include "object/cnode.h"
#include "small.h"

void message_signals(struct thread *receiver, uint64_t bits, uint64_t label)
{
    receiver->reg[REG_A0] = bits;
    receiver->reg[REG_A1] = ash_info(label, 0, 0);
}

static void transfer_fault(struct thread *sender, struct thread *receiver)
{
    receiver->reg[REG_A0] = sender->badge;
    receiver->reg[REG_A1] = ash_info(sender->fault, 4, 0);
    for (unsigned i = 0; i < ASH_MSG_REGISTERS; i++)
        receiver->reg[REG_A2 + i] = sender->fault_word[i];
}

SMALL

/* The empty slot where the receiver wants its next capability, or null. */
static struct slot *receive_slot(struct thread *receiver, unsigned n)
{
    volatile struct ash_ipc_buffer *buffer = thread_buffer(receiver);
    struct slot *cnode_slot = buffer ? lookup_cap(receiver, buffer->receive_cnode) : nullptr;
    if (!cnode_slot || cnode_slot->cap.type != ASH_OBJ_CNODE)
        return nullptr;
    struct cnode *cnode = (struct cnode *)cnode_slot->cap.object;
    uint64_t index = buffer->receive_index + n;
    if (index > cnode_mask(cnode) || !slot_empty(&cnode->slot[index]))
        return nullptr;
    return &cnode->slot[index];
}

/* A capability that cannot be copied (Untyped) is moved; others are derived from the sender's. */
static unsigned transfer_caps(struct thread *sender, struct thread *receiver, unsigned count)
{
    volatile struct ash_ipc_buffer *from = thread_buffer(sender);
    unsigned sent = 0;
    while (from && sent < count) {
        struct slot *source = lookup_cap(sender, from->caps[sent]);
        struct slot *target = receive_slot(receiver, sent);
        if (!source || !target)
            break;
        if (object_classes[source->cap.type]->copyable) {
            struct capability cap = source->cap;
            if (cap.type == ASH_OBJ_FRAME || cap.type == ASH_OBJ_PAGE_TABLE)
                cap.data = cap.extra = 0;
            slot_insert(target, cap, source);
        } else {
            slot_move(target, source);
        }
        sent++;
    }
    return sent;
}

SMALL_END

void message_transfer(struct thread *sender, struct thread *receiver)
{
    if (sender->faulted) {
        transfer_fault(sender, receiver);
        return;
    }
    uint64_t info = sender->reg[REG_A1];
    unsigned length = ash_info_length(info);
    unsigned caps = ash_info_caps(info);
    receiver->reg[REG_A0] = sender->badge;
    for (unsigned i = 0; i < ASH_MSG_REGISTERS; i++)
        receiver->reg[REG_A2 + i] = sender->reg[REG_A2 + i];
    if (length > ASH_MSG_REGISTERS) {
        const volatile struct ash_ipc_buffer *from = thread_buffer(sender);
        volatile struct ash_ipc_buffer *to = thread_buffer(receiver);
        length = length > ASH_MSG_WORDS ? ASH_MSG_WORDS : length;
        if (!from || !to)
            length = ASH_MSG_REGISTERS;
        for (unsigned i = ASH_MSG_REGISTERS; i < length; i++)
            to->msg[i] = from->msg[i];
    }
    if (caps > 0)
        caps = sender->send_grant ? transfer_caps(sender, receiver, caps) : 0;
    receiver->reg[REG_A1] = ash_info(ash_info_label(info), length, caps);
}
