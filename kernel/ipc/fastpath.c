// SPDX-License-Identifier: MIT
/*
 * Every condition is checked before anything changes; what follows is what endpoint.c, reply.c and
 * sched.c would do in the same case, without the questions that are already answered:
 *
 *  - the SchedContext goes with the message, so no time is read and no deadline moves;
 *  - the one who gets it may run at once: its priority is not below that of anybody ready here;
 *  - neither is in a ready queue: one runs (so it has a SchedContext), the other was blocked;
 *  - a Reply object that a thread waits in Recv with has no caller.
 *
 * Between two threads that both have a SchedContext the time of each is booked; the rest is the
 * same, but for the first of these.
 */
#include "ipc/fastpath.h"
#include "object/cnode.h"
#include "object/ipc_objects.h"
#include "object/irq.h"
#include "sched/sched.h"
#include "sched/switch.h"
#include "trap.h"

/* The slot of a path of one level, or null. Only a CNode can be in that slot of a thread. */
static inline struct slot *simple_lookup(struct thread *thread, uint64_t path)
{
    struct cnode *cnode = (struct cnode *)thread->slot[THREAD_SLOT_CSPACE].cap.object;
    return cnode && path >> cnode->radix == 0 ? &cnode->slot[path] : nullptr;
}

struct message {
    uint64_t badge, info, mr[ASH_MSG_REGISTERS];
};

/* The system call as it was made, for the long way. trap.S stored a0, and a6 where it counts. */
[[gnu::always_inline]] static inline void keep_arguments(struct thread *thread, uint64_t number,
                                                         const struct message *message)
{
    uint64_t *argument = &thread->reg[REG_A0];
    argument[1] = message->info;
    for (unsigned i = 0; i < ASH_MSG_REGISTERS; i++)
        argument[2 + i] = message->mr[i];
    argument[7] = number;
}

/* Length, number of capabilities and flags lie side by side: none of these, and no more words than
 * the buffer has. */
static inline bool plain_message(uint64_t info)
{
    return (info & ((1ull << ASH_INFO_LABEL_SHIFT) - 1)) <= ASH_MSG_WORDS;
}

static inline bool may_call(const struct slot *slot)
{
    uint8_t reply_rights = ASH_RIGHT_GRANT | ASH_RIGHT_GRANT_REPLY;
    return slot && slot->cap.type == ASH_OBJ_ENDPOINT && (slot->cap.rights & ASH_RIGHT_WRITE) &&
           (slot->cap.rights & reply_rights);
}

static inline bool may_reply_recv(const struct slot *slot, const struct slot *reply)
{
    return slot && slot->cap.type == ASH_OBJ_ENDPOINT && (slot->cap.rights & ASH_RIGHT_READ) &&
           reply && reply->cap.type == ASH_OBJ_REPLY;
}

/* Can the words beyond the registers be copied? */
static inline bool buffers_ready(struct thread *from, struct thread *to, uint64_t info)
{
    return ash_info_length(info) <= ASH_MSG_REGISTERS || (thread_buffer(from) && thread_buffer(to));
}

/* The words of a message that are not in registers. */
static void copy_words(struct thread *from, struct thread *to, uint64_t length)
{
    const volatile struct ash_ipc_buffer *source = thread_buffer(from);
    volatile struct ash_ipc_buffer *target = thread_buffer(to);
    for (uint64_t i = ASH_MSG_REGISTERS; i < length; i++)
        target->msg[i] = source->msg[i];
}

/* What few hand-overs need. Not in line, and called last, so that those which do not need it keep
 * no registers on the stack. */
[[gnu::noinline]] static struct thread *hand_over_carefully(struct hart *hart, struct thread *from,
                                                            struct thread *to, uint64_t length)
{
    copy_words(from, to, length);
    switch_threads(hart, from, to);
    check_leave();
    return hart->current; /* not `to`: what is known to the caller would not be a call at its end */
}

/* `sched`, the processor and the message (null: none) go from one thread to the other. */
[[gnu::always_inline]] static inline struct thread *hand_over(struct thread *from,
                                                              struct thread *to,
                                                              struct sched_context *sched,
                                                              const struct message *message)
{
    struct hart *hart = this_hart;
    from->sched = nullptr;
    to->sched = sched;
    sched->thread = to;
    to->state = ASH_THREAD_RUNNING;
    unsigned length = 0;
    if (message) {
        uint64_t *result = &to->reg[REG_A0];
        result[0] = message->badge;
        result[1] = message->info;
        result[2] = message->mr[0];
        result[3] = message->mr[1];
        result[4] = message->mr[2];
        result[5] = message->mr[3];
        length = ash_info_length(message->info);
    }
    if (length > ASH_MSG_REGISTERS || !switch_simply(hart, to)) [[clang::unlikely]]
        return hand_over_carefully(hart, from, to, length);
    check_leave();
    return to;
}

