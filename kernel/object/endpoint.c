// SPDX-License-Identifier: MIT
/*
 * Endpoint: synchronous messages. Its queue holds only senders or only receivers; `state` says
 * which, and IDLE means an empty queue.
 */
#include "ipc/invoke.h"
#include "ipc/message.h"
#include "object/ipc_objects.h"
#include "sched/preempt.h"
#include "sched/sched.h"
#include "small.h"

static struct thread *take_first(struct endpoint *endpoint)
{
    struct thread *thread = endpoint->queue.head;
    queue_take_first(&endpoint->queue);
    if (!endpoint->queue.head)
        endpoint->state = ENDPOINT_IDLE;
    return thread;
}

/* The Reply object that a receiver which got a message, or stops waiting for one, waited with. */
static struct reply *take_reply(struct thread *receiver)
{
    struct reply *reply = receiver->receive_reply;
    if (reply)
        reply->receiver = nullptr;
    return reply;
}

static void block_on(struct endpoint *endpoint, struct thread *thread, enum endpoint_state what)
{
    thread->state = what == ENDPOINT_SENDING ? ASH_THREAD_BLOCKED_SEND : ASH_THREAD_BLOCKED_RECEIVE;
    thread->endpoint = endpoint;
    endpoint->state = what;
    queue_insert(&endpoint->queue, thread);
    sched_block(thread);
}

void endpoint_cancel(struct thread *thread)
{
    struct endpoint *endpoint = thread->endpoint;
    queue_remove(&endpoint->queue, thread);
    if (!endpoint->queue.head)
        endpoint->state = ENDPOINT_IDLE;
    if (thread->state == ASH_THREAD_BLOCKED_RECEIVE)
        (void)take_reply(thread);
}

/* The message has been delivered: what becomes of the sender. `reply` is the receiver's. */
static void after_delivery(struct thread *sender, struct thread *receiver, struct reply *reply,
                           bool was_blocked)
{
    if (!sender->send_call) {
        if (was_blocked) {
            sender->reg[REG_A1] = 0;
            thread_wake(sender);
        }
        return;
    }
    if (reply && sender->send_grant_reply) {
        reply_bind(reply, sender, receiver);
    } else {
        /* Nobody can ever answer: the call ends, a fault stays where it is. */
        sender->state = ASH_THREAD_INACTIVE;
        sched_block(sender);
    }
}

/* A passive receiver runs on the sender's time: what comes without would leave it stranded. */
static bool can_take(const struct thread *receiver, const struct reply *reply,
                     const struct thread *sender)
{
    return receiver->sched ||
           (reply && sender->send_call && sender->send_grant_reply && sender->sched);
}

unsigned endpoint_send(struct thread *sender, const struct capability *cap, bool blocking,
                       bool call)
{
    struct endpoint *endpoint = (struct endpoint *)cap->object;
    sender->badge = cap->data;
    sender->send_call = call;
    sender->send_grant = (cap->rights & ASH_RIGHT_GRANT) != 0;
    sender->send_grant_reply = (cap->rights & (ASH_RIGHT_GRANT | ASH_RIGHT_GRANT_REPLY)) != 0;
    if (endpoint->state != ENDPOINT_RECEIVING) {
        if (blocking)
            block_on(endpoint, sender, ENDPOINT_SENDING);
        return ASH_OK;
    }
    if (!can_take(endpoint->queue.head, endpoint->queue.head->receive_reply, sender))
        return ASH_E_NOT_BOUND;
    struct thread *receiver = take_first(endpoint);
    struct reply *reply = take_reply(receiver);
    receiver->state = ASH_THREAD_RUNNING;
    message_transfer(sender, receiver);
    after_delivery(sender, receiver, reply, false);
    thread_wake(receiver);
    return ASH_OK;
}

static bool deliver_signals(struct thread *receiver)
{
    struct notification *bound = receiver->bound;
    if (!bound || bound->signals == 0 || !receiver->sched)
        return false;
    message_signals(receiver, bound->signals, ASH_LABEL_NOTIFICATION);
    bound->signals = 0;
    return true;
}

unsigned endpoint_refuse(struct endpoint *endpoint, const struct thread *receiver,
                         const struct reply *reply)
{
    if (!reply->sched || reply->sched != receiver->sched || reply->sched->top != reply)
        return ASH_OK;
    while (endpoint->state == ENDPOINT_SENDING) {
        struct thread *sender = endpoint->queue.head;
        if (sender->send_call && sender->send_grant_reply && sender->sched)
            return ASH_OK;
        (void)take_first(endpoint);
        if (sender->faulted)
            sender->state = ASH_THREAD_INACTIVE;
        else
            thread_abort_wait(sender, ASH_E_NOT_BOUND);
        if (preemption_wanted())
            return PREEMPTED;
    }
    return ASH_OK;
}

void endpoint_receive(struct thread *receiver, struct endpoint *endpoint, struct reply *reply,
                      bool blocking)
{
    if (deliver_signals(receiver))
        return;
    if (reply && (reply->caller || reply->sched)) /* of a caller that was stopped: only `sched` */
        reply_cancel(reply);
    if (endpoint->state == ENDPOINT_SENDING) {
        struct thread *sender = take_first(endpoint);
        message_transfer(sender, receiver);
        after_delivery(sender, receiver, reply, true);
        return;
    }
    if (!blocking) {
        receiver->reg[REG_A0] = 0;
        receiver->reg[REG_A1] = ash_info(ASH_E_AGAIN, 0, 0) | ASH_INFO_KERNEL;
        return;
    }
    receiver->receive_reply = reply;
    if (reply)
        reply->receiver = receiver;
    block_on(endpoint, receiver, ENDPOINT_RECEIVING);
}

SMALL

static unsigned shed(struct object *object)
{
    struct endpoint *endpoint = (struct endpoint *)object;
    while (endpoint->queue.head) {
        struct thread *thread = take_first(endpoint);
        if (thread->state == ASH_THREAD_BLOCKED_RECEIVE)
            (void)take_reply(thread);
        if (thread->faulted)
            thread->state = ASH_THREAD_INACTIVE;
        else
            thread_abort_wait(thread, ASH_E_DELETED);
        if (endpoint->queue.head && preemption_wanted())
            return PREEMPTED;
    }
    return ASH_OK;
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    (void)parameter;
    *align = 64;
    return sizeof(struct endpoint);
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    (void)parameter;
    cap->object = (uint64_t)window(memory);
}

const struct object_class endpoint_class = {
    .name = "Endpoint",
    .shed = shed,
    .size = size,
    .create = create,
    .counted = true,
    .copyable = true,
};

SMALL_END