[[gnu::always_inline]] static inline void take_receiver(struct endpoint *endpoint)
{
    queue_take_first(&endpoint->queue);
    if (!endpoint->queue.head)
        endpoint->state = ENDPOINT_IDLE;
}

[[gnu::always_inline]] static inline void
receive_again(struct thread *server, struct endpoint *endpoint, struct reply *reply)
{
    server->state = ASH_THREAD_BLOCKED_RECEIVE;
    server->receive_reply = reply;
    reply->receiver = server;
    server->endpoint = endpoint;
    endpoint->state = ENDPOINT_RECEIVING;
}

/* As hand_over(), between threads that keep the SchedContexts they have: sched_may_take(). */
static struct thread *take_turn(struct thread *from, struct thread *to, uint64_t badge,
                                uint64_t now)
{
    struct hart *hart = this_hart;
    uint64_t info = from->reg[REG_A1], length = ash_info_length(info);
    to->reg[REG_A0] = badge;
    to->reg[REG_A1] = info;
    for (unsigned i = REG_A2; i < REG_A2 + ASH_MSG_REGISTERS; i++)
        to->reg[i] = from->reg[i];
    if (length > ASH_MSG_REGISTERS)
        copy_words(from, to, length);
    sched_take(hart, to, now);
    check_leave();
    return hart->current;
}

/* Does the thread that runs here run on its own SchedContext, and nothing wait to be done? */
static bool has_turn(const struct hart *hart, const struct thread *thread)
{
    return !hart->reschedule && !thread->queued && thread->sched && thread->sched == hart->charged;
}

/* The caller's message to a passive server that waits; null, and nothing changed, if there is none
 * or it is not for the short way. */
[[gnu::always_inline]] static inline struct thread *
call_passive(struct thread *caller, struct endpoint *endpoint, const struct message *message)
{
    if (endpoint->state != ENDPOINT_RECEIVING)
        return nullptr;
    struct thread *server = endpoint->queue.head;
    struct reply *reply = server->receive_reply;
    struct sched_context *sched = caller->sched;
    if (server->sched || !reply || server->priority < caller->priority ||
        !buffers_ready(caller, server, message->info))
        return nullptr;
    take_receiver(endpoint);
    reply->receiver = nullptr;
    reply->caller = caller;
    reply_push(reply, sched);
    caller->reply = reply;
    caller->state = ASH_THREAD_BLOCKED_REPLY;
    return hand_over(caller, server, sched, message);
}

/* Call, which may_call() allows, to a server with a SchedContext of its own; the arguments lie in
 * the thread. */
[[gnu::noinline]] static struct thread *call_active(struct thread *caller)
{
    struct hart *hart = this_hart;
    uint64_t info = caller->reg[REG_A1];
    const struct slot *slot = simple_lookup(caller, caller->reg[REG_A0]);
    if (!plain_message(info) || !has_turn(hart, caller))
        return syscall_call(caller);
    struct endpoint *endpoint = (struct endpoint *)slot->cap.object;
    struct thread *server = endpoint->queue.head;
    uint64_t now = time_now();
    if (endpoint->state != ENDPOINT_RECEIVING || !server->receive_reply ||
        !buffers_ready(caller, server, info) || !sched_may_take(hart, server, now))
        return syscall_call(caller);
    struct reply *reply = server->receive_reply;
    take_receiver(endpoint);
    reply->receiver = nullptr;
    reply->caller = caller;
    caller->reply = reply;
    caller->state = ASH_THREAD_BLOCKED_REPLY;
    return take_turn(caller, server, slot->cap.data, now);
}

/* Not in line: a method keeps no registers for the sake of messages. */
[[gnu::noinline]] static struct thread *call_otherwise(struct thread *caller)
{
    const struct slot *slot = simple_lookup(caller, caller->reg[REG_A0]);
    return may_call(slot) ? call_active(caller) : syscall_call(caller);
}

struct thread *fastpath_call(uint64_t path, uint64_t info, uint64_t mr0, uint64_t mr1, uint64_t mr2,
                             uint64_t mr3, uint64_t unused, struct thread *caller)
{
    (void)unused;
    struct message message = {0, info, {mr0, mr1, mr2, mr3}};
    const struct slot *slot = simple_lookup(caller, path);
    if (may_call(slot) && plain_message(info)) {
        message.badge = slot->cap.data;
        struct thread *next = call_passive(caller, (struct endpoint *)slot->cap.object, &message);
        if (next)
            return next;
    }
    keep_arguments(caller, ASH_SYS_CALL, &message);
    return call_otherwise(caller);
}

bool fastpath_fault(struct thread *thread)
{
    const struct capability *handler = &thread->slot[THREAD_SLOT_FAULT].cap;
    const uint64_t *word = thread->fault_word;
    struct message message = {
        handler->data, ash_info(thread->fault, 4, 0), {word[0], word[1], word[2], word[3]}};
    return thread == this_hart->current &&
           call_passive(thread, (struct endpoint *)handler->object, &message) != nullptr;
}

/* ReplyRecv of a server that was called so. */
[[gnu::noinline]] static struct thread *reply_active(struct thread *server)
{
    struct hart *hart = this_hart;
    uint64_t info = server->reg[REG_A1];
    const struct slot *slot = simple_lookup(server, server->reg[REG_A0]);
    const struct slot *reply_slot = simple_lookup(server, server->reg[REG_A6]);
    if (!may_reply_recv(slot, reply_slot) || !plain_message(info) || !has_turn(hart, server))
        return syscall_reply_recv(server);
    struct endpoint *endpoint = (struct endpoint *)slot->cap.object;
    struct reply *reply = (struct reply *)reply_slot->cap.object;
    struct thread *caller = reply->caller;
    uint64_t now = time_now();
    if (!caller || reply->sched || caller->faulted || server->inherited ||
        endpoint->state == ENDPOINT_SENDING || (server->bound && server->bound->signals) ||
        !buffers_ready(server, caller, info) || !sched_may_take(hart, caller, now) ||
        !queue_append(&endpoint->queue, server))
        return syscall_reply_recv(server);
    reply->caller = nullptr;
    caller->reply = nullptr;
    receive_again(server, endpoint, reply);
    return take_turn(server, caller, 0, now);
}

struct thread *fastpath_reply_recv(uint64_t path, uint64_t info, uint64_t mr0, uint64_t mr1,
                                   uint64_t mr2, uint64_t mr3, uint64_t reply_path,
                                   struct thread *server)
{
    struct message message = {0, info, {mr0, mr1, mr2, mr3}};
    const struct slot *slot = simple_lookup(server, path);
    const struct slot *reply_slot = simple_lookup(server, reply_path);
    if (!may_reply_recv(slot, reply_slot) || !plain_message(info))
        goto long_way;
    struct endpoint *endpoint = (struct endpoint *)slot->cap.object;
    struct reply *reply = (struct reply *)reply_slot->cap.object;
    struct sched_context *sched = server->sched;
    struct thread *caller = reply->caller;
    if (!caller || caller->sched || sched->top != reply || server->inherited ||
        endpoint->state == ENDPOINT_SENDING || (server->bound && server->bound->signals) ||
        sched_somebody_above(this_hart, caller->priority) || !buffers_ready(server, caller, info) ||
        (caller->faulted && ash_info_label(info) != 0) || !queue_append(&endpoint->queue, server))
        goto long_way;

    reply_pop(reply, sched);
    reply->caller = nullptr;
    receive_again(server, endpoint, reply);
    if (caller->faulted) { /* it makes its instruction again, with the registers it had */
        caller->faulted = false;
        return hand_over(server, caller, sched, nullptr);
    }
    return hand_over(server, caller, sched, &message);
long_way:
    keep_arguments(server, ASH_SYS_REPLY_RECV, &message);
    return reply_active(server);
}

bool fastpath_signal_wait(struct thread *thread)
{
    struct hart *hart = this_hart;
    const struct slot *to = simple_lookup(thread, thread->reg[REG_A1]);
    const struct slot *on = simple_lookup(thread, thread->reg[REG_A0]);
    if (!to || to->cap.type != ASH_OBJ_NOTIFICATION || !(to->cap.rights & ASH_RIGHT_WRITE) || !on ||
        on->cap.type != ASH_OBJ_NOTIFICATION || !(on->cap.rights & ASH_RIGHT_READ))
        return false;
    struct notification *target = (struct notification *)to->cap.object;
    struct notification *own = (struct notification *)on->cap.object;
    struct thread *next = target->queue.head;
    if (!next || own->signals != 0 || own == target || hart->reschedule || thread->queued ||
        !thread->sched || thread->sched != hart->charged)
        return false;
    uint64_t now = time_now();
    if (!sched_may_take(hart, next, now))
        return false;

    queue_take_first(&target->queue);
    next->reg[REG_A0] = to->cap.data != 0 ? to->cap.data : 1;
    next->reg[REG_A1] = 0;
    thread->state = ASH_THREAD_BLOCKED_NOTIFICATION;
    thread->notification = own;
    queue_insert(&own->queue, thread);
    sched_take(hart, next, now);
    return true;
}

bool fastpath_acknowledge(struct thread *thread)
{
    const struct slot *irq = simple_lookup(thread, thread->reg[REG_A2]);
    const struct slot *to = simple_lookup(thread, thread->reg[REG_A1]);
    const struct slot *on = simple_lookup(thread, thread->reg[REG_A0]);
    return irq && irq->cap.type == ASH_OBJ_IRQ && to && to->cap.type == ASH_OBJ_NOTIFICATION &&
           (to->cap.rights & ASH_RIGHT_WRITE) && on && on->cap.type == ASH_OBJ_NOTIFICATION &&
           (on->cap.rights & ASH_RIGHT_READ) &&
           irq_acknowledge((struct irq *)irq->cap.object) == ASH_OK;
}
